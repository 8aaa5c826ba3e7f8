//! How much one set of samples differs from another, and whether that is more than noise.

use super::{StatsError, Summary, order};

/// A positive figure with the interval that holds its true value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The figure itself.
    pub value: f64,
    /// The lower end of its interval.
    pub low: f64,
    /// The upper end of its interval.
    pub high: f64,
}

impl Estimate {
    /// An estimate, where it is one: a value above zero, finite, and `0 ≤ low ≤ value ≤ high`.
    #[must_use]
    pub fn new(value: f64, low: f64, high: f64) -> Option<Self> {
        let ordered = 0.0 <= low && low <= value && value <= high;
        (ordered && value > 0.0 && value.is_finite()).then_some(Self { value, low, high })
    }

    /// A value known without error, such as the size of a file.
    #[must_use]
    pub fn exact(value: f64) -> Option<Self> {
        Self::new(value, value, value)
    }

    /// The ratio of this to `other`, both at one level of confidence.
    ///
    /// The limits are recovered from the two intervals (Zou and Donner, *Construction of confidence limits about effect
    /// measures*, Statistics in Medicine 27, 2008), on the logarithms, since times and sizes are positive and compared by
    /// factors. It assumes that the two were measured independently; where both suffered the same disturbance
    /// (interleaved peers) it is wider than it need be, never narrower.
    #[must_use]
    pub fn over(self, other: Self) -> Self {
        let value = self.value.ln() - other.value.ln();
        let down = (self.value / self.low).ln().hypot((other.high / other.value).ln());
        let up = (self.high / self.value).ln().hypot((other.value / other.low).ln());
        Self { value: value.exp(), low: (value - down).exp(), high: (value + up).exp() }
    }

    /// One over this.
    #[must_use]
    pub fn inverse(self) -> Self {
        Self { value: 1.0 / self.value, low: 1.0 / self.high, high: 1.0 / self.low }
    }
}

/// What a change comes to, given the least change that matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Decision {
    /// The new side is higher by more than the least change that matters, and noise does not explain it.
    Higher,
    /// The new side is lower by more than that.
    Lower,
    /// Neither, and a change of that size would have been seen.
    Same,
    /// Neither, but the interval is so wide that a change that matters may hide in it: more samples or a quieter machine are
    /// needed.
    Undecided,
}

/// The change from an old set of samples to a new one, by their medians.
///
/// ```
/// use runtime_baseline::stats::{Change, Decision};
///
/// let old: Vec<u64> = (0..100).map(|i| 1000 + i % 7).collect();
/// let new: Vec<u64> = old.iter().map(|x| x * 11 / 10).collect();
/// let change = Change::paired(&old, &new, 0.99)?.expect("enough pairs, none zero");
/// assert_eq!(change.decide(0.02), Decision::Higher);
/// assert!((change.ratio.value - 1.1).abs() < 0.01);
/// # Ok::<(), runtime_baseline::stats::StatsError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Change {
    /// New over old: 1.05 is 5 % more.
    pub ratio: Estimate,
    /// The probability that a sample of the new side is above one of the old side (ties count half): 0.5 is no effect, 0
    /// and 1 are complete separation. Of pairs, each with its own partner. Nothing where the samples are not at hand.
    pub superiority: Option<f64>,
}

impl Change {
    /// Of the medians of two sets measured apart; nothing where either has too few samples for the level, or a median
    /// of zero.
    #[must_use]
    pub fn between(old: &Summary, new: &Summary, level: f64) -> Option<Self> {
        let estimate = |summary: &Summary| {
            let interval = summary.median_interval(level)?;
            Estimate::new(summary.median() as f64, interval.low as f64, interval.high as f64)
        };
        let ratio = estimate(new)?.over(estimate(old)?);
        Some(Self { ratio, superiority: Some(superiority(old.sorted(), new.sorted())) })
    }

    /// Of interleaved pairs: the i-th sample of each side was taken in the same round. What disturbs both sides of a pair
    /// alike cancels, which is what finds small changes on a noisy machine.
    ///
    /// Nothing where there are too few pairs for the level, or a sample is zero.
    ///
    /// # Errors
    /// [`StatsError::Unpaired`] when the sets differ in length.
    pub fn paired(old: &[u64], new: &[u64], level: f64) -> Result<Option<Self>, StatsError> {
        if old.len() != new.len() {
            return Err(StatsError::Unpaired { old: old.len(), new: new.len() });
        }
        if old.contains(&0) || new.contains(&0) {
            return Ok(None);
        }
        let mut ratios: Vec<f64> = old.iter().zip(new).map(|(old, new)| *new as f64 / *old as f64).collect();
        let Some((low, high)) = order::ranks(0.5, ratios.len(), level) else { return Ok(None) };
        ratios.sort_unstable_by(f64::total_cmp);
        let median = ratios[order::rank(0.5, ratios.len()) - 1];
        let wins = |above: fn(f64) -> bool| ratios.iter().filter(|r| above(**r)).count() as f64;
        let superiority = (wins(|r| r > 1.0) + wins(|r| r == 1.0) / 2.0) / ratios.len() as f64;
        let ratio = Estimate::new(median, ratios[low - 1], ratios[high - 1]);
        Ok(ratio.map(|ratio| Self { ratio, superiority: Some(superiority) }))
    }

    /// Of two figures that have intervals at one level, but whose samples are gone.
    #[must_use]
    pub fn of_estimates(old: Estimate, new: Estimate) -> Self {
        Self { ratio: new.over(old), superiority: None }
    }

    /// Whether the change matters. `least` is a fraction: 0.05 for 5 %.
    ///
    /// A change counts when its interval excludes "none" **and** the change itself exceeds `least`. Where it does not
    /// count, but an end of its interval lies beyond `least`, a change that matters could hide in it.
    #[must_use]
    pub fn decide(&self, least: f64) -> Decision {
        // Far above the error of a logarithm, and far below a change that anything could measure: an end that touches
        // "no change" or `least` must not fall on either side by rounding.
        const ROUNDING: f64 = 1e-9;
        // In logarithms a rise by a factor and a fall by it are the same distance.
        let least = least.max(0.0).ln_1p() + ROUNDING;
        let (value, low, high) = (self.ratio.value.ln(), self.ratio.low.ln(), self.ratio.high.ln());
        if low > ROUNDING && value > least {
            Decision::Higher
        } else if high < -ROUNDING && value < -least {
            Decision::Lower
        } else if high > least || low < -least {
            Decision::Undecided
        } else {
            Decision::Same
        }
    }
}

/// P(new > old) + P(new = old) / 2 over all pairs, from sorted sets, in one pass.
fn superiority(old: &[u64], new: &[u64]) -> f64 {
    let (mut below, mut not_above, mut twice) = (0, 0, 0u128);
    for x in new {
        while below < old.len() && old[below] < *x {
            below += 1;
        }
        not_above = not_above.max(below);
        while not_above < old.len() && old[not_above] <= *x {
            not_above += 1;
        }
        twice += (below + not_above) as u128;
    }
    twice as f64 / (2.0 * old.len() as f64 * new.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(value: f64, low: f64, high: f64) -> Change {
        Change { ratio: Estimate::new(value, low, high).unwrap(), superiority: None }
    }

    #[test]
    fn a_change_counts_when_it_is_certain_and_large_enough() {
        assert_eq!(change(1.10, 1.06, 1.14).decide(0.05), Decision::Higher);
        assert_eq!(change(1.06, 1.01, 1.11).decide(0.05), Decision::Higher);
        assert_eq!(change(0.90, 0.87, 0.93).decide(0.05), Decision::Lower);
        // Certain, but too small to matter.
        assert_eq!(change(1.02, 1.01, 1.03).decide(0.05), Decision::Same);
        // Certain, and it may matter: the interval reaches beyond the least change, the figure does not.
        assert_eq!(change(1.04, 1.001, 1.5).decide(0.05), Decision::Undecided);
        assert_eq!(change(0.96, 0.67, 0.999).decide(0.05), Decision::Undecided);
        assert_eq!(change(1.04, 1.001, 1.05).decide(0.05), Decision::Same);
        // Large, but noise explains it.
        assert_eq!(change(1.10, 0.98, 1.22).decide(0.05), Decision::Undecided);
        assert_eq!(change(1.00, 0.97, 1.03).decide(0.05), Decision::Same);
        assert_eq!(change(1.00, 0.80, 1.25).decide(0.05), Decision::Undecided);
        assert_eq!(change(1.00, 1.00, 1.00).decide(0.0), Decision::Same);
    }

    #[test]
    fn the_ratio_of_two_estimates_recovers_their_limits() {
        let exact = Estimate::new(2.0, 2.0, 2.0).unwrap();
        let wide = Estimate::new(10.0, 8.0, 20.0).unwrap();
        let ratio = wide.over(exact);
        assert!((ratio.value - 5.0).abs() < 1e-9 && (ratio.low - 4.0).abs() < 1e-9 && (ratio.high - 10.0).abs() < 1e-9);
        let back = exact.over(wide).inverse();
        assert!((back.low - ratio.low).abs() < 1e-9 && (back.high - ratio.high).abs() < 1e-9);
        assert_eq!(Estimate::new(0.0, 0.0, 1.0), None);
        assert_eq!(Estimate::new(f64::NAN, 1.0, 1.0), None);
        assert_eq!(Estimate::new(1.0, 2.0, 3.0), None);
        // A side that may be next to nothing bounds the ratio on one side.
        let faint = Estimate::new(0.5, 0.0, 1.0).unwrap();
        let open = wide.over(faint);
        assert!((open.value - 20.0).abs() < 1e-9 && open.low > 9.0 && open.high == f64::INFINITY, "{open:?}");
        assert_eq!(faint.over(wide).low, 0.0);
    }

    #[test]
    fn pairs_cancel_what_disturbs_both_sides() {
        // The machine's speed varies fivefold from round to round; the new side is always 3 % dearer.
        let old: Vec<u64> = (0..200).map(|i| 100_000 + 2_000 * (i * 7919 % 200)).collect();
        let new: Vec<u64> = old.iter().map(|x| x * 103 / 100).collect();
        let paired = Change::paired(&old, &new, 0.99).unwrap().unwrap();
        assert_eq!((paired.decide(0.02), paired.superiority), (Decision::Higher, Some(1.0)));
        let apart = Change::between(&Summary::of(&old).unwrap(), &Summary::of(&new).unwrap(), 0.99).unwrap();
        assert_eq!(apart.decide(0.02), Decision::Undecided);
    }

    #[test]
    fn what_cannot_be_compared_is_not() {
        assert_eq!(Change::paired(&[1], &[1, 2], 0.95), Err(StatsError::Unpaired { old: 1, new: 2 }));
        assert_eq!(Change::paired(&[1; 5], &[1; 5], 0.95), Ok(None));
        assert_eq!(Change::paired(&[0; 50], &[1; 50], 0.95), Ok(None));
        assert_eq!(Change::paired(&[], &[], 0.95), Ok(None));
        let few = Summary::of(&[1, 2, 3]).unwrap();
        assert_eq!(Change::between(&few, &few, 0.95), None);
    }

    #[test]
    fn superiority_counts_every_pair() {
        assert_eq!(superiority(&[1, 2, 3], &[1, 2, 3]), 0.5);
        assert_eq!(superiority(&[1, 2], &[3, 4]), 1.0);
        assert_eq!(superiority(&[3, 4], &[1, 2]), 0.0);
        assert_eq!(superiority(&[1, 1, 2], &[1, 5]), (2.0 * 0.5 + 3.0) / 6.0);
    }
}
