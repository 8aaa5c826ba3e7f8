//! Where a store's data is: a directory of its own, or one that its caller named.

use std::{
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use super::{Place, StoreError};
use crate::{Subject, disk};

/// The directory of an open store.
#[derive(Debug)]
pub(super) struct Directory {
    path: PathBuf,
    /// Gone with this, where it is the store's own.
    _own: Option<disk::Owned>,
}

impl Directory {
    /// The one that was named, or a new one. An error where nothing can be written in it.
    pub fn of(subject: &Subject, place: &Place) -> Result<Self, StoreError> {
        let directory = match &place.directory {
            Some(path) => Self { path: path.clone(), _own: None },
            None => {
                let own = disk::workplace().map_err(|error| StoreError::directory(subject, error))?;
                Self { path: own.path().to_owned(), _own: Some(own) }
            }
        };
        // A server that cannot write says so in its own words, or hangs: asked here, all say the same.
        tempfile::tempfile_in(&directory.path).map_err(|source| directory.trouble(subject, source))?;
        Ok(directory)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn trouble(&self, subject: &Subject, source: io::Error) -> StoreError {
        StoreError::Directory { subject: subject.clone(), path: self.path.clone(), source }
    }

    /// What its files take on disk: blocks, not lengths, since logs are made longer than what was written.
    pub fn bytes(&self, subject: &Subject) -> Result<u64, StoreError> {
        bytes_below(&self.path).map_err(|source| self.trouble(subject, source))
    }
}

fn bytes_below(directory: &Path) -> io::Result<u64> {
    let mut sum = 0;
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        // A file may be gone since it was listed: logs and snapshots are replaced.
        sum += match entry.metadata() {
            Ok(found) if found.is_dir() => bytes_below(&entry.path())?,
            Ok(found) => found.blocks() * 512,
            Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
            Err(error) => return Err(error),
        };
    }
    Ok(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_written_is_no_place() {
        let subject: Subject = "etcd".parse().unwrap();
        let named = |path: &str| Place { directory: Some(path.into()), port: None };
        for path in ["/no/such/directory", "/dev/null", "/proc"] {
            let error = Directory::of(&subject, &named(path)).unwrap_err();
            assert!(matches!(&error, StoreError::Directory { path: at, .. } if at == Path::new(path)), "{error}");
        }
        let own = Directory::of(&subject, &Place::default()).unwrap();
        fs::create_dir(own.path().join("below")).unwrap();
        fs::write(own.path().join("below/file"), [1; 5000]).unwrap();
        assert!((5000..100_000).contains(&own.bytes(&subject).unwrap()));
        let path = own.path().to_owned();
        drop(own);
        assert!(!path.exists());
    }
}
