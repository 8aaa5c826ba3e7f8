//! Probes: what drives an adapter and collects samples. One file for each row of the indicator matrix; each states its
//! definition. A probe knows no adapter and no report.

mod burst;
pub mod cluster;
mod cost;
pub(crate) mod cpu;
pub(crate) mod cpu_peak;
pub(crate) mod density;
pub(crate) mod engine_memory;
mod evaluation;
mod gate;
pub(crate) mod memory;
pub(crate) mod peak;
mod phases;
mod pool;
mod process;
pub(crate) mod size;
mod startup;
pub mod store;
pub(crate) mod target;
mod throughput;

pub use crate::process::{FreshError, HookError};
pub use burst::{Burst, burst};
pub use cost::{SampleCost, sample_cost};
pub use cpu::{CpuSpan, IdleCpu, idle_cpu};
pub use cpu_peak::{CpuPeak, cold_start_cpu_peak};
pub use density::{Bound, Budget, Density, Fill, Filled, Gauge, Reading, Stop, density, density_while, fill};
pub use engine_memory::{EngineMemory, engine_memory};
pub use evaluation::{decide, evaluate, first_decision};
pub use memory::{MemoryGrowth, MemoryPoint, NodeSlope, memory_growth, memory_growth_here};
pub use peak::{MemoryPeak, memory_peak};
pub use phases::{Phases, burst_phases, phases};
pub use pool::{Pool, Refill};
pub use process::process;
pub use size::{ImageSize, Shipped, image_size, shipped};
pub use startup::{lifecycle, startup};
pub use target::{Described, Target};
pub use throughput::{Throughput, throughput};

use crate::{
    adapter::{Refusal, RefusalKind, RegistryError},
    cluster::ClusterError,
    policy::PolicyError,
    process::{Failure, fresh::NoAnswer},
    runtime::RuntimeError,
    store::StoreError,
};

/// Why a sample could not be taken. A sample that failed is never a fast sample.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProbeError {
    /// The runtime said no.
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
    /// It cannot be measured here, or on this runtime; the value says what to do about it.
    #[error(transparent)]
    Unavailable(#[from] Refusal),
    /// No runtime, or no policy engine, has that name.
    #[error("no {kind} is named {name:?}; there are {}", known.join(", "))]
    UnknownSubject {
        /// What was looked for.
        kind: String,
        /// The name asked for.
        name: String,
        /// The names there are.
        known: Vec<String>,
    },
    /// There is no answer from the fresh process that was to measure.
    #[error(transparent)]
    Fresh(#[from] FreshError),
    /// The kernel did not tell what was asked of it.
    #[error("{what}: {source}")]
    Reading {
        /// What was read.
        what: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// The policy engine said no.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The workload's own reading does not lie between the call and its return: it reads another clock, or none.
    #[error("ready at {ready}, outside the call from {called} to {returned}, which no reading of CLOCK_MONOTONIC is")]
    Clock {
        /// When the call was made, in nanoseconds.
        called: u64,
        /// When the workload says that it was ready.
        ready: u64,
        /// When the call returned.
        returned: u64,
    },
    /// The engine decided something else than the policy's author expects.
    #[error("{policy}, input {case}: decided {found}, expected {expected}")]
    Decision {
        /// The policy.
        policy: String,
        /// The input's name.
        case: String,
        /// What the engine decided.
        found: String,
        /// What it should have decided.
        expected: String,
    },
    /// The store said no.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store answered something else than was written.
    #[error("{key}: the store has {found}, where {expected} was written")]
    Stored {
        /// The key, or where several are meant their prefix.
        key: String,
        /// What it has.
        found: String,
        /// What it should have.
        expected: String,
    },
    /// The control plane said no.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// An external process could not be run, or failed.
    #[error("{command}: {reason}")]
    Process {
        /// The program and its arguments.
        command: String,
        /// What became of it.
        reason: String,
    },
    /// The readings do not make a figure.
    #[error(transparent)]
    Stats(#[from] crate::stats::StatsError),
    /// A probe was asked for nothing.
    #[error("{what} needs at least one {of}")]
    Empty {
        /// The probe.
        what: &'static str,
        /// What it needs.
        of: &'static str,
    },
}

impl ProbeError {
    /// Why it cannot be measured here at all, where that is what it says: a row of the report, and no failure.
    #[must_use]
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Unavailable(refusal)
            | Self::Runtime(RuntimeError::Unavailable(refusal))
            | Self::Policy(PolicyError::Unavailable(refusal))
            | Self::Store(StoreError::Unavailable(refusal))
            | Self::Cluster(ClusterError::Unavailable(refusal)) => Some(refusal),
            _ => None,
        }
    }

    /// What somebody at a shell does about a failure, where there is something of its own to do.
    pub(crate) fn remedy(&self) -> Option<&'static str> {
        match self {
            Self::Runtime(error) => error.remedy(),
            Self::Fresh(error) => error.remedy(),
            Self::Store(error) => error.remedy(),
            Self::Cluster(error) => error.remedy(),
            _ => None,
        }
    }

    /// What kind of a refusal that makes: of all that is none, an answer that is wrong is told from the rest, which failed.
    #[must_use]
    pub fn kind(&self) -> RefusalKind {
        match (self.refusal(), self) {
            (Some(refusal), _) => refusal.kind,
            (None, Self::Clock { .. } | Self::Decision { .. } | Self::Stored { .. }) => RefusalKind::Wrong,
            (None, _) => RefusalKind::Failed,
        }
    }
}

impl From<ProbeError> for Failure {
    /// On the way out of a fresh process.
    fn from(error: ProbeError) -> Self {
        if let Some(refusal) = error.refusal() {
            return Self::Refused(refusal.clone());
        }
        match error {
            ProbeError::UnknownSubject { kind, name, known } => Self::UnknownSubject { kind, name, known },
            other => Self::Other(other.to_string()),
        }
    }
}

impl From<NoAnswer> for ProbeError {
    fn from(none: NoAnswer) -> Self {
        match none {
            NoAnswer::Refused(refusal) => refusal.into(),
            NoAnswer::UnknownSubject { kind, name, known } => Self::UnknownSubject { kind, name, known },
            NoAnswer::Fresh(error) => error.into(),
        }
    }
}

impl From<RegistryError> for ProbeError {
    fn from(error: RegistryError) -> Self {
        match error {
            RegistryError::Unavailable(refusal) => refusal.into(),
            RegistryError::UnknownSubject { kind, name, known } => Self::UnknownSubject { kind, name, known },
        }
    }
}
