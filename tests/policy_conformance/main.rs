//! One suite for every policy engine: each is one line of [`ENGINES`], and makes a test of each check of its kind.
//!
//! An engine that needs something of the machine, which is not here, is *ignored* in the output, and counted. One that needs
//! its build alone and cannot be made is a failure. A check that an engine is known not to keep is a known gap: ignored as
//! well, with its reason, and counted.

#[cfg(feature = "opa-wasm")]
#[path = "../../src/plans/by_hand/opa_wasm.rs"]
mod bare_opa_wasm;
#[cfg(feature = "regorus")]
#[path = "../../src/plans/by_hand/regorus.rs"]
mod bare_regorus;
#[cfg(any(feature = "opa-wasm", feature = "regorus"))]
mod by_hand;
mod cases;
mod checks;
#[path = "../support/need.rs"]
mod need;
#[path = "../support/refused.rs"]
mod refused;

use std::{
    process::ExitCode,
    sync::{PoisonError, RwLock},
};

use libtest_mimic::{Arguments, Trial};
use runtime_baseline::{
    adapter::Refusal,
    policy::{PolicyEngine, Registry},
};

/// What is asked of an engine.
type Check = fn(&dyn PolicyEngine);

/// In which form an engine takes a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Takes {
    Rego,
    /// What OPA compiled of it.
    Wasm,
}

/// A check that an engine does not keep, and why.
type Gap = (&'static str, &'static str);

const COUNTS_NO_MEMORY: Gap = (
    "a_policy_that_takes_memory_is_stopped",
    "regorus counts memory only by the process's allocator, which a library must not replace: time bounds it",
);
const TAKES_TWO_VALUES_FOR_NONE: Gap =
    ("a_policy_that_aborts_has_failed", "the register machine takes two values for one rule as undefined");

/// The engines, by their subject. A new one is a line here.
const ENGINES: &[(&str, Takes, &[Gap])] = &[
    ("regorus", Takes::Rego, &[COUNTS_NO_MEMORY]),
    ("regorus/rvm", Takes::Rego, &[COUNTS_NO_MEMORY, TAKES_TWO_VALUES_FOR_NONE]),
    ("opa-wasm/wasmtime", Takes::Wasm, &[]),
    ("opa-wasm/wasmedge", Takes::Wasm, &[]),
    ("opa-wasm/wasmedge/interpreter", Takes::Wasm, &[]),
    ("opa", Takes::Rego, &[]),
    ("opa/eval", Takes::Rego, &[]),
];

macro_rules! checks {
    ($($of:pat => { $($check:ident,)+ })+) => {
        const CHECKS: &[(&str, Check, fn(Takes) -> bool)] =
            &[$($((stringify!($check), checks::$check, |takes| matches!(takes, $of)),)+)+];
    };
}

checks! {
    _ => {
        identity_is_exact,
        every_form_of_every_policy_decides_as_expected,
        undefined_is_null,
        a_form_it_lacks_is_refused,
        what_does_not_compile_is_invalid,
        data_that_is_no_object_is_refused,
        data_over_the_limit_is_refused,
        an_unknown_entrypoint_is_refused,
        a_missing_function_is_named,
        input_that_is_not_json_is_refused,
        deep_input_is_decided_on_or_refused,
        engines_alive_at_once_decide_each_for_itself,
        ten_megabytes_of_data_are_decided_on,
        a_policy_that_aborts_has_failed,
        an_endless_policy_is_stopped,
        a_policy_that_takes_memory_is_stopped,
        limits_without_end_are_limits,
        engines_decide_on_four_threads,
        an_engine_outlives_its_loader,
        no_descriptor_is_left,
    }
    Takes::Wasm => {
        wasm_that_is_not_opas_is_refused,
    }
}

/// Descriptors are counted for the whole process: that check runs while no other does.
static ALONE: RwLock<()> = RwLock::new(());

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let registry = Registry::of_this_machine();
    let mut trials = vec![Trial::test("every_engine_has_a_line", || {
        every_engine_has_a_line();
        Ok(())
    })];
    for (subject, takes, gaps) in ENGINES {
        let refused = registry.unavailable().iter().find(|refusal| refusal.subject.as_str() == *subject);
        let checks = CHECKS.iter().filter(|(_, _, asked)| asked(*takes));
        if let Some(why) = refused {
            need::note("skipped", subject, &format!("{} checks: {why}", checks.clone().count()));
        }
        trials.extend(checks.map(|(name, check, _)| {
            let gap = gaps.iter().find(|(of, _)| of == name).map(|(_, why)| *why);
            trial(subject, name, *check, refused, gap)
        }));
    }
    #[cfg(any(feature = "opa-wasm", feature = "regorus"))]
    trials.extend(by_hand::trials());
    drop(registry);
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// One check of one engine.
fn trial(
    subject: &'static str,
    name: &'static str,
    check: Check,
    refused: Option<&Refusal>,
    gap: Option<&'static str>,
) -> Trial {
    let title = format!("{subject}::{name}");
    if let Some(why) = refused {
        return refused::trial::<dyn PolicyEngine>(title, why);
    }
    if let Some(why) = gap {
        need::note("known gap", &title, why);
        return Trial::test(title, move || Err(why.into())).with_kind("known gap").with_ignored_flag(true);
    }
    Trial::test(title, move || {
        let (_alone, _shared);
        if name == "no_descriptor_is_left" {
            _alone = ALONE.write().unwrap_or_else(PoisonError::into_inner);
        } else {
            _shared = ALONE.read().unwrap_or_else(PoisonError::into_inner);
        }
        check(&*Registry::only(subject)?);
        Ok(())
    })
}

fn every_engine_has_a_line() {
    let lines: Vec<_> = ENGINES.iter().map(|(subject, _, _)| *subject).collect();
    assert_eq!(lines, Registry::subjects(), "the lines of this suite, and those of src/policy/registry.rs");
    for (subject, _, gaps) in ENGINES {
        for (gap, _) in *gaps {
            assert!(CHECKS.iter().any(|(name, _, _)| name == gap), "{subject}: no check is named {gap}");
        }
    }
}
