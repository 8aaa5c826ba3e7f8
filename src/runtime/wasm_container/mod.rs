//! Wasm modules inside OS containers: libcontainer makes the container, and an executor in its init runs the module where
//! another container's program would be executed.
//!
//! | engine | temperature | before the clock starts | inside a start |
//! |---|---|---|---|
//! | Wasmtime | cold | the .wasm in the image | the container; an engine, compile with Cranelift, link, instantiate, run to ready |
//! | Wasmtime | precompiled | the .cwasm in the image; engine and linker in the worker | the container; map, link, instantiate, run to ready |
//! | WasmEdge | cold | the .wasm in the image | the container; load, validate, host functions, link, instantiate, interpret to ready |
//! | WasmEdge | precompiled | the .so in the image | the container; load, validate, host functions, link, instantiate, run to ready |
//!
//! What is made in a worker is inherited by its containers; [`Artifact::reserve`] makes it before a start needs it.
//!
//! **Isolation** is that of `container/scratch`: the same namespaces, cgroup and read-only root, no capabilities. There is
//! no /proc, which a module could not reach. The image holds the module alone; the engine is this program's own, as in
//! every OCI runtime that runs Wasm, so it is not in the image's size.
//!
//! **Ready** is, as in process, when `_start` has returned: the module's reading then goes to the container's standard
//! output. The instance lives until standard input ends.
//!
//! **Limits.** Who is not ready in time is killed with its container. The engine bounds the linear memory; the cgroup
//! bounds the whole process as well, where it can.
//!
//! **Files.** A bundle lies in the launcher's directory until its last container is gone. What a killed process leaves, the
//! next that prepares a module removes.

mod bundle;
mod engine;

pub(crate) use engine::find as find_engine;
#[cfg(any(feature = "wasmtime", feature = "wasmedge"))]
pub(super) use engine::{Contained as ContainedEngine, Form};

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use self::engine::Engine;
use super::{
    Artifact, Instance, Runtime, RuntimeError, Workload,
    container::{self, Prepared, Shared},
    wasm,
};
use crate::{
    Subject, Temperature,
    adapter::{Identity, Limits, Refusal, RefusalKind},
    launcher::{
        Launcher,
        protocol::{Module, Payload},
    },
    versions,
};

/// Containers whose payload is a Wasm module.
///
/// ```
/// use runtime_baseline::{
///     Temperature,
///     launcher::{Launcher, LauncherOptions},
///     runtime::{Runtime, Workload, wasm_container::WasmContainer},
/// };
///
/// // Where containers cannot be started, the error says what to do about it.
/// let Ok(launcher) = Launcher::start(LauncherOptions::default()) else { return Ok(()) };
/// let Ok(runtime) = WasmContainer::wasmtime(&launcher) else { return Ok(()) };
/// let artifact = runtime.prepare(&Workload::ready(), Temperature::Precompiled)?;
/// let instance = artifact.start()?;
/// println!("ready at {} ns", instance.ready_at());
/// instance.stop()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct WasmContainer {
    identity: Identity,
    launcher: Launcher,
    name: &'static str,
    engine: Engine,
    limits: Limits,
}

impl WasmContainer {
    /// Modules run by Wasmtime.
    ///
    /// # Errors
    /// [`RuntimeError::Engine`] when the engine cannot be made; [`RuntimeError::Unavailable`] when it was not built in.
    pub fn wasmtime(launcher: &Launcher) -> Result<Self, RuntimeError> {
        Self::new(launcher, "wasmtime")
    }

    /// Modules run by WasmEdge: interpreted when cold, as machine code compiled ahead of time when precompiled.
    ///
    /// # Errors
    /// [`RuntimeError::Unavailable`] when it was not built in, or the library that was loaded is not of the version that the
    /// adapter is for.
    pub fn wasmedge(launcher: &Launcher) -> Result<Self, RuntimeError> {
        Self::new(launcher, "wasmedge")
    }

    /// Modules run by the engine of that name, which is the subject behind `container+`.
    pub(super) fn new(launcher: &Launcher, name: &'static str) -> Result<Self, RuntimeError> {
        let subject = Subject::new(format!("container+{name}")).expect("a valid constant");
        let engine = Engine::find(name).ok_or_else(|| {
            let remedy = format!("build with --features container,{name}");
            Refusal::new(&subject, RefusalKind::NotBuilt, "this build has no adapter for it", remedy)
        })?;
        let identity = (engine.identity)(subject)?;
        let libcontainer = versions::component(&identity.subject, "libcontainer")?;
        let kernel = container::kernel(&identity.subject)?;
        let identity = identity.with_component(libcontainer).with_component(kernel);
        let mut identity = container::with_launcher(identity, launcher);
        for (name, value) in bundle::settings() {
            identity = identity.with_setting(name, value);
        }
        let runtime = Self { identity, launcher: launcher.clone(), name, engine, limits: Limits::default() };
        Ok(runtime.with_limits(Limits::default()))
    }

    /// Bounds every container.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self.identity = container::with_memory_limit(self.identity, &self.launcher, limits)
            .with_setting("time_limit", format!("{:?}", limits.time))
            .with_setting("memory_limit_bytes", limits.memory);
        self
    }

    /// A bundle of one's own, as it is: its entrypoint is run as a module where an annotation (`run.oci.handler=wasm` or
    /// `module.wasm.image/variant=compat`) or its name (`….wasm`) says so, and executed as a program otherwise. Either
    /// follows the ready protocol of [`Workload`]. Machine code is not taken: it could be anybody's.
    ///
    /// # Errors
    /// [`RuntimeError::Invalid`] when it is no bundle: no `config.json`, no root file system, no entrypoint in it.
    pub fn bundle(&self, path: &Path) -> Result<Box<dyn Artifact>, RuntimeError> {
        let bundle = container::bundle::Bundle::open(path)?;
        let shared = self.shared(bundle.path.display().to_string(), bundle.path, false);
        Ok(Box::new(Prepared::new(shared)))
    }

    fn shared(&self, workload: String, bundle: std::path::PathBuf, precompiled: bool) -> Shared {
        let module = Module { engine: self.name.to_owned(), precompiled, memory: self.limits.memory };
        Shared {
            subject: self.identity.subject.clone(),
            workload,
            launcher: self.launcher.clone(),
            bundle,
            payload: Payload::Module(module),
            command: None,
            limits: self.limits,
            directory: None,
        }
    }
}

impl Runtime for WasmContainer {
    fn identity(&self) -> &Identity {
        &self.identity
    }

    fn temperatures(&self) -> &[Temperature] {
        &[Temperature::Cold, Temperature::Precompiled]
    }

    fn prepare(&self, workload: &Workload, temperature: Temperature) -> Result<Box<dyn Artifact>, RuntimeError> {
        let (_, wasm) = wasm::Job::of(self, self.limits, workload, temperature)?;
        let named = |error| match error {
            RuntimeError::Invalid { reason, .. } => RuntimeError::Invalid { workload: workload.name.clone(), reason },
            other => other,
        };
        let form = (self.engine.form)(&wasm, temperature == Temperature::Precompiled).map_err(named)?;
        let (directory, program) = bundle::write(&self.launcher.directory().join("bundles"), form.name, &form.content)?;
        let precompiled = temperature == Temperature::Precompiled;
        if precompiled {
            (self.engine.check)(&program).map_err(named)?;
        }
        let mut shared = self.shared(workload.name.clone(), directory.path().to_owned(), precompiled);
        shared.directory = Some(directory);
        let bytes = form.content.len() as u64;
        Ok(Box::new(Contained { container: Prepared::new(shared), settings: form.settings, bytes }))
    }
}

/// A module in its bundle.
struct Contained {
    container: Prepared,
    settings: BTreeMap<String, String>,
    bytes: u64,
}

impl Artifact for Contained {
    fn reserve(&self, concurrent: usize) -> Result<(), RuntimeError> {
        self.container.reserve(concurrent)
    }

    fn reserve_live(&self, live: usize, concurrent: usize) -> Result<(), RuntimeError> {
        self.container.reserve_live(live, concurrent)
    }

    fn settings(&self) -> BTreeMap<String, String> {
        self.settings.clone()
    }

    fn artifact_bytes(&self) -> Option<u64> {
        Some(self.bytes)
    }

    fn image(&self) -> Option<PathBuf> {
        self.container.image()
    }

    fn start(&self) -> Result<Box<dyn Instance>, RuntimeError> {
        self.container.start()
    }
}
