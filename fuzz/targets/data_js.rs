//! github-action-benchmark's `data.js`.
#![no_main]

mod shared;

use runtime_baseline::{Indicator, exchange::Format};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let path = shared::file(bytes);
    // Which format it is, is asked of files that are none.
    let _ = Format::of(path);
    shared::check(shared::import(Indicator::EvaluationLatency).github_action_benchmark(path));
});
