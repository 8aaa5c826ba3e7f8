//! A module in a container's init: the parts of a start that an executor puts together there. Nothing here needs a thread:
//! compilation is not parallel, and no epochs are counted, since who takes too long is killed with its container.
//!
//! The second place of this adapter with unsafe code, for the same reason as the first: Wasmtime trusts what it maps.

use std::{fs, path::Path, sync::Arc};

use wasmtime::{Config, Engine, Linker, Module, Result};

use super::{
    budget,
    guest::{Job, message},
    host::{self, Host},
};
use crate::{
    Component, Isolation, Phase, Subject,
    adapter::{Identity, Limits},
    launcher::{Inherited, Ready, protocol::Module as Asked},
    marks,
    runtime::{
        RuntimeError, wasm,
        wasm_container::{ContainedEngine, Form},
    },
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
    fn new() -> Result<Self, RuntimeError> {
        let make = || {
            let engine = Engine::new(&config())?;
            Ok(Self { linker: host::linker(&engine)?, engine })
        };
        make().map_err(|error| failed(&error))
    }

    /// The machine code of `wasm`.
    fn compile(&self, wasm: &[u8]) -> Result<Vec<u8>, RuntimeError> {
        self.engine
            .precompile_module(wasm)
            .map_err(|error| job(&self.engine, Limits::default()).invalid(message(&error)))
    }

    /// What stands in the identity.
    fn settings(&self, limits: &Limits) -> Vec<(&'static str, String)> {
        let mut settings = budget::common_settings(&self.engine, limits);
        settings.retain(|(name, _)| *name != "epoch_tick");
        settings.extend(
            budget::settings(&self.engine)
                .remove("memory_reservation_bytes")
                .map(|value| ("memory_reservation_bytes", value)),
        );
        settings
    }

    /// # Safety
    /// The file holds what `compile` returned, of this build and with this configuration, and does not change while the
    /// module lives.
    unsafe fn load(&self, path: &Path) -> Result<Module> {
        // SAFETY: the caller promises what `deserialize_file` asks for.
        unsafe { Module::deserialize_file(&self.engine, path) }
    }
}

impl ContainedEngine for Prepared {
    const NAME: &'static str = "wasmtime";

    fn identity(subject: Subject) -> Result<Identity, RuntimeError> {
        let component = Component::new("wasmtime", wasmtime_environ::VERSION)
            .map_err(|error| RuntimeError::Engine { subject: subject.clone(), reason: error.to_string() })?;
        let identity = Identity::new(subject, component, Isolation::WasmInContainer);
        let settings = Self::new()?.settings(&Limits::default());
        Ok(settings.into_iter().fold(identity, |identity, (name, value)| identity.with_setting(name, value)))
    }

    fn form(wasm: &[u8], precompiled: bool) -> Result<Form, RuntimeError> {
        let (name, content, before) = match precompiled {
            true => ("module.cwasm", Self::new()?.compile(wasm)?, "engine and linker, in the worker"),
            false => ("module.wasm", wasm.to_vec(), "nothing"),
        };
        Ok(Form { name, content, settings: [("made_before".to_owned(), before.to_owned())].into() })
    }

    /// Whether it can be mapped and linked.
    unsafe fn check(path: &Path) -> Result<(), RuntimeError> {
        let prepared = Self::new()?;
        let job = job(&prepared.engine, Limits::default());
        // SAFETY: the caller promises it, and `new` configures every engine alike.
        let module = unsafe { prepared.load(path) }.map_err(|error| job.engine(&error))?;
        job.link(&prepared.linker, &module).map(drop)
    }

    fn inherit() -> Result<Option<Inherited>, RuntimeError> {
        Ok(Some(Arc::new(Self::new()?)))
    }

    /// Machine code where something was inherited for it; else it is compiled here.
    unsafe fn run(asked: &Asked, path: &Path, inherited: Option<&Inherited>) -> Result<Ready, RuntimeError> {
        let limits = asked.limits();
        marks::begin(Phase::Load);
        if let Some(prepared) = inherited.and_then(|inherited| inherited.downcast_ref::<Self>()) {
            let job = job(&prepared.engine, limits);
            // SAFETY: only what is precompiled inherits something, and then the caller promises it.
            let module = unsafe { prepared.load(path) }.map_err(|error| job.engine(&error))?;
            marks::begin(Phase::Link);
            let linked = job.link(&prepared.linker, &module)?;
            let (ready_at, live) = job.run(&prepared.engine, &linked)?;
            return Ok((ready_at, Box::new(live)));
        }
        let wasm = fs::read(path).map_err(|source| RuntimeError::Io { path: path.to_owned(), source })?;
        marks::begin(Phase::Engine);
        let engine = Engine::new(&config()).map_err(|error| failed(&error))?;
        let job = job(&engine, limits);
        marks::begin(Phase::Compile);
        let module = Module::from_binary(&engine, &wasm).map_err(|error| job.invalid(message(&error)))?;
        marks::begin(Phase::Link);
        let linker = host::linker(&engine).map_err(|error| job.engine(&error))?;
        let linked = job.link(&linker, &module)?;
        let (ready_at, live) = job.run(&engine, &linked)?;
        Ok((ready_at, Box::new(live)))
    }
}

fn config() -> Config {
    let mut config = budget::on_demand();
    config.epoch_interruption(false).parallel_compilation(false);
    config
}

/// Names are the library's to add, on the other side of the container.
fn job(engine: &Engine, limits: Limits) -> Job {
    let of = wasm::Job { subject: subject(), workload: String::new(), limits };
    Job { of, budget: limits.into(), plain: engine.clone(), ticker: None }
}

fn failed(error: &wasmtime::Error) -> RuntimeError {
    RuntimeError::Engine { subject: subject(), reason: message(error) }
}

fn subject() -> Subject {
    "container+wasmtime".parse().expect("a valid constant")
}
