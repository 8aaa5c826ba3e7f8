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
  local mirror libraries prefix=$work/debootstrap
  PATH=$PATH:/usr/sbin:/sbin
  if ! command -v debootstrap >/dev/null; then
    unpack_packages "$prefix" debootstrap || fail "no debootstrap here"
    PATH=$prefix/usr/sbin:$prefix/usr/bin:$PATH
    libraries=$(library_path "$prefix")
    export DEBOOTSTRAP_DIR=$prefix/usr/share/debootstrap ${libraries:+LD_LIBRARY_PATH="$libraries"}
  fi
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' "Codename: $DEBIAN" 2>/dev/null | sed -n 1p)
  # What an interrupted run left would be taken for the system to be.
  rm -rf --one-file-system "$work/root"
  # It mounts /proc in there, and killed it would leave that: in a mount namespace of its own that goes with it.
  if ! unshare --mount --propagation private debootstrap --variant=minbase "$DEBIAN" "$work/root" \
    ${mirror:+"$mirror"} 2>&1 | tee "$work/debootstrap.log"; then
    fail "debootstrap: $(grep -m1 '^E: ' "$work/debootstrap.log" | sed 's/^E: //' || last_line "$work/debootstrap.log")"
  fi
  # What a package manager keeps for itself: its cache and lists. Device files are made by whoever starts a container.
  tar -C "$work/root" --exclude='./var/cache/apt/*' --exclude='./var/lib/apt/lists/*' --exclude='./dev/*' \
    --exclude='./proc/*' --exclude='./sys/*' --numeric-owner --sort=name -czf "$work/debian.tar.gz" .
  mkdir -p "$images"
  mv "$work/debian.tar.gz" "$images/debian.tar.gz"
}
