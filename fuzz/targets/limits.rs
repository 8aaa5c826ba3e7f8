//! The gate's file of limits, and its patterns on the names of two series.
#![no_main]

use std::sync::LazyLock;

use runtime_baseline::{
    Baseline,
    compare::{Gate, Limits, Measured},
    fuzzing::baseline,
};

static MEASURED: LazyLock<Baseline> =
    LazyLock::new(|| baseline(include_bytes!("../../tests/golden/baseline.schema-2.json")).expect("a baseline"));

libfuzzer_sys::fuzz_target!(|text: &str| {
    let Ok(limits) = Limits::from_toml(text) else { return };
    let run = Measured::from(&*MEASURED);
    match Gate::new().limits(limits).compare(&[run], run) {
        Ok(report) => drop(report.outcome()),
        Err(error) => drop(error.to_string()),
    }
});
