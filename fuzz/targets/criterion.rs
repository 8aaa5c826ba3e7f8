//! criterion's directory: `sample.json`, `benchmark.json` and `raw.csv` of a benchmark, with `====` between them.
#![no_main]

mod shared;

use runtime_baseline::Indicator;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let directory = shared::directory();
    let names = ["sample.json", "benchmark.json", "raw.csv"];
    for (name, content) in names.iter().zip(shared::parts::<3>(text)) {
        if let Some(content) = content {
            shared::write(&directory.path().join("group/bench/new").join(name), content.as_bytes());
        }
    }
    shared::check(shared::import(Indicator::EvaluationLatency).criterion(directory.path()));
});
