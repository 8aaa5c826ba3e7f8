//! Waiting for what a busy machine takes its time for.

use std::{
    thread,
    time::{Duration, Instant},
};

/// Whether it is so, within that time.
pub fn becomes(patience: Duration, mut so: impl FnMut() -> bool) -> bool {
    let begun = Instant::now();
    while !so() {
        if begun.elapsed() > patience {
            return false;
        }
        thread::sleep(Duration::from_millis(20));
    }
    true
}
