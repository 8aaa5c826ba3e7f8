//! Every policy engine of this build: those that run here, and why the others do not.

use super::PolicyEngine;
#[cfg(any(feature = "opa", feature = "opa-wasm", feature = "wasmedge"))]
use super::PolicyError;
use crate::{Subject, runtime::Unavailable};

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
    unavailable: Vec<Unavailable>,
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
        let mut registry = Self::default();
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
    pub fn unavailable(&self) -> &[Unavailable] {
        &self.unavailable
    }

    #[cfg(feature = "regorus")]
    fn add_regorus(&mut self) {
        use super::regorus::Regorus;
        self.engines.push(Box::new(Regorus::interpreter()));
        self.engines.push(Box::new(Regorus::rvm()));
    }

    #[cfg(not(feature = "regorus"))]
    fn add_regorus(&mut self) {
        self.unavailable.extend(["regorus", "regorus/rvm"].map(|subject| not_built(subject, "regorus")));
    }

    #[cfg(feature = "opa-wasm")]
    fn add_opa_wasm(&mut self) {
        self.add("opa-wasm/wasmtime", super::opa_wasm::OpaWasm::new());
    }

    #[cfg(not(feature = "opa-wasm"))]
    fn add_opa_wasm(&mut self) {
        self.unavailable.push(not_built("opa-wasm/wasmtime", "opa-wasm"));
    }

    #[cfg(feature = "wasmedge")]
    fn add_opa_wasmedge(&mut self) {
        use super::opa_wasmedge::OpaWasmEdge;
        self.add("opa-wasm/wasmedge", OpaWasmEdge::aot());
        self.add("opa-wasm/wasmedge/interpreter", OpaWasmEdge::interpreter());
    }

    #[cfg(not(feature = "wasmedge"))]
    fn add_opa_wasmedge(&mut self) {
        let subjects = ["opa-wasm/wasmedge", "opa-wasm/wasmedge/interpreter"];
        let rows = subjects.map(|subject| Unavailable {
            remedy: "run tools/setup-wasmedge.sh, and build with --features wasmedge".to_owned(),
            ..not_built(subject, "wasmedge")
        });
        self.unavailable.extend(rows);
    }

    #[cfg(feature = "opa")]
    fn add_opa(&mut self) {
        self.add("opa", super::opa::Opa::server());
        self.add("opa/eval", super::opa::Opa::process());
    }

    #[cfg(not(feature = "opa"))]
    fn add_opa(&mut self) {
        self.unavailable.extend(["opa", "opa/eval"].map(|subject| not_built(subject, "opa")));
    }

    /// One that may not run here.
    #[cfg(any(feature = "opa", feature = "opa-wasm", feature = "wasmedge"))]
    fn add<E: PolicyEngine + 'static>(&mut self, subject: &str, engine: Result<E, PolicyError>) {
        match engine {
            Ok(engine) => self.engines.push(Box::new(engine)),
            Err(PolicyError::Unavailable(unavailable)) => self.unavailable.push(unavailable),
            Err(error) => self.unavailable.push(Unavailable {
                subject: Subject::new(subject).expect("a valid constant"),
                reason: error.to_string(),
                remedy: "free what it needs, and run again".to_owned(),
            }),
        }
    }
}

#[allow(dead_code, reason = "every feature may be on")]
fn not_built(subject: &str, feature: &str) -> Unavailable {
    Unavailable {
        subject: Subject::new(subject).expect("a valid constant"),
        reason: "this build has no adapter for it".to_owned(),
        remedy: format!("build with --features {feature}"),
    }
}
