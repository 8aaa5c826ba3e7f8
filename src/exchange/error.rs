//! What can go wrong with another tool's file, and what is only said of it.

use std::{fmt, io, path::PathBuf};

use super::Format;
use crate::{Direction, Indicator, MetricError, samples::SamplesError};

/// Why figures could not be read from another tool's file, or written for another tool.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExchangeError {
    /// The file or directory cannot be read: check that it exists and may be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A pipe, a device, a directory: what is read there may never end. Name a regular file.
    #[error("{} is no regular file: write what it gives to a file, and name that", .0.display())]
    NotAFile(PathBuf),
    /// Larger than what is read: import a part of it.
    #[error("{} is larger than {} MiB, the most that is read: import a part of it", path.display(), most >> 20)]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The most bytes that are read.
        most: u64,
    },
    /// It is not known which tool wrote the file: name the format.
    #[error(
        "{} is none of {}: if it is, name which with --format, and the error says what is wrong with it",
        .0.display(), Format::ALL.map(Format::as_str).join(", ")
    )]
    Unrecognised(PathBuf),
    /// The file is not what that tool writes; it may be cut off, or of another version of the tool.
    #[error("{}: {message}", path.display())]
    Form {
        /// The file.
        path: PathBuf,
        /// What was expected, and where.
        message: String,
    },
    /// There is nothing to read: check the path, and that the benchmarks ran (a test run writes nothing).
    #[error("{}: no results here; run the benchmarks first", .0.display())]
    Nothing(PathBuf),
    /// Criterion saved other baselines than the one asked for.
    #[error(
        "{}: no results named {wanted} here, but baselines named {}: take one with --criterion-baseline {}",
        path.display(), there.join(", "), there.first().map_or("NAME", String::as_str)
    )]
    NoSuchBaseline {
        /// The directory.
        path: PathBuf,
        /// The baseline that was looked for.
        wanted: String,
        /// Those that are there.
        there: Vec<String>,
    },
    /// Nothing in the file can be a figure of that indicator: what was left out, each with why.
    #[error("{}: nothing here is a figure of {indicator}: {}", path.display(), notes(left_out))]
    NoFigure {
        /// The file or directory.
        path: PathBuf,
        /// What was asked for.
        indicator: Indicator,
        /// What there was.
        left_out: Vec<ImportNote>,
    },
    /// Two benchmarks have one name, so that one would replace the other: rename one, or import them apart.
    #[error("two benchmarks are called {name:?}, {first} and {second}: rename one, or import each by itself")]
    Duplicate {
        /// Their name.
        name: String,
        /// Where the first one stands.
        first: String,
        /// Where the second one stands.
        second: String,
    },
    /// The tool itself reported that it failed.
    #[error("{}: the run failed: {message}", path.display())]
    Failed {
        /// The file.
        path: PathBuf,
        /// What the tool said.
        message: String,
    },
    /// The indicator is not a time: name one that is measured in nanoseconds.
    #[error("{0} is not measured in nanoseconds, and these files hold times: name an indicator that is")]
    NotATime(Indicator),
    /// No tool measures the indicator's unit: name an indicator of times, sizes, rates or shares.
    #[error("{0} is not measured in a unit that other tools have: name an indicator of times, sizes, rates or shares")]
    NoSuchUnit(Indicator),
    /// A figure cannot be a metric.
    #[error(transparent)]
    Metric(#[from] MetricError),
    /// Samples cannot be summarised.
    #[error(transparent)]
    Samples(#[from] SamplesError),
}

fn notes(notes: &[ImportNote]) -> String {
    notes.iter().map(ImportNote::to_string).collect::<Vec<_>>().join("; ")
}

/// What an import left out, or somebody should know of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ImportNote {
    /// Directories of benchmarks that hold no result.
    Skipped(Vec<PathBuf>),
    /// A benchmark measured in a unit that the indicator has not: import it under another indicator.
    Unit {
        /// The benchmark.
        benchmark: String,
        /// Its unit, as it stands in the file.
        unit: String,
        /// The indicator asked for.
        indicator: Indicator,
    },
    /// What a benchmark worked through in each iteration; no indicator holds that.
    Throughput {
        /// The benchmark.
        benchmark: String,
        /// As it stands in the file.
        stated: String,
    },
    /// A name that looks as if it held a secret, and goes into every export: give the benchmark another name.
    Secret {
        /// The benchmark.
        benchmark: String,
    },
    /// Memory was measured in some runs only.
    Memory {
        /// The benchmark.
        benchmark: String,
    },
    /// Measurements that no figure is made of.
    LeftOut {
        /// What they are: a counter, an aggregate, a unit.
        what: String,
        /// How many.
        count: usize,
        /// The indicator asked for.
        indicator: Indicator,
    },
    /// Runs of other commits: an import is of one.
    Runs {
        /// The suite.
        suite: String,
        /// How many were left out.
        left: usize,
        /// The commit whose run was taken; nothing where none of the suite's is of the commit asked for.
        taken: Option<String>,
    },
    /// The tool says that the other direction is better: import it under an indicator that agrees.
    Direction {
        /// The benchmark.
        benchmark: String,
        /// What the tool says.
        better: Direction,
        /// The indicator asked for.
        indicator: Indicator,
    },
}

impl fmt::Display for ImportNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Skipped(directories) => {
                let names: Vec<String> = directories.iter().map(|path| path.display().to_string()).collect();
                write!(f, "{} without a result skipped: {}", names.len(), names.join(", "))
            }
            Self::Unit { benchmark, unit, indicator } => write!(
                f,
                "{benchmark:?} was measured in {unit:?}, which {indicator} is not: left out, import it under an \
                 indicator that is"
            ),
            Self::Throughput { benchmark, stated } => {
                write!(f, "the throughput of {benchmark:?} ({stated} an iteration) is left out: its time is imported")
            }
            Self::Secret { benchmark } => write!(
                f,
                "{benchmark:?} looks as if it held a secret, and the name goes into every report and export: give the \
                 command another name (hyperfine --command-name) and import again"
            ),
            Self::Memory { benchmark } => {
                write!(f, "the memory of {benchmark:?} is left out: it is not stated for every run")
            }
            Self::LeftOut { what, count, indicator } => {
                let times = if *count == 1 { "once".to_owned() } else { format!("{count} times") };
                write!(f, "left out {times}: {what}, of which no {indicator} is made")
            }
            Self::Runs { suite, left, taken: Some(commit) } => {
                write!(f, "{left} other runs of {suite:?} are left out: the one of commit {commit} is imported")
            }
            Self::Runs { suite, left, taken: None } => {
                write!(f, "none of the {left} runs of {suite:?} is of the commit asked for")
            }
            Self::Direction { benchmark, better, indicator } => {
                let better = if *better == Direction::MoreIsBetter { "more" } else { "less" };
                write!(
                    f,
                    "{benchmark:?} is left out: its tool says that {better} is better, and of {indicator} it is the other \
                     way round"
                )
            }
        }
    }
}
