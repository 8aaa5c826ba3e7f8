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

/// So many bytes, as somebody would say a limit: `64 KiB`.
pub(crate) fn size(bytes: u64) -> String {
    let scales = [(40, "TiB"), (30, "GiB"), (20, "MiB"), (10, "KiB")];
    match scales.into_iter().find(|(shift, _)| bytes >> shift > 0) {
        Some((shift, unit)) if bytes.trailing_zeros() >= shift => format!("{} {unit}", bytes >> shift),
        Some((shift, unit)) => format!("{:.1} {unit}", bytes as f64 / (1_u64 << shift) as f64),
        None => format!("{bytes} bytes"),
    }
}

impl Default for Limits {
    /// 10 s and 256 MiB: far above what the workloads of this project need, far below what hurts a machine.
    fn default() -> Self {
        Self { time: Duration::from_secs(10), memory: 256 << 20 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_said_as_people_say_it() {
        let said = [0, 1000, 64 << 10, 65_000, 1 << 20, 3 << 19, 256 << 20, 1 << 30].map(size);
        assert_eq!(said, ["0 bytes", "1000 bytes", "64 KiB", "63.5 KiB", "1 MiB", "1.5 MiB", "256 MiB", "1 GiB"]);
    }
}
