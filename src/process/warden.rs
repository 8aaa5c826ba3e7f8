//! The process between the library and the one that measures. It forks that one into cgroups of its own, where this user
//! may make some; kills it when the library is gone or has had enough; says how it ended when it could not itself; and
//! removes the cgroups.

use std::{
    io::{BufRead, BufReader},
    os::{fd::AsFd, unix::net::UnixStream},
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

use rustix::{
    event::{PollFd, PollFlags, poll},
    io::Errno,
    process::{Pid, PidfdFlags, Signal, WaitStatus, kill_process, pidfd_open, set_parent_process_death_signal, setsid},
};

use super::{
    fork::fork,
    hook,
    reap::{describe, reap},
    task::{Entry, serve},
    wire::{Asked, Failure, Progress, Said},
};
use crate::resource::{own::OwnGroups, scope::join};

/// How long what a killed measurement started (the keeper of containers) may take to remove what it made: a second or two for
/// each thousand containers, on a machine that has other things to do.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs one of the `tasks`. Returns the exit status.
pub(crate) fn run(tasks: &[Entry]) -> i32 {
    let Ok(socket) = hook::take_stdin().map(UnixStream::from) else { return 71 };
    // A session of its own: Ctrl-C ends the library's process, and the warden then cleans up.
    if setsid().is_err() || hook::ignore_broken_pipes().is_err() {
        return 71;
    }
    let mut line = String::new();
    let asked: Asked = match BufReader::new(&socket).read_line(&mut line).map(|_| serde_json::from_str(&line)) {
        Ok(Ok(asked)) => asked,
        // Nobody asked, or in another version's words.
        _ => return 71,
    };
    let Ok(ours) = socket.try_clone() else { return 71 };
    let progress = Progress::to(ours);
    if let Some(group) = &asked.group
        && let Err(e) = join(group)
    {
        let _ = progress.say(&Said::Failed(Failure::Other(format!("its cgroup {}: {e}", group.display()))));
        return 1;
    }
    let Ok(warden) = pidfd_open(rustix::process::getpid(), PidfdFlags::empty()) else { return 71 };
    let groups = OwnGroups::new();
    let killed_before = groups.oom_kills();
    let child = fork(AssertUnwindSafe(|| {
        // Whatever ends the warden ends the measurement. It may have ended before the kernel was told.
        let bound = set_parent_process_death_signal(Some(Signal::KILL)).is_ok();
        if !bound || ended(&warden) {
            return 1;
        }
        groups.enter();
        measure(tasks, &asked, &progress)
    }));
    let outcome =
        child.map_err(|e| e.to_string()).and_then(|child| wait_for(child, &socket).map_err(|e| e.to_string()));
    let (how, killed) = match outcome {
        Ok(status) if status.exit_status() == Some(0) => (None, false),
        Ok(status) => (Some(describe(status)), status.terminating_signal() == Some(Signal::KILL.as_raw())),
        Err(e) => (Some(e), false),
    };
    if let Some(how) = how {
        let out_of_memory = killed && groups.oom_kills() > killed_before;
        let _ = progress.say(&Said::Ended { how, out_of_memory });
    }
    groups.wait_until_empty(PATIENCE);
    0
}

/// In the process that measures.
fn measure(tasks: &[Entry], asked: &Asked, progress: &Progress) -> i32 {
    let outcome = catch_unwind(AssertUnwindSafe(|| serve(tasks, asked, progress))).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default();
        Err(Failure::Other(format!("a panic: {text}")))
    });
    let said = outcome.map_or_else(Said::Failed, Said::Done);
    i32::from(progress.say(&said).is_err())
}

fn ended(process: &impl AsFd) -> bool {
    poll(&mut [PollFd::new(process, PollFlags::IN)], Some(&rustix::event::Timespec { tv_sec: 0, tv_nsec: 0 }))
        .map_or(true, |ready| ready > 0)
}

/// Waits until the child ends, and kills it when the library hangs up.
fn wait_for(child: Pid, library: &UnixStream) -> Result<WaitStatus, Errno> {
    let ended = pidfd_open(child, PidfdFlags::empty())?;
    loop {
        // No event is asked for: hanging up is always told.
        let mut watched = [PollFd::new(&ended, PollFlags::IN), PollFd::new(library, PollFlags::empty())];
        match poll(&mut watched, None) {
            Err(Errno::INTR) => continue,
            polled => polled?,
        };
        let (is_over, hung_up) = (!watched[0].revents().is_empty(), !watched[1].revents().is_empty());
        if hung_up && !is_over {
            let _ = kill_process(child, Signal::KILL);
        }
        if is_over || hung_up {
            break;
        }
    }
    reap(child)
}
