//! The memory of the processes that a start made, where no cgroup's peak can be begun anew.

use std::io;

use procfs::process::Process;

use super::span::Resident;
use crate::{
    Subject,
    adapter::{Refusal, RefusalKind},
    probe::ProbeError,
    resource::{
        charge::{Charge, why_not_counted},
        memory::{descendants, failed},
    },
};

/// The processes below this one that were not there before.
#[derive(Default)]
pub(super) struct Newcomers {
    /// The process ids of those that were.
    before: Vec<i32>,
    peak: Option<(&'static str, u64)>,
}

impl Newcomers {
    pub fn begin(&mut self) -> io::Result<()> {
        self.before = descendants(own_id())?.iter().map(|process| process.pid).collect();
        Ok(())
    }

    pub fn end(&mut self) -> io::Result<()> {
        let (old, new): (Vec<_>, Vec<_>) =
            descendants(own_id())?.into_iter().partition(|process| self.before.contains(&process.pid));
        let of_groups = peak_of_new_groups(&old, &new).map(|bytes| ("cgroup-v2 memory.peak of its groups", bytes));
        let of_processes = || Ok(sum_of_peaks(&new)?.map(|bytes| ("VmHWM of its processes", bytes)));
        self.peak = of_groups.map_or_else(of_processes, |peak| Ok::<_, io::Error>(Some(peak)))?;
        Ok(())
    }

    /// The method, and the bytes.
    pub fn peak(self, subject: &Subject) -> Result<(&'static str, u64), ProbeError> {
        self.peak.ok_or_else(|| {
            let (no_group, remedy) = why_not_counted(Charge::of_this_process().as_ref());
            let reason = format!("its process was gone before its memory could be read, and {no_group}");
            Refusal::new(subject, RefusalKind::NotSupported, reason, remedy).into()
        })
    }
}

/// What was charged at most to the groups that only new processes are in, if all of those are in such groups.
fn peak_of_new_groups(old: &[Process], new: &[Process]) -> Option<u64> {
    let own = Process::myself().ok()?;
    let known: Vec<_> = old.iter().chain([&own]).filter_map(Charge::of).collect();
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

/// `None` where all have ended.
fn sum_of_peaks(processes: &[Process]) -> io::Result<Option<u64>> {
    let mut peaks = Vec::new();
    for process in processes {
        match process.status().map_err(failed) {
            // The kernel counts in batches, and a small process may not have filled one.
            Ok(status) => peaks.push(Resident::of(&status).highest.max(mapped(process).unwrap_or(0))),
            // It took part, and ended.
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(e) => return Err(e),
        }
    }
    Ok((!peaks.is_empty()).then(|| peaks.iter().sum()))
}

/// What is resident of the process's mappings, counted page by page.
fn mapped(process: &Process) -> Option<u64> {
    let rollup = process.smaps_rollup().ok()?;
    rollup.memory_map_rollup.0.iter().map(|map| map.extension.map.get("Rss").copied()).sum()
}

fn own_id() -> i32 {
    rustix::process::getpid().as_raw_nonzero().get()
}
