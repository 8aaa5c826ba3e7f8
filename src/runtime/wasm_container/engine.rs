//! What an engine does to be run in a container's init. An engine is one line of [`ENGINES`], and an implementation of
//! [`Contained`] in its own module.

use std::{collections::BTreeMap, path::Path};

use crate::{
    Subject,
    adapter::Identity,
    launcher::{
        Inherited, ModuleEngine, Ready,
        protocol::{Failure, Module, shorten},
    },
    runtime::RuntimeError,
};

/// An engine that can run without a thread of its own: what takes too long is killed with its container.
pub(in crate::runtime) trait Contained {
    /// The engine's name, behind `container+`.
    const NAME: &'static str;

    /// Who it is, with exact versions and its own settings.
    fn identity(subject: Subject) -> Result<Identity, RuntimeError>;

    /// The file of the image that is made of a module.
    fn form(wasm: &[u8], precompiled: bool) -> Result<Form, RuntimeError>;

    /// Whether the machine code in a file can be run here.
    ///
    /// # Safety
    /// The file holds the content of a [`form`](Self::form) that was asked for machine code by this very build, and it does
    /// not change meanwhile: engines run what they find in it.
    unsafe fn check(path: &Path) -> Result<(), RuntimeError>;

    /// What starts of machine code inherit from the process that makes the container.
    fn inherit() -> Result<Option<Inherited>, RuntimeError> {
        Ok(None)
    }

    /// Runs the module of a file to ready.
    ///
    /// # Safety
    /// Where `module` says that it is precompiled, what [`check`](Self::check) asks of the file holds, as long as what is
    /// returned lives.
    unsafe fn run(module: &Module, path: &Path, inherited: Option<&Inherited>) -> Result<Ready, RuntimeError>;
}

/// The file of an image: its name, its content, and what it adds to the settings.
#[derive(Debug)]
pub(in crate::runtime) struct Form {
    pub name: &'static str,
    pub content: Vec<u8>,
    pub settings: BTreeMap<String, String>,
}

/// A [`Contained`] engine as a value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Engine {
    module: ModuleEngine,
    pub identity: fn(Subject) -> Result<Identity, RuntimeError>,
    pub form: fn(&[u8], bool) -> Result<Form, RuntimeError>,
    /// [`Contained::check`].
    pub check: unsafe fn(&Path) -> Result<(), RuntimeError>,
}

/// The engines of this build.
const ENGINES: &[Engine] = &[
    #[cfg(feature = "wasmtime")]
    Engine::of::<super::super::wasmtime::contained::Prepared>(),
    #[cfg(feature = "wasmedge")]
    Engine::of::<super::super::wasmedge::contained::WasmEdge>(),
];

impl Engine {
    #[allow(dead_code, reason = "no engine may be built in")]
    const fn of<T: Contained>() -> Self {
        let module = ModuleEngine { name: T::NAME, inherit: || T::inherit().map_err(failure), run: run::<T> };
        Self { module, identity: T::identity, form: T::form, check: T::check }
    }

    pub(super) fn find(name: &str) -> Option<Self> {
        ENGINES.iter().find(|engine| engine.module.name == name).copied()
    }
}

/// # Safety
/// Those of [`Contained::run`].
#[allow(dead_code, reason = "no engine may be built in")]
unsafe fn run<T: Contained>(module: &Module, path: &Path, inherited: Option<&Inherited>) -> Result<Ready, Failure> {
    // SAFETY: the caller promises the same.
    unsafe { T::run(module, path, inherited) }.map_err(failure)
}

/// The engine of that name, for the keeper of containers.
pub(crate) fn find(name: &str) -> Option<ModuleEngine> {
    Engine::find(name).map(|engine| engine.module)
}

/// What an engine says in process, for the way out of the container. The library adds names and limits again.
#[allow(dead_code, reason = "no engine may be built in")]
fn failure(error: RuntimeError) -> Failure {
    match error {
        RuntimeError::Invalid { reason, .. } => Failure::Invalid(shorten(reason)),
        RuntimeError::Failed { reason, .. } => Failure::Failed(shorten(reason)),
        RuntimeError::NotReady { .. } => Failure::NotReady,
        RuntimeError::TimeLimit { .. } => Failure::TimeLimit,
        RuntimeError::MemoryLimit { .. } => Failure::MemoryLimit,
        RuntimeError::Engine { reason, .. } => Failure::Engine(shorten(reason)),
        // The module is not there, or cannot be read.
        RuntimeError::Io { .. } => Failure::Invalid(shorten(error.to_string())),
        other => Failure::Engine(shorten(other.to_string())),
    }
}
