//! One suite for every runtime: each adapter is one line here.
#![cfg(feature = "measure")]

#[cfg_attr(not(feature = "wasmtime"), allow(dead_code, reason = "each kind of adapter uses its part"))]
mod suite;
#[cfg_attr(not(feature = "wasmtime"), allow(dead_code, reason = "for adapters that run Wasm"))]
mod workloads;

use runtime_baseline::runtime::{Limits, Runtime, RuntimeError, noop::Noop};

/// One module of tests for an adapter: its name, what it takes (`nothing`, because it runs nothing; `wasm`; `native`), and
/// how it is made with given limits.
macro_rules! conformance {
    ($name:ident, nothing, $make:expr) => {
        conformance!($name, $make, []);
    };
    ($name:ident, native, $make:expr) => {
        conformance!($name, $make, [settings_make_a_figure_repeatable, a_native_form_is_needed,]);
    };
    ($name:ident, wasm, $make:expr) => {
        conformance!($name, $make, [
            settings_make_a_figure_repeatable,
            a_wasm_form_is_needed,
            good_workloads_are_ready,
            bad_workloads_give_the_same_error,
            an_endless_loop_ends_in_the_time_limit,
        ]);
    };
    ($name:ident, $make:expr, [$($own:ident,)*]) => {
        conformance!(@ $name, $make, [
            its_identity_is_exact,
            every_temperature_starts_and_stops,
            settings_and_size_belong_to_the_temperature,
            other_temperatures_are_refused,
            two_instances_live_at_once,
            what_is_ready_lives_until_it_is_stopped,
            a_hundred_starts_in_a_row,
            a_burst_of_16_threads,
            an_artifact_outlives_its_runtime,
            a_lifecycle_is_over_when_it_returns,
            $($own,)*
        ]);
    };
    (@ $name:ident, $make:expr, [$($check:ident,)+]) => {
        mod $name {
            use super::*;

            $(#[test]
            fn $check() {
                suite::beside_others(suite::$check, $make);
            })+

            #[test]
            fn starts_leave_no_file_descriptor() {
                suite::alone(suite::starts_leave_no_file_descriptor, $make);
            }
        }
    };
}

type Made = Result<Box<dyn Runtime>, RuntimeError>;

conformance!(noop, nothing, |_: Limits| -> Made { Ok(Box::new(Noop::new())) });

#[cfg(feature = "wasmtime")]
conformance!(wasmtime, wasm, |limits: Limits| -> Made {
    Ok(Box::new(runtime_baseline::runtime::wasmtime::Wasmtime::with_limits(limits)?))
});

#[cfg(feature = "wasmedge")]
mod wasmedge {
    use super::*;
    use runtime_baseline::runtime::wasmedge::{Mode, WasmEdge};

    conformance!(interpreter, wasm, |limits: Limits| -> Made {
        Ok(Box::new(WasmEdge::with_limits(Mode::Interpreter, limits)?))
    });
    conformance!(jit, wasm, |limits: Limits| -> Made { Ok(Box::new(WasmEdge::with_limits(Mode::Jit, limits)?)) });
    conformance!(aot, wasm, |limits: Limits| -> Made { Ok(Box::new(WasmEdge::with_limits(Mode::Aot, limits)?)) });
}

#[cfg(any(feature = "wasmedge", feature = "wasmtime"))]
mod cli {
    use super::*;
    use runtime_baseline::runtime::wasm_cli::{Cli, WasmCli};

    conformance!(wasmtime, wasm, |limits: Limits| -> Made {
        Ok(Box::new(WasmCli::with_limits(Cli::Wasmtime, limits)?))
    });
    conformance!(wasmedge, wasm, |limits: Limits| -> Made {
        Ok(Box::new(WasmCli::with_limits(Cli::WasmEdge, limits)?))
    });
}

#[cfg(all(feature = "container", feature = "wasmtime"))]
conformance!(wasmtime_in_container, wasm, |limits: Limits| -> Made {
    in_container(|launcher| Ok(WasmContainer::wasmtime(launcher)?.with_limits(limits)))
});

#[cfg(all(feature = "container", feature = "wasmedge"))]
conformance!(wasmedge_in_container, wasm, |limits: Limits| -> Made {
    in_container(|launcher| Ok(WasmContainer::wasmedge(launcher)?.with_limits(limits)))
});

#[cfg(all(feature = "container", any(feature = "wasmedge", feature = "wasmtime")))]
use in_container::in_container;
#[cfg(all(feature = "container", any(feature = "wasmedge", feature = "wasmtime")))]
use runtime_baseline::runtime::wasm_container::WasmContainer;
#[cfg(feature = "container")]
mod in_container {
    use super::*;
    use runtime_baseline::{
        launcher::{Launcher, LauncherOptions},
        runtime::{container::Container, oci_cli::OciCli},
    };

    conformance!(scratch, native, |limits: Limits| -> Made {
        in_container(|launcher| Ok(Container::scratch(launcher)?.with_limits(limits)))
    });
    conformance!(crun, native, |limits: Limits| -> Made {
        in_container(|launcher| Ok(OciCli::crun(launcher)?.with_limits(limits)))
    });
    conformance!(runc, native, |limits: Limits| -> Made {
        in_container(|launcher| Ok(OciCli::runc(launcher)?.with_limits(limits)))
    });

    /// A runtime with a launcher of its own, which goes with it.
    pub fn in_container<R: Runtime + 'static>(make: impl FnOnce(&Launcher) -> Result<R, RuntimeError>) -> Made {
        let subject = "container".parse().unwrap();
        let launcher = Launcher::start(LauncherOptions::default()).map_err(|error| error.for_subject(&subject))?;
        Ok(Box::new(make(&launcher)?))
    }
}
