//! What the changes come to, given the limits and how many they are.

use super::{
    Direction,
    analysis::{Change, Found, Shift},
    math::{Upper, holm, two_sided},
    report::{Doubt, GroupRuling, RowChange, Ruling},
};
use crate::stats::Estimate;

/// What holds for all series that have no limit of their own.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rules {
    pub max_regression: f64,
    pub false_alarms: f64,
}

/// A series to be judged.
pub(super) struct Judged {
    pub found: Candidate,
    pub direction: Direction,
    pub max_regression: f64,
    pub ignored: bool,
}

/// What there is to judge.
pub(super) enum Candidate {
    /// The change of this index.
    Noisy(usize),
    /// Two counted figures.
    Exact(f64, f64),
    /// Nothing.
    None,
}

/// Series of a group, their shift as a factor, that of the lanes by hand, and what it comes to.
type Whole = (usize, f64, Option<f64>, GroupRuling);

/// What all of it comes to.
pub(super) struct Decided {
    /// Of each series; nothing where there was nothing to judge.
    pub rows: Vec<(Option<Ruling>, Option<RowChange>)>,
    /// Of each group that has a shift.
    pub groups: Vec<Option<Whole>>,
    pub comparisons: usize,
}

/// Far above the error of a logarithm, and far below a change that anything could measure: what touches the limit must not
/// fall on either side by rounding.
const ROUNDING: f64 = 1e-9;

/// The chance of overlooking a worsening, one-sided, that *fine* leaves.
const OVERLOOKED: f64 = 0.05;

pub(super) fn judge(
    rules: &Rules,
    rows: &[Judged],
    changes: &[Change],
    found: &[Option<Found>],
    wholes: &[(Direction, Shift)],
    relative: bool,
) -> Decided {
    let own: Vec<Option<Found>> = wholes.iter().map(|(_, shift)| shift.own.filter(|_| relative)).collect();
    let tested: Vec<&Found> = found.iter().chain(&own).flatten().collect();
    let comparisons = tested.len();
    let mut adjusted = holm(&tested.iter().map(|found| probability(found)).collect::<Vec<_>>()).into_iter();
    let mut next = |found: &Option<Found>| found.and_then(|found| Some((found, adjusted.next()?)));
    let of_changes: Vec<Option<(Found, f64)>> = found.iter().map(&mut next).collect();
    let of_groups: Vec<Option<(Found, f64)>> = own.iter().map(&mut next).collect();

    let mut quantiles = Quantiles {
        alarm: Upper::of(rules.false_alarms / (2 * comparisons.max(1)) as f64),
        overlooked: Upper::of(OVERLOOKED),
        interval: Upper::of(0.025),
    };
    let rows = rows.iter().map(|row| match row.found {
        _ if row.ignored => (Some(Ruling::Ignored), None),
        Candidate::None => (None, None),
        Candidate::Exact(old, new) => (Some(exact(row, old, new)), exact_change(old, new)),
        Candidate::Noisy(index) => match &of_changes[index] {
            Some((found, probability)) => {
                let (ruling, change) = noisy(rules, row, found, *probability, &mut quantiles);
                (Some(ruling), Some(change))
            }
            None => (None, None),
        },
    });
    let rows = rows.collect();
    let mut members = vec![0; wholes.len()];
    changes.iter().for_each(|change| members[change.group] += 1);
    let groups = wholes.iter().enumerate().map(|(group, (direction, shift))| {
        let ruling = whole(rules, *direction, shift.common?, of_groups[group]);
        Some((members[group], shift.common?.exp(), shift.anchors.map(f64::exp), ruling))
    });
    Decided { rows, groups: groups.collect(), comparisons }
}

struct Quantiles {
    alarm: Upper,
    overlooked: Upper,
    interval: Upper,
}

/// A change in the direction that is worse.
fn worsening(direction: Direction, change: f64) -> f64 {
    if direction == Direction::MoreIsBetter { -change } else { change }
}

/// How probable so large a change is where there is none.
fn probability(found: &Found) -> f64 {
    if found.change.abs() < ROUNDING { 1.0 } else { two_sided(found.change / found.deviation, found.freedom) }
}

fn noisy(
    rules: &Rules,
    row: &Judged,
    found: &Found,
    probability: f64,
    quantiles: &mut Quantiles,
) -> (Ruling, RowChange) {
    let &Found { change, measured, deviation, freedom } = found;
    let limit = row.max_regression.ln_1p() + ROUNDING;
    let worse = worsening(row.direction, change);
    let (alarm, overlooked) = (quantiles.alarm.at(freedom), quantiles.overlooked.at(freedom) * deviation);
    // Another run guesses its noise anew, so where the alarm goes off varies as well: by this, for a standard deviation of
    // so many degrees of freedom.
    let least = alarm * deviation + overlooked * (1.0 + alarm.powi(2) / (2.0 * freedom)).sqrt();
    let certain = probability <= rules.false_alarms;
    let ruling = if certain && worse > limit {
        Ruling::Worse
    } else if certain && worse < -limit {
        Ruling::Better
    } else if worse + overlooked <= limit || least <= limit {
        Ruling::Fine
    } else {
        Ruling::Unseen(Doubt::Noise)
    };
    let reach = quantiles.interval.at(freedom) * deviation;
    let ratio = Estimate { value: change.exp(), low: (change - reach).exp(), high: (change + reach).exp() };
    let (measured, probability) = (measured.exp(), Some(probability));
    (ruling, RowChange { ratio, measured, probability, least: least.exp_m1() })
}

fn exact(row: &Judged, old: f64, new: f64) -> Ruling {
    // A file that was empty and still is has not changed.
    if old == new {
        return Ruling::Fine;
    }
    let limit = row.max_regression.ln_1p() + ROUNDING;
    let worse = worsening(row.direction, (new / old).ln());
    if worse > limit {
        Ruling::Worse
    } else if worse < -limit {
        Ruling::Better
    } else {
        Ruling::Fine
    }
}

fn exact_change(old: f64, new: f64) -> Option<RowChange> {
    let ratio = Estimate::exact(new / old)?;
    Some(RowChange { ratio, measured: ratio.value, probability: None, least: 0.0 })
}

fn whole(rules: &Rules, direction: Direction, common: f64, own: Option<(Found, f64)>) -> GroupRuling {
    let limit = rules.max_regression.ln_1p() + ROUNDING;
    let (change, certain) = own.map_or((0.0, false), |(found, p)| (found.change, p <= rules.false_alarms));
    let worse = worsening(direction, change);
    if certain && worse > limit {
        GroupRuling::Worse
    } else if certain && worse < -limit {
        GroupRuling::Better
    } else if common.abs() <= limit {
        GroupRuling::Within
    } else if own.is_some() {
        GroupRuling::Chance
    } else {
        GroupRuling::Moved
    }
}
