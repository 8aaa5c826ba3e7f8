//! What can go wrong between a workload and its *ready*.

use std::{fmt, io, path::PathBuf};

use serde::{Deserialize, Serialize};

use crate::{Subject, Temperature, disk};

/// Why an adapter cannot run on this machine, and what to do about it. A row of the report, never a gap.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("{subject} is unavailable here: {reason}; {remedy}")]
pub struct Unavailable {
    /// What cannot run.
    pub subject: Subject,
    /// Why.
    pub reason: String,
    /// What to do about it.
    pub remedy: String,
}

/// What the machine, or who limits this process, can have no more of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Resource {
    /// Addresses of a process: engines reserve more of them than memory.
    AddressSpace,
    /// Open files of a process, or of the machine.
    FileDescriptors,
    /// Memory mappings of a process: vm.max_map_count.
    Mappings,
    /// Memory, of the machine or of a cgroup.
    Memory,
    /// Mounts or namespaces.
    Mounts,
    /// Processes and threads: of a cgroup, of a user, or of the machine.
    Pids,
    /// Places in an engine's pool.
    Slots,
}

impl Resource {
    /// What an error number of the kernel says that there is no more of, if it says so.
    pub(crate) fn of_errno(errno: i32) -> Option<Self> {
        match rustix::io::Errno::from_raw_os_error(errno) {
            rustix::io::Errno::AGAIN => Some(Self::Pids),
            rustix::io::Errno::NOMEM => Some(Self::Memory),
            rustix::io::Errno::MFILE | rustix::io::Errno::NFILE => Some(Self::FileDescriptors),
            _ => None,
        }
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::AddressSpace => "address space",
            Self::FileDescriptors => "file descriptors",
            Self::Mappings => "mappings",
            Self::Memory => "memory",
            Self::Mounts => "mounts",
            Self::Pids => "pids",
            Self::Slots => "slots",
        })
    }
}

/// Why a workload did not start, or did not end well. The same case gives the same variant from every adapter.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RuntimeError {
    /// The runtime cannot run here; the value says what to do about it.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// No adapter has that name.
    #[error("no runtime is named {name:?}; there are {}", known.join(", "))]
    UnknownSubject {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: Vec<String>,
    },
    /// The workload has no form that this runtime takes.
    #[error("{subject} cannot run workload {workload:?}: {reason}")]
    UnsupportedWorkload {
        /// The runtime.
        subject: Subject,
        /// The workload.
        workload: String,
        /// Which form is missing.
        reason: String,
    },
    /// The runtime has no such temperature: ask `Runtime::temperatures` first.
    #[error("{subject} has no {temperature} start")]
    UnsupportedTemperature {
        /// The runtime.
        subject: Subject,
        /// The temperature asked for.
        temperature: Temperature,
    },
    /// The module or the bundle is malformed, truncated, or asks for an import that no runtime here provides.
    #[error("{workload}: not a valid module or bundle: {reason}")]
    Invalid {
        /// The workload, or the bundle's path.
        workload: String,
        /// What is wrong and where, as the runtime said it.
        reason: String,
    },
    /// The workload trapped, or ended with a status other than 0.
    #[error("{workload} failed: {reason}")]
    Failed {
        /// The workload.
        workload: String,
        /// The trap or the exit status.
        reason: String,
    },
    /// The workload exceeded its time limit and was stopped.
    #[error("{workload} was stopped after its time limit of {limit:?}: raise Limits::time if it needs longer")]
    TimeLimit {
        /// The workload.
        workload: String,
        /// The limit.
        limit: std::time::Duration,
    },
    /// The workload asked for more memory than its limit.
    #[error("{workload} asked for more memory than its limit of {limit} bytes: raise Limits::memory if it needs more")]
    MemoryLimit {
        /// The workload.
        workload: String,
        /// The limit in bytes.
        limit: u64,
    },
    /// No further instance fits: the pool is full, or this machine's limit is near. Those that live are not affected.
    #[error("{subject} has no room for another instance: {reason}")]
    Full {
        /// The runtime.
        subject: Subject,
        /// What there is no more of.
        resource: Resource,
        /// What is full, and what to do about it.
        reason: String,
    },
    /// The workload ended without saying ready: it does not follow the ready protocol.
    #[error(
        "{workload} ended without saying ready: it must write its CLOCK_MONOTONIC reading, 8 bytes, to standard output"
    )]
    NotReady {
        /// The workload.
        workload: String,
    },
    /// The helper process is gone or does not answer.
    #[error("the helper process of {subject}: {reason}")]
    Helper {
        /// The runtime.
        subject: Subject,
        /// What happened to it.
        reason: String,
    },
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// An error of the runtime itself that fits none of the above.
    #[error("{subject}: {reason}")]
    Engine {
        /// The runtime.
        subject: Subject,
        /// What it said.
        reason: String,
    },
}

impl From<disk::Error> for RuntimeError {
    fn from(error: disk::Error) -> Self {
        Self::Io { path: error.directory, source: error.source }
    }
}
