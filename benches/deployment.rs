//! What the usual advice on deployment is worth here: a smaller image, a prewarmed pool, limits of memory and CPU.
//!
//! `cargo bench --bench deployment` records; `-- --quick` takes less time. Start times of the images are recorded by
//! `startup`; here they stand beside the images' bytes.

mod support;

use std::{
    cell::RefCell,
    collections::BTreeMap,
    error::Error,
    time::{Duration, Instant},
};

use runtime_baseline::{
    Indicator, Isolation, Quantity, Statistic, Temperature, UnavailableRow, Unit,
    probe::{Interleaved, Lane, LaneError, Pool, Refill, burst, startup},
    runtime::{Artifact, Identity, Registry, Runtime, RuntimeError, Workload},
    session::{Figure, Session},
    stats::Summary,
};
use support::{Mode, Place};

/// How many instances a pool holds.
const POOL: usize = 64;

fn main() -> Result<(), Box<dyn Error>> {
    let mode = Mode::of_this_run();
    let place = Place::of(mode);
    let registry = Registry::of_this_machine();
    let mut session = Session::begin("benches/deployment", place.path())?;
    timed("images", mode, || images(&registry, mode))?;
    timed("pools", mode, || pools(&mut session, &registry, mode))?;
    timed("limits", mode, || limits(&mut session, mode))?;
    drop(registry);
    support::finish(session, &place, mode);
    Ok(())
}

fn timed<T>(what: &str, mode: Mode, run: impl FnOnce() -> Result<T, Box<dyn Error>>) -> Result<T, Box<dyn Error>> {
    let begin = Instant::now();
    let outcome = run();
    if mode != Mode::Test {
        eprintln!("{what}: {:.1} s", begin.elapsed().as_secs_f64());
    }
    outcome
}

/// The median of a lane's samples, in microseconds, for a printed table.
fn median(lane: &Lane<'_>) -> Option<f64> {
    Summary::of(lane.samples()).ok().map(|summary| summary.median() as f64 / 1e3)
}

fn cell(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.1}"))
}

/// The table of image families: bytes and start time. Not recorded: the figures are those of other benches.
#[cfg(feature = "container")]
fn images(registry: &Registry, mode: Mode) -> Result<(), Box<dyn Error>> {
    use runtime_baseline::{
        launcher::{Launcher, LauncherOptions},
        probe::image_size,
        runtime::container::Container,
    };

    let names = ["container/scratch", "container/busybox", "container/alpine", "container/debian"];
    let runs = |name: &str| registry.runtimes().any(|runtime| runtime.identity().subject.as_str() == name);
    if mode == Mode::Test || !names.into_iter().any(runs) {
        return Ok(());
    }
    let launcher = Launcher::start(LauncherOptions::default())?;
    let made = [Container::scratch(&launcher), Container::busybox(&launcher), Container::alpine(&launcher)];
    let made = made.into_iter().chain([Container::debian(&launcher)]);
    let mut found = Vec::new();
    for image in made.flatten() {
        found.push((image.prepare(&Workload::ready(), Temperature::Cold)?, image));
    }
    let lanes = found
        .iter()
        .map(|(artifact, image)| Lane::new(image.identity().subject.as_str(), || startup(artifact.as_ref())));
    let mut lanes = Interleaved::new(lanes.collect());
    lanes.warm_up(Duration::from_millis(100));
    lanes.rounds(mode.choose(200, 25));
    println!("{:<20} {:>8} {:>14} {:>14} {:>12}", "image", "files", "bytes", "gzip bytes", "start, µs");
    for ((artifact, _), lane) in found.iter().zip(lanes.lanes()) {
        let Some(size) = image_size(artifact.as_ref())? else { continue };
        let packed = size.layer.map_or_else(|| "-".to_owned(), |bytes| bytes.to_string());
        let (files, bytes, start) = (size.files, size.bytes, cell(median(lane)));
        println!("{:<20} {files:>8} {bytes:>14} {packed:>14} {start:>12}", lane.name());
    }
    Ok(())
}

#[cfg(not(feature = "container"))]
fn images(_: &Registry, _: Mode) -> Result<(), Box<dyn Error>> {
    Ok(())
}

/// What is asked of a pool, beside a cold start of the same.
fn pools(session: &mut Session, registry: &Registry, mode: Mode) -> Result<(), Box<dyn Error>> {
    const SUBJECTS: [&str; 5] =
        ["wasmtime", "wasmedge/interpreter", "wasmedge/aot", "container/scratch", "container+wasmedge"];
    let size = if mode == Mode::Test { 2 } else { POOL };
    let mut prepared = Vec::new();
    for runtime in registry.runtimes().filter(|runtime| SUBJECTS.contains(&runtime.identity().subject.as_str())) {
        // What a pool is the alternative to: a start from disk.
        let temperature = runtime.temperatures().iter().rfind(|t| **t != Temperature::Warm);
        let Some(&temperature) = temperature else { continue };
        let figure = |indicator, at: Temperature, settings: BTreeMap<String, String>| {
            let mut figure = Figure::new(indicator, runtime.identity(), format!("ready, pool of {size}"))
                .at(at)
                .concurrent(1, "prewarmed pool")
                .with_settings(settings);
            figure.settings.insert("pool".to_owned(), size.to_string());
            figure.settings.insert("pool_of".to_owned(), format!("{temperature} starts"));
            figure
        };
        match runtime.prepare(&Workload::ready(), temperature) {
            Ok(artifact) => {
                artifact.reserve(size)?;
                let settings = artifact.settings();
                // What it hands out is warm; what fills it is not.
                let handed = figure(Indicator::StartupTime, Temperature::Warm, settings.clone());
                let filled = figure(Indicator::StartRate, temperature, settings);
                prepared.push((runtime.identity().subject.to_string(), artifact, handed, filled));
            }
            Err(error) => {
                let figure = figure(Indicator::StartupTime, Temperature::Warm, BTreeMap::new());
                session.unavailable(support::failed(&figure, &error));
            }
        }
    }
    let refills: Vec<RefCell<Vec<Refill>>> = prepared.iter().map(|_| RefCell::default()).collect();
    let (mut figures, mut lanes) = (Vec::new(), Vec::new());
    for ((name, artifact, handed, _), refills) in prepared.iter().zip(&refills) {
        let mut pool = None;
        figures.push(Some(handed.clone()));
        lanes.push(Lane::new(format!("{name}, pool"), move || {
            let pool = match &mut pool {
                Some(pool) => pool,
                none => none.insert(Pool::filled(artifact.as_ref(), size)?),
            };
            let waited = pool.hand_out()?;
            refills.borrow_mut().push(pool.refill()?);
            Ok::<_, LaneError>(waited)
        }));
        figures.push(None);
        lanes.push(Lane::new(format!("{name}, from disk"), || startup(artifact.as_ref())));
    }
    let mut lanes = Interleaved::new(lanes);
    if mode != Mode::Test {
        lanes.warm_up(Duration::from_millis(100));
        refills.iter().for_each(|refills| refills.borrow_mut().clear());
    }
    lanes.rounds(if mode == Mode::Test { 1 } else { mode.choose(300, 40) });
    support::record(session, &lanes, &figures, &[Statistic::Median, Statistic::P99])?;
    for (((_, _, _, filled), refills), lane) in prepared.iter().zip(&refills).zip(lanes.lanes().iter().step_by(2)) {
        let refills = refills.borrow();
        let (started, elapsed) =
            refills.iter().fold((0, 0), |sum, one| (sum.0 + one.started, sum.1 + one.elapsed.max(1)));
        if lane.failure().is_none() && started > 0 {
            let rate = Quantity::new(started as f64 / (elapsed as f64 / 1e9), Unit::PerSecond)?;
            session.record_value(filled, Statistic::Rate, rate, started as u64)?;
        }
    }
    if mode != Mode::Test {
        println!("{:<22} {:>14} {:>14} {:>10}", "pool of 64", "hand-out, µs", "from disk, µs", "times");
        for (pair, (name, ..)) in lanes.lanes().chunks(2).zip(&prepared) {
            let (pool, cold) = (median(&pair[0]), median(&pair[1]));
            let factor = cold.zip(pool).map(|(cold, pool)| cold / pool.max(0.001));
            println!("{name:<22} {:>14} {:>14} {:>10}", cell(pool), cell(cold), cell(factor));
        }
    }
    Ok(())
}

const MIB: u64 = 1 << 20;

/// Start time and p99 under limits of several sizes.
fn limits(session: &mut Session, mode: Mode) -> Result<(), Box<dyn Error>> {
    let mut limited: Vec<Limited> = Vec::new();
    #[cfg(feature = "container")]
    let _launcher = containers(session, &mut limited)?;
    #[cfg(feature = "wasmtime")]
    for memory in [MIB, 16 * MIB, 256 * MIB] {
        use runtime_baseline::runtime::{Limits, wasmtime::Wasmtime};
        let mut limits = Limits::default();
        limits.memory = memory;
        let runtime = Wasmtime::with_limits(limits)?;
        let made = runtime.prepare(&Workload::ready(), Temperature::Precompiled);
        add(session, &mut limited, runtime.identity(), Temperature::Precompiled, &memory_name(memory), made);
    }
    for subject in ["wasmtime", "wasmedge/aot"] {
        let reason = "fuel and epochs end an instance that ran too long; they do not slow it down to a share of a core";
        let remedy = "limit the process or the container that it runs in: container+wasmtime, container+wasmedge";
        let row = UnavailableRow::new(subject.parse()?, Indicator::StartupTime, reason.to_owned(), remedy.to_owned());
        session.unavailable(row.with_workload("ready, cpu limit"));
    }
    let concurrent: u32 = if mode == Mode::Test { 4 } else { 100 };
    let (mut figures, mut lanes) = (Vec::new(), Vec::new());
    for one in &limited {
        figures.push(Some(one.figure(Indicator::StartupTime)));
        lanes.push(Lane::new(one.name.clone(), || startup(one.artifact.as_ref())));
    }
    let mut lanes = Interleaved::new(lanes);
    if mode != Mode::Test {
        lanes.warm_up(Duration::from_millis(50));
    }
    lanes.rounds(if mode == Mode::Test { 1 } else { mode.choose(100, 10) });
    support::record(session, &lanes, &figures, &[Statistic::Median, Statistic::P99])?;
    let (mut figures, mut bursts) = (Vec::new(), Vec::new());
    for one in &limited {
        let samples = RefCell::new(Vec::new());
        figures.push((one.figure(Indicator::StartupP99).concurrent(concurrent, "cold start"), samples));
    }
    for (one, (_, samples)) in limited.iter().zip(&figures) {
        bursts.push(Lane::new(one.name.clone(), move || {
            let burst = burst(one.artifact.as_ref(), concurrent as usize)?;
            samples.borrow_mut().extend(burst.startup);
            Ok::<_, LaneError>(burst.elapsed)
        }));
    }
    for one in limited.iter().filter(|one| one.identity.isolation == Isolation::InProcess) {
        // What the first burst of a process pays for is no limit's cost.
        let _ = burst(one.artifact.as_ref(), concurrent as usize);
    }
    let mut bursts = Interleaved::new(bursts);
    bursts.rounds(if mode == Mode::Test { 1 } else { mode.choose(4, 1) });
    for (lane, (figure, samples)) in bursts.lanes().iter().zip(&figures) {
        match lane.failure() {
            Some(error) => session.unavailable(support::failed(figure, error)),
            None => session.record(figure, &samples.borrow(), &[Statistic::P99])?,
        }
    }
    if mode != Mode::Test {
        println!("{:<44} {:>12} {:>16}", "limit", "start, µs", "burst p99, µs");
        for (lane, (_, samples)) in lanes.lanes().iter().zip(&figures) {
            let p99 = Summary::of(&samples.borrow()).ok().and_then(|summary| summary.value(Statistic::P99));
            println!("{:<44} {:>12} {:>16}", lane.name(), cell(median(lane)), cell(p99.map(|ns| ns as f64 / 1e3)));
        }
    }
    Ok(())
}

/// A runtime under a limit.
struct Limited {
    name: String,
    identity: Identity,
    temperature: Temperature,
    workload: String,
    artifact: Box<dyn Artifact>,
}

impl Limited {
    fn figure(&self, indicator: Indicator) -> Figure {
        Figure::new(indicator, &self.identity, &self.workload)
            .at(self.temperature)
            .with_settings(self.artifact.settings())
    }
}

fn memory_name(memory: u64) -> String {
    match memory / MIB {
        0 => format!("memory {} KiB", memory >> 10),
        whole => format!("memory {whole} MiB"),
    }
}

/// Keeps what was prepared, or why it could not be.
fn add(
    session: &mut Session,
    limited: &mut Vec<Limited>,
    identity: &Identity,
    temperature: Temperature,
    limit: &str,
    made: Result<Box<dyn Artifact>, RuntimeError>,
) {
    let workload = format!("ready, {limit}");
    // A limit that no start fits into is a row, found before the bursts.
    match made.and_then(|artifact| artifact.start().and_then(|instance| instance.stop()).map(|()| artifact)) {
        Ok(artifact) => limited.push(Limited {
            name: format!("{}, {limit}", identity.subject),
            identity: identity.clone(),
            temperature,
            workload,
            artifact,
        }),
        Err(error) => {
            let (reason, remedy) = match error {
                RuntimeError::Unavailable(refusal) => (refusal.reason, refusal.remedy),
                RuntimeError::MemoryLimit { .. } => (error.to_string(), "raise the limit".to_owned()),
                error => {
                    return session.unavailable(support::failed(
                        &Figure::new(Indicator::StartupTime, identity, workload).at(temperature),
                        &error,
                    ));
                }
            };
            let row = UnavailableRow::new(identity.subject.clone(), Indicator::StartupTime, reason, remedy);
            session.unavailable(row.with_workload(&workload).with_temperature(temperature));
        }
    }
}

/// The scratch image under limits, in the view that can set them. The launcher must outlive what it started.
#[cfg(feature = "container")]
fn containers(
    session: &mut Session,
    limited: &mut Vec<Limited>,
) -> Result<Option<runtime_baseline::launcher::Launcher>, Box<dyn Error>> {
    use runtime_baseline::{
        launcher::{CgroupView, Launcher, LauncherOptions},
        runtime::{Limits, Refusal, RefusalKind, container::Container},
    };

    let Ok(mut launcher) = Launcher::start(LauncherOptions::default()) else { return Ok(None) };
    if !(launcher.limits_memory() && launcher.limits_cpu()) {
        let mut options = LauncherOptions::default();
        options.cgroup_view = CgroupView::Host;
        launcher = Launcher::start(options)?;
    }
    let under = |memory| {
        let mut limits = Limits::default();
        limits.memory = memory;
        Container::scratch(&launcher).map(|scratch| scratch.with_limits(limits))
    };
    let Ok(scratch) = under(Limits::default().memory) else { return Ok(None) };
    // The first is less than a container takes before there is a payload: a row that says so.
    for memory in [64 << 10, MIB, 16 * MIB, 256 * MIB] {
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
        let identity = made.as_ref().map_or(scratch.identity(), |made| made.identity()).clone();
        let made = made.and_then(|made| made.prepare(&Workload::ready(), Temperature::Cold));
        add(session, limited, &identity, Temperature::Cold, &memory_name(memory), made);
    }
    for thousandths in [100, 500, 1000] {
        let made = under(Limits::default().memory).and_then(|scratch| scratch.with_cpu_limit(thousandths));
        let identity = made.as_ref().map_or(scratch.identity(), |made| made.identity()).clone();
        let made = made.and_then(|made| made.prepare(&Workload::ready(), Temperature::Cold));
        let name = format!("cpu {} cores", f64::from(thousandths) / 1000.0);
        add(session, limited, &identity, Temperature::Cold, &name, made);
    }
    Ok(Some(launcher))
}
