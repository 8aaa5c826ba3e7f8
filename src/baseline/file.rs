//! Reading and writing a baseline's file. Whoever reads it sees the old one or the new one, never a part.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use serde::Serialize;
use serde_json::Serializer;

use super::{
    Baseline, BaselineError, Merged,
    lines::Lines,
    read::{MOST_VALUES, parse, values},
    wire::Stored,
};
use crate::{
    input::{MOST_OF_A_BASELINE, read, read_named},
    lock,
    whole_file::{WriteError, parent, write_whole},
};

/// Far above what loading, merging and saving take, so that only a stuck process is reported.
const LOCK_PATIENCE: Duration = Duration::from_secs(30);

impl Baseline {
    /// Reads a baseline.
    ///
    /// # Errors
    /// [`BaselineError`], which says which file, where in it, and what to do.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, BaselineError> {
        let path = path.as_ref();
        Self::parsed(path, read_named(path, MOST_OF_A_BASELINE))
    }

    fn parsed(path: &Path, read: io::Result<Vec<u8>>) -> Result<Self, BaselineError> {
        parse(path, &read.map_err(|source| BaselineError::Read { path: path.to_owned(), source })?)
    }

    /// Reads a baseline that is in memory.
    #[cfg(fuzzing)]
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, BaselineError> {
        parse(Path::new(""), bytes)
    }

    /// Writes the baseline to `path`, in place of what was there. The directory is created where it is missing.
    ///
    /// The new file is complete and on the disk before it takes the old one's name, and it keeps the old one's
    /// permissions; a link stays a link. To add to a file that others add to as well, use [`merge_into`](Self::merge_into).
    ///
    /// # Errors
    /// [`BaselineError::Write`], [`BaselineError::Locked`], [`BaselineError::TooLarge`] or [`BaselineError::Unstorable`];
    /// the old file is then untouched, and nothing is left beside it.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), BaselineError> {
        Target::lock(path.as_ref(), LOCK_PATIENCE)?.replace(self)
    }

    /// Adds this baseline to the one at `path` as [`merge`](Self::merge) does, and returns the merged whole with what was
    /// superseded. A missing file counts as an empty baseline. Whoever does the same at the same time waits, so nothing is
    /// lost.
    ///
    /// # Errors
    /// [`BaselineError`], as for [`load`](Self::load) and [`save`](Self::save).
    pub fn merge_into(self, path: impl AsRef<Path>) -> Result<Merged, BaselineError> {
        let (whole, superseded) = Self::update(path.as_ref(), |baseline| baseline.merge(self))?;
        Ok(Merged { whole, superseded })
    }

    /// Loads the baseline at `path` (an empty one, if there is no file), lets `change` change it, and saves it, all under
    /// an exclusive lock on its directory. `change` must not save into the same directory, or it waits for itself.
    ///
    /// # Errors
    /// [`BaselineError`], as for [`load`](Self::load) and [`save`](Self::save).
    pub fn update_file<R>(path: impl AsRef<Path>, change: impl FnOnce(&mut Self) -> R) -> Result<R, BaselineError> {
        Self::update(path.as_ref(), change).map(|(_, result)| result)
    }

    fn update<R>(path: &Path, change: impl FnOnce(&mut Self) -> R) -> Result<(Self, R), BaselineError> {
        let target = Target::lock(path, LOCK_PATIENCE)?;
        // No pipe, since it is written to as well.
        let mut baseline = match Self::parsed(&target.file, read(&target.file, MOST_OF_A_BASELINE)) {
            Err(BaselineError::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound => Self::new(),
            loaded => loaded?,
        };
        let result = change(&mut baseline);
        target.replace(&baseline)?;
        Ok((baseline, result))
    }

    /// With a newline at its end, as a file that people read and compare.
    pub(crate) fn write(&self, path: &Path, to: &mut dyn Write) -> Result<(), BaselineError> {
        let failed = |source| WriteError::Io { action: "write", path: path.to_owned(), source };
        let mut to = Counted { to, written: 0, values: 0 };
        let mut serializer = Serializer::with_formatter(&mut to, Lines::default());
        Stored(self).serialize(&mut serializer).map_err(|error| match error.is_io() {
            true => failed(error.into()).into(),
            false => self.unstorable(&error),
        })?;
        to.write_all(b"\n").map_err(failed)?;
        if to.written > MOST_OF_A_BASELINE || to.values > MOST_VALUES {
            return Err(BaselineError::TooLarge { path: path.to_owned(), most: MOST_OF_A_BASELINE >> 20 });
        }
        Ok(())
    }

    fn unstorable(&self, error: &serde_json::Error) -> BaselineError {
        let unreadable = |path: Option<&Path>| path.is_some_and(|path| path.to_str().is_none());
        let index = self.metrics.iter().position(|m| unreadable(m.samples()) || unreadable(m.curve())).unwrap_or(0);
        let name = self.metrics.get(index).map(|m| format!("{} of {}", m.indicator(), m.subject()));
        BaselineError::Unstorable { index, name: name.unwrap_or_default(), message: error.to_string() }
    }
}

/// Counts what is written, since more than what is read must not be.
struct Counted<'a> {
    to: &'a mut dyn Write,
    written: u64,
    values: usize,
}

impl Write for Counted<'_> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let count = self.to.write(buffer)?;
        self.written += count as u64;
        self.values += values(&buffer[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// A place to write to, locked against everybody else who writes there.
struct Target {
    /// Links resolved, so that a link stays a link.
    file: PathBuf,
    /// The lock is held on the file's directory, so that no file is left behind for it.
    _lock: File,
}

impl Target {
    fn lock(path: &Path, patience: Duration) -> Result<Self, BaselineError> {
        let file = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let directory = parent(&file);
        let failed = |action| {
            let path = directory.clone();
            move |source| WriteError::Io { action, path, source }
        };
        fs::create_dir_all(&directory).map_err(failed("create the directory"))?;
        let lock = File::open(&directory).map_err(failed("open the directory"))?;
        match lock::within(&lock, patience, |_| {}) {
            Ok(()) => Ok(Self { file, _lock: lock }),
            Err(TryLockError::Error(source)) => Err(failed("lock the directory")(source).into()),
            Err(TryLockError::WouldBlock) => {
                Err(BaselineError::Locked { path: directory, seconds: patience.as_secs() })
            }
        }
    }

    fn replace(&self, baseline: &Baseline) -> Result<(), BaselineError> {
        write_whole(&self.file, |out| baseline.write(&self.file, out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_that_others_hold_is_an_error_that_names_the_directory() {
        let directory = tempfile::tempdir().unwrap();
        let held = Target::lock(&directory.path().join("a.json"), Duration::ZERO).unwrap();
        let lock = || Target::lock(&directory.path().join("b.json"), Duration::ZERO);
        let error = lock().err().unwrap();
        assert!(matches!(&error, BaselineError::Locked { path, .. } if path == directory.path()), "{error}");
        drop(held);
        assert!(lock().is_ok());
    }
}
