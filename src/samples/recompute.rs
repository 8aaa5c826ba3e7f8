//! A figure computed again from the samples that it names.

use std::path::{Path, PathBuf};

use super::{Estimated, Recorded, RecordedError, Samples, SamplesError, Unread, read_below};
use crate::metric::{Indicator, Metric, Unit};

/// The level of an interval where the figure itself has none.
const LEVEL: f64 = 0.95;

/// Computes a figure and its interval from the samples that it names in `directory`, the baseline's own.
///
/// A figure whose value is not that of its metric was not made of these samples, or by another rule: compare
/// [`Estimated::quantity`] with [`Metric::quantity`].
///
/// # Errors
/// [`RecomputeError`], when the samples are missing, broken or of something else.
pub fn recompute(metric: &Metric, directory: &Path) -> Result<Estimated, RecomputeError> {
    let level = metric.interval().map_or(LEVEL, |interval| interval.level());
    match recorded(metric, directory)? {
        (Recorded::Samples(samples), _) => Ok(own(metric, samples)?.estimate(metric.statistic(), level)?),
        (Recorded::Curve(curve), path) => {
            curve.estimate(metric.statistic(), level).ok_or_else(|| RecomputeError::Curve(path.to_owned()))
        }
    }
}

/// What a metric names in its baseline's directory, and by which path.
fn recorded<'m>(metric: &'m Metric, directory: &Path) -> Result<(Recorded, &'m Path), RecomputeError> {
    let path = metric.samples().or_else(|| metric.curve()).ok_or(RecomputeError::NoSamples)?;
    let text = read_below(directory, path).map_err(|unread| match unread {
        Unread::Outside => RecomputeError::Outside(path.to_owned()),
        Unread::Io(error) => RecordedError::from(SamplesError::Io { path: directory.join(path), error }).into(),
    })?;
    Ok((Recorded::from_csv(&text)?, path))
}

/// The samples, if they are of what the metric is of.
fn own(metric: &Metric, samples: Samples) -> Result<Samples, RecomputeError> {
    let (indicator, unit) = (samples.indicator(), samples.unit());
    if (indicator, unit) == (metric.indicator(), metric.quantity().unit()) {
        return Ok(samples);
    }
    let path = metric.samples().unwrap_or_else(|| Path::new("")).to_owned();
    Err(RecomputeError::Other { path, indicator, unit })
}

impl Estimated {
    /// Whether this is the figure of `metric`, its interval included.
    #[must_use]
    pub fn is_of(&self, metric: &Metric) -> bool {
        let unit = metric.quantity().unit();
        self.quantity(unit).is_ok_and(|quantity| quantity == metric.quantity())
            && self.quantities(unit).is_ok_and(|interval| interval == metric.interval())
    }
}

impl Samples {
    /// The samples that a metric names in `directory`, the baseline's own.
    ///
    /// # Errors
    /// [`RecomputeError`], when they are missing, broken or of something else.
    pub fn of_metric(metric: &Metric, directory: &Path) -> Result<Self, RecomputeError> {
        match recorded(metric, directory)? {
            (Recorded::Samples(samples), _) => own(metric, samples),
            (Recorded::Curve(_), path) => Err(RecomputeError::Curve(path.to_owned())),
        }
    }
}

/// Why a figure could not be computed again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecomputeError {
    /// The figure names no samples: it was not measured here, or by a release that kept none of its kind.
    #[error("it names no samples")]
    NoSamples,
    /// The figure names something that is no file below its baseline's directory.
    #[error("{} is no regular file below the baseline's directory, and links are not followed", .0.display())]
    Outside(PathBuf),
    /// The figure names a curve that does not have it: too few points, or another statistic than a slope or a rate.
    #[error("{} is a curve, which does not give this figure", .0.display())]
    Curve(PathBuf),
    /// The samples are of another indicator, or in another unit.
    #[error("{} holds samples of {indicator} in {unit}", path.display())]
    Other {
        /// The file.
        path: PathBuf,
        /// What its samples are of.
        indicator: Indicator,
        /// Their unit.
        unit: Unit,
    },
    /// The file cannot be read, or holds no samples.
    #[error(transparent)]
    Recorded(#[from] RecordedError),
    /// The samples do not give the statistic.
    #[error(transparent)]
    Samples(#[from] SamplesError),
}
