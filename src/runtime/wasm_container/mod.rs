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

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use super::{
    Artifact, Identity, Instance, Limits, Runtime, RuntimeError, Workload,
    container::{self, Prepared, Shared},
};
use crate::{
    Isolation, Subject, Temperature,
    launcher::{
        Launcher,
        protocol::{Payload, Wasm, WasmEngine},
    },
    versions,
};

/// Containers whose payload is a Wasm module.
///
/// ```
/// # #[cfg(feature = "wasmtime")]
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use runtime_baseline::{
///     Temperature,
///     launcher::{Launcher, LauncherOptions},
///     runtime::{Runtime, Workload, wasm_container::WasmContainer},
/// };
///
/// // Where containers cannot be started, the error says what to do about it.
/// let Ok(launcher) = Launcher::start(LauncherOptions::default()) else { return Ok(()) };
/// let runtime = WasmContainer::wasmtime(&launcher)?;
/// let artifact = runtime.prepare(&Workload::ready(), Temperature::Precompiled)?;
/// let instance = artifact.start()?;
/// println!("ready at {} ns", instance.ready_at());
/// instance.stop()?;
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "wasmtime"))]
/// # fn main() {}
/// ```
#[derive(Debug)]
pub struct WasmContainer {
    identity: Identity,
    launcher: Launcher,
    engine: WasmEngine,
    limits: Limits,
}

impl WasmContainer {
    /// Modules run by Wasmtime.
    ///
    /// # Errors
    /// [`RuntimeError::Engine`] when the engine cannot be made.
    ///
    /// # Panics
    /// Never: its name is a constant that is valid.
    #[cfg(feature = "wasmtime")]
    pub fn wasmtime(launcher: &Launcher) -> Result<Self, RuntimeError> {
        use super::wasmtime::contained;
        let subject: Subject = "container+wasmtime".parse().expect("a valid constant");
        let mut identity = Identity::new(subject.clone(), contained::component(&subject)?, Isolation::WasmInContainer);
        for (name, value) in contained::Prepared::new()?.settings(&Limits::default()) {
            identity = identity.with_setting(name, value);
        }
        Self::new(launcher, identity, WasmEngine::Wasmtime)
    }

    /// Modules run by WasmEdge: interpreted when cold, as machine code compiled ahead of time when precompiled.
    ///
    /// # Errors
    /// [`RuntimeError::Unavailable`] when the library that was loaded is not of the version that the adapter is for.
    ///
    /// # Panics
    /// Never: its name is a constant that is valid.
    #[cfg(feature = "wasmedge")]
    pub fn wasmedge(launcher: &Launcher) -> Result<Self, RuntimeError> {
        let subject: Subject = "container+wasmedge".parse().expect("a valid constant");
        let component = super::wasmedge::contained::component(&subject)?;
        let sdk = versions::component(&subject, "wasmedge-sdk")?;
        let identity = Identity::new(subject, component, Isolation::WasmInContainer)
            .with_component(sdk)
            .with_setting("wasi", "preview1, the adapter's own");
        Self::new(launcher, identity, WasmEngine::WasmEdge)
    }

    fn new(launcher: &Launcher, identity: Identity, engine: WasmEngine) -> Result<Self, RuntimeError> {
        let libcontainer = versions::component(&identity.subject, "libcontainer")?;
        let kernel = container::kernel(&identity.subject)?;
        let identity = identity.with_component(libcontainer).with_component(kernel);
        let mut identity = container::with_launcher(identity, launcher);
        for (name, value) in bundle::settings() {
            identity = identity.with_setting(name, value);
        }
        Ok(Self { identity, launcher: launcher.clone(), engine, limits: Limits::default() }
            .with_limits(Limits::default()))
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
        let wasm = Wasm { engine: self.engine, precompiled, memory: self.limits.memory };
        Shared {
            subject: self.identity.subject.clone(),
            workload,
            launcher: self.launcher.clone(),
            bundle,
            payload: Payload::Wasm(wasm),
            command: None,
            limits: self.limits,
            directory: None,
        }
    }

    /// The file of the image, from the module: its name, its content, and what it adds to the settings.
    fn form(&self, wasm: &[u8], temperature: Temperature) -> Result<Form, RuntimeError> {
        let mut settings = BTreeMap::new();
        let mut set = |name: &str, value: &str| drop(settings.insert(name.to_owned(), value.to_owned()));
        let precompiled = temperature == Temperature::Precompiled;
        let (name, content) = match self.engine {
            #[cfg(feature = "wasmtime")]
            WasmEngine::Wasmtime if precompiled => {
                set("made_before", "engine and linker, in the worker");
                ("module.cwasm", super::wasmtime::contained::Prepared::new()?.compile(wasm)?)
            }
            #[cfg(feature = "wasmtime")]
            WasmEngine::Wasmtime => {
                set("made_before", "nothing");
                ("module.wasm", wasm.to_vec())
            }
            #[cfg(feature = "wasmedge")]
            WasmEngine::WasmEdge => {
                set("made_before", "nothing");
                set("mode", if precompiled { "aot" } else { "interpreter" });
                if precompiled {
                    for (name, value) in super::wasmedge::contained::COMPILER {
                        set(name, value);
                    }
                    ("module.so", super::wasmedge::contained::compile(wasm)?)
                } else {
                    ("module.wasm", wasm.to_vec())
                }
            }
        };
        Ok(Form { name, content, settings })
    }

    /// Whether the machine code that was just written can be run here.
    fn check(&self, program: &Path) -> Result<(), RuntimeError> {
        match self.engine {
            #[cfg(feature = "wasmtime")]
            WasmEngine::Wasmtime => super::wasmtime::contained::Prepared::new()?.check(program),
            #[cfg(feature = "wasmedge")]
            WasmEngine::WasmEdge => super::wasmedge::contained::check(program),
        }
    }
}

struct Form {
    name: &'static str,
    content: Vec<u8>,
    settings: BTreeMap<String, String>,
}

impl Runtime for WasmContainer {
    fn identity(&self) -> &Identity {
        &self.identity
    }

    fn temperatures(&self) -> &[Temperature] {
        &[Temperature::Cold, Temperature::Precompiled]
    }

    fn prepare(&self, workload: &Workload, temperature: Temperature) -> Result<Box<dyn Artifact>, RuntimeError> {
        let subject = self.identity.subject.clone();
        if !self.temperatures().contains(&temperature) {
            return Err(RuntimeError::UnsupportedTemperature { subject, temperature });
        }
        let Some(module) = &workload.wasm else {
            let reason = "it has no Wasm module".to_owned();
            return Err(RuntimeError::UnsupportedWorkload { subject, workload: workload.name.clone(), reason });
        };
        let named = |error| match error {
            RuntimeError::Invalid { reason, .. } => RuntimeError::Invalid { workload: workload.name.clone(), reason },
            other => other,
        };
        let invalid =
            |error: wat::Error| RuntimeError::Invalid { workload: workload.name.clone(), reason: error.to_string() };
        let wasm = wat::parse_bytes(module).map_err(invalid)?;
        let form = self.form(&wasm, temperature).map_err(named)?;
        let (directory, program) = bundle::write(&self.launcher.directory().join("bundles"), form.name, &form.content)?;
        let precompiled = temperature == Temperature::Precompiled;
        if precompiled {
            self.check(&program).map_err(named)?;
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
