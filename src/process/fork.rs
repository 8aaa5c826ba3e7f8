//! Forking, which a process with threads must not do.

use std::{fs, io, panic::catch_unwind};

use rustix::process::Pid;

use super::hook;

/// How many threads this process has; 0 where /proc does not tell.
pub(super) fn threads() -> usize {
    fs::read_dir("/proc/self/task").map_or(0, Iterator::count)
}

/// Runs `child` in a forked process and returns its id. The process ends with the status that `child` returns.
///
/// An error where this process has more than one thread: only helpers fork.
pub(crate) fn fork(child: impl FnOnce() -> i32 + std::panic::UnwindSafe) -> io::Result<Pid> {
    let threads = threads();
    if threads != 1 {
        return Err(io::Error::other(format!("a process with {threads} threads cannot be forked")));
    }
    // SAFETY: the process has a single thread, this one, as was just counted, and nobody else could start another. So no
    // lock of the allocator or the C library is held by a thread that the child lacks: everything may be called there.
    match unsafe { libc::fork() } {
        0 => hook::exit(catch_unwind(child).unwrap_or(101)),
        pid => Pid::from_raw(pid).filter(|_| pid > 0).ok_or_else(io::Error::last_os_error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_with_threads_is_not_forked() {
        // libtest runs every test in a thread of its own.
        let refused = fork(|| 0).unwrap_err();
        assert!(refused.to_string().contains("threads"), "{refused}");
    }
}
