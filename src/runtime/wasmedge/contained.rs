//! A module in a container's init: the parts of a start that an executor puts together there. Nothing here needs a thread:
//! no deadline is watched, since who takes too long is killed with its container.

use std::{ffi::CString, os::unix::ffi::OsStrExt, path::Path, sync::Arc};

use super::{
    Mode, PAGE, PAGES, compile,
    ffi::{self, Config, Engine, Linked, Module},
    start::{self, Job},
};
use crate::{
    Isolation, Phase, Subject,
    adapter::{Identity, Limits},
    disk,
    launcher::{Inherited, Ready, protocol::Module as Asked},
    marks,
    runtime::{
        RuntimeError, wasm,
        wasm_container::{ContainedEngine, Form},
    },
    versions,
};

/// Interpreted where it is the module as it is; else as the machine code that was compiled of it.
pub(in crate::runtime) struct WasmEdge;

impl ContainedEngine for WasmEdge {
    const NAME: &'static str = "wasmedge";

    fn identity(subject: Subject) -> Result<Identity, RuntimeError> {
        let component = super::component(&subject)?;
        let sdk = versions::component(&subject, "wasmedge-sdk")?;
        Ok(Identity::new(subject, component, Isolation::WasmInContainer)
            .with_component(sdk)
            .with_setting("wasi", "preview1, the adapter's own"))
    }

    fn form(wasm: &[u8], precompiled: bool) -> Result<Form, RuntimeError> {
        let (name, content, mode) = match precompiled {
            true => ("module.so", compiled(wasm)?, Mode::Aot),
            false => ("module.wasm", wasm.to_vec(), Mode::Interpreter),
        };
        let own = [("made_before", "nothing"), ("mode", mode.as_str())];
        let compiler = compile::Ended::WithProcess.settings().into_iter().filter(|_| precompiled);
        let settings = own.into_iter().chain(compiler).map(|(name, value)| (name.to_owned(), value.to_owned()));
        Ok(Form { name, content, settings: settings.collect() })
    }

    /// Whether it runs as such: the engine interprets what it does not take for machine code.
    unsafe fn check(path: &Path) -> Result<(), RuntimeError> {
        let job = job(Mode::Aot, Limits::default())?;
        let _loaded = load(&job, path)?;
        start::holds_machine_code(&job, path)
    }

    unsafe fn run(asked: &Asked, path: &Path, _: Option<&Inherited>) -> Result<Ready, RuntimeError> {
        let job = job(if asked.precompiled { Mode::Aot } else { Mode::Interpreter }, asked.limits())?;
        marks::begin(Phase::Load);
        let module = load(&job, path)?;
        marks::begin(Phase::Engine);
        let engine = Engine::executor(&job.config).map_err(|fault| job.engine(fault.message))?;
        marks::begin(Phase::Link);
        let linked = Linked::new(&engine, &module).map_err(|fault| job.engine(fault.message))?;
        let outcome = ffi::run(engine, Arc::new(linked), &module);
        let (ready_at, live) = job.ready(outcome)?;
        Ok((ready_at, Box::new((live, module))))
    }
}

/// The machine code of `wasm`, which is checked first.
fn compiled(wasm: &[u8]) -> Result<Vec<u8>, RuntimeError> {
    let job = job(Mode::Aot, Limits::default())?;
    let file = disk::Artifact::write(wasm)?;
    load(&job, file.path())?;
    let directory = disk::workplace()?;
    compile::ahead_of_time(wasm, directory.path(), compile::Ended::WithProcess).map_err(|fault| job.judge(fault))
}

/// Loads, validates, and checks what the ready protocol asks of a module.
fn load(job: &Job, path: &Path) -> Result<Module, RuntimeError> {
    let named = |error: std::io::Error| job.of.invalid(format!("{}: {error}", path.display()));
    std::fs::metadata(path).map_err(named)?;
    let name = CString::new(path.as_os_str().as_bytes()).map_err(|error| job.of.invalid(error.to_string()))?;
    let module = Module::load(&job.config, &name).map_err(|fault| job.judge(fault))?;
    job.check_exports(&module)?;
    Ok(module)
}

/// Names are the library's to add, on the other side of the container.
fn job(mode: Mode, limits: Limits) -> Result<Job, RuntimeError> {
    let subject: Subject = "container+wasmedge".parse().expect("a valid constant");
    let config = Config::new(mode, (limits.memory / PAGE).min(PAGES))
        .map_err(|fault| RuntimeError::Engine { subject: subject.clone(), reason: fault.message })?;
    let of = wasm::Job { subject, workload: String::new(), limits };
    Ok(Job { of, config: Arc::new(config), watch: None, mode })
}
