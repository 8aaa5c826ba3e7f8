//! One suite for every runtime: each adapter is one line of [`ADAPTERS`], and makes a test of each check of its kind.
//!
//! A runtime that needs something of the machine, which is not here, is *ignored* in the output, and counted. One that needs
//! its build alone and cannot be made is a failure. A check that an adapter is known not to keep is a known gap: ignored
//! as well, with its reason, and counted.

mod checks;
mod limits;
mod mutants;
#[path = "../support/need.rs"]
mod need;
#[path = "../support/refused.rs"]
mod refused;
mod workloads;

use std::{
    collections::HashMap,
    panic::{AssertUnwindSafe, catch_unwind},
    process::ExitCode,
    sync::{PoisonError, RwLock},
};

use libtest_mimic::{Arguments, Trial};
use runtime_baseline::{
    adapter::{Limits, Refusal},
    runtime::{Registry, Runtime},
};

/// Makes the adapter with limits.
pub type Make<'a> = &'a dyn Fn(Limits) -> Box<dyn Runtime>;

/// What is asked of an adapter.
pub type Check = fn(Make<'_>);

/// What an adapter runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Runs {
    /// Nothing: it takes every workload, and is ready.
    Nothing,
    /// The native form.
    Native,
    /// Wasm, in a process or a container for each instance.
    Modules,
    /// Wasm in this process, of which it must take no more than its limits.
    ModulesHere,
}

/// A check that an adapter does not keep, and why.
type Gap = (&'static str, &'static str);

/// What crun's own handler does not do.
const HANDLER: &[Gap] = &[
    (
        "a_guest_that_ends_with_a_status_failed",
        "crun's handler drops the status: a guest that ended with 3 before it was ready was merely not ready",
    ),
    (
        "a_guest_beyond_its_memory_is_the_memory_limit",
        "crun's handler tells the engine of no limit of the linear memory, and the container's group counts the pages that \
         are touched alone",
    ),
];

/// The adapters, by their subject. A new one is a line here.
const ADAPTERS: &[(&str, Runs, &[Gap])] = &[
    ("noop", Runs::Nothing, &[]),
    ("wasmtime", Runs::ModulesHere, &[]),
    ("wasmtime/on-demand", Runs::ModulesHere, &[]),
    ("wasmi", Runs::ModulesHere, &[]),
    ("wasmedge/interpreter", Runs::ModulesHere, &[]),
    ("wasmedge/jit", Runs::ModulesHere, &[]),
    ("wasmedge/aot", Runs::ModulesHere, &[]),
    ("container/scratch", Runs::Native, &[]),
    ("container/busybox", Runs::Native, &[]),
    ("container/alpine", Runs::Native, &[]),
    ("container/debian", Runs::Native, &[]),
    ("crun", Runs::Native, &[]),
    ("runc", Runs::Native, &[]),
    ("crun+wasmedge", Runs::Modules, HANDLER),
    ("crun+wasmedge/0.17", Runs::Modules, HANDLER),
    ("container+wasmtime", Runs::Modules, &[]),
    ("container+wasmedge", Runs::Modules, &[]),
    ("wasmtime-cli", Runs::Modules, &[]),
    ("wasmedge-cli", Runs::Modules, &[]),
];

/// The checks, by name, and of which adapters they are asked.
macro_rules! checks {
    ($($of:pat => $module:ident { $($check:ident,)+ })+) => {
        const CHECKS: &[(&str, Check, fn(Runs) -> bool)] =
            &[$($((stringify!($check), $module::$check, |runs| matches!(runs, $of)),)+)+];
    };
}

checks! {
    _ => checks {
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
        starts_leave_no_file_descriptor,
    }
    Runs::Native | Runs::Modules | Runs::ModulesHere => checks {
        settings_make_a_figure_repeatable,
    }
    Runs::Native => checks {
        a_native_form_is_needed,
    }
    Runs::Modules | Runs::ModulesHere => checks {
        a_wasm_form_is_needed,
        good_workloads_are_ready,
        bad_workloads_give_the_same_error,
        a_guest_that_ends_with_a_status_failed,
        a_guest_beyond_its_memory_is_the_memory_limit,
        an_endless_loop_ends_in_the_time_limit,
    }
    Runs::ModulesHere => limits {
        every_import_answers_as_wasi_does,
        a_module_that_wants_wasi_but_shows_no_memory_is_invalid,
        a_module_that_meets_its_own_maximum_goes_on,
        memory_limits_hold_to_the_byte_from_none_to_all,
        a_table_beyond_its_limit_is_the_memory_limit,
        a_time_limit_is_kept_from_both_sides,
        a_time_limit_holds_in_the_start_section,
        an_endless_time_limit_is_no_overflow,
        endless_recursion_fails,
        room_that_no_machine_has_is_refused_and_costs_nothing,
        limits_have_their_common_names,
    }
}

/// File descriptors are counted for the whole process: that check runs while no other does.
static ALONE: RwLock<()> = RwLock::new(());

fn run(check: &'static str, function: Check, make: Make<'_>) {
    if check == "starts_leave_no_file_descriptor" {
        let _alone = ALONE.write().unwrap_or_else(PoisonError::into_inner);
        return function(make);
    }
    let _shared = ALONE.read().unwrap_or_else(PoisonError::into_inner);
    function(make);
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let refused: HashMap<String, Refusal> = Registry::of_this_machine()
        .unavailable()
        .iter()
        .map(|refusal| (refusal.subject.to_string(), refusal.clone()))
        .collect();
    let mut trials = vec![Trial::test("every_runtime_has_a_line", || {
        every_runtime_has_a_line();
        Ok(())
    })];
    for (subject, runs, gaps) in ADAPTERS {
        let checks = CHECKS.iter().filter(|(_, _, asked)| asked(*runs));
        if let Some(why) = refused.get(*subject) {
            need::note("skipped", subject, &format!("{} checks: {why}", checks.clone().count()));
        }
        trials.extend(checks.map(|(name, check, _)| {
            let gap = gaps.iter().find(|(of, _)| of == name).map(|(_, why)| *why);
            trial(subject, name, *check, refused.get(*subject), gap)
        }));
    }
    trials.extend(mutants::trials());
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// One check of one adapter.
fn trial(
    subject: &'static str,
    name: &'static str,
    check: Check,
    refused: Option<&Refusal>,
    gap: Option<&'static str>,
) -> Trial {
    let title = format!("{subject}::{name}");
    if let Some(why) = refused {
        return refused::trial::<dyn Runtime>(title, why);
    }
    if let Some(why) = gap {
        need::note("known gap", &title, why);
        return Trial::test(title, move || Err(why.into())).with_kind("known gap").with_ignored_flag(true);
    }
    Trial::test(title, move || {
        run(name, check, &|limits| Registry::only_within(subject, limits).unwrap_or_else(|error| panic!("{error}")));
        Ok(())
    })
}

fn every_runtime_has_a_line() {
    let lines: Vec<_> = ADAPTERS.iter().map(|(subject, _, _)| *subject).collect();
    assert_eq!(lines, Registry::subjects(), "the lines of this suite, and those of src/runtime/registry.rs");
    for (subject, _, gaps) in ADAPTERS {
        for (gap, _) in *gaps {
            assert!(CHECKS.iter().any(|(name, _, _)| name == gap), "{subject}: no check is named {gap}");
        }
    }
}

/// Whether the check panics with that adapter.
pub fn is_caught(check: &'static str, make: Make<'_>) -> bool {
    let (name, function, _) = CHECKS.iter().find(|(name, _, _)| *name == check).expect("a check of that name");
    catch_unwind(AssertUnwindSafe(|| run(name, *function, make))).is_err()
}
