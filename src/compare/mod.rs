//! Two figures side by side, a published claim against what was measured, and a new baseline against an old one.

mod difference;
mod figures;
mod gate;
mod missing;
mod rule;
mod verdict;

use difference::from_stated;
pub use difference::{Aspect, Difference, differences};
pub(crate) use figures::Figures;
pub use gate::{
    Counts, Doubt, Evidence, Gate, GateGroup, GateReport, GateRow, GroupRuling, Limits, LimitsError, Measured, Outcome,
    RowChange, Ruling,
};
pub use missing::{Beside, Missing};
pub(crate) use rule::Caution;
pub use rule::{MARGIN, NEARLY, Undecided, WIDEST, caution};
pub(crate) use verdict::judge_by;
pub use verdict::{Judgement, Verdict, judge, judge_all};

pub use crate::metric::Direction;

use crate::{Date, Family, Indicator, Metric, stats::Estimate};

/// The same indicator on two subjects: how many times better the contender is.
///
/// ```
/// use runtime_baseline::{claims, compare::Comparison};
///
/// let claim = claims().get("memory-baseline").expect("a row of table 14.3.2");
/// let comparison = Comparison::new(claim.reference().metric(), claim.contender().metric())?;
/// assert!((comparison.gain().unwrap() - 8.571).abs() < 0.001);
/// assert!((comparison.improvement().unwrap() - 88.33).abs() < 0.01);
/// # Ok::<(), runtime_baseline::compare::CompareError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Comparison<'a> {
    reference: &'a Metric,
    contender: &'a Metric,
}

impl<'a> Comparison<'a> {
    /// Two figures of one indicator in one unit.
    ///
    /// # Errors
    /// [`CompareError`] when the indicators or the units differ.
    pub fn new(reference: &'a Metric, contender: &'a Metric) -> Result<Self, CompareError> {
        if reference.indicator() != contender.indicator() {
            return Err(CompareError::Indicators(reference.indicator(), contender.indicator()));
        }
        let (a, b) = (reference.quantity().unit(), contender.quantity().unit());
        if a != b {
            return Err(CompareError::Units(reference.indicator(), a.as_str(), b.as_str()));
        }
        Ok(Self { reference, contender })
    }

    /// What is compared against.
    #[must_use]
    pub fn reference(&self) -> &'a Metric {
        self.reference
    }

    /// What may be better.
    #[must_use]
    pub fn contender(&self) -> &'a Metric {
        self.contender
    }

    /// Reference over contender, whatever the direction; nothing where the contender is zero.
    #[must_use]
    pub fn ratio(&self) -> Option<f64> {
        quotient(self.reference.quantity().as_f64(), self.contender.quantity().as_f64())
    }

    /// How many times better the contender is: below one where it is worse. Nothing where that divides by zero.
    #[must_use]
    pub fn gain(&self) -> Option<f64> {
        let (reference, contender) = (self.reference.quantity().as_f64(), self.contender.quantity().as_f64());
        match Direction::of(self.reference.indicator()) {
            Direction::LessIsBetter => quotient(reference, contender),
            Direction::MoreIsBetter => quotient(contender, reference),
        }
    }

    /// [`Comparison::ratio`] with its interval, from the two figures' intervals at one level; nothing where either has
    /// none.
    #[must_use]
    pub fn ratio_interval(&self) -> Option<Estimate> {
        if let (Some(a), Some(b)) = (self.reference.interval(), self.contender.interval())
            && a.level() != b.level()
        {
            return None;
        }
        Some(estimate(self.reference)?.over(estimate(self.contender)?))
    }

    /// [`Comparison::gain`] with its interval.
    #[must_use]
    pub fn gain_interval(&self) -> Option<Estimate> {
        let ratio = self.ratio_interval()?;
        Some(match Direction::of(self.reference.indicator()) {
            Direction::LessIsBetter => ratio,
            Direction::MoreIsBetter => ratio.inverse(),
        })
    }

    /// P = (reference − contender) / reference × 100 %: negative where the contender's value is higher. Nothing where the
    /// reference is zero.
    #[must_use]
    pub fn improvement(&self) -> Option<f64> {
        let (reference, contender) = (self.reference.quantity().as_f64(), self.contender.quantity().as_f64());
        quotient((reference - contender) * 100.0, reference)
    }

    /// In what the two figures' circumstances differ.
    #[must_use]
    pub fn differences(&self) -> Vec<Difference> {
        differences(self.reference, self.contender)
    }
}

/// The run that a figure was taken in: by its id, or by its day where none was recorded, as before schema 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum RunOf<'a> {
    Id(&'a str),
    Day(Date),
}

impl<'a> RunOf<'a> {
    fn of(metric: &'a Metric) -> Self {
        let provenance = metric.provenance();
        provenance.run().map_or_else(|| Self::Day(provenance.date()), |run| Self::Id(run.id()))
    }
}

fn quotient(a: f64, b: f64) -> Option<f64> {
    Some(a / b).filter(|x| x.is_finite())
}

/// A figure with its interval. The size of a file needs none: it is counted, not sampled.
fn estimate(metric: &Metric) -> Option<Estimate> {
    let value = metric.quantity().as_f64();
    match metric.interval() {
        Some(interval) => Estimate::new(value, interval.low().as_f64(), interval.high().as_f64()),
        None if metric.indicator().family() == Family::Size => Estimate::exact(value),
        None => None,
    }
}

/// Why two figures cannot be put side by side.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CompareError {
    /// Two indicators: compare figures of one.
    #[error("{0} and {1} are two indicators: compare figures of one")]
    Indicators(Indicator, Indicator),
    /// One indicator in two units that do not convert: measure both in one.
    #[error("{0} stands in {1} on one side and in {2} on the other: measure both in one unit")]
    Units(Indicator, &'static str, &'static str),
}
