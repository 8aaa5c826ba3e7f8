//! hyperfine's JSON.
#![no_main]

mod shared;

use runtime_baseline::Indicator;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let path = shared::file(bytes);
    shared::check(shared::import(Indicator::LifecycleTime).hyperfine(path));
});
