//! What to know of samples before trusting their summary, each with what to do about it.

use super::{Change, Decision, Estimate, order};
use crate::Statistic;

/// The level and the least change at which drift is reported.
const DRIFT: (f64, f64) = (0.99, 0.05);
/// Outliers are reported above this share of the samples.
const OUTLIERS: f64 = 0.01;
/// Two modes are reported where each holds this share, they are this factor apart, and there are this many samples.
const MODES: (f64, f64, usize) = (0.05, 1.1, 60);

/// Something that a summary does not show.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Warning {
    /// The statistic has no interval yet, or cannot be had at all.
    TooFew {
        /// The statistic that was asked for.
        statistic: Statistic,
        /// How many samples, turns or processes there are to make it of.
        count: usize,
        /// How many it takes.
        needed: usize,
    },
    /// The last third differs from the first: the machine warmed up, throttled or was used by others meanwhile.
    Drift {
        /// The last third's median over the first third's.
        ratio: f64,
    },
    /// Samples far outside the bulk: above the third quartile, or below the first, by three times their distance.
    Outliers {
        /// How many.
        count: usize,
        /// Their share of all samples.
        share: f64,
    },
    /// Two separate bulks: two different things were measured.
    Bimodal {
        /// The centre of the lower bulk.
        low: f64,
        /// The centre of the upper bulk.
        high: f64,
        /// The share of the upper bulk.
        share: f64,
    },
    /// Every sample is the same: the clock is too coarse for what it times, or the value is a constant.
    Constant(f64),
}

/// What is worth knowing of values in the order in which they were taken, whatever is asked of them.
#[must_use]
pub fn warnings(values: &[f64]) -> Vec<Warning> {
    let Some(sorted) = Sorted::of(values) else { return Vec::new() };
    if sorted.values.len() > 1 && sorted.least() == sorted.most() {
        return vec![Warning::Constant(sorted.least())];
    }
    [drift(values), outliers(&sorted), bimodal(&sorted)].into_iter().flatten().collect()
}

/// Values in ascending order; never empty.
struct Sorted {
    values: Vec<f64>,
}

impl Sorted {
    fn of(values: &[f64]) -> Option<Self> {
        let mut values = values.to_vec();
        values.sort_unstable_by(f64::total_cmp);
        (!values.is_empty()).then_some(Self { values })
    }

    fn least(&self) -> f64 {
        self.values[0]
    }

    fn most(&self) -> f64 {
        self.values[self.values.len() - 1]
    }

    fn quantile(&self, p: f64) -> f64 {
        self.values[order::rank(p, self.values.len()) - 1]
    }

    /// The least difference that is one: whole values differ by one or not at all.
    fn grain(&self) -> f64 {
        if self.values.iter().all(|value| value.fract() == 0.0) { 1.0 } else { f64::MIN_POSITIVE }
    }

    fn median(&self, level: f64) -> Option<Estimate> {
        let (low, high) = order::ranks(0.5, self.values.len(), level)?;
        Estimate::new(self.quantile(0.5), self.values[low - 1], self.values[high - 1])
    }
}

fn drift(values: &[f64]) -> Option<Warning> {
    let third = values.len() / 3;
    let first = Sorted::of(&values[..third])?.median(DRIFT.0)?;
    let last = Sorted::of(&values[values.len() - third..])?.median(DRIFT.0)?;
    let change = Change::of_estimates(first, last);
    let drifted = matches!(change.decide(DRIFT.1), Decision::Higher | Decision::Lower);
    drifted.then_some(Warning::Drift { ratio: change.ratio.value })
}

fn outliers(sorted: &Sorted) -> Option<Warning> {
    let (first, third) = (sorted.quantile(0.25), sorted.quantile(0.75));
    // Tukey's outer fences. At least one part in a hundred of the median: a spread of nothing would make all outliers.
    let reach = (3.0 * (third - first)).max(sorted.quantile(0.5).abs() / 100.0).max(sorted.grain());
    let (low, high) = (first - reach, third + reach);
    let values = &sorted.values;
    let count = values.partition_point(|x| *x < low) + values.len() - values.partition_point(|x| *x <= high);
    let share = count as f64 / values.len() as f64;
    (share > OUTLIERS).then_some(Warning::Outliers { count, share })
}

/// Splits the samples where the variance between the two parts is largest (Otsu's threshold, on logarithms), and asks
/// whether there is a valley between the two parts' centres: one bulk, however skewed, has none.
fn bimodal(sorted: &Sorted) -> Option<Warning> {
    let (share, apart, least) = MODES;
    // What may be below zero, such as a slope, has no logarithm.
    if sorted.least() < 0.0 {
        return None;
    }
    // A strided copy: a million logarithms are enough to see two bulks.
    let (stride, grain) = (sorted.values.len().div_ceil(1 << 20), sorted.grain());
    let logs: Vec<f64> = sorted.values.iter().step_by(stride).map(|x| x.max(grain).ln()).collect();
    let n = logs.len();
    // The tails say nothing of bulks and would draw the threshold to themselves.
    let logs = &logs[n / 100..n - n / 100];
    let n = logs.len();
    if n < least {
        return None;
    }
    let total: f64 = logs.iter().sum();
    let (mut below, mut best) = (0.0, (0.0, 0));
    for (i, x) in logs.iter().enumerate().take(n - 1) {
        below += x;
        let k = (i + 1) as f64;
        let between = (total * k / n as f64 - below).powi(2) / (k * (n as f64 - k));
        if between > best.0 {
            best = (between, i + 1);
        }
    }
    let (lower, upper) = logs.split_at(best.1);
    let (low, high) = (*lower.get(lower.len() / 2)?, *upper.get(upper.len() / 2)?);
    let upper_share = upper.len() as f64 / n as f64;
    if upper_share < share || upper_share > 1.0 - share || high - low < apart.ln() {
        return None;
    }
    let window = (high - low) / 8.0;
    let within =
        |centre: f64| logs.partition_point(|x| *x <= centre + window) - logs.partition_point(|x| *x < centre - window);
    let valley = (1..8).map(|i| within(low + (high - low) * f64::from(i) / 8.0)).min()?;
    let distinct = 2 * valley < within(low).min(within(high));
    distinct.then(|| Warning::Bimodal { low: low.exp(), high: high.exp(), share: upper_share })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Roughly normal about `centre`, with a deviation of `spread`; the same numbers every time.
    fn bulk(n: usize, centre: f64, spread: f64, seed: u64) -> Vec<f64> {
        let mut state = seed;
        let mut uniform = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1u64 << 53) as f64
        };
        (0..n).map(|_| (centre + spread * ((0..12).map(|_| uniform()).sum::<f64>() - 6.0)).floor()).collect()
    }

    #[test]
    fn a_quiet_run_has_no_warning() {
        assert_eq!(warnings(&bulk(1000, 50_000.0, 2_000.0, 1)), []);
        assert_eq!(warnings(&[]), []);
    }

    #[test]
    fn skew_and_uniform_spread_are_not_two_bulks() {
        let uniform: Vec<f64> = (0..1000).map(|i| f64::from(1000 + i * 7919 % 1000)).collect();
        // Log-normal: the exponential of a normal bulk.
        let skewed: Vec<f64> =
            bulk(5000, 1e6, 1e5, 7).iter().map(|x| (10.0 + (*x / 1e5 - 10.0) * 0.8).exp().floor()).collect();
        for samples in [uniform, skewed] {
            assert!(
                !warnings(&samples).iter().any(|w| matches!(w, Warning::Bimodal { .. })),
                "{:?}",
                warnings(&samples)
            );
        }
    }

    #[test]
    fn each_warning_is_raised_by_its_cause() {
        let mut slower = bulk(300, 50_000.0, 2_000.0, 1);
        slower.extend(bulk(300, 60_000.0, 2_000.0, 2));
        let drift = warnings(&slower).into_iter().find_map(|w| match w {
            Warning::Drift { ratio } => Some(ratio),
            _ => None,
        });
        assert!((drift.unwrap() - 1.2).abs() < 0.02);

        let mut spiked = bulk(1000, 50_000.0, 2_000.0, 1);
        spiked.iter_mut().step_by(50).for_each(|x| *x *= 20.0);
        assert!(warnings(&spiked).contains(&Warning::Outliers { count: 20, share: 0.02 }), "{:?}", warnings(&spiked));

        // Interleaved, so that it is no drift.
        let two: Vec<f64> = bulk(400, 50_000.0, 2_000.0, 1)
            .into_iter()
            .zip(bulk(400, 90_000.0, 2_000.0, 2))
            .flat_map(|p| [p.0, p.1])
            .collect();
        let found = warnings(&two);
        let [Warning::Bimodal { low, high, .. }] = found[..] else { panic!("{found:?}") };
        assert!((48e3..52e3).contains(&low) && (88e3..92e3).contains(&high), "{found:?}");
        assert_eq!(warnings(&[0.0; 500]), [Warning::Constant(0.0)]);
        // The same in a unit that has fractions.
        let shares: Vec<f64> = two.iter().map(|x| x / 1e9).collect();
        assert!(matches!(warnings(&shares)[..], [Warning::Bimodal { .. }]), "{:?}", warnings(&shares));
    }

    #[test]
    fn extreme_values_do_not_panic() {
        let far = (0..400).map(|i| f64::MAX / f64::from(i + 1)).collect();
        for samples in [vec![0.0, f64::MAX], vec![f64::MAX; 3], vec![0.0; 100], vec![-5.0, 1e-300, 5.0], far] {
            let _ = warnings(&samples);
        }
    }
}
