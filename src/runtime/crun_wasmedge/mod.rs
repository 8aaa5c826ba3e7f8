//! Wasm modules in containers as Debian ships it: crun, whose handler runs a module by the WasmEdge library that it loads.
//!
//! Two pairs: `crun+wasmedge` is the machine's own or that of Debian 13, crun 1.21 with WasmEdge 0.14.1; `crun+wasmedge/0.17` is
//! the same crun with the library that this build is for, a pair that nobody ships. `container+wasmedge` stands beside them:
//! the same engine and bundle, run by an executor of this program's.
//!
//! | temperature | in the image | inside a start |
//! |---|---|---|
//! | cold | the .wasm | crun, read anew; the container; load the library and its LLVM; load, validate, link, interpret to ready |
//! | precompiled | what the pair's own `wasmedge compile` made of it: a .wasm that carries machine code | the same, and the machine code is run |
//!
//! Only the older one has a precompiled start. WasmEdge 0.17 takes such a file and interprets it, since crun does not ask for
//! anything else.
//!
//! A start, a stop and a lifecycle are those of the peers (`oci_cli`). The module has a wait at its end, without which its
//! container would end when it is ready: `held.rs`.
//!
//! **What the handler does not do.** It tells the engine of no limit of the linear memory: only the container's group bounds
//! it, where it can, by the pages that are touched. It drops the status that a guest ends with: `proc_exit(3)` is a good end, a
//! trap is status 1. What the engine says of an error goes to standard output, where the reading would be.

mod held;
mod pair;

use std::{collections::BTreeMap, ffi::OsString, fs, path::Path};

use super::{
    Artifact, Identity, Limits, Refusal, Runtime, RuntimeError, Workload,
    container::{self, Prepared, Shared},
    oci_cli,
    spawned::Spawned,
    wasm,
    wasm_container::{Contained, bundle},
    wasmedge_log,
};
use crate::{
    Isolation, Subject, Temperature, disk,
    launcher::{Launcher, protocol::Payload},
};
use pair::Pair;

/// The library's versions that run the machine code of a .wasm where they are not asked to.
const RUNS_MACHINE_CODE: &str = "0.14.";

/// crun with WasmEdge.
///
/// ```
/// use runtime_baseline::{
///     Temperature,
///     launcher::{Launcher, LauncherOptions},
///     runtime::{Runtime, Workload, crun_wasmedge::CrunWasmEdge},
/// };
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// // Where containers cannot be started, or no crun has the handler, the error says what to do about it.
/// let Ok(launcher) = Launcher::start(LauncherOptions::default()) else { return Ok(()) };
/// let Ok(crun) = CrunWasmEdge::of_machine(&launcher) else { return Ok(()) };
/// let instance = crun.prepare(&Workload::ready(), Temperature::Cold)?.start()?;
/// println!("{:?}: ready at {} ns", crun.identity().components, instance.ready_at());
/// instance.stop()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct CrunWasmEdge {
    identity: Identity,
    launcher: Launcher,
    pair: Pair,
    limits: Limits,
}

impl CrunWasmEdge {
    /// `crun+wasmedge`: the crun that `CRUN_WASMEDGE_BIN` names, with the `wasmedge` beside it; else the machine's own, where
    /// it has the handler; else what the set-up brought from Debian 13.
    ///
    /// # Errors
    /// [`RuntimeError::Unavailable`] when there is none, or it cannot work in the launcher's cgroup view.
    pub fn of_machine(launcher: &Launcher) -> Result<Self, RuntimeError> {
        Self::new(launcher, "crun+wasmedge", Pair::of_machine)
    }

    /// `crun+wasmedge/0.17`: the set-up's crun with WasmEdge 0.17.
    ///
    /// # Errors
    /// As [`of_machine`](Self::of_machine).
    pub fn with_newer(launcher: &Launcher) -> Result<Self, RuntimeError> {
        Self::new(launcher, "crun+wasmedge/0.17", Pair::with_newer)
    }

    fn new(
        launcher: &Launcher,
        subject: &'static str,
        find: fn(&Subject) -> Result<Pair, Refusal>,
    ) -> Result<Self, RuntimeError> {
        let subject = Subject::new(subject).expect("a valid constant");
        oci_cli::in_its_view(&subject, launcher)?;
        let pair = find(&subject)?;
        let kernel = container::kernel(&subject)?;
        let identity = Identity::new(subject, pair.wasmedge_version.clone(), Isolation::WasmInContainer)
            .with_component(pair.crun_version.clone())
            .with_component(kernel)
            .with_setting("start_command", "crun run --detach --pid-file")
            .with_setting("stop_command", "crun delete")
            .with_setting("lifecycle_command", "crun run")
            .with_setting("handler", "run.oci.handler=wasm")
            .with_setting("wasi", "preview1, the engine's own")
            .with_setting(
                "after_ready",
                "waits in fd_read for the end of standard input, which was added to the module",
            );
        let mut identity = container::with_launcher(identity, launcher);
        for (name, value) in bundle::settings() {
            identity = identity.with_setting(name, value);
        }
        let runtime = Self { identity, launcher: launcher.clone(), pair, limits: Limits::default() };
        Ok(runtime.with_limits(Limits::default()))
    }

    /// Bounds every container. The memory limit is that of its group, where the launcher
    /// [can set one](Launcher::limits_memory).
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self.identity = container::with_memory_limit(self.identity, &self.launcher, limits)
            .with_setting("time_limit", format!("{:?}", limits.time));
        self
    }

    /// What the pair's own compiler makes of a module.
    fn compile(&self, job: &wasm::Job, wasm: &[u8]) -> Result<Vec<u8>, RuntimeError> {
        let directory = disk::workplace()?;
        let (module, code) = (directory.path().join("module.wasm"), directory.path().join("code.wasm"));
        let io = |path: &Path| {
            let path = path.to_owned();
            move |source| RuntimeError::Io { path, source }
        };
        fs::write(&module, wasm).map_err(io(&module))?;
        let words: [OsString; 4] =
            [self.pair.wasmedge.clone().into(), "compile".into(), module.into(), code.clone().into()];
        let mut process = Spawned::new(&words, self.limits.time).map_err(io(&self.pair.wasmedge))?;
        let output = process.end(&[]).ok_or_else(|| job.time_limit())?;
        if !output.status.success() {
            return Err(judge(&job.workload, self.limits, &output.said()));
        }
        fs::read(&code).map_err(io(&code))
    }
}

/// What the engine's log means.
fn judge(workload: &str, limits: Limits, text: &str) -> RuntimeError {
    let said = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let told = wasmedge_log::judge(workload, limits, text, &said);
    told.unwrap_or_else(|| RuntimeError::Failed { workload: workload.to_owned(), reason: said })
}

impl Runtime for CrunWasmEdge {
    fn identity(&self) -> &Identity {
        &self.identity
    }

    fn temperatures(&self) -> &[Temperature] {
        match self.pair.wasmedge_version.version().starts_with(RUNS_MACHINE_CODE) {
            true => &[Temperature::Cold, Temperature::Precompiled],
            false => &[Temperature::Cold],
        }
    }

    fn prepare(&self, workload: &Workload, temperature: Temperature) -> Result<Box<dyn Artifact>, RuntimeError> {
        let (job, wasm) = wasm::Job::of(self, self.limits, workload, temperature)?;
        let module = held::waiting(&job, &wasm)?;
        let (content, mode) = match temperature {
            Temperature::Precompiled => (self.compile(&job, &module)?, "aot"),
            _ => (module.into_owned(), "interpreter"),
        };
        let parent = self.launcher.directory().join("bundles");
        let memory = self.launcher.limits_memory().then_some(self.limits.memory);
        let (directory, _) = bundle::write(&parent, "module.wasm", &content, memory)?;
        let shared = Shared {
            subject: self.identity.subject.clone(),
            workload: workload.name.clone(),
            launcher: self.launcher.clone(),
            bundle: directory.path().to_owned(),
            payload: Payload::Exec,
            command: Some(self.pair.crun.clone()),
            judge,
            limits: self.limits,
            directory: Some(directory),
        };
        let settings = BTreeMap::from([("mode".to_owned(), mode.to_owned())]);
        Ok(Box::new(Contained { container: Prepared::new(shared), settings, bytes: content.len() as u64 }))
    }
}
