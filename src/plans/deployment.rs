//! What the usual advice on deployment is worth here: a prewarmed pool, limits of memory and CPU. (What a smaller image is
//! worth, the image sizes and start times of the containers say.)

mod limits;

use std::rc::Rc;

use super::{prepared::lane_name, turns};
use crate::{
    Indicator, Statistic, Temperature,
    experiment::{Figure, Lane, LaneError, Pass, Plan, Taken},
    probe::{Pool, startup},
    runtime::{Artifact, Registry, Workload},
};

/// How many instances a pool holds.
const POOL: usize = 64;

/// Whose pools are measured: an interpreter, compiled code, a container, a module in one.
const POOLED: [&str; 5] =
    ["wasmtime", "wasmedge/interpreter", "wasmedge/aot", "container/scratch", "container+wasmedge"];

const GROUP: &str = "pool";

/// The plan of the bench `deployment`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Deployment;

impl Deployment {
    /// Declares it.
    ///
    /// # Errors
    /// [`LaneError`] when this machine's launcher starts in one view of its cgroups and not in another.
    pub fn declare(&self, plan: &mut Plan) -> Result<(), LaneError> {
        pools(plan);
        limits::declare(plan)
    }
}

/// What is asked of a pool, beside a start from disk of the same.
fn pools(plan: &mut Plan) {
    let registry = Registry::of_this_machine();
    let size = if plan.pass() == Pass::Test { 2 } else { POOL };
    let mut lanes = Vec::new();
    for runtime in registry.runtimes().filter(|runtime| POOLED.contains(&runtime.identity().subject.as_str())) {
        // What a pool is the alternative to: a start from disk.
        let temperature = runtime.temperatures().iter().rfind(|t| **t != Temperature::Warm);
        let Some(&temperature) = temperature else { continue };
        let name = lane_name(runtime.identity(), temperature);
        if !plan.wants(GROUP, &name) {
            continue;
        }
        let figure = |indicator, at| {
            Figure::new(indicator, runtime.identity(), "ready")
                .at(at)
                .of_part("pool")
                .concurrent(1, "prewarmed pool")
                .with_setting("pool", size)
                .with_setting("pool_of", format!("{temperature} starts"))
        };
        // What it hands out is warm; what fills it is not.
        let handed = figure(Indicator::StartupTime, Temperature::Warm);
        let filled = figure(Indicator::StartRate, temperature);
        let prepared = runtime.prepare(&Workload::ready(), temperature);
        let artifact: Rc<dyn Artifact> = match prepared.and_then(|artifact| artifact.reserve(size).map(|()| artifact)) {
            Ok(artifact) => Rc::from(artifact),
            Err(error) => {
                plan.refused(&handed, &error);
                continue;
            }
        };
        let (handed, filled) = (handed.with_settings(artifact.settings()), filled.with_settings(artifact.settings()));
        let from_disk = Figure::new(Indicator::StartupTime, runtime.identity(), "ready")
            .at(temperature)
            .of_part("beside a pool")
            .with_settings(artifact.settings());
        let disk = Rc::clone(&artifact);
        let mut pool = None;
        let hand_out = move |taken: &mut Taken| {
            let pool = match &mut pool {
                Some(pool) => pool,
                none => none.insert(Pool::filled(Rc::clone(&artifact), size)?),
            };
            taken.push(0, pool.hand_out()? as f64);
            let refill = pool.refill()?;
            taken.push(1, refill.started as f64 / (refill.elapsed.max(1) as f64 / 1e9));
            Ok::<_, LaneError>(())
        };
        let (median, both) = (&[Statistic::Median], &[Statistic::Median, Statistic::P99]);
        let beside = format!("{name}, from disk");
        plan.compare(GROUP, &beside, &name);
        lanes.push(Lane::new(name, hand_out).of(handed, both).of(filled, median));
        lanes.push(Lane::single(beside, from_disk, median, move || startup(disk.as_ref())));
    }
    plan.group(GROUP, turns(plan, 3_000, 500), lanes);
    plan.keep(registry);
}
