//! How far a control plane goes: objects, or nodes, are added step by step until its answers are slower than Kubernetes itself
//! wants them to be, or a budget ends it.
//!
//! `total_objects` ([`total_objects`]) and `max_nodes` ([`max_nodes`]) are the most of the sizes looked at at which every
//! [objective](Objectives) held; the [`End`] says what kept it from the next. What ended for a budget went on for as long as it
//! was allowed to: the figure is then no more than a bound.
//!
//! At each size, memory is read of every process, and the latency of each [`Call`] is taken at the client: from the call until
//! the last byte of the answer is here. All calls are the administrator's, whom priority and fairness lets pass, so that no
//! queue of the API server's own is in a figure.

pub(super) mod calls;
mod heart;
mod nodes;
mod objects;
mod watch;

pub use calls::{Call, Latencies};
pub use nodes::{Fleet, max_nodes};
pub use objects::total_objects;
pub use watch::Bindings;

use std::{
    fmt,
    time::{Duration, Instant},
};

use super::{Held, sum};
use crate::{Statistic, Unit, probe::Bound};

/// How slow answers may be.
///
/// The default is what Kubernetes states for itself: kubernetes/community, `sig-scalability/slos/api_call_latency.md`, as of 2023
/// and later. That is the 99th percentile over a cluster's day, at the API server, for each resource; this is that of a step, at
/// the client, which is a little stricter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Objectives {
    /// Of what creates or changes one object.
    pub mutating: Duration,
    /// Of what reads one object.
    pub get: Duration,
    /// Of what reads all objects of a kind. Theirs is for each page of a list, this is for all pages together.
    pub list: Duration,
}

impl Default for Objectives {
    fn default() -> Self {
        Self { mutating: Duration::from_secs(1), get: Duration::from_secs(1), list: Duration::from_secs(30) }
    }
}

impl Objectives {
    /// What such a call may take.
    #[must_use]
    pub fn of(&self, call: Call) -> Duration {
        match call {
            Call::Create | Call::Update => self.mutating,
            Call::Get => self.get,
            Call::List => self.list,
        }
    }
}

/// At which sizes it is looked at, and what ends it before the last.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Course {
    /// The sizes, ascending.
    pub steps: Vec<u64>,
    /// How slow answers may be.
    pub objectives: Objectives,
    /// At most so many bytes of memory, of all processes of the control plane.
    pub memory: u64,
    /// Nothing is added later than this after the beginning.
    pub time: Duration,
}

impl Course {
    /// At these sizes, by Kubernetes' own objectives, with any memory and time.
    #[must_use]
    pub fn new(steps: &[u64]) -> Self {
        let mut steps = steps.to_vec();
        steps.sort_unstable();
        steps.dedup();
        Self { steps, objectives: Objectives::default(), memory: u64::MAX, time: Duration::MAX }
    }

    /// The same within so much memory and time.
    #[must_use]
    pub fn within(mut self, memory: u64, time: Duration) -> Self {
        (self.memory, self.time) = (memory, time);
        self
    }

    /// The same by other objectives.
    #[must_use]
    pub fn by(mut self, objectives: Objectives) -> Self {
        self.objectives = objectives;
        self
    }

    /// When nothing is added any more. `None` is never.
    fn deadline(&self, begun: Instant) -> Option<Instant> {
        begun.checked_add(self.time)
    }

    /// Its bounds, as a figure's settings name them: `100000 objects, 4 GiB, 120s`.
    #[must_use]
    pub fn budget(&self, unit: Unit) -> String {
        let most = self.steps.last().copied().unwrap_or_default();
        let mut bounds = vec![format!("{most} {}", unit.as_str())];
        bounds.extend((self.memory != u64::MAX).then(|| format!("{} GiB", self.memory >> 30)));
        bounds.extend((self.time != Duration::MAX).then(|| format!("{:?}", self.time)));
        bounds.join(", ")
    }
}

/// What kept it from the next size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum End {
    /// The budget was used up: the last size was reached, or the memory, or the time.
    Budget(Bound),
    /// Answers were slower than they may be.
    Objective {
        /// Which.
        call: Call,
        /// At this size.
        size: u64,
        /// What was measured of them, of which the objective is a bound.
        statistic: Statistic,
        /// How long it was, in nanoseconds.
        found: u64,
        /// How long it may be.
        objective: Duration,
    },
    /// Nodes whose heartbeats came were not ready any more.
    NotReady {
        /// Of so many nodes.
        size: u64,
        /// So many were ready.
        ready: u64,
    },
}

impl End {
    /// What stands behind it, where the name does not say it all.
    #[must_use]
    pub fn reason(&self) -> Option<String> {
        match self {
            Self::Budget(_) => None,
            Self::Objective { call, size, statistic, found, objective } => {
                let found = Duration::from_nanos(*found);
                Some(format!("at {size}, the {statistic} of {call} was {found:.1?}, and may be {objective:?}"))
            }
            Self::NotReady { size, ready } => Some(format!("of {size} nodes, {ready} were ready")),
        }
    }
}

/// A name of few words, the same from run to run: `budget: time`, `objective: list`.
impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Budget(Bound::Count) => f.pad("budget: count"),
            Self::Budget(Bound::Memory) => f.pad("budget: memory"),
            Self::Budget(Bound::Time) => f.pad("budget: time"),
            Self::Objective { call, .. } => f.pad(&format!("objective: {call}")),
            Self::NotReady { .. } => f.pad("nodes not ready"),
        }
    }
}

/// What was read at one size.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Reading {
    /// How many objects, or nodes, there were.
    pub size: u64,
    /// How long the answers took; a call of which there were none is left out.
    pub calls: Vec<(Call, Latencies)>,
    /// What each process held, by its name.
    pub held: Vec<(&'static str, Held)>,
    /// Pods that the scheduler gave a node in a second, where there were some: from the first that was created to the last that
    /// was seen to have one.
    pub bound_per_second: Option<f64>,
}

impl Reading {
    fn new(size: u64, calls: [(Call, Vec<u64>); Call::ALL.len()], held: Vec<(&'static str, Held)>) -> Self {
        let calls = calls.into_iter().filter_map(|(call, took)| Some((call, Latencies::new(took)?))).collect();
        Self { size, calls, held, bound_per_second: None }
    }

    /// How long the answers to such calls took, where there were some.
    #[must_use]
    pub fn of(&self, call: Call) -> Option<&Latencies> {
        self.calls.iter().find(|(of, _)| *of == call).map(|(_, latencies)| latencies)
    }

    /// The objective that did not hold, if there is one.
    fn broken(&self, objectives: &Objectives) -> Option<End> {
        self.calls.iter().find_map(|(call, latencies)| {
            let (statistic, found) = latencies.tail();
            let objective = objectives.of(*call);
            let end = End::Objective { call: *call, size: self.size, statistic, found, objective };
            (u128::from(found) > objective.as_nanos()).then_some(end)
        })
    }
}

/// How far a control plane went.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Grown {
    /// The largest size looked at at which every objective held; 0 where there is none.
    pub size: u64,
    /// What kept it from the next.
    pub ended_by: End,
    /// What was read, size by size; the last one is that which broke an objective, where one did.
    pub readings: Vec<Reading>,
}

impl Grown {
    fn begin() -> Self {
        Self { size: 0, ended_by: End::Budget(Bound::Count), readings: Vec::new() }
    }

    /// Takes a reading; whether it goes on.
    fn take(&mut self, reading: Reading, course: &Course, deadline: Option<Instant>) -> bool {
        let (broken, size) = (reading.broken(&course.objectives), reading.size);
        let memory = sum(&reading.held).pss;
        self.readings.push(reading);
        if let Some(end) = broken {
            self.ended_by = end;
            return false;
        }
        self.size = size;
        let bound = if size >= course.steps.last().copied().unwrap_or_default() {
            Bound::Count
        } else if memory >= course.memory {
            Bound::Memory
        } else if is_over(deadline) {
            Bound::Time
        } else {
            return true;
        };
        self.ended_by = End::Budget(bound);
        false
    }
}

fn is_over(deadline: Option<Instant>) -> bool {
    deadline.is_some_and(|deadline| Instant::now() >= deadline)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(size: u64, create: u64) -> Reading {
        let none = Vec::new;
        let calls =
            [(Call::Create, vec![create; 100]), (Call::Update, none()), (Call::Get, none()), (Call::List, none())];
        Reading::new(size, calls, vec![("store", Held { pss: 5 * size, anonymous: size })])
    }

    #[test]
    fn the_last_size_at_which_all_held_counts_and_what_ended_it_is_said() {
        let course = Course::new(&[30, 10, 20, 10]).within(1 << 30, Duration::from_secs(90));
        assert_eq!(
            (course.steps.as_slice(), course.budget(Unit::Objects).as_str()),
            (&[10, 20, 30][..], "30 objects, 1 GiB, 90s")
        );
        let mut grown = Grown::begin();
        assert!(grown.take(reading(10, 999_999_999), &course, None));
        assert!(!grown.take(reading(20, 1_000_000_001), &course, None));
        assert_eq!(
            (grown.size, grown.ended_by.to_string().as_str(), grown.readings.len()),
            (10, "objective: create", 2)
        );
        let reason = grown.ended_by.reason().unwrap();
        assert_eq!(reason, "at 20, the p99 of create was 1.0s, and may be 1s");
    }

    #[test]
    fn each_bound_of_the_budget_is_told_apart() {
        let ended = |course: &Course, size, deadline| {
            let mut grown = Grown::begin();
            let goes_on = grown.take(reading(size, 1), course, deadline);
            (goes_on, grown.size, grown.ended_by)
        };
        let course = Course::new(&[10, 20]);
        let past = Some(Instant::now());
        assert_eq!(ended(&course, 20, past), (false, 20, End::Budget(Bound::Count)));
        assert_eq!(ended(&course, 10, past), (false, 10, End::Budget(Bound::Time)));
        assert_eq!(ended(&course.clone().within(50, Duration::MAX), 10, None), (false, 10, End::Budget(Bound::Memory)));
        assert!(ended(&course.within(51, Duration::MAX), 10, None).0);
        assert_eq!(End::Budget(Bound::Time).reason(), None);
    }
}
