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
//! processes that took part and the kernel's own part, in steps of 64 pages for each CPU. Else the sum of the peak resident
//! sets of the processes that are there when it is ready.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Write},
    os::unix::fs::FileExt,
    time::Duration,
};

use procfs::{
    FromRead,
    process::{Process, Status},
};
use serde::{Deserialize, Serialize};

use super::{ProbeError, Target};
use crate::{
    Isolation, Subject,
    helper::{
        fresh,
        task::{Progress, Task},
    },
    resource::{
        charge::Charge,
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
        let starts = 1 + STARTS as usize;
        artifact.reserve_live(starts, 1)?;
        let mut spans = (0..starts).map(|_| Span::prepare(&identity)).collect::<Result<Vec<_>, _>>()?;
        let mut held = Vec::with_capacity(starts);
        for (i, span) in spans.iter_mut().enumerate() {
            if i < 2 {
                progress.doing(if i == 0 {
                    "starting the first instance"
                } else {
                    "starting more, one after the other"
                });
            }
            span.begin()?;
            held.push(artifact.start()?);
            span.end()?;
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

/// What a span took at its peak, above what was there before.
pub(super) struct Found {
    pub method: String,
    pub bytes: u64,
    /// Pages of files besides.
    pub files: Option<u64>,
}

/// A span whose peak is measured: prepared, begun, ended, and then asked what was found. All that takes memory of this
/// process is done before or after: pages that a reader gives back are there already, and a start would use them for nothing.
pub(super) struct Span {
    subject: Subject,
    way: Way,
}

enum Way {
    InProcess {
        reset: File,
        status: File,
        before: Text,
        after: Text,
    },
    Group {
        charge: Charge,
        peak: File,
        before: u64,
        after: u64,
    },
    /// The processes below this one before, and the peaks of those that were there in the end.
    Processes {
        before: Vec<i32>,
        peaks: Vec<u64>,
    },
}

/// The text of `/proc/self/status`, in memory that is there already.
struct Text {
    buffer: Vec<u8>,
    length: usize,
}

/// More than any kernel's `status`.
const STATUS: usize = 8 << 10;

impl Text {
    fn new() -> Self {
        // Written, so that the pages are there.
        Self { buffer: vec![1; STATUS], length: 0 }
    }

    fn read(&mut self, status: &File) -> io::Result<()> {
        self.length = status.read_at(&mut self.buffer, 0)?;
        Ok(())
    }

    fn parse(&self) -> io::Result<Resident> {
        Status::from_read(&self.buffer[..self.length]).map(|status| Resident::of(&status)).map_err(failed)
    }
}

impl Span {
    pub fn prepare(identity: &Identity) -> Result<Self, ProbeError> {
        let group = || {
            let charge = Charge::of_own_group()?;
            Some(Way::Group { peak: charge.reset_peak().ok()?, charge, before: 0, after: 0 })
        };
        let way = if matches!(identity.isolation, Isolation::None | Isolation::InProcess) {
            Way::InProcess {
                reset: File::options().write(true).open("/proc/self/clear_refs").map_err(reading)?,
                status: File::open("/proc/self/status").map_err(reading)?,
                before: Text::new(),
                after: Text::new(),
            }
        } else {
            group().unwrap_or(Way::Processes { before: Vec::new(), peaks: Vec::new() })
        };
        Ok(Self { subject: identity.subject.clone(), way })
    }

    pub fn begin(&mut self) -> Result<(), ProbeError> {
        match &mut self.way {
            Way::InProcess { reset, status, before, .. } => {
                release_free_heap();
                // "To reset the peak resident set size" (proc_pid_clear_refs(5)).
                reset.write_all(b"5").and_then(|()| before.read(status))
            }
            Way::Group { charge, peak, before, .. } => {
                charge.reset_peak().and_then(|file| charge.usage().map(|usage| (*peak, *before) = (file, usage)))
            }
            Way::Processes { before, .. } => {
                below_this_one().map(|processes| *before = processes.iter().map(|process| process.pid).collect())
            }
        }
        .map_err(reading)
    }

    pub fn end(&mut self) -> Result<(), ProbeError> {
        match &mut self.way {
            Way::InProcess { status, after, .. } => after.read(status),
            Way::Group { charge, peak, after, .. } => charge.peak(peak).map(|highest| *after = highest),
            Way::Processes { before, peaks } => peaks_of_others(before).map(|found| *peaks = found),
        }
        .map_err(reading)
    }

    /// What was used above what was there.
    pub fn found(self) -> Result<Found, ProbeError> {
        Ok(match self.way {
            Way::InProcess { before, after, .. } => {
                let (before, after) = (before.parse().map_err(reading)?, after.parse().map_err(reading)?);
                // What a start maps of files it keeps mapped, so that at the peak there was no more of them.
                let highest = after.highest.saturating_sub(after.files);
                let bytes = highest.saturating_sub(before.now.saturating_sub(before.files));
                let files = Some(after.files.saturating_sub(before.files));
                Found { method: "VmHWM less files".to_owned(), bytes, files }
            }
            Way::Group { charge, before, after, .. } => {
                let bytes = after.saturating_sub(before);
                Found { method: charge.peak_method().to_owned(), bytes, files: None }
            }
            Way::Processes { peaks, .. } if peaks.is_empty() => {
                return Err(Unavailable {
                    subject: self.subject,
                    reason: "its process was gone before its memory could be read".to_owned(),
                    remedy:
                        "run where this user may make a cgroup that counts memory: as root, or in a group that was \
                             handed to the user"
                            .to_owned(),
                }
                .into());
            }
            Way::Processes { peaks, .. } => {
                Found { method: "VmHWM of its processes".to_owned(), bytes: peaks.iter().sum(), files: None }
            }
        })
    }
}

/// The peaks of the processes below this one, but for those that were there before.
fn peaks_of_others(before: &[i32]) -> io::Result<Vec<u64>> {
    let mut peaks = Vec::new();
    for process in below_this_one()?.iter().filter(|process| !before.contains(&process.pid)) {
        match process.status().map_err(failed) {
            Ok(status) => peaks.push(Resident::of(&status).highest),
            // It took part, and ended.
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(e) => return Err(e),
        }
    }
    Ok(peaks)
}

fn below_this_one() -> io::Result<Vec<Process>> {
    descendants(rustix::process::getpid().as_raw_nonzero().get())
}

fn reading(source: io::Error) -> ProbeError {
    ProbeError::Reading { what: "memory of the process and its children", source }
}

/// A resident set, in bytes.
struct Resident {
    now: u64,
    /// Of that, pages of files.
    files: u64,
    highest: u64,
}

impl Resident {
    fn of(status: &Status) -> Self {
        let [now, files, highest] =
            [status.vmrss, status.rssfile, status.vmhwm].map(|kibibytes| kibibytes.unwrap_or(0) * 1024);
        Self { now, files, highest }
    }
}
