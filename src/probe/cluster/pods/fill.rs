//! How many pods live on one node at the same time, found by starting them, until a budget ends or something stops the next.

use std::{
    fmt,
    time::{Duration, Instant},
};

use serde_json::Value;

use super::start_pods;
use crate::{
    cluster::node::{LiveNode, is_ready},
    probe::{
        ProbeError,
        cluster::{PODS, scale::calls::list},
        density::{Bound, Gauge, Reading, Stop},
    },
};

/// What a fill with pods may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PodBudget {
    /// At most so many.
    pub count: usize,
    /// So many are created together.
    pub step: usize,
    /// At most so many bytes of memory, by which the fill raises what a [`Gauge`] reads.
    pub memory: u64,
    /// None is created later than this after the first.
    pub time: Duration,
}

/// As a figure's settings name it.
impl fmt::Display for PodBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { count, step, memory, time } = self;
        write!(f, "{count} pods, {step} at once, {} MiB, {time:?}", memory >> 20)
    }
}

/// What a fill with pods came to.
#[derive(Debug, Clone, PartialEq)]
pub struct PodFill {
    /// Pods that the API server calls ready, after the last was created.
    pub ready: usize,
    /// What ended it. What the node or its control plane refused is the node's limit, and named.
    pub stopped_by: Stop,
    /// Memory beyond what there was before, at the numbers of pods.
    pub memory: Vec<Reading>,
    /// How memory was read.
    pub memory_method: &'static str,
    /// How long it took, to the last that was seen to be ready.
    pub elapsed: Duration,
}

/// Creates pods until the budget ends, or some are not ready. They live until the node goes.
///
/// # Errors
/// [`ProbeError::Cluster`] when a program of the node or the control plane ended, or does not answer; [`ProbeError::Stored`] when the
/// very first pods were refused.
pub fn fill_with_pods(node: &LiveNode, budget: PodBudget) -> Result<PodFill, ProbeError> {
    let gauge = Gauge::of_this_process();
    let before = gauge.read().unwrap_or(0);
    let begun = Instant::now();
    let (mut memory, mut elapsed, mut started) = (Vec::new(), Duration::ZERO, 0);
    let stopped_by = loop {
        let step = budget.step.min(budget.count - started);
        if step == 0 {
            break Stop::Budget(Bound::Count);
        }
        if begun.elapsed() > budget.time {
            break Stop::Budget(Bound::Time);
        }
        match start_pods(node, step) {
            Ok(_) => started += step,
            Err(error @ ProbeError::Stored { .. }) if started > 0 => break Stop::Refused(error.to_string()),
            Err(error) => return Err(error),
        }
        elapsed = begun.elapsed();
        let bytes = gauge.read().unwrap_or(0).saturating_sub(before);
        memory.push(Reading { live: started, bytes });
        if bytes >= budget.memory {
            break Stop::Budget(Bound::Memory);
        }
    };
    node.check()?;
    let ready = list::<Value>(node.plane(), PODS, "")?.items.iter().filter(|pod| is_ready(pod)).count();
    Ok(PodFill { ready, stopped_by, memory, memory_method: gauge.name(), elapsed })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_a_setting() {
        let budget = PodBudget { count: 2_000, step: 25, memory: 8 << 30, time: Duration::from_secs(240) };
        assert_eq!(budget.to_string(), "2000 pods, 25 at once, 8192 MiB, 240s");
    }
}
