//! What the harness itself costs, measured with the runtime that runs nothing.

use super::{ProbeError, startup};
use crate::{
    Temperature, clock,
    runtime::{Runtime, Workload, noop::Noop},
};

/// The cost of one sample, in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct SampleCost {
    /// What the harness adds to the figure itself: the timed span around nothing, median.
    pub inside: u64,
    /// The whole of one sample, from one to the next, bookkeeping included, mean.
    pub whole: f64,
}

/// Takes `samples` samples of nothing.
///
/// # Errors
/// [`ProbeError::Empty`] when `samples` is 0.
pub fn sample_cost(samples: usize) -> Result<SampleCost, ProbeError> {
    if samples == 0 {
        return Err(ProbeError::Empty { what: "the harness's cost", of: "sample" });
    }
    let artifact = Noop::new().prepare(&Workload::ready(), Temperature::Warm)?;
    let mut spans = Vec::with_capacity(samples);
    let begin = clock::monotonic();
    for _ in 0..samples {
        spans.push(startup(artifact.as_ref())?);
    }
    let whole = (clock::monotonic() - begin) as f64 / samples as f64;
    let (_, inside, _) = spans.select_nth_unstable(samples / 2);
    Ok(SampleCost { inside: *inside, whole })
}
