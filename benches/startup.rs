//! What a start costs: each runtime at each of its temperatures, programs that do some work before they are ready, whole
//! container lifecycles beside `crun` and `runc`, and bursts of concurrent starts.
//!
//! `cargo bench --bench startup` records; `-- --quick` takes less time; `BURST=200` changes the burst's size from 100.

#[cfg(feature = "wasmtime")]
#[path = "support/bare_wasmtime.rs"]
mod bare_wasmtime;
mod support;

#[cfg(feature = "wasmedge")]
#[path = "support/bare_wasmedge.rs"]
mod bare_wasmedge;

use std::{cell::RefCell, env, error::Error, time::Duration};

use runtime_baseline::{
    Indicator, Isolation, Quantity, Statistic, Temperature, UnavailableRow, Unit,
    probe::{Burst, Interleaved, Lane, LaneError, burst, lifecycle, startup},
    runtime::{Artifact, Registry, Runtime, Workload},
    session::{Figure, Session},
};
use support::{Mode, Place};

/// How many starts a burst releases together: the published figures say 100.
const BURST: u32 = 100;

fn main() -> Result<(), Box<dyn Error>> {
    let mode = Mode::of_this_run();
    let place = Place::of(mode);
    let registry = Registry::of_this_machine();
    let mut session = Session::begin("benches/startup", place.path())?;
    let workload = Workload::ready();
    let mut prepared = Vec::new();
    for runtime in registry.runtimes() {
        for temperature in runtime.temperatures() {
            match runtime.prepare(&workload, *temperature) {
                Ok(artifact) => {
                    let workload = workload.name.clone();
                    prepared.push(Prepared { runtime, workload, temperature: *temperature, artifact });
                }
                Err(error) => {
                    let figure =
                        Figure::new(Indicator::StartupTime, runtime.identity(), &workload.name).at(*temperature);
                    session.unavailable(support::failed(&figure, &error));
                }
            }
        }
    }
    for turns in in_turns(&prepared) {
        single_starts(&mut session, &turns, mode)?;
    }
    working_starts(&mut session, &registry, mode)?;
    lifecycles(&mut session, &prepared, mode)?;
    bursts(&mut session, &prepared, mode)?;
    for refusal in registry.unavailable() {
        let row = |indicator| {
            UnavailableRow::new(refusal.subject.clone(), indicator, refusal.reason.clone(), refusal.remedy.clone())
        };
        session.unavailable(row(Indicator::StartupTime));
        session.unavailable(row(Indicator::StartupP99));
    }
    drop(prepared);
    drop(registry);
    support::finish(session, &place, mode);
    Ok(())
}

/// A workload that is ready to be started.
struct Prepared<'a> {
    runtime: &'a dyn Runtime,
    workload: String,
    temperature: Temperature,
    artifact: Box<dyn Artifact>,
}

impl Prepared<'_> {
    fn name(&self) -> String {
        format!("{}/{}", self.runtime.identity().subject.as_str().replace('/', "-"), self.temperature)
    }

    fn is_contained(&self) -> bool {
        self.runtime.identity().isolation.is_contained()
    }

    fn figure(&self, indicator: Indicator) -> Figure {
        Figure::new(indicator, self.runtime.identity(), &self.workload)
            .at(self.temperature)
            .with_settings(self.artifact.settings())
    }
}

/// Those that take turns with each other: first what is no container, then the containers. A container's start waits for the
/// kernel where none was started shortly before, so what computes for a while must not come between two.
fn in_turns<'a>(prepared: &'a [Prepared<'a>]) -> impl Iterator<Item = Vec<&'a Prepared<'a>>> {
    let (contained, others): (Vec<_>, Vec<_>) = prepared.iter().partition(|one| one.is_contained());
    [others, contained].into_iter().filter(|turns| !turns.is_empty())
}

/// `startup_time`, one at a time.
fn single_starts(session: &mut Session, prepared: &[&Prepared<'_>], mode: Mode) -> Result<(), Box<dyn Error>> {
    let mut figures = Vec::new();
    let mut lanes = Vec::new();
    for one in prepared {
        figures.push(Some(one.figure(Indicator::StartupTime)));
        lanes.push(Lane::new(one.name(), || startup(one.artifact.as_ref())));
    }
    #[cfg(feature = "wasmtime")]
    if prepared.iter().any(|one| one.name() == "wasmtime/warm") {
        let bare = bare_wasmtime::Bare::new(16)?;
        figures.push(None);
        lanes.push(Lane::new("wasmtime/warm by hand", move || {
            let called = runtime_baseline::clock::monotonic();
            let (store, ready) = bare.start().map_err(|e| LaneError::from(e.to_string()))?;
            drop(store);
            Ok::<_, LaneError>(ready - called)
        }));
    }
    #[cfg(feature = "wasmedge")]
    wasmedge_lanes(prepared, &mut lanes)?;
    figures.resize_with(lanes.len(), || None);
    let mut lanes = Interleaved::new(lanes);
    if mode != Mode::Test {
        lanes.warm_up(Duration::from_millis(200));
    }
    let mut criterion = support::criterion(mode, Duration::from_millis(300), Duration::from_secs(2));
    support::measure(&mut criterion, "startup_time", &mut lanes);
    support::record(session, &lanes, &figures, &[Statistic::Median, Statistic::P99])?;
    if mode != Mode::Test {
        support::print_overhead(&lanes, "wasmtime/warm", "wasmtime/warm by hand");
        support::print_overhead(&lanes, "wasmedge-interpreter/cold, whole", "wasmedge-interpreter/cold by hand");
        support::print_overhead(&lanes, "wasmedge-aot/precompiled, whole", "wasmedge-aot/precompiled by hand");
    }
    Ok(())
}

/// `startup_time` of programs that do some work before they are ready. Each runtime with what it can load from disk: code
/// compiled before, where it takes such.
fn working_starts(session: &mut Session, registry: &Registry, mode: Mode) -> Result<(), Box<dyn Error>> {
    let mut prepared = Vec::new();
    // One that runs nothing has no work to do.
    for runtime in registry.runtimes().filter(|runtime| runtime.identity().isolation != Isolation::None) {
        let temperature = runtime.temperatures().iter().rfind(|t| **t != Temperature::Warm);
        let Some(&temperature) = temperature else { continue };
        for workload in [Workload::http_handler(), Workload::compute_kernel()] {
            match runtime.prepare(&workload, temperature) {
                Ok(artifact) => prepared.push(Prepared { runtime, workload: workload.name, temperature, artifact }),
                Err(error) => {
                    let figure =
                        Figure::new(Indicator::StartupTime, runtime.identity(), &workload.name).at(temperature);
                    session.unavailable(support::failed(&figure, &error));
                }
            }
        }
    }
    for turns in in_turns(&prepared) {
        let (mut figures, mut lanes) = (Vec::new(), Vec::new());
        for one in turns {
            figures.push(Some(one.figure(Indicator::StartupTime)));
            lanes.push(Lane::new(format!("{}, {}", one.name(), one.workload), || startup(one.artifact.as_ref())));
        }
        let mut lanes = Interleaved::new(lanes);
        if mode != Mode::Test {
            lanes.warm_up(Duration::from_millis(20));
        }
        lanes.rounds(if mode == Mode::Test { 1 } else { mode.choose(100, 20) });
        support::record(session, &lanes, &figures, &[Statistic::Median, Statistic::P99])?;
    }
    Ok(())
}

/// WasmEdge's calls by hand. The SDK's own way to start ends the instance too, so the adapter's side is whole as well.
#[cfg(feature = "wasmedge")]
fn wasmedge_lanes<'a>(prepared: &[&'a Prepared<'_>], lanes: &mut Vec<Lane<'a>>) -> Result<(), Box<dyn Error>> {
    use bare_wasmedge::Bare;
    type Make = fn() -> Result<Bare, Box<dyn Error>>;
    let makes: [(&str, Make); 2] =
        [("wasmedge-interpreter/cold", Bare::interpreted), ("wasmedge-aot/precompiled", Bare::compiled)];
    for (name, make) in makes {
        let Some(ours) = prepared.iter().find(|one| one.name() == name) else { continue };
        let bare = make()?;
        lanes.push(Lane::new(format!("{name}, whole"), || lifecycle(ours.artifact.as_ref())));
        lanes.push(Lane::new(format!("{name} by hand"), move || {
            let called = runtime_baseline::clock::monotonic();
            let ready =
                bare.load().and_then(|module| bare.start(module)).map_err(|e| LaneError::from(e.to_string()))?;
            let returned = runtime_baseline::clock::monotonic();
            if ready < called || ready > returned {
                return Err(LaneError::from("another clock"));
            }
            Ok::<_, LaneError>(returned - called)
        }));
    }
    Ok(())
}

/// `lifecycle_time` of the containers, those of the command lines that run the same bundle among them.
fn lifecycles(session: &mut Session, prepared: &[Prepared<'_>], mode: Mode) -> Result<(), Box<dyn Error>> {
    let mut figures = Vec::new();
    let mut lanes = Vec::new();
    for one in prepared.iter().filter(|one| one.is_contained()) {
        figures.push(Some(one.figure(Indicator::LifecycleTime)));
        lanes.push(Lane::new(one.name(), || lifecycle(one.artifact.as_ref())));
    }
    if lanes.is_empty() {
        return Ok(());
    }
    let mut lanes = Interleaved::new(lanes);
    if mode != Mode::Test {
        lanes.warm_up(Duration::from_millis(100));
    }
    let mut criterion = support::criterion(mode, Duration::from_millis(300), Duration::from_secs(3));
    support::measure(&mut criterion, "lifecycle_time", &mut lanes);
    support::record(session, &lanes, &figures, &[Statistic::Median, Statistic::P99])?;
    if mode != Mode::Test {
        for peer in ["crun/cold", "runc/cold"] {
            support::print_overhead(&lanes, "container-scratch/cold", peer);
        }
        for wasm in ["container+wasmtime/precompiled", "container+wasmedge/precompiled"] {
            support::print_overhead(&lanes, wasm, "container-scratch/cold");
        }
    }
    Ok(())
}

/// `startup_p99`, and what else a burst says. A burst that loses one start is no burst.
fn bursts(session: &mut Session, prepared: &[Prepared<'_>], mode: Mode) -> Result<(), Box<dyn Error>> {
    let concurrent = match env::var("BURST") {
        Ok(text) => text.parse().map_err(|_| format!("BURST={text}: a number of concurrent starts, such as 100"))?,
        Err(_) if mode == Mode::Test => 10,
        Err(_) => BURST,
    };
    let seen: Vec<RefCell<Vec<Burst>>> = prepared.iter().map(|_| RefCell::default()).collect();
    let mut lanes = Vec::new();
    for (one, seen) in prepared.iter().zip(&seen) {
        lanes.push(Lane::new(one.name(), move || {
            let burst = burst(one.artifact.as_ref(), concurrent as usize)?;
            let elapsed = burst.elapsed;
            seen.borrow_mut().push(burst);
            Ok::<_, LaneError>(elapsed)
        }));
    }
    let mut lanes = Interleaved::new(lanes);
    if mode != Mode::Test {
        // What the first burst pays for (workers, pool slots) is no start's cost.
        lanes.warm_up(Duration::ZERO);
        seen.iter().for_each(|bursts| bursts.borrow_mut().clear());
    }
    // Rounds, not criterion's iterations: a round takes seconds, and 4 bursts of 100 are what a p99 with an interval needs.
    let rounds = if mode == Mode::Test { 1 } else { mode.choose(10, 4) };
    for round in 1..=rounds {
        eprintln!("burst of {concurrent}: round {round} of {rounds}");
        lanes.rounds(1);
    }
    for ((one, lane), bursts) in prepared.iter().zip(lanes.lanes()).zip(&seen) {
        let figure = |indicator| one.figure(indicator).concurrent(concurrent, "cold start");
        let bursts = bursts.borrow();
        if let Some(error) = lane.failure() {
            session.unavailable(support::failed(&figure(Indicator::StartupP99), error));
        } else if !bursts.is_empty() {
            let startup: Vec<u64> = bursts.iter().flat_map(|burst| burst.startup.iter().copied()).collect();
            session.record(&figure(Indicator::StartupP99), &startup, &[Statistic::P99])?;
            session.record(&figure(Indicator::StartupTime), &startup, &[Statistic::Median, Statistic::Max])?;
            let seconds = bursts.iter().map(|burst| burst.elapsed as f64 / 1e9).sum::<f64>();
            let rate = Quantity::new(startup.len() as f64 / seconds, Unit::PerSecond)?;
            session.record_value(&figure(Indicator::StartRate), Statistic::Rate, rate, startup.len() as u64)?;
        }
    }
    Ok(())
}
