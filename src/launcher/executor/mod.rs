//! A Wasm module as a container's payload: what libcontainer calls in the container's init, once that is where the payload
//! runs. Whether a bundle is one for it is told as OCI runtimes do; one that is not runs as an ordinary process.
//!
//! The payload never executes a program, so nothing closes what the container inherited but this; and what its init makes of
//! the module reaches the worker through a pipe, since an exit status cannot carry it.

mod descriptors;

use std::{
    any::Any,
    collections::HashMap,
    io,
    os::fd::{AsFd, OwnedFd},
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::Arc,
};

use libcontainer::{
    oci_spec::runtime::Spec,
    workload::{
        Executor, ExecutorError, ExecutorSetEnvsError, ExecutorValidationError,
        default::{DefaultExecutor, get_executor},
    },
};
use rustix::{
    io::Errno,
    process::{DumpableBehavior, set_dumpable_behavior},
};

use super::{
    protocol::{Failure, Module},
    verdict::{self, Verdict},
};
use crate::{Phase, marks, process::hook};

/// What a worker made before, and its containers inherit.
pub(crate) type Inherited = Arc<dyn Any + Send + Sync>;

/// A Wasm engine as a container's init runs it. Those that there are stand above this module, which links none.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ModuleEngine {
    /// By which a payload asks for it.
    pub name: &'static str,
    /// What starts of machine code inherit from the worker, where that is anything.
    pub inherit: fn() -> Result<Option<Inherited>, Failure>,
    /// Runs the module of a file to ready. Where the payload says that it is precompiled, the file must hold machine code that
    /// this build made, and must not change.
    pub run: unsafe fn(&Module, &Path, Option<&Inherited>) -> Result<Ready, Failure>,
}

/// A module's reading of the clock when it was ready, and what it lives in.
pub(crate) type Ready = (u64, Box<dyn Any>);

/// The engine of that name, where it was built in.
pub(crate) type FindEngine = fn(&str) -> Option<ModuleEngine>;

/// A worker's engines, with what was made before the starts that need it.
#[derive(Debug)]
pub(super) struct Engines {
    find: FindEngine,
    inherited: HashMap<&'static str, Option<Inherited>>,
}

impl Engines {
    pub fn new(find: FindEngine) -> Self {
        Self { find, inherited: HashMap::new() }
    }

    fn find(&self, module: &Module) -> Result<ModuleEngine, Failure> {
        (self.find)(&module.engine).ok_or_else(|| Failure::Engine(format!("no engine is named {:?}", module.engine)))
    }

    /// Makes what starts of `module` inherit, unless it is there.
    pub fn prepare(&mut self, module: &Module) -> Result<(), Failure> {
        let engine = self.find(module)?;
        if module.precompiled && !self.inherited.contains_key(engine.name) {
            self.inherited.insert(engine.name, (engine.inherit)()?);
        }
        Ok(())
    }
}

/// Runs the bundle's module.
#[derive(Debug, Clone)]
pub(super) struct ModuleExecutor {
    module: Module,
    engine: ModuleEngine,
    inherited: Option<Inherited>,
    verdict: Arc<OwnedFd>,
}

impl ModuleExecutor {
    /// The executor, and the end at which its verdict can be read.
    pub fn new(module: Module, engines: &Engines) -> Result<(Self, Verdict), Failure> {
        let engine = engines.find(&module)?;
        let inherited = engines.inherited.get(engine.name).filter(|_| module.precompiled).cloned().flatten();
        let (verdict, theirs) = Verdict::pipe().map_err(|e| Failure::of_call("pipe", e))?;
        Ok((Self { module, engine, inherited, verdict: Arc::new(theirs) }, verdict))
    }

    /// Runs the module to ready, says so, and waits until standard input ends. The error is the verdict.
    fn run(&self, path: &Path) -> Result<(), Failure> {
        // SAFETY: of payloads, those alone say that they are precompiled whose bundle the adapter wrote itself, with what its
        // engine made of the module, into a directory that this user alone can enter; a bundle of somebody's own never does.
        // The container has it read-only, and it is removed after its last container.
        let (ready_at, live) = unsafe { (self.engine.run)(&self.module, path, self.inherited.as_ref()) }?;
        say_ready(ready_at)?;
        wait_for_end()?;
        // The process ends with the instance, which the kernel frees faster.
        std::mem::forget(live);
        Ok(())
    }
}

impl Executor for ModuleExecutor {
    fn exec(&self, spec: &Spec) -> Result<(), ExecutorError> {
        marks::begin(Phase::Exec);
        if !is_wasm(spec) {
            return DefaultExecutor {}.exec(spec);
        }
        let module = entrypoint(spec).ok_or(ExecutorError::InvalidArg)?;
        // As it would be after an exec: what it holds may be read by the user whose process it is.
        let _ = set_dumpable_behavior(DumpableBehavior::Dumpable);
        // SAFETY: this function does not return, and what it goes on to use owns no descriptor but those that it opens: the
        // module is named by its path, and `self.verdict` is used again only where nothing was closed.
        let (verdict, outcome) = match unsafe { descriptors::keep_only(self.verdict.as_fd()) } {
            Ok(verdict) => (verdict, catch_unwind(AssertUnwindSafe(|| self.run(Path::new(module))))),
            Err(error) => (self.verdict.as_fd(), Ok(Err(Failure::engine("close what it inherited", error)))),
        };
        match outcome.unwrap_or_else(|_| Err(Failure::Engine("the engine panicked".to_owned()))) {
            Ok(()) => hook::exit(0),
            Err(failure) => {
                verdict::send(verdict, &failure);
                hook::exit(1)
            }
        }
    }

    fn validate(&self, spec: &Spec) -> Result<(), ExecutorValidationError> {
        // A module that is not there, or none, is the verdict of `exec`.
        if is_wasm(spec) { Ok(()) } else { get_executor().validate(spec) }
    }

    fn setup_envs(&self, envs: HashMap<String, String>) -> Result<(), ExecutorSetEnvsError> {
        get_executor().setup_envs(envs)
    }
}

/// As crun, youki and their kin tell: by either of two annotations, or by the entrypoint's name.
fn is_wasm(spec: &Spec) -> bool {
    const ANNOTATIONS: [(&str, &str); 2] = [("run.oci.handler", "wasm"), ("module.wasm.image/variant", "compat")];
    let annotations = spec.annotations().as_ref();
    let annotated = |(name, value): (&str, &str)| {
        annotations.and_then(|annotations| annotations.get(name)).is_some_and(|found| found == value)
    };
    ANNOTATIONS.into_iter().any(annotated) || entrypoint(spec).is_some_and(|program| program.ends_with(".wasm"))
}

fn entrypoint(spec: &Spec) -> Option<&str> {
    Some(spec.process().as_ref()?.args().as_ref()?.first()?.as_str())
}

/// The ready protocol, on the container's standard output.
fn say_ready(at: u64) -> Result<(), Failure> {
    let reading = at.to_le_bytes();
    let mut written = 0;
    while written < reading.len() {
        match rustix::io::write(io::stdout(), &reading[written..]) {
            Ok(count) => written += count,
            Err(Errno::INTR) => {}
            Err(e) => return Err(Failure::engine("say ready", e)),
        }
    }
    Ok(())
}

fn wait_for_end() -> Result<(), Failure> {
    let mut ignored = [0; 64];
    loop {
        match rustix::io::read(io::stdin(), &mut ignored) {
            Ok(0) => return Ok(()),
            Ok(_) | Err(Errno::INTR) => {}
            Err(e) => return Err(Failure::engine("wait for the end of standard input", e)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn spec(program: &str, annotations: serde_json::Value) -> Spec {
        let process = json!({ "user": { "uid": 0, "gid": 0 }, "args": [program, "x.wasm"], "cwd": "/" });
        serde_json::from_value(json!({ "ociVersion": "1.0.2", "process": process, "annotations": annotations }))
            .unwrap()
    }

    #[test]
    fn wasm_is_told_as_oci_runtimes_do() {
        for (program, annotations, expected) in [
            ("/ready.wasm", json!({}), true),
            ("/ready", json!({ "run.oci.handler": "wasm" }), true),
            ("/ready", json!({ "module.wasm.image/variant": "compat" }), true),
            ("/ready", json!({ "run.oci.handler": "krun", "other": "wasm" }), false),
            ("/ready", json!({ "module.wasm.image/variant": "other" }), false),
            ("/ready", json!({}), false),
            ("/wasm", json!({}), false),
        ] {
            assert_eq!(is_wasm(&spec(program, annotations.clone())), expected, "{program} {annotations}");
        }
        let without_process = serde_json::from_value(json!({ "ociVersion": "1.0.2" })).unwrap();
        assert!(!is_wasm(&without_process));
    }
}
