//! What a worker or the launcher says, as an adapter says it.

use crate::{
    Subject,
    adapter::{Limits, Refusal},
    launcher::{LauncherError, WorkerError, protocol::Failure},
    runtime::RuntimeError,
};

/// What it means that a program wrote a text in place of its reading: of a workload, with limits.
pub(in crate::runtime) type Judge = fn(&str, Limits, &str) -> RuntimeError;

/// A workload that does not keep to the ready protocol.
pub(in crate::runtime) fn no_reading(workload: &str, _: Limits, text: &str) -> RuntimeError {
    let reason = format!("it wrote {text:?} and not its reading of the clock");
    RuntimeError::Failed { workload: workload.to_owned(), reason }
}

/// What a worker said, as every adapter says it.
pub(super) fn of_worker(
    subject: &Subject,
    workload: &str,
    limits: Limits,
    judge: Judge,
    error: WorkerError,
) -> RuntimeError {
    if let WorkerError::Failure(Failure::Said(text)) = &error {
        return judge(workload, limits, text);
    }
    let (subject, workload) = (subject.clone(), workload.to_owned());
    match error {
        WorkerError::Gone(reason) => RuntimeError::Helper { subject, reason },
        WorkerError::Failure(Failure::Invalid(reason)) => RuntimeError::Invalid { workload, reason },
        WorkerError::Failure(Failure::Failed(reason) | Failure::Said(reason)) => {
            RuntimeError::Failed { workload, reason }
        }
        WorkerError::Failure(Failure::NotReady) => RuntimeError::NotReady { workload },
        WorkerError::Failure(Failure::TimeLimit) => RuntimeError::TimeLimit { workload, limit: limits.time },
        WorkerError::Failure(Failure::MemoryLimit) => RuntimeError::MemoryLimit { workload, limit: limits.memory },
        WorkerError::Failure(Failure::Exhausted { resource, reason }) => {
            RuntimeError::Full { subject, resource, reason }
        }
        WorkerError::Failure(Failure::Engine(reason)) => RuntimeError::Engine { subject, reason },
    }
}

impl LauncherError {
    /// The error as the row of a report, for the subject that needed the launcher.
    #[must_use]
    pub fn for_subject(self, subject: &Subject) -> RuntimeError {
        match self {
            Self::Unavailable { kind, reason, remedy } => Refusal::new(subject, kind, reason, remedy).into(),
            other => RuntimeError::Helper { subject: subject.clone(), reason: other.to_string() },
        }
    }
}
