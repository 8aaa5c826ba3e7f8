//! `density`: how many ready instances are alive at the same time within a budget, found by starting them, not by
//! dividing. Instances.
//!
//! Every instance that counts has said ready, and is found alive once the last has: its process exists, its memory can be
//! read. The budget bounds the count, the time, and the memory by which the fill raises what a [`Gauge`] reads; the first
//! start that is refused ends it too, and the [`Stop`] says which it was. The last sixteenth of the machine's process ids is
//! left to other programs.
//!
//! `start_rate` at a number of live instances is that of the 100 starts around it, or of a tenth of that number where that
//! is more, by the workloads' own readings: 100 containers start within one stall of the kernel.
//! `memory_baseline`, as a fill sees it, is the slope of a line through the gauge's readings. Bytes.

mod budget;
mod fill;
mod gauge;
mod meter;
mod pids;
mod processes;
mod stop;

pub use budget::Budget;
pub use fill::{density, density_while};
pub use gauge::Gauge;
pub(crate) use processes::Share;
pub use processes::{Fill, Filled, fill};
pub use stop::{Bound, Stop};

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::stats::Line;

/// The starts around a number of live instances that its rate is taken over.
const WINDOW: usize = 100;

/// Where many live, the part of them that it is taken over.
const TENTH: usize = 10;

/// What a fill came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Density {
    /// Instances that had said ready within the budget, and were alive at the end.
    pub ready: usize,
    /// Instances that had said ready and were found dead at the end.
    pub died: usize,
    /// What ended the fill.
    pub stopped_by: Stop,
    /// What it was allowed.
    pub budget: Budget,
    /// The clock's reading when it began, in nanoseconds.
    pub begun: u64,
    /// When each said ready, in nanoseconds since the fill began, in this order.
    pub ready_after: Vec<u64>,
    /// Memory in use beyond what there was before, at some numbers of live instances.
    pub memory: Vec<Reading>,
    /// How memory was read.
    pub memory_method: String,
    /// What it took to look at each instance, in nanoseconds.
    pub check: u64,
    /// What it took to stop them all, in nanoseconds.
    pub teardown: u64,
}

/// Memory in use at a number of live instances.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// Instances that were ready when it was read.
    pub live: usize,
    /// Bytes beyond what was in use before the fill.
    pub bytes: u64,
}

impl Density {
    /// Fills of several processes at the same time, as one: the sum of their instances. It was stopped by what stopped the
    /// first of them that no budget did; else the first that did not reach its count. `None` of none.
    #[must_use]
    pub fn together(fills: &[Self]) -> Option<Self> {
        let first = |ended: fn(&Stop) -> bool| fills.iter().find(|fill| ended(&fill.stopped_by));
        let refused = || first(|stop| !matches!(stop, Stop::Budget(_)));
        let short = || first(|stop| *stop != Stop::Budget(Bound::Count));
        let mut whole = refused().or_else(short).or(fills.first())?.clone();
        whole.begun = fills.iter().map(|fill| fill.begun).min()?;
        let since = |fill: &Self, after: &u64| (fill.begun - whole.begun).saturating_add(*after);
        whole.ready_after =
            fills.iter().flat_map(|fill| fill.ready_after.iter().map(move |after| since(fill, after))).collect();
        whole.ready_after.sort_unstable();
        whole.ready = fills.iter().map(|fill| fill.ready).sum();
        whole.died = fills.iter().map(|fill| fill.died).sum();
        whole.budget.count = fills.iter().map(|fill| fill.budget.count).sum();
        whole.check = fills.iter().map(|fill| fill.check).max()?;
        whole.teardown = fills.iter().map(|fill| fill.teardown).max()?;
        whole.budget.memory = fills.iter().map(|fill| fill.budget.memory).sum();
        whole.memory = summed(fills);
        Some(whole)
    }

    /// From the beginning to the last *ready*, in nanoseconds.
    #[must_use]
    pub fn elapsed(&self) -> u64 {
        self.ready_after.last().copied().unwrap_or(0)
    }

    /// Starts per second over the whole fill.
    #[must_use]
    pub fn rate(&self) -> Option<f64> {
        self.rate_between(0, self.ready_after.len())
    }

    /// Starts per second while `live` instances were alive: over the 100 starts around it, or a tenth of them.
    #[must_use]
    pub fn rate_at(&self, live: usize) -> Option<f64> {
        let window = WINDOW.max(live / TENTH);
        let end = live.saturating_add(window / 2).min(self.ready_after.len());
        self.rate_between(end.checked_sub(window)?, end)
    }

    /// Starts per second over the last 100, or the last tenth.
    #[must_use]
    pub fn rate_at_end(&self) -> Option<f64> {
        self.rate_at(self.ready_after.len())
    }

    /// What one more instance takes: a line through the readings of memory. `None` where there are too few.
    #[must_use]
    pub fn memory_line(&self) -> Option<Line> {
        let points: Vec<_> = self.memory.iter().map(|reading| (reading.live as u64, reading.bytes)).collect();
        Line::fit(&points, 0.95).ok()
    }

    /// Live instances and the start rate around them, at up to `most` numbers at equal distances: a curve to plot.
    #[must_use]
    pub fn rates(&self, most: usize) -> Vec<(usize, f64)> {
        let step = self.ready_after.len().div_ceil(most.max(1)).max(WINDOW);
        let ends = (step..=self.ready_after.len()).step_by(step);
        ends.filter_map(|live| Some((live, self.rate_between(live - step, live)?))).collect()
    }

    /// Over the starts from one number of live instances to another.
    fn rate_between(&self, begin: usize, end: usize) -> Option<f64> {
        let at = |live: usize| if live == 0 { Some(0) } else { self.ready_after.get(live - 1).copied() };
        let took = at(end)?.checked_sub(at(begin)?)?;
        (end > begin && took > 0).then(|| (end - begin) as f64 / (took as f64 / 1e9))
    }
}

/// What the processes were charged at the numbers of instances at which all of them were read. Nothing where the readings of
/// one have the others' memory in them.
fn summed(fills: &[Density]) -> Vec<Reading> {
    if let [fill] = fills {
        return fill.memory.clone();
    }
    let mut sums: BTreeMap<usize, (usize, u64)> = BTreeMap::new();
    for reading in fills.iter().filter(|fill| fill.memory_method == gauge::OWN).flat_map(|fill| &fill.memory) {
        let sum = sums.entry(reading.live).or_default();
        *sum = (sum.0 + 1, sum.1 + reading.bytes);
    }
    let all = sums.into_iter().filter(|(_, (count, _))| *count == fills.len());
    all.map(|(live, (count, bytes))| Reading { live: live * count, bytes }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A fill whose starts took so many nanoseconds each.
    fn fill(each: &[u64]) -> Density {
        let ready_after: Vec<u64> = each
            .iter()
            .scan(0, |at, each| {
                Some({
                    *at += each;
                    *at
                })
            })
            .collect();
        Density {
            ready: each.len(),
            died: 0,
            stopped_by: Stop::Budget(Bound::Count),
            budget: Budget::default().count(each.len()),
            begun: 1_000,
            memory: (1..=each.len()).map(|live| Reading { live, bytes: 5_000 + 100 * live as u64 }).collect(),
            ready_after,
            memory_method: "none".to_owned(),
            check: 1,
            teardown: 2,
        }
    }

    #[test]
    fn rates_are_those_of_the_starts_around_a_number() {
        // 200 starts of 1 ms, then 200 of 2 ms.
        let slower = fill(&[[1_000_000; 200], [2_000_000; 200]].concat());
        assert_eq!(slower.elapsed(), 600_000_000);
        assert_eq!(slower.rate().map(f64::round), Some(667.0));
        assert_eq!(slower.rate_at(100), Some(1_000.0));
        assert_eq!(slower.rate_at(200).map(f64::round), Some(667.0));
        assert_eq!((slower.rate_at(300), slower.rate_at_end()), (Some(500.0), Some(500.0)));
        assert_eq!(slower.rates(4), [(100, 1_000.0), (200, 1_000.0), (300, 500.0), (400, 500.0)]);
        assert_eq!(slower.rates(100).len(), 4, "no rate is of fewer than 100 starts");
        assert_eq!(slower.memory_line().map(|line| line.slope.round()), Some(100.0));
        // 1,900 starts of 1 ms, then 100 of 2 ms: half of the last 200.
        let stalled = fill(&[vec![1_000_000; 1900], vec![2_000_000; 100]].concat());
        assert_eq!(stalled.rate_at_end().map(f64::round), Some(667.0));
    }

    #[test]
    fn a_fill_of_few_or_none_has_no_rate_of_a_hundred() {
        for each in [vec![], vec![10; 99]] {
            let few = fill(&each);
            assert_eq!((few.rate_at(100), few.rate_at_end(), few.rates(10)), (None, None, Vec::new()));
        }
        assert_eq!((fill(&[]).rate(), fill(&[]).elapsed()), (None, 0));
        assert!(fill(&[]).memory_line().is_none());
        assert_eq!(fill(&[0; 200]).rate(), None, "no time, no rate");
        assert_eq!(fill(&[7; 100]).rates(0).len(), 1);
    }

    #[test]
    fn fills_together_begin_with_the_first_and_stop_with_the_first_limit() {
        let (mut first, mut second) = (fill(&[10; 3]), fill(&[10; 2]));
        first.begun = 1_005;
        second.stopped_by = Stop::Refused("as told".to_owned());
        let whole = Density::together(&[first.clone(), second.clone()]).unwrap();
        assert_eq!((whole.ready, whole.begun, &whole.stopped_by), (5, 1_000, &second.stopped_by));
        assert_eq!(whole.ready_after, [10, 15, 20, 25, 35]);
        assert!(whole.memory.is_empty(), "each has the other in it");
        (first.memory_method, second.memory_method) = (gauge::OWN.to_owned(), gauge::OWN.to_owned());
        let whole = Density::together(&[first.clone(), second.clone()]).unwrap();
        assert_eq!(whole.memory, [(2, 10_200), (4, 10_400)].map(|(live, bytes)| Reading { live, bytes }));
        first.stopped_by = Stop::Budget(Bound::Memory);
        assert_eq!(Density::together(&[first.clone(), second.clone()]).unwrap().stopped_by, second.stopped_by);
        second.stopped_by = Stop::Budget(Bound::Count);
        assert_eq!(Density::together(&[second, first.clone()]).unwrap().stopped_by, first.stopped_by);
        assert_eq!(Density::together(std::slice::from_ref(&first)), Some(first));
        assert_eq!(Density::together(&[]), None);
    }
}
