//! Runtimes: what starts a workload. An adapter is a folder, or a file, that implements [`Runtime`], [`Artifact`] and
//! [`Instance`], and a line of the table in `registry`; no adapter knows a probe. CONTRIBUTING.md has the steps.

mod error;
mod registry;
#[cfg_attr(not(feature = "_engine"), allow(dead_code, reason = "engines in this process use it"))]
mod room;
#[cfg(any(feature = "container", feature = "wasm-cli"))]
#[cfg_attr(not(feature = "wasm-cli"), allow(dead_code, reason = "a command line is asked for more"))]
mod spawned;
#[cfg_attr(not(feature = "_engine"), allow(dead_code, reason = "engines in this process use it"))]
mod wasi;
#[cfg(feature = "_wasm")]
#[allow(dead_code, reason = "each engine uses its part")]
mod wasm;
#[cfg(any(feature = "container", feature = "wasm-cli"))]
mod wasmedge_log;
mod workload;

#[cfg(feature = "container")]
pub mod container;
#[cfg(feature = "container")]
pub mod crun_wasmedge;
pub mod noop;
#[cfg(feature = "container")]
pub mod oci_cli;
#[cfg(feature = "wasm-cli")]
pub mod wasm_cli;
#[cfg(feature = "container")]
pub mod wasm_container;
#[cfg(feature = "wasmedge")]
pub mod wasmedge;
#[cfg(feature = "wasmi")]
pub mod wasmi;
#[cfg(feature = "wasmtime")]
pub mod wasmtime;

pub use crate::adapter::{Identity, Limits, Refusal, RefusalKind, Resource};
pub use error::RuntimeError;
pub use registry::Registry;
pub use workload::Workload;

use std::{collections::BTreeMap, path::PathBuf};

use crate::Temperature;

/// A runtime on this machine.
pub trait Runtime: Send + Sync {
    /// Who it is, with exact versions.
    fn identity(&self) -> &Identity;

    /// The temperatures at which it can start something, coldest first.
    fn temperatures(&self) -> &[Temperature];

    /// Whether a ready instance stays until it is stopped, so that holding it can be measured. The processes of a command
    /// line that ends when its module ends do not.
    fn holds(&self) -> bool {
        true
    }

    /// Does everything that may be done before the clock starts at `temperature`: writes artifacts to disk, compiles,
    /// fills pools. What [`Artifact::start`] then does is the figure.
    ///
    /// # Errors
    /// [`RuntimeError`] when the workload is not one that the runtime takes, or the temperature is not one of
    /// [`temperatures`](Self::temperatures).
    fn prepare(&self, workload: &Workload, temperature: Temperature) -> Result<Box<dyn Artifact>, RuntimeError>;
}

/// A workload, prepared: all that is left is to start it. Shared between the threads of a burst.
pub trait Artifact: Send + Sync {
    /// Makes room for `concurrent` live instances started at the same time, so that no start pays for it.
    ///
    /// # Errors
    /// [`RuntimeError`] when this machine cannot hold that many.
    fn reserve(&self, concurrent: usize) -> Result<(), RuntimeError> {
        let _ = concurrent;
        Ok(())
    }

    /// Makes room for `live` instances that live at the same time, of which `concurrent` are started at the same time.
    ///
    /// # Errors
    /// [`RuntimeError::Full`] when this machine cannot hold that many.
    fn reserve_live(&self, live: usize, concurrent: usize) -> Result<(), RuntimeError> {
        self.reserve(live.max(concurrent))
    }

    /// Settings that bear on this artifact's figures and are not the same at every temperature: added to those of
    /// [`Identity::settings`]. Ask after [`reserve`](Self::reserve), which may change them.
    fn settings(&self) -> BTreeMap<String, String> {
        BTreeMap::new()
    }

    /// Bytes of the file that a start reads (the module, or what was compiled from it), where a start reads one.
    fn artifact_bytes(&self) -> Option<u64> {
        None
    }

    /// The root file system that it ships, where it ships one: a directory.
    fn image(&self) -> Option<PathBuf> {
        None
    }

    /// Creates one instance and returns when it has said *ready*.
    ///
    /// # Errors
    /// [`RuntimeError`] when the instance cannot be created, traps, exceeds a limit, or ends without saying ready.
    fn start(&self) -> Result<Box<dyn Instance>, RuntimeError>;

    /// One whole life: creates an instance, ends it once it has said *ready*, and returns when everything it held is gone.
    /// What it returns is the workload's own reading, as [`Instance::ready_at`]. A start and a stop, unless the runtime's
    /// users have one command for it all.
    ///
    /// # Errors
    /// [`RuntimeError`] as [`start`](Self::start) and [`Instance::stop`].
    fn lifecycle(&self) -> Result<u64, RuntimeError> {
        start_and_stop(self)
    }
}

fn start_and_stop(artifact: &(impl Artifact + ?Sized)) -> Result<u64, RuntimeError> {
    let instance = artifact.start()?;
    let ready_at = instance.ready_at();
    instance.stop()?;
    Ok(ready_at)
}

/// A ready instance, alive until it is stopped or dropped.
pub trait Instance: Send {
    /// The workload's own `CLOCK_MONOTONIC` reading at the instant it was ready, in nanoseconds.
    fn ready_at(&self) -> u64;

    /// Whether what said ready is still there: its process runs, or its memory can be read. Costs microseconds, and
    /// changes nothing.
    fn is_alive(&mut self) -> bool;

    /// Ends the instance and frees everything it held. Dropping does the same and keeps errors to itself.
    ///
    /// # Errors
    /// [`RuntimeError`] when the instance had already failed, or something of it could not be removed.
    fn stop(self: Box<Self>) -> Result<(), RuntimeError>;
}
