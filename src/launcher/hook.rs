//! How a process becomes a helper before its `main` runs, whatever program it is: a bench, a test, somebody's server.
//!
//! The library starts `/proc/self/exe` again with a variable in its environment. A function in `.init_array`, which
//! the C library calls in every process before `main`, sees the variable, does the helper's work and never returns.
//! At that point the process has one thread and has touched little memory: what libcontainer asks for.

use std::{
    env,
    panic::catch_unwind,
    sync::atomic::{AtomicBool, Ordering},
};

use super::keeper;

/// The variable: `<version of this crate> <process id of the parent>`.
pub(super) const VARIABLE: &str = "RUNTIME_BASELINE_HELPER";

/// The version that both sides state.
pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Set in every process by the hook, so that the library knows that it works before it relies on it.
static RAN: AtomicBool = AtomicBool::new(false);

/// Whether the hook ran when this process started.
pub(super) fn ran() -> bool {
    RAN.load(Ordering::Relaxed)
}

/// The variable's value for a helper that this process starts.
pub(super) fn value() -> String {
    format!("{VERSION} {}", std::process::id())
}

// SAFETY: `.init_array` holds pointers to functions that take (argc, argv, envp) or ignore them, are called once by
// the C library, on the only thread, after libc and the dynamic linker are set up. `hook` has the C calling convention
// and ignores its arguments, does not unwind (`catch_unwind`, and unwinding out of `extern "C"` aborts), and uses of
// std only what needs no start-up code: environment, files, memory.
#[used]
#[unsafe(link_section = ".init_array")]
static HOOK: extern "C" fn() = hook;

extern "C" fn hook() {
    RAN.store(true, Ordering::Relaxed);
    // The usual process costs one look into its environment.
    if env::var_os(VARIABLE).is_none() || !is_ours() {
        return;
    }
    // SAFETY: no other thread can read the environment, since this runs before `main` and `is_ours` made sure that
    // there is one thread. What the helper starts must not become a helper.
    unsafe { env::remove_var(VARIABLE) };
    let status = catch_unwind(keeper::run).unwrap_or(101);
    exit(status);
}

/// Whether the variable was set for this very process by its parent, and this is the copy of the crate that it means.
/// Otherwise `main` runs, and the library refuses to start a launcher.
fn is_ours() -> bool {
    let Ok(value) = env::var(VARIABLE) else { return false };
    let Some((version, parent)) = value.split_once(' ') else { return false };
    let threads = std::fs::read_dir("/proc/self/task").map_or(0, Iterator::count);
    version == VERSION && parent == std::os::unix::process::parent_id().to_string() && threads == 1
}

/// Ends a helper at once: what the host program registered for its exit is none of the helper's business.
pub(super) fn exit(status: i32) -> ! {
    // SAFETY: `_exit` takes any status, does not return, and runs no code of this process.
    unsafe { nix::libc::_exit(status) }
}
