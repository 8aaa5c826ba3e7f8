//! When memory is read during a fill, and whether the budget still holds.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use super::{Gauge, Reading};

/// Instances between two readings: at least so many, and one in so many of those that live. Sixteen readings for each
/// doubling cost a fill of 30,000 some milliseconds.
const EVERY: usize = 16;

/// Reads a gauge now and then.
pub(super) struct Meter {
    gauge: Gauge,
    before: u64,
    budget: Option<u64>,
    /// Looked at by every start; the lock is for the few that read.
    next: AtomicUsize,
    seen: Mutex<Vec<Reading>>,
}

impl Meter {
    pub fn new(gauge: Gauge, budget: Option<u64>) -> Self {
        let before = gauge.read().unwrap_or(0);
        Self { gauge, before, budget, next: AtomicUsize::new(EVERY), seen: Mutex::default() }
    }

    /// Reads memory if it is time for it. False when the budget is used up.
    pub fn look(&self, live: usize) -> bool {
        if live < self.next.load(Relaxed) {
            return true;
        }
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        // Somebody else may just have done it.
        live < self.next.load(Relaxed) || self.read(live, &mut seen)
    }

    /// Reads memory once more. False when the budget is used up.
    pub fn last_look(&self, live: usize) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.last().is_some_and(|last| last.live >= live) || self.read(live, &mut seen)
    }

    fn read(&self, live: usize, seen: &mut Vec<Reading>) -> bool {
        let Some(bytes) = self.gauge.read().map(|now| now.saturating_sub(self.before)) else { return true };
        seen.push(Reading { live, bytes });
        let mut step = EVERY.max(live / EVERY);
        if let Some(budget) = self.budget {
            let left = budget.saturating_sub(bytes);
            let each = (bytes / live.max(1) as u64).max(1);
            // Half of what would fit by what the others took: closer and closer, and never far beyond.
            step = step.min(usize::try_from(left / each / 2).unwrap_or(usize::MAX)).max(1);
        }
        self.next.store(live + step, Relaxed);
        self.holds(bytes)
    }

    fn holds(&self, bytes: u64) -> bool {
        self.budget.is_none_or(|budget| bytes <= budget)
    }

    /// The readings, in order, and how many instances the budget held at the last of them that it held; `None` where it
    /// held all.
    pub fn end(self) -> (Vec<Reading>, Option<usize>) {
        let budget = self.budget;
        let mut seen = self.seen.into_inner().unwrap_or_else(PoisonError::into_inner);
        seen.sort_by_key(|reading| reading.live);
        let fits = |reading: &&Reading| budget.is_none_or(|budget| reading.bytes <= budget);
        let all = seen.last().is_none_or(|last| fits(&last));
        let held = (!all).then(|| seen.iter().rev().find(fits).map_or(0, |reading| reading.live));
        (seen, held)
    }
}
