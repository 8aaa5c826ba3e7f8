//! What can go wrong between a policy and its decision.

use std::{io, path::PathBuf, time::Duration};

use crate::{
    Subject,
    adapter::{Refusal, size},
    disk,
};

/// Why there is no decision. The same case gives the same variant from every engine.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// The engine cannot run here; the value says what to do about it.
    #[error(transparent)]
    Unavailable(#[from] Refusal),
    /// The engine does not take the policy in that form, or the policy has no such form.
    #[error("{subject} cannot load {policy}: {reason}")]
    UnsupportedForm {
        /// The engine.
        subject: Subject,
        /// The policy.
        policy: String,
        /// Which form is missing.
        reason: String,
    },
    /// The policy does not compile, or its artifact is malformed; the reason says where.
    #[error("policy {policy} is not valid: {reason}")]
    Invalid {
        /// The policy.
        policy: String,
        /// What is wrong and where, as the engine said it.
        reason: String,
    },
    /// The project has no policy of that name.
    #[error("no policy is named {name:?}; there are {}, and rbac-<bindings> from 1 to 1000000", known.join(", "))]
    UnknownPolicy {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: Vec<String>,
    },
    /// A policy's folder breaks the layout that [`Policy::from_dir`](super::Policy::from_dir) tells.
    #[error("policy folder {}: {reason}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Which file, and what is wrong with it.
        reason: String,
    },
    /// The policy has no such rule or entrypoint.
    #[error("policy {policy} has no entrypoint {entrypoint:?}{}", if known.is_empty() { String::new() } else { format!("; it has {}", known.join(", ")) })]
    UnknownEntrypoint {
        /// The policy.
        policy: String,
        /// What was asked for.
        entrypoint: String,
        /// What there is, where the engine can say.
        known: Vec<String>,
    },
    /// The policy calls a function that it does not define and the engine does not have; refused before it is asked.
    #[error("policy {policy} calls {builtin}, which it does not define and {subject} does not have as a builtin")]
    MissingBuiltin {
        /// The engine.
        subject: Subject,
        /// The policy.
        policy: String,
        /// The function's name.
        builtin: String,
    },
    /// The data document is not JSON, or not an object.
    #[error("data of policy {policy} is not a JSON object: {reason}")]
    Data {
        /// The policy.
        policy: String,
        /// What is wrong and where.
        reason: String,
    },
    /// The input is not JSON.
    #[error("the input is not JSON: {reason}")]
    Input {
        /// What is wrong and where.
        reason: String,
    },
    /// The policy aborted or raised an error while it was evaluated.
    #[error("policy {policy} failed: {reason}")]
    Failed {
        /// The policy.
        policy: String,
        /// What the engine said.
        reason: String,
    },
    /// The evaluation exceeded its time or instruction limit and was stopped: raise [`Limits::time`](crate::adapter::Limits::time)
    /// if it needs longer.
    #[error("policy {policy} was stopped after its time limit of {limit:?}")]
    TimeLimit {
        /// The policy.
        policy: String,
        /// The limit.
        limit: Duration,
    },
    /// The policy or its data need more memory than the limit: raise [`Limits::memory`](crate::adapter::Limits::memory).
    #[error("policy {policy} needs more memory than its limit of {}", size(*limit))]
    MemoryLimit {
        /// The policy.
        policy: String,
        /// The limit in bytes.
        limit: u64,
    },
    /// The server or process behind the engine is gone or does not answer.
    #[error("{subject}: {reason}")]
    Engine {
        /// The engine.
        subject: Subject,
        /// What it said.
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
}

impl From<disk::Error> for PolicyError {
    fn from(error: disk::Error) -> Self {
        Self::Io { path: error.directory, source: error.source }
    }
}
