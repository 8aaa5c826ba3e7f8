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
fn room_that_no_machine_has_is_refused_and_costs_nothing() {
    let wasmtime = Wasmtime::new().unwrap();
    for temperature in TEMPERATURES {
        let artifact = wasmtime.prepare(&Workload::ready(), temperature).unwrap();
        for concurrent in [usize::MAX, usize::MAX / 4, 1 << 40, 10_000_000] {
            let refused = artifact.reserve(concurrent);
            assert!(matches!(refused, Err(RuntimeError::Full { .. })), "{temperature}, {concurrent}: {refused:?}");
        }
        artifact.reserve(10).unwrap();
        artifact.start().unwrap().stop().unwrap();
    }
}

#[test]
fn what_a_live_instance_maps_is_within_what_is_counted_for_it() {
    let maps = || fs::read_to_string("/proc/self/maps").unwrap().lines().count();
    let wasmtime = Wasmtime::new().unwrap();
    // With a table as well. Other tests run in this process: the count is of many instances, and the least of three.
    let workload = ready_and("(table 10 funcref)");
    for (temperature, counted) in [
        (Temperature::Cold, cold::MAPPINGS),
        (Temperature::Precompiled, precompiled::MAPPINGS),
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
fn a_table_beyond_its_limit_is_the_memory_limit() {
    let wasmtime = Wasmtime::new().unwrap();
    let large = ready_and("(table 1000000 funcref)");
    let grows = ready_and(
        "(table $t 1 funcref) (func $grow (drop (table.grow $t (ref.null func) (i32.const 1000000)))) (start $grow)",
    );
    let together = ready_and("(table 40000 funcref) (table 40000 funcref)");
    let fits = ready_and("(table 30000 funcref) (table 30000 funcref)");
    for temperature in TEMPERATURES {
        for workload in [&large, &grows, &together] {
            let refused = run(&wasmtime, workload, temperature);
            assert!(matches!(refused, Err(RuntimeError::MemoryLimit { .. })), "{temperature}: {refused:?}");
        }
        run(&wasmtime, &fits, temperature).unwrap();
    }
}

#[test]
fn a_module_that_meets_its_own_maximum_goes_on() {
    let wasmtime = Wasmtime::new().unwrap();
    let workload = Workload::wasm(
        "own maximum",
        include_str!("../../../fixtures/workloads/ready.wat").replace("(memory (export \"memory\") 1)", {
            "(memory (export \"memory\") 1 2)
             (func $grow (if (i32.ne (memory.grow (i32.const 5)) (i32.const -1)) (then unreachable))) (start $grow)"
        }),
    );
    for temperature in TEMPERATURES {
        run(&wasmtime, &workload, temperature).unwrap();
    }
}

#[test]
fn memory_limits_hold_to_the_byte_from_none_to_all() {
    let exact = limited(|limits| limits.memory = 64 << 10);
    let below = limited(|limits| limits.memory = (64 << 10) - 1);
    let none = limited(|limits| limits.memory = 0);
    let all = limited(|limits| limits.memory = u64::MAX);
    for temperature in TEMPERATURES {
        run(&exact, &Workload::ready(), temperature).unwrap();
        run(&all, &Workload::ready(), temperature).unwrap();
        for runtime in [&below, &none] {
            let refused = run(runtime, &Workload::ready(), temperature);
            assert!(matches!(refused, Err(RuntimeError::MemoryLimit { .. })), "{temperature}: {refused:?}");
        }
    }
}

#[test]
fn a_loop_in_the_start_section_ends_in_the_time_limit_also_after_the_ticker_slept() {
    let wasmtime = limited(|limits| limits.time = Duration::from_millis(50));
    let workload = ready_and("(func $loop (loop $again (br $again))) (start $loop)");
    for temperature in TEMPERATURES {
        let stopped = run(&wasmtime, &workload, temperature);
        assert!(matches!(stopped, Err(RuntimeError::TimeLimit { .. })), "{temperature}: {stopped:?}");
    }
    std::thread::sleep(ticker::TICK * (ticker::LINGER + 20));
    assert!(wasmtime.ticker.is_asleep(), "nothing ran for longer than it lingers");
    let stopped = run(&wasmtime, &workload, Temperature::Warm);
    assert!(matches!(stopped, Err(RuntimeError::TimeLimit { .. })), "{stopped:?}");
}

#[test]
fn an_endless_time_limit_is_no_overflow() {
    let wasmtime = limited(|limits| limits.time = Duration::MAX);
    run(&wasmtime, &Workload::ready(), Temperature::Warm).unwrap();
}

#[test]
fn endless_recursion_fails() {
    let wasmtime = Wasmtime::new().unwrap();
    let workload = ready_and("(func $down (call $down)) (start $down)");
    for temperature in TEMPERATURES {
        let failed = run(&wasmtime, &workload, temperature);
        assert!(matches!(failed, Err(RuntimeError::Failed { .. })), "{temperature}: {failed:?}");
    }
}

#[test]
fn a_module_that_wants_wasi_but_shows_no_memory_is_invalid() {
    let wasmtime = Wasmtime::new().unwrap();
    let hidden = include_str!("../../../fixtures/workloads/ready.wat").replace(" (export \"memory\")", "");
    for temperature in TEMPERATURES {
        let refused = run(&wasmtime, &Workload::wasm("hidden", hidden.clone()), temperature);
        assert!(matches!(refused, Err(RuntimeError::Invalid { .. })), "{temperature}: {refused:?}");
    }
}

/// What C and Rust programs for WASI import; each with arguments that are wrong or right, and the answer checked.
#[test]
fn every_import_answers_as_wasi_does() {
    let import = |name: &str, parameters: &str| {
        format!("(import \"wasi_snapshot_preview1\" \"{name}\" (func ${name} (param {parameters}) (result i32)))")
    };
    let is = |call: &str, answer: i32| format!("(if (i32.ne (call {call}) (i32.const {answer})) (then unreachable))");
    let imports = [
        import("clock_time_get", "i32 i64 i32"),
        import("fd_write", "i32 i32 i32 i32"),
        import("fd_close", "i32"),
        import("fd_fdstat_get", "i32 i32"),
        import("fd_seek", "i32 i64 i32 i32"),
        import("args_sizes_get", "i32 i32"),
        import("args_get", "i32 i32"),
        import("environ_sizes_get", "i32 i32"),
        import("environ_get", "i32 i32"),
        import("random_get", "i32 i32"),
    ];
    let calls = [
        is("$fd_fdstat_get (i32.const 1) (i32.const 128)", 0),
        is("$fd_fdstat_get (i32.const 9) (i32.const 128)", 8),
        is("$fd_seek (i32.const 1) (i64.const 0) (i32.const 0) (i32.const 128)", 70),
        is("$args_sizes_get (i32.const 128) (i32.const 132)", 0),
        is("$args_sizes_get (i32.const 128) (i32.const 65533)", 21),
        is("$args_get (i32.const 128) (i32.const 132)", 0),
        is("$environ_sizes_get (i32.const 128) (i32.const 132)", 0),
        is("$environ_get (i32.const 128) (i32.const 132)", 0),
        is("$random_get (i32.const 128) (i32.const 8)", 0),
        is("$random_get (i32.const -1) (i32.const 8)", 21),
        is("$clock_time_get (i32.const 7) (i64.const 1) (i32.const 16)", 28),
        is("$clock_time_get (i32.const 1) (i64.const 1) (i32.const 16)", 0),
        is("$fd_write (i32.const 1) (i32.const 65535) (i32.const 1) (i32.const 8)", 21),
        is("$fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)", 0),
        is("$fd_close (i32.const 2)", 0),
        is("$fd_close (i32.const 2)", 8),
    ];
    let module = format!(
        "(module {} (memory (export \"memory\") 1) (data (i32.const 0) \"\\10\\00\\00\\00\\08\\00\\00\\00\")
         (func (export \"_start\") {}))",
        imports.join("\n"),
        calls.join("\n")
    );
    let wasmtime = Wasmtime::new().unwrap();
    run(&wasmtime, &Workload::wasm("imports", module), Temperature::Warm).unwrap();
}
