//! A module in a container's init: the parts of a start that an executor puts together there. Nothing here needs a thread:
//! no deadline is watched, since who takes too long is killed with its container.

use std::{ffi::CString, os::unix::ffi::OsStrExt, path::Path, sync::Arc};

use super::{
    Mode, PAGE, PAGES, compile,
    ffi::{self, Config, Engine, Linked, Module},
    start::{self, Job},
};
use crate::{
    Component, Subject, disk,
    runtime::{Limits, RuntimeError},
};

/// The engine's name and exact version.
pub(crate) fn component(subject: &Subject) -> Result<Component, RuntimeError> {
    super::component(subject)
}

/// The settings of [`compile`](fn@compile).
pub(crate) const COMPILER: [(&str, &str); 3] = compile::Ended::WithProcess.settings();

/// The machine code of `wasm`, which is checked first.
pub(crate) fn compile(wasm: &[u8]) -> Result<Vec<u8>, RuntimeError> {
    let job = job(Mode::Aot, Limits::default())?;
    let file = disk::Artifact::write(wasm)?;
    load(&job, file.path())?;
    let directory = disk::workplace()?;
    compile::ahead_of_time(wasm, directory.path(), compile::Ended::WithProcess).map_err(|reason| job.engine(reason))
}

/// Whether the machine code in `path` runs as such: the engine interprets what it does not take for machine code.
pub(crate) fn check(path: &Path) -> Result<(), RuntimeError> {
    let job = job(Mode::Aot, Limits::default())?;
    let _loaded = load(&job, path)?;
    start::holds_machine_code(&job, path)
}

/// Runs the module in `path` to ready: machine code that was `precompiled`, else interpreted. The second value is the
/// instance.
pub(crate) fn run(precompiled: bool, path: &Path, limits: Limits) -> Result<(u64, impl Sized + use<>), RuntimeError> {
    let job = job(if precompiled { Mode::Aot } else { Mode::Interpreter }, limits)?;
    let module = load(&job, path)?;
    let engine = Engine::executor(&job.config).map_err(|fault| job.engine(fault.message))?;
    let linked = Linked::new(&engine, &module).map_err(|fault| job.engine(fault.message))?;
    let outcome = ffi::run(engine, Arc::new(linked), &module);
    let (ready_at, live) = job.ready(outcome)?;
    Ok((ready_at, (live, module)))
}

/// Loads, validates, and checks what the ready protocol asks of a module.
fn load(job: &Job, path: &Path) -> Result<Module, RuntimeError> {
    let named = |error: std::io::Error| job.invalid(format!("{}: {error}", path.display()));
    std::fs::metadata(path).map_err(named)?;
    let name = CString::new(path.as_os_str().as_bytes()).map_err(|error| job.invalid(error.to_string()))?;
    let module = Module::load(&job.config, &name).map_err(|fault| job.judge(fault))?;
    job.check_exports(&module)?;
    Ok(module)
}

/// Names are the library's to add, on the other side of the container.
fn job(mode: Mode, limits: Limits) -> Result<Job, RuntimeError> {
    let subject: Subject = "container+wasmedge".parse().expect("a valid constant");
    let config = Config::new(mode, (limits.memory / PAGE).min(PAGES))
        .map_err(|fault| RuntimeError::Engine { subject: subject.clone(), reason: fault.message })?;
    Ok(Job { subject, workload: String::new(), limits, config: Arc::new(config), watch: None, mode })
}
