//! The helper that the library starts. It makes the view, forks the first process of a process namespace (which runs
//! everything, see `init`), and waits until that or the library's process ends. When either does, the kernel kills
//! what is left in the namespace, and the keeper removes the cgroups.

use std::{io, os::fd::OwnedFd, path::Path};

use nix::sched::{CloneFlags, unshare};
use rustix::{
    event::{PollFd, PollFlags, poll},
    io::Errno,
    process::{
        Pid, PidfdFlags, Signal, WaitOptions, getppid, kill_process, pidfd_open, set_parent_process_death_signal,
        setsid, waitpid,
    },
};

use super::{
    CgroupView, FindEngine, init,
    protocol::{Channel, Hello, Obstacle, readable},
    view,
};
use crate::{
    adapter::RefusalKind,
    process::{fork::fork, hook},
};

/// The directory for libcontainer's state, and the wanted cgroup view, for the helper.
pub(super) const STATE: &str = "RUNTIME_BASELINE_HELPER_STATE";
pub(super) const VIEW: &str = "RUNTIME_BASELINE_HELPER_VIEW";

/// Runs the helper until the library's process ends or closes the control socket. `engines` finds those that a
/// container's init can run. Returns the exit status.
pub(crate) fn run(engines: FindEngine) -> i32 {
    let Ok(control) = hook::take_stdin().map(Channel::from_fd) else { return 71 };
    match keep(&control, engines) {
        Ok(status) => status,
        Err(obstacle) => {
            // The library may be gone, and then nobody is there to tell.
            let _ = control.send(&Hello { version: hook::VERSION.to_owned(), outcome: Err(obstacle) });
            1
        }
    }
}

/// The status is that of the first process, unless the library's process ended before it.
fn keep(control: &Channel, engines: FindEngine) -> Result<i32, Obstacle> {
    let parent = watch_parent().map_err(|e| failed("watch the parent process", e))?;
    // A session of its own: Ctrl-C ends the library's process, and the keeper then cleans up.
    setsid().map_err(|e| failed("make a session", e))?;
    // libcontainer relies on errors in place of the signal.
    hook::ignore_broken_pipes().map_err(|e| failed("ignore SIGPIPE", e))?;
    rustix::process::chdir("/").map_err(|e| failed("go to /", e))?;
    let state = std::env::var_os(STATE).ok_or_else(|| failed("find its state directory", Errno::NOENT))?;
    let wanted = if std::env::var_os(VIEW).is_some_and(|v| v == "host") { CgroupView::Host } else { CgroupView::Auto };

    let view = view::prepare(wanted)?;
    unshare(CloneFlags::CLONE_NEWPID).map_err(|e| failed("make a process namespace", e))?;
    let keeper = pidfd_open(rustix::process::getpid(), PidfdFlags::empty()).map_err(|e| failed("watch itself", e))?;
    let first = fork(std::panic::AssertUnwindSafe(|| {
        // Whatever ends the keeper ends the namespace. It may have ended before the kernel was told.
        if set_parent_process_death_signal(Some(Signal::KILL)).is_err()
            || readable(&keeper, Some(std::time::Duration::ZERO)).unwrap_or(true)
        {
            return 1;
        }
        init::run(control, &view, Path::new(&state), engines)
    }))
    .map_err(|e| failed("fork", e))?;
    wait_for_either(first, &parent).map_err(|e| failed("wait", e))
    // Dropping the view removes the cgroups.
}

/// A descriptor that tells when the library's process ends.
pub(crate) fn watch_parent() -> io::Result<OwnedFd> {
    let parent = getppid().ok_or(Errno::SRCH)?;
    let watched = pidfd_open(parent, PidfdFlags::empty())?;
    // Had it ended before, the id would not be its own any more.
    if getppid() == Some(parent) { Ok(watched) } else { Err(Errno::SRCH.into()) }
}

pub(crate) fn wait_for_either(first: Pid, parent: &OwnedFd) -> io::Result<i32> {
    let first_ended = pidfd_open(first, PidfdFlags::empty())?;
    loop {
        match poll(&mut [PollFd::new(parent, PollFlags::IN), PollFd::new(&first_ended, PollFlags::IN)], None) {
            Err(Errno::INTR) => {}
            polled => break polled.map(drop)?,
        }
    }
    // Waiting for the first process of a namespace waits for every process in it.
    let _ = kill_process(first, Signal::KILL);
    loop {
        match waitpid(Some(first), WaitOptions::empty()) {
            Err(Errno::INTR) => {}
            ended => return Ok(ended?.and_then(|(_, status)| status.exit_status()).unwrap_or(1)),
        }
    }
}

pub(crate) fn failed(what: &str, error: impl std::fmt::Display) -> Obstacle {
    Obstacle {
        kind: RefusalKind::Failed,
        reason: format!("the helper could not {what}: {error}"),
        remedy: "raise the limits on processes and open files (ulimit -u, ulimit -n), or report this as a bug"
            .to_owned(),
    }
}
