//! `startup_p99`, and `start_rate`: N starts released together at a barrier, each from a thread of its own.
//!
//! Each start is timed as in [`startup`](super::startup), from its own call to its workload's own reading. The rate is N
//! over the time from the release to the last *ready*. All instances are alive until the last one is ready.

use std::{
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    path::PathBuf,
    thread,
};

use super::{
    ProbeError,
    gate::{Gate, join},
    startup::started,
};
use crate::runtime::{Artifact, Instance, RuntimeError};

/// What a burst took.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Burst {
    /// The startup time of each, in nanoseconds, in no order.
    pub startup: Vec<u64>,
    /// From the release to the last *ready*, in nanoseconds.
    pub elapsed: u64,
}

impl Burst {
    /// Starts per second.
    #[must_use]
    pub fn rate(&self) -> f64 {
        self.startup.len() as f64 / (self.elapsed.max(1) as f64 / 1e9)
    }
}

/// Starts `concurrent` instances at the same time, and stops them when all are ready.
///
/// # Errors
/// The first [`ProbeError`] of any start or stop: a burst that lost one is no burst. The others are stopped all the same.
pub fn burst(artifact: &dyn Artifact, concurrent: usize) -> Result<Burst, ProbeError> {
    let (released, outcomes) = together(artifact, concurrent, started)?;
    let last = outcomes.iter().map(|(_, ready)| *ready).max().unwrap_or(released);
    Ok(Burst { startup: outcomes.into_iter().map(|(took, _)| took).collect(), elapsed: last.saturating_sub(released) })
}

/// What is said of a start, and what it started.
pub(super) type Started<T> = Result<(T, Box<dyn Instance>), ProbeError>;

/// Starts so many at the same time, each by `start`. When they were released, and of each what `start` said, and when it was
/// ready.
pub(super) fn together<T: Send>(
    artifact: &dyn Artifact,
    concurrent: usize,
    start: fn(&dyn Artifact) -> Started<T>,
) -> Result<(u64, Vec<(T, u64)>), ProbeError> {
    if concurrent == 0 {
        return Err(ProbeError::Empty { what: "a burst", of: "start" });
    }
    artifact.reserve(concurrent)?;
    let (begin, end) = (Gate::default(), Gate::default());
    let (released, outcomes) = thread::scope(|scope| {
        let mut threads = Vec::with_capacity(concurrent);
        for _ in 0..concurrent {
            let one = || {
                begin.pass().map(|_| {
                    // Caught, so that a panic does not leave the others at the gate.
                    let started = catch_unwind(AssertUnwindSafe(|| start(artifact)));
                    // A child process may be bound to the thread that made it: that thread stays until it stops it.
                    end.pass();
                    let (said, instance) = started.unwrap_or_else(|panic| resume_unwind(panic))?;
                    let ready = instance.ready_at();
                    instance.stop()?;
                    Ok::<_, ProbeError>((said, ready))
                })
            };
            // 256 KiB: the adapters' calls are shallow, and 100 default stacks are 200 MiB of address space.
            match thread::Builder::new().stack_size(256 << 10).spawn_scoped(scope, one) {
                Ok(thread) => threads.push(thread),
                Err(source) => {
                    begin.abandon();
                    let path = PathBuf::from("/proc/sys/kernel/threads-max");
                    return (0, vec![Err(RuntimeError::Io { path, source }.into())]);
                }
            }
        }
        begin.wait_for(concurrent);
        let released = begin.open();
        end.wait_for(concurrent);
        end.open();
        (released, threads.into_iter().filter_map(join).collect::<Vec<_>>())
    });
    Ok((released, outcomes.into_iter().collect::<Result<_, _>>()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Temperature,
        runtime::{Runtime, Workload, noop::Noop},
    };

    #[test]
    fn a_burst_counts_every_start() {
        let artifact = Noop::new().prepare(&Workload::ready(), Temperature::Warm).unwrap();
        let burst = burst(artifact.as_ref(), 100).unwrap();
        assert_eq!(burst.startup.len(), 100);
        assert!(burst.rate() > 0.0);
    }

    #[test]
    fn a_burst_of_none_is_refused() {
        let artifact = Noop::new().prepare(&Workload::ready(), Temperature::Warm).unwrap();
        assert!(matches!(burst(artifact.as_ref(), 0), Err(ProbeError::Empty { .. })));
    }
}
