//! Every runtime of this build: those that run here, and why the others do not.

use super::{Runtime, RuntimeError, Unavailable, noop::Noop};
use crate::Subject;

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
    #[cfg(feature = "container")]
    peers: Vec<super::oci_cli::OciCli>,
    unavailable: Vec<Unavailable>,
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
        let mut registry = Self::default();
        registry.runtimes.push(Box::new(Noop::new()));
        registry.add_wasmtime();
        registry.add_wasmedge();
        registry.add_containers();
        registry.add_command_lines();
        registry
    }

    /// Those that run here, in the order of the report.
    pub fn runtimes(&self) -> impl Iterator<Item = &dyn Runtime> {
        self.runtimes.iter().map(AsRef::as_ref)
    }

    /// The command-line peers of the container adapter.
    #[cfg(feature = "container")]
    pub fn peers(&self) -> impl Iterator<Item = &super::oci_cli::OciCli> {
        self.peers.iter()
    }

    /// Those that do not run here, each with why and what to do about it.
    #[must_use]
    pub fn unavailable(&self) -> &[Unavailable] {
        &self.unavailable
    }

    /// Keeps an adapter, or why there is none.
    #[allow(dead_code, reason = "a build may have no adapter that can refuse")]
    fn add(&mut self, subject: &str, made: Result<Box<dyn Runtime>, RuntimeError>) {
        match made {
            Ok(runtime) => self.runtimes.push(runtime),
            Err(error) => self.refuse(subject, error),
        }
    }

    #[allow(dead_code, reason = "as above")]
    fn refuse(&mut self, subject: &str, error: RuntimeError) {
        let refusal = match error {
            RuntimeError::Unavailable(refusal) => refusal,
            error => refusal(subject, error.to_string(), "see the reason".to_owned()),
        };
        self.unavailable.push(refusal);
    }

    #[cfg(feature = "wasmtime")]
    fn add_wasmtime(&mut self) {
        self.add("wasmtime", super::wasmtime::Wasmtime::new().map(|w| Box::new(w) as _));
    }

    #[cfg(not(feature = "wasmtime"))]
    fn add_wasmtime(&mut self) {
        self.unavailable.push(not_built("wasmtime", "wasmtime"));
    }

    #[cfg(feature = "wasmedge")]
    fn add_wasmedge(&mut self) {
        use super::wasmedge::{Mode, WasmEdge};
        for mode in Mode::ALL {
            self.add(&format!("wasmedge/{mode}"), WasmEdge::new(mode).map(|w| Box::new(w) as _));
        }
    }

    #[cfg(not(feature = "wasmedge"))]
    fn add_wasmedge(&mut self) {
        let remedy = "run tools/setup-wasmedge.sh, then build with --features wasmedge as it says";
        for mode in ["interpreter", "jit", "aot"] {
            let subject = format!("wasmedge/{mode}");
            self.unavailable.push(refusal(&subject, "this build has no adapter for it".to_owned(), remedy.to_owned()));
        }
    }

    /// The engines' own command lines, as processes, beside the engines in process.
    #[cfg(any(feature = "wasmedge", feature = "wasmtime"))]
    fn add_command_lines(&mut self) {
        use super::wasm_cli::{Cli, WasmCli};
        for (subject, cli) in [("wasmtime-cli", Cli::Wasmtime), ("wasmedge-cli", Cli::WasmEdge)] {
            self.add(subject, WasmCli::new(cli).map(|cli| Box::new(cli) as _));
        }
    }

    #[cfg(not(any(feature = "wasmedge", feature = "wasmtime")))]
    fn add_command_lines(&mut self) {
        self.unavailable.extend(["wasmtime-cli", "wasmedge-cli"].map(|s| not_built(s, "wasmtime")));
    }

    #[cfg(feature = "container")]
    fn add_containers(&mut self) {
        use super::{container::Container, oci_cli::OciCli};
        use crate::launcher::{Launcher, LauncherError, LauncherOptions};

        const SUBJECTS: [&str; 8] = [
            "container/scratch",
            "container/busybox",
            "container/alpine",
            "container/debian",
            "container+wasmtime",
            "container+wasmedge",
            "crun",
            "runc",
        ];
        let launcher = match Launcher::start(LauncherOptions::default()) {
            Ok(launcher) => launcher,
            Err(error) => {
                let (reason, remedy) = match error {
                    LauncherError::Unavailable { reason, remedy } => (reason, remedy),
                    error => (error.to_string(), "see the reason".to_owned()),
                };
                let refusals = SUBJECTS.map(|subject| refusal(subject, reason.clone(), remedy.clone()));
                return self.unavailable.extend(refusals);
            }
        };
        match Container::scratch(&launcher) {
            Ok(scratch) => {
                for (name, peer) in [("crun", OciCli::crun(&scratch)), ("runc", OciCli::runc(&scratch))] {
                    match peer {
                        Ok(peer) => self.peers.push(peer),
                        Err(error) => self.refuse(name, error),
                    }
                }
                self.runtimes.push(Box::new(scratch));
            }
            Err(error) => self.refuse("container/scratch", error),
        }
        self.add("container/busybox", Container::busybox(&launcher).map(|c| Box::new(c) as _));
        self.add("container/alpine", Container::alpine(&launcher).map(|c| Box::new(c) as _));
        self.add("container/debian", Container::debian(&launcher).map(|c| Box::new(c) as _));
        self.add_wasmtime_in_containers(&launcher);
        self.add_wasmedge_in_containers(&launcher);
    }

    #[cfg(all(feature = "container", feature = "wasmtime"))]
    fn add_wasmtime_in_containers(&mut self, launcher: &crate::launcher::Launcher) {
        use super::wasm_container::WasmContainer;
        self.add("container+wasmtime", WasmContainer::wasmtime(launcher).map(|w| Box::new(w) as _));
    }

    #[cfg(all(feature = "container", not(feature = "wasmtime")))]
    fn add_wasmtime_in_containers(&mut self, _launcher: &crate::launcher::Launcher) {
        self.unavailable.push(not_built("container+wasmtime", "container,wasmtime"));
    }

    #[cfg(all(feature = "container", feature = "wasmedge"))]
    fn add_wasmedge_in_containers(&mut self, launcher: &crate::launcher::Launcher) {
        use super::wasm_container::WasmContainer;
        self.add("container+wasmedge", WasmContainer::wasmedge(launcher).map(|w| Box::new(w) as _));
    }

    #[cfg(all(feature = "container", not(feature = "wasmedge")))]
    fn add_wasmedge_in_containers(&mut self, _launcher: &crate::launcher::Launcher) {
        let remedy = "run tools/setup-wasmedge.sh, then build with --features container,wasmedge as it says";
        let refusal = refusal("container+wasmedge", "this build has no adapter for it".to_owned(), remedy.to_owned());
        self.unavailable.push(refusal);
    }

    #[cfg(not(feature = "container"))]
    fn add_containers(&mut self) {
        const IMAGES: [&str; 4] = ["container/scratch", "container/busybox", "container/alpine", "container/debian"];
        for subject in IMAGES.into_iter().chain(["container+wasmtime", "container+wasmedge"]) {
            self.unavailable.push(not_built(subject, "container"));
        }
    }
}

fn refusal(subject: &str, reason: String, remedy: String) -> Unavailable {
    Unavailable { subject: Subject::new(subject).expect("a valid constant"), reason, remedy }
}

#[allow(dead_code, reason = "every feature may be on")]
fn not_built(subject: &str, feature: &str) -> Unavailable {
    refusal(subject, "this build has no adapter for it".to_owned(), format!("build with --features {feature}"))
}
