//! What a start costs: each runtime at each of its temperatures, programs that do some work before they are ready, whole
//! container lifecycles beside `crun` and `runc`, bursts of concurrent starts, and where the time of starts and bursts goes.

mod phases;

use std::{rc::Rc, time::Duration};

use super::{
    by_hand,
    prepared::{Prepared, Surrounding, lane_name},
    turns,
};
use crate::{
    Indicator, Isolation, Statistic, Temperature,
    experiment::{Lane, LaneError, Pass, Plan, Taken, Turns},
    probe::{burst, lifecycle, startup},
    runtime::{Registry, Workload},
    stats::Summary,
};

/// The plan of the bench `startup`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Startup {
    /// How many starts a burst releases together.
    pub burst: u32,
}

/// 100 at once, as the published figures say.
impl Default for Startup {
    fn default() -> Self {
        Self { burst: 100 }
    }
}

const SINGLE: &str = "startup_time";
const LIFECYCLE: &str = "lifecycle_time";
const BURST: &str = "startup_burst";

/// How long a turn of bursts in this process may go on: eight of the fastest, and one of a compiler that takes longer.
const BURSTS_FOR: Duration = Duration::from_millis(40);

impl Startup {
    /// Bursts of so many starts.
    #[must_use]
    pub fn with_burst(mut self, starts: u32) -> Self {
        self.burst = starts;
        self
    }

    /// Declares it.
    ///
    /// # Errors
    /// [`LaneError`] when the calls by hand that stand beside an adapter cannot be made.
    pub fn declare(&self, plan: &mut Plan) -> Result<(), LaneError> {
        let registry = Registry::of_this_machine();
        let prepared = ready(plan, &registry);
        let around = |surrounding| prepared.iter().filter(move |one| one.surrounding() == surrounding);
        let here: Vec<_> = prepared.iter().map(|one| one.subject().to_owned()).collect();
        for surrounding in Surrounding::ALL {
            single_starts(plan, around(surrounding))?;
        }
        working_starts(plan, &registry);
        lifecycles(plan, around(Surrounding::Container));
        // Before a burst leaves a hundred workers behind: single starts are made by one.
        for surrounding in Surrounding::ALL {
            phases::singles(plan, around(surrounding));
        }
        for surrounding in Surrounding::ALL {
            // A burst in this process takes as long as one start elsewhere: milliseconds, of which the scheduler has most, so that a
            // turn has several. A first one also writes to pages for the first time, which takes a hundred times as long as a warm
            // start; elsewhere each start has pages of its own.
            let turns = match surrounding {
                Surrounding::This => Turns::rounds(plan.pass().of([8, 2, 1]))
                    .of(plan.pass().of([8, 8, 1]))
                    .cut_after(BURSTS_FOR)
                    .warmed_up(),
                _ => Turns::rounds(plan.pass().of([4, 1, 1])),
            };
            let of_a_burst = [Indicator::StartupP99, Indicator::StartRate];
            let is_asked = |one: &&Prepared| of_a_burst.iter().any(|it| one.candidate().is_asked(plan, *it, &here));
            let asked: Vec<_> = around(surrounding).filter(is_asked).collect();
            self.bursts(plan, turns, asked.into_iter());
        }
        for surrounding in Surrounding::ALL {
            phases::bursts(plan, self.starts(plan), around(surrounding));
        }
        for refusal in registry.unavailable() {
            plan.without(refusal, &[Indicator::StartupTime, Indicator::StartupP99]);
        }
        plan.keep(registry);
        Ok(())
    }

    fn starts(&self, plan: &Plan) -> u32 {
        if plan.pass() == Pass::Test { 10 } else { self.burst }
    }

    /// `startup_p99`, and what else a burst says: each burst's own 99th percentile, median and rate is one sample, since the
    /// starts of one burst are not independent of each other.
    fn bursts<'a>(&self, plan: &mut Plan, turns: Turns, prepared: impl Iterator<Item = &'a Prepared>) {
        let starts = self.starts(plan);
        let lanes = prepared.map(|one| {
            let figure = |indicator| one.figure(indicator).concurrent(starts, "cold start");
            let artifact = Rc::clone(&one.artifact);
            let sample = move |taken: &mut Taken| {
                let burst = burst(artifact.as_ref(), starts as usize)?;
                let startup = Summary::of(&burst.startup)?;
                taken.push(0, startup.p99() as f64);
                taken.push(1, startup.median() as f64);
                taken.push(2, burst.rate());
                Ok::<_, LaneError>(())
            };
            Lane::new(one.name(), sample)
                .of(figure(Indicator::StartupP99), &[Statistic::Median])
                .of(figure(Indicator::StartupTime), &[Statistic::Median])
                .of(figure(Indicator::StartRate), &[Statistic::Median])
        });
        let lanes = lanes.collect();
        // Workers and pool slots are reserved before a burst is timed.
        plan.group(BURST, turns, lanes);
    }
}

/// Every runtime at each of its temperatures with the workload that only says *ready*, where a lane of it was asked for.
fn ready(plan: &mut Plan, registry: &Registry) -> Vec<Prepared> {
    let workload = Workload::ready();
    let mut prepared = Vec::new();
    for runtime in registry.runtimes() {
        for temperature in runtime.temperatures() {
            let name = lane_name(runtime.identity(), *temperature);
            if [SINGLE, LIFECYCLE, BURST, phases::SINGLE, phases::BURST].iter().any(|group| plan.wants(group, &name)) {
                prepared.extend(Prepared::of(plan, runtime, &workload, *temperature, &[Indicator::StartupTime]));
            }
        }
    }
    prepared
}

/// `startup_time`, one at a time.
fn single_starts<'a>(plan: &mut Plan, prepared: impl Iterator<Item = &'a Prepared>) -> Result<(), LaneError> {
    let mut lanes = Vec::new();
    for one in prepared {
        let artifact = Rc::clone(&one.artifact);
        let figure = one.figure(Indicator::StartupTime);
        lanes.push(Lane::single(one.name(), figure, &[Statistic::Median, Statistic::P99], move || {
            startup(artifact.as_ref())
        }));
        lanes.extend(by_hand::starts(plan, SINGLE, one)?);
    }
    plan.group(SINGLE, turns(plan, 4_000, 1_000), lanes);
    Ok(())
}

/// `startup_time` of programs that do some work before they are ready. Each runtime with what it can load from disk: code
/// compiled before, where it takes such.
fn working_starts(plan: &mut Plan, registry: &Registry) {
    const GROUP: &str = "startup_time_of_work";
    let mut prepared = Vec::new();
    // One that runs nothing has no work to do.
    for runtime in registry.runtimes().filter(|runtime| runtime.identity().isolation != Isolation::None) {
        let temperature = runtime.temperatures().iter().rfind(|t| **t != Temperature::Warm);
        let Some(&temperature) = temperature else { continue };
        for workload in [Workload::http_handler(), Workload::compute_kernel()] {
            let name = format!("{}, {}", lane_name(runtime.identity(), temperature), workload.name);
            if plan.wants(GROUP, &name) {
                let one = Prepared::of(plan, runtime, &workload, temperature, &[Indicator::StartupTime]);
                prepared.extend(one.map(|one| (name, one)));
            }
        }
    }
    for surrounding in Surrounding::ALL {
        let together = prepared.iter().filter(|(_, one)| one.surrounding() == surrounding).cloned();
        let lanes = together.map(|(name, one)| {
            let figure = one.figure(Indicator::StartupTime);
            Lane::single(name, figure, &[Statistic::Median, Statistic::P99], move || startup(one.artifact.as_ref()))
        });
        let lanes = lanes.collect();
        plan.group(GROUP, turns(plan, 3_000, 600).of(3), lanes);
    }
}

/// `lifecycle_time` of the containers, those of the command lines that run the same bundle among them.
fn lifecycles<'a>(plan: &mut Plan, contained: impl Iterator<Item = &'a Prepared>) {
    let lanes = contained.map(|one| {
        let (figure, artifact) = (one.figure(Indicator::LifecycleTime), Rc::clone(&one.artifact));
        Lane::single(one.name(), figure, &[Statistic::Median, Statistic::P99], move || lifecycle(artifact.as_ref()))
    });
    let lanes: Vec<_> = lanes.collect();
    let names: Vec<String> = lanes.iter().map(|lane| lane.name().to_owned()).collect();
    plan.group(LIFECYCLE, turns(plan, 4_000, 1_000), lanes);
    let pairs = [
        ("container-scratch/cold", "crun/cold"),
        ("container-scratch/cold", "runc/cold"),
        ("container+wasmtime/precompiled", "container-scratch/cold"),
        ("container+wasmedge/precompiled", "container-scratch/cold"),
        ("container+wasmedge/cold", "crun+wasmedge/cold"),
    ];
    for (lane, with) in pairs {
        // What cannot run here has a row that says so.
        if names.iter().any(|name| name == lane) && names.iter().any(|name| name == with) {
            plan.compare(LIFECYCLE, lane, with);
        }
    }
}
