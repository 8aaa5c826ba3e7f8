//! `memory_peak`: the highest charge between create and ready. Bytes, above what was in use before.
//!
//! In a fresh process, starts one after the other, after everything that its temperature allows was prepared; each is
//! stopped and the free heap given back before the next. The figure is the mean of those after the first. The first is
//! beside it: the code of the engine that only a start touches is read from disk then, in pieces of 64 KiB whose number
//! depends on where it was mapped.
//!
//! **Methods.** Where a start stays in the process, its peak resident set (`VmHWM`, reset before the start) less its
//! resident set before; kernels before 6.17 count it to within 32 pages for each CPU. Where a start makes processes, the
//! peak of a cgroup of its own less its usage before, where this user may make one that counts memory: all processes
//! that took part and the kernel's own part, in steps of 64 pages for each CPU. In v2 such a peak can be reset since Linux
//! 6.12; before, it is the peak of the groups that were made for the start and count memory, from when they were made: what
//! makes a container joins its group early. Else the sum of the peak resident sets of the processes that are there when it
//! is ready.

use std::{collections::BTreeMap, fs::File, io, time::Duration};

use procfs::process::{ClearRefs, Process};
use serde::{Deserialize, Serialize};

use super::{ProbeError, Target};
use crate::{
    Isolation, Subject,
    helper::{
        fresh,
        task::{Progress, Task},
    },
    resource::{
        charge::{Charge, why_not_counted},
        memory::{descendants, failed, release_free_heap},
    },
    runtime::{Identity, Unavailable},
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
    /// The peak above what was in use before, in bytes: the mean of several starts.
    pub bytes: u64,
    /// The same of the first start in the process, which reads the engine's code from disk as well.
    pub first: u64,
}

/// Measures starts in a fresh process, one after the other.
///
/// # Errors
/// [`ProbeError::Unavailable`] when the runtime does not run here, [`ProbeError::Fresh`] when the measurement failed.
pub fn memory_peak(target: &Target) -> Result<MemoryPeak, ProbeError> {
    fresh::measure(&OneStart { target: target.clone() }, LIMIT)
}

/// The task behind [`memory_peak`].
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct OneStart {
    target: Target,
}

impl Task for OneStart {
    const NAME: &str = "memory_peak";

    type Answer = MemoryPeak;

    fn run(self, progress: &Progress) -> Result<MemoryPeak, ProbeError> {
        let (runtime, artifact) = self.target.prepare(progress)?;
        let identity = runtime.identity().clone();
        artifact.reserve_live(1, 1)?;
        let start = || -> Result<(String, u64), ProbeError> {
            let peak = Peak::begin(&identity)?;
            let instance = artifact.start()?;
            let found = peak.end()?;
            instance.stop()?;
            Ok(found)
        };
        progress.doing("starting the first instance");
        let (_, first) = start()?;
        progress.doing(format!("starting {STARTS} more, one after the other"));
        let peaks = (0..STARTS).map(|_| start()).collect::<Result<Vec<_>, _>>()?;
        let bytes = peaks.iter().map(|(_, bytes)| bytes).sum::<u64>() / u64::from(STARTS);
        let method = peaks.into_iter().map(|(method, _)| method).next().unwrap_or_default();
        Ok(MemoryPeak { identity, settings: artifact.settings(), method, bytes, first })
    }
}

/// A span whose peak is measured.
pub(super) struct Peak {
    subject: Subject,
    own: Process,
    way: Way,
}

/// How, and what was in use before.
enum Way {
    InProcess { resident: u64 },
    Group { charge: Charge, peak: File, before: u64 },
    Processes { before: Vec<i32> },
}

impl Peak {
    pub fn begin(identity: &Identity) -> Result<Self, ProbeError> {
        let own = Process::myself().map_err(|e| reading(failed(e)))?;
        release_free_heap();
        let way = if matches!(identity.isolation, Isolation::None | Isolation::InProcess) {
            own.clear_refs(ClearRefs::PeakRSS).map_err(|e| reading(failed(e)))?;
            // The code that reads is read from disk when it first runs: that is not the start's.
            resident(&own)?;
            Way::InProcess { resident: resident(&own)?.0 }
        } else {
            let group = || {
                let charge = Charge::of_own_group()?;
                let (peak, before) = (charge.reset_peak().ok()?, charge.usage().ok()?);
                Some(Way::Group { charge, peak, before })
            };
            match group() {
                Some(way) => way,
                None => Way::Processes { before: below(&own)?.iter().map(|process| process.pid).collect() },
            }
        };
        Ok(Self { subject: identity.subject.clone(), own, way })
    }

    /// The method, and the bytes above what was there.
    pub fn end(self) -> Result<(String, u64), ProbeError> {
        match self.way {
            Way::InProcess { resident: before } => {
                let (_, highest) = resident(&self.own)?;
                Ok(("VmHWM".to_owned(), highest.saturating_sub(before)))
            }
            Way::Group { charge, peak, before } => {
                let peak = charge.peak(&peak).map_err(reading)?;
                Ok((charge.peak_method().to_owned(), peak.saturating_sub(before)))
            }
            Way::Processes { before } => {
                let (old, new): (Vec<_>, Vec<_>) =
                    below(&self.own)?.into_iter().partition(|process| before.contains(&process.pid));
                if let Some(bytes) = peak_of_new_groups(&self.own, &old, &new) {
                    return Ok(("cgroup-v2 memory.peak of its groups".to_owned(), bytes));
                }
                let mut peaks = Vec::new();
                for process in &new {
                    match resident(process) {
                        // The kernel counts in batches, and a small process may not have filled one.
                        Ok((_, highest)) => peaks.push(highest.max(mapped(process).unwrap_or(0))),
                        // It took part, and ended.
                        Err(ProbeError::Reading { source, .. }) if source.kind() == io::ErrorKind::NotFound => {}
                        Err(e) => return Err(e),
                    }
                }
                if peaks.is_empty() {
                    let (no_group, remedy) = why_not_counted(Charge::of_this_process().as_ref());
                    let reason = format!("its process was gone before its memory could be read, and {no_group}");
                    return Err(Unavailable { subject: self.subject, reason, remedy }.into());
                }
                Ok(("VmHWM of its processes".to_owned(), peaks.iter().sum()))
            }
        }
    }
}

fn reading(source: io::Error) -> ProbeError {
    ProbeError::Reading { what: "memory of the process and its children", source }
}

fn below(process: &Process) -> Result<Vec<Process>, ProbeError> {
    descendants(process.pid).map_err(reading)
}

/// What was charged at most to the groups that only new processes are in, if all of those are in such groups.
fn peak_of_new_groups(own: &Process, old: &[Process], new: &[Process]) -> Option<u64> {
    let known: Vec<_> = old.iter().chain([own]).filter_map(Charge::of).collect();
    let mut groups: Vec<Charge> = Vec::new();
    for process in new {
        let group = Charge::of(process).filter(|group| !known.contains(group))?;
        if !groups.contains(&group) {
            groups.push(group);
        }
    }
    let peaks = groups.iter().map(|group| group.peak_since_made().ok()).collect::<Option<Vec<_>>>()?;
    (!peaks.is_empty()).then(|| peaks.iter().sum())
}

/// What is resident of the process's mappings, counted page by page.
fn mapped(process: &Process) -> Option<u64> {
    let rollup = process.smaps_rollup().ok()?;
    rollup.memory_map_rollup.0.iter().map(|map| map.extension.map.get("Rss").copied()).sum()
}

/// The resident set and its peak, in bytes.
fn resident(process: &Process) -> Result<(u64, u64), ProbeError> {
    let status = process.status().map_err(|e| reading(failed(e)))?;
    Ok((status.vmrss.unwrap_or(0) * 1024, status.vmhwm.unwrap_or(0) * 1024))
}
