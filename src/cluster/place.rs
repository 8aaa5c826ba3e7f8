//! The directory of one control plane: its keys, and what its store keeps. Whatever ends this process, it is gone: a shell waits
//! for the end of its own input, which comes when this process has ended, and then removes it.
//!
//! Without that a killed process would leave keys behind until the next control plane is started beside them, which is the
//! second net: see [`disk::Owned`].

use std::{
    io,
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Command, Stdio},
};

use rustix::{fs::statvfs, io::Errno};

use super::{ClusterError, Place};
use crate::{Subject, disk};

/// A server that was killed at the same moment may still write for a while.
const REMOVE: &str = r#"trap '' HUP INT TERM
read -r _
for _ in 1 2 3 4 5 6 7 8 9 10; do rm -rf -- "$1" && exit 0; sleep 0.2; done"#;

/// A disk with less room than this, in bytes, is full: no component writes so little for long.
const LEAST: u64 = 1 << 20;

/// A directory of this user alone.
#[derive(Debug)]
pub(super) struct Directory {
    own: disk::Owned,
    remover: Child,
}

impl Directory {
    /// A new one, below the one that was named.
    pub fn of(subject: &Subject, place: &Place) -> Result<Self, ClusterError> {
        let parent = place.directory.clone().unwrap_or_else(disk::directory);
        Self::below(&parent).map_err(|source| ClusterError::Directory {
            subject: subject.clone(),
            path: parent,
            source,
        })
    }

    fn below(parent: &Path) -> io::Result<Self> {
        // Absolute, since servers run elsewhere.
        let own = disk::Owned::make(&parent.canonicalize()?, "runtime-baseline-control-plane-", 0o700)?;
        let mut shell = Command::new("/bin/sh");
        shell
            .args(["-c", REMOVE, "sh"])
            .arg(own.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        // Not of the group that a terminal ends.
        let remover = shell.current_dir("/").process_group(0).spawn()?;
        Ok(Self { own, remover })
    }

    pub fn path(&self) -> &Path {
        self.own.path()
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

impl Drop for Directory {
    fn drop(&mut self) {
        drop(self.remover.stdin.take());
        // There is nobody to tell of a failure.
        let _ = self.remover.wait();
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, thread, time::Duration};

    use super::*;

    #[test]
    fn it_is_gone_when_it_is_dropped_and_when_the_shells_input_ends() {
        let parent = tempfile::tempdir().unwrap();
        let place = Place { directory: Some(parent.path().to_owned()), port: None };
        let subject: Subject = "kubernetes".parse().unwrap();
        let held = Directory::of(&subject, &place).unwrap();
        let keys = held.make(&subject, "keys").unwrap();
        fs::write(keys.join("ca.key"), "a key").unwrap();
        let path = held.path().to_owned();
        drop(held);
        assert!(!path.exists());

        // As when this process is killed: nothing is dropped, and its end of the pipe is closed.
        let mut held = std::mem::ManuallyDrop::new(Directory::of(&subject, &place).unwrap());
        fs::write(held.path().join("ca.key"), "a key").unwrap();
        drop(held.remover.stdin.take());
        held.remover.wait().unwrap();
        while held.path().exists() {
            thread::sleep(Duration::from_millis(5));
        }
    }

    #[test]
    fn what_cannot_be_written_is_named() {
        for path in ["/proc", "/no/such/directory", "/dev/null"] {
            let place = Place { directory: Some(path.into()), port: None };
            let error = Directory::of(&"kubernetes".parse().unwrap(), &place).unwrap_err();
            assert!(matches!(&error, ClusterError::Directory { path: at, .. } if at == Path::new(path)), "{error}");
        }
    }
}
