//! How a process becomes a helper before its `main` runs, whatever program it is: a bench, a test, somebody's server.
//!
//! The library starts `/proc/self/exe` again with a variable in its environment. A function in `.init_array`, which
//! the C library calls in every process before `main`, sees the variable, does the helper's work and never returns.
//! At that point the process has one thread and has touched little memory: what libcontainer asks for, and what a
//! measurement of memory asks for.

use std::{
    env,
    fs::{self, File},
    io,
    os::{
        fd::{AsFd, AsRawFd, OwnedFd},
        unix::process::{CommandExt, parent_id},
    },
    panic::catch_unwind,
    path::Path,
    process::{Command, Stdio},
    sync::atomic::{AtomicBool, Ordering},
};

/// The variable: `<version of this crate> <process id of the parent> <role>`.
pub(crate) const VARIABLE: &str = "RUNTIME_BASELINE_HELPER";

/// The version that both sides state.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What a helper does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Keeps containers: see `launcher`.
    #[cfg(feature = "container")]
    Keeper,
    /// Measures: see `helper::fresh`.
    Measure,
}

impl Role {
    /// No word is the keeper.
    const MEASURE: &str = "measure";

    fn word(self) -> &'static str {
        match self {
            #[cfg(feature = "container")]
            Self::Keeper => "",
            Self::Measure => Self::MEASURE,
        }
    }

    fn parse(word: &str) -> Option<Self> {
        match word {
            #[cfg(feature = "container")]
            "" => Some(Self::Keeper),
            Self::MEASURE => Some(Self::Measure),
            _ => None,
        }
    }

    fn run(self) -> i32 {
        match self {
            #[cfg(feature = "container")]
            Self::Keeper => crate::launcher::keeper_main(),
            Self::Measure => super::warden::run(),
        }
    }
}

/// Set in every process by the hook, so that the library knows that it works before it relies on it.
static RAN: AtomicBool = AtomicBool::new(false);

/// Whether the hook ran when this process started.
pub(crate) fn ran() -> bool {
    RAN.load(Ordering::Relaxed)
}

/// This program, to be started as a helper that has `control` as its standard input.
pub(crate) fn command(role: Role, control: impl Into<Stdio>) -> Command {
    let mut command = Command::new("/proc/self/exe");
    let value = format!("{VERSION} {} {}", std::process::id(), role.word());
    command.arg0("runtime-baseline-helper").env(VARIABLE, value.trim_end()).stdin(control).stdout(Stdio::null());
    command
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
    if env::var_os(VARIABLE).is_none() {
        return;
    }
    let Some(role) = role() else { return };
    // SAFETY: no other thread can read the environment, since this runs before `main` and `role` made sure that
    // there is one thread. What the helper starts must not become a helper.
    unsafe { env::remove_var(VARIABLE) };
    let status = catch_unwind(|| role.run()).unwrap_or(101);
    exit(status);
}

/// What this process is to be, if the variable was set for it by its parent, and this is the copy of the crate that it
/// means. Otherwise `main` runs, and the library refuses to start helpers.
fn role() -> Option<Role> {
    let value = env::var(VARIABLE).ok()?;
    let mut words = value.split(' ');
    let (version, parent) = (words.next()?, words.next()?);
    let role = Role::parse(words.next().unwrap_or_default())?;
    let threads = fs::read_dir("/proc/self/task").map_or(0, Iterator::count);
    if version != VERSION || threads != 1 {
        return None;
    }
    if parent == parent_id().to_string() {
        return Some(role);
    }
    // The parent ended before this process came here: what it would have run a second time is nobody's wish.
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
    let null = File::open("/dev/null")?;
    // SAFETY: both are open descriptors, the second one standard input, which nothing in this process owns.
    match unsafe { libc::dup2(null.as_raw_fd(), 0) } {
        0 => Ok(control),
        _ => Err(io::Error::last_os_error()),
    }
}

/// As in every Rust program after its start: a closed pipe or socket is an error in place of the signal.
pub(crate) fn ignore_broken_pipes() -> io::Result<()> {
    // SAFETY: ignoring a signal installs no handler, so nothing runs in a signal's context.
    match unsafe { libc::signal(libc::SIGPIPE, libc::SIG_IGN) } {
        libc::SIG_ERR => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}
