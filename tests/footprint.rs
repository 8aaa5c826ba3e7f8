//! What fresh processes measure, against workloads and policies whose use is known; and how they fail.

#![cfg(feature = "measure")]

use runtime_baseline::{
    Temperature,
    probe::{Described, ProbeError, Target, memory_growth},
    runtime::{Registry, RuntimeError, Workload},
};

/// What a page of the machine holds, and a page of Wasm memory.
#[cfg(feature = "wasmtime")]
const PAGE: u64 = 4096;

/// Says ready after it has written to each of `pages` pages of 4 KiB.
#[cfg(feature = "wasmtime")]
fn touches(pages: u64) -> Workload {
    let ready = include_str!("../fixtures/workloads/ready.wat");
    let wasm_pages = (pages * PAGE).div_ceil(64 << 10) + 1;
    let grown = ready.replace("(memory (export \"memory\") 1)", &format!("(memory (export \"memory\") {wasm_pages})"));
    let touch = format!(
        "(local $i i32)
         (loop $next
           (i32.store (i32.add (i32.const 65536) (i32.mul (local.get $i) (i32.const 4096))) (i32.const 1))
           (local.set $i (i32.add (local.get $i) (i32.const 1)))
           (br_if $next (i32.lt_u (local.get $i) (i32.const {pages}))))
         (i32.store (i32.const 8) (i32.const 0))"
    );
    let text = grown.replace("(i32.store (i32.const 8) (i32.const 0))", &touch);
    assert!(text.contains("$next") && text.contains(&format!(" {wasm_pages})")), "ready.wat has changed: {text}");
    Workload::wasm(format!("touches-{pages}"), text)
}

#[test]
fn an_unknown_subject_is_an_error_of_its_own() {
    let target = Target::new("wasmtime2", Workload::ready(), Temperature::Warm);
    for error in [Described::of("wasmtime2").unwrap_err(), memory_growth(&target, &[1, 2, 3]).unwrap_err()] {
        match error {
            ProbeError::Runtime(RuntimeError::UnknownSubject { name, known }) => {
                assert_eq!(name, "wasmtime2");
                assert_eq!(known, Registry::subjects());
            }
            other => panic!("{other}"),
        }
    }
}

#[cfg(feature = "wasmtime")]
#[test]
fn a_slope_is_what_the_workload_touches() {
    const PAGES: u64 = 64;
    let slope = |workload, temperature| {
        let growth = memory_growth(&Target::new("wasmtime", workload, temperature), &[10, 20, 30, 40]).unwrap();
        for point in growth.points() {
            println!("{point:?}");
        }
        growth.pss_slope().unwrap()
    };
    for temperature in [Temperature::Warm, Temperature::Precompiled] {
        let (little, much) = (slope(Workload::ready(), temperature), slope(touches(PAGES), temperature));
        println!("{temperature}: {little} {much}");
        let touched = (much - little) as f64;
        let expected = (PAGES * PAGE) as f64;
        assert!((touched / expected - 1.0).abs() < 0.1, "{temperature}: {touched} of {expected}");
    }
}
