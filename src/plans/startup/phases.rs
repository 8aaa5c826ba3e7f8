//! Starts and bursts by phase. Their lanes are apart from those of `startup_time` and of bursts, and come after them: a start
//! with marks is in no other figure.

use std::rc::Rc;

use super::super::prepared::{Prepared, Surrounding};
use crate::{
    Indicator, Isolation, Phase, Statistic,
    experiment::{Figure, Lane, LaneError, Pass, Plan, Taken, Turns},
    probe::{Phases, burst_phases, phases},
};

pub(super) const SINGLE: &str = "startup_phases";
pub(super) const BURST: &str = "burst_phases";

/// Of so many starts the middle one is a sample.
const STARTS: usize = 3;

/// The phases of single starts, of everything but what runs nothing.
pub(super) fn singles<'a>(plan: &mut Plan, prepared: impl Iterator<Item = &'a Prepared>) {
    let lanes = prepared.filter(|one| one.isolation() != Isolation::None).map(|one| {
        let artifact = Rc::clone(&one.artifact);
        lane(one.name(), &one.figure(Indicator::StartupTime), move || Ok(phases(artifact.as_ref(), STARTS)?))
    });
    let lanes = lanes.collect();
    plan.group(SINGLE, Turns::rounds(plan.pass().of([5, 1, 1])), lanes);
}

/// Those of the mean start of a burst. What runs in processes of its own has one phase, whatever it waits for. A quick pass
/// has time for them in the first of its processes.
pub(super) fn bursts<'a>(plan: &mut Plan, starts: u32, prepared: impl Iterator<Item = &'a Prepared>) {
    if plan.pass() == Pass::Quick && !plan.is_first() {
        return;
    }
    let divided = |one: &&Prepared| match one.surrounding() {
        Surrounding::This => one.isolation() != Isolation::None,
        Surrounding::Process => false,
        Surrounding::Container => one.is_made_here(),
    };
    let lanes = prepared.filter(divided).map(|one| {
        let artifact = Rc::clone(&one.artifact);
        let figure = one.figure(Indicator::StartupTime).concurrent(starts, "cold start");
        lane(one.name(), &figure, move || Ok(burst_phases(artifact.as_ref(), starts as usize)?))
    });
    let lanes = lanes.collect();
    plan.group(BURST, Turns::rounds(plan.pass().of([2, 1, 1])), lanes);
}

/// The whole first, then every phase: those that a start does not have stay without a sample, and are no figure.
fn lane(name: String, of: &Figure, measure: impl Fn() -> Result<Phases, LaneError> + 'static) -> Lane {
    let sample = move |taken: &mut Taken| {
        let phases = measure()?;
        // The mean of a burst lies between two nanoseconds.
        taken.push(0, phases.whole.round());
        for (place, phase) in Phase::ALL.iter().enumerate() {
            phases.each.get(phase).into_iter().for_each(|took| taken.push(1 + place, took.round()));
        }
        Ok::<_, LaneError>(())
    };
    let lane = Lane::new(name, sample).of(of.clone().of_part(Phase::WHOLE), &[Statistic::Mean]);
    Phase::ALL.iter().fold(lane, |lane, phase| lane.of(of.clone().of_part(phase.part()), &[Statistic::Mean]))
}
