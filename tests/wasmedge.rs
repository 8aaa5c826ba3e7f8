//! What WasmEdge alone must show: that each mode runs what its name says, and that starts leave nothing.
#![cfg(feature = "wasmedge")]

use std::{
    collections::HashSet,
    fs,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use runtime_baseline::{
    Temperature::{self, Cold, Precompiled, Warm},
    runtime::{
        Artifact, Limits, Runtime, RuntimeError, Workload,
        wasmedge::{Mode, WasmEdge},
    },
};
use rustix::time::{ClockId, clock_gettime};

/// Each test looks at the whole process: one at a time.
static ALONE: Mutex<()> = Mutex::new(());

fn prepared(mode: Mode, temperature: Temperature, workload: &Workload) -> Box<dyn Artifact> {
    WasmEdge::new(mode).unwrap().prepare(workload, temperature).unwrap()
}

/// CPU time of this thread in the best of three starts of fib(32): no other load can make it shorter.
fn cpu_time_of_fib(mode: Mode, temperature: Temperature) -> Duration {
    let fib = Workload::wasm("compute", *include_bytes!("../fixtures/workloads/compute.wat"));
    let artifact = prepared(mode, temperature, &fib);
    let used = || {
        let now = clock_gettime(ClockId::ThreadCPUTime);
        Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
    };
    let start = || {
        let before = used();
        artifact.start().unwrap();
        used() - before
    };
    [start(), start(), start()].into_iter().min().unwrap()
}

#[test]
fn machine_code_is_many_times_faster_than_the_interpreter() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let interpreted = cpu_time_of_fib(Mode::Interpreter, Warm);
    for (mode, temperature) in [(Mode::Jit, Cold), (Mode::Aot, Precompiled), (Mode::Aot, Warm)] {
        let compiled = cpu_time_of_fib(mode, temperature);
        eprintln!("interpreter {interpreted:?}, {mode} {temperature} {compiled:?}");
        // Compilation included, where it is in the start. 20 times and more where it is not.
        assert!(compiled * 3 < interpreted, "{mode} {temperature}: {compiled:?}, interpreter {interpreted:?}");
    }
}

/// The mappings of this process that hold code.
fn code() -> HashSet<String> {
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let executable = |line: &&str| line.split_whitespace().nth(1).is_some_and(|access| access.contains('x'));
    maps.lines().filter(executable).map(str::to_owned).collect()
}

/// No clock: an instance that runs machine code has a mapping of it, and one that is interpreted has none.
#[test]
fn only_what_is_compiled_maps_code() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    for mode in Mode::ALL {
        let runtime = WasmEdge::new(mode).unwrap();
        for temperature in runtime.temperatures() {
            // What the library maps for itself, at its first start, is not the guest's.
            runtime.prepare(&Workload::ready(), *temperature).unwrap().start().unwrap();
            let before = code();
            let instance = runtime.prepare(&Workload::ready(), *temperature).unwrap().start().unwrap();
            let new = code().difference(&before).count();
            assert_eq!(new > 0, mode != Mode::Interpreter, "{mode} {temperature}: {new} new mappings of code");
            drop(instance);
            assert!(code().is_subset(&before), "{mode} {temperature}: code is left");
        }
    }
}

/// Memory that was written to and is nobody else's, in KiB: a share of the library would change when others map it.
fn memory() -> i64 {
    let rollup = fs::read_to_string("/proc/self/smaps_rollup").unwrap();
    rollup
        .lines()
        .find_map(|line| line.strip_prefix("Private_Dirty:")?.split_whitespace().next()?.parse().ok())
        .unwrap()
}

fn descriptors() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

#[test]
fn two_thousand_starts_leave_no_memory_and_no_descriptor() {
    const STARTS: i64 = 2000;
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    for mode in Mode::ALL {
        let runtime = WasmEdge::new(mode).unwrap();
        for temperature in runtime.temperatures() {
            let artifact = runtime.prepare(&Workload::ready(), *temperature).unwrap();
            // Until the allocators have all that they keep.
            for _ in 0..200 {
                artifact.start().unwrap().stop().unwrap();
            }
            let (memory_before, descriptors_before) = (memory(), descriptors());
            for _ in 0..STARTS {
                artifact.start().unwrap().stop().unwrap();
            }
            let grown = memory() - memory_before;
            assert!(grown < STARTS, "{mode} {temperature}: {grown} KiB more after {STARTS} starts");
            assert_eq!(descriptors(), descriptors_before, "{mode} {temperature}");
        }
    }
}

/// Failures take other ways out of the engine than good starts.
#[test]
fn failures_leave_no_memory_and_no_descriptor() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    const STARTS: i64 = 500;
    macro_rules! fixture {
        ($name:literal) => {
            Workload::wasm($name, *include_bytes!(concat!("../fixtures/workloads/", $name, ".wat")))
        };
    }
    for workload in [fixture!("trap"), fixture!("exit-3"), fixture!("memory-grow"), fixture!("missing-import")] {
        for (mode, temperature) in [(Mode::Interpreter, Cold), (Mode::Aot, Precompiled), (Mode::Aot, Warm)] {
            let artifact = prepared(mode, temperature, &workload);
            let fail = || assert!(artifact.start().is_err());
            (0..STARTS / 2).for_each(|_| fail());
            let (memory_before, descriptors_before) = (memory(), descriptors());
            (0..STARTS).for_each(|_| fail());
            let grown = memory() - memory_before;
            assert!(grown < STARTS, "{} {mode} {temperature}: {grown} KiB after {STARTS} failures", workload.name);
            assert_eq!(descriptors(), descriptors_before, "{} {mode} {temperature}", workload.name);
        }
    }
}

/// One guest's time limit must not stop another, nor the next one.
#[test]
fn a_guest_that_is_stopped_takes_no_other_along() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let endless = Workload::wasm("loop", *include_bytes!("../fixtures/workloads/loop.wat"));
    let mut limits = Limits::default();
    limits.time = Duration::from_millis(200);
    for (mode, temperature) in [(Mode::Interpreter, Warm), (Mode::Aot, Warm), (Mode::Jit, Cold)] {
        let short = WasmEdge::with_limits(mode, limits).unwrap().prepare(&endless, temperature).unwrap();
        let good = prepared(mode, temperature, &Workload::ready());
        std::thread::scope(|scope| {
            let stopped = scope.spawn(|| (0..3).map(|_| short.start().map(drop).unwrap_err()).collect::<Vec<_>>());
            while !stopped.is_finished() {
                good.start().unwrap();
            }
            for error in stopped.join().unwrap() {
                assert!(matches!(error, RuntimeError::TimeLimit { .. }), "{mode}: {error}");
            }
        });
    }
}

#[test]
fn an_error_names_what_is_missing() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let workload = Workload::wasm("missing-import", *include_bytes!("../fixtures/workloads/missing-import.wat"));
    for mode in Mode::ALL {
        let runtime = WasmEdge::new(mode).unwrap();
        let outcome = runtime.prepare(&workload, runtime.temperatures()[0]).and_then(|artifact| artifact.start());
        let error = outcome.map(drop).unwrap_err().to_string();
        assert!(error.contains("unknown import") && error.contains("nowhere"), "{mode}: {error}");
    }
}

/// Concurrent starts of all modes, machine code included, on threads that end.
#[test]
fn a_burst_of_a_hundred() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    for (mode, temperature) in
        [(Mode::Interpreter, Cold), (Mode::Aot, Precompiled), (Mode::Aot, Warm), (Mode::Jit, Cold)]
    {
        let artifact = prepared(mode, temperature, &Workload::ready());
        artifact.reserve(100).unwrap();
        let released = std::sync::Barrier::new(100);
        std::thread::scope(|scope| {
            for _ in 0..100 {
                scope.spawn(|| {
                    released.wait();
                    artifact.start().unwrap().stop().unwrap();
                });
            }
        });
    }
}
