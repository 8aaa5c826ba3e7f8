//! A baseline of any schema: loaded, saved and loaded again it is the same, what is not known of it too; and merging it with
//! itself changes nothing but rows that stood twice.
#![no_main]

use runtime_baseline::fuzzing::{baseline, baseline_file};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(loaded) = baseline(bytes) else { return };
    let file = baseline_file(&loaded).expect("what was read can be written");
    let again = baseline(&file).expect("what was written can be read");
    assert_eq!(again, loaded, "{}", String::from_utf8_lossy(&file));
    assert_eq!(again.unknown(), loaded.unknown());
    assert_eq!(baseline_file(&again).expect("as before"), file);

    let mut merged = again.clone();
    merged.merge(loaded);
    let once = merged.clone();
    merged.merge(again);
    assert_eq!(merged, once);
    assert!(merged.metrics().len() <= once.metrics().len());
});
