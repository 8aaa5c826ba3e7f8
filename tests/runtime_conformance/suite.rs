//! What every runtime keeps, whatever it is.

use std::{
    collections::HashSet,
    fs,
    sync::{Barrier, PoisonError, RwLock},
    thread,
    time::Duration,
};

use runtime_baseline::{
    Temperature, clock,
    runtime::{Artifact, Instance, Limits, Runtime, RuntimeError, Workload},
};

use crate::workloads::{self, Verdict};

/// Which workloads an adapter runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// Whatever it is, because nothing is run.
    Anything,
    /// Wasm modules.
    #[cfg_attr(not(feature = "wasmtime"), allow(dead_code))]
    Wasm,
    /// The native form of the ready workload.
    #[allow(dead_code, reason = "for the adapters that run containers")]
    Native,
}

/// An adapter, as the suite needs it.
pub struct Adapter {
    pub takes: Takes,
    pub make: fn(Limits) -> Result<Box<dyn Runtime>, RuntimeError>,
}

impl Adapter {
    /// `None`, with a word on standard error, where the adapter says that it cannot run here.
    fn with_limits(&self, limits: Limits) -> Option<Box<dyn Runtime>> {
        match (self.make)(limits) {
            Ok(runtime) => Some(runtime),
            Err(RuntimeError::Unavailable(why)) => {
                eprintln!("skipped: {why}");
                None
            }
            Err(error) => panic!("cannot be made: {error}"),
        }
    }

    fn runtime(&self) -> Option<Box<dyn Runtime>> {
        self.with_limits(Limits::default())
    }
}

/// File descriptors are counted for the whole process: that one test runs while no other does.
static ALONE: RwLock<()> = RwLock::new(());

const TEMPERATURES: [Temperature; 3] = [Temperature::Cold, Temperature::Precompiled, Temperature::Warm];

/// Runs `check` with the ready workload, prepared at each temperature.
fn at_each_temperature(adapter: &Adapter, check: impl Fn(&dyn Artifact)) {
    let _shared = ALONE.read().unwrap_or_else(PoisonError::into_inner);
    let Some(runtime) = adapter.runtime() else { return };
    for temperature in runtime.temperatures() {
        eprintln!("{temperature}");
        check(&*prepare(&*runtime, &Workload::ready(), *temperature).unwrap());
    }
}

fn prepare(
    runtime: &dyn Runtime,
    workload: &Workload,
    temperature: Temperature,
) -> Result<Box<dyn Artifact>, RuntimeError> {
    runtime.prepare(workload, temperature)
}

/// Prepares and starts: a bad workload may be refused at either.
fn run(
    runtime: &dyn Runtime,
    workload: &Workload,
    temperature: Temperature,
) -> Result<Box<dyn Instance>, RuntimeError> {
    prepare(runtime, workload, temperature)?.start()
}

/// Starts once and checks that the reading lies within the start.
fn start(artifact: &dyn Artifact) -> Box<dyn Instance> {
    let before = clock::monotonic();
    let instance = artifact.start().unwrap();
    let (ready, after) = (instance.ready_at(), clock::monotonic());
    assert!((before..=after).contains(&ready), "ready at {ready}, started at {before}, returned at {after}");
    instance
}

pub fn its_identity_is_exact(adapter: &Adapter) {
    let Some(runtime) = adapter.runtime() else { return };
    let identity = runtime.identity();
    assert!(!identity.components.is_empty());
    for component in &identity.components {
        assert!(component.version().split('.').count() >= 3, "{component} is not an exact version");
    }
    let names: HashSet<_> = identity.components.iter().map(|component| component.name()).collect();
    assert_eq!(names.len(), identity.components.len(), "a component twice: {:?}", identity.components);
    if adapter.takes != Takes::Anything {
        assert!(!identity.settings.is_empty(), "no settings: a figure could not be repeated");
    }
    let temperatures = runtime.temperatures();
    assert!(!temperatures.is_empty() && temperatures.is_sorted(), "{temperatures:?}, coldest first");
}

pub fn every_temperature_starts_and_stops(adapter: &Adapter) {
    at_each_temperature(adapter, |artifact| {
        start(artifact).stop().unwrap();
        drop(start(artifact));
        start(artifact).stop().unwrap();
    });
}

pub fn settings_and_size_belong_to_the_temperature(adapter: &Adapter) {
    let Some(runtime) = adapter.runtime() else { return };
    for temperature in runtime.temperatures() {
        let artifact = prepare(&*runtime, &Workload::ready(), *temperature).unwrap();
        assert_ne!(artifact.artifact_bytes(), Some(0), "{temperature}: an empty file");
        for name in artifact.settings().keys() {
            assert!(!runtime.identity().settings.contains_key(name), "{temperature}: {name} is said twice");
        }
    }
}

pub fn other_temperatures_are_refused(adapter: &Adapter) {
    let Some(runtime) = adapter.runtime() else { return };
    for temperature in TEMPERATURES.iter().filter(|t| !runtime.temperatures().contains(t)) {
        let refused = prepare(&*runtime, &Workload::ready(), *temperature).map(drop);
        assert!(matches!(refused, Err(RuntimeError::UnsupportedTemperature { .. })), "{temperature}: {refused:?}");
    }
}

pub fn two_instances_live_at_once(adapter: &Adapter) {
    at_each_temperature(adapter, |artifact| {
        artifact.reserve(2).unwrap();
        let (first, second) = (start(artifact), start(artifact));
        assert!(first.ready_at() <= second.ready_at());
        first.stop().unwrap();
        let third = start(artifact);
        second.stop().unwrap();
        third.stop().unwrap();
    });
}

pub fn a_hundred_starts_in_a_row(adapter: &Adapter) {
    at_each_temperature(adapter, |artifact| {
        for _ in 0..100 {
            start(artifact).stop().unwrap();
        }
    });
}

pub fn a_burst_of_16_threads(adapter: &Adapter) {
    const THREADS: usize = 16;
    at_each_temperature(adapter, |artifact| {
        artifact.reserve(THREADS).unwrap();
        let (released, all_ready) = (Barrier::new(THREADS), Barrier::new(THREADS));
        thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    released.wait();
                    let instance = start(artifact);
                    // All of them live at this moment.
                    all_ready.wait();
                    instance.stop().unwrap();
                });
            }
        });
    });
}

pub fn an_artifact_outlives_its_runtime(adapter: &Adapter) {
    let Some(runtime) = adapter.runtime() else { return };
    let _shared = ALONE.read().unwrap_or_else(PoisonError::into_inner);
    let prepared = |temperature: &Temperature| prepare(&*runtime, &Workload::ready(), *temperature).unwrap();
    let artifacts: Vec<_> = runtime.temperatures().iter().map(prepared).collect();
    drop(runtime);
    let instances: Vec<_> = artifacts.iter().map(|artifact| start(&**artifact)).collect();
    drop(artifacts);
    for instance in instances {
        instance.stop().unwrap();
    }
}

pub fn good_workloads_are_ready(adapter: &Adapter) {
    let Some(runtime) = wasm_runtime(adapter, Limits::default()) else { return };
    for workload in workloads::good() {
        for temperature in runtime.temperatures() {
            let artifact = prepare(&*runtime, &workload, *temperature).unwrap();
            eprintln!("{} {temperature}", workload.name);
            start(&*artifact).stop().unwrap();
        }
    }
}

pub fn bad_workloads_give_the_same_error(adapter: &Adapter) {
    let Some(runtime) = wasm_runtime(adapter, Limits::default()) else { return };
    for (workload, verdict) in workloads::bad() {
        is_refused(&*runtime, &workload, verdict);
    }
}

pub fn an_endless_loop_ends_in_the_time_limit(adapter: &Adapter) {
    let mut limits = Limits::default();
    limits.time = Duration::from_millis(200);
    let Some(runtime) = wasm_runtime(adapter, limits) else { return };
    is_refused(&*runtime, &workloads::endless(), Verdict::TimeLimit);
}

/// `workload` gives `verdict`, the same again, and the runtime starts a good one after each.
fn is_refused(runtime: &dyn Runtime, workload: &Workload, verdict: Verdict) {
    let _shared = ALONE.read().unwrap_or_else(PoisonError::into_inner);
    for temperature in runtime.temperatures() {
        let good = prepare(runtime, &Workload::ready(), *temperature).unwrap();
        let name = &workload.name;
        let error = run(runtime, workload, *temperature).map(drop).expect_err(name);
        assert_eq!(Verdict::from(&error), verdict, "{name}, {temperature}: {error}");
        // The offending artifact survives its own failure, where there is one.
        if let Ok(artifact) = prepare(runtime, workload, *temperature) {
            for _ in 0..2 {
                let error = artifact.start().map(drop).expect_err(name);
                assert_eq!(Verdict::from(&error), verdict, "{name}, {temperature}, again: {error}");
            }
        }
        start(&*good).stop().unwrap();
        run(runtime, &Workload::ready(), *temperature).unwrap().stop().unwrap();
    }
}

/// Only adapters that run Wasm can tell a bad module from a good one.
fn wasm_runtime(adapter: &Adapter, limits: Limits) -> Option<Box<dyn Runtime>> {
    if adapter.takes == Takes::Wasm { adapter.with_limits(limits) } else { None }
}

pub fn a_workload_without_a_form_is_refused(adapter: &Adapter) {
    let mut workload = Workload::ready();
    match adapter.takes {
        Takes::Anything => return,
        Takes::Wasm => workload.wasm = None,
        Takes::Native => workload.native = false,
    }
    let Some(runtime) = adapter.runtime() else { return };
    for temperature in runtime.temperatures() {
        let refused = run(&*runtime, &workload, *temperature).map(drop);
        assert!(matches!(refused, Err(RuntimeError::UnsupportedWorkload { .. })), "{temperature}: {refused:?}");
    }
}

pub fn starts_leave_no_file_descriptor(adapter: &Adapter) {
    let _alone = ALONE.write().unwrap_or_else(PoisonError::into_inner);
    let Some(runtime) = adapter.runtime() else { return };
    let open = || fs::read_dir("/proc/self/fd").unwrap().count();
    let without = open();
    for temperature in runtime.temperatures() {
        let artifact = prepare(&*runtime, &Workload::ready(), *temperature).unwrap();
        // What is opened once, at the first start, is not a leak.
        drop(start(&*artifact));
        let before = open();
        for _ in 0..200 {
            drop(start(&*artifact));
        }
        assert_eq!(open(), before, "{temperature}: descriptors after 200 starts");
    }
    drop(runtime);
    assert_eq!(open(), without, "descriptors after the runtime is gone");
}
