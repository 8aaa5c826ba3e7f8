//! Probes: what drives an adapter and collects samples. One file for each row of the indicator matrix; each states its
//! definition. A probe knows no adapter and no report.

mod burst;
mod cost;
mod evaluation;
mod interleave;
mod startup;
mod throughput;

pub use burst::{Burst, burst};
pub use cost::{SampleCost, sample_cost};
pub use evaluation::{decide, evaluate, first_decision};
pub use interleave::{Interleaved, Lane, LaneError};
pub use startup::{lifecycle, startup};
pub use throughput::{Throughput, throughput};

use crate::{policy::PolicyError, runtime::RuntimeError};

/// Why a sample could not be taken. A sample that failed is never a fast sample.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProbeError {
    /// The runtime said no.
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
    /// The policy engine said no.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The workload's own reading does not lie between the call and its return: it reads another clock, or none.
    #[error("ready at {ready}, outside the call from {called} to {returned}: the workload must report CLOCK_MONOTONIC")]
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
    /// A probe was asked for nothing.
    #[error("{what} needs at least one {of}")]
    Empty {
        /// The probe.
        what: &'static str,
        /// What it needs.
        of: &'static str,
    },
}
