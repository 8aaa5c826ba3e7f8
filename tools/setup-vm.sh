#!/usr/bin/env bash
# Gets what tools/in-vm.sh needs: qemu and a static busybox as packages (as root, on Debian or Ubuntu), and kernels.
#
#   tools/setup-vm.sh [RELEASE]...     the kernels of these releases of Debian (bookworm and trixie: Linux 6.1 and 6.12)
#
# A kernel and the dozen of its modules that are needed come into target/vm/RELEASE; 70 to 110 MB are downloaded for each,
# from the mirror that this machine's own sources name, and checked with Debian's keyring. apt runs on directories of its
# own: nothing of it is installed, and no entry is added anywhere. Ends with 0 in any case: what is missing is said, and
# tools/in-vm.sh says it again. `make test-v2` calls it, and no other tool does: nothing else needs a virtual machine.
set -euo pipefail

cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-target}
mkdir -p "$target/vm"
vm=$(cd "$target/vm" && pwd -P)
say() { echo "setup-vm: $*"; }
trap 'rm -rf "$vm"/*.new "$vm/apt"' EXIT

# In any order; a kernel may have some built in.
modules="virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci netfs fscache 9pnet 9pnet_virtio 9p overlay"

missing=
for pair in qemu-system-x86_64:qemu-system-x86 busybox:busybox-static setpriv:util-linux xz:xz-utils; do
  command -v "${pair%%:*}" >/dev/null || missing+=" ${pair#*:}"
done
if [ -n "$missing" ]; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    say "installing$missing"
    apt-get update -qq || true
    # shellcheck disable=SC2086 # one word each
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null ||
      say "could not install$missing"
  else
    say "install:$missing"
  fi
fi
command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || {
  say "no apt here: put a kernel that has 9p over virtio as vmlinuz, and its modules, into $vm/NAME (see tools/in-vm.sh)"
  exit 0
}

keyring=/usr/share/keyrings/debian-archive-keyring.gpg
mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | grep -m1 '/debian/*$') || {
  say "no mirror of Debian among this machine's sources: put a kernel into $vm/NAME (see tools/in-vm.sh)"
  exit 0
}

# get RELEASE: its kernel, as target/vm/RELEASE.
get() {
  local apt=$vm/apt new=$vm/$1.new package module file
  rm -rf "$apt" "$new"
  mkdir -p "$apt"/{lists,archives}/partial "$new"/{package,modules}
  : >"$apt/status"
  echo "deb [target=Packages arch=amd64 signed-by=$keyring] $mirror $1 main" >"$apt/sources.list"
  cat >"$apt/apt.conf" <<CONF
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Post-Invoke;
Dir::State::lists "$apt/lists";
Dir::State::status "$apt/status";
Dir::Cache "$apt";
Dir::Etc::sourcelist "$apt/sources.list";
Dir::Etc::sourceparts "/dev/null";
APT::Architecture "amd64";
APT::Architectures { "amd64"; };
APT::Sandbox::User "";
Acquire::Languages "none";
CONF
  apt-get -c "$apt/apt.conf" -q=2 update || return 1
  package=$(apt-cache -c "$apt/apt.conf" depends linux-image-amd64 | sed -n 's/.*Depends: \(linux-image-[0-9][^ ]*\).*/\1/p')
  [ -n "$package" ] || return 1
  say "downloading $package"
  (cd "$new" && apt-get -c "$apt/apt.conf" -q=2 download "$package") || return 1
  dpkg-deb --fsys-tarfile "$new"/*.deb | tar -x -C "$new/package" --wildcards './boot/vmlinuz-*' \
    $(for module in $modules; do echo "*/$module.ko*"; done) 2>/dev/null || true # not all of them are there
  mv "$new"/package/boot/vmlinuz-* "$new/vmlinuz" || return 1
  while read -r file; do
    case $file in
      *.xz) xz -dc "$file" >"$new/modules/$(basename "${file%.xz}")" ;;
      *.ko) mv "$file" "$new/modules/" ;;
    esac
  done < <(find "$new/package" -name '*.ko*')
  [ -f "$new/modules/9p.ko" ] || return 1
  rm -rf "$new"/package "$new"/*.deb "${vm:?}/$1"
  mv "$new" "$vm/$1"
}

[ $# -gt 0 ] || set -- bookworm trixie
for release; do
  if [ -f "$vm/$release/vmlinuz" ]; then
    say "$vm/$release is there"
  elif get "$release"; then
    say "the kernel of $release is in $vm/$release"
  else
    say "no kernel of $release could be had from $mirror; see tools/in-vm.sh for one of your own"
  fi
done
