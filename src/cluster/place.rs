//! The directory of one control plane: its keys, and what its store keeps. Whatever ends this process, it is gone: see
//! [`disk::Guarded`].

use std::path::Path;

use rustix::{fs::statvfs, io::Errno};

use super::{ClusterError, Place};
use crate::{Subject, disk};

/// A disk with less room than this, in bytes, is full: no component writes so little for long.
const LEAST: u64 = 1 << 20;

/// A directory of this user alone.
#[derive(Debug)]
pub(super) struct Directory(disk::Guarded);

impl Directory {
    /// A new one, below the one that was named.
    pub fn of(subject: &Subject, place: &Place) -> Result<Self, ClusterError> {
        let parent = place.directory.clone().unwrap_or_else(disk::directory);
        let made = disk::Guarded::make(&parent, "runtime-baseline-control-plane-", 0o700);
        made.map(Self).map_err(|source| ClusterError::Directory { subject: subject.clone(), path: parent, source })
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// That something can still be written there. On a full disk each component fails in its own way, and few say why.
    pub fn has_room(&self, subject: &Subject) -> Result<(), ClusterError> {
        let left = statvfs(self.path()).map(|found| found.f_bavail.saturating_mul(found.f_frsize));
        if left.is_ok_and(|left| left < LEAST) {
            let (path, source) = (self.path().to_owned(), Errno::NOSPC.into());
            return Err(ClusterError::Directory { subject: subject.clone(), path, source });
        }
        Ok(())
    }

    /// A new directory in it.
    pub fn make(&self, subject: &Subject, name: &str) -> Result<std::path::PathBuf, ClusterError> {
        let path = self.path().join(name);
        match std::fs::create_dir(&path) {
            Ok(()) => Ok(path),
            Err(source) => Err(ClusterError::Directory { subject: subject.clone(), path, source }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_written_is_named() {
        for path in ["/proc", "/no/such/directory", "/dev/null"] {
            let place = Place { directory: Some(path.into()), port: None };
            let error = Directory::of(&"kubernetes".parse().unwrap(), &place).unwrap_err();
            assert!(matches!(&error, ClusterError::Directory { path: at, .. } if at == Path::new(path)), "{error}");
        }
    }
}
