//! Processes of OPA: bounded in memory, gone with this process, and heard when they fail.

use std::{
    io::{Read, Write},
    path::Path,
    process::{Command, Stdio},
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use rustix::process::{Pid, Signal, getpid, kill_process};

use super::Asked;
use crate::{policy::PolicyError, process::supervised::Supervised};

/// What Go's runtime and the program itself may take besides the limit: OPA maps 160 MB of data before it reads a policy.
const OWN_MEMORY: u64 = 256 << 20;

/// Starts OPA. Its standard input and output are piped when `piped`, and null otherwise.
pub(super) fn start(asked: &Asked, arguments: &[&str], piped: bool) -> Result<Supervised, PolicyError> {
    let stdio = || if piped { Stdio::piped() } else { Stdio::null() };
    let path = &asked.binary.path;
    let mut command = Command::new(path);
    command.args(arguments).stdin(stdio()).stdout(stdio());
    if let Some(processors) = asked.processors {
        command.env("GOMAXPROCS", processors.to_string());
    }
    Supervised::start(command, Some(asked.limits.memory.saturating_add(OWN_MEMORY)))
        .map_err(|e| asked.trouble(format!("{} does not start: {e}", path.display())))
}

/// What a process gave.
pub(super) struct Output {
    pub(super) success: bool,
    /// Standard output.
    pub(super) answer: String,
    /// The beginning and the end of standard error.
    pub(super) errors: String,
}

/// Runs OPA to its end, or to the end of its time.
pub(super) fn run(asked: &Asked, arguments: &[&str], input: &str) -> Result<Output, PolicyError> {
    let mut opa = start(asked, arguments, true)?;
    let (mut to, mut from) = opa.pipes().ok_or_else(|| asked.trouble("its pipes are gone".to_owned()))?;
    let killed = AtomicBool::new(false);
    let answer = thread::scope(|scope| {
        // It may answer before it has read all: neither side waits for the other. A pipe that it closed is its affair.
        scope.spawn(move || drop(to.write_all(input.as_bytes())));
        let (done, over) = mpsc::channel::<()>();
        let pid = Pid::from_raw(opa.id() as i32);
        let killed = &killed;
        scope.spawn(move || {
            if over.recv_timeout(asked.time().saturating_add(GRACE)) == Err(mpsc::RecvTimeoutError::Timeout) {
                killed.store(true, Ordering::Relaxed);
                // It is reaped after this thread, so the number is still its own. It may have ended by itself.
                let _ = pid.map(|pid| kill_process(pid, Signal::KILL));
            }
        });
        let mut answer = Vec::new();
        let read = from.read_to_end(&mut answer);
        drop(done);
        read.map(|_| answer)
    });
    let answer = answer.map_err(|e| asked.trouble(format!("its answer could not be read: {e}")))?;
    let status = opa.wait().map_err(|e| asked.trouble(e.to_string()))?;
    if killed.into_inner() {
        return Err(PolicyError::TimeLimit { policy: asked.policy.clone(), limit: asked.limits.time });
    }
    let answer = String::from_utf8(answer).map_err(|e| asked.trouble(format!("its answer is not text: {e}")))?;
    Ok(Output { success: status.success(), answer, errors: opa.said() })
}

/// What a process may take besides its time limit, which OPA keeps itself while it evaluates.
const GRACE: Duration = Duration::from_secs(5);

/// A path of this process (`/proc/self/fd/5`) as another process must write it.
pub(super) fn path_for_others(path: &Path) -> String {
    let own = format!("/proc/{}/", getpid().as_raw_nonzero());
    path.to_string_lossy().replacen("/proc/self/", &own, 1)
}
