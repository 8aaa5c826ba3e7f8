//! What a fill may use.

use std::{fmt, num::NonZeroUsize, time::Duration};

use serde::{Deserialize, Serialize};

/// What a fill may use before it ends. Without any bound it goes on to the first refusal.
///
/// ```
/// use runtime_baseline::probe::Budget;
///
/// let budget = Budget::default().count(3_000).memory(8 << 30);
/// assert_eq!(budget.to_string(), "3000 instances, 8 GiB");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    pub(super) count: Option<usize>,
    pub(super) memory: Option<u64>,
    pub(super) time: Option<Duration>,
    pub(super) threads: Option<NonZeroUsize>,
}

impl Budget {
    /// At most so many instances.
    #[must_use]
    pub fn count(mut self, instances: usize) -> Self {
        self.count = Some(instances);
        self
    }

    /// At most so many bytes of memory, by which the fill raises what the [gauge](super::Gauge) reads.
    #[must_use]
    pub fn memory(mut self, bytes: u64) -> Self {
        self.memory = Some(bytes);
        self
    }

    /// No start begins later than this after the first.
    #[must_use]
    pub fn time(mut self, time: Duration) -> Self {
        self.time = Some(time);
        self
    }

    /// Starts from so many threads at the same time instead of one.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = NonZeroUsize::new(threads);
        self
    }

    /// The part of one of so many processes that have equal parts of the count.
    pub(super) fn part(mut self, of: usize, number: usize) -> Self {
        self.count = self.count.map(|count| count / of + usize::from(number < count % of));
        self
    }

    /// An equal part of the memory.
    pub(super) fn part_of_memory(mut self, of: usize) -> Self {
        self.memory = self.memory.map(|memory| memory / of as u64);
        self
    }

    /// From how many threads starts are made.
    #[must_use]
    pub fn thread_count(&self) -> usize {
        self.threads.map_or(1, NonZeroUsize::get)
    }
}

/// The bounds alone, as a figure's settings name them.
impl fmt::Display for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bounds = Vec::new();
        bounds.extend(self.count.map(|count| format!("{count} instances")));
        bounds.extend(self.memory.map(bytes));
        bounds.extend(self.time.map(|time| format!("{time:?}")));
        if bounds.is_empty() {
            bounds.push("none".to_owned());
        }
        f.pad(&bounds.join(", "))
    }
}

/// In the largest unit that divides it.
fn bytes(bytes: u64) -> String {
    let units = [("GiB", 30), ("MiB", 20), ("KiB", 10)];
    let whole = units.into_iter().find(|(_, shift)| bytes > 0 && bytes.trailing_zeros() >= *shift);
    whole.map_or_else(|| format!("{bytes} bytes"), |(unit, shift)| format!("{} {unit}", bytes >> shift))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_names_its_bounds() {
        assert_eq!(Budget::default().threads(4).to_string(), "none");
        let budget = Budget::default().count(7).memory(3 << 20).time(Duration::from_secs(60));
        assert_eq!(budget.to_string(), "7 instances, 3 MiB, 60s");
        assert_eq!(bytes(1000), "1000 bytes");
        assert_eq!(bytes(0), "0 bytes");
        let counts = [0, 1, 2].map(|number| budget.part(3, number).count);
        assert_eq!(counts, [Some(3), Some(2), Some(2)]);
        assert_eq!(budget.part_of_memory(3).memory, Some(1 << 20));
        let json = serde_json::to_string(&budget).unwrap();
        assert_eq!(serde_json::from_str::<Budget>(&json).unwrap(), budget);
    }
}
