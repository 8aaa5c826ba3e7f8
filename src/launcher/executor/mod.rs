//! A Wasm module as a container's payload: what libcontainer calls in the container's init, once that is where the payload
//! runs. Whether a bundle is one for it is told as OCI runtimes do; one that is not runs as an ordinary process.
//!
//! The payload never executes a program, so nothing closes what the container inherited but this; and what its init makes of
//! the module reaches the worker through a pipe, since an exit status cannot carry it.

mod descriptors;

use std::{
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
use rustix::io::Errno;

use super::{
    protocol::{Failure, Wasm, WasmEngine},
    verdict::{self, Verdict},
};
use crate::{helper::hook, runtime::RuntimeError};

/// What a worker makes before the starts that need it, and containers inherit.
#[derive(Debug, Default, Clone)]
pub(super) struct Engines {
    #[cfg(feature = "wasmtime")]
    wasmtime: Option<Arc<crate::runtime::wasmtime::contained::Prepared>>,
}

impl Engines {
    /// Makes what starts of `wasm` inherit, unless it is there.
    pub fn prepare(&mut self, wasm: Wasm) -> Result<(), Failure> {
        match wasm.engine {
            #[cfg(feature = "wasmtime")]
            WasmEngine::Wasmtime if wasm.precompiled && self.wasmtime.is_none() => {
                let prepared = crate::runtime::wasmtime::contained::Prepared::new().map_err(Failure::from)?;
                self.wasmtime = Some(Arc::new(prepared));
            }
            _ => {}
        }
        Ok(())
    }
}

/// Runs the bundle's module.
#[derive(Debug, Clone)]
pub(super) struct WasmExecutor {
    wasm: Wasm,
    #[cfg_attr(not(feature = "wasmtime"), allow(dead_code, reason = "only Wasmtime makes anything before"))]
    engines: Engines,
    verdict: Arc<OwnedFd>,
}

impl WasmExecutor {
    /// The executor, and the end at which its verdict can be read.
    pub fn new(wasm: Wasm, engines: &Engines) -> io::Result<(Self, Verdict)> {
        let (verdict, theirs) = Verdict::pipe()?;
        Ok((Self { wasm, engines: engines.clone(), verdict: Arc::new(theirs) }, verdict))
    }

    /// Runs the module to ready, says so, and waits until standard input ends. The error is the verdict.
    fn run(&self, module: &Path) -> Result<(), Failure> {
        let live = match self.wasm.engine {
            #[cfg(feature = "wasmtime")]
            WasmEngine::Wasmtime => {
                use crate::runtime::wasmtime::contained;
                let prepared = self.engines.wasmtime.as_deref().filter(|_| self.wasm.precompiled);
                let (ready_at, live) = contained::run(prepared, module, self.wasm.limits())?;
                say_ready(ready_at)?;
                Box::new(live) as Box<dyn std::any::Any>
            }
            #[cfg(feature = "wasmedge")]
            WasmEngine::WasmEdge => {
                use crate::runtime::wasmedge::contained;
                let (ready_at, live) = contained::run(self.wasm.precompiled, module, self.wasm.limits())?;
                say_ready(ready_at)?;
                Box::new(live)
            }
        };
        wait_for_end()?;
        // The process ends with the instance, which the kernel frees faster.
        std::mem::forget(live);
        Ok(())
    }
}

impl Executor for WasmExecutor {
    fn exec(&self, spec: &Spec) -> Result<(), ExecutorError> {
        if !is_wasm(spec) {
            return DefaultExecutor {}.exec(spec);
        }
        let module = entrypoint(spec).ok_or(ExecutorError::InvalidArg)?;
        let verdict = descriptors::keep_only(self.verdict.as_fd()).map_err(|e| ExecutorError::Other(e.to_string()))?;
        let outcome = catch_unwind(AssertUnwindSafe(|| self.run(Path::new(module))));
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

impl From<RuntimeError> for Failure {
    /// What the same engine says in process, for the way through the pipe. The library adds names and limits again.
    fn from(error: RuntimeError) -> Self {
        match error {
            RuntimeError::Invalid { reason, .. } => Self::Invalid(super::protocol::shorten(reason)),
            RuntimeError::Failed { reason, .. } => Self::Failed(super::protocol::shorten(reason)),
            RuntimeError::NotReady { .. } => Self::NotReady,
            RuntimeError::TimeLimit { .. } => Self::TimeLimit,
            RuntimeError::MemoryLimit { .. } => Self::MemoryLimit,
            RuntimeError::Engine { reason, .. } => Self::Engine(super::protocol::shorten(reason)),
            // The module is not there, or cannot be read.
            RuntimeError::Io { .. } => Self::Invalid(super::protocol::shorten(error.to_string())),
            other => Self::Engine(super::protocol::shorten(other.to_string())),
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
