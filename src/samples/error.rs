//! What can go wrong between values and their figures.

use std::{io, path::PathBuf};

use crate::{
    metric::{Indicator, MetricError, Statistic, Unit},
    whole_file::WriteError,
};

/// Why samples could not be kept, read, written, or turned into a figure.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SamplesError {
    /// The indicator is not measured in that unit: use one of [`Indicator::units`].
    #[error("samples of {indicator} are not kept in {unit}: use {}", indicator.units().iter().map(|u| u.as_str()).collect::<Vec<_>>().join(" or "))]
    Unit {
        /// The indicator.
        indicator: Indicator,
        /// The unit that was given.
        unit: Unit,
    },
    /// The value cannot be kept exactly: give a finite number, a whole one of at most 2^53 where the unit is whole.
    #[error("{value} is no sample in {unit}: {}", if unit.is_integer() { "give a whole number of at most 2^53" } else { "give a finite number" })]
    Value {
        /// What was given.
        value: f64,
        /// The samples' unit.
        unit: Unit,
    },
    /// The first line of a file does not name an indicator and its unit.
    #[error(
        "line 1: {0:?} is no header of samples: write process,turn and the indicator with its unit, such as \
         process,turn,startup_time_ns"
    )]
    Header(String),
    /// A line of a file is not a sample.
    #[error("line {line}: {text:?} is not a sample: {expected}")]
    Line {
        /// The line, from 1.
        line: usize,
        /// What stands there.
        text: String,
        /// What should stand there.
        expected: &'static str,
    },
    /// There are no samples: a measurement that collected none is a failure, not a zero.
    #[error("no samples: a figure needs at least one")]
    Empty,
    /// A tail of few samples is their largest one under another name: take more in each process or turn.
    #[error("a {statistic} takes {needed} samples in {of}, and {found} are the fewest there")]
    TooFew {
        /// The statistic that was asked for.
        statistic: Statistic,
        /// How many samples it takes.
        needed: usize,
        /// How many the smallest unit of evidence has.
        found: usize,
        /// In what: `each process`, `each turn`, or `all` where each of those has a single one.
        of: &'static str,
    },
    /// The level of confidence is not between 0 and 1: give 0.95 for 95 %.
    #[error("{0} is no level of confidence: give one between 0 and 1, such as 0.95")]
    Level(f64),
    /// The file could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The file could not be read.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        error: io::Error,
    },
    /// The figure is no metric.
    #[error(transparent)]
    Metric(#[from] MetricError),
}
