//! Where the time of a start goes: its phases, each from its own mark to the next one's, and the whole that they add up to.
//! Nanoseconds. [`Phase::definition`] says where each begins.
//!
//! The whole is a start as [`startup`](super::startup) times it, but with marks on its way. It is no `startup_time`: that is
//! taken without.

use std::{collections::BTreeMap, iter};

use super::{ProbeError, burst::together, startup::started};
use crate::{
    Phase, marks,
    runtime::{Artifact, Instance},
};

/// A start, or the mean one of a burst, by phase.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct Phases {
    /// The whole of it.
    pub whole: f64,
    /// Its phases, which add up to it. A phase that it does not have is not there.
    pub each: BTreeMap<Phase, f64>,
}

impl Phases {
    /// From the call to ready, cut at the marks between. What comes before the first mark is the call's.
    fn of(called: u64, marks: &[(Phase, u64)], ready: u64) -> Self {
        let within = |at: &u64| (*at).clamp(called, ready);
        // A mark at ready or later began nothing that the figure has: the detached command line's end, say.
        let marks = marks.iter().filter(|(_, at)| *at < ready);
        let begins: Vec<(Phase, u64)> =
            iter::once((Phase::Call, called)).chain(marks.map(|(phase, at)| (*phase, within(at)))).collect();
        let ends = begins[1..].iter().map(|(_, at)| *at).chain([ready]);
        let mut each = BTreeMap::new();
        for ((phase, begin), end) in begins.iter().zip(ends) {
            *each.entry(*phase).or_default() += (end - begin) as f64;
        }
        Self { whole: (ready - called) as f64, each }
    }

    /// The mean of several, which adds up as they do.
    fn mean(all: &[Self]) -> Self {
        let share = 1.0 / all.len().max(1) as f64;
        let mut mean = Self::default();
        for one in all {
            mean.whole += one.whole * share;
            for (phase, took) in &one.each {
                *mean.each.entry(*phase).or_default() += took * share;
            }
        }
        mean
    }
}

/// The phases of the middle one of `starts` starts, by the time that they took: those of one that was held up are not a start's,
/// and the medians of each phase would not add up to anything. The first of them is one more and does not count. Each instance is
/// stopped, outside its figure.
///
/// # Errors
/// As [`startup`](super::startup); [`ProbeError::Empty`] for no start.
pub fn phases(artifact: &dyn Artifact, starts: usize) -> Result<Phases, ProbeError> {
    let mut all = Vec::with_capacity(starts);
    for number in 0..=starts {
        let (phases, instance) = marked(artifact)?;
        instance.stop()?;
        if number > 0 {
            all.push(phases);
        }
    }
    all.sort_by(|a, b| a.whole.total_cmp(&b.whole));
    all.drain(..).nth(starts / 2).ok_or(ProbeError::Empty { what: "a start by phase", of: "start" })
}

/// The phases of the mean start of a burst, as [`burst`](super::burst) makes it.
///
/// # Errors
/// As [`burst`](super::burst).
pub fn burst_phases(artifact: &dyn Artifact, concurrent: usize) -> Result<Phases, ProbeError> {
    let (_, outcomes) = together(artifact, concurrent, marked)?;
    let all: Vec<Phases> = outcomes.into_iter().map(|(phases, _)| phases).collect();
    Ok(Phases::mean(&all))
}

fn marked(artifact: &dyn Artifact) -> Result<(Phases, Box<dyn Instance>), ProbeError> {
    let (started, marks) = marks::of(|| started(artifact));
    let (took, instance) = started?;
    let ready = instance.ready_at();
    Ok((Phases::of(ready - took, &marks, ready), instance))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Temperature,
        runtime::{Runtime, Workload, noop::Noop},
    };

    fn sum(phases: &Phases) -> f64 {
        phases.each.values().sum()
    }

    #[test]
    fn phases_are_next_to_each_other_and_add_up() {
        let marks = [(Phase::Load, 110), (Phase::Compile, 150), (Phase::Run, 700), (Phase::Process, 1_000)];
        let phases = Phases::of(100, &marks, 900);
        let expected = [(Phase::Call, 10.0), (Phase::Load, 40.0), (Phase::Compile, 550.0), (Phase::Run, 200.0)];
        assert_eq!((phases.each.clone(), phases.whole), (expected.into(), 800.0));
        assert_eq!(sum(&phases), phases.whole);
        // A mark outside the start takes nothing from the phases, and gives them nothing.
        let outside = Phases::of(100, &[(Phase::Load, 5), (Phase::Run, 900)], 900);
        assert_eq!(outside.each, [(Phase::Call, 0.0), (Phase::Load, 800.0)].into());
        assert_eq!(Phases::of(7, &[], 7).each, [(Phase::Call, 0.0)].into());
    }

    #[test]
    fn a_mean_adds_up_where_not_all_have_every_phase() {
        let with = Phases::of(0, &[(Phase::Load, 10), (Phase::Run, 30)], 100);
        let without = Phases::of(0, &[(Phase::Run, 20)], 60);
        let mean = Phases::mean(&[with, without]);
        assert_eq!(mean.each, [(Phase::Call, 15.0), (Phase::Load, 10.0), (Phase::Run, 55.0)].into());
        assert_eq!((sum(&mean), mean.whole), (80.0, 80.0));
    }

    #[test]
    fn none_are_asked_for() {
        let artifact = Noop::new().prepare(&Workload::ready(), Temperature::Warm).unwrap();
        assert!(matches!(phases(artifact.as_ref(), 0), Err(ProbeError::Empty { .. })));
        let phases = burst_phases(artifact.as_ref(), 3).unwrap();
        assert!((sum(&phases) - phases.whole).abs() < 1e-6);
    }
}
