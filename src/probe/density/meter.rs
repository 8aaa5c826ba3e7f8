//! When memory is read during a fill, and whether the budget and the machine's process ids still hold.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use super::{Bound, Gauge, Reading, Stop, pids::Pids};

/// Instances between two readings: at least so many, and one in so many of those that live. Sixteen readings for each
/// doubling cost a fill of 30,000 some milliseconds.
const EVERY: usize = 16;

/// Reads a gauge now and then.
pub(super) struct Meter {
    gauge: Gauge,
    before: u64,
    budget: Option<u64>,
    pids: Option<Pids>,
    /// Looked at by every start; the lock is for the few that read.
    next: AtomicUsize,
    seen: Mutex<Vec<Reading>>,
}

impl Meter {
    pub fn new(gauge: Gauge, budget: Option<u64>) -> Self {
        let before = gauge.read().unwrap_or(0);
        let pids = Pids::of_this_machine();
        Self { gauge, before, budget, pids, next: AtomicUsize::new(EVERY), seen: Mutex::default() }
    }

    /// Reads memory if it is time for it. What ends the fill, where something does.
    pub fn look(&self, live: usize) -> Option<Stop> {
        if live < self.next.load(Relaxed) {
            return None;
        }
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        // Somebody else may just have done it.
        if live < self.next.load(Relaxed) {
            return None;
        }
        let left = self.pids.as_ref().and_then(|pids| Some((pids, pids.left(live)?)));
        let within = left.as_ref().map_or(usize::MAX, |(_, left)| usize::try_from(left / 2).unwrap_or(usize::MAX));
        if !self.read(live, within, &mut seen) {
            return Some(Stop::Budget(Bound::Memory));
        }
        left.filter(|(_, left)| *left == 0).map(|(pids, _)| pids.stop())
    }

    /// Reads memory once more.
    pub fn last_look(&self, live: usize) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.last().is_none_or(|last| last.live < live) {
            self.read(live, usize::MAX, &mut seen);
        }
    }

    /// False when the budget is used up. The next reading is so many instances later at most.
    fn read(&self, live: usize, within: usize, seen: &mut Vec<Reading>) -> bool {
        let mut step = EVERY.max(live / EVERY).min(within).max(1);
        let Some(bytes) = self.gauge.read().map(|now| now.saturating_sub(self.before)) else {
            self.next.store(live + step, Relaxed);
            return true;
        };
        seen.push(Reading { live, bytes });
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
