#!/usr/bin/env python3
"""Makes the tarball of an Alpine mini root file system from a disk image that somebody else published.

usage: alpine-from-disk.py PACKAGE.whl WORK OUTPUT.tar.gz

The package holds a QCOW2 image whose whole disk is one ext4 file system. debugfs takes the files out of it, so nothing is
mounted and no root is needed. Kept are the packages that Alpine's own mini root file system has, by the image's own package
database; the kernel and what else a virtual machine needs is left out.
"""

import gzip
import os
import pathlib
import shutil
import stat
import struct
import subprocess
import sys
import tarfile
import zipfile
import zlib

PACKAGES = """alpine-baselayout alpine-baselayout-data alpine-keys alpine-release apk-tools busybox busybox-binsh
ca-certificates-bundle libapk libcrypto3 libssl3 musl musl-utils scanelf ssl_client zlib""".split()
# What the mini root file system asks for by name; the rest are dependencies.
WORLD = "alpine-baselayout alpine-keys alpine-release apk-tools busybox musl-utils".split()
DATABASE = "lib/apk/db/installed"
APK = ["etc/apk/arch", "etc/apk/repositories"]


def raw(qcow2, output):
    """QCOW2, version 2 or 3, as plain bytes: docs/interop/qcow2.txt of QEMU."""
    header = qcow2.read(104)
    magic, version = struct.unpack(">4sI", header[:8])
    if magic != b"QFI\xfb" or version not in (2, 3):
        sys.exit("the package's disk image is not QCOW2")
    backing, bits = struct.unpack(">Q4xI", header[8:24])
    size, encrypted, entries, table = struct.unpack(">QIIQ", header[24:48])
    # Of the features that a reader must know only the "dirty" bit is one for which there is nothing to do.
    incompatible = struct.unpack(">Q", header[72:80])[0] & ~1 if version == 3 else 0
    if backing or encrypted or incompatible:
        sys.exit("the package's disk image is of a kind that this script does not read")
    cluster, offset_mask = 1 << bits, 0x00FFFFFFFFFFFE00
    offset_bits = 62 - (bits - 8)

    def longs(at, count):
        qcow2.seek(at)
        return struct.unpack(f">{count}Q", qcow2.read(8 * count))

    output.truncate(size)
    for i, entry in enumerate(longs(table, entries)):
        if not entry & offset_mask:
            continue
        for j, data in enumerate(longs(entry & offset_mask, cluster // 8)):
            if data >> 62 & 1:
                at = data & ((1 << offset_bits) - 1)
                sectors = data >> offset_bits & ((1 << 62 - offset_bits) - 1)
                qcow2.seek(at)
                packed = qcow2.read((sectors + 1) * 512 - at % 512)
                content = zlib.decompressobj(-12).decompress(packed, cluster)
            elif data & offset_mask and not data & 1:
                qcow2.seek(data & offset_mask)
                content = qcow2.read(cluster)
            else:
                continue
            output.seek((i * cluster // 8 + j) * cluster)
            output.write(content)


def records(root):
    """The installed packages: name, record, and the paths of each."""
    for record in (root / DATABASE).read_text().strip().split("\n\n"):
        name, directory, paths = None, "", []
        for line in record.split("\n"):
            key, value = line[:1], line[2:]
            if key == "P":
                name = value
            elif key == "F":
                directory = value
                paths.append(value)
            elif key == "R":
                paths.append(f"{directory}/{value}" if directory else value)
        yield name, record, paths


def select(root):
    """The paths to keep; rewrites the database and the world to say so."""
    found = [(name, record, paths) for name, record, paths in records(root) if name in PACKAGES]
    missing = set(PACKAGES) - {name for name, _, _ in found}
    if missing:
        sys.exit(f"the disk image lacks {', '.join(sorted(missing))}")
    keep = {path for _, _, paths in found for path in paths if path}
    # The applets' links are made when busybox is installed, and are no package's.
    for directory in ["bin", "sbin", "usr/bin", "usr/sbin"]:
        for path in (root / directory).iterdir():
            if path.is_symlink() and os.readlink(path) == "/bin/busybox":
                keep.add(f"{directory}/{path.name}")
    (root / DATABASE).write_text("\n\n".join(record for _, record, _ in found) + "\n\n")
    world = root / "etc/apk/world"
    world.write_text("".join(f"{name}\n" for name in WORLD))
    keep.update([DATABASE, "etc/apk/world", *APK])
    for path in list(keep):
        keep.update(str(parent) for parent in pathlib.PurePosixPath(path).parents)
    return sorted(keep - {"."})


def pack(root, paths, output):
    def plain(entry):
        entry.uid = entry.gid = entry.mtime = 0
        entry.uname = entry.gname = "root"
        return entry

    with open(output, "wb") as file, gzip.GzipFile(fileobj=file, mode="wb", filename="", mtime=0) as packed:
        with tarfile.open(fileobj=packed, mode="w") as tar:
            for path in paths:
                if (root / path).is_symlink() or (root / path).exists():
                    tar.add(root / path, arcname=f"./{path}", recursive=False, filter=plain)


def main():
    package, work, output = sys.argv[1:]
    work = pathlib.Path(work)
    shutil.rmtree(work, ignore_errors=True)
    root = work / "root"
    root.mkdir(parents=True)
    disk = work / "disk.raw"
    with zipfile.ZipFile(package) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".qcow2"))
        archive.extract(name, work)
    with open(work / name, "rb") as qcow2, open(disk, "wb") as plain:
        raw(qcow2, plain)
    # Without root debugfs cannot give files to their owners, and says so, which does not matter here.
    command = ["debugfs", "-R", f'rdump / "{root}"', str(disk)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if not (root / DATABASE).is_file() or not stat.S_ISREG((root / "etc/alpine-release").lstat().st_mode):
        sys.exit("the package's disk image holds no Alpine")
    pack(root, select(root), output)
    shutil.rmtree(work)


if __name__ == "__main__":
    main()
