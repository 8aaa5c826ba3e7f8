//! `startup_time`: from the call that creates the instance, its artifact already on disk, to the instant the workload
//! itself says *ready*. The workload writes its own `CLOCK_MONOTONIC` reading, so that waking the reader is not in the
//! figure. Nanoseconds.
//!
//! `lifecycle_time`: from the same call until the instance has ended and everything it held is gone. By one command where
//! the runtime's users have one for it (`crun run`), else a start and a stop.

use super::ProbeError;
use crate::{
    clock,
    runtime::{Artifact, Instance},
};

/// One start. Stopping the instance is outside the figure.
///
/// # Errors
/// [`ProbeError`] when the instance does not start or stop well, or its clock is not ours.
pub fn startup(artifact: &dyn Artifact) -> Result<u64, ProbeError> {
    let (took, instance) = started(artifact)?;
    instance.stop()?;
    Ok(took)
}

/// One whole lifecycle: create, start, ready, exit, delete.
///
/// # Errors
/// The same as [`startup`].
pub fn lifecycle(artifact: &dyn Artifact) -> Result<u64, ProbeError> {
    let called = clock::monotonic();
    let ready = artifact.lifecycle()?;
    let returned = clock::monotonic();
    between(called, ready, returned)?;
    Ok(returned - called)
}

/// Starts an instance and says how long it took.
pub(super) fn started(artifact: &dyn Artifact) -> Result<(u64, Box<dyn Instance>), ProbeError> {
    let called = clock::monotonic();
    let instance = artifact.start()?;
    let returned = clock::monotonic();
    Ok((between(called, instance.ready_at(), returned)?, instance))
}

fn between(called: u64, ready: u64, returned: u64) -> Result<u64, ProbeError> {
    if (called..=returned).contains(&ready) {
        Ok(ready - called)
    } else {
        Err(ProbeError::Clock { called, ready, returned })
    }
}
