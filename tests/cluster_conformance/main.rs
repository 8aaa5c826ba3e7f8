//! One suite for every control plane: each is one line of [`CONTROL_PLANES`], and makes a test of each check. A control plane whose
//! programs are not on this machine is *ignored* in the output, and counted.

mod checks;
#[path = "../support/need.rs"]
mod need;
#[path = "../support/refused.rs"]
mod refused;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};
use runtime_baseline::{
    adapter::Refusal,
    cluster::{ControlPlane, Registry},
};

/// What is asked of a control plane.
type Check = fn(&dyn ControlPlane);

/// The control planes, by their subject. A new one is a line here.
const CONTROL_PLANES: &[&str] = &["kubernetes", "kubernetes+kine", "kubernetes/one-process", "k3s"];

macro_rules! checks {
    ($($check:ident,)+) => {
        const CHECKS: &[(&str, Check)] = &[$((stringify!($check), checks::$check),)+];
    };
}

// Each start takes seconds, so each of them is asked several things.
checks! {
    identity_is_exact_and_its_executables_are_there,
    it_does_what_a_control_plane_does_and_ends_in_good_order,
    two_at_once_share_nothing_and_leave_nothing_when_they_are_dropped,
    what_is_observed_is_of_a_control_plane_that_worked,
}

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // Each is four processes that compute for seconds: side by side they only wait for each other.
    arguments.test_threads = arguments.test_threads.or(Some(1));
    let registry = Registry::of_this_machine();
    let mut trials = vec![Trial::test("every_control_plane_has_a_line", || {
        assert_eq!(
            CONTROL_PLANES,
            Registry::subjects(),
            "the lines of this suite, and those of src/cluster/registry.rs"
        );
        Ok(())
    })];
    for subject in CONTROL_PLANES {
        let refused = registry.unavailable().iter().find(|refusal| refusal.subject.as_str() == *subject);
        if let Some(why) = refused {
            need::note("skipped", subject, &format!("{} checks: {why}", CHECKS.len()));
        }
        trials.extend(CHECKS.iter().map(|(name, check)| trial(subject, name, *check, refused)));
    }
    drop(registry);
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// One check of one control plane.
fn trial(subject: &'static str, name: &'static str, check: Check, refused: Option<&Refusal>) -> Trial {
    let title = format!("{subject}::{name}");
    if let Some(why) = refused {
        return refused::trial::<dyn ControlPlane>(title, why);
    }
    Trial::test(title, move || {
        check(&*Registry::only(subject)?);
        Ok(())
    })
}
