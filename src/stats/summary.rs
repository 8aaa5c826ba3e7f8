//! What a set of samples says: quantiles, their intervals, and the simple moments.

use std::fmt;

use super::{StatsError, order};
use crate::metric::Statistic;

/// A summary of samples in one unit (nanoseconds, bytes).
///
/// It keeps a sorted copy (8 bytes a sample), so that any quantile has its interval at any level.
///
/// ```
/// use runtime_baseline::stats::Summary;
///
/// let samples: Vec<u64> = (1..=1000).rev().collect();
/// let summary = Summary::of(&samples)?;
/// assert_eq!((summary.median(), summary.p99(), summary.max()), (500, 990, 1000));
/// let interval = summary.median_interval(0.95).expect("six samples suffice");
/// assert_eq!((interval.low, interval.high), (469, 532));
/// # Ok::<(), runtime_baseline::stats::StatsError>(())
/// ```
#[derive(Clone, PartialEq)]
pub struct Summary {
    /// Never empty, ascending.
    sorted: Vec<u64>,
    mean: f64,
    deviation: f64,
}

impl Summary {
    /// Summarises samples in any order.
    ///
    /// # Errors
    /// [`StatsError::Empty`] when there are none.
    pub fn of(samples: &[u64]) -> Result<Self, StatsError> {
        if samples.is_empty() {
            return Err(StatsError::Empty);
        }
        let mut sorted = samples.to_vec();
        sorted.sort_unstable();
        let n = sorted.len() as f64;
        // A sum of u64 in u128 is exact, so the mean does not depend on the order.
        let mean = sorted.iter().map(|x| u128::from(*x)).sum::<u128>() as f64 / n;
        let squares = sorted.iter().map(|x| (*x as f64 - mean).powi(2)).sum::<f64>();
        let deviation = if sorted.len() > 1 { (squares / (n - 1.0)).sqrt() } else { 0.0 };
        Ok(Self { sorted, mean, deviation })
    }

    /// How many samples.
    #[must_use]
    pub fn count(&self) -> usize {
        self.sorted.len()
    }

    /// The smallest sample.
    #[must_use]
    pub fn min(&self) -> u64 {
        self.sorted[0]
    }

    /// The median: of an even number of samples, the lower of the two in the middle.
    #[must_use]
    pub fn median(&self) -> u64 {
        self.quantile(0.5)
    }

    /// The 90th percentile.
    #[must_use]
    pub fn p90(&self) -> u64 {
        self.quantile(0.9)
    }

    /// The 99th percentile. Of fewer than 101 samples it is the largest or the one before it, and it has no interval
    /// below 368 samples.
    #[must_use]
    pub fn p99(&self) -> u64 {
        self.quantile(0.99)
    }

    /// The largest sample.
    #[must_use]
    pub fn max(&self) -> u64 {
        self.sorted[self.sorted.len() - 1]
    }

    /// The arithmetic mean.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// The sample standard deviation; 0 for one sample.
    #[must_use]
    pub fn deviation(&self) -> f64 {
        self.deviation
    }

    /// The nearest-rank quantile; `p` is clamped to 0..=1.
    #[must_use]
    pub fn quantile(&self, p: f64) -> u64 {
        self.sorted[order::rank(p, self.sorted.len()) - 1]
    }

    /// The interval that holds the true p-quantile with probability `level` or more.
    ///
    /// Nothing where there are too few samples to bound the quantile on both sides: a one-sided statement would be read
    /// as an interval. [`Summary::needed`] says how many it takes.
    #[must_use]
    pub fn quantile_interval(&self, p: f64, level: f64) -> Option<Confidence> {
        let (low, high) = order::ranks(p, self.sorted.len(), level)?;
        Some(Confidence { level, low: self.sorted[low - 1], high: self.sorted[high - 1] })
    }

    /// The interval of the median; nothing below 6 samples at 0.95.
    #[must_use]
    pub fn median_interval(&self, level: f64) -> Option<Confidence> {
        self.quantile_interval(0.5, level)
    }

    /// How many samples a quantile needs before it has an interval: 368 for the 99th percentile at 0.95.
    #[must_use]
    pub fn needed(p: f64, level: f64) -> usize {
        order::needed(p, level)
    }

    /// The value of a statistic, the mean rounded; nothing for a slope, a rate or a single observation of many, which
    /// samples alone do not give.
    #[must_use]
    pub fn value(&self, statistic: Statistic) -> Option<u64> {
        match statistic {
            Statistic::Mean => Some(self.mean.round() as u64),
            Statistic::Min => Some(self.min()),
            Statistic::Max => Some(self.max()),
            Statistic::Single => (self.sorted.len() == 1).then(|| self.sorted[0]),
            _ => statistic.fraction().map(|p| self.quantile(p)),
        }
    }

    /// The interval of a statistic. The extremes and the mean have none: nothing bounds what was not seen, and the mean of
    /// heavy-tailed times has no interval without assumptions that such times break.
    #[must_use]
    pub fn interval(&self, statistic: Statistic, level: f64) -> Option<Confidence> {
        self.quantile_interval(statistic.fraction()?, level)
    }

    /// The samples in ascending order.
    #[must_use]
    pub fn sorted(&self) -> &[u64] {
        &self.sorted
    }
}

/// Prints the figures, not the samples.
impl fmt::Debug for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Summary")
            .field("count", &self.count())
            .field("min", &self.min())
            .field("median", &self.median())
            .field("p90", &self.p90())
            .field("p99", &self.p99())
            .field("max", &self.max())
            .field("mean", &self.mean)
            .finish_non_exhaustive()
    }
}

/// An interval of samples' values: both ends were observed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Confidence {
    /// The probability that the true value lies inside, 0.95 for 95 %.
    pub level: f64,
    /// The lower end.
    pub low: u64,
    /// The upper end.
    pub high: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_sets() {
        assert_eq!(Summary::of(&[]), Err(StatsError::Empty));
        let one = Summary::of(&[7]).unwrap();
        assert_eq!((one.min(), one.median(), one.p99(), one.max(), one.count()), (7, 7, 7, 7, 1));
        assert_eq!((one.mean(), one.deviation(), one.median_interval(0.95)), (7.0, 0.0, None));
        assert_eq!(one.value(Statistic::Single), Some(7));
        let two = Summary::of(&[9, 1]).unwrap();
        assert_eq!((two.median(), two.mean(), two.value(Statistic::Single)), (1, 5.0, None));
    }

    #[test]
    fn the_largest_numbers_do_not_overflow() {
        let summary = Summary::of(&[u64::MAX, u64::MAX]).unwrap();
        assert_eq!((summary.mean(), summary.deviation()), (u64::MAX as f64, 0.0));
    }

    #[test]
    fn intervals_are_made_of_samples() {
        let samples: Vec<u64> = (1..=100).collect();
        let summary = Summary::of(&samples).unwrap();
        assert_eq!(summary.median_interval(0.95), Some(Confidence { level: 0.95, low: 40, high: 61 }));
        assert_eq!(summary.interval(Statistic::P99, 0.95), None);
        assert_eq!(summary.interval(Statistic::Max, 0.95), None);
        assert_eq!(summary.median_interval(1.0), None);
        assert_eq!(summary.median_interval(f64::NAN), None);
    }

    #[test]
    fn an_interval_holds_the_true_median_as_often_as_it_says() {
        // 2,000 sets of 25 from a skewed distribution whose median is known: 96 % are to be expected by the ranks' own sum.
        let mut state = 1u64;
        let mut draw = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let u = (state >> 11) as f64 / (1u64 << 53) as f64;
            (-(1.0 - u).ln() * 1e6) as u64
        };
        let truth = (std::f64::consts::LN_2 * 1e6) as u64;
        let hits = (0..2000).filter(|_| {
            let set: Vec<u64> = (0..25).map(|_| draw()).collect();
            let interval = Summary::of(&set).unwrap().median_interval(0.95).unwrap();
            (interval.low..=interval.high).contains(&truth)
        });
        let share = hits.count() as f64 / 2000.0;
        assert!((0.94..0.98).contains(&share), "{share}");
    }
}
