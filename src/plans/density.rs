//! How many ready instances live at the same time within a budget, what stopped the next, and how fast they start
//! meanwhile: every runtime of this machine, at the warmest temperature that it has. The budget is memory. Each fill is in
//! fresh processes of its own, and the fills of all runtimes take turns.

use std::{fmt, str::FromStr, thread, time::Duration};

use super::{
    prepared::{described, flat},
    quick::Candidate,
};
use crate::{
    Bound, Indicator, Isolation, Statistic, Temperature, Unit,
    experiment::{Failure, Figure, Lane, LaneError, Pass, Plan, Taken, Turns},
    probe::{self, Budget, Described, Fill, FreshError, ProbeError, Stop, Target, fill},
    runtime::{Registry, Workload},
    samples::{Axis, Curve},
};

/// The memory of the published figures' node.
const NODE: u64 = 8 << 30;

/// The part of it that every fill of a pass uses up: what fits into it is a number, and found within seconds.
const PART: u64 = 256 << 20;

/// How long a fill without a number may take until its last start.
const TIME: Duration = Duration::from_secs(240);

/// Wasmtime with dense pools: recorded as `wasmtime`, whose settings tell it apart.
const DENSE: &str = "wasmtime/dense";

const GROUP: &str = "density";

/// At most so many points of a curve.
const POINTS: usize = 60;

/// The plan of the bench `density`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Density {
    /// How far the fills go.
    pub extent: Extent,
}

/// How far fills go.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Extent {
    /// Until 256 MiB are used up, an instance at a time.
    #[default]
    Pass,
    /// To that many instances.
    Count(usize),
    /// Until the node's 8 GiB are used up.
    All,
}

/// The word for an extent is neither a number nor `all`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} says not how far to fill: a number of instances such as 3000, or all")]
pub struct ExtentError(String);

impl FromStr for Extent {
    type Err = ExtentError;

    fn from_str(text: &str) -> Result<Self, ExtentError> {
        match text {
            "all" => Ok(Self::All),
            _ => text.parse().map(Self::Count).map_err(|_| ExtentError(text.to_owned())),
        }
    }
}

impl Density {
    /// Fills that far.
    #[must_use]
    pub fn to(extent: Extent) -> Self {
        Self { extent }
    }

    /// Declares it.
    ///
    /// # Errors
    /// None of its own.
    pub fn declare(&self, plan: &mut Plan) -> Result<(), LaneError> {
        if !plan.is_first() {
            return Ok(());
        }
        let runtimes = Registry::subjects().into_iter().chain([DENSE.to_owned()]);
        let described = described(plan, runtimes, &[(GROUP, Indicator::Density)]);
        let here: Vec<_> = described.iter().map(|(runtime, _)| runtime.clone()).collect();
        let mut lanes = Vec::new();
        for (runtime, described) in &described {
            let Some(&temperature) = described.temperatures.last() else { continue };
            let candidate = Candidate { identity: &described.identity, temperature, is_warmest: true };
            if !candidate.is_asked(plan, Indicator::Density, &here) {
                continue;
            }
            for case in self.cases(plan.pass(), runtime, described, temperature) {
                let name = case.to_string();
                if plan.wants(GROUP, &name) {
                    lanes.push(case.lane(name, described));
                }
            }
        }
        // A fill to the end of the node's memory takes minutes.
        let rounds = if self.extent == Extent::All { 1 } else { plan.pass().of([6, 6, 1]) };
        plan.fresh(GROUP, Turns { patience: 3 * TIME, ..Turns::rounds(rounds) }, lanes);
        Ok(())
    }

    /// The fills of one runtime.
    fn cases(&self, pass: Pass, runtime: &str, described: &Described, temperature: Temperature) -> Vec<Case> {
        let isolation = described.identity.isolation;
        let contained = isolation.is_contained();
        // A container's start waits for the kernel as much as it computes. In one process, starts wait for each other: all
        // change its mappings.
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let budget = Budget::default().threads(if contained { 2 * cores } else { 1 });
        let case = |budget, processes| Case { runtime: runtime.to_owned(), temperature, budget, processes };
        let counted = |count: usize, processes| case(budget.memory(NODE).count(count), processes);
        let all = |processes| case(budget.memory(NODE).time(TIME), processes);
        let part = |processes| case(budget.memory(PART).time(TIME), processes);
        match (self.extent, runtime) {
            // 900,000 fit, and an engine makes room for 131,072 at most.
            (Extent::All, DENSE) => vec![all(16)],
            (
                Extent::All,
                "container/scratch" | "container/alpine" | "container+wasmedge" | "container+wasmtime"
                | "crun+wasmedge",
            ) => vec![all(1)],
            (Extent::All, _) => Vec::new(),
            (Extent::Count(count), DENSE) => vec![counted(count, 1), counted(count, 4)],
            (Extent::Count(count), _) => vec![counted(count, 1)],
            (Extent::Pass, _) if pass == Pass::Test => vec![counted(if contained { 4 } else { 50 }, 1)],
            // What takes no memory fills none.
            (Extent::Pass, _) if isolation == Isolation::None => vec![counted(pass.of([30_000, 3_000, 50]), 1)],
            (Extent::Pass, DENSE) => vec![part(1), part(4)],
            (Extent::Pass, _) => vec![part(1)],
        }
    }
}

/// One fill: with what, how far, and in how many processes.
struct Case {
    /// The runtime's name.
    runtime: String,
    temperature: Temperature,
    budget: Budget,
    processes: usize,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", flat(&self.runtime), self.temperature)?;
        if self.processes > 1 { write!(f, ", {} processes", self.processes) } else { Ok(()) }
    }
}

impl Case {
    fn lane(self, name: String, described: &Described) -> Lane {
        let threads = self.budget.thread_count() * self.processes;
        let mut figure = Figure::new(Indicator::Density, &described.identity, "ready")
            .at(self.temperature)
            .concurrent(u32::try_from(threads).unwrap_or(u32::MAX), "fill")
            .with_setting("budget", self.budget);
        if self.processes > 1 {
            figure = figure.with_setting("processes", self.processes);
        }
        let whole = figure.clone().of(Indicator::StartRate);
        let (at, end) = (whole.clone().with_setting("around", 100), whole.clone().of_part("the last tenth"));
        let median = &[Statistic::Median];
        Lane::new(name, move |taken: &mut Taken| self.fill(taken))
            .of(figure.clone(), median)
            .of(figure.of(Indicator::MemoryBaseline), median)
            .of(whole, median)
            .of(at, median)
            .of(end, median)
    }

    /// The count, the memory of each, and the rates of the starts. What was seen besides stands with the count.
    fn fill(&self, taken: &mut Taken) -> Result<(), LaneError> {
        let target = Target::new(&self.runtime, Workload::ready(), self.temperature);
        let filled = fill(&Fill::new(target, self.budget).processes(self.processes)).map_err(explained)?;
        let density = filled.density;
        came_to_its_end(density.ready, &density.stopped_by)?;
        for figure in 0..5 {
            taken.settings(figure, filled.settings.clone());
        }
        for figure in 0..2 {
            taken.settings(figure, [("memory_method".to_owned(), density.memory_method.clone())].into());
        }
        taken.push(0, density.ready as f64);
        // What its own budget ended says no more than that as many fit.
        if let Stop::Budget(probe::Bound::Count | probe::Bound::Time) = density.stopped_by {
            taken.bound(0, Bound::Above);
        }
        taken.observe(0, "stopped_by", &density.stopped_by);
        taken.observe(0, "elapsed_ns", density.elapsed());
        taken.observe(0, "check_ns", density.check);
        taken.observe(0, "teardown_ns", density.teardown);
        if let Some(reason) = density.stopped_by.reason() {
            taken.observe(0, "stop_reason", reason);
        }
        let live = || Axis::new("live instances", Unit::Instances);
        if let Some(line) = density.memory_line() {
            taken.push(1, line.slope.max(0.0).round());
            let points = density.memory.iter().map(|reading| (reading.live as f64, reading.bytes as f64)).collect();
            taken.curve(1, Statistic::Slope, &Curve::new(live()?, Axis::new("memory", Unit::Bytes)?, points)?);
        }
        if let Some(rate) = density.rate() {
            taken.push(2, rate);
            let seconds = Axis::new("elapsed", Unit::Nanoseconds)?;
            let every = density.ready_after.len().div_ceil(POINTS).max(1);
            let after = density.ready_after.iter().enumerate().map(|(place, at)| (*at as f64, (place + 1) as f64));
            let last = after.clone().next_back();
            let points = after.step_by(every).chain(last).collect();
            taken.curve(2, Statistic::Rate, &Curve::new(seconds, live()?, points)?);
        }
        if let Some(rate) = density.rate_at(100) {
            taken.push(3, rate);
        }
        if let Some(rate) = density.rate_at_end() {
            taken.push(4, rate);
        }
        Ok(())
    }
}

/// What failed, or was killed, says nothing of how many fit.
fn came_to_its_end(ready: usize, stopped_by: &Stop) -> Result<(), Failure> {
    match stopped_by {
        Stop::Refused(reason) | Stop::Died(reason) => {
            Err(Failure::failed(format!("the fill failed with {ready} instances alive: {reason}")))
        }
        _ => Ok(()),
    }
}

/// A process that the kernel killed for want of memory met a limit of this machine, and did not fail.
fn explained(error: ProbeError) -> LaneError {
    match error {
        ProbeError::Fresh(FreshError::OutOfMemory { .. }) => {
            let reason = format!("limit: memory: {error}");
            let remedy = "raise the memory limit of the run's cgroup, or fill less: DENSITY=1000";
            Failure::refused(reason, remedy).into()
        }
        error => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapter::Resource;

    #[test]
    fn what_failed_is_no_density() {
        for stop in [Stop::Refused("the helper was killed".to_owned()), Stop::Died("2 ended".to_owned())] {
            let failure = came_to_its_end(0, &stop).unwrap_err();
            assert!(!failure.refused && failure.reason.starts_with("the fill failed with 0 instances alive: "));
        }
        let limit = Stop::Limit { resource: Resource::Memory, reason: "the node's".to_owned() };
        for stop in [Stop::Budget(probe::Bound::Count), Stop::Budget(probe::Bound::Memory), limit] {
            assert_eq!(came_to_its_end(7, &stop), Ok(()));
        }
    }
}
