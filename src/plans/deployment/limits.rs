//! Start time and p99 under limits of several sizes.

use std::rc::Rc;

use crate::{
    Indicator, Statistic, Temperature, UnavailableRow,
    experiment::{Failure, Figure, Lane, LaneError, Pass, Plan, Taken, Turns},
    plans::{prepared::flat, turns},
    probe::{ProbeError, burst, startup},
    runtime::{Artifact, Identity, RuntimeError},
    stats::Summary,
};

#[cfg(any(feature = "container", feature = "wasmtime"))]
const MIB: u64 = 1 << 20;

const SINGLE: &str = "limited_start";
const BURST: &str = "limited_burst";

/// Declares it.
pub(super) fn declare(plan: &mut Plan) -> Result<(), LaneError> {
    if !plan.wants_some(SINGLE, "") && !plan.wants_some(BURST, "") {
        return Ok(());
    }
    #[cfg_attr(
        not(any(feature = "container", feature = "wasmtime")),
        expect(unused_mut, reason = "nothing takes limits")
    )]
    let mut limited: Vec<Limited> = Vec::new();
    #[cfg(feature = "container")]
    containers(plan, &mut limited)?;
    #[cfg(feature = "wasmtime")]
    modules(plan, &mut limited)?;
    for subject in ["wasmtime", "wasmedge/aot"] {
        if !plan.wants_some(SINGLE, &flat(subject)) {
            continue;
        }
        let reason = "fuel and epochs end an instance that ran too long; they do not slow it down to a share of a core";
        let remedy = "limit the process or the container that it runs in: container+wasmtime, container+wasmedge";
        let row = UnavailableRow::new(subject.parse()?, Indicator::StartupTime, reason, remedy);
        plan.unavailable(row.with_workload("ready, cpu limit"));
    }
    let (contained, others): (Vec<_>, Vec<_>) =
        limited.into_iter().partition(|one| one.identity.isolation.is_contained());
    for together in [others, contained] {
        singles(plan, &together);
        bursts(plan, &together);
    }
    Ok(())
}

fn singles(plan: &mut Plan, limited: &[Limited]) {
    let lanes = limited.iter().map(|one| {
        let artifact = Rc::clone(&one.artifact);
        let figure = one.figure(Indicator::StartupTime);
        Lane::single(one.name(), figure, &[Statistic::Median, Statistic::P99], move || {
            startup(artifact.as_ref()).map_err(beyond_limit)
        })
    });
    let lanes = lanes.collect();
    plan.group(SINGLE, turns(plan, 2_000, 400), lanes);
}

fn bursts(plan: &mut Plan, limited: &[Limited]) {
    let starts: u32 = if plan.pass() == Pass::Test { 4 } else { 100 };
    let lanes = limited.iter().map(|one| {
        let artifact = Rc::clone(&one.artifact);
        let figure = one.figure(Indicator::StartupP99).concurrent(starts, "cold start");
        let sample = move |taken: &mut Taken| {
            let burst = burst(artifact.as_ref(), starts as usize).map_err(beyond_limit)?;
            taken.push(0, Summary::of(&burst.startup)?.p99() as f64);
            Ok::<_, LaneError>(())
        };
        Lane::new(one.name(), sample).of(figure, &[Statistic::Median])
    });
    let lanes = lanes.collect();
    plan.group(BURST, Turns::rounds(plan.pass().of([3, 1, 1])), lanes);
}

/// That a start asks for more than its limit is what the limit does, and no fault of the run.
fn beyond_limit(error: ProbeError) -> LaneError {
    match error {
        ProbeError::Runtime(error @ RuntimeError::MemoryLimit { .. }) => {
            Failure::refused(error.to_string(), "raise the limit").into()
        }
        error => error.into(),
    }
}

/// A runtime under a limit.
struct Limited {
    identity: Identity,
    temperature: Temperature,
    limit: String,
    artifact: Rc<dyn Artifact>,
}

impl Limited {
    fn name(&self) -> String {
        format!("{}, {}", flat(self.identity.subject.as_str()), self.limit)
    }

    fn figure(&self, indicator: Indicator) -> Figure {
        figure(indicator, &self.identity, self.temperature, &self.limit).with_settings(self.artifact.settings())
    }
}

fn figure(indicator: Indicator, identity: &Identity, temperature: Temperature, limit: &str) -> Figure {
    Figure::new(indicator, identity, "ready").at(temperature).of_part(limit).with_setting("limit", limit)
}

#[cfg(any(feature = "container", feature = "wasmtime"))]
fn memory_name(memory: u64) -> String {
    format!("memory {}", crate::adapter::size(memory))
}

/// Keeps what was prepared, or why it could not be. A limit that no start fits into is a row.
#[cfg(any(feature = "container", feature = "wasmtime"))]
fn add(
    plan: &mut Plan,
    limited: &mut Vec<Limited>,
    identity: &Identity,
    temperature: Temperature,
    limit: String,
    made: Result<Box<dyn Artifact>, RuntimeError>,
) {
    match made.and_then(|artifact| artifact.start().and_then(|instance| instance.stop()).map(|()| artifact)) {
        Ok(artifact) => {
            let (identity, artifact) = (identity.clone(), Rc::from(artifact));
            limited.push(Limited { identity, temperature, limit, artifact });
        }
        Err(error) => {
            let figure = figure(Indicator::StartupTime, identity, temperature, &limit);
            plan.refused(&figure, beyond_limit(error.into()).as_ref());
        }
    }
}

#[cfg(feature = "wasmtime")]
fn modules(plan: &mut Plan, limited: &mut Vec<Limited>) -> Result<(), LaneError> {
    use crate::runtime::{Limits, Runtime, Workload, wasmtime::Wasmtime};

    for memory in [MIB, 16 * MIB, 256 * MIB] {
        let limits = Limits { memory, ..Limits::default() };
        let runtime = Wasmtime::with_limits(limits)?;
        let made = runtime.prepare(&Workload::ready(), Temperature::Precompiled);
        add(plan, limited, runtime.identity(), Temperature::Precompiled, memory_name(memory), made);
    }
    Ok(())
}

/// The scratch image under limits, in the view that can set them.
#[cfg(feature = "container")]
fn containers(plan: &mut Plan, limited: &mut Vec<Limited>) -> Result<(), LaneError> {
    use crate::{
        adapter::{Refusal, RefusalKind},
        launcher::{CgroupView, Launcher, LauncherOptions},
        runtime::{Limits, Runtime, Workload, container::Container},
    };

    let Ok(mut launcher) = Launcher::start(LauncherOptions::default()) else { return Ok(()) };
    if !(launcher.limits_memory() && launcher.limits_cpu()) {
        let options = LauncherOptions { cgroup_view: CgroupView::Host, ..LauncherOptions::default() };
        launcher = Launcher::start(options)?;
    }
    let under = |memory| {
        let limits = Limits { memory, ..Limits::default() };
        Container::scratch(&launcher).map(|scratch| scratch.with_limits(limits))
    };
    let Ok(scratch) = under(Limits::default().memory) else { return Ok(()) };
    // The first is less than a container takes before there is a payload: a row that says so. In 1 MiB one start of hundreds has
    // no room, since the kernel charges ahead. A quick pass asks the least and the most of what starts.
    let (memories, shares): (&[u64], &[u32]) = match plan.pass() {
        Pass::Quick => (&[64 << 10, 4 * MIB, 256 * MIB], &[100, 1000]),
        _ => (&[64 << 10, 4 * MIB, 16 * MIB, 256 * MIB], &[100, 500, 1000]),
    };
    let mut kept = |limit: String, made: Result<Container, RuntimeError>| {
        let identity = made.as_ref().map_or(scratch.identity(), |made| made.identity()).clone();
        let made = made.and_then(|made| made.prepare(&Workload::ready(), Temperature::Cold));
        add(plan, limited, &identity, Temperature::Cold, limit, made);
    };
    for &memory in memories {
        let made = match launcher.limits_memory() {
            true => under(memory),
            false => Err(Refusal::new(
                &scratch.identity().subject,
                RefusalKind::NotSupported,
                format!("no limit of memory: the cgroup view {} has no memory controller", launcher.cgroup()),
                "run it in a cgroup that hands memory and cpu down: tools/in-own-group.sh COMMAND",
            )
            .into()),
        };
        kept(memory_name(memory), made);
    }
    for &thousandths in shares {
        let made = under(Limits::default().memory).and_then(|scratch| scratch.with_cpu_limit(thousandths));
        kept(format!("cpu {} cores", f64::from(thousandths) / 1000.0), made);
    }
    // It must outlive what it started.
    plan.keep(launcher);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_that_its_limit_has_no_room_for_is_no_failure_of_the_run() {
        let beyond = RuntimeError::MemoryLimit { workload: "ready".to_owned(), limit: 4096 };
        let failure = Failure::of(beyond_limit(beyond.into()).as_ref());
        assert!(failure.refused && failure.remedy == "raise the limit", "{failure:?}");
        assert!(
            !Failure::of(&ProbeError::from(RuntimeError::MemoryLimit { workload: "ready".to_owned(), limit: 1 }))
                .refused
        );
    }
}
