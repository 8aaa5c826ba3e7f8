//! Root file systems that somebody else made: where they are found, how they get into a bundle, and which version they
//! say they are. What is found is only read; containers run in a copy, made once, below the launcher's directory.

use std::{
    env,
    fs::{self, File, Metadata},
    hash::Hasher,
    io::{self, Read},
    os::unix::fs::{MetadataExt, PermissionsExt, symlink},
    path::{Path, PathBuf},
};

use rustix::fs::{Mode, OFlags, ResolveFlags, openat2};

use super::tarball;
use crate::setup;

/// A distribution, and how its root file system is told from another's.
#[derive(Debug)]
pub(super) struct Family {
    /// The component's name, and the subject's after `container/`.
    pub name: &'static str,
    /// The environment variable that names a directory or a tarball.
    pub variable: &'static str,
    /// The file that holds the version and nothing else.
    release: &'static str,
}

pub(super) const ALPINE: Family = Family { name: "alpine", variable: "ALPINE_ROOTFS", release: "etc/alpine-release" };
pub(super) const DEBIAN: Family = Family { name: "debian", variable: "DEBIAN_ROOTFS", release: "etc/debian_version" };

/// More than any release file.
const MOST: u64 = 256;

/// What the kernel fills while a system runs: not part of an image.
const NOT_COPIED: [&str; 3] = ["dev", "proc", "sys"];

impl Family {
    /// The directory or tarball: the one that the variable names, else the one that the set-up made; or why there is none,
    /// and what to do.
    pub fn find(&self) -> Result<PathBuf, (String, String)> {
        let named = self.named();
        let path = named.clone().unwrap_or_else(|| {
            let images = env::var_os("RUNTIME_BASELINE_IMAGES").filter(|value| !value.is_empty());
            images.map_or_else(|| PathBuf::from("target/images"), PathBuf::from).join(format!("{}.tar.gz", self.name))
        });
        let path = path.canonicalize().map_err(|e| {
            let reason = format!("{}: {e}", self.place());
            match named {
                Some(_) => (reason, self.remedy()),
                None => setup::said(&[self.name], &reason, &self.remedy()),
            }
        })?;
        if path.parent().is_none() {
            return Err(("the host's own root is no image".to_owned(), self.remedy()));
        }
        // A pipe would wait for ever for who writes it.
        match fs::metadata(&path) {
            Ok(found) if !found.is_dir() && !found.is_file() => {
                Err((format!("{}: it is neither a directory nor a regular file", self.place()), self.remedy()))
            }
            _ => Ok(path),
        }
    }

    fn named(&self) -> Option<PathBuf> {
        env::var_os(self.variable).filter(|value| !value.is_empty()).map(PathBuf::from)
    }

    /// What a reason calls it: without the folders of this machine, since rows are shared.
    pub fn place(&self) -> String {
        match self.named() {
            Some(path) => format!("{} in {}", path.file_name().unwrap_or_default().display(), self.variable),
            None => format!("target/images/{}.tar.gz", self.name),
        }
    }

    /// What to do when there is none, or none that is one.
    pub fn remedy(&self) -> String {
        format!(
            "run tools/setup.sh {}, or name the directory or the tarball (plain or gzip) of a root file system in {}",
            self.name, self.variable
        )
    }

    /// The version that a root file system says it is of. That it has a shell is checked as well.
    pub fn version(&self, rootfs: &Path) -> Result<String, String> {
        let inside = |file: &str| {
            // Links are followed as in the container: one to /etc means the image's.
            let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
            let opened = File::open(rootfs).and_then(|root| {
                Ok(openat2(root, file, flags, Mode::empty(), ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS)?)
            });
            opened.map_err(|e| format!("/{file}: {e}"))
        };
        inside("bin/sh")?;
        let mut text = String::new();
        let read = File::from(inside(self.release)?).take(MOST).read_to_string(&mut text);
        read.map_err(|e| format!("/{}: {e}", self.release))?;
        Ok(text.trim().to_owned())
    }
}

/// What a root file system takes when it is copied or unpacked.
#[derive(Debug, Default)]
pub(super) struct Size {
    bytes: u64,
    files: u64,
}

impl Size {
    /// Twenty times what a distribution's smallest image takes, and a small part of a disk.
    pub(super) const MOST_BYTES: u64 = 2 << 30;
    pub(super) const MOST_FILES: u64 = 200_000;

    /// One more file of so many bytes.
    pub(super) fn add(&mut self, bytes: u64) -> io::Result<()> {
        self.bytes = self.bytes.saturating_add(bytes);
        self.files += 1;
        let larger = if self.bytes > Self::MOST_BYTES {
            format!("it holds more than {} GiB", Self::MOST_BYTES >> 30)
        } else if self.files > Self::MOST_FILES {
            format!("it holds more than {} files", Self::MOST_FILES)
        } else {
            return Ok(());
        };
        Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("{larger}, which no image here does")))
    }
}

/// A number that changes when the content does, as far as names, sizes and times tell. What is larger than an image is an
/// error.
pub(super) fn fingerprint(source: &Path, hasher: &mut impl Hasher) -> io::Result<()> {
    let mut size = Size::default();
    let mut add = |path: &Path, found: &Metadata| {
        size.add(if found.is_file() { found.size() } else { 0 })?;
        hasher.write(path.as_os_str().as_encoded_bytes());
        for part in [found.size(), u64::from(found.mode()), found.mtime() as u64, found.mtime_nsec() as u64] {
            hasher.write_u64(part);
        }
        Ok(())
    };
    let found = fs::metadata(source)?;
    add(source, &found)?;
    if found.is_dir() { walk(source, Path::new(""), &mut |_, path, found| add(path, found)) } else { Ok(()) }
}

/// Puts the files of `source` into `rootfs`, which is empty. They belong to the user; bits that would make a program run
/// as somebody else are left out, as are devices, pipes and sockets.
pub(super) fn fill(source: &Path, rootfs: &Path) -> io::Result<()> {
    if source.is_dir() {
        walk(source, Path::new(""), &mut |from, path, found| copy(&from.join(path), &rootfs.join(path), found))
    } else {
        tarball::unpack(source, rootfs)
    }
}

/// Gives every file of `source` another name in `rootfs`, which is empty and on the same file system.
pub(super) fn link(source: &Path, rootfs: &Path) -> io::Result<()> {
    walk(source, Path::new(""), &mut |from, path, found| {
        let (from, to) = (from.join(path), rootfs.join(path));
        if found.is_file() { fs::hard_link(from, to) } else { copy(&from, &to, found) }
    })
}

type Visit<'a> = dyn FnMut(&Path, &Path, &Metadata) -> io::Result<()> + 'a;

/// Visits what is in a directory, a directory before its content, in the order of names.
fn walk(root: &Path, below: &Path, visit: &mut Visit<'_>) -> io::Result<()> {
    let directory = root.join(below);
    let mut names: Vec<_> = fs::read_dir(&directory)
        .map_err(|e| named(&directory, e))?
        .map(|entry| entry.map(|entry| entry.file_name()))
        .collect::<io::Result<_>>()?;
    names.sort();
    for name in names {
        let path = below.join(&name);
        let from = root.join(&path);
        let found = fs::symlink_metadata(&from).map_err(|e| named(&from, e))?;
        visit(root, &path, &found).map_err(|e| named(&from, e))?;
        let own = below.as_os_str().is_empty() && NOT_COPIED.iter().any(|kept| name == *kept);
        if found.is_dir() && !own {
            walk(root, &path, visit)?;
        }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path, found: &Metadata) -> io::Result<()> {
    if found.is_dir() {
        // The owner must be able to fill it, and to remove it.
        fs::create_dir(to)?;
        fs::set_permissions(to, fs::Permissions::from_mode(found.mode() & 0o1777 | 0o700))
    } else if found.is_symlink() {
        symlink(fs::read_link(from)?, to)
    } else if found.is_file() {
        fs::copy(from, to)?;
        fs::set_permissions(to, fs::Permissions::from_mode(found.mode() & 0o777))
    } else {
        Ok(())
    }
}

fn named(path: &Path, error: io::Error) -> io::Error {
    // Once: an error comes up through every directory above.
    match error.get_ref() {
        Some(_) => error,
        None => io::Error::new(error.kind(), format!("{}: {error}", path.display())),
    }
}
