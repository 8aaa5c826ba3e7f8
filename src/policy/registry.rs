//! The policy engines: one line each. A line names the subject, the features that build it in, whether it needs anything
//! of the machine besides, and its constructor.

#[cfg(feature = "opa")]
use super::opa::Opa;
#[cfg(feature = "wasmedge")]
use super::opa_wasmedge::OpaWasmEdge;
#[cfg(feature = "regorus")]
use super::regorus::Regorus;
use super::{PolicyEngine, PolicyError};
use crate::adapter::{self, NotMade, adapters};

/// The policy engines of this machine.
///
/// ```
/// for engine in runtime_baseline::policy::Registry::of_this_machine().engines() {
///     println!("{}", engine.identity().subject);
/// }
/// ```
pub type Registry = adapter::Registry<dyn PolicyEngine>;

impl Registry {
    /// Those that run here, in the order of the report.
    pub fn engines(&self) -> impl Iterator<Item = &(dyn PolicyEngine + 'static)> {
        self.adapters()
    }
}

adapters! {
    dyn PolicyEngine, "policy engine";
    "regorus": ["regorus"] Build, _kit => Ok::<_, NotMade>(Regorus::interpreter());
    "regorus/rvm": ["regorus"] Build, _kit => Ok::<_, NotMade>(Regorus::rvm());
    "opa-wasm/wasmtime": ["opa-wasm"] Build, _kit => super::opa_wasm::OpaWasm::new();
    "opa-wasm/wasmedge": ["wasmedge"] Build by "wasmedge", _kit => OpaWasmEdge::aot();
    "opa-wasm/wasmedge/interpreter": ["wasmedge"] Build by "wasmedge", _kit => OpaWasmEdge::interpreter();
    "opa": ["opa"] Machine, _kit => Opa::server();
    "opa/eval": ["opa"] Machine, _kit => Opa::process();
}

impl From<PolicyError> for NotMade {
    fn from(error: PolicyError) -> Self {
        match error {
            PolicyError::Unavailable(refusal) => refusal.into(),
            other => Self::failed(other),
        }
    }
}
