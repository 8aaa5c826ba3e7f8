//! How a process becomes a helper before its `main` runs, whatever program it is: a bench, a test, somebody's server.
//!
//! The library starts `/proc/self/exe` again with a variable in its environment. The program calls [`become_helper`] before
//! anything else (`entry` has it done by a function in `.init_array`), which sees the variable, does the helper's work
//! and never returns. At that point the process has one thread and has touched little memory: what libcontainer asks for,
//! and what a measurement of memory asks for.

use std::{
    env,
    fs::File,
    io,
    os::{
        fd::{AsFd, OwnedFd},
        unix::process::{CommandExt, parent_id},
    },
    panic::catch_unwind,
    path::Path,
    process::{Command, Stdio},
    sync::atomic::{AtomicBool, Ordering},
};

use super::fork::threads;

/// The variable: `<version of this crate> <process id of the parent> <role>`.
pub(crate) const VARIABLE: &str = "RUNTIME_BASELINE_HELPER";

/// The version that both sides state.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What a helper can be: a line of the table in `entry`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Role {
    /// Its name in the variable.
    pub word: &'static str,
    /// Does its work, and returns the exit status.
    pub run: fn() -> i32,
}

/// Why this process cannot start helpers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HookError {
    /// Nothing of this crate ran before `main`, nor did `main` call it, so nothing would in a helper either, and the helper
    /// would run the program's `main` a second time. Turn on the feature `hook`, and link the crate into the executable itself,
    /// without dropping its `.init_array` section; or call [`become_helper`](crate::become_helper) first thing in `main`.
    #[error(
        "this program cannot start helpers: nothing of runtime-baseline runs before its main, nor is asked to first thing in it"
    )]
    NoHook,
    /// This process was itself started as a helper, by another version of the crate or by a variable set by hand: unset it, and
    /// use one version of the crate in a program.
    #[error("this process was started with {VARIABLE} set, and helpers start no helpers")]
    InsideHelper,
    /// The program runs with more rights than whoever started it: whoever sets its environment must not choose what it does. Run
    /// it as the user whose rights it needs.
    #[error(
        "this program runs with rights that its caller lacks (set-user-id, or capabilities of its file), so it starts no \
         helpers"
    )]
    Privileged,
}

/// Set by [`become_helper`], so that the library knows that it works before it relies on it.
static RAN: AtomicBool = AtomicBool::new(false);

/// Whether this process can start helpers.
pub(crate) fn check() -> Result<(), HookError> {
    if is_privileged() {
        Err(HookError::Privileged)
    } else if env::var_os(VARIABLE).is_some() {
        Err(HookError::InsideHelper)
    } else if RAN.load(Ordering::Relaxed) {
        Ok(())
    } else {
        Err(HookError::NoHook)
    }
}

/// This program, to be started as a helper that has `control` as its standard input.
pub(crate) fn command(role: &str, control: impl Into<Stdio>) -> Command {
    let mut command = Command::new("/proc/self/exe");
    let value = format!("{VERSION} {} {role}", std::process::id());
    command.arg0("runtime-baseline-helper").env(VARIABLE, value).stdin(control).stdout(Stdio::null());
    command
}

/// Does a helper's work and never returns, where this process was started as one. Else it costs a look into the
/// environment.
pub(crate) fn become_helper(roles: &[Role]) {
    // First of all: a program with rights that its caller lacks must not be steered by its caller's environment.
    if is_privileged() {
        return;
    }
    RAN.store(true, Ordering::Relaxed);
    if env::var_os(VARIABLE).is_none() {
        return;
    }
    let Some(role) = asked(roles) else { return };
    // SAFETY: no other thread can read the environment meanwhile: `asked` has just counted one thread, which is this one,
    // and no other thread could start one. What the helper starts must not become a helper.
    unsafe { env::remove_var(VARIABLE) };
    let status = catch_unwind(role.run).unwrap_or(101);
    exit(status);
}

/// Whether the kernel started this program with rights that its caller lacks.
fn is_privileged() -> bool {
    // SAFETY: the function takes any number, reads a table that the kernel filled before the program began and that nothing
    // writes, and answers 0 for what the table lacks.
    unsafe { libc::getauxval(libc::AT_SECURE) != 0 }
}

/// What this process is to be, if the variable was set for it by its parent, and this is the copy of the crate that it
/// means. Otherwise `main` runs, and the library refuses to start helpers.
fn asked(roles: &[Role]) -> Option<&Role> {
    let value = env::var(VARIABLE).ok()?;
    let mut words = value.split(' ');
    let (version, parent, word) = (words.next()?, words.next()?, words.next()?);
    let role = roles.iter().find(|role| role.word == word)?;
    if version != VERSION || threads() != 1 {
        return None;
    }
    if parent == parent_id().to_string() {
        return Some(role);
    }
    // The parent ended before this process came here. Nobody wants the program's `main` to run a second time.
    if parent.parse::<u32>().is_ok_and(|id| !Path::new(&format!("/proc/{id}")).exists()) {
        exit(71);
    }
    None
}

/// Ends a helper at once: what the host program registered for its exit is none of the helper's business.
pub(crate) fn exit(status: i32) -> ! {
    // SAFETY: `_exit` takes any status, does not return, and runs no code of this process.
    unsafe { libc::_exit(status) }
}

/// The control socket comes as standard input, which becomes /dev/null.
pub(crate) fn take_stdin() -> io::Result<OwnedFd> {
    let control = io::stdin().as_fd().try_clone_to_owned()?;
    rustix::stdio::dup2_stdin(File::open("/dev/null")?)?;
    Ok(control)
}

/// As in every Rust program after its start: a closed pipe or socket is an error in place of the signal.
pub(crate) fn ignore_broken_pipes() -> io::Result<()> {
    // SAFETY: ignoring a signal installs no handler, so nothing runs in a signal's context.
    match unsafe { libc::signal(libc::SIGPIPE, libc::SIG_IGN) } {
        libc::SIG_ERR => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}
