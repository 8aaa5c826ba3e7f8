//! What every runtime keeps, whatever it is.

use std::{
    collections::HashSet,
    fs,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::Barrier,
    thread,
    time::{Duration, Instant},
};

use runtime_baseline::{
    Isolation, Temperature, clock,
    probe::{Bound, Budget, Stop, density},
    runtime::{Artifact, Instance, Limits, Runtime, RuntimeError, Workload},
};

use crate::{
    Make,
    workloads::{self, Verdict},
};

const TEMPERATURES: [Temperature; 3] = [Temperature::Cold, Temperature::Precompiled, Temperature::Warm];

/// Runs `check` with the ready workload, prepared at each temperature.
fn at_each_temperature(make: Make<'_>, check: impl Fn(&dyn Artifact)) {
    let runtime = make(Limits::default());
    for temperature in runtime.temperatures() {
        let artifact = runtime.prepare(&Workload::ready(), *temperature).unwrap();
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| check(&*artifact))) {
            eprintln!("{}, {temperature}", runtime.identity().subject);
            resume_unwind(panic);
        }
    }
}

/// The default limits, but for the time.
pub fn with_time(time: Duration) -> Limits {
    let mut limits = Limits::default();
    limits.time = time;
    limits
}

/// Prepares and starts: a bad workload may be refused at either.
pub fn run(
    runtime: &dyn Runtime,
    workload: &Workload,
    temperature: Temperature,
) -> Result<Box<dyn Instance>, RuntimeError> {
    runtime.prepare(workload, temperature)?.start()
}

/// Starts once and checks that the reading lies within the start.
fn start(artifact: &dyn Artifact) -> Box<dyn Instance> {
    let before = clock::monotonic();
    let instance = artifact.start().unwrap();
    let (ready, after) = (instance.ready_at(), clock::monotonic());
    assert!((before..=after).contains(&ready), "ready at {ready}, started at {before}, returned at {after}");
    instance
}

pub fn its_identity_is_exact(make: Make<'_>) {
    let runtime = make(Limits::default());
    let identity = runtime.identity();
    assert!(!identity.components.is_empty());
    for component in &identity.components {
        // Debian's point releases have two parts: 12.13.
        let parts = if component.name() == "debian" { 2 } else { 3 };
        assert!(component.version().split('.').count() >= parts, "{component} is not an exact version");
    }
    let names: HashSet<_> = identity.components.iter().map(|component| component.name()).collect();
    assert_eq!(names.len(), identity.components.len(), "a component twice: {:?}", identity.components);
    let temperatures = runtime.temperatures();
    assert!(!temperatures.is_empty() && temperatures.is_sorted(), "{temperatures:?}, coldest first");
}

pub fn settings_make_a_figure_repeatable(make: Make<'_>) {
    let runtime = make(Limits::default());
    assert!(!runtime.identity().settings.is_empty());
}

pub fn every_temperature_starts_and_stops(make: Make<'_>) {
    at_each_temperature(make, |artifact| {
        start(artifact).stop().unwrap();
        drop(start(artifact));
        start(artifact).stop().unwrap();
    });
}

pub fn settings_and_size_belong_to_the_temperature(make: Make<'_>) {
    let runtime = make(Limits::default());
    for temperature in runtime.temperatures() {
        let artifact = runtime.prepare(&Workload::ready(), *temperature).unwrap();
        assert_ne!(artifact.artifact_bytes(), Some(0), "{temperature}: an empty file");
        for name in artifact.settings().keys() {
            assert!(!runtime.identity().settings.contains_key(name), "{temperature}: {name} is said twice");
        }
    }
}

pub fn other_temperatures_are_refused(make: Make<'_>) {
    let runtime = make(Limits::default());
    for temperature in TEMPERATURES.iter().filter(|t| !runtime.temperatures().contains(t)) {
        let refused = runtime.prepare(&Workload::ready(), *temperature).map(drop);
        assert!(matches!(refused, Err(RuntimeError::UnsupportedTemperature { .. })), "{temperature}: {refused:?}");
    }
}

pub fn two_instances_live_at_once(make: Make<'_>) {
    at_each_temperature(make, |artifact| {
        artifact.reserve(2).unwrap();
        let (first, second) = (start(artifact), start(artifact));
        assert!(first.ready_at() <= second.ready_at());
        first.stop().unwrap();
        let third = start(artifact);
        second.stop().unwrap();
        third.stop().unwrap();
    });
}

pub fn what_is_ready_lives_until_it_is_stopped(make: Make<'_>) {
    let runtime = make(Limits::default());
    if runtime.identity().isolation == Isolation::Process {
        // A command line ends with its module.
        return;
    }
    at_each_temperature(make, |artifact| {
        let filled = density(artifact, Budget::default().count(20).threads(2)).unwrap();
        assert_eq!((filled.ready, filled.died, filled.stopped_by), (20, 0, Stop::Budget(Bound::Count)));
    });
}

pub fn a_hundred_starts_in_a_row(make: Make<'_>) {
    at_each_temperature(make, |artifact| {
        for _ in 0..100 {
            start(artifact).stop().unwrap();
        }
    });
}

pub fn a_burst_of_16_threads(make: Make<'_>) {
    const THREADS: usize = 16;
    at_each_temperature(make, |artifact| {
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

pub fn an_artifact_outlives_its_runtime(make: Make<'_>) {
    let runtime = make(Limits::default());
    let prepared = |temperature: &Temperature| runtime.prepare(&Workload::ready(), *temperature).unwrap();
    let artifacts: Vec<_> = runtime.temperatures().iter().map(prepared).collect();
    drop(runtime);
    let instances: Vec<_> = artifacts.iter().map(|artifact| start(&**artifact)).collect();
    drop(artifacts);
    for instance in instances {
        instance.stop().unwrap();
    }
}

pub fn a_lifecycle_is_over_when_it_returns(make: Make<'_>) {
    at_each_temperature(make, |artifact| {
        for _ in 0..3 {
            let before = clock::monotonic();
            let ready = artifact.lifecycle().unwrap();
            assert!((before..=clock::monotonic()).contains(&ready));
        }
        start(artifact).stop().unwrap();
    });
}

pub fn good_workloads_are_ready(make: Make<'_>) {
    let runtime = make(Limits::default());
    for workload in workloads::good() {
        for temperature in runtime.temperatures() {
            let artifact = runtime.prepare(&workload, *temperature).unwrap();
            let stopped = artifact.start().and_then(|instance| instance.stop());
            stopped.unwrap_or_else(|error| panic!("{} {temperature}: {error}", workload.name));
        }
    }
}

pub fn bad_workloads_give_the_same_error(make: Make<'_>) {
    let runtime = make(Limits::default());
    for (workload, verdict) in workloads::bad() {
        is_refused(&*runtime, &workload, verdict);
    }
}

/// A limit of time of at least `least` that a good workload keeps, however busy the machine is.
pub fn enough(make: Make<'_>, least: Duration) -> Duration {
    let runtime = make(Limits::default());
    let starts = runtime.temperatures().iter().map(|temperature| {
        let begun = Instant::now();
        run(&*runtime, &Workload::ready(), *temperature).unwrap().stop().unwrap();
        begun.elapsed()
    });
    starts.fold(least, |most, start| most.max(start * 4))
}

pub fn an_endless_loop_ends_in_the_time_limit(make: Make<'_>) {
    let runtime = make(with_time(enough(make, Duration::from_millis(400))));
    is_refused(&*runtime, &workloads::endless(), Verdict::TimeLimit);
}

/// `workload` gives `verdict`, the same again, and the runtime starts a good one after each.
fn is_refused(runtime: &dyn Runtime, workload: &Workload, verdict: Verdict) {
    for temperature in runtime.temperatures() {
        let good = runtime.prepare(&Workload::ready(), *temperature).unwrap();
        let name = &workload.name;
        let error = run(runtime, workload, *temperature).map(drop).expect_err(name);
        assert_eq!(Verdict::from(&error), verdict, "{name}, {temperature}: {error}");
        // The offending artifact survives its own failure, where there is one.
        if let Ok(artifact) = runtime.prepare(workload, *temperature) {
            for _ in 0..2 {
                let error = artifact.start().map(drop).expect_err(name);
                assert_eq!(Verdict::from(&error), verdict, "{name}, {temperature}, again: {error}");
            }
        }
        start(&*good).stop().unwrap();
        run(runtime, &Workload::ready(), *temperature).unwrap().stop().unwrap();
    }
}

pub fn a_wasm_form_is_needed(make: Make<'_>) {
    let mut workload = Workload::ready();
    workload.wasm = None;
    is_unsupported(make, &workload);
}

pub fn a_native_form_is_needed(make: Make<'_>) {
    let mut workload = Workload::ready();
    workload.native = false;
    is_unsupported(make, &workload);
}

fn is_unsupported(make: Make<'_>, workload: &Workload) {
    let runtime = make(Limits::default());
    for temperature in runtime.temperatures() {
        let refused = run(&*runtime, workload, *temperature).map(drop);
        assert!(matches!(refused, Err(RuntimeError::UnsupportedWorkload { .. })), "{temperature}: {refused:?}");
    }
}

pub fn starts_leave_no_file_descriptor(make: Make<'_>) {
    let open = || fs::read_dir("/proc/self/fd").unwrap().count();
    let without = open();
    let runtime = make(Limits::default());
    for temperature in runtime.temperatures() {
        let artifact = runtime.prepare(&Workload::ready(), *temperature).unwrap();
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
