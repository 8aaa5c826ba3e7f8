//! The rule by which a measured factor answers a claimed one.

use crate::{Language, stats::Estimate};

/// How far the measured factor may lie from the claimed one and still reproduce it: by this factor, either way. A claim
/// is a round number of another machine, so nobody expects its last digit here.
pub const MARGIN: f64 = 1.25;

/// The widest interval, as upper over lower end, that can reproduce a claim that lies inside it. In a wider one almost
/// any claim would lie.
pub const WIDEST: f64 = 2.0;

/// What a figure shows of the claimed difference, at least, where it reproduces the claim although its whole interval falls
/// short: a factor of 13.9 that was counted six times, without noise, does not refute one of 14.26.
pub const NEARLY: f64 = 0.9;

/// What the rule answers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Answer {
    Reproduced,
    Refuted,
    Undecided(Undecided),
}

/// The interval of a measured factor, where it answers the claim neither way, and what would decide it.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Undecided {
    /// The measured factor in the claim's own sense: above one where the contender is better.
    pub measured: Estimate,
    /// The least factor that may have been printed as the claimed one.
    pub claimed: f64,
    /// Whether "no difference", or the opposite of what is claimed, lies in the interval.
    pub holds_none: bool,
    /// How many times as many runs would decide it, if the figure stays where it is: an interval's width, in logarithms,
    /// shrinks with the square root of their number. Nothing where the figure stands so close to where the answer changes
    /// that no number of runs may do.
    pub more_runs: Option<f64>,
}

impl Undecided {
    /// How wide the interval would then be, as upper over lower end; nothing where it has no such ends now.
    #[must_use]
    pub fn width(&self) -> Option<f64> {
        let Estimate { low, high, .. } = self.measured;
        let width = ((high / low).ln() / self.more_runs?.sqrt()).exp();
        Some(width).filter(|width| width.is_finite())
    }
}

/// What there is to know of a list of verdicts as a whole.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Caution {
    /// How many verdicts are one way or the other.
    pub(crate) decided: usize,
}

impl Caution {
    /// How many of them may be expected to be wrong by chance, at most.
    pub(crate) fn wrong(self) -> f64 {
        self.decided as f64 / 40.0
    }
}

/// How far a list of verdicts can be trusted as a whole, in `language`: each is on an interval at 95 %, of which one end
/// decides, so each of the `decided` ones is wrong with a probability of at most one in forty.
#[must_use]
pub fn caution(decided: usize, language: Language) -> String {
    Caution { decided }.describe(language)
}

/// The rule in the docs of [`Verdict`](super::Verdict), on a measured factor and the range of factors that may have been
/// printed as the claimed one.
pub(super) fn rule(measured: Estimate, claimed: (f64, f64)) -> Answer {
    let (least, most) = claimed;
    if most < 1.0 {
        // A claim that the contender is worse: the same question with the sides exchanged.
        return of_difference(measured.inverse(), 1.0 / most);
    }
    if least <= 1.0 { of_equality(measured, least) } else { of_difference(measured, least) }
}

fn of_difference(measured: Estimate, least: f64) -> Answer {
    let Estimate { value, low, high } = measured;
    let nearly = value - 1.0 >= NEARLY * (least - 1.0);
    if high < least && !nearly {
        return Answer::Refuted;
    }
    let near = (value / least).ln().abs() <= MARGIN.ln();
    if low >= least || (near && low > 1.0 && high <= low * WIDEST) {
        return Answer::Reproduced;
    }
    // By which share of itself an interval around the same figure may stay as wide as it is, by each way to an answer.
    let (up, down) = ((high / value).ln(), (value / low).ln());
    let clear = match value < least {
        true if nearly => 0.0,
        true => (least / value).ln() / up,
        false => (value / least).ln() / down,
    };
    let agree = if near { (value.ln() / down).min(WIDEST.ln() / (up + down)) } else { 0.0 };
    Answer::Undecided(Undecided {
        measured,
        claimed: least,
        holds_none: low <= 1.0,
        more_runs: runs_for(clear.max(agree)),
    })
}

/// A claim that the two are alike: the whole interval within the margin says so, the whole interval beyond it the
/// contrary.
fn of_equality(measured: Estimate, least: f64) -> Answer {
    let Estimate { value, low, high } = measured;
    if high < 1.0 / MARGIN || low > MARGIN {
        return Answer::Refuted;
    }
    if low >= 1.0 / MARGIN && high <= MARGIN {
        return Answer::Reproduced;
    }
    let (up, down) = ((high / value).ln(), (value / low).ln());
    let (above, below) = ((value / MARGIN).ln(), (value * MARGIN).ln());
    let share = if above > 0.0 {
        above / down
    } else if below < 0.0 {
        -below / up
    } else {
        (-above / up).min(below / down)
    };
    Answer::Undecided(Undecided { measured, claimed: least, holds_none: true, more_runs: runs_for(share) })
}

/// How many times the runs leave an interval this share of its width.
fn runs_for(share: f64) -> Option<f64> {
    // More than a million times the runs is never.
    (share > 1e-3).then(|| share.powi(-2))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The word for a claim printed as `claimed` in so many decimals.
    fn answer(claimed: f64, decimals: i32, low: f64, value: f64, high: f64) -> &'static str {
        let unit = 10f64.powi(-decimals);
        let range = (claimed - unit / 2.0, claimed + unit);
        match rule(Estimate::new(value, low, high).unwrap(), range) {
            Answer::Reproduced => "reproduced",
            Answer::Refuted => "refuted",
            Answer::Undecided(_) => "undecided",
        }
    }

    #[test]
    fn five_per_cent() {
        let of = |low, value, high| answer(1.05, 2, low, value, high);
        assert_eq!(of(1.03, 1.05, 1.07), "reproduced");
        assert_eq!(of(1.2, 1.3, 1.4), "reproduced");
        // Better, and 5 % is not excluded.
        assert_eq!(of(1.005, 1.02, 1.06), "reproduced");
        // Better, and 5 % is excluded.
        assert_eq!(of(1.01, 1.02, 1.03), "refuted");
        // The figure is right, and "no difference" is not excluded.
        assert_eq!(of(0.99, 1.05, 1.12), "undecided");
        assert_eq!(of(0.75, 0.95, 1.35), "undecided");
        assert_eq!(of(0.9, 0.95, 1.0), "refuted");
    }

    #[test]
    fn thirty_per_cent() {
        let of = |low, value, high| answer(1.3, 1, low, value, high);
        assert_eq!(of(1.2, 1.3, 1.4), "reproduced");
        assert_eq!(of(1.02, 1.15, 1.3), "reproduced");
        // Of the opposite sign, with the claim inside.
        assert_eq!(answer(1.29, 2, 0.75, 0.95, 1.35), "undecided");
        assert_eq!(of(0.99, 1.2, 1.5), "undecided");
        // Inside the interval, and too far from the figure.
        assert_eq!(answer(1.29, 2, 1.001, 1.01, 1.3), "undecided");
        assert_eq!(of(1.1, 1.15, 1.2), "refuted");
        // More than claimed, but it may be no more than that, or less.
        assert_eq!(of(1.1, 1.9, 3.2), "undecided");
    }

    #[test]
    fn twice() {
        let of = |low, value, high| answer(2.0, 0, low, value, high);
        assert_eq!(of(1.4, 1.6, 2.0), "reproduced");
        assert_eq!(of(1.9, 2.4, 2.9), "reproduced");
        // 2 may have been 1.5.
        assert_eq!(of(1.3, 1.4, 1.49), "refuted");
        assert_eq!(of(1.3, 1.4, 1.51), "reproduced");
        assert_eq!(of(1.01, 1.1, 1.6), "undecided");
        assert_eq!(of(1.2, 1.9, 3.0), "undecided");
        assert_eq!(of(1.5, 3.0, 6.0), "reproduced");
    }

    #[test]
    fn tenfold() {
        let of = |low, value, high| answer(10.0, 0, low, value, high);
        assert_eq!(of(8.0, 9.0, 10.0), "reproduced");
        assert_eq!(of(40.0, 50.0, 90.0), "reproduced");
        // A factor of 25 from end to end would reproduce almost anything.
        assert_eq!(of(2.0, 10.0, 50.0), "undecided");
        assert_eq!(of(6.0, 7.0, 9.6), "undecided");
        assert_eq!(of(6.0, 7.0, 9.4), "refuted");
        assert_eq!(of(8.0, 20.0, 50.0), "undecided");
    }

    #[test]
    fn a_narrow_interval_does_not_refute_what_the_figure_all_but_shows() {
        // A density that was counted.
        assert_eq!(answer(14.26, 2, 13.88, 13.9, 13.92), "reproduced");
        assert_eq!(answer(14.26, 2, 12.4, 12.5, 12.6), "refuted");
        assert_eq!(answer(1.05, 2, 1.041, 1.042, 1.043), "reproduced");
        // Nine tenths of the figure are none of the difference.
        assert_eq!(answer(1.05, 2, 0.99, 1.0, 1.01), "refuted");
        // "No difference" is not excluded.
        assert_eq!(answer(1.05, 2, 0.99, 1.043, 1.044), "undecided");
    }

    #[test]
    fn claims_that_the_contender_is_worse_or_alike() {
        // "0.5×": half as good. Worse than that is more of what is claimed.
        assert_eq!(answer(0.5, 1, 0.45, 0.5, 0.55), "reproduced");
        assert_eq!(answer(0.5, 1, 0.1, 0.2, 0.3), "reproduced");
        assert_eq!(answer(0.5, 1, 0.8, 0.9, 0.95), "refuted");
        assert_eq!(answer(0.5, 1, 0.5, 0.7, 1.1), "undecided");
        // "1.00×": no difference.
        assert_eq!(answer(1.0, 2, 0.9, 1.0, 1.1), "reproduced");
        assert_eq!(answer(1.0, 2, 1.5, 1.6, 1.7), "refuted");
        assert_eq!(answer(1.0, 2, 0.6, 0.7, 0.79), "refuted");
        assert_eq!(answer(1.0, 2, 0.7, 1.0, 1.4), "undecided");
    }

    #[test]
    fn what_would_decide_is_said_and_does() {
        let open = |low, value, high, claimed: (f64, f64)| match rule(Estimate::new(value, low, high).unwrap(), claimed)
        {
            Answer::Undecided(open) => open,
            other => panic!("{other:?}"),
        };
        for (low, value, high, claimed) in [
            (0.75, 0.95, 1.35, (1.285, 1.3)),
            (0.99, 1.05, 1.12, (1.045, 1.06)),
            (2.0, 10.0, 50.0, (9.5, 11.0)),
            (8.0, 20.0, 50.0, (9.5, 11.0)),
            (0.7, 1.0, 1.4, (0.995, 1.01)),
            (0.5, 0.7, 1.1, (0.45, 0.6)),
        ] {
            let undecided = open(low, value, high, claimed);
            let share = 0.9999 / undecided.more_runs.unwrap().sqrt();
            let toward = |end: f64| value * (end / value).powf(share);
            let narrower = Estimate::new(value, toward(low), toward(high)).unwrap();
            assert!(!matches!(rule(narrower, claimed), Answer::Undecided(_)), "{undecided}");
            assert!(undecided.more_runs.unwrap() > 1.0);
        }
        let text = open(0.75, 0.95, 1.35, (1.285, 1.3)).to_string();
        assert_eq!(
            text,
            "the factor is 0.950 (0.750 to 1.350, which holds \"no difference\") against 1.285 or more: some 1.4 times the \
             runs decide it, an interval of 1.66 from end to end"
        );
        // Right where the answer changes.
        let edge = open(0.8, 1.0, 1.3, (1.0001, 1.0002));
        assert_eq!((edge.more_runs, edge.width()), (None, None));
        assert!(edge.describe(Language::Chinese).contains("分界"));
        // An interval that reaches zero has no width to compare with.
        let open = open(0.0, 5.0, 20.0, (9.5, 11.0));
        assert_eq!((open.width(), open.more_runs.is_some()), (None, true));
    }
}
