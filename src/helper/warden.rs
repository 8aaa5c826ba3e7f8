//! The process between the library and the one that measures. It forks that one into a cgroup of its own, where this user
//! may make one that counts memory; kills it when the library is gone or has had enough; says how it ended when it could
//! not itself; and removes the cgroup.

use std::{
    fs,
    io::{BufRead, BufReader},
    os::{fd::AsFd, unix::net::UnixStream},
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, poll},
    io::Errno,
    process::{
        Pid, PidfdFlags, Signal, WaitOptions, WaitStatus, kill_process, pidfd_open, set_parent_process_death_signal,
        setsid, waitpid,
    },
};

use super::{
    fork::fork,
    hook,
    task::serve,
    wire::{Asked, Failure, Progress, Said},
};
use crate::resource::{
    charge::{Charge, Version},
    scope::{Scope, hold_members},
};

/// How long what a killed measurement started (the keeper of containers) may take to remove what it made.
const PATIENCE: Duration = Duration::from_secs(5);

/// Runs one measurement. Returns the exit status.
pub(super) fn run() -> i32 {
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
    let Ok(warden) = pidfd_open(rustix::process::getpid(), PidfdFlags::empty()) else { return 71 };
    // Without one, what a cgroup would tell is not told.
    let group = Group::new();
    let child = fork(AssertUnwindSafe(|| {
        // Whatever ends the warden ends the measurement. It may have ended before the kernel was told.
        let bound = set_parent_process_death_signal(Some(Signal::KILL)).is_ok();
        if !bound || ended(&warden) {
            return 1;
        }
        if let Some(group) = &group {
            group.enter();
        }
        measure(&asked, &progress)
    }));
    let outcome =
        child.map_err(|e| e.to_string()).and_then(|child| wait_for(child, &socket).map_err(|e| e.to_string()));
    let how = match outcome {
        Ok(status) if status.exit_status() == Some(0) => None,
        Ok(status) => Some(describe(status)),
        Err(e) => Some(e),
    };
    if let Some(how) = how {
        let out_of_memory = group.as_ref().is_some_and(|group| group.members.oom_kills() > 0);
        let _ = progress.say(&Said::Ended { how, out_of_memory });
    }
    if let Some(group) = &group {
        group.wait_until_empty();
    }
    0
}

/// In the process that measures.
fn measure(asked: &Asked, progress: &Progress) -> i32 {
    let outcome = catch_unwind(AssertUnwindSafe(|| serve(asked, progress))).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default();
        Err(Failure::Other(format!("a panic: {text}")))
    });
    let said = outcome.map_or_else(Said::Failed, Said::Done);
    i32::from(progress.say(&said).is_err())
}

/// The cgroup of one measurement, removed when dropped.
struct Group {
    _scope: Scope,
    /// Where the measuring process itself is: in v2 a group below, so that what it makes can count as well.
    members: Charge,
    /// The file that tells whether anything is left, and what it then says.
    left: (PathBuf, fn(&str) -> bool),
}

impl Group {
    fn new() -> Option<Self> {
        let own = Charge::of_this_process()?;
        let scope = Scope::create(&[own.directory().to_owned()]).ok()?;
        let directory = scope.directory()?.to_owned();
        let charge = Charge::new(own.version(), directory.clone());
        // In v2 a group counts memory only where its parent hands the controller down.
        charge.usage().ok()?;
        let left: (_, fn(&str) -> bool) = match own.version() {
            Version::V1 => (directory.join("cgroup.procs"), |members| !members.is_empty()),
            Version::V2 => (directory.join("cgroup.events"), |events| events.lines().any(|line| line == "populated 1")),
        };
        let members = match own.version() {
            Version::V1 => charge,
            Version::V2 => Charge::new(Version::V2, hold_members(&directory).ok()?),
        };
        Some(Self { _scope: scope, members, left })
    }

    /// Moves the calling process. Where that is refused, it is accounted where it was, and finds so itself.
    fn enter(&self) {
        let _ = fs::write(self.members.directory().join("cgroup.procs"), "0");
    }

    fn wait_until_empty(&self) {
        let deadline = Instant::now() + PATIENCE;
        let (file, is_left) = &self.left;
        while Instant::now() < deadline && fs::read_to_string(file).is_ok_and(|text| is_left(&text)) {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
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
    loop {
        match waitpid(Some(child), WaitOptions::empty()) {
            Err(Errno::INTR) | Ok(None) => {}
            Ok(Some((_, status))) => return Ok(status),
            Err(e) => return Err(e),
        }
    }
}

fn describe(status: WaitStatus) -> String {
    match (status.exit_status(), status.terminating_signal()) {
        (Some(code), _) => format!("exit status {code}"),
        (None, Some(signal)) => format!("killed by signal {signal}"),
        (None, None) => "ended in an unknown way".to_owned(),
    }
}
