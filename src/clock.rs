//! The one clock of every figure.

use rustix::time::{ClockId, clock_gettime};

/// `CLOCK_MONOTONIC` in nanoseconds: the same reading in every process and container of the machine.
#[must_use]
pub fn monotonic() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    // The kernel never reports a negative monotonic time.
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}
