//! The helper process of a node, which is this program itself, started again:
//!
//! ```text
//! this process ─ keeper ─ first process of a process namespace ─ server ─┬─ containerd
//!                                     └─ shims ─ pods                    └─ kubelet
//! ```
//!
//! The keeper makes the view and the cgroups; the first process reaps what loses its parent; the server starts programs, in the view,
//! for the library. Whatever ends this process, the keeper or the first one, the kernel kills all of the process namespace; the
//! keeper then removes the cgroups.

use std::{
    collections::BTreeMap,
    os::{fd::OwnedFd, unix::process::CommandExt},
    panic::AssertUnwindSafe,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use nix::sched::{CloneFlags, unshare};
use rustix::{
    event::{PollFd, PollFlags, poll},
    io::Errno,
    process::{Pid, PidfdFlags, Signal, WaitOptions, pidfd_open, set_parent_process_death_signal, setsid, waitpid},
};
use serde::{Deserialize, Serialize};

use super::view::{self, View};
use crate::{
    launcher::{
        keeper::{failed, wait_for_either, watch_parent},
        protocol::{Channel, Obstacle, readable},
    },
    process::{fork::fork, hook},
};

/// The role of the helper.
pub(crate) const ROLE: &str = "node";

/// From the library.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Asked {
    /// First of all: the directory of the control plane.
    In(PathBuf),
    /// Start a program. What it says goes to the file that comes with the message.
    Run { number: u64, program: PathBuf, arguments: Vec<String>, environment: Vec<(String, String)> },
}

/// To the library.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Said {
    /// The view is made.
    Made,
    /// It cannot be.
    Not(Obstacle),
    /// A program could not be started.
    NotRun { number: u64, reason: String },
    /// A program ended: whether by itself and well, and how else.
    Ended { number: u64, well: bool, how: String },
}

/// Runs the helper until the library's process ends or closes the socket. Returns the exit status.
pub(crate) fn run() -> i32 {
    let Ok(control) = hook::take_stdin().map(Channel::from_fd) else { return 71 };
    match keep(&control) {
        Ok(status) => status,
        Err(obstacle) => {
            // The library may be gone, and then nobody is there to tell.
            let _ = control.send(&Said::Not(obstacle));
            1
        }
    }
}

fn keep(control: &Channel) -> Result<i32, Obstacle> {
    let parent = watch_parent().map_err(|e| failed("watch the parent process", e))?;
    // A session of its own: Ctrl-C ends the library's process, and the keeper then cleans up.
    setsid().map_err(|e| failed("make a session", e))?;
    hook::ignore_broken_pipes().map_err(|e| failed("ignore SIGPIPE", e))?;
    rustix::process::chdir("/").map_err(|e| failed("go to /", e))?;
    let directory = match control.receive::<Asked>() {
        Ok(Some(Asked::In(directory))) => directory,
        // The library is gone, or is no library.
        _ => return Ok(71),
    };
    let view = view::prepare()?;
    unshare(CloneFlags::CLONE_NEWPID).map_err(|e| failed("make a process namespace", e))?;
    let keeper = pidfd_open(rustix::process::getpid(), PidfdFlags::empty()).map_err(|e| failed("watch itself", e))?;
    let first = fork(AssertUnwindSafe(|| {
        // Whatever ends the keeper ends the namespace. It may have ended before the kernel was told.
        if set_parent_process_death_signal(Some(Signal::KILL)).is_err()
            || readable(&keeper, Some(Duration::ZERO)).unwrap_or(true)
        {
            return 1;
        }
        first_process(control, &view, &directory)
    }))
    .map_err(|e| failed("fork", e))?;
    wait_for_either(first, &parent).map_err(|e| failed("wait", e))
    // Dropping the view removes the cgroups.
}

/// The first process: it reaps whatever ends, until the server does.
fn first_process(control: &Channel, view: &View, directory: &Path) -> i32 {
    let server = view::enter(view, directory)
        .and_then(|()| fork(AssertUnwindSafe(|| serve(control))).map_err(|error| failed("fork", error)));
    let server = match server {
        Ok(server) => server,
        Err(obstacle) => {
            let _ = control.send(&Said::Not(obstacle));
            return 1;
        }
    };
    loop {
        match waitpid(None, WaitOptions::empty()) {
            Ok(Some((ended, status))) if ended == server => return status.exit_status().unwrap_or(1),
            Ok(_) | Err(Errno::INTR) => {}
            Err(_) => return 1,
        }
    }
}

struct Program {
    child: Child,
    ended: OwnedFd,
}

/// Starts programs, and says how they ended, until the library closes the socket.
fn serve(control: &Channel) -> i32 {
    if control.send(&Said::Made).is_err() {
        return 1;
    }
    let mut programs: BTreeMap<u64, Program> = BTreeMap::new();
    loop {
        let mut watched = vec![PollFd::new(control, PollFlags::IN)];
        watched.extend(programs.values().map(|program| PollFd::new(&program.ended, PollFlags::IN)));
        match poll(&mut watched, None) {
            Err(Errno::INTR) => continue,
            Err(_) => return 1,
            Ok(_) => {}
        }
        let is_asked = !watched[0].revents().is_empty();
        let ended = programs.keys().zip(&watched[1..]).filter(|(_, fd)| !fd.revents().is_empty());
        for number in ended.map(|(number, _)| *number).collect::<Vec<_>>() {
            let Some(mut program) = programs.remove(&number) else { continue };
            let said = match program.child.wait() {
                Ok(status) => Said::Ended { number, well: status.success(), how: status.to_string() },
                Err(error) => Said::Ended { number, well: false, how: error.to_string() },
            };
            if control.send(&said).is_err() {
                return 0;
            }
        }
        if !is_asked {
            continue;
        }
        // An error here is one of the socket: the library is gone, or as good as gone.
        let Ok(Some((Asked::Run { number, program, arguments, environment }, Some(says)))) = control.receive_with()
        else {
            return 0;
        };
        match start(&program, &arguments, environment, &says) {
            Ok(program) => drop(programs.insert(number, program)),
            Err(error) => {
                if control.send(&Said::NotRun { number, reason: error.to_string() }).is_err() {
                    return 0;
                }
            }
        }
    }
}

fn start(
    program: &Path,
    arguments: &[String],
    environment: Vec<(String, String)>,
    says: &OwnedFd,
) -> std::io::Result<Program> {
    let mut command = Command::new(program);
    // A group of its own: what is sent to the server's is not for it.
    command.args(arguments).env_clear().envs(environment).stdin(Stdio::null()).process_group(0);
    command.stdout(says.try_clone()?).stderr(says.try_clone()?);
    let mut child = command.spawn()?;
    match pidfd_open(Pid::from_child(&child), PidfdFlags::empty()) {
        Ok(ended) => Ok(Program { child, ended }),
        Err(error) => {
            let _ = child.kill();
            let _ = child.wait();
            Err(error.into())
        }
    }
}
