# The root file system of Debian, as target/images/debian.tar.gz, from where the machine's own packages come from.
# DEBIAN_ROOTFS names a directory or a tarball of your own; then nothing is fetched.

DEBIAN=bookworm

brings="Debian $DEBIAN (minbase), the root file system"
size="60 MB to download, 85 MB on disk"
where="target/images/debian.tar.gz"
why="container/debian is made of it"
needs="root network"
seconds=600
remedy="name a directory or a tarball in DEBIAN_ROOTFS"

there() {
  if [ -n "${DEBIAN_ROOTFS:-}" ]; then echo "DEBIAN_ROOTFS is $DEBIAN_ROOTFS"; return; fi
  [ -f "$images/debian.tar.gz" ] && echo "Debian $DEBIAN"
}

bring() {
  # What an interrupted run left would be taken for the system to be.
  rm -rf --one-file-system "$work/root"
  if ! new_debian "$DEBIAN" "$work/root" 2>&1 | tee "$work/debootstrap.log"; then
    fail "debootstrap: $(grep -m1 '^E: ' "$work/debootstrap.log" | sed 's/^E: //' || last_line "$work/debootstrap.log")"
  fi
  # What a package manager keeps for itself: its cache and lists. Device files are made by whoever starts a container.
  tar -C "$work/root" --exclude='./var/cache/apt/*' --exclude='./var/lib/apt/lists/*' --exclude='./dev/*' \
    --exclude='./proc/*' --exclude='./sys/*' --numeric-owner --sort=name -czf "$work/debian.tar.gz" .
  mkdir -p "$images"
  mv "$work/debian.tar.gz" "$images/debian.tar.gz"
}
