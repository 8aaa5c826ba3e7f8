//! What to know of samples before trusting their summary, each with what to do about it.

use std::fmt;

use super::{Change, Decision, Estimate, order};
use crate::{Language, Quantity, Statistic, Unit};

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

impl Warning {
    /// A word or two, for a table.
    #[must_use]
    pub const fn name(&self, language: Language) -> &'static str {
        match self {
            Self::TooFew { .. } => language.pick("样本太少", "few samples"),
            Self::Drift { .. } => language.pick("漂移", "drift"),
            Self::Outliers { .. } => language.pick("离群值", "outliers"),
            Self::Bimodal { .. } => language.pick("双峰", "two bulks"),
            Self::Constant(_) => language.pick("恒定", "constant"),
        }
    }

    /// What was found, with values of the samples in `unit` where it is known.
    #[must_use]
    pub fn finding(&self, language: Language, unit: Option<Unit>) -> String {
        let value = |value: f64| {
            let round = |unit: Unit| if unit.is_integer() { value.round() } else { value };
            let quantity = unit.and_then(|unit| Quantity::new(round(unit), unit).ok());
            quantity.map_or_else(|| value.to_string(), Quantity::rounded)
        };
        match (self, language) {
            (Self::TooFew { statistic, count, needed }, Language::English) => {
                format!("{} of {count}, which takes {needed}", statistic.label(language))
            }
            (Self::TooFew { statistic, count, needed }, Language::Chinese) => {
                format!("{}：{count} 个，需要 {needed} 个", statistic.label(language))
            }
            (Self::Drift { ratio }, Language::English) => {
                format!("the last third's median is {:+.1} % off the first third's", (ratio - 1.0) * 100.0)
            }
            (Self::Drift { ratio }, Language::Chinese) => {
                format!("后三分之一的中位数比前三分之一偏离 {:+.1} %", (ratio - 1.0) * 100.0)
            }
            (Self::Outliers { count, share }, Language::English) => format!("{count} samples ({:.1} %)", share * 100.0),
            (Self::Outliers { count, share }, Language::Chinese) => format!("{count} 个样本（{:.1} %）", share * 100.0),
            (Self::Bimodal { low, high, share }, Language::English) => {
                format!("about {} and {} ({:.0} % in the upper)", value(*low), value(*high), share * 100.0)
            }
            (Self::Bimodal { low, high, share }, Language::Chinese) => {
                format!("约 {} 与 {}（上方占 {:.0} %）", value(*low), value(*high), share * 100.0)
            }
            (Self::Constant(same), Language::English) => format!("every sample is {}", value(*same)),
            (Self::Constant(same), Language::Chinese) => format!("每个样本都是 {}", value(*same)),
        }
    }

    /// What it means, and what to do about it.
    #[must_use]
    pub fn advice(&self, language: Language) -> &'static str {
        match self {
            Self::TooFew { .. } => language.pick(
                "没有区间：多取进程、轮次或样本",
                "there is no interval: take more processes, turns or samples",
            ),
            Self::Drift { .. } => language.pick(
                "测量期间机器有变：延长预热，保持机器空闲，交错测量",
                "the machine changed meanwhile: warm up longer, keep it idle, interleave",
            ),
            Self::Outliers { .. } => language.pick(
                "远离其余样本：引用中位数而非平均值；停掉其他负载后重测",
                "far outside the rest: quote the median, not the mean; stop other load and run again",
            ),
            Self::Bimodal { .. } => language.pick(
                "测到了两种不同的情况：找出差异所在（缓存、CPU、频率），分别测量",
                "two different things were measured: find what differs (cache, CPU, frequency) and measure each apart",
            ),
            Self::Constant(_) => language.pick(
                "时钟对所测之物太粗，或其值为常数：把多次操作合在一起计时，或检查探针",
                "the clock is too coarse, or the value is a constant: time several operations together, or check the probe",
            ),
        }
    }
}

/// What happened, and what to do about it, in English.
impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (finding, advice) = (self.finding(Language::English, None), self.advice(Language::English));
        write!(f, "{}: {finding}; {advice}", self.name(Language::English))
    }
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
