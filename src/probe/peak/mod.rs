//! `memory_peak`: the highest charge between create and ready. Bytes, above what was in use before.
//!
//! In a fresh process, starts one after the other, after everything that its temperature allows was prepared. Each instance
//! is held while the next one starts, and the free heap is given back before: what a stopped one leaves behind, in the heap's
//! half-used pages or with the kernel, which frees namespaces some ten milliseconds later, would hide a part of the next
//! start's. The figure is the mean of those after the first, which sets up what an engine needs once, and is told
//! beside.
//!
//! **Methods.** Where a start stays in the process, its peak resident set (`VmHWM`, reset before the start) less its
//! resident set before, both without pages of files: those are the host's, as in
//! [`memory_baseline`](super::memory_growth), and the kernel maps them in pieces of 64 KiB whose number depends on where a
//! program was loaded. Kernels before 6.17 count a resident set to within 32 pages for each CPU. Where a start makes
//! processes, the peak of a cgroup of its own less its usage before, where this user may make one that counts memory: all
//! processes that took part and the kernel's own part, in steps of 64 pages for each CPU. In v2 such a peak can be reset
//! since Linux 6.12; before, it is the peak of the groups that were made for the start and count memory, from when they were
//! made: what makes a container joins its group early. Else the sum of the peak resident sets of the processes that are
//! there when it is ready.

mod newcomers;
mod span;

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};

pub(super) use self::span::{Found, Span};
use super::{ProbeError, Target};
use crate::{
    adapter::Identity,
    process::{Progress, Task, fresh},
};

/// Over how many starts a peak is averaged: a cgroup's is in steps of 256 KiB, and where they fall is chance.
const STARTS: u32 = 32;

/// How long the starts may take.
const LIMIT: Duration = Duration::from_secs(120);

/// The memory of one start at its peak.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MemoryPeak {
    /// Of what.
    pub identity: Identity,
    /// The artifact's own settings.
    pub settings: BTreeMap<String, String>,
    /// How it was read.
    pub method: String,
    /// The peak above what was in use before, in bytes: the mean of the starts after the first.
    pub bytes: u64,
    /// The same of the first start in the process.
    pub first: u64,
    /// Pages of files that the first start mapped besides, most of them code of the engine, in bytes. `None` where the method
    /// does not tell them apart.
    pub first_files: Option<u64>,
}

/// Measures starts in a fresh process, one after the other.
///
/// # Errors
/// [`ProbeError::Unavailable`] when the runtime does not run here, [`ProbeError::Fresh`] when the measurement failed.
pub fn memory_peak(target: &Target) -> Result<MemoryPeak, ProbeError> {
    Ok(fresh::measure(&OneStart { target: target.clone() }, LIMIT)?)
}

/// The task behind [`memory_peak`].
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct OneStart {
    target: Target,
}

impl Task for OneStart {
    const NAME: &str = "memory_peak";

    type Answer = MemoryPeak;
    type Error = ProbeError;

    fn run(self, progress: &Progress) -> Result<MemoryPeak, ProbeError> {
        let (runtime, artifact) = self.target.prepare(progress)?;
        let identity = runtime.identity().clone();
        let starts = 1 + STARTS as usize;
        artifact.reserve_live(starts, 1)?;
        let mut spans = (0..starts).map(|_| Span::prepare(&identity)).collect::<Result<Vec<_>, _>>()?;
        let mut held = Vec::with_capacity(starts);
        for (i, span) in spans.iter_mut().enumerate() {
            match i {
                0 => progress.doing("starting the first instance"),
                1 => progress.doing("starting more, one after the other"),
                _ => {}
            }
            span.begin()?;
            let instance = artifact.start()?;
            span.end()?;
            if runtime.holds() {
                held.push(instance);
            } else {
                // It ends by itself, and its memory is to be gone before the next one's.
                instance.stop()?;
            }
        }
        progress.doing("stopping them");
        held.into_iter().try_for_each(|instance| instance.stop())?;
        let mut peaks = spans.into_iter().map(Span::found).collect::<Result<Vec<_>, _>>()?.into_iter();
        let first = peaks.next().ok_or(ProbeError::Empty { what: "a peak", of: "start" })?;
        let bytes = peaks.map(|peak| peak.bytes).sum::<u64>() / u64::from(STARTS);
        let Found { method, bytes: first, files: first_files } = first;
        Ok(MemoryPeak { identity, settings: artifact.settings(), method, bytes, first, first_files })
    }
}
