//! Reading and writing a baseline's file. Whoever reads it sees the old one or the new one, never a part.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Write},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::{
    Baseline, BaselineError, UnavailableRow,
    wire::{Entries, Head, Named, Row, Stored},
};
use crate::{
    Metric,
    whole_file::{WriteError, parent, write_whole},
};

/// Far above what loading, merging and saving take, so that only a stuck process is reported.
const LOCK_PATIENCE: Duration = Duration::from_secs(30);
const LOCK_INTERVAL: Duration = Duration::from_millis(10);

impl Baseline {
    /// Reads a baseline.
    ///
    /// # Errors
    /// [`BaselineError`], which says which file, where in it, and what to do.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, BaselineError> {
        let path = path.as_ref();
        let bytes = fs::read(path).map_err(|source| BaselineError::Read { path: path.to_owned(), source })?;
        parse(path, &bytes)
    }

    /// Writes the baseline to `path`, in place of what was there. The directory is created where it is missing.
    ///
    /// The new file is complete and on the disk before it takes the old one's name, and it keeps the old one's
    /// permissions; a link stays a link. To add to a file that others add to as well, use [`merge_into`](Self::merge_into).
    ///
    /// # Errors
    /// [`BaselineError::Write`], [`BaselineError::Locked`] or [`BaselineError::Unstorable`]; the old file is then
    /// untouched, and nothing is left beside it.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), BaselineError> {
        Target::lock(path.as_ref(), LOCK_PATIENCE)?.replace(self)
    }

    /// Adds `run` to the baseline at `path` as [`merge`](Self::merge) does, and returns what was superseded. A missing
    /// file counts as an empty baseline. Whoever does the same at the same time waits, so nothing is lost.
    ///
    /// # Errors
    /// [`BaselineError`], as for [`load`](Self::load) and [`save`](Self::save).
    pub fn merge_into(path: impl AsRef<Path>, run: Self) -> Result<Vec<Metric>, BaselineError> {
        Self::update_file(path, |baseline| baseline.merge(run))
    }

    /// Loads the baseline at `path` (an empty one, if there is no file), lets `change` change it, and saves it, all under
    /// an exclusive lock on its directory. `change` must not save into the same directory, or it waits for itself.
    ///
    /// # Errors
    /// [`BaselineError`], as for [`load`](Self::load) and [`save`](Self::save).
    pub fn update_file<R>(path: impl AsRef<Path>, change: impl FnOnce(&mut Self) -> R) -> Result<R, BaselineError> {
        let target = Target::lock(path.as_ref(), LOCK_PATIENCE)?;
        let mut baseline = match Self::load(&target.file) {
            Err(BaselineError::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound => Self::new(),
            loaded => loaded?,
        };
        let result = change(&mut baseline);
        target.replace(&baseline)?;
        Ok(result)
    }

    /// Indented, and with a newline at its end, as a file that people read and compare.
    fn write(&self, path: &Path, mut to: &mut dyn Write) -> Result<(), BaselineError> {
        let unavailable = self.unavailable.iter().map(Row::from).collect();
        let stored = Stored { schema: Self::SCHEMA, metrics: &self.metrics, unavailable };
        let failed = |source| WriteError::Io { action: "write", path: path.to_owned(), source };
        serde_json::to_writer_pretty(&mut to, &stored).map_err(|error| match error.is_io() {
            true => failed(error.into()).into(),
            false => self.unstorable(&error),
        })?;
        Ok(to.write_all(b"\n").map_err(failed)?)
    }

    fn unstorable(&self, error: &serde_json::Error) -> BaselineError {
        let index = self.metrics.iter().position(|m| m.samples().is_some_and(|p| p.to_str().is_none())).unwrap_or(0);
        let name = self.metrics.get(index).map(|m| format!("{} of {}", m.indicator(), m.subject()));
        BaselineError::Unstorable { index, name: name.unwrap_or_default(), message: error.to_string() }
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
        let start = Instant::now();
        loop {
            match lock.try_lock() {
                Ok(()) => return Ok(Self { file, _lock: lock }),
                Err(TryLockError::Error(source)) => return Err(failed("lock the directory")(source).into()),
                Err(TryLockError::WouldBlock) if start.elapsed() >= patience => {
                    return Err(BaselineError::Locked { path: directory, seconds: patience.as_secs() });
                }
                Err(TryLockError::WouldBlock) => thread::sleep(LOCK_INTERVAL),
            }
        }
    }

    fn replace(&self, baseline: &Baseline) -> Result<(), BaselineError> {
        write_whole(&self.file, |out| baseline.write(&self.file, out))
    }
}

/// The text of a file, for errors that say where in it.
struct Text<'a> {
    path: &'a Path,
    text: &'a str,
}

fn parse(path: &Path, bytes: &[u8]) -> Result<Baseline, BaselineError> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let (line, column) = position(&bytes[..error.valid_up_to()]);
        BaselineError::NotJson { path: path.to_owned(), line, column, message: "not UTF-8".to_owned() }
    })?;
    let text = Text { path, text };
    // An array of as many entries would be taken for the object.
    if text.text.trim_start().starts_with('[') {
        let (path, message) = (path.to_owned(), "an array, and a baseline is an object".to_owned());
        return Err(BaselineError::Shape { path, line: 1, column: 1, message });
    }
    let entries: Entries<'_> = serde_json::from_str(text.text).map_err(|error| text.not_entries(&error))?;
    if entries.schema != Baseline::SCHEMA {
        return Err(text.schema(entries.schema.to_string()));
    }
    Ok(Baseline {
        metrics: text.list("metrics", &entries.metrics, |m: Metric| m)?,
        unavailable: text.list("unavailable", &entries.unavailable, |row: Row<'static>| UnavailableRow::from(row))?,
    })
}

impl Text<'_> {
    /// Why the whole is not a baseline: the reasons from the outermost in.
    fn not_entries(&self, error: &serde_json::Error) -> BaselineError {
        let (path, line, column) = (self.path.to_owned(), error.line(), error.column());
        let message = message(error);
        // A number that breaks off (`0.`, `1e`) is a syntax error to serde_json.
        let breaks_off = self.text.ends_with(['.', 'e', 'E', '+', '-']) && end(self.text) == (line, column);
        if error.is_eof() || breaks_off {
            return BaselineError::Truncated { path, line, column };
        }
        if error.is_syntax() {
            return BaselineError::NotJson { path, line, column, message };
        }
        match serde_json::from_str::<Head>(self.text) {
            // The rest of the file may break off or be no JSON, which comes before its schema.
            Err(later) if !later.is_data() => self.not_entries(&later),
            Ok(Head { schema: Some(schema) }) if schema != Baseline::SCHEMA => self.schema(schema.to_string()),
            Ok(Head { schema: None }) => self.schema("missing".to_owned()),
            _ => BaselineError::Shape { path, line, column, message },
        }
    }

    fn schema(&self, found: String) -> BaselineError {
        BaselineError::Schema { path: self.path.to_owned(), found, expected: Baseline::SCHEMA }
    }

    fn list<W: DeserializeOwned, T>(
        &self,
        list: &'static str,
        entries: &[&RawValue],
        into: impl Fn(W) -> T,
    ) -> Result<Vec<T>, BaselineError> {
        let read = |(index, entry): (usize, &&RawValue)| {
            let object = match entry.get().starts_with('[') {
                true => Err(<serde_json::Error as serde::de::Error>::custom("an array, and an entry is an object")),
                false => serde_json::from_str::<W>(entry.get()),
            };
            object.map(&into).map_err(|error| self.entry(list, index, entry, &error))
        };
        entries.iter().enumerate().map(read).collect()
    }

    fn entry(&self, list: &'static str, index: usize, entry: &RawValue, error: &serde_json::Error) -> BaselineError {
        // The entry is borrowed from the text, so the distance of their addresses is its place in it.
        let start = (entry.get().as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        let (mut line, mut column) = position(&self.text.as_bytes()[..start]);
        match error.line() {
            // A value that was refused has no place of its own: say where its entry starts.
            0 => {}
            1 => column += error.column().saturating_sub(1),
            below => (line, column) = (line + below - 1, error.column()),
        }
        let (path, name, message) = (self.path.to_owned(), Named::of(entry), message(error));
        BaselineError::Entry { path, line, column, list, index, name, message }
    }
}

/// Line and column of what follows `before`, in bytes and from 1, as serde_json counts them.
fn position(before: &[u8]) -> (usize, usize) {
    let line = before.iter().filter(|b| **b == b'\n').count() + 1;
    let column = before.iter().rev().take_while(|b| **b != b'\n').count() + 1;
    (line, column)
}

/// Line and column of the last byte.
fn end(text: &str) -> (usize, usize) {
    let (line, column) = position(text.as_bytes());
    (line, column - 1)
}

/// serde_json's message without the place, which the error states itself.
fn message(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    text.strip_suffix(&place).map_or(text.clone(), str::to_owned)
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
