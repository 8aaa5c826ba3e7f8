//! One figure: what was measured, on what, how much, and where it comes from.

mod bound;
mod evidence;
mod indicator;
mod interval;
mod own;
mod phase;
mod quantity;
mod stated;
mod statistic;
mod subject;
mod typed;
pub(crate) mod wire;

pub use bound::Bound;
pub use evidence::{Evidence, IntervalMethod};
pub use indicator::{Direction, Family, Indicator, UnknownIndicator};
pub use interval::Interval;
pub use own::{OwnIndicator, OwnUnit};
pub use phase::{Phase, UnknownPhase};
pub use quantity::{Quantity, QuantityError, Unit};
pub use stated::Range;
pub(crate) use stated::{Stated, ends};
pub use statistic::{Quantile, Statistic, UnknownStatistic};
pub use subject::Subject;
pub(crate) use typed::{decimal, number};

use std::{
    collections::HashSet,
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

use crate::provenance::{Environment, Origin, Provenance, ProvenanceError, Run};

/// The fields of a stored entry that are not known: where, as a JSON pointer, and what, as the shortest JSON of it. As values
/// they would take up to a hundred times as much.
pub(crate) type Fields = Vec<(String, Box<str>)>;

/// One figure with everything that makes it checkable.
///
/// There is no way to build a `Metric` without a [`Provenance`], and no way to build a `Provenance` without a source,
/// a component with its exact version, and a date.
///
/// ```
/// use runtime_baseline::{Component, Indicator, Metric, Provenance, Quantity, Source, SourceKind, Statistic};
///
/// let source = Source::new(SourceKind::Benchmark, "runtime-baseline 0.1.0, benches/startup")?;
/// let component = Component::new("wasmtime", "48.0.8")?;
/// let provenance = Provenance::new(source, component, "2026-11-23".parse()?);
/// let metric = Metric::new(Indicator::StartupTime, "wasmtime".parse()?, Quantity::nanoseconds(21_450), provenance)?
///     .with_statistic(Statistic::Median);
/// assert_eq!(metric.quantity().to_string(), "21.45 µs");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "wire::Metric", into = "wire::Metric")]
pub struct Metric {
    indicator: Indicator,
    subject: Subject,
    workload: Option<String>,
    temperature: Option<Temperature>,
    statistic: Statistic,
    quantity: Quantity,
    bound: Bound,
    range: Option<Box<Range>>,
    interval: Option<Interval>,
    count: Option<u64>,
    evidence: Option<Evidence>,
    samples: Option<PathBuf>,
    curve: Option<PathBuf>,
    provenance: Provenance,
    /// What of its stored form is not known.
    unknown: Fields,
}

impl Metric {
    /// A single exact observation of `indicator` on `subject`.
    ///
    /// # Errors
    /// [`MetricError::UnitMismatch`] when `quantity` is not in a unit that the indicator is measured in.
    pub fn new(
        indicator: Indicator,
        subject: Subject,
        quantity: Quantity,
        provenance: Provenance,
    ) -> Result<Self, MetricError> {
        if !indicator.units().contains(&quantity.unit()) {
            return Err(MetricError::UnitMismatch { indicator, unit: quantity.unit() });
        }
        Ok(Self {
            indicator,
            subject,
            workload: None,
            temperature: None,
            statistic: Statistic::Single,
            quantity,
            bound: Bound::Exact,
            range: None,
            interval: None,
            count: None,
            evidence: None,
            samples: None,
            curve: None,
            provenance,
            unknown: Fields::new(),
        })
    }

    /// Names the workload or policy that the subject ran.
    #[must_use]
    pub fn with_workload(mut self, workload: impl Into<String>) -> Self {
        self.workload = Some(workload.into());
        self
    }

    /// Says what had been prepared before the clock started.
    #[must_use]
    pub fn with_temperature(mut self, temperature: Temperature) -> Self {
        self.temperature = Some(temperature);
        self
    }

    /// Says which statistic of the samples the quantity is.
    #[must_use]
    pub fn with_statistic(mut self, statistic: Statistic) -> Self {
        self.statistic = statistic;
        self
    }

    /// Says whether the quantity is exact, about, above or below; it is then no range.
    #[must_use]
    pub fn with_bound(mut self, bound: Bound) -> Self {
        (self.bound, self.range) = (bound, None);
        self
    }

    /// Attaches a confidence interval.
    ///
    /// # Errors
    /// [`MetricError::IntervalUnit`] when the interval's ends are not in the quantity's unit.
    pub fn with_interval(mut self, interval: Interval) -> Result<Self, MetricError> {
        if interval.low().unit() != self.quantity.unit() {
            return Err(MetricError::IntervalUnit { expected: self.quantity.unit(), found: interval.low().unit() });
        }
        self.interval = Some(interval);
        Ok(self)
    }

    /// Says how many samples the statistic was taken over.
    #[must_use]
    pub fn with_count(mut self, count: u64) -> Self {
        self.count = Some(count);
        self
    }

    /// Says what the figure and its interval stand on.
    #[must_use]
    pub fn with_evidence(mut self, evidence: Evidence) -> Self {
        self.evidence = Some(evidence);
        self
    }

    /// Names the file of raw samples, relative to the baseline's directory.
    #[must_use]
    pub fn with_samples(mut self, samples: impl Into<PathBuf>) -> Self {
        self.samples = Some(samples.into());
        self
    }

    /// Names the file of a [`Curve`](crate::samples::Curve) that shows the figure, relative to the baseline's directory.
    #[must_use]
    pub fn with_curve(mut self, curve: impl Into<PathBuf>) -> Self {
        self.curve = Some(curve.into());
        self
    }

    pub(crate) fn with_unknown_fields(mut self, unknown: Fields) -> Self {
        self.unknown = unknown;
        self
    }

    pub(crate) fn with_run(mut self, run: Arc<Run>) -> Self {
        self.provenance = self.provenance.with_run(run);
        self
    }

    /// Shares with others in memory what it has in common with them.
    pub(crate) fn share(mut self, known: &mut HashSet<Arc<Origin>>) -> Self {
        self.provenance.share(known);
        self
    }

    /// Says on what it was measured and under which conditions, in place of what the provenance said.
    #[must_use]
    pub fn with_environment(mut self, environment: Environment) -> Self {
        self.provenance = self.provenance.with_environment(environment);
        self
    }

    /// What was measured.
    #[must_use]
    pub fn indicator(&self) -> Indicator {
        self.indicator
    }

    /// What it was measured on.
    #[must_use]
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    /// The workload or policy, if one was run.
    #[must_use]
    pub fn workload(&self) -> Option<&str> {
        self.workload.as_deref()
    }

    /// What had been prepared before the clock started.
    #[must_use]
    pub fn temperature(&self) -> Option<Temperature> {
        self.temperature
    }

    /// Which statistic the quantity is.
    #[must_use]
    pub fn statistic(&self) -> Statistic {
        self.statistic
    }

    /// How much, with its unit.
    #[must_use]
    pub fn quantity(&self) -> Quantity {
        self.quantity
    }

    /// Whether the quantity is exact, about, above or below.
    #[must_use]
    pub fn bound(&self) -> Bound {
        self.bound
    }

    /// The confidence interval, if one was computed.
    #[must_use]
    pub fn interval(&self) -> Option<Interval> {
        self.interval
    }

    /// How many samples the statistic was taken over.
    #[must_use]
    pub fn count(&self) -> Option<u64> {
        self.count
    }

    /// What the figure and its interval stand on, where that was recorded.
    #[must_use]
    pub fn evidence(&self) -> Option<&Evidence> {
        self.evidence.as_ref()
    }

    /// The file of raw samples, relative to the baseline's directory. Of a baseline of schema 1 it may be that of a curve:
    /// [`Recorded`](crate::samples::Recorded) tells which.
    #[must_use]
    pub fn samples(&self) -> Option<&Path> {
        self.samples.as_deref()
    }

    /// The file of a curve that shows the figure, relative to the baseline's directory.
    #[must_use]
    pub fn curve(&self) -> Option<&Path> {
        self.curve.as_deref()
    }

    /// The part of its subject that the figure is of, such as the gzip layer; nothing where it is of the whole.
    #[must_use]
    pub fn part(&self) -> Option<&str> {
        self.provenance.environment().conditions.part()
    }

    pub(crate) fn unknown_fields(&self) -> &Fields {
        &self.unknown
    }

    /// Where the figure comes from.
    #[must_use]
    pub fn provenance(&self) -> &Provenance {
        &self.provenance
    }
}

/// What had been prepared before the clock started. Never mixed in one figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Temperature {
    /// Nothing but the portable artifact on disk: compilation is inside the figure.
    Cold,
    /// The compiled artifact on disk: loading it is inside the figure.
    Precompiled,
    /// Everything loaded; an instance comes from a pool or a prepared template.
    Warm,
}

impl Temperature {
    /// The name in the stored form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cold => "cold",
            Self::Precompiled => "precompiled",
            Self::Warm => "warm",
        }
    }
}

impl fmt::Display for Temperature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Why a metric could not be built.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum MetricError {
    /// The indicator is not measured in that unit: use one of [`Indicator::units`].
    #[error("{indicator} is not measured in {unit}; it takes {}", indicator.units().iter().map(|u| u.as_str()).collect::<Vec<_>>().join(" or "))]
    UnitMismatch {
        /// The indicator.
        indicator: Indicator,
        /// The unit that was given.
        unit: Unit,
    },
    /// The interval's ends are in another unit than the quantity.
    #[error("the interval is in {found}, its quantity in {expected}: give both in {expected}")]
    IntervalUnit {
        /// The quantity's unit.
        expected: Unit,
        /// The interval's unit.
        found: Unit,
    },
    /// The value beside a range is not its middle: give that, or the range alone.
    #[error("the value is {value}, and the middle of {range} is {}: give that", range.middle())]
    Middle {
        /// The range given.
        range: Range,
        /// The value given.
        value: Quantity,
    },
    /// The interval is not one: its level must lie between 0 and 1, and its low end not above its high end.
    #[error(
        "not an interval: level {level}, from {low} to {high}; the level lies between 0 and 1 and low is not above high"
    )]
    Interval {
        /// The level given.
        level: f64,
        /// The low end given.
        low: Quantity,
        /// The high end given.
        high: Quantity,
    },
    /// The subject's name is empty or has a character that is not allowed.
    #[error(
        "subject {0:?} is not a name: use lower-case letters, digits and / + - _ . (container/scratch, opa-wasm/wasmtime)"
    )]
    Subject(String),
    /// The name of an indicator of one's own is taken, or one that not every form can hold.
    #[error(
        "{0:?} is no name of another indicator: use lower-case letters, digits and _, and none that is one already"
    )]
    OwnIndicator(String),
    /// There is no room for another indicator in this process.
    #[error("the indicator {0:?} finds no room: a process tells 1,024 indicators of tool authors' own apart")]
    TooManyOwn(String),
    /// The indicator is not known, and its direction is not told, so that it is no tool author's own.
    #[error(transparent)]
    Indicator(#[from] UnknownIndicator),
    /// The quantity is not one.
    #[error(transparent)]
    Quantity(#[from] QuantityError),
    /// The provenance is not one.
    #[error(transparent)]
    Provenance(#[from] ProvenanceError),
}
