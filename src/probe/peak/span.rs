//! A span of time whose peak of memory is found.

use std::{
    fs::File,
    io::{self, Write},
    os::unix::fs::FileExt,
};

use procfs::{FromRead, process::Status};

use super::newcomers::Newcomers;
use crate::{
    Isolation, Subject,
    adapter::Identity,
    probe::ProbeError,
    resource::{
        charge::Charge,
        memory::{failed, release_free_heap},
    },
};

/// What a span took at its peak, above what was there before.
pub(in crate::probe) struct Found {
    pub method: String,
    pub bytes: u64,
    /// Pages of files besides.
    pub files: Option<u64>,
}

/// A span whose peak is measured: prepared, begun, ended, and then asked what was found. All that takes memory of this
/// process is done before or after: pages that a reader gives back are there already, and a start would use them for nothing.
pub(in crate::probe) struct Span {
    subject: Subject,
    way: Way,
}

enum Way {
    InProcess { reset: File, status: File, before: Text, after: Text },
    Group { charge: Charge, peak: File, before: u64, after: u64 },
    Processes(Newcomers),
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
            group().unwrap_or_else(|| Way::Processes(Newcomers::default()))
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
            Way::Processes(newcomers) => newcomers.begin(),
        }
        .map_err(reading)
    }

    pub fn end(&mut self) -> Result<(), ProbeError> {
        match &mut self.way {
            Way::InProcess { status, after, .. } => after.read(status),
            Way::Group { charge, peak, after, .. } => charge.peak(peak).map(|highest| *after = highest),
            Way::Processes(newcomers) => newcomers.end(),
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
            Way::Processes(newcomers) => {
                let (method, bytes) = newcomers.peak(&self.subject)?;
                Found { method: method.to_owned(), bytes, files: None }
            }
        })
    }
}

fn reading(source: io::Error) -> ProbeError {
    ProbeError::Reading { what: "memory of the process and its children", source }
}

/// A resident set, in bytes.
pub(super) struct Resident {
    now: u64,
    /// Of that, pages of files.
    files: u64,
    pub highest: u64,
}

impl Resident {
    pub fn of(status: &Status) -> Self {
        let [now, files, highest] =
            [status.vmrss, status.rssfile, status.vmhwm].map(|kibibytes| kibibytes.unwrap_or(0) * 1024);
        Self { now, files, highest }
    }
}
