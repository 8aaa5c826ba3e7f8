//! A plan: groups of lanes that take turns, how long a turn is, and when to stop.

use std::{any::Any, error::Error, time::Duration};

use super::{
    figure::Figure,
    lane::{Failure, Lane, refusal},
    pass::{Filter, Pass},
};
use crate::{Indicator, Subject, UnavailableRow, adapter::Refusal};

/// When the turns of a group end. Neither looks at the samples, so that the level of an interval keeps.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Stop {
    /// When that much time of each process is over, at the end of a round. One round is always made.
    After(Duration),
    /// After so many rounds in each process.
    Rounds(u32),
}

/// How the lanes of a group take turns.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Turns {
    /// Samples of a turn: the same for every lane, since a turn's first sample meets colder caches than the others, and tails
    /// of unequal turns are not comparable.
    pub samples: u32,
    /// A turn is cut when it has taken this long, so that a slow lane does not take everybody's time. A lane whose turns are
    /// cut has fewer samples, and a tail only where they suffice.
    pub at_most: Duration,
    /// How long each lane runs before anything is kept.
    pub warm_up: Duration,
    /// A lane whose sample takes longer than this before anything is kept is left out of the pass, and its row says so.
    pub patience: Duration,
    /// When the turns end.
    pub stop: Stop,
}

impl Turns {
    /// Turns of ten samples until `time` is over in each process.
    #[must_use]
    pub const fn until(time: Duration) -> Self {
        Self {
            samples: 10,
            at_most: Duration::from_millis(250),
            warm_up: Duration::from_millis(20),
            patience: Duration::from_secs(20),
            stop: Stop::After(time),
        }
    }

    /// Turns of one sample, so many in each process.
    #[must_use]
    pub const fn rounds(rounds: u32) -> Self {
        Self { samples: 1, stop: Stop::Rounds(rounds), warm_up: Duration::ZERO, ..Self::until(Duration::ZERO) }
    }

    /// The same with turns of so many samples.
    #[must_use]
    pub const fn of(mut self, samples: u32) -> Self {
        self.samples = samples;
        self
    }

    /// The same after each lane has sampled once for nothing: what the first one pays for is kept out.
    #[must_use]
    pub const fn warmed_up(mut self) -> Self {
        self.warm_up = Duration::from_nanos(1);
        self
    }

    /// The same with turns that are cut [after](Self::at_most) that time.
    #[must_use]
    pub const fn cut_after(mut self, time: Duration) -> Self {
        self.at_most = time;
        self
    }

    /// The same with another [`patience`](Self::patience).
    #[must_use]
    pub const fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }
}

/// Lanes that take turns with each other.
#[derive(Debug)]
pub(super) struct Group {
    pub name: String,
    pub lanes: Vec<Lane>,
    pub turns: Turns,
    /// Each sample comes from a fresh process of its own, which the lane's operation starts.
    pub fresh: bool,
}

/// What is measured: lanes in groups, and what cannot be measured.
///
/// A function declares it, and is called anew in each process that measures: it makes the runtimes, prepares the
/// artifacts, and names the lanes. What it keeps with [`Plan::keep`] lives as long as the process measures.
#[derive(Debug)]
pub struct Plan {
    pub(super) groups: Vec<Group>,
    pub(super) rows: Vec<(UnavailableRow, bool)>,
    pub(super) comparisons: Vec<Comparison>,
    pass: Pass,
    filter: Filter,
    first: bool,
    /// The last field: lanes are dropped before what they stand on.
    kept: Vec<Kept>,
}

struct Kept(#[allow(dead_code, reason = "it is only kept")] Box<dyn Any>);

impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("kept")
    }
}

/// A lane that is measured against another one: an adapter against the same calls by hand.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Comparison {
    /// The group in which both take turns.
    pub group: String,
    /// The lane that is compared.
    pub lane: String,
    /// What it is compared with.
    pub with: String,
}

impl Plan {
    pub(super) fn new(pass: Pass, filter: Filter, first: bool) -> Self {
        let (groups, rows, comparisons, kept) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { groups, rows, comparisons, kept, pass, filter, first }
    }

    /// How thorough the pass is.
    #[must_use]
    pub fn pass(&self) -> Pass {
        self.pass
    }

    /// Whether this is the first of the processes that measure: what is printed once is printed here.
    #[must_use]
    pub fn is_first(&self) -> bool {
        self.first
    }

    /// Whether the caller named what is to be measured.
    #[must_use]
    pub fn is_filtered(&self) -> bool {
        !self.filter.is_all()
    }

    /// Whether the caller asked for that lane: preparing what nobody asked for takes time.
    #[must_use]
    pub fn wants(&self, group: &str, lane: &str) -> bool {
        self.filter.matches(&format!("{group}/{lane}"))
    }

    /// Whether the caller may have asked for lanes of the group whose names begin like that.
    #[must_use]
    pub fn wants_some(&self, group: &str, beginning: &str) -> bool {
        self.filter.may_match(&format!("{group}/{beginning}"))
    }

    /// Adds lanes that take turns with each other; those that nobody asked for are left out. Groups are measured one after
    /// the other. Two may have one name, where lanes of one table must not come between each other.
    pub fn group(&mut self, name: impl Into<String>, turns: Turns, lanes: Vec<Lane>) {
        self.add(name.into(), turns, lanes, false);
    }

    /// Adds lanes whose operations measure in a fresh process each time: every sample is of a process of its own, and the
    /// lanes take turns in one that only asks.
    pub fn fresh(&mut self, name: impl Into<String>, turns: Turns, lanes: Vec<Lane>) {
        self.add(name.into(), turns, lanes, true);
    }

    fn add(&mut self, name: String, turns: Turns, mut lanes: Vec<Lane>, fresh: bool) {
        // Each sample of theirs is of a process of its own already.
        if fresh && !self.first {
            return;
        }
        lanes.retain(|lane| self.filter.matches(&format!("{name}/{}", lane.name)));
        if !lanes.is_empty() {
            self.groups.push(Group { name, lanes, turns, fresh });
        }
    }

    /// Asks for the factor between two lanes of one group, process by process: what an adapter costs over the calls by
    /// hand, say. A name that no lane of the group has is an error of the plan. Left out where not both were asked for.
    pub fn compare(&mut self, group: impl Into<String>, lane: impl Into<String>, with: impl Into<String>) {
        let comparison = Comparison { group: group.into(), lane: lane.into(), with: with.into() };
        if [&comparison.lane, &comparison.with].into_iter().all(|lane| self.wants(&comparison.group, lane)) {
            self.comparisons.push(comparison);
        }
    }

    /// Keeps something alive while the process measures.
    pub fn keep(&mut self, what: impl Any) {
        self.kept.push(Kept(Box::new(what)));
    }

    /// Adds a row for what cannot be measured here.
    pub fn unavailable(&mut self, row: UnavailableRow) {
        self.rows.push((row, true));
    }

    /// Adds a row for each indicator of an adapter that could not be made: a refusal, or a failure of the run. Where some
    /// lanes were asked for by name, a refusal of what they do not name is left out.
    pub fn without(&mut self, refusal: &Refusal, indicators: &[Indicator]) {
        self.rows_of(&refusal.subject, &Failure::from(refusal), indicators);
    }

    fn rows_of(&mut self, subject: &Subject, failure: &Failure, indicators: &[Indicator]) {
        let Failure { refused, reason, remedy } = failure;
        for indicator in indicators {
            // The names of its lanes are not known, since it was not made: most are the subject at a temperature.
            let lane = subject.as_str().replace('/', "-");
            let lanes = ["", "/cold", "/precompiled", "/warm"].map(|at| format!("{lane}{at}"));
            if !refused || lanes.iter().any(|lane| self.wants(indicator.as_str(), lane)) {
                self.rows.push((UnavailableRow::new(subject.clone(), *indicator, reason, remedy), *refused));
            }
        }
    }

    /// The same of the error that there was: a refusal counts under its own subject, a failure under the name that was asked
    /// for. A name that is no subject has no row.
    pub fn not_made(&mut self, subject: &str, error: &(dyn Error + 'static), indicators: &[Indicator]) {
        if let Some(refusal) = refusal(error) {
            return self.without(refusal, indicators);
        }
        let Ok(subject) = subject.parse::<Subject>() else { return };
        self.rows_of(&subject, &Failure::of(error), indicators);
    }

    /// Adds the row of a figure whose lane could not be made: a refusal where the error is one, else a failure of the run.
    pub fn refused(&mut self, figure: &Figure, error: &(dyn Error + 'static)) {
        let failure = Failure::of(error);
        self.rows.push((figure.unavailable(failure.reason, failure.remedy), failure.refused));
    }
}
