//! Student's t, a robust spread, and Holm's procedure.

use std::collections::HashMap;

use statrs::function::{beta::beta_reg, erf::erfc};

/// Above this, Student's t is the normal distribution in all digits that matter.
const NORMAL: f64 = 1e6;

/// The probability that Student's t of so many degrees of freedom is at least `t` away from zero.
pub(super) fn two_sided(t: f64, freedom: f64) -> f64 {
    let t = t.abs();
    if t.is_nan() || freedom.is_nan() || freedom <= 0.0 {
        // Nothing is known, so nothing is improbable.
        return 1.0;
    }
    if t.is_infinite() {
        return 0.0;
    }
    if freedom > NORMAL {
        erfc(t / std::f64::consts::SQRT_2)
    } else {
        beta_reg(freedom / 2.0, 0.5, freedom / (freedom + t * t))
    }
}

/// The t that is exceeded with probability `tail`, below one half.
pub(super) fn upper(tail: f64, freedom: f64) -> f64 {
    // The tail falls as t grows, so that halving finds the edge.
    let (mut low, mut high) = (0.0, 1.0);
    while two_sided(high, freedom) > 2.0 * tail && high < 1e12 {
        low = high;
        high *= 2.0;
    }
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        if two_sided(middle, freedom) > 2.0 * tail {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

/// [`upper`] of one tail, each computed once: many series have the same degrees of freedom. They are rounded down to whole
/// ones, which makes the quantile larger, never smaller.
pub(super) struct Upper {
    tail: f64,
    known: HashMap<u64, f64>,
}

impl Upper {
    pub fn of(tail: f64) -> Self {
        Self { tail, known: HashMap::new() }
    }

    pub fn at(&mut self, freedom: f64) -> f64 {
        let whole =
            if freedom >= 1000.0 { if freedom > NORMAL { f64::INFINITY } else { 1000.0 } } else { freedom.floor() };
        // Below one degree of freedom, as it is: two of a kind are rare.
        let key = if whole < 1.0 { freedom } else { whole };
        *self.known.entry(key.to_bits()).or_insert_with(|| upper(self.tail, key))
    }
}

/// The median; of an even number the mean of the two in the middle. Nothing of nothing.
pub(super) fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        n if n % 2 == 1 => Some(sorted[middle]),
        _ => Some((sorted[middle - 1] + sorted[middle]) / 2.0),
    }
}

/// A standard deviation about `centre` that a few outliers do not move: the square root of the biweight midvariance, which
/// weighs values by their distance in median absolute deviations and leaves out what is nine of them away (Mosteller and
/// Tukey, *Data Analysis and Regression*, 1977, 10C). Of normal values it is the standard deviation, nearly as precise.
pub(super) fn spread(values: &[f64], centre: f64) -> f64 {
    let distances: Vec<f64> = values.iter().map(|x| (x - centre).abs()).collect();
    let Some(deviation) = median(&distances) else { return 0.0 };
    if deviation == 0.0 {
        // More than half stand on one value: the mean distance, as that of normal values would be.
        let mean = distances.iter().sum::<f64>() / distances.len() as f64;
        return mean * (std::f64::consts::PI / 2.0).sqrt();
    }
    let (mut above, mut below) = (0.0, 0.0);
    for distance in &distances {
        let u = (distance / (9.0 * deviation)).powi(2);
        if u < 1.0 {
            above += distance.powi(2) * (1.0 - u).powi(4);
            below += (1.0 - u) * (1.0 - 5.0 * u);
        }
    }
    let n = distances.len() as f64;
    // Of few values about their own median it is too small, as a variance without the "n - 1" is.
    (n * above).sqrt() / f64::abs(below) * (n / (n - 1.0).max(1.0)).sqrt()
}

/// The mean and the variance of one value about it; nothing of fewer than two.
pub(super) fn moments(values: &[f64]) -> Option<(f64, f64)> {
    if values.len() < 2 {
        return None;
    }
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    Some((mean, values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0)))
}

/// The degrees of freedom of a sum of variances that were each estimated with so many (Welch and Satterthwaite).
pub(super) fn freedom(parts: &[(f64, f64)]) -> f64 {
    let sum: f64 = parts.iter().map(|(variance, _)| variance).sum();
    let uncertain: f64 = parts.iter().map(|(variance, freedom)| variance.powi(2) / freedom).sum();
    // An infinite variance is known for certain.
    if uncertain > 0.0 && uncertain.is_finite() { sum.powi(2) / uncertain } else { f64::INFINITY }
}

/// Holm's adjusted probabilities, in the order given: rejecting all that are at most α keeps the chance of any false
/// rejection at α or below, however the comparisons hang together (Holm, *A Simple Sequentially Rejective Multiple Test
/// Procedure*, 1979).
pub(super) fn holm(probabilities: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..probabilities.len()).collect();
    order.sort_unstable_by(|a, b| probabilities[*a].total_cmp(&probabilities[*b]));
    let mut adjusted = vec![1.0; probabilities.len()];
    let mut most = 0f64;
    for (rank, i) in order.into_iter().enumerate() {
        most = most.max(probabilities[i] * (probabilities.len() - rank) as f64).min(1.0);
        adjusted[i] = most;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_agree_with_published_tables() {
        for (tail, freedom, expected) in [
            (0.025, 5.0, 2.5706),
            (0.005, 9.0, 3.2498),
            (0.05, 1.0, 6.3138),
            (0.0005, 10.0, 4.5869),
            (0.025, f64::INFINITY, 1.9600),
            (0.005, 120.0, 2.6174),
        ] {
            assert!((upper(tail, freedom) - expected).abs() < 2e-4, "{tail} {freedom}: {}", upper(tail, freedom));
        }
        // Far out, where one minus a distribution function would be nothing.
        assert!((two_sided(upper(1e-12, 8.0), 8.0) / 2e-12 - 1.0).abs() < 1e-3);
        for (t, freedom) in [(5.0, 0.0), (5.0, -1.0), (5.0, f64::NAN), (f64::NAN, 5.0), (f64::INFINITY, 0.0)] {
            assert_eq!(two_sided(t, freedom), 1.0);
        }
        assert_eq!((two_sided(0.0, 5.0), two_sided(f64::INFINITY, 5.0)), (1.0, 0.0));
        let mut cached = Upper::of(0.025);
        assert!(cached.at(5.9) == cached.at(5.0) && cached.at(0.5) > cached.at(1.0) && cached.at(1e9) < 1.961);
    }

    #[test]
    fn a_spread_does_not_move_with_outliers() {
        let mut values: Vec<f64> = (-50..=50).map(f64::from).collect();
        let clean = spread(&values, 0.0);
        assert!((26.0..33.0).contains(&clean), "{clean}");
        values.extend([1e6, -1e9, 1e12]);
        assert!((spread(&values, 0.0) / clean - 1.0).abs() < 0.1);
        assert_eq!((spread(&[], 0.0), spread(&[3.0; 9], 3.0)), (0.0, 0.0));
        assert!(spread(&[0.0, 0.0, 0.0, 0.0, 5.0], 0.0) > 1.0);
    }

    #[test]
    fn holm_multiplies_the_least_by_all_and_the_greatest_by_one() {
        let adjusted = holm(&[0.04, 0.001, 0.03, 0.9]);
        let expected = [0.09, 0.004, 0.09, 0.9];
        assert!(adjusted.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12), "{adjusted:?}");
        assert!(holm(&[]).is_empty());
    }

    #[test]
    fn the_freedom_of_a_sum_is_that_of_its_larger_part() {
        assert_eq!(freedom(&[(1.0, 5.0), (0.0, 2.0)]), 5.0);
        assert_eq!(freedom(&[(1.0, 5.0), (1.0, 5.0)]), 10.0);
        assert_eq!(freedom(&[(0.0, 5.0)]), f64::INFINITY);
        assert_eq!(median(&[3.0, 1.0, 2.0, 10.0]), Some(2.5));
        assert_eq!(moments(&[1.0, 3.0]), Some((2.0, 2.0)));
    }
}
