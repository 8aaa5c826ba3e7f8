//! What is Wasmtime's own: its pool, its limits beyond the shared suite, its version.

use std::{fs, time::Duration};

use super::*;

const TEMPERATURES: [Temperature; 3] = [Temperature::Cold, Temperature::Precompiled, Temperature::Warm];

/// The ready workload with one more function, exported or run by `rest`.
fn ready_and(rest: &str) -> Workload {
    let ready = include_str!("../../../fixtures/workloads/ready.wat").trim_end();
    let body = ready.strip_suffix(')').unwrap();
    Workload::wasm("test", format!("{body}\n{rest})"))
}

fn run(runtime: &Wasmtime, workload: &Workload, temperature: Temperature) -> Result<(), RuntimeError> {
    runtime.prepare(workload, temperature)?.start().map(drop)
}

fn limited(change: impl FnOnce(&mut Limits)) -> Wasmtime {
    let mut limits = Limits::default();
    change(&mut limits);
    Wasmtime::with_limits(limits).unwrap()
}

#[test]
fn the_version_is_the_one_that_is_locked() {
    let lock = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.lock")).unwrap();
    let wasmtime = Wasmtime::new().unwrap();
    let version = wasmtime.identity().components[0].version();
    assert!(lock.contains(&format!("name = \"wasmtime\"\nversion = \"{version}\"\n")), "{version}");
}

#[test]
fn each_temperature_says_what_it_allocates_with_and_how_large_its_file_is() {
    let wasmtime = Wasmtime::new().unwrap();
    let settings = &wasmtime.identity().settings;
    assert_eq!(
        (&*settings["compiler"], &*settings["opt_level"], &*settings["epoch_tick"]),
        ("cranelift", "speed", "10ms")
    );
    let artifact = |temperature| wasmtime.prepare(&Workload::ready(), temperature).unwrap();
    let [cold, precompiled, warm] = TEMPERATURES.map(artifact);
    assert_eq!(cold.settings()["allocator"], "on-demand");
    assert_eq!(precompiled.settings()["memory_reservation_bytes"], (4u64 << 30).to_string());
    assert_eq!((&*warm.settings()["allocator"], &*warm.settings()["pool_slots"]), ("pooling", "64"));
    assert_eq!(warm.settings()["memory_reservation_bytes"], Limits::default().memory.to_string());
    let wasm = wat::parse_bytes(include_bytes!("../../../fixtures/workloads/ready.wat")).unwrap().len() as u64;
    assert_eq!(cold.artifact_bytes(), Some(wasm));
    assert!(precompiled.artifact_bytes().unwrap() > wasm);
    assert_eq!(warm.artifact_bytes(), None);
}

#[test]
fn a_full_pool_is_an_error_until_there_is_room_again() {
    let wasmtime = Wasmtime::new().unwrap();
    let warm = wasmtime.prepare(&Workload::ready(), Temperature::Warm).unwrap();
    let mut alive: Vec<_> = (0..64).map(|_| warm.start().unwrap()).collect();
    let full = warm.start().map(drop);
    assert!(matches!(full, Err(RuntimeError::Full { .. })), "{full:?}");
    alive.pop();
    alive.push(warm.start().unwrap());
    // A larger pool beside the old one, whose instances live on.
    warm.reserve(100).unwrap();
    assert_eq!(warm.settings()["pool_slots"], "100");
    alive.extend((0..100).map(|_| warm.start().unwrap()));
    assert!(matches!(warm.start().map(drop), Err(RuntimeError::Full { .. })));
    for instance in alive {
        instance.stop().unwrap();
    }
    warm.start().unwrap().stop().unwrap();
}

#[test]
fn what_a_live_instance_maps_is_within_what_is_counted_for_it() {
    let maps = || fs::read_to_string("/proc/self/maps").unwrap().lines().count();
    let wasmtime = Wasmtime::new().unwrap();
    // With a table as well. Other tests run in this process: the count is of many instances, and the least of three.
    let workload = ready_and("(table 10 funcref)");
    for (temperature, counted) in [
        (Temperature::Cold, guest::MAPPINGS),
        (Temperature::Precompiled, guest::MAPPINGS),
        (Temperature::Warm, warm::MAPPINGS),
    ] {
        let each = || {
            let before = maps();
            let artifact = wasmtime.prepare(&workload, temperature).unwrap();
            artifact.reserve(200).unwrap();
            let alive: Vec<_> = (0..200).map(|_| artifact.start().unwrap()).collect();
            let taken = maps().saturating_sub(before);
            drop(alive);
            taken as u64 / 200
        };
        let least = (0..3).map(|_| each()).min().unwrap();
        eprintln!("{temperature}: {least} mappings each");
        assert!(
            (1..=counted).contains(&least),
            "{temperature}: {least} mappings for each instance, {counted} are counted"
        );
    }
}

#[test]
fn a_dense_pool_takes_one_mapping_for_many_slots() {
    let maps = || fs::read_to_string("/proc/self/maps").unwrap().lines().count();
    let wasmtime = Wasmtime::dense().unwrap();
    let each = |instances: usize| {
        let artifact = wasmtime.prepare(&ready_and("(table 10 funcref)"), Temperature::Warm).unwrap();
        artifact.reserve(instances).unwrap();
        let before = maps();
        let alive: Vec<_> = (0..instances).map(|_| artifact.start().unwrap()).collect();
        let taken = maps().saturating_sub(before);
        drop(alive);
        taken
    };
    // Other tests run in this process: the least of three.
    let taken = (0..3).map(|_| each(64 * warm::SLOTS_A_MAPPING)).min().unwrap();
    assert!(taken <= 64, "{taken} mappings");
}

#[test]
fn memory_in_a_dense_pool_does_not_grow_and_the_settings_say_so() {
    let wasmtime = Wasmtime::dense().unwrap();
    let artifact = wasmtime.prepare(&Workload::ready(), Temperature::Warm).unwrap();
    artifact.reserve(30_000).unwrap();
    artifact.start().unwrap().stop().unwrap();
    let settings = artifact.settings();
    assert_eq!((settings["pool_slots"].as_str(), settings["memory_reservation_bytes"].as_str()), ("30000", "65536"));
    assert!(settings["pool_layout"].starts_with("dense"), "{settings:?}");
    let growing = ready_and(
        "(func $grow (if (i32.eq (memory.grow (i32.const 1)) (i32.const -1)) (then (unreachable)))) (start $grow)",
    );
    let refused = run(&wasmtime, &growing, Temperature::Warm);
    assert!(matches!(refused, Err(RuntimeError::MemoryLimit { limit: 65_536, .. })), "{refused:?}");
    run(&wasmtime, &growing, Temperature::Precompiled).unwrap();
    // Slots do not share what they hold: a memory is as the module has it, whatever was in the slot before.
    let dirty = ready_and(
        "(func $dirty (if (i32.load8_u (i32.const 4096)) (then (unreachable))) (i32.store8 (i32.const 4096) (i32.const 1))) (start $dirty)",
    );
    let artifact = wasmtime.prepare(&dirty, Temperature::Warm).unwrap();
    for _ in 0..200 {
        artifact.start().unwrap().stop().unwrap();
    }
    // Nor reach what is beside them.
    for at in ["65536", "65533", "131072", "-1"] {
        let beyond = ready_and(&format!("(func $beyond (i32.store (i32.const {at}) (i32.const 1))) (start $beyond)"));
        let artifact = wasmtime.prepare(&beyond, Temperature::Warm).unwrap();
        let failed = artifact.start().map(drop);
        assert!(matches!(failed, Err(RuntimeError::Failed { .. })), "{at}: {failed:?}");
    }
}

#[test]
fn a_limit_holds_after_the_ticker_slept() {
    let wasmtime = limited(|limits| limits.time = Duration::from_millis(50));
    let workload = ready_and("(func $loop (loop $again (br $again))) (start $loop)");
    while !wasmtime.ticker.is_asleep() {
        std::thread::sleep(ticker::TICK);
    }
    let stopped = run(&wasmtime, &workload, Temperature::Warm);
    assert!(matches!(stopped, Err(RuntimeError::TimeLimit { .. })), "{stopped:?}");
}
