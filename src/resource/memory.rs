//! Memory of processes, from `/proc`.

use std::{collections::HashMap, io};

use procfs::{
    ProcError,
    process::{Process, all_processes},
};

/// Memory of one process, or of several together, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Usage {
    /// How many processes.
    pub processes: usize,
    /// The proportional set size: private pages whole, a page that n processes share as its n-th part.
    pub pss: u64,
    /// Of that, what no file backs: a page of a file may be shared with processes that have nothing to do with these.
    pub anonymous: u64,
    /// The resident pages of files, in the process that has most of them.
    pub files: u64,
    /// The page tables, which are in no set size.
    pub page_tables: u64,
}

impl Usage {
    fn of(process: &Process) -> io::Result<Self> {
        let rollup = process.smaps_rollup().map_err(failed)?;
        let sum = |name: &str| -> Option<u64> {
            rollup.memory_map_rollup.0.iter().map(|map| map.extension.map.get(name).copied()).sum()
        };
        let pss = sum("Pss").unwrap_or(0);
        // Linux 5.4 and later tell them apart.
        let anonymous = sum("Pss_Anon").zip(sum("Pss_Shmem")).map_or(pss, |(private, shared)| private + shared);
        let status = process.status().map_err(failed)?;
        let [files, page_tables] = [status.rssfile, status.vmpte].map(|kibibytes| kibibytes.unwrap_or(0) * 1024);
        Ok(Self { processes: 1, pss, anonymous, files, page_tables })
    }

    /// This process and all its descendants, those in other process namespaces too. One that ends meanwhile is not counted.
    pub fn of_own_tree() -> io::Result<Self> {
        Self::of_tree_below(&Process::myself().map_err(failed)?)
    }

    /// The same of the process of that number.
    pub fn of_tree(pid: u32) -> io::Result<Self> {
        Self::of_tree_below(&Process::new(pid as i32).map_err(failed)?)
    }

    /// Of the process of that number alone.
    pub fn of_process(pid: u32) -> io::Result<Self> {
        Self::of(&Process::new(pid as i32).map_err(failed)?)
    }

    fn of_tree_below(root: &Process) -> io::Result<Self> {
        let mut sum = Self::of(root)?;
        for process in descendants(root.pid)? {
            match Self::of(&process) {
                Ok(one) => sum = sum + one,
                Err(e) if e.kind() == io::ErrorKind::NotFound => {}
                Err(e) => return Err(e),
            }
        }
        Ok(sum)
    }
}

impl std::ops::Add for Usage {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            processes: self.processes + other.processes,
            pss: self.pss + other.pss,
            anonymous: self.anonymous + other.anonymous,
            files: self.files.max(other.files),
            page_tables: self.page_tables + other.page_tables,
        }
    }
}

/// Every process below `root`, parents first; none that has ended and only waits to be reaped.
pub(crate) fn descendants(root: i32) -> io::Result<Vec<Process>> {
    let mut children: HashMap<i32, Vec<Process>> = HashMap::new();
    for process in all_processes().map_err(failed)?.flatten() {
        if let Ok(stat) = process.stat()
            && stat.state != 'Z'
        {
            children.entry(stat.ppid).or_default().push(process);
        }
    }
    let (mut found, mut parents) = (Vec::new(), vec![root]);
    while let Some(parent) = parents.pop() {
        let below = children.remove(&parent).unwrap_or_default();
        parents.extend(below.iter().map(|process| process.pid));
        found.extend(below);
    }
    Ok(found)
}

/// Gives the free part of the heap back to the kernel, so that what is allocated next is seen to grow.
pub(crate) fn release_free_heap() {
    // SAFETY: `malloc_trim` takes any padding, locks the allocator as `free` does, and touches free memory alone.
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    unsafe {
        libc::malloc_trim(0);
    }
}

/// A process that is gone, or reaped while it was read, is `NotFound`.
pub(crate) fn failed(error: ProcError) -> io::Error {
    match error {
        ProcError::NotFound(_) => io::ErrorKind::NotFound.into(),
        ProcError::Io(e, _) if e.raw_os_error() == Some(rustix::io::Errno::SRCH.raw_os_error()) => {
            io::ErrorKind::NotFound.into()
        }
        ProcError::Io(e, Some(path)) => io::Error::new(e.kind(), format!("{}: {e}", path.display())),
        ProcError::PermissionDenied(Some(path)) => {
            io::Error::new(io::ErrorKind::PermissionDenied, format!("{}: permission denied", path.display()))
        }
        other => io::Error::other(other),
    }
}
