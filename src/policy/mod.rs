//! Policy engines: what answers a Rego query. An adapter is a file, or a folder, that implements [`PolicyEngine`],
//! [`Loader`] and [`Evaluator`], and a line of the table in `registry`; no adapter knows a probe. CONTRIBUTING.md has the
//! steps.

mod embedded;
mod error;
mod fixture;
mod folder;
#[allow(dead_code, reason = "each engine uses its part")]
mod live;
#[cfg(feature = "_opa-abi")]
mod opa_abi;
#[cfg(feature = "_opa-abi")]
mod opa_builtins;
mod rbac;
mod registry;

#[cfg(feature = "opa")]
pub mod opa;
#[cfg(feature = "opa-wasm")]
pub mod opa_wasm;
#[cfg(feature = "wasmedge")]
pub mod opa_wasmedge;
#[cfg(feature = "regorus")]
pub mod regorus;

#[cfg(all(fuzzing, feature = "_opa-abi"))]
pub(crate) mod fuzzing;

pub use error::PolicyError;
pub use fixture::{Case, Policy};
pub use registry::Registry;

use serde::{Deserialize, Serialize};

use crate::adapter::{Identity, Limits};
use crate::disk;

/// In which form an engine is given the policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum PolicyForm {
    /// As its author ships it: Rego, or OPA's Wasm. Parsing and compiling are inside the start.
    Source,
    /// Compiled for this engine beforehand, on disk.
    Precompiled,
}

/// A policy engine on this machine.
pub trait PolicyEngine: Send + Sync {
    /// Who it is, with exact versions.
    fn identity(&self) -> &Identity;

    /// The forms that it takes.
    fn forms(&self) -> &[PolicyForm];

    /// Whether a loaded engine holds anything between two decisions. One that is a process for each does not.
    fn holds(&self) -> bool {
        true
    }

    /// Does what may be done before the clock starts: puts the policy's artifact for `form` on disk.
    /// What [`Loader::load`] then does is the engine's startup, up to the first decision.
    ///
    /// # Errors
    /// [`PolicyError`] when the policy does not compile, or the engine does not take `form`.
    fn prepare(&self, policy: &Policy, form: PolicyForm, limits: Limits) -> Result<Box<dyn Loader>, PolicyError>;
}

/// A policy on disk in an engine's form, to be loaded any number of times, from any thread.
pub trait Loader: Send + Sync {
    /// Reads the policy and its data from disk and makes an engine that can decide. While another engine of this loader
    /// is alive, it may share with that one what is the same for all, such as a compiled module: a figure of startup is
    /// that of the only one.
    ///
    /// # Errors
    /// [`PolicyError`] when a file cannot be read, is malformed, or exceeds a limit.
    fn load(&self) -> Result<Box<dyn Evaluator>, PolicyError>;

    /// As many engines as are asked at the same time, one by each thread, as their user would have them: a server is one
    /// process then, with a connection for each.
    ///
    /// # Errors
    /// As of [`load`](Self::load).
    fn load_together(&self, count: usize) -> Result<Vec<Box<dyn Evaluator>>, PolicyError> {
        (0..count).map(|_| self.load()).collect()
    }
}

/// A loaded engine. One thread at a time; load more for more threads.
pub trait Evaluator: Send {
    /// One decision: input JSON in, decision JSON out. A query that is undefined gives `null`.
    /// After an error the engine can be used again.
    ///
    /// # Errors
    /// [`PolicyError`] when the input is not JSON, the policy aborts, or a limit is exceeded.
    fn evaluate(&mut self, input: &str) -> Result<String, PolicyError>;
}

/// The policy's data document, an empty object where it has none, or why an engine cannot take it.
#[allow(dead_code, reason = "each engine uses its part")]
fn checked_data(policy: &Policy, limits: Limits) -> Result<&str, PolicyError> {
    let data = policy.data.as_deref().unwrap_or("{}");
    if data.len() as u64 > limits.memory {
        return Err(PolicyError::MemoryLimit { policy: policy.name.clone(), limit: limits.memory });
    }
    folder::object(data).map_err(|reason| PolicyError::Data { policy: policy.name.clone(), reason })?;
    Ok(data)
}

/// What an artifact holds.
#[allow(dead_code, reason = "each engine uses its part")]
fn read_bytes(artifact: &disk::Artifact) -> Result<Vec<u8>, PolicyError> {
    std::fs::read(artifact.path()).map_err(|source| PolicyError::Io { path: artifact.path().to_owned(), source })
}

/// What an artifact holds that is text.
#[allow(dead_code, reason = "each engine uses its part")]
fn read(artifact: &disk::Artifact) -> Result<String, PolicyError> {
    std::fs::read_to_string(artifact.path())
        .map_err(|source| PolicyError::Io { path: artifact.path().to_owned(), source })
}
