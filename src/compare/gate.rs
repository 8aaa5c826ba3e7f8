//! A new baseline against an old one: did anything get worse?

use std::{
    collections::{HashMap, HashSet},
    fmt,
    hash::Hash,
    path::{Path, PathBuf},
};

use super::{Difference, Direction, differences, estimate};
use crate::{
    Baseline, Bound, Lineage, Metric, Statistic,
    samples::Samples,
    stats::{Change, Decision, Estimate},
};

/// What counts as worse, and where the raw samples lie.
///
/// A series got worse when the interval of its change excludes "no change" **and** the change exceeds
/// [`max_regression`](Self::max_regression). It cannot be decided when the interval holds "no change" but is so wide that a
/// change of that size could hide in it, when a side has neither samples nor an interval, and when a series of the old
/// baseline is not in the new one. Means and extremes without an interval, and bounds, are shown and not judged.
///
/// The change is computed from both sides' raw samples where their files are at hand (at [`level`](Self::level)), else from
/// the stored intervals, else not at all; the sizes of files are compared as they are. Two runs at different times are
/// not interleaved: what drifted between them counts as change, so do not set the limit below what two runs of the
/// same code differ by.
///
/// ```
/// use runtime_baseline::{Baseline, compare::{Gate, Outcome}};
///
/// let (old, new) = (Baseline::new(), Baseline::new());
/// let report = Gate { max_regression: 0.05, ..Gate::default() }.compare(&old, &new);
/// assert_eq!((report.outcome(), report.outcome().exit_code()), (Outcome::Undecided, 2));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Gate {
    /// The largest worsening that is let through, as a fraction: 0.05 for 5 %.
    pub max_regression: f64,
    /// The level of confidence of changes computed from raw samples.
    pub level: f64,
    /// The directory that the old baseline's sample files are relative to.
    pub old_directory: Option<PathBuf>,
    /// The directory that the new baseline's sample files are relative to.
    pub new_directory: Option<PathBuf>,
}

/// 5 %, at 99 %: with many series, a level of 95 % would raise an alarm in most runs.
impl Default for Gate {
    fn default() -> Self {
        Self { max_regression: 0.05, level: 0.99, old_directory: None, new_directory: None }
    }
}

/// What a whole comparison comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Every series was compared and none got worse.
    Fine,
    /// At least one series got worse.
    Regression,
    /// None is known to have got worse, and at least one could not be decided, or there was nothing to compare.
    Undecided,
}

impl Outcome {
    /// The exit code of `runtime-baseline gate`: 0, 1, 2.
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Fine => 0,
            Self::Regression => 1,
            Self::Undecided => 2,
        }
    }

    /// The word for people.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fine => "fine",
            Self::Regression => "regression",
            Self::Undecided => "undecided",
        }
    }
}

/// All series of both baselines.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct GateReport<'a> {
    /// The series of the new baseline in its order, then those of the old one that are gone.
    pub rows: Vec<GateRow<'a>>,
}

impl GateReport<'_> {
    /// What it comes to.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        let any = |test: fn(&Ruling) -> bool| self.rows.iter().any(|row| test(&row.ruling));
        match () {
            () if any(|r| *r == Ruling::Worse) => Outcome::Regression,
            () if any(|r| matches!(r, Ruling::Undecided(_))) => Outcome::Undecided,
            () if any(|r| matches!(r, Ruling::Same | Ruling::Better)) => Outcome::Fine,
            () => Outcome::Undecided,
        }
    }
}

/// One series.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct GateRow<'a> {
    /// Its figure in the old baseline.
    pub old: Option<&'a Metric>,
    /// Its figure in the new baseline.
    pub new: Option<&'a Metric>,
    /// From old to new, where it could be computed.
    pub change: Option<Change>,
    /// What the change was computed from.
    pub evidence: Evidence,
    /// What it comes to.
    pub ruling: Ruling,
}

impl GateRow<'_> {
    /// The change of the two figures in per cent of the old one, interval or not; nothing where the old one is zero.
    #[must_use]
    pub fn percent(&self) -> Option<f64> {
        let (old, new) = (self.old?.quantity().as_f64(), self.new?.quantity().as_f64());
        Some((new / old - 1.0) * 100.0).filter(|x| x.is_finite())
    }
}

/// What a change was computed from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Evidence {
    /// Both sides' raw samples.
    Samples,
    /// Both sides' stored intervals.
    Intervals,
    /// Sizes of files, which are counted.
    Exact,
    /// Nothing.
    None,
}

/// What a row comes to.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Ruling {
    /// Worse by more than is let through, and not by noise.
    Worse,
    /// Better by more than the same limit, and not by noise.
    Better,
    /// Neither.
    Same,
    /// Not in the old baseline: nothing to compare with.
    New,
    /// A mean or an extreme, which has no interval by its nature, or a bound, which is no value: shown, and left to the
    /// others to judge.
    NotJudged,
    /// No answer, and why.
    Undecided(Doubt),
}

/// Why a row has no answer.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Doubt {
    /// The interval is too wide: take more samples, or quieten the machine.
    Noise,
    /// A side has neither samples nor an interval: measure it often enough.
    NoInterval,
    /// A side's figure is zero, so that there is no ratio.
    Zero,
    /// The series is gone; the reason, where the new run said one.
    Gone(Option<String>),
    /// The series is there, but measured under other circumstances (old / new).
    Elsewhere(Vec<Difference>),
}

/// What is wrong, and what to do about it.
impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Noise => write!(f, "too noisy to see a change of the allowed size: take more samples"),
            Self::NoInterval => write!(f, "no samples and no interval on both sides: measure it more often"),
            Self::Zero => write!(f, "a figure of zero has no ratio"),
            Self::Gone(None) => write!(f, "not measured again"),
            Self::Gone(Some(reason)) => write!(f, "not measured again: {reason}"),
            Self::Elsewhere(all) => {
                let all: Vec<String> = all.iter().map(ToString::to_string).collect();
                write!(f, "measured under other circumstances: {}", all.join(", "))
            }
        }
    }
}

impl Gate {
    /// Compares the latest figure of every series.
    #[must_use]
    pub fn compare<'a>(&self, old: &'a Baseline, new: &'a Baseline) -> GateReport<'a> {
        let (before, after) = (old.latest(), new.latest());
        let known: HashMap<Lineage, &Metric> = before.iter().map(|m| (Lineage::of(m), *m)).collect();
        let mut rows: Vec<GateRow> = after.iter().map(|m| self.row(known.get(&Lineage::of(m)).copied(), m)).collect();

        let here: HashSet<Lineage> = after.iter().map(|m| Lineage::of(m)).collect();
        let likely: HashMap<_, &Metric> = after.iter().map(|m| (name_of(m), *m)).collect();
        let gone = before.into_iter().filter(|m| !here.contains(&Lineage::of(m))).map(|old| {
            let doubt = match likely.get(&name_of(old)) {
                Some(new) => Doubt::Elsewhere(differences(old, new)),
                None => Doubt::Gone(reason(new, old)),
            };
            let (change, evidence) = (None, Evidence::None);
            GateRow { old: Some(old), new: None, change, evidence, ruling: Ruling::Undecided(doubt) }
        });
        rows.extend(gone);
        GateReport { rows }
    }

    fn row<'a>(&self, old: Option<&'a Metric>, new: &'a Metric) -> GateRow<'a> {
        let Some(before) = old else {
            return GateRow { old, new: Some(new), change: None, evidence: Evidence::None, ruling: Ruling::New };
        };
        let found = self.by_samples(before, new).map(|change| (change, Evidence::Samples));
        let found = found.or_else(|| by_figures(before, new));
        let zero = before.quantity().as_f64() == 0.0 || new.quantity().as_f64() == 0.0;
        let bound = [before, new].iter().any(|metric| metric.bound() != Bound::Exact);
        let ruling = match &found {
            _ if bound => Ruling::NotJudged,
            Some((change, _)) => self.rule(new, change),
            // A file that was empty and still is has not changed.
            None if zero && before.quantity() == new.quantity() => Ruling::Same,
            None if matches!(new.statistic(), Statistic::Mean | Statistic::Min | Statistic::Max) => Ruling::NotJudged,
            None if zero => Ruling::Undecided(Doubt::Zero),
            None => Ruling::Undecided(Doubt::NoInterval),
        };
        let evidence = found.map_or(Evidence::None, |(_, evidence)| evidence);
        GateRow { old, new: Some(new), change: found.map(|(change, _)| change), evidence, ruling }
    }

    fn rule(&self, metric: &Metric, change: &Change) -> Ruling {
        let less = Direction::of(metric.indicator()) == Direction::LessIsBetter;
        match change.decide(self.max_regression) {
            Decision::Higher if less => Ruling::Worse,
            Decision::Lower if !less => Ruling::Worse,
            Decision::Higher | Decision::Lower => Ruling::Better,
            Decision::Same => Ruling::Same,
            Decision::Undecided => Ruling::Undecided(Doubt::Noise),
        }
    }

    fn by_samples(&self, old: &Metric, new: &Metric) -> Option<Change> {
        let (old, new) = (self.old_directory.as_deref().zip(Some(old))?, self.new_directory.as_deref().zip(Some(new))?);
        Some(Change::of_estimates(samples(old.0, old.1, self.level)?, samples(new.0, new.1, self.level)?))
    }
}

fn by_figures(old: &Metric, new: &Metric) -> Option<(Change, Evidence)> {
    let levels = (old.interval().map(|i| i.level()), new.interval().map(|i| i.level()));
    let evidence = match levels {
        (None, None) => Evidence::Exact,
        (Some(a), Some(b)) if a == b => Evidence::Intervals,
        _ => return None,
    };
    Some((Change::of_estimates(estimate(old)?, estimate(new)?), evidence))
}

/// The samples that a metric names, if they are its own: a file that is missing, broken or of something else is no
/// evidence, and the stored interval is used instead.
fn samples(directory: &Path, metric: &Metric, level: f64) -> Option<Estimate> {
    let found = Samples::of_metric(metric, directory).ok()?.estimate(metric.statistic(), level).ok()?;
    let own = found.quantity(metric.quantity().unit()).is_ok_and(|quantity| quantity == metric.quantity());
    let (low, high) = found.interval.filter(|_| own)?;
    Estimate::new(found.value, low, high)
}

/// What a series is called, apart from its circumstances.
fn name_of(m: &Metric) -> impl Hash + Eq + use<'_> {
    (m.indicator(), m.subject(), m.workload(), m.temperature(), m.statistic())
}

fn reason(baseline: &Baseline, gone: &Metric) -> Option<String> {
    let mut rows = baseline.unavailable().iter();
    rows.find(|r| r.indicator() == gone.indicator() && r.subject() == gone.subject()).map(|r| r.reason().to_owned())
}
