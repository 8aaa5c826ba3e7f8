//! One suite for every store: each is one line of [`STORES`], and makes a test of each check. A store whose server is not on
//! this machine is *ignored* in the output, and counted.

mod checks;
#[path = "../support/need.rs"]
mod need;
#[path = "../support/refused.rs"]
mod refused;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};
use runtime_baseline::{
    adapter::Refusal,
    store::{KeyValueStore, Registry},
};

/// What is asked of a store.
type Check = fn(&dyn KeyValueStore);

/// The stores, by their subject. A new one is a line here.
const STORES: &[&str] = &["etcd", "sqlite", "sqlite/normal", "kine", "kine/full"];

macro_rules! checks {
    ($($check:ident,)+) => {
        const CHECKS: &[(&str, Check)] = &[$((stringify!($check), checks::$check),)+];
    };
}

checks! {
    identity_is_exact_and_says_how_durable_it_is,
    what_is_created_is_read,
    what_exists_is_not_created,
    a_stale_update_fails_and_says_the_present_revision,
    of_many_updates_at_once_one_wins,
    values_are_kept_byte_for_byte,
    revisions_grow_and_are_the_stores,
    a_list_is_sorted_and_of_its_prefix_alone,
    a_list_is_as_it_was_at_its_revision,
    what_was_replaced_is_forgotten_when_it_is_asked_to,
    a_watch_tells_each_event_once_and_in_order,
    a_watch_begins_after_a_revision_of_the_past,
    a_watch_without_news_says_nothing,
    watchers_of_one_prefix_are_told_the_same,
    clients_see_each_others_writes,
    stores_that_are_open_at_once_share_nothing,
    it_takes_room_on_disk_and_leaves_none,
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let registry = Registry::of_this_machine();
    let mut trials = vec![Trial::test("every_store_has_a_line", || {
        assert_eq!(STORES, Registry::subjects(), "the lines of this suite, and those of src/store/registry.rs");
        Ok(())
    })];
    for subject in STORES {
        let refused = registry.unavailable().iter().find(|refusal| refusal.subject.as_str() == *subject);
        if let Some(why) = refused {
            need::note("skipped", subject, &format!("{} checks: {why}", CHECKS.len()));
        }
        trials.extend(CHECKS.iter().map(|(name, check)| trial(subject, name, *check, refused)));
    }
    drop(registry);
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// One check of one store.
fn trial(subject: &'static str, name: &'static str, check: Check, refused: Option<&Refusal>) -> Trial {
    let title = format!("{subject}::{name}");
    if let Some(why) = refused {
        return refused::trial::<dyn KeyValueStore>(title, why);
    }
    Trial::test(title, move || {
        check(&*Registry::only(subject)?);
        Ok(())
    })
}
