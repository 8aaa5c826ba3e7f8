//! Every runtime of this build: those that run here, and why the others do not.

use super::{Refusal, RefusalKind, Runtime, RuntimeError, noop::Noop};
use crate::Subject;

/// The subjects that take a launcher.
const CONTAINERS: [&str; 8] = [
    "container/scratch",
    "container/busybox",
    "container/alpine",
    "container/debian",
    "crun",
    "runc",
    "container+wasmtime",
    "container+wasmedge",
];

/// Wasmtime with dense pools. It is recorded as `wasmtime`, and its settings tell it apart.
const DENSE: &str = "wasmtime/dense";

/// The runtimes of this machine.
///
/// ```
/// use runtime_baseline::runtime::Registry;
///
/// let registry = Registry::of_this_machine();
/// assert!(registry.runtimes().any(|runtime| runtime.identity().subject.as_str() == "noop"));
/// for refusal in registry.unavailable() {
///     println!("{refusal}");
/// }
/// ```
#[derive(Default)]
pub struct Registry {
    runtimes: Vec<Box<dyn Runtime>>,
    unavailable: Vec<Refusal>,
    /// The only one that is made, where not all are.
    wanted: Option<String>,
    /// Every name that was asked for.
    known: Vec<String>,
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let subjects: Vec<_> = self.runtimes().map(|r| r.identity().subject.as_str()).collect();
        f.debug_struct("Registry").field("runtimes", &subjects).field("unavailable", &self.unavailable).finish()
    }
}

impl Registry {
    /// Tries every adapter of this build. One that was not built in is unavailable too, and says which feature it takes.
    #[must_use]
    pub fn of_this_machine() -> Self {
        Self::make(None)
    }

    /// The names of every runtime that this version knows, in the order of the report. Nothing is started.
    #[must_use]
    pub fn subjects() -> Vec<String> {
        Self::make(Some(String::new())).known
    }

    /// One runtime alone: no other is made, and containers' helpers are started for a runtime of containers only.
    ///
    /// `wasmtime/dense` is Wasmtime with dense pools, which hold as many instances as can be. It is made by this name alone, and
    /// recorded as `wasmtime`: its settings tell it apart.
    ///
    /// # Errors
    /// [`RuntimeError::Unavailable`] when it does not run here, [`RuntimeError::UnknownSubject`] when there is none.
    pub fn only(subject: &str) -> Result<Box<dyn Runtime>, RuntimeError> {
        let mut registry = Self::make(Some(subject.to_owned()));
        match (registry.runtimes.pop(), registry.unavailable.pop()) {
            (Some(runtime), _) => Ok(runtime),
            (None, Some(unavailable)) => Err(unavailable.into()),
            (None, None) => Err(RuntimeError::UnknownSubject { name: subject.to_owned(), known: registry.known }),
        }
    }

    fn make(wanted: Option<String>) -> Self {
        let mut registry = Self { wanted, ..Self::default() };
        registry.add("noop", || Ok(Box::new(Noop::new())));
        registry.add_wasmtime();
        registry.add_wasmedge();
        registry.add_containers();
        registry.add_command_lines();
        registry
    }

    /// Whether a runtime of that name is to be made.
    fn wants(&mut self, subject: &str) -> bool {
        self.known.push(subject.to_owned());
        self.wanted.as_ref().is_none_or(|wanted| wanted == subject)
    }

    /// Those that run here, in the order of the report.
    pub fn runtimes(&self) -> impl Iterator<Item = &dyn Runtime> {
        self.runtimes.iter().map(AsRef::as_ref)
    }

    /// Takes the runtime of that name, and gives up the others.
    #[must_use]
    pub fn take(self, subject: &str) -> Option<Box<dyn Runtime>> {
        self.runtimes.into_iter().find(|runtime| runtime.identity().subject.as_str() == subject)
    }

    /// Those that do not run here, each with why and what to do about it.
    #[must_use]
    pub fn unavailable(&self) -> &[Refusal] {
        &self.unavailable
    }

    /// Keeps an adapter, or why there is none.
    fn add(&mut self, subject: &str, make: impl FnOnce() -> Result<Box<dyn Runtime>, RuntimeError>) {
        if !self.wants(subject) {
            return;
        }
        match make() {
            Ok(runtime) => self.runtimes.push(runtime),
            Err(RuntimeError::Unavailable(refusal)) => self.unavailable.push(refusal),
            Err(error) => self.unavailable.push(refusal(
                subject,
                RefusalKind::Failed,
                error.to_string(),
                "see the reason".to_owned(),
            )),
        }
    }

    #[cfg(feature = "wasmtime")]
    fn add_wasmtime(&mut self) {
        use super::wasmtime::Wasmtime;
        self.add("wasmtime", || Wasmtime::new().map(|w| Box::new(w) as _));
        if self.wanted.as_deref() == Some(DENSE) {
            self.add(DENSE, || Wasmtime::dense().map(|w| Box::new(w) as _));
        }
    }

    #[cfg(not(feature = "wasmtime"))]
    fn add_wasmtime(&mut self) {
        self.add("wasmtime", || Err(not_built("wasmtime", "wasmtime").into()));
        if self.wanted.as_deref() == Some(DENSE) {
            self.add(DENSE, || Err(not_built("wasmtime", "wasmtime").into()));
        }
    }

    #[cfg(feature = "wasmedge")]
    fn add_wasmedge(&mut self) {
        use super::wasmedge::{Mode, WasmEdge};
        for mode in Mode::ALL {
            self.add(&format!("wasmedge/{mode}"), || WasmEdge::new(mode).map(|w| Box::new(w) as _));
        }
    }

    #[cfg(not(feature = "wasmedge"))]
    fn add_wasmedge(&mut self) {
        for mode in ["interpreter", "jit", "aot"] {
            let subject = format!("wasmedge/{mode}");
            self.add(&subject, || Err(no_wasmedge(&subject).into()));
        }
    }

    /// The engines' own command lines, as processes, beside the engines in process.
    #[cfg(any(feature = "wasmedge", feature = "wasmtime"))]
    fn add_command_lines(&mut self) {
        use super::wasm_cli::{Cli, WasmCli};
        for (subject, cli) in [("wasmtime-cli", Cli::Wasmtime), ("wasmedge-cli", Cli::WasmEdge)] {
            self.add(subject, || WasmCli::new(cli).map(|cli| Box::new(cli) as _));
        }
    }

    #[cfg(not(any(feature = "wasmedge", feature = "wasmtime")))]
    fn add_command_lines(&mut self) {
        for subject in ["wasmtime-cli", "wasmedge-cli"] {
            self.add(subject, || Err(not_built(subject, "wasmtime").into()));
        }
    }

    #[cfg(feature = "container")]
    fn add_containers(&mut self) {
        use super::{container::Container, oci_cli::OciCli};
        use crate::launcher::{Launcher, LauncherError, LauncherOptions};

        let wanted = |registry: &Self, subject: &str| registry.wanted.as_ref().is_none_or(|wanted| wanted == subject);
        if !CONTAINERS.iter().any(|subject| wanted(self, subject)) {
            return self.known.extend(CONTAINERS.map(str::to_owned));
        }
        let launcher = match Launcher::start(LauncherOptions::default()) {
            Ok(launcher) => launcher,
            Err(error) => {
                let (kind, reason, remedy) = match error {
                    LauncherError::Unavailable { kind, reason, remedy } => (kind, reason, remedy),
                    error => (RefusalKind::Failed, error.to_string(), "see the reason".to_owned()),
                };
                for subject in CONTAINERS {
                    self.add(subject, || Err(refusal(subject, kind, reason.clone(), remedy.clone()).into()));
                }
                return;
            }
        };
        self.add("container/scratch", || Container::scratch(&launcher).map(|c| Box::new(c) as _));
        self.add("container/busybox", || Container::busybox(&launcher).map(|c| Box::new(c) as _));
        self.add("container/alpine", || Container::alpine(&launcher).map(|c| Box::new(c) as _));
        self.add("container/debian", || Container::debian(&launcher).map(|c| Box::new(c) as _));
        self.add("crun", || OciCli::crun(&launcher).map(|c| Box::new(c) as _));
        self.add("runc", || OciCli::runc(&launcher).map(|c| Box::new(c) as _));
        self.add_wasmtime_in_containers(&launcher);
        self.add_wasmedge_in_containers(&launcher);
    }

    #[cfg(all(feature = "container", feature = "wasmtime"))]
    fn add_wasmtime_in_containers(&mut self, launcher: &crate::launcher::Launcher) {
        use super::wasm_container::WasmContainer;
        self.add("container+wasmtime", || WasmContainer::wasmtime(launcher).map(|w| Box::new(w) as _));
    }

    #[cfg(all(feature = "container", not(feature = "wasmtime")))]
    fn add_wasmtime_in_containers(&mut self, _launcher: &crate::launcher::Launcher) {
        self.add("container+wasmtime", || Err(not_built("container+wasmtime", "container,wasmtime").into()));
    }

    #[cfg(all(feature = "container", feature = "wasmedge"))]
    fn add_wasmedge_in_containers(&mut self, launcher: &crate::launcher::Launcher) {
        use super::wasm_container::WasmContainer;
        self.add("container+wasmedge", || WasmContainer::wasmedge(launcher).map(|w| Box::new(w) as _));
    }

    #[cfg(all(feature = "container", not(feature = "wasmedge")))]
    fn add_wasmedge_in_containers(&mut self, _launcher: &crate::launcher::Launcher) {
        self.add("container+wasmedge", || Err(no_wasmedge("container+wasmedge").into()));
    }

    #[cfg(not(feature = "container"))]
    fn add_containers(&mut self) {
        for subject in CONTAINERS {
            self.add(subject, || Err(not_built(subject, "container").into()));
        }
    }
}

fn refusal(subject: &str, kind: RefusalKind, reason: String, remedy: String) -> Refusal {
    Refusal::new(&Subject::new(subject).expect("a valid constant"), kind, reason, remedy)
}

/// A build without WasmEdge: as the set-up, or the build that was tried with it, said why.
#[cfg(not(feature = "wasmedge"))]
fn no_wasmedge(subject: &str) -> Refusal {
    let remedy = "build by tools/cargo.sh, where tools/setup.sh wasmedge found one";
    let (reason, remedy) =
        crate::setup::said(&["wasmedge-build", "wasmedge"], "this build has no adapter for it", remedy);
    refusal(subject, RefusalKind::NotBuilt, reason, remedy)
}

#[allow(dead_code, reason = "every feature may be on")]
fn not_built(subject: &str, feature: &str) -> Refusal {
    refusal(
        subject,
        RefusalKind::NotBuilt,
        "this build has no adapter for it".to_owned(),
        format!("build with --features {feature}"),
    )
}
