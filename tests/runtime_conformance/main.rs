//! One suite for every runtime: each adapter is one line here.
#![cfg(feature = "measure")]

mod suite;
mod workloads;

use runtime_baseline::runtime::{Limits, Runtime, RuntimeError, noop::Noop};
use suite::{Adapter, Takes};

/// One module of tests for an adapter: its name, what it takes, and how it is made with given limits.
macro_rules! conformance {
    ($name:ident, $takes:expr, $make:expr) => {
        conformance!($name, $takes, $make, [
            its_identity_is_exact,
            every_temperature_starts_and_stops,
            settings_and_size_belong_to_the_temperature,
            other_temperatures_are_refused,
            two_instances_live_at_once,
            a_hundred_starts_in_a_row,
            a_burst_of_16_threads,
            an_artifact_outlives_its_runtime,
            good_workloads_are_ready,
            bad_workloads_give_the_same_error,
            an_endless_loop_ends_in_the_time_limit,
            a_workload_without_a_form_is_refused,
            starts_leave_no_file_descriptor,
        ]);
    };
    ($name:ident, $takes:expr, $make:expr, [$($check:ident,)+]) => {
        mod $name {
            use super::*;

            const ADAPTER: Adapter = Adapter { takes: $takes, make: $make };

            $(
                #[test]
                fn $check() {
                    suite::$check(&ADAPTER);
                }
            )+
        }
    };
}

type Made = Result<Box<dyn Runtime>, RuntimeError>;

conformance!(noop, Takes::Anything, |_: Limits| -> Made { Ok(Box::new(Noop::new())) });

#[cfg(feature = "wasmtime")]
conformance!(wasmtime, Takes::Wasm, |limits: Limits| -> Made {
    Ok(Box::new(runtime_baseline::runtime::wasmtime::Wasmtime::with_limits(limits)?))
});
