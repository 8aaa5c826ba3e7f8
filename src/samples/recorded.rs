//! What a metric's file of raw data holds: plain samples, or a curve.

use std::path::Path;

use super::{Curve, CurveError, Samples, SamplesError};
use crate::input::{MOST_OF_SAMPLES, read_text};

/// The raw data that a [`Metric`](crate::Metric) names.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Recorded {
    /// One value after the other.
    Samples(Samples),
    /// One thing against another.
    Curve(Curve),
}

impl Recorded {
    /// Reads a file of either kind.
    ///
    /// # Errors
    /// [`RecordedError`] names the line that is wrong, or the file that cannot be read.
    pub fn load(path: &Path) -> Result<Self, RecordedError> {
        let error = |error| SamplesError::Io { path: path.to_owned(), error };
        Self::from_csv(&read_text(path, MOST_OF_SAMPLES).map_err(error)?)
    }

    /// Reads a file's text: a curve's header has both axes' units in square brackets.
    ///
    /// # Errors
    /// [`RecordedError`] names the line that is wrong.
    ///
    /// ```
    /// use runtime_baseline::samples::Recorded;
    ///
    /// assert!(matches!(Recorded::from_csv("process,turn,startup_time_ns\n0,0,21450\n")?, Recorded::Samples(_)));
    /// assert!(matches!(Recorded::from_csv("startup_time_ns\n21450\n")?, Recorded::Samples(_)));
    /// assert!(matches!(Recorded::from_csv("data size [bytes],latency [ns]\n10,5200\n")?, Recorded::Curve(_)));
    /// # Ok::<(), runtime_baseline::samples::RecordedError>(())
    /// ```
    pub fn from_csv(text: &str) -> Result<Self, RecordedError> {
        Ok(match text.lines().next().is_some_and(|header| header.contains("],")) {
            true => Self::Curve(Curve::from_csv(text)?),
            false => Self::Samples(Samples::from_csv(text)?),
        })
    }
}

/// Why a file of raw data could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordedError {
    /// It is no file of samples.
    #[error(transparent)]
    Samples(#[from] SamplesError),
    /// It is no curve.
    #[error(transparent)]
    Curve(#[from] CurveError),
}
