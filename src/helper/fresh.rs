//! The library's side of a fresh process: what it is asked, how long it may take, and how it ended.

use std::{
    env,
    io::{self, BufRead, BufReader, Write},
    os::{fd::OwnedFd, unix::net::UnixStream},
    process::Child,
    time::{Duration, Instant},
};

use serde_json::value::to_raw_value;

use super::{
    hook::{self, Role},
    task::Task,
    wire::{Asked, Failure, Said},
};
use crate::{probe::ProbeError, resource::own::OwnGroups, runtime::RuntimeError};

/// How long the warden may take to remove what a measurement left. It takes milliseconds, unless containers are left.
const FAREWELL: Duration = Duration::from_secs(15);

/// Why there is no answer from a fresh process.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FreshError {
    /// The start-up hook of this crate did not run in this process, so it would not run in a helper either.
    #[error(
        "the start-up hook of runtime-baseline did not run: link the crate into the executable itself, without \
         dropping its .init_array section"
    )]
    NoHook,
    /// This process was itself started with the helpers' variable set by hand.
    #[error("this process was started with {variable} set: unset it", variable = hook::VARIABLE)]
    InsideHelper,
    /// The process could not be started or asked.
    #[error("a fresh process for {task} could not be started: {source}; raise the limits on processes and open files")]
    Start {
        /// The measurement.
        task: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The measurement failed in there.
    #[error("{task} in a fresh process, {doing}: {reason}")]
    Failed {
        /// The measurement.
        task: &'static str,
        /// What it was doing.
        doing: String,
        /// What went wrong.
        reason: String,
    },
    /// It took longer than it may, and was killed.
    #[error("{task} in a fresh process, {doing}: killed after {limit:?}, which is more than it ever needs")]
    TimeLimit {
        /// The measurement.
        task: &'static str,
        /// What it was doing.
        doing: String,
        /// How long it had.
        limit: Duration,
    },
    /// It crashed, or somebody killed it.
    #[error("{task} in a fresh process, {doing}: it ended without an answer ({how})")]
    Died {
        /// The measurement.
        task: &'static str,
        /// What it was doing.
        doing: String,
        /// The signal or the status.
        how: String,
    },
    /// The kernel killed it, for want of memory.
    #[error(
        "{task} in a fresh process, {doing}: the kernel killed it for want of memory; give it more, or ask for less"
    )]
    OutOfMemory {
        /// The measurement.
        task: &'static str,
        /// What it was doing.
        doing: String,
    },
}

/// Has a fresh process measure, for at most `limit`. When this returns the process and all it started are gone.
pub(crate) fn measure<T: Task>(task: &T, limit: Duration) -> Result<T::Answer, ProbeError> {
    if env::var_os(hook::VARIABLE).is_some() {
        return Err(FreshError::InsideHelper.into());
    }
    if !hook::ran() {
        return Err(FreshError::NoHook.into());
    }
    let mut doing = "before it began".to_owned();
    let answer = Fresh::ask(task)
        .map_err(|source| ProbeError::from(FreshError::Start { task: T::NAME, source }))?
        .answer(limit, &mut doing);
    let (task, doing) = (T::NAME, doing);
    match answer {
        Ok(Said::Done(answer)) => serde_json::from_str(answer.get()).map_err(|e| {
            FreshError::Failed { task, doing, reason: format!("an answer that does not fit: {e}") }.into()
        }),
        Ok(Said::Failed(Failure::Unavailable(unavailable))) => Err(unavailable.into()),
        Ok(Said::Failed(Failure::UnknownSubject { name, known })) => {
            Err(RuntimeError::UnknownSubject { name, known }.into())
        }
        Ok(Said::Failed(Failure::Other(reason))) => Err(FreshError::Failed { task, doing, reason }.into()),
        Ok(Said::Ended { out_of_memory: true, .. }) => Err(FreshError::OutOfMemory { task, doing }.into()),
        Ok(Said::Ended { how, .. }) => Err(FreshError::Died { task, doing, how }.into()),
        Ok(Said::Doing(_)) => Err(FreshError::Died { task, doing, how: "its warden ended".to_owned() }.into()),
        Err(e) if matches!(e.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
            Err(FreshError::TimeLimit { task, doing, limit }.into())
        }
        Err(e) => Err(FreshError::Died { task, doing, how: e.to_string() }.into()),
    }
}

/// A warden that was asked. Dropped, it ends with everything it guards.
struct Fresh {
    warden: Child,
    socket: Option<UnixStream>,
}

impl Fresh {
    fn ask<T: Task>(task: &T) -> io::Result<Self> {
        let (mut ours, theirs) = UnixStream::pair()?;
        let mut command = hook::command(Role::Measure, OwnedFd::from(theirs));
        let warden = command.spawn()?;
        // The command holds the helper's end, whose last copy must go with the helper.
        drop(command);
        let asked = Asked { task: T::NAME.to_owned(), of: to_raw_value(task)? };
        let mut line = serde_json::to_vec(&asked)?;
        line.push(b'\n');
        // It may have ended at once: the answer tells.
        let _ = ours.write_all(&line);
        Ok(Self { warden, socket: Some(ours) })
    }

    /// The last message; `Said::Doing` when the other side ended before there was one.
    fn answer(&self, limit: Duration, doing: &mut String) -> io::Result<Said> {
        let Some(socket) = &self.socket else { return Err(io::ErrorKind::NotConnected.into()) };
        let deadline = Instant::now().checked_add(limit);
        let mut lines = BufReader::new(socket);
        let mut line = String::new();
        loop {
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                return Err(io::ErrorKind::TimedOut.into());
            }
            socket.set_read_timeout(left)?;
            match lines.read_line(&mut line) {
                Ok(0) => return Ok(Said::Doing(String::new())),
                Ok(_) if !line.ends_with('\n') => {}
                Ok(_) => {
                    // A line that was torn by the end of who wrote it is followed by the warden's.
                    match serde_json::from_str(&line) {
                        Ok(Said::Doing(what)) => *doing = what,
                        Ok(last) => return Ok(last),
                        Err(_) => {}
                    }
                    line.clear();
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        // The warden sees its end.
        drop(self.socket.take());
        let deadline = Instant::now() + FAREWELL;
        let status = loop {
            match self.warden.try_wait() {
                Ok(None) if Instant::now() < deadline => std::thread::sleep(Duration::from_micros(500)),
                Ok(None) => {
                    let _ = self.warden.kill();
                    break self.warden.wait().ok();
                }
                ended => break ended.ok().flatten(),
            }
        };
        if status.is_none_or(|status| !status.success()) {
            OwnGroups::remove_left_by(self.warden.id());
        }
    }
}
