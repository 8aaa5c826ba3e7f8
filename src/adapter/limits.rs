//! What bounds an instance.

use std::time::Duration;

/// What bounds an instance, so that none runs or grows for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The longest that one call (or the way to ready) may take. [`Duration::MAX`] is no limit.
    pub time: Duration,
    /// The most linear memory, or cgroup memory, in bytes. [`u64::MAX`] is no limit but the engine's own. What else an
    /// instance takes with it (tables, stacks) is bounded too, by what the adapter states in its documentation.
    pub memory: u64,
}

/// No limit is longer: neither Go nor an HTTP client adds every duration to the time of day.
const YEAR: Duration = Duration::from_secs(366 * 24 * 60 * 60);

impl Limits {
    /// The limit of time for what cannot be told of no limit.
    #[cfg_attr(not(any(feature = "opa", feature = "store")), allow(dead_code, reason = "adapters of servers use it"))]
    pub(crate) fn finite_time(&self) -> Duration {
        self.time.min(YEAR)
    }
}

impl Default for Limits {
    /// 10 s and 256 MiB: far above what the workloads of this project need, far below what hurts a machine.
    fn default() -> Self {
        Self { time: Duration::from_secs(10), memory: 256 << 20 }
    }
}
