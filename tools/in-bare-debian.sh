#!/usr/bin/env bash
# Runs a command in a bare Debian, to see what the project does where nothing is installed.
#
#   tools/in-bare-debian.sh [OPTION]... COMMAND [ARGUMENT]...      as root, on Debian
#     --user             as an ordinary user who owns the clone, in a home that nobody else may enter
#     --with 'PACKAGE…'  with these packages besides
#     --in DIRECTORY     in this root file system, which is made when it is not there, and stays: for one command after the
#                        other
#     --keep             leaves the root file system, and says where
#
# The container has make, gcc, libc6-dev, git, ca-certificates and this machine's Rust toolchain, read-only: no curl, no
# python3, no Go, no clang. COMMAND runs in a clean clone of HEAD; its output and its exit status come back. What the clients
# of package registries are told on this machine (apt's sources and configuration, certificates, pip, npm, Go, cargo) is
# copied in, as somebody who sets up a machine on the same network would.
#
# Namespaces of its own: mount, pid, uts, ipc. The network and the cgroups are this machine's. However this ends, every process
# in the container ends with it; a root file system that a SIGKILL left is removed by the next call. The base is made once, by
# debootstrap, and kept in target/bare (or in $BARE_CACHE).
set -euo pipefail

say() { echo "in-bare-debian: $*" >&2; }
refuse() { say "$@"; exit 2; }

packages="make gcc libc6-dev git ca-certificates" user="" keep="" root=""
while [ $# -gt 0 ]; do
  case $1 in
    --user) user=builder; shift ;;
    --keep) keep=yes; shift ;;
    --with) packages="$packages $2"; shift 2 ;;
    --in) root=$2 keep=yes; shift 2 ;;
    --help) sed -n '2,/^set /{/^set /!s/^# \{0,1\}//p}' "$0"; exit 0 ;;
    --) shift; break ;;
    -*) refuse "unknown option $1" ;;
    *) break ;;
  esac
done
[ $# -gt 0 ] || refuse "which command?"
[ "$(id -u)" = 0 ] || refuse "a root file system takes root"
command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || refuse "it is made of Debian's packages, and this is no Debian"
project=$(cd "$(dirname "$0")/.." && pwd -P)
toolchain=$(rustc --print sysroot) || refuse "no Rust toolchain to lend"
cd "$project"

mkdir -p "${BARE_CACHE:-${CARGO_TARGET_DIR:-target}/bare}"
cache=$(cd "${BARE_CACHE:-${CARGO_TARGET_DIR:-target}/bare}" && pwd -P)
codename=$(. /etc/os-release && echo "$VERSION_CODENAME")

# What a call that was killed left: nobody holds its lock.
for left in "$cache"/root.*; do
  [ -f "$left/.lock" ] || continue
  if flock -n "$left/.lock" true; then rm -rf --one-file-system "$left"; fi
done

make_base() {
  . tools/setup/packages.sh
  target=$cache work=$cache/work
  because() { say "$*"; }
  mkdir -p "$work" "$target/setup"
  say "making the base of $codename (a minute or two, once)"
  rm -rf --one-file-system "$work/base"
  new_debian "$codename" "$work/base" >"$cache/debootstrap.log" 2>&1 || { tail -n 5 "$cache/debootstrap.log" >&2; return 1; }
  rm -rf "$work"/base/var/cache/apt/archives/*.deb
  tar -C "$work/base" -cf "$work/base.tar" .
  mv "$work/base.tar" "$cache/base-$codename.tar"
  rm -rf --one-file-system "$work" "$target/setup"
}

exec 9>"$cache/lock"
flock 9
[ -s "$cache/base-$codename.tar" ] || (make_base) || refuse "no base could be made, see $cache/debootstrap.log"
flock -u 9
exec 9>&-

new=yes
if [ -z "$root" ]; then
  root=$(mktemp -d "$cache/root.XXXXXX")
else
  mkdir -p "$root"
  root=$(cd "$root" && pwd -P)
  [ ! -e "$root/etc" ] || new=""
fi
exec 8>"$root/.lock"
flock -n 8 || refuse "another call is at work in $root"
finish() { if [ -n "$keep" ]; then say "kept: $root"; else rm -rf --one-file-system "$root"; fi; }
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

home=/root
[ -z "$user" ] || home=/home/$user
[ -z "$new" ] || tar -C "$root" -xf "$cache/base-$codename.tar"

# How this machine's clients reach their registries; its own package sources in place of debootstrap's.
rm -rf "$root/etc/apt/sources.list"
for path in /etc/apt/sources.list /etc/apt/sources.list.d /etc/apt/auth.conf.d /etc/apt/trusted.gpg.d /etc/apt/keyrings \
  /etc/resolv.conf /etc/hosts /etc/pip.conf /usr/local/share/ca-certificates; do
  if [ -e "$path" ]; then
    mkdir -p "$root$(dirname "$path")"
    cp -aL "$path" "$root$(dirname "$path")/"
  fi
done
for file in $(grep -lE 'Acquire::|Proxy' /etc/apt/apt.conf.d/* 2>/dev/null | grep -v docker); do
  cp -L "$file" "$root/etc/apt/apt.conf.d/"
done
mkdir -p "$root$home/.cargo" "$root/opt/rust"
for file in .cargo/config.toml .npmrc .config/go/env .config/pip/pip.conf; do
  if [ -f "$HOME/$file" ]; then
    mkdir -p "$root$home/$(dirname "$file")"
    cp "$HOME/$file" "$root$home/$file"
  fi
done
passed=()
while IFS='=' read -r -d '' name value; do
  case $name in
    GOPROXY | GOSUMDB | GONOSUMDB | GOFLAGS | GOPRIVATE | PIP_* | SSL_* | *_CA_* | CURL_CA_BUNDLE | npm_config_* | \
      [hH][tT][tT][pP]*_[pP][rR][oO][xX][yY] | [nN][oO]_[pP][rR][oO][xX][yY] | CARGO_NET_* | CARGO_BUILD_* | CARGO_TERM_* | CARGO_INCREMENTAL | CI | SETUP | WITHOUT | \
      LIMIT_* | BENCH_ARGS | TERM) passed+=("$name=$value") ;;
  esac
done < <(env -0)
if [ ! -d "$root$home/project" ]; then git clone -q --no-hardlinks "$project" "$root$home/project"; fi

# The first program inside, and still as root.
cat >"$root/inside" <<'INSIDE'
#!/bin/bash
set -e
packages=$1 user=$2 home=$3
shift 3
missing=$(for package in $packages; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q ' installed$' || echo "$package"
done)
if [ -n "$missing" ]; then
  # apt over https needs the certificates, which come by apt: those that were copied in are made known first and again.
  mkdir -p /etc/ssl/certs
  cat /usr/local/share/ca-certificates/*.crt >>/etc/ssl/certs/ca-certificates.crt 2>/dev/null || true
  # shellcheck disable=SC2086 # one word each
  DEBIAN_FRONTEND=noninteractive bash -c 'apt-get update -qq && apt-get install -y -qq --no-install-recommends "$@"' sh \
    $missing >/tmp/apt.log 2>&1 || { tail -n 5 /tmp/apt.log >&2; exit 125; }
  update-ca-certificates >/dev/null 2>&1
  apt-get clean
fi
cd "$home/project"
if [ -n "$user" ]; then
  id "$user" >/dev/null 2>&1 || useradd -M -s /bin/bash "$user"
  chmod 700 "$home"
  [ "$(stat -c %U "$home/project")" = "$user" ] || chown -R "$user": "$home"
  exec setpriv --reuid "$user" --regid "$user" --init-groups -- "$@"
fi
exec "$@"
INSIDE

# Mounts what a system has, makes the root file system the root, and hands over to what lies inside.
# shellcheck disable=SC2016 # expanded in the container
enter='
  set -e
  root=$1 toolchain=$2
  shift 2
  mount --bind "$root" "$root"
  mount --bind "$toolchain" "$root/opt/rust"
  mount -o remount,bind,ro "$root/opt/rust"
  mount -t proc proc "$root/proc" -o nosuid,nodev,noexec
  mount -t sysfs sysfs "$root/sys" -o nosuid,nodev,noexec
  mount --rbind /sys/fs/cgroup "$root/sys/fs/cgroup"
  mount -t tmpfs tmpfs "$root/dev" -o nosuid,mode=755
  while read -r name major minor; do
    mknod -m 666 "$root/dev/$name" c "$major" "$minor"
  done <<<"null 1 3
zero 1 5
full 1 7
random 1 8
urandom 1 9
tty 5 0"
  ln -s /proc/self/fd "$root/dev/fd"
  for number in 0:stdin 1:stdout 2:stderr; do ln -s "/proc/self/fd/${number%:*}" "$root/dev/${number#*:}"; done
  mkdir "$root/dev/pts" "$root/dev/shm"
  mount -t devpts devpts "$root/dev/pts" -o newinstance,ptmxmode=0666,mode=620,gid=5
  ln -s pts/ptmx "$root/dev/ptmx"
  mount -t tmpfs shm "$root/dev/shm" -o nosuid,nodev,noexec,mode=1777
  hostname bare
  cd "$root"
  mkdir -p .old
  pivot_root . .old
  cd /
  umount -l /.old
  rmdir /.old
  exec "$@"
'

# If this is killed, so is unshare, and with it the first process of the container, and with that all the others.
setpriv --pdeathsig KILL unshare --mount --pid --uts --ipc --fork --kill-child --propagation private \
  bash -c "$enter" enter "$root" "$toolchain" \
  env -i "${passed[@]}" HOME="$home" CARGO_HOME="$home/.cargo" LANG=C.UTF-8 \
  PATH="/opt/rust/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" \
  bash /inside "$packages" "$user" "$home" "$@" <&0 8>&- &
# A shell that waits for a job answers a signal at once.
container=$!
trap 'kill -KILL $container 2>/dev/null || true; wait $container 2>/dev/null || true; finish' EXIT
status=0
wait $container || status=$?
exit $status
