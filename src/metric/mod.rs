//! One figure: what was measured, on what, how much, and where it comes from.

mod bound;
mod definition;
mod evidence;
mod indicator;
mod quantity;
mod subject;
mod typed;
mod wire;

pub use bound::Bound;
pub use evidence::{Evidence, IntervalMethod};
pub use indicator::{Family, Indicator, UnknownIndicator};
pub use quantity::{Quantity, QuantityError, Unit};
pub use subject::Subject;
pub(crate) use typed::{decimal, number};

use std::{
    fmt,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::provenance::{Environment, Provenance};

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
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "wire::Metric<'_>")]
pub struct Metric {
    indicator: Indicator,
    subject: Subject,
    workload: Option<String>,
    temperature: Option<Temperature>,
    statistic: Statistic,
    quantity: Quantity,
    bound: Bound,
    interval: Option<Interval>,
    count: Option<u64>,
    samples: Option<PathBuf>,
    provenance: Provenance,
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
            interval: None,
            count: None,
            samples: None,
            provenance,
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

    /// Says whether the quantity is exact, about, above or below.
    #[must_use]
    pub fn with_bound(mut self, bound: Bound) -> Self {
        self.bound = bound;
        self
    }

    /// Attaches a confidence interval.
    ///
    /// # Errors
    /// [`MetricError::IntervalUnit`] when the interval's ends are not in the quantity's unit.
    pub fn with_interval(mut self, interval: Interval) -> Result<Self, MetricError> {
        if interval.low.unit() != self.quantity.unit() {
            return Err(MetricError::IntervalUnit { expected: self.quantity.unit(), found: interval.low.unit() });
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

    /// Names the file of raw samples or of a curve, relative to the baseline's directory.
    #[must_use]
    pub fn with_samples(mut self, samples: impl Into<PathBuf>) -> Self {
        self.samples = Some(samples.into());
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

    /// The file of raw samples or of a curve ([`Recorded`](crate::samples::Recorded) tells which), relative to the baseline's directory.
    #[must_use]
    pub fn samples(&self) -> Option<&Path> {
        self.samples.as_deref()
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

/// Which statistic of the samples a quantity is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Statistic {
    /// One observation, or a published figure that does not say.
    Single,
    /// The arithmetic mean.
    Mean,
    /// The smallest sample.
    Min,
    /// The 50th percentile.
    Median,
    /// The 90th percentile.
    P90,
    /// The 99th percentile.
    P99,
    /// The largest sample.
    Max,
    /// The slope of a line through many observations: the cost of one more.
    Slope,
    /// Events over the time that they took together.
    Rate,
}

impl Statistic {
    /// The name in the stored form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Single => "single",
            Self::Mean => "mean",
            Self::Min => "min",
            Self::Median => "median",
            Self::P90 => "p90",
            Self::P99 => "p99",
            Self::Max => "max",
            Self::Slope => "slope",
            Self::Rate => "rate",
        }
    }
}

impl fmt::Display for Statistic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A confidence interval around a quantity, in the quantity's unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    level: f64,
    low: Quantity,
    high: Quantity,
}

impl Interval {
    /// An interval that holds the true value with probability `level` (0.95 for 95 %).
    ///
    /// # Errors
    /// [`MetricError::Interval`] when `level` is not between 0 and 1, the ends are in two units, or `low > high`.
    pub fn new(level: f64, low: Quantity, high: Quantity) -> Result<Self, MetricError> {
        let ordered = low.unit() == high.unit() && low.as_f64() <= high.as_f64();
        if !(level > 0.0 && level < 1.0 && ordered) {
            return Err(MetricError::Interval { level, low, high });
        }
        Ok(Self { level, low, high })
    }

    /// The probability, between 0 and 1.
    #[must_use]
    pub fn level(&self) -> f64 {
        self.level
    }

    /// The lower end.
    #[must_use]
    pub fn low(&self) -> Quantity {
        self.low
    }

    /// The upper end.
    #[must_use]
    pub fn high(&self) -> Quantity {
        self.high
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
    /// The quantity is not one.
    #[error(transparent)]
    Quantity(#[from] QuantityError),
}
