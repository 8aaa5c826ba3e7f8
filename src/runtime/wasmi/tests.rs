//! What is wasmi's own: slices of fuel, the start section, its version.

use std::{
    fs,
    time::{Duration, Instant},
};

use super::*;

const TEMPERATURES: [Temperature; 2] = [Temperature::Cold, Temperature::Warm];

const READY: &str = include_str!("../../../fixtures/workloads/ready.wat");

/// The ready workload with more in the module.
fn ready_and(rest: &str) -> Workload {
    and(READY, rest)
}

fn and(module: &str, rest: &str) -> Workload {
    let body = module.trim_end().strip_suffix(')').unwrap();
    Workload::wasm("test", format!("{body}\n{rest})"))
}

/// Runs it at both temperatures, which end alike.
fn run(change: impl FnOnce(&mut Limits), workload: &Workload) -> Result<(), RuntimeError> {
    let mut limits = Limits::default();
    change(&mut limits);
    let wasmi = Wasmi::with_limits(limits).unwrap();
    let [cold, warm] = TEMPERATURES.map(|temperature| wasmi.prepare(workload, temperature)?.start()?.stop());
    assert_eq!(format!("{cold:?}"), format!("{warm:?}"));
    warm
}

#[test]
fn the_version_is_the_one_that_is_locked_and_the_settings_say_what_bears_on_a_figure() {
    let lock = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.lock")).unwrap();
    let identity = Wasmi::new().unwrap().identity;
    let version = identity.components[0].version();
    assert!(lock.contains(&format!("name = \"wasmi\"\nversion = \"{version}\"\n")), "{version}");
    assert_eq!((&*identity.settings["translation"], &*identity.settings["fuel_slice"]), ("eager", "100000"));
}

#[test]
fn what_a_live_instance_maps_is_within_what_is_counted_for_it() {
    let maps = || fs::read_to_string("/proc/self/maps").unwrap().lines().count();
    let wasmi = Wasmi::new().unwrap();
    // Memory and table are both so large that the allocator maps them. Other tests run in this process: the count is of many
    // instances, and the least of three.
    let large = READY.replace("(export \"memory\") 1)", "(export \"memory\") 10)");
    let workload = and(&large, "(table 40000 funcref)");
    for temperature in TEMPERATURES {
        let artifact = wasmi.prepare(&workload, temperature).unwrap();
        let each = || {
            let before = maps();
            let alive: Vec<_> = (0..50).map(|_| artifact.start().unwrap()).collect();
            let taken = maps().saturating_sub(before);
            drop(alive);
            taken as u64 / 50
        };
        let least = (0..3).map(|_| each()).min().unwrap();
        eprintln!("{temperature}: {least} mappings each");
        // The kernel makes one of neighbours, so that fewer may be seen.
        assert!(least <= guest::MAPPINGS, "{temperature}: {least}, {} are counted", guest::MAPPINGS);
    }
}

#[test]
fn what_runs_before_start_is_an_export_of_the_file_and_nothing_else_changes() {
    let wasmi = Wasmi::new().unwrap();
    let size = |rest: &str| wasmi.prepare(&ready_and(rest), Temperature::Cold).unwrap().artifact_bytes().unwrap();
    let function = "(func $first)";
    assert_eq!(
        size(&format!("{function} (start $first)")),
        size(&format!("{function} (export \"start section\" (func $first))"))
    );
    // A module may have an export of that name.
    run(|_| {}, &ready_and("(func $first (export \"start section\") unreachable) (func $start) (start $start)"))
        .unwrap();
}

#[test]
fn what_runs_before_start_runs_once_and_may_end_the_guest() {
    let first = |body: &str, start: &str| {
        let import = "(import \"wasi_snapshot_preview1\" \"proc_exit\" (func $exit (param i32)))";
        let module = format!(
            "(module {import} (memory (export \"memory\") 1) (global $runs (mut i32) (i32.const 0))
             (func $first (global.set $runs (i32.add (global.get $runs) (i32.const 1))) {body}) (start $first)
             (func (export \"_start\") {start}))"
        );
        run(|_| {}, &Workload::wasm("first", module))
    };
    let once = "(if (i32.ne (global.get $runs) (i32.const 1)) (then unreachable))";
    assert!(matches!(first("", once), Err(RuntimeError::NotReady { .. })));
    // `_start` is not run then.
    assert!(matches!(first("(call $exit (i32.const 0))", "unreachable"), Err(RuntimeError::NotReady { .. })));
    assert!(matches!(first("(call $exit (i32.const 3))", ""), Err(RuntimeError::Failed { .. })));
    assert!(matches!(first("unreachable", ""), Err(RuntimeError::Failed { .. })));
}

#[test]
fn work_of_many_slices_comes_out_right() {
    // Through a table, deep and with values on the stack, some millions of instructions: it is stopped and resumed anywhere.
    let workload = ready_and(
        "(type $f (func (param i32) (result i32))) (table funcref (elem $fib))
         (func $fib (type $f) (if (result i32) (i32.lt_s (local.get 0) (i32.const 2)) (then (local.get 0)) (else
             (i32.add (call_indirect (type $f) (i32.sub (local.get 0) (i32.const 1)) (i32.const 0))
                      (call $fib (i32.sub (local.get 0) (i32.const 2)))))))
         (func $first (if (i32.ne (call $fib (i32.const 25)) (i32.const 75025)) (then unreachable))) (start $first)",
    );
    run(|_| {}, &workload).unwrap();
}

#[test]
fn one_instruction_may_cost_more_than_a_slice_and_is_charged_once() {
    let grow = |limits: &mut Limits| limits.memory = u64::MAX;
    // Of the 2^20 elements that are allowed, in one growth of 125,000 units of fuel.
    let table = |more: &str| {
        ready_and(&format!(
            "(table $t 1 funcref) (func $first
                 (if (i32.ne (table.grow $t (ref.null func) (i32.const 1000000)) (i32.const 1)) (then unreachable)) {more})
             (start $first)"
        ))
    };
    run(grow, &table("")).unwrap();
    run(grow, &table("(drop (table.grow $t (ref.null func) (i32.const 48575)))")).unwrap();
    let beyond = table("(drop (table.grow $t (ref.null func) (i32.const 48576)))");
    assert!(matches!(run(grow, &beyond), Err(RuntimeError::MemoryLimit { .. })));
    let memory = ready_and(
        "(func $first (if (i32.eq (memory.grow (i32.const 1600)) (i32.const -1)) (then unreachable))
             (memory.fill (i32.const 65536) (i32.const 7) (i32.const 104857600))
             (if (i32.ne (i32.load8_u (i32.const 104923135)) (i32.const 7)) (then unreachable))) (start $first)",
    );
    run(|_| {}, &memory).unwrap();
}

#[test]
fn what_a_table_s_own_maximum_refuses_is_not_charged() {
    let workload = ready_and(
        "(table $t 1 10 funcref) (table $u 1 funcref) (func $first (local $n i32)
             (loop $again
                 (if (i32.ne (table.grow $t (ref.null func) (i32.const 50000)) (i32.const -1)) (then unreachable))
                 (br_if $again (i32.lt_s (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 10))))
             (if (i32.eq (table.grow $u (ref.null func) (i32.const 60000)) (i32.const -1)) (then unreachable)))
         (start $first)",
    );
    run(|_| {}, &workload).unwrap();
}

#[test]
fn a_guest_that_is_mostly_in_its_imports_is_stopped_as_well() {
    let module =
        "(module (import \"wasi_snapshot_preview1\" \"random_get\" (func $random (param i32 i32) (result i32)))
        (memory (export \"memory\") 16)
        (func (export \"_start\") (loop $again (drop (call $random (i32.const 0) (i32.const 1048576))) (br $again))))";
    let begun = Instant::now();
    let stopped = run(|limits| limits.time = Duration::from_millis(100), &Workload::wasm("random", module));
    assert!(matches!(stopped, Err(RuntimeError::TimeLimit { .. })), "{stopped:?}");
    // 100,000 such calls, the fuel of a slice, take minutes.
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
}
