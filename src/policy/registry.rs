//! Every policy engine of this build: those that run here, and why the others do not.

use super::{PolicyEngine, PolicyError};
use crate::{
    Subject,
    adapter::{Refusal, RefusalKind},
    runtime::RuntimeError,
};

/// The policy engines of this machine.
///
/// ```
/// for engine in runtime_baseline::policy::Registry::of_this_machine().engines() {
///     println!("{}", engine.identity().subject);
/// }
/// ```
#[derive(Default)]
pub struct Registry {
    engines: Vec<Box<dyn PolicyEngine>>,
    unavailable: Vec<Refusal>,
    /// The only one that is made, where not all are.
    wanted: Option<String>,
    /// Every name that was asked for.
    known: Vec<String>,
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let subjects: Vec<_> = self.engines().map(|e| e.identity().subject.as_str()).collect();
        f.debug_struct("Registry").field("engines", &subjects).field("unavailable", &self.unavailable).finish()
    }
}

impl Registry {
    /// Tries every adapter of this build. One that was not built in is unavailable too, and says which feature it takes.
    #[must_use]
    pub fn of_this_machine() -> Self {
        Self::make(None)
    }

    /// The names of every engine that this version knows, in the order of the report. Nothing is started.
    #[must_use]
    pub fn subjects() -> Vec<String> {
        Self::make(Some(String::new())).known
    }

    /// One engine alone.
    ///
    /// # Errors
    /// [`RuntimeError::Unavailable`] when it does not run here, [`RuntimeError::UnknownSubject`] when there is none.
    pub fn only(subject: &str) -> Result<Box<dyn PolicyEngine>, RuntimeError> {
        let mut registry = Self::make(Some(subject.to_owned()));
        match (registry.engines.pop(), registry.unavailable.pop()) {
            (Some(engine), _) => Ok(engine),
            (None, Some(unavailable)) => Err(unavailable.into()),
            (None, None) => Err(RuntimeError::UnknownSubject { name: subject.to_owned(), known: registry.known }),
        }
    }

    fn make(wanted: Option<String>) -> Self {
        let mut registry = Self { wanted, ..Self::default() };
        registry.add_regorus();
        registry.add_opa_wasm();
        registry.add_opa_wasmedge();
        registry.add_opa();
        registry
    }

    /// Those that run here, in the order of the report.
    pub fn engines(&self) -> impl Iterator<Item = &dyn PolicyEngine> {
        self.engines.iter().map(AsRef::as_ref)
    }

    /// Those that do not run here, each with why and what to do about it.
    #[must_use]
    pub fn unavailable(&self) -> &[Refusal] {
        &self.unavailable
    }

    #[cfg(feature = "regorus")]
    fn add_regorus(&mut self) {
        use super::regorus::Regorus;
        self.add("regorus", || Ok(Regorus::interpreter()));
        self.add("regorus/rvm", || Ok(Regorus::rvm()));
    }

    #[cfg(not(feature = "regorus"))]
    fn add_regorus(&mut self) {
        for subject in ["regorus", "regorus/rvm"] {
            self.add_missing(subject, "regorus");
        }
    }

    #[cfg(feature = "opa-wasm")]
    fn add_opa_wasm(&mut self) {
        self.add("opa-wasm/wasmtime", super::opa_wasm::OpaWasm::new);
    }

    #[cfg(not(feature = "opa-wasm"))]
    fn add_opa_wasm(&mut self) {
        self.add_missing("opa-wasm/wasmtime", "opa-wasm");
    }

    #[cfg(feature = "wasmedge")]
    fn add_opa_wasmedge(&mut self) {
        use super::opa_wasmedge::OpaWasmEdge;
        self.add("opa-wasm/wasmedge", OpaWasmEdge::aot);
        self.add("opa-wasm/wasmedge/interpreter", OpaWasmEdge::interpreter);
    }

    #[cfg(not(feature = "wasmedge"))]
    fn add_opa_wasmedge(&mut self) {
        for subject in ["opa-wasm/wasmedge", "opa-wasm/wasmedge/interpreter"] {
            if self.wants(subject) {
                let missing = not_built(subject, "wasmedge");
                let remedy = "build by tools/cargo.sh, where tools/setup.sh wasmedge found one";
                let (reason, remedy) = crate::setup::said(&["wasmedge-build", "wasmedge"], &missing.reason, remedy);
                self.unavailable.push(Refusal { reason, remedy, ..missing });
            }
        }
    }

    #[cfg(feature = "opa")]
    fn add_opa(&mut self) {
        self.add("opa", super::opa::Opa::server);
        self.add("opa/eval", super::opa::Opa::process);
    }

    #[cfg(not(feature = "opa"))]
    fn add_opa(&mut self) {
        for subject in ["opa", "opa/eval"] {
            self.add_missing(subject, "opa");
        }
    }

    /// One whose adapter was not built in.
    #[allow(dead_code, reason = "every feature may be on")]
    fn add_missing(&mut self, subject: &str, feature: &str) {
        if self.wants(subject) {
            self.unavailable.push(not_built(subject, feature));
        }
    }

    /// Whether an engine of that name is to be made.
    fn wants(&mut self, subject: &str) -> bool {
        self.known.push(subject.to_owned());
        self.wanted.as_ref().is_none_or(|wanted| wanted == subject)
    }

    /// One that may not run here.
    #[allow(dead_code, reason = "no feature may be on")]
    fn add<E: PolicyEngine + 'static>(&mut self, subject: &str, make: impl FnOnce() -> Result<E, PolicyError>) {
        if !self.wants(subject) {
            return;
        }
        match make() {
            Ok(engine) => self.engines.push(Box::new(engine)),
            Err(PolicyError::Unavailable(unavailable)) => self.unavailable.push(unavailable),
            Err(error) => self.unavailable.push(Refusal::new(
                &Subject::new(subject).expect("a valid constant"),
                RefusalKind::Failed,
                error.to_string(),
                "free what it needs, and run again",
            )),
        }
    }
}

#[allow(dead_code, reason = "every feature may be on")]
fn not_built(subject: &str, feature: &str) -> Refusal {
    Refusal::new(
        &Subject::new(subject).expect("a valid constant"),
        RefusalKind::NotBuilt,
        "this build has no adapter for it",
        format!("build with --features {feature}"),
    )
}
