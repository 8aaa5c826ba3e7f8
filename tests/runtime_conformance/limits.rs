//! What every engine in this process keeps: each import of WASI, and limits that no module gets past.

use std::time::{Duration, Instant};

use runtime_baseline::runtime::{Limits, Runtime, RuntimeError, Workload};
use rustix::time::{ClockId, clock_gettime};

use crate::{
    Make,
    checks::{enough, run, with_time},
    workloads::{self, Verdict, ready_and},
};

/// The default limits, but for the memory.
fn with_memory(memory: u64) -> Limits {
    let mut limits = Limits::default();
    limits.memory = memory;
    limits
}

/// `workload` gives `verdict` at each temperature.
fn gives(runtime: &dyn Runtime, workload: &Workload, verdict: Verdict) {
    for temperature in runtime.temperatures() {
        let error = run(runtime, workload, *temperature).map(drop).expect_err(&workload.name);
        assert_eq!(Verdict::from(&error), verdict, "{}, {temperature}: {error}", workload.name);
    }
}

/// `workload` says ready at each temperature.
fn is_ready(runtime: &dyn Runtime, workload: &Workload) {
    for temperature in runtime.temperatures() {
        let outcome = run(runtime, workload, *temperature).and_then(|instance| instance.stop());
        outcome.unwrap_or_else(|error| panic!("{}, {temperature}: {error}", workload.name));
    }
}

pub fn every_import_answers_as_wasi_does(make: Make<'_>) {
    is_ready(&*make(Limits::default()), &workloads::every_import());
}

pub fn a_module_that_wants_wasi_but_shows_no_memory_is_invalid(make: Make<'_>) {
    let hidden = workloads::READY.replace(" (export \"memory\")", "");
    gives(&*make(Limits::default()), &Workload::wasm("hidden memory", hidden), Verdict::Invalid);
}

pub fn a_module_that_meets_its_own_maximum_goes_on(make: Make<'_>) {
    let module = workloads::READY.replace(
        "(memory (export \"memory\") 1)",
        "(memory (export \"memory\") 1 2)
         (func $grow (if (i32.ne (memory.grow (i32.const 5)) (i32.const -1)) (then unreachable))) (start $grow)",
    );
    is_ready(&*make(Limits::default()), &Workload::wasm("own maximum", module));
}

pub fn memory_limits_hold_to_the_byte_from_none_to_all(make: Make<'_>) {
    for enough in [64 << 10, u64::MAX] {
        is_ready(&*make(with_memory(enough)), &Workload::ready());
    }
    for too_little in [0, (64 << 10) - 1] {
        gives(&*make(with_memory(too_little)), &Workload::ready(), Verdict::MemoryLimit);
    }
}

/// At the default limits tables may hold 65,536 elements together: one for each 4 KiB.
pub fn a_table_beyond_its_limit_is_the_memory_limit(make: Make<'_>) {
    let runtime = make(Limits::default());
    let grows =
        "(table $t 1 funcref) (func $grow (drop (table.grow $t (ref.null func) (i32.const 1000000)))) (start $grow)";
    for (name, tables) in [
        ("a large table", "(table 1000000 funcref)"),
        ("a table that grows", grows),
        ("tables that are large together", "(table 40000 funcref) (table 40000 funcref)"),
    ] {
        gives(&*runtime, &ready_and(name, tables), Verdict::MemoryLimit);
    }
    is_ready(&*runtime, &ready_and("tables that fit", "(table 30000 funcref) (table 30000 funcref)"));
}

/// CPU time that this thread has used.
fn used() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}

/// What a call gives, the CPU time of this thread that it took, and the time.
fn cost<T>(call: impl FnOnce() -> T) -> (T, Duration, Duration) {
    let (before, begun) = (used(), Instant::now());
    let given = call();
    (given, used() - before, begun.elapsed())
}

/// What never ends is stopped: not before its limit, and not much after it. That is told by the CPU time of the thread that
/// runs it, which other load on the machine makes no longer; what a good workload takes besides is allowed for.
fn is_kept(make: Make<'_>, endless: &Workload) {
    let limit = enough(make, Duration::from_millis(100));
    let runtime = make(with_time(limit));
    let as_large = ready_and("as large", "(func $f (loop $l (br_if $l (i32.const 0))))");
    for temperature in runtime.temperatures() {
        let (good, prepared, _) = cost(|| runtime.prepare(&as_large, *temperature).unwrap());
        let (_, started, _) = cost(|| good.start().unwrap().stop().unwrap());
        // Where it runs while it is prepared, it ends there; else what preparing takes is beside the point.
        let (refused, beside, used, took) = match cost(|| runtime.prepare(endless, *temperature)) {
            (Ok(artifact), ..) => {
                let (ended, used, took) = cost(|| artifact.start().map(drop));
                (ended, started, used, took)
            }
            (Err(error), used, took) => (Err(error), prepared, used, took),
        };
        let error = refused.expect_err("it never ends");
        assert_eq!(Verdict::from(&error), Verdict::TimeLimit, "{temperature}: {error}");
        assert!(took >= limit, "{temperature}: stopped after {took:?}, before its limit of {limit:?}");
        let most = limit * 2 + beside * 3 + Duration::from_millis(50);
        assert!(used <= most, "{temperature}: {used:?} of CPU time at a limit of {limit:?}, {beside:?} for what ends");
    }
}

pub fn a_time_limit_is_kept_from_both_sides(make: Make<'_>) {
    is_kept(make, &workloads::endless());
}

pub fn a_time_limit_holds_in_the_start_section(make: Make<'_>) {
    is_kept(make, &ready_and("a loop in the start section", "(func $loop (loop $again (br $again))) (start $loop)"));
}

pub fn an_endless_time_limit_is_no_overflow(make: Make<'_>) {
    is_ready(&*make(with_time(Duration::MAX)), &Workload::ready());
}

pub fn endless_recursion_fails(make: Make<'_>) {
    let recursion = ready_and("endless recursion", "(func $down (call $down)) (start $down)");
    gives(&*make(Limits::default()), &recursion, Verdict::Failed);
}

pub fn room_that_no_machine_has_is_refused_and_costs_nothing(make: Make<'_>) {
    let runtime = make(Limits::default());
    for temperature in runtime.temperatures() {
        let artifact = runtime.prepare(&Workload::ready(), *temperature).unwrap();
        for concurrent in [usize::MAX, usize::MAX / 4, 1 << 40, 10_000_000] {
            let refused = artifact.reserve(concurrent);
            assert!(matches!(refused, Err(RuntimeError::Full { .. })), "{temperature}, {concurrent}: {refused:?}");
        }
        artifact.reserve(10).unwrap();
        artifact.start().unwrap().stop().unwrap();
    }
}

/// Who compares rows by their settings finds the limits of all under the same names.
pub fn limits_have_their_common_names(make: Make<'_>) {
    let mut limits = with_memory(128 << 20);
    limits.time = Duration::from_secs(7);
    let runtime = make(limits);
    let settings = &runtime.identity().settings;
    for (name, value) in
        [("time_limit", "7s"), ("memory_limit_bytes", "134217728"), ("wasi", "preview1, the adapter's own")]
    {
        assert_eq!(settings.get(name).map(String::as_str), Some(value), "{name}");
    }
}
