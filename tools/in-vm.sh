#!/usr/bin/env bash
# Runs a command on a kernel of its own, in a virtual machine that sees this machine's files: for what depends on the
# kernel's version and on how its cgroups are laid out.
#
#   tools/in-vm.sh [OPTIONS] -- COMMAND [ARGUMENT]...
#
#   --kernel RELEASE   a kernel that tools/setup-vm.sh put below target/vm, or a directory like those (bookworm: Linux 6.1)
#   --cgroup LAYOUT    v2         cgroup2 alone, with all controllers; the command is in a group of its own that holds
#                                 its processes, as a login's session is (the default)
#                      v1         the v1 controllers alone, where the kernel still has them
#                      hybrid     the v1 controllers, and cgroup2 beside them without any
#                      no-memory  as v2, on a kernel that counts no memory
#                      none       nothing mounted
#   --memory MIB       the machine's memory (6144); what is written in it is kept there
#   --cpus N           its processors (2)
#   --time SECONDS     how long it may run (1800)
#
# The command has this directory, this environment, root and no network. What it writes stays in the machine's memory: this
# machine's files are seen through a read-only share. Its output comes through a serial line, standard output and standard
# error in one. The exit status is the command's; 125 where there was none, 126 where there is no machine to run it in.
#
# Needs qemu-system-x86_64, a static busybox, setpriv (util-linux) and a kernel: tools/setup-vm.sh gets them. Without
# a working /dev/kvm everything is some ten times slower. Whatever ends this script ends the machine; temporary files have no name.
set -euo pipefail

usage() { sed -n '2,/^set -/{/^set -/d;s/^# \{0,1\}//p}' "$0"; }
cannot() { echo "in-vm: $*" >&2; exit 126; }

kernel=bookworm layout=v2 memory=6144 cpus=2 limit=1800
while [ $# -gt 0 ]; do
  case $1 in
    --help) usage; exit 0 ;;
    --) shift; break ;;
    --kernel) kernel=${2:?} ;;
    --cgroup) layout=${2:?} ;;
    --memory) memory=${2:?} ;;
    --cpus) cpus=${2:?} ;;
    --time) limit=${2:?} ;;
    *) usage >&2; exit 2 ;;
  esac
  shift 2
done
[ $# -gt 0 ] || { usage >&2; exit 2; }

here=$(cd "$(dirname "$0")/.." && pwd -P)
[ -d "$kernel" ] || kernel=${CARGO_TARGET_DIR:-$here/target}/vm/$kernel
[ "$(uname -m)" = x86_64 ] || cannot "for x86_64 alone"
for tool in qemu-system-x86_64 busybox setpriv; do
  command -v "$tool" >/dev/null || cannot "no $tool: run tools/setup-vm.sh as root, or install it"
done
[ -f "$kernel/vmlinuz" ] || cannot "no kernel in $kernel: run tools/setup-vm.sh ${kernel##*/}"
# Where a machine is itself a virtual one there may be a /dev/kvm that runs no usual kernel.
if [ -w /dev/kvm ] && grep -qwE 'vmx|svm' /proc/cpuinfo; then
  accelerator=(-accel kvm -cpu host)
else
  echo "in-vm: no virtualization by the processor here: emulating, which is slow" >&2
  accelerator=(-accel tcg,thread=multi -cpu max)
fi
append="console=ttyS0 quiet loglevel=1 panic=-1"
case $layout in
  v2 | v1 | hybrid | none) ;;
  no-memory) append+=" cgroup_disable=memory" ;;
  *) usage >&2; exit 2 ;;
esac

# What has no name is gone when the last process that has it open is.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$scratch"/initial/{bin,modules,proc,sys,dev,lower,rw,new}
cp "$(command -v busybox)" "$scratch/initial/bin/busybox"
cp "$kernel"/modules/*.ko "$scratch/initial/modules/"
{
  export -p
  # shellcheck disable=SC2016 # expanded in the machine
  printf 'cd %q && exec %s\n' "$PWD" "$(printf '%q ' "$@")"
} >"$scratch/initial/command"

cp "$here/tools/in-vm-init.sh" "$scratch/initial/init"
echo "$layout" >"$scratch/initial/layout"

(cd "$scratch/initial" && find . | busybox cpio -o -H newc 2>/dev/null) >"$scratch/initrd"
: >"$scratch/status"
exec 8<"$scratch/initrd" 9<>"$scratch/status"
rm -rf "$scratch"

# The machine goes with this script, however that ends.
setpriv --pdeathsig KILL timeout --kill-after=5 "$limit" setpriv --pdeathsig KILL qemu-system-x86_64 \
  -M q35 "${accelerator[@]}" -m "$memory" -smp "$cpus" -nodefaults -no-user-config -no-reboot -display none -nic none \
  -kernel "$kernel/vmlinuz" -initrd /dev/fd/8 -append "$append" \
  -virtfs local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap \
  -serial stdio -serial file:/dev/fd/9 </dev/null || echo "in-vm: the machine ended with status $?" >&2
status=$(tr -dc 0-9 </dev/fd/9)
[ -n "$status" ] || echo "in-vm: the machine ended before the command did (within ${limit} s)" >&2
exit "${status:-125}"
