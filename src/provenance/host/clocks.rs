//! The clock that figures are taken by, and how far it is from the one that nothing corrects.

use rustix::time::{ClockId, Timespec, clock_gettime};

use super::Host;

/// A shorter window says nothing of a rate: what lies between two readings would be a part of it that counts.
const SHORTEST: f64 = 0.1;

/// How often the clocks are read. The pair that took least is kept, so that a process that is put aside between the two does not
/// pass for a drift.
const READINGS: usize = 8;

/// `CLOCK_MONOTONIC`, which the kernel corrects by what it learns of the time, and `CLOCK_MONOTONIC_RAW`, which it does not, read
/// at one instant; both in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Clocks {
    pub corrected: i64,
    pub raw: i64,
}

impl Clocks {
    pub fn now() -> Option<Self> {
        let pair = |_| {
            let before = nanoseconds(clock_gettime(ClockId::Monotonic));
            let raw = nanoseconds(clock_gettime(ClockId::MonotonicRaw));
            let after = nanoseconds(clock_gettime(ClockId::Monotonic));
            (after - before, Self { corrected: before + (after - before) / 2, raw })
        };
        (0..READINGS).map(pair).min_by_key(|(width, _)| *width).map(|(_, clocks)| clocks)
    }

    /// By how many millionths the corrected clock ran fast since, or slow where it is below zero.
    pub fn drift(self, since: Self) -> Option<f64> {
        let (corrected, raw) = ((self.corrected - since.corrected) as f64, (self.raw - since.raw) as f64);
        (raw >= SHORTEST * 1e9).then(|| (corrected / raw - 1.0) * 1e6)
    }
}

fn nanoseconds(time: Timespec) -> i64 {
    time.tv_sec * 1_000_000_000 + time.tv_nsec
}

impl Host {
    /// The kernel's clock: `tsc`, `kvm-clock`, `hyperv_clocksource_tsc_page`.
    pub(super) fn clock_source(&self) -> Option<String> {
        self.read("sys/devices/system/clocksource/clocksource0/current_clocksource")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drift_is_a_rate() {
        let begin = Clocks { corrected: 1_000, raw: 5_000 };
        let end = |corrected: i64, raw: i64| Clocks { corrected: 1_000 + corrected, raw: 5_000 + raw };
        let second = 1_000_000_000;
        assert!((end(second + 500_000, second).drift(begin).unwrap() - 500.0).abs() < 1e-6);
        assert!((end(10 * second - 70_000, 10 * second).drift(begin).unwrap() + 7.0).abs() < 1e-6);
        assert_eq!(end(second, second).drift(begin), Some(0.0));
        assert_eq!(end(second / 20, second / 20).drift(begin), None, "too short");
        assert_eq!(end(-second, -second).drift(begin), None, "backwards");
    }

    #[test]
    fn both_clocks_go_on() {
        let (begin, end) = (Clocks::now().unwrap(), Clocks::now().unwrap());
        assert!(end.corrected >= begin.corrected && end.raw >= begin.raw && begin.raw > 0);
    }
}
