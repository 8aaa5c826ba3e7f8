//! What a loader reads back: a file on disk that has no name, so that nothing can leave it behind.

use std::{
    fs::File,
    io::{self, Write},
    os::fd::AsRawFd,
    path::PathBuf,
};

use super::PolicyError;

/// Bytes in an unnamed file of the temporary directory. It is gone with the last handle, whatever ends the process.
#[derive(Debug)]
pub(super) struct Artifact {
    file: File,
}

impl Artifact {
    pub(super) fn write(bytes: &[u8]) -> Result<Self, PolicyError> {
        let write = || -> io::Result<Self> {
            let mut file = tempfile::tempfile()?;
            file.write_all(bytes)?;
            Ok(Self { file })
        };
        write().map_err(|source| PolicyError::Io { path: std::env::temp_dir(), source })
    }

    /// A path that opens it anew, in this process.
    pub(super) fn path(&self) -> PathBuf {
        format!("/proc/self/fd/{}", self.file.as_raw_fd()).into()
    }

    pub(super) fn read(&self) -> Result<Vec<u8>, PolicyError> {
        let path = self.path();
        std::fs::read(&path).map_err(|source| PolicyError::Io { path, source })
    }

    pub(super) fn read_to_string(&self) -> Result<String, PolicyError> {
        let path = self.path();
        std::fs::read_to_string(&path).map_err(|source| PolicyError::Io { path, source })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_has_no_name_and_is_read_from_its_start_each_time() {
        let artifact = Artifact::write(b"package a").unwrap();
        let target = std::fs::read_link(artifact.path()).unwrap();
        assert!(!target.exists(), "{}", target.display());
        for _ in 0..2 {
            assert_eq!(artifact.read_to_string().unwrap(), "package a");
            assert_eq!(artifact.read().unwrap(), b"package a");
        }
    }
}
