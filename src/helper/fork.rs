//! Forking, in helpers alone.

use std::{io, panic::catch_unwind};

use rustix::process::Pid;

use super::hook;

/// Runs `child` in a forked process and returns its id. The process ends with the status that `child` returns.
///
/// Only helpers call it: `hook` made sure that they have one thread.
pub(crate) fn fork(child: impl FnOnce() -> i32 + std::panic::UnwindSafe) -> io::Result<Pid> {
    // SAFETY: the process has a single thread (the hook counted them, before `main`, and no helper starts one), so
    // no lock of the allocator or the C library is held by a thread that the child lacks: everything may be called.
    match unsafe { libc::fork() } {
        0 => hook::exit(catch_unwind(child).unwrap_or(101)),
        pid => Pid::from_raw(pid).filter(|_| pid > 0).ok_or_else(io::Error::last_os_error),
    }
}
