//! What can go wrong between a baseline and its file.

use std::{io, path::PathBuf};

use crate::whole_file::WriteError;

/// Why a baseline could not be read or written. A file that was there before is whole in every case.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BaselineError {
    /// The file cannot be read: check that it exists and may be read.
    #[error("cannot read the baseline {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file ends in the middle, as a copy that was cut off does: take it again from where it came.
    #[error("{}:{line}:{column}: the baseline ends in the middle: copy it again, or restore it", path.display())]
    Truncated {
        /// The file.
        path: PathBuf,
        /// Line of its end, from 1.
        line: usize,
        /// Column of its end, from 1.
        column: usize,
    },
    /// The file is not JSON: it is no baseline, or somebody edited it.
    #[error("{}:{line}:{column}: the baseline is not JSON: {message}", path.display())]
    NotJson {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What was expected.
        message: String,
    },
    /// The file has the schema of a later release: update this program. Or it has none that ever was: move the file away,
    /// and measure again.
    #[error("{}: schema {found}: this release reads 1 and 2; update runtime-baseline, or move the file away", path.display())]
    Schema {
        /// The file.
        path: PathBuf,
        /// What stands in its `schema` field.
        found: String,
    },
    /// The file is JSON, but its outermost object is not a baseline's.
    #[error("{}:{line}:{column}: not a baseline: {message}", path.display())]
    Shape {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What was expected.
        message: String,
    },
    /// An entry of the file is not a metric, or not an unavailable row: correct or remove it.
    #[error("{}:{line}:{column}: {list}[{index}] ({name}): {message}", path.display())]
    Entry {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// `metrics` or `unavailable`.
        list: &'static str,
        /// The entry's place in the list, from 0.
        index: usize,
        /// What the entry calls itself, such as `startup_time of wasmtime, ready, warm`.
        name: String,
        /// What is wrong with it.
        message: String,
    },
    /// A metric has no stored form: its `samples` path is not UTF-8.
    #[error("metrics[{index}] ({name}) cannot be stored: {message}")]
    Unstorable {
        /// The metric's place in the baseline, from 0.
        index: usize,
        /// The metric's indicator and subject.
        name: String,
        /// What is wrong with it.
        message: String,
    },
    /// The baseline became larger than what is read: keep parts of it in files of their own.
    #[error(
        "{}: the baseline would be larger than what is read again, which is {most} MiB in {} million values: keep parts of it in \
         files of their own",
        path.display(), super::read::MOST_VALUES / 1_000_000
    )]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The most that is read, in MiB.
        most: u64,
    },
    /// Writing failed, or the path leads to something that is no file.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// Somebody else held the directory's lock all the time: see who (`lslocks`), and try again.
    #[error("{} stayed locked for {seconds} s by another process: find it with lslocks, and try again", path.display())]
    Locked {
        /// The directory.
        path: PathBuf,
        /// How long was waited.
        seconds: u64,
    },
}
