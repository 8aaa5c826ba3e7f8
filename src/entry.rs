//! The composition root: what a helper process can be, and what a fresh process can be asked to do. The one place that
//! knows every layer, and nothing imports it.

use crate::{
    probe,
    process::{
        fresh,
        hook::{self, Role},
        task::Entry,
        warden,
    },
};

/// What this program can be when it is started as a helper.
const ROLES: &[Role] = &[
    #[cfg(feature = "container")]
    Role { word: crate::launcher::KEEPER, run: keep },
    #[cfg(feature = "cluster")]
    Role { word: crate::cluster::node::helper::ROLE, run: crate::cluster::node::helper::run },
    Role { word: fresh::MEASURE, run: measure },
];

/// What a fresh process can measure. Another measurement is another `Task`, and a line here.
const TASKS: &[Entry] = &[
    Entry::of::<probe::target::Describe>(),
    Entry::of::<probe::size::Ship>(),
    Entry::of::<probe::memory::Growth>(),
    Entry::of::<probe::peak::OneStart>(),
    Entry::of::<probe::engine_memory::Engines>(),
    Entry::of::<probe::cpu::Idle>(),
    Entry::of::<probe::cpu_peak::Peak>(),
    Entry::of::<probe::density::Share>(),
    #[cfg(test)]
    Entry::of::<crate::process::tests::Misbehave>(),
    #[cfg(test)]
    Entry::of::<probe::cpu::tests::EveryWay>(),
];

#[cfg(feature = "container")]
fn keep() -> i32 {
    crate::launcher::keeper_main(crate::runtime::wasm_container::find_engine)
}

fn measure() -> i32 {
    warden::run(TASKS)
}

/// Does a helper's work and never returns, where the library started this program as one of its helper processes;
/// returns at once otherwise, which is the usual case.
///
/// With the feature `hook`, which is on by default, this runs before `main` by itself, in every program that the crate is
/// linked into, and there is nothing to call. A program that wants no code before its `main` leaves the feature out and
/// calls this first thing in `main`, before it starts a thread. One that does neither can use all of the library but
/// containers and the probes that measure in a fresh process, which then say why.
pub fn become_helper() {
    hook::become_helper(ROLES);
}

// SAFETY: `.init_array` holds pointers to functions that take (argc, argv, envp) or ignore them. The dynamic linker calls
// each once, on the only thread, after it has relocated the program and initialised the C library, which are what the
// standard library stands on: on Linux it needs no start-up code of its own, only that of the C library. `hook` has the C
// calling convention, ignores its arguments, and cannot unwind: a role's panic is caught, and unwinding out of
// `extern "C"` aborts. A process that becomes a helper runs the helper's whole life in here, threads included, and ends
// by `_exit`: what other functions of `.init_array` would have set up is never used, since `main` never runs.
#[cfg(any(feature = "hook", test))]
#[used]
#[unsafe(link_section = ".init_array")]
static HOOK: extern "C" fn() = hook;

#[cfg(any(feature = "hook", test))]
extern "C" fn hook() {
    become_helper();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_have_one_name() {
        let unique = |names: Vec<&str>| {
            for (i, name) in names.iter().enumerate() {
                assert!(!names[..i].contains(name), "{name}");
            }
        };
        unique(TASKS.iter().map(|task| task.name).collect());
        unique(ROLES.iter().map(|role| role.word).collect());
    }

    #[test]
    fn the_hook_runs_in_a_test_program() {
        assert_eq!(hook::check(), Ok(()));
    }
}
