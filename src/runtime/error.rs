//! What can go wrong between a workload and its *ready*.

use std::{io, path::PathBuf};

use crate::{
    Subject, Temperature,
    adapter::{Refusal, Resource, size},
    disk,
};

/// Why a workload did not start, or did not end well. The same case gives the same variant from every adapter.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RuntimeError {
    /// The runtime cannot run here; the value says what to do about it.
    #[error(transparent)]
    Unavailable(#[from] Refusal),
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
    /// The workload exceeded its time limit and was stopped: raise [`Limits::time`](crate::adapter::Limits::time) if it needs
    /// longer.
    #[error("{workload} was stopped after its time limit of {limit:?}")]
    TimeLimit {
        /// The workload.
        workload: String,
        /// The limit.
        limit: std::time::Duration,
    },
    /// The workload asked for more memory than its limit: raise [`Limits::memory`](crate::adapter::Limits::memory) if it needs more.
    #[error("{workload} asked for more memory than its limit of {}", size(*limit))]
    MemoryLimit {
        /// The workload.
        workload: String,
        /// The limit in bytes.
        limit: u64,
    },
    /// No further instance fits: the pool is full, or this machine's limit is near. Those that live are not affected. Stop some,
    /// or raise the limit.
    #[error("{subject} has no room for another instance: {reason}")]
    Full {
        /// The runtime.
        subject: Subject,
        /// What there is no more of.
        resource: Resource,
        /// What is full.
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

impl RuntimeError {
    /// What somebody at a shell does about it, where there is something of its own to do.
    pub(crate) fn remedy(&self) -> Option<&'static str> {
        match self {
            Self::Full { resource: Resource::Mappings, .. } => {
                Some("ask for fewer instances, or raise vm.max_map_count")
            }
            Self::Full { resource: Resource::AddressSpace, .. } => {
                Some("ask for fewer instances, or raise the limit of the address space (ulimit -v)")
            }
            Self::Full { resource: Resource::Slots, .. } => Some("ask for fewer instances"),
            _ => None,
        }
    }
}

impl From<disk::Error> for RuntimeError {
    fn from(error: disk::Error) -> Self {
        Self::Io { path: error.directory, source: error.source }
    }
}
