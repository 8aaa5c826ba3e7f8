//! What a gate found: of each series, of each group, and of the whole.

use crate::{Quantity, compare::Difference, stats::Estimate};

/// What a whole comparison comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// No series got worse.
    Fine,
    /// At least one did.
    Worse,
    /// None is known to have got worse, but there was nothing that could be compared; or something could not be seen, and
    /// the gate is strict.
    Unseen,
}

impl Outcome {
    /// The exit code of `runtime-baseline gate`: 0, 1, 2.
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Fine => 0,
            Self::Worse => 1,
            Self::Unseen => 2,
        }
    }

    /// The word for programs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fine => "fine",
            Self::Worse => "worse",
            Self::Unseen => "could not be seen",
        }
    }
}

/// All series of a comparison.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct GateReport {
    /// The series of the new side in its order, then those of the old one that are gone.
    pub rows: Vec<GateRow>,
    /// What groups of series did as wholes.
    pub groups: Vec<GateGroup>,
    /// Over how many comparisons the chance of a false alarm was spread.
    pub comparisons: usize,
    /// That chance, for all comparisons together.
    pub false_alarms: f64,
    /// The largest worsening that is let through, where no limit of its own says otherwise.
    pub max_regression: f64,
    /// Whether what all series of a group have in common was taken out.
    pub relative: bool,
    /// Whether what could not be seen fails the whole.
    pub strict: bool,
}

/// How many rows came to what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Counts {
    /// Worse, groups as wholes among them.
    pub worse: usize,
    /// Better.
    pub better: usize,
    /// Fine.
    pub fine: usize,
    /// Could not be seen.
    pub unseen: usize,
    /// Nothing to compare with.
    pub new: usize,
    /// Left out by a limit of their own.
    pub ignored: usize,
}

impl GateReport {
    /// How many rows came to what.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for row in &self.rows {
            match row.ruling {
                Ruling::Worse => counts.worse += 1,
                Ruling::Better => counts.better += 1,
                Ruling::Fine => counts.fine += 1,
                Ruling::Unseen(_) => counts.unseen += 1,
                Ruling::New => counts.new += 1,
                Ruling::Ignored => counts.ignored += 1,
            }
        }
        counts
    }

    /// The groups that got worse as wholes, which the machine does not explain.
    pub fn worse_groups(&self) -> impl Iterator<Item = &GateGroup> {
        self.groups.iter().filter(|group| group.ruling == GroupRuling::Worse)
    }

    /// What it comes to.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        let counts = self.counts();
        if counts.worse > 0 || self.worse_groups().next().is_some() {
            Outcome::Worse
        } else if counts.better + counts.fine == 0 || (self.strict && counts.unseen > 0) {
            Outcome::Unseen
        } else {
            Outcome::Fine
        }
    }
}

/// One series.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct GateRow {
    /// Its name, as the patterns of [`Limits`](super::Limits) match it.
    pub series: String,
    /// Its figure on the old side: of several runs the one in the middle.
    pub old: Option<Quantity>,
    /// Its figure on the new side.
    pub new: Option<Quantity>,
    /// From old to new, where it could be computed.
    pub change: Option<RowChange>,
    /// What the change was computed from.
    pub evidence: Evidence,
    /// The largest worsening that is let through, as a fraction.
    pub limit: f64,
    /// What it comes to.
    pub ruling: Ruling,
}

/// From old to new, as factors: 1.05 is 5 % more.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct RowChange {
    /// The change that is judged, with its interval at 95 %: by itself, not corrected for the number of comparisons.
    pub ratio: Estimate,
    /// The change as measured, with what the whole group has in common.
    pub measured: f64,
    /// How probable so large a change is where there is none, corrected for the number of comparisons (Holm): a change
    /// counts when this is at most the chance of false alarms. Nothing of exact figures.
    pub probability: Option<f64>,
    /// The least worsening, as a fraction, that would have been found nineteen times in twenty.
    pub least: f64,
}

/// What a change was computed from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Evidence {
    /// The statistics of both sides' processes.
    Processes,
    /// Both sides' stored intervals.
    Intervals,
    /// Several old runs, and how they differ.
    Runs,
    /// Runs side by side.
    Pairs,
    /// Sizes of files, which are counted.
    Exact,
    /// Nothing.
    None,
}

impl Evidence {
    /// The word for programs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Processes => "processes",
            Self::Intervals => "intervals",
            Self::Runs => "runs",
            Self::Pairs => "pairs",
            Self::Exact => "exact",
            Self::None => "none",
        }
    }
}

/// What a row comes to.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Ruling {
    /// Worse by more than is let through, and not by chance.
    Worse,
    /// Better by more than the same limit, and not by chance.
    Better,
    /// Neither, and a worsening beyond the limit is excluded.
    Fine,
    /// A worsening beyond the limit could hide, and why.
    Unseen(Doubt),
    /// Not on the old side: nothing to compare with.
    New,
    /// Left out by a limit of its own.
    Ignored,
}

impl Ruling {
    /// The word for programs.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Worse => "worse",
            Self::Better => "better",
            Self::Fine => "fine",
            Self::Unseen(_) => "could not be seen",
            Self::New => "new",
            Self::Ignored => "ignored",
        }
    }
}

/// Why a change could not be seen.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Doubt {
    /// Its noise, or what runs differ by, is too large: see [`RowChange::least`].
    Noise,
    /// A side has no interval, so that nothing tells its noise.
    NoInterval,
    /// A side's figure is zero, so that there is no ratio.
    Zero,
    /// A side is a bound and no value.
    Bound,
    /// Fewer than three runs have it.
    FewRuns,
    /// The series is gone; the reason, where the new run said one.
    Gone(Option<String>),
    /// The series is there, but measured under other circumstances (old / new); or neither side names its CPU, so that nothing
    /// tells whether they are.
    Elsewhere(Vec<Difference>),
}

/// What the series of a group did as a whole.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct GateGroup {
    /// Indicator and statistic, and what stands between the workload and its host.
    pub name: String,
    /// How many series.
    pub series: usize,
    /// The median of their changes, as a factor.
    pub shift: f64,
    /// The change of the lanes written by hand, where there are some: what the machine did.
    pub by_hand: Option<f64>,
    /// What it comes to.
    pub ruling: GroupRuling,
}

/// What a group's common shift comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum GroupRuling {
    /// Within the limit.
    Within,
    /// Beyond the limit, and it may be the machine's: nothing in the group stays the same by nature.
    Moved,
    /// Beyond the limit, and no more than chance against lanes that no change touches, or in pairs.
    Chance,
    /// Beyond the limit against lanes that no change touches, or against the old side in the same minutes: all got worse.
    Worse,
    /// The same for the better.
    Better,
}
