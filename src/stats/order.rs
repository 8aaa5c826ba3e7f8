//! Which order statistics enclose a quantile.

use statrs::{
    distribution::{ContinuousCDF, Normal},
    function::beta::beta_reg,
};

/// Up to here the binomial distribution is evaluated exactly; above it the normal approximation differs by less than a
/// rank or two in a hundred, and one rank is added on each side for it.
const EXACT: usize = 10_000;

/// The 1-based rank of the p-quantile of `n` samples by nearest rank.
pub(super) fn rank(p: f64, n: usize) -> usize {
    // Half a millionth of a rank absorbs the error of p·n in floating point (0.07 × 100 is above 7).
    ((p * n as f64 - 5e-7).ceil() as usize).clamp(1, n.max(1))
}

/// The 1-based ranks whose order statistics enclose the p-quantile with probability `level` or more, each side missing
/// it with at most half of the rest; nothing where `n` is too small to have them.
pub(super) fn ranks(p: f64, n: usize, level: f64) -> Option<(usize, usize)> {
    if n == 0 || !(p > 0.0 && p < 1.0 && level > 0.0 && level < 1.0) {
        return None;
    }
    let tail = (1.0 - level) / 2.0;
    let (low, high) = if n <= EXACT { exact(p, n, tail) } else { normal(p, n, tail) };
    (low >= 1 && high <= n).then_some((low, high))
}

/// For sorted values of another type than `u64`: the index of the p-quantile of `n`, and those of its interval's ends.
pub(crate) fn quantile_ranks(p: f64, n: usize, level: f64) -> (usize, Option<(usize, usize)>) {
    (rank(p, n) - 1, ranks(p, n, level).map(|(low, high)| (low - 1, high - 1)))
}

/// The least n for which [`ranks`] finds both.
pub(super) fn needed(p: f64, level: f64) -> usize {
    let tail = (1.0 - level) / 2.0;
    let enough = |q: f64| (tail.ln() / q.ln()).ceil() as usize;
    enough(p).max(enough(1.0 - p))
}

/// P(B ≤ k) for B ~ Bin(n, p), for k < n.
fn cdf(p: f64, n: usize, k: usize) -> f64 {
    beta_reg((n - k) as f64, (k + 1) as f64, 1.0 - p)
}

fn exact(p: f64, n: usize, tail: f64) -> (usize, usize) {
    // B is the number of samples below the quantile. The low rank l misses it when B < l, the high rank u when B ≥ u.
    // Both searches are over a distribution function, so bisection finds the edge.
    let low = partition(n, |k| cdf(p, n, k) <= tail);
    let high = partition(n, |k| cdf(p, n, k) < 1.0 - tail) + 1;
    (low, high)
}

/// The number of k in 0..n for which `below` holds; it must hold for a prefix.
fn partition(n: usize, below: impl Fn(usize) -> bool) -> usize {
    let (mut from, mut to) = (0, n);
    while from < to {
        let middle = from + (to - from) / 2;
        if below(middle) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    from
}

fn normal(p: f64, n: usize, tail: f64) -> (usize, usize) {
    let n = n as f64;
    let reach = z(1.0 - tail) * (n * p * (1.0 - p)).sqrt();
    let low = (n * p - reach).floor() - 1.0;
    let high = (n * p + reach).ceil() + 2.0;
    (low.max(0.0) as usize, high as usize)
}

/// The standard normal quantile.
fn z(p: f64) -> f64 {
    Normal::standard().inverse_cdf(p)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The distribution function by summing the recurrence of its terms: slow, and independent of `beta_reg`.
    fn direct(p: f64, n: usize, k: usize) -> f64 {
        let mut term = n as f64 * (1.0 - p).ln();
        let mut sum = term.exp();
        for i in 0..k {
            term += ((n - i) as f64 / (i + 1) as f64).ln() + (p / (1.0 - p)).ln();
            sum += term.exp();
        }
        sum
    }

    #[test]
    fn nearest_rank() {
        assert_eq!((rank(0.5, 1), rank(0.5, 4), rank(0.5, 5)), (1, 2, 3));
        assert_eq!((rank(0.99, 100), rank(0.99, 101), rank(0.07, 100)), (99, 100, 7));
    }

    #[test]
    fn ranks_of_the_median_agree_with_published_tables() {
        // Conover, Practical Nonparametric Statistics: n = 6 is the first with a 95 % interval, (1, 6); n = 10 gives (2, 9).
        assert_eq!(ranks(0.5, 5, 0.95), None);
        assert_eq!(ranks(0.5, 6, 0.95), Some((1, 6)));
        assert_eq!(ranks(0.5, 10, 0.95), Some((2, 9)));
        assert_eq!(ranks(0.5, 20, 0.95), Some((6, 15)));
        assert_eq!(ranks(0.5, 100, 0.95), Some((40, 61)));
    }

    #[test]
    fn a_high_percentile_of_few_samples_has_no_interval() {
        assert_eq!(needed(0.99, 0.95), 368);
        assert_eq!(ranks(0.99, 367, 0.95), None);
        assert!(ranks(0.99, 368, 0.95).is_some());
        assert_eq!(needed(0.5, 0.95), 6);
    }

    #[test]
    fn ranks_cover_with_the_level_and_no_wider() {
        for (p, n) in [(0.5, 37), (0.9, 150), (0.99, 1000), (0.99, EXACT), (0.5, EXACT)] {
            let (low, high) = ranks(p, n, 0.95).unwrap();
            let below = |rank: usize| direct(p, n, rank - 1);
            assert!(below(low) <= 0.025 && below(low + 1) > 0.025, "{p} {n} low {low}");
            assert!(1.0 - below(high) <= 0.025 && 1.0 - below(high - 1) > 0.025, "{p} {n} high {high}");
        }
    }

    #[test]
    fn the_approximation_joins_the_exact_ranks_and_is_not_narrower() {
        for p in [0.5, 0.9, 0.99] {
            let tail = 0.025;
            let (exact, approximate) = (exact(p, EXACT, tail), normal(p, EXACT, tail));
            assert!(approximate.0 <= exact.0 && exact.0 - approximate.0 <= 4, "{p} {exact:?} {approximate:?}");
            assert!(approximate.1 >= exact.1 && approximate.1 - exact.1 <= 4, "{p} {exact:?} {approximate:?}");
        }
    }
}
