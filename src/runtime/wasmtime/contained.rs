//! A module in a container's init: the parts of a start that an executor puts together there. Nothing here needs a thread:
//! compilation is not parallel, and no epochs are counted, since who takes too long is killed with its container.
//!
//! The second place of this adapter with unsafe code, for the same reason as the first: Wasmtime trusts what it maps.

use std::{fs, path::Path};

use wasmtime::{Config, Engine, Linker, Module, Result};

use super::{
    budget,
    guest::{Job, message},
    host::{self, Host},
};
use crate::{
    Component, Subject,
    runtime::{Limits, RuntimeError},
};

/// What a start of machine code needs besides the code.
pub(crate) struct Prepared {
    engine: Engine,
    linker: Linker<Host>,
}

impl std::fmt::Debug for Prepared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Prepared").finish_non_exhaustive()
    }
}

impl Prepared {
    pub(crate) fn new() -> Result<Self, RuntimeError> {
        let make = || {
            let engine = Engine::new(&config())?;
            Ok(Self { linker: host::linker(&engine)?, engine })
        };
        make().map_err(|error| failed(&error))
    }

    /// The machine code of `wasm`.
    pub(crate) fn compile(&self, wasm: &[u8]) -> Result<Vec<u8>, RuntimeError> {
        self.engine
            .precompile_module(wasm)
            .map_err(|error| job(&self.engine, Limits::default()).invalid(message(&error)))
    }

    /// Whether the machine code in `path` can be mapped and linked here.
    pub(crate) fn check(&self, path: &Path) -> Result<(), RuntimeError> {
        let job = job(&self.engine, Limits::default());
        let module = self.load(path).map_err(|error| job.engine(&error))?;
        job.link(&self.linker, &module).map(drop)
    }

    /// What stands in the identity.
    pub(crate) fn settings(&self, limits: &Limits) -> Vec<(&'static str, String)> {
        let mut settings = budget::common_settings(&self.engine, limits);
        settings.retain(|(name, _)| *name != "epoch_tick");
        settings.extend(
            budget::settings(&self.engine)
                .remove("memory_reservation_bytes")
                .map(|value| ("memory_reservation_bytes", value)),
        );
        settings
    }

    fn load(&self, path: &Path) -> Result<Module> {
        // SAFETY: `deserialize_file` asks for code that this engine's compiler made, unaltered, in a file that does not
        // change while the module lives. Only the adapter asks for machine code to be loaded, of a bundle that it wrote
        // itself, with what `compile` returned, to a new directory that this user alone can enter; nothing of this
        // crate writes to it again, the container has it read-only, and it is removed after its last container.
        unsafe { Module::deserialize_file(&self.engine, path) }
    }
}

/// The engine's name and exact version.
pub(crate) fn component(subject: &Subject) -> Result<Component, RuntimeError> {
    let engine =
        |error: crate::ProvenanceError| RuntimeError::Engine { subject: subject.clone(), reason: error.to_string() };
    Component::new("wasmtime", wasmtime_environ::VERSION).map_err(engine)
}

/// Runs the module in `path` to ready: machine code where something was prepared for it, else compiled here. The second
/// value is the instance.
pub(crate) fn run(
    prepared: Option<&Prepared>,
    path: &Path,
    limits: Limits,
) -> Result<(u64, impl Sized + use<>), RuntimeError> {
    if let Some(prepared) = prepared {
        let job = job(&prepared.engine, limits);
        let module = prepared.load(path).map_err(|error| job.engine(&error))?;
        let linked = job.link(&prepared.linker, &module)?;
        return job.run(&prepared.engine, &linked);
    }
    let wasm = fs::read(path).map_err(|source| RuntimeError::Io { path: path.to_owned(), source })?;
    let engine = Engine::new(&config()).map_err(|error| failed(&error))?;
    let job = job(&engine, limits);
    let module = Module::from_binary(&engine, &wasm).map_err(|error| job.invalid(message(&error)))?;
    let linker = host::linker(&engine).map_err(|error| job.engine(&error))?;
    let linked = job.link(&linker, &module)?;
    job.run(&engine, &linked)
}

fn config() -> Config {
    let mut config = budget::on_demand();
    config.epoch_interruption(false).parallel_compilation(false);
    config
}

/// Names are the library's to add, on the other side of the container.
fn job(engine: &Engine, limits: Limits) -> Job {
    Job { subject: subject(), workload: String::new(), budget: limits.into(), plain: engine.clone(), ticker: None }
}

fn failed(error: &wasmtime::Error) -> RuntimeError {
    RuntimeError::Engine { subject: subject(), reason: message(error) }
}

fn subject() -> Subject {
    "container+wasmtime".parse().expect("a valid constant")
}
