//! The runtimes: one line each. A line names the subject, the features that build it in, whether it needs anything of the
//! machine besides, and its constructor.

#[cfg(feature = "wasm-cli")]
use super::wasm_cli::{Cli, WasmCli};
#[cfg(all(feature = "container", any(feature = "wasmtime", feature = "wasmedge")))]
use super::wasm_container::WasmContainer;
#[cfg(feature = "wasmedge")]
use super::wasmedge::{Mode, WasmEdge};
use super::{Runtime, RuntimeError, noop::Noop};
#[cfg(feature = "container")]
use super::{container::Container, crun_wasmedge::CrunWasmEdge, oci_cli::OciCli};
use crate::adapter::{self, NotMade, adapters};
#[cfg(feature = "container")]
use crate::{
    adapter::Kit,
    launcher::{Launcher, LauncherError, LauncherOptions},
};

/// The runtimes of this machine.
pub type Registry = adapter::Registry<dyn Runtime>;

impl Registry {
    /// Those that run here, in the order of the report.
    pub fn runtimes(&self) -> impl Iterator<Item = &(dyn Runtime + 'static)> {
        self.adapters()
    }
}

adapters! {
    dyn Runtime, "runtime";
    "noop": [] Build, _kit => Ok::<_, NotMade>(Noop::new());
    "wasmtime": ["wasmtime"] Build, kit => super::wasmtime::Wasmtime::with_limits(kit.limits);
    "wasmtime/on-demand": ["wasmtime"] Build, kit => super::wasmtime::Wasmtime::on_demand_within(kit.limits);
    // Recorded as `wasmtime`: its settings tell it apart.
    "wasmtime/dense": ["wasmtime"] Build listed false, kit => super::wasmtime::Wasmtime::dense_within(kit.limits);
    "wasmi": ["wasmi"] Build, kit => super::wasmi::Wasmi::with_limits(kit.limits);
    "wasmedge/interpreter": ["wasmedge"] Build by "wasmedge", kit => WasmEdge::with_limits(Mode::Interpreter, kit.limits);
    "wasmedge/jit": ["wasmedge"] Build by "wasmedge", kit => WasmEdge::with_limits(Mode::Jit, kit.limits);
    "wasmedge/aot": ["wasmedge"] Build by "wasmedge", kit => WasmEdge::with_limits(Mode::Aot, kit.limits);
    "container/scratch": ["container"] Machine, kit => contained(kit, |it| Ok(Container::scratch(it)?.with_limits(kit.limits)));
    "container/busybox": ["container"] Machine, kit => contained(kit, |it| Ok(Container::busybox(it)?.with_limits(kit.limits)));
    "container/alpine": ["container"] Machine, kit => contained(kit, |it| Ok(Container::alpine(it)?.with_limits(kit.limits)));
    "container/debian": ["container"] Machine, kit => contained(kit, |it| Ok(Container::debian(it)?.with_limits(kit.limits)));
    "crun": ["container"] Machine, kit => contained(kit, |it| Ok(OciCli::crun(it)?.with_limits(kit.limits)));
    "runc": ["container"] Machine, kit => contained(kit, |it| Ok(OciCli::runc(it)?.with_limits(kit.limits)));
    "crun+wasmedge": ["container"] Machine, kit => contained(kit, |it| Ok(CrunWasmEdge::of_machine(it)?.with_limits(kit.limits)));
    "crun+wasmedge/0.17": ["container"] Machine,
        kit => contained(kit, |it| Ok(CrunWasmEdge::with_newer(it)?.with_limits(kit.limits)));
    "container+wasmtime": ["container", "wasmtime"] Machine,
        kit => contained(kit, |it| Ok(WasmContainer::wasmtime(it)?.with_limits(kit.limits)));
    "container+wasmedge": ["container", "wasmedge"] Machine by "wasmedge",
        kit => contained(kit, |it| Ok(WasmContainer::wasmedge(it)?.with_limits(kit.limits)));
    "wasmtime-cli": ["wasm-cli"] Machine, kit => WasmCli::with_limits(Cli::Wasmtime, kit.limits);
    "wasmedge-cli": ["wasm-cli"] Machine, kit => WasmCli::with_limits(Cli::WasmEdge, kit.limits);
}

impl From<RuntimeError> for NotMade {
    fn from(error: RuntimeError) -> Self {
        match error {
            RuntimeError::Unavailable(refusal) => refusal.into(),
            other => Self::failed_with(&other, other.remedy()),
        }
    }
}

/// Makes a runtime of containers, with the launcher that all of the kit's share.
#[cfg(feature = "container")]
fn contained<R>(kit: &Kit, make: impl FnOnce(&Launcher) -> Result<R, RuntimeError>) -> Result<R, NotMade> {
    match &*kit.shared(|| Launcher::start(LauncherOptions::default())) {
        Ok(launcher) => Ok(make(launcher)?),
        Err(LauncherError::Unavailable { kind, reason, remedy }) => Err(NotMade::new(*kind, reason, remedy)),
        Err(error) => Err(NotMade::failed(error)),
    }
}
