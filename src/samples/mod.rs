//! Raw values, each with the turn and the process that it was taken in, and their files.
//!
//! What an experiment collects is saved here before it is summarised, so that anybody can make another figure of it:
//! [`recompute`] makes a metric's own again. Statistics of samples, [`Samples::estimate`] above all, take a process as the
//! unit of evidence where there are enough of them, since samples of one process resemble each other.

mod csv;
mod curve;
mod error;
mod file;
mod recompute;
mod recorded;

pub use crate::metric::{Evidence, IntervalMethod};
pub use curve::{Axis, Curve, CurveError};
pub use error::SamplesError;
pub(crate) use file::{Unread, read_below};
pub use recompute::{RecomputeError, recompute};
pub use recorded::{Recorded, RecordedError};

use std::collections::{BTreeMap, HashSet};

use crate::metric::{Indicator, Interval, MetricError, Quantity, QuantityError, Unit};

/// Above this, 2^53, not every whole number has a floating-point number of its own.
const LARGEST_WHOLE: f64 = 9_007_199_254_740_992.0;

/// One value with the turn and the process that it was taken in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// The value, in the samples' unit.
    pub value: f64,
    /// The process, numbered within the samples.
    pub process: u32,
    /// The turn, numbered within its process.
    pub turn: u32,
}

/// Raw samples of one indicator in one unit, in the order in which they were taken.
///
/// ```
/// use runtime_baseline::{Indicator, Statistic, Unit, samples::Samples};
///
/// let mut samples = Samples::new(Indicator::StartupTime, Unit::Nanoseconds)?;
/// for process in 0..6 {
///     for turn in 0..2 {
///         samples.push(process, turn, f64::from(21_000 + 100 * process + turn))?;
///     }
/// }
/// let figure = samples.estimate(Statistic::Median, 0.95)?;
/// assert_eq!((figure.value, figure.interval), (21_200.0, Some((21_000.0, 21_500.0))));
/// assert_eq!(figure.evidence.method.to_string(), "order statistics of 6 processes' medians");
/// assert_eq!(Samples::from_csv(&samples.to_csv())?, samples);
/// # Ok::<(), runtime_baseline::samples::SamplesError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Samples {
    indicator: Indicator,
    unit: Unit,
    values: Vec<f64>,
    /// Process and turn of each value; nothing where they were not recorded.
    origins: Option<Vec<(u32, u32)>>,
}

impl Samples {
    /// No samples yet.
    ///
    /// # Errors
    /// [`SamplesError::Unit`] when the indicator has no such unit.
    pub fn new(indicator: Indicator, unit: Unit) -> Result<Self, SamplesError> {
        if !indicator.units().contains(&unit) {
            return Err(SamplesError::Unit { indicator, unit });
        }
        Ok(Self { indicator, unit, values: Vec::new(), origins: Some(Vec::new()) })
    }

    /// Adds a value that was taken in a turn of a process. Turns are numbered within their process.
    ///
    /// # Errors
    /// [`SamplesError::Value`] when it is not finite, or not whole in a unit that is; it is then not added.
    pub fn push(&mut self, process: u32, turn: u32, value: f64) -> Result<(), SamplesError> {
        let fits = if self.unit.is_integer() {
            value.fract() == 0.0 && value.abs() <= LARGEST_WHOLE
        } else {
            value.is_finite()
        };
        if !fits {
            return Err(SamplesError::Value { value, unit: self.unit });
        }
        // Zero has one form, so that equal samples are equal files.
        self.values.push(value + 0.0);
        if let Some(origins) = &mut self.origins {
            origins.push((process, turn));
        }
        Ok(())
    }

    /// Samples of one process, of which each value had a turn of its own.
    ///
    /// # Errors
    /// Those of [`new`](Self::new) and [`push`](Self::push).
    pub fn of_one_process(
        indicator: Indicator,
        unit: Unit,
        values: impl IntoIterator<Item = f64>,
    ) -> Result<Self, SamplesError> {
        let mut samples = Self::new(indicator, unit)?;
        for (turn, value) in (0..).zip(values) {
            samples.push(0, turn, value)?;
        }
        Ok(samples)
    }

    /// Samples whose turns and processes nobody recorded: of other tools, and of files of earlier releases. They count as
    /// one process with a turn for each value, and intervals of them say what is not in them.
    ///
    /// # Errors
    /// Those of [`new`](Self::new) and [`push`](Self::push).
    pub fn of_unknown_turns(
        indicator: Indicator,
        unit: Unit,
        values: impl IntoIterator<Item = f64>,
    ) -> Result<Self, SamplesError> {
        let mut samples = Self { origins: None, ..Self::new(indicator, unit)? };
        values.into_iter().try_for_each(|value| samples.push(0, 0, value))?;
        Ok(samples)
    }

    /// What was sampled.
    #[must_use]
    pub fn indicator(&self) -> Indicator {
        self.indicator
    }

    /// The unit of each value.
    #[must_use]
    pub fn unit(&self) -> Unit {
        self.unit
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The values alone, in the order in which they were taken.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The samples, in the order in which they were taken. Where turns were not recorded, each has a turn of its own.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Sample> + '_ {
        self.values.iter().enumerate().map(|(index, value)| {
            let unknown = || (0, u32::try_from(index).unwrap_or(u32::MAX));
            let (process, turn) = self.origins.as_ref().map_or_else(unknown, |origins| origins[index]);
            Sample { value: *value, process, turn }
        })
    }

    /// Whether it is known which turn and process each sample is of.
    #[must_use]
    pub fn turns_are_known(&self) -> bool {
        self.origins.is_some()
    }

    /// How many processes the samples are of; one where that was not recorded.
    #[must_use]
    pub fn processes(&self) -> usize {
        match &self.origins {
            Some(origins) => origins.iter().map(|(process, _)| process).collect::<HashSet<_>>().len(),
            None => usize::from(!self.is_empty()),
        }
    }

    /// How many turns the samples are of, over all processes; one for each sample where that was not recorded.
    #[must_use]
    pub fn turns(&self) -> usize {
        self.origins.as_ref().map_or(self.len(), |origins| origins.iter().collect::<HashSet<_>>().len())
    }

    /// The values of each process.
    pub(crate) fn by_process(&self) -> Vec<Vec<f64>> {
        match &self.origins {
            Some(origins) => self.grouped(origins.iter().map(|(process, _)| (*process, 0))),
            None => vec![self.values.clone()],
        }
    }

    /// The values of each turn.
    pub(crate) fn by_turn(&self) -> Vec<Vec<f64>> {
        match &self.origins {
            Some(origins) => self.grouped(origins.iter().copied()),
            None => self.values.iter().map(|value| vec![*value]).collect(),
        }
    }

    fn grouped(&self, keys: impl Iterator<Item = (u32, u32)>) -> Vec<Vec<f64>> {
        let mut groups: BTreeMap<(u32, u32), Vec<f64>> = BTreeMap::new();
        for (key, value) in keys.zip(&self.values) {
            groups.entry(key).or_default().push(*value);
        }
        groups.into_values().collect()
    }
}

/// A statistic of samples, with what it stands on.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Estimated {
    /// The figure, in the samples' unit.
    pub value: f64,
    /// The ends of its interval, which contains the figure; nothing where there is too little to bound it.
    pub interval: Option<(f64, f64)>,
    /// The level that was asked for. The interval holds the true value with this probability or more: of 6 processes, the
    /// interval at 0.95 is from the smallest to the largest, and holds it with 0.969.
    pub level: f64,
    /// How many samples, turns and processes there are, and how the interval was made.
    pub evidence: Evidence,
}

impl Estimated {
    /// An estimate.
    #[must_use]
    pub fn new(value: f64, interval: Option<(f64, f64)>, level: f64, evidence: Evidence) -> Self {
        Self { value, interval, level, evidence }
    }

    /// The figure with its unit: rounded where the unit is whole.
    ///
    /// # Errors
    /// [`QuantityError::OutOfRange`] when it is negative, as a slope that noise outweighs may be.
    pub fn quantity(&self, unit: Unit) -> Result<Quantity, QuantityError> {
        Quantity::new(if unit.is_integer() { self.value.round() } else { self.value }, unit)
    }

    /// The interval with its unit: where the unit is whole, its ends are rounded outwards. No quantity is negative, so an
    /// end below zero is zero.
    ///
    /// # Errors
    /// [`MetricError`] when the ends are no quantities.
    pub fn quantities(&self, unit: Unit) -> Result<Option<Interval>, MetricError> {
        let Some((low, high)) = self.interval else { return Ok(None) };
        let (low, high) = if unit.is_integer() { (low.floor(), high.ceil()) } else { (low, high) };
        let quantity = |end: f64| Quantity::new(end.max(0.0), unit);
        Interval::new(self.level, quantity(low)?, quantity(high)?).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_finite_and_whole_where_its_unit_is() {
        let mut times = Samples::new(Indicator::StartupTime, Unit::Nanoseconds).unwrap();
        for value in [0.5, f64::NAN, f64::INFINITY, 9_007_199_254_740_994.0, -9_007_199_254_740_994.0] {
            assert!(matches!(times.push(0, 0, value), Err(SamplesError::Value { .. })), "{value}");
        }
        assert!(times.is_empty() && times.iter().len() == 0);
        times.push(7, 3, LARGEST_WHOLE).unwrap();
        assert_eq!(times.iter().next(), Some(Sample { value: LARGEST_WHOLE, process: 7, turn: 3 }));
        let mut rates = Samples::new(Indicator::StartRate, Unit::PerSecond).unwrap();
        rates.push(0, 0, 0.1 + 0.2).unwrap();
        assert!(rates.push(0, 0, f64::NEG_INFINITY).is_err());
        assert_eq!(rates.values(), [0.1 + 0.2]);
        assert!(matches!(Samples::new(Indicator::StartupTime, Unit::Bytes), Err(SamplesError::Unit { .. })));
    }

    #[test]
    fn turns_belong_to_their_process() {
        let mut samples = Samples::new(Indicator::StartupTime, Unit::Nanoseconds).unwrap();
        for (process, turn, value) in [(1, 0, 3.0), (0, 0, 1.0), (1, 0, 4.0), (0, 1, 2.0)] {
            samples.push(process, turn, value).unwrap();
        }
        assert_eq!((samples.len(), samples.turns(), samples.processes()), (4, 3, 2));
        assert_eq!(samples.by_process(), [vec![1.0, 2.0], vec![3.0, 4.0]]);
        assert_eq!(samples.by_turn(), [vec![1.0], vec![2.0], vec![3.0, 4.0]]);
        assert_eq!(samples.values(), [3.0, 1.0, 4.0, 2.0], "in the order in which they were taken");
        let unknown = Samples::of_unknown_turns(Indicator::StartupTime, Unit::Nanoseconds, [1.0, 2.0]).unwrap();
        assert_eq!((unknown.turns(), unknown.processes(), unknown.turns_are_known()), (2, 1, false));
        assert_eq!(unknown.iter().last(), Some(Sample { value: 2.0, process: 0, turn: 1 }));
    }

    #[test]
    fn quantities_of_whole_units_are_rounded_outwards_and_none_is_negative() {
        let evidence = Evidence::new(6, 6, 1, IntervalMethod::None);
        let of = |value, interval| Estimated::new(value, Some(interval), 0.95, evidence.clone());
        let interval = of(10.5, (9.2, 11.1)).quantities(Unit::Bytes).unwrap().unwrap();
        assert_eq!((interval.low(), interval.high()), (Quantity::bytes(9), Quantity::bytes(12)));
        assert_eq!(of(10.5, (9.2, 11.1)).quantity(Unit::Bytes).unwrap(), Quantity::bytes(11));
        let below = of(1.0, (-5.0, 2.0)).quantities(Unit::Bytes).unwrap().unwrap();
        assert_eq!(below.low(), Quantity::bytes(0));
        assert!(of(-1.0, (-5.0, 2.0)).quantity(Unit::Bytes).is_err());
    }
}
