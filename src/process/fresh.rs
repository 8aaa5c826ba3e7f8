//! The library's side of a fresh process: what it is asked, how long it may take, and how it ended.

use std::{
    io::{self, BufRead, BufReader, Write},
    marker::PhantomData,
    os::{fd::OwnedFd, unix::net::UnixStream},
    path::Path,
    process::Child,
    time::{Duration, Instant},
};

use serde_json::value::{RawValue, to_raw_value};

use super::{
    hook::{self, HookError},
    task::Task,
    wire::{Asked, Failure, GO_ON, Said},
};
use crate::{adapter::Refusal, resource::own::OwnGroups};

/// How long the warden may take to remove what a measurement left: more than its own patience. It takes milliseconds, unless
/// containers are left.
const FAREWELL: Duration = Duration::from_secs(75);

/// The role of a process that measures.
pub(crate) const MEASURE: &str = "measure";

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoAnswer {
    /// It cannot be measured here.
    #[error(transparent)]
    Refused(Refusal),
    /// No adapter has that name.
    #[error("no {kind} is named {name:?}; there are {}", known.join(", "))]
    UnknownSubject { kind: String, name: String, known: Vec<String> },
    /// Something went wrong on the way.
    #[error(transparent)]
    Fresh(#[from] FreshError),
}

/// Why there is no answer from a fresh process.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FreshError {
    /// This process cannot start helpers.
    #[error(transparent)]
    Hook(#[from] HookError),
    /// The process could not be started or asked.
    #[error("a fresh process for {task} could not be started: {source}")]
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
    #[error("{task} in a fresh process, {doing}: the kernel killed it for want of memory")]
    OutOfMemory {
        /// The measurement.
        task: &'static str,
        /// What it was doing.
        doing: String,
    },
}

impl FreshError {
    /// What somebody at a shell does about it, where there is something of its own to do.
    pub(crate) fn remedy(&self) -> Option<&'static str> {
        match self {
            Self::Start { .. } => Some("raise the limits on processes and open files (ulimit -u, ulimit -n)"),
            Self::OutOfMemory { .. } => Some("give it more memory, or ask for less"),
            Self::Hook(HookError::InsideHelper) => Some("unset that variable"),
            Self::Hook(HookError::Privileged) => Some("run it as the user whose rights it needs"),
            _ => None,
        }
    }
}

/// Has a fresh process measure, for at most `limit`. When this returns the process and all it started are gone.
pub(crate) fn measure<T: Task>(task: &T, limit: Duration) -> Result<T::Answer, NoAnswer> {
    Fresh::begin(task, None)?.answer(limit)
}

/// A fresh process that measures in stages: at the end of each it waits until it is told to go on. Dropped, it ends, with all
/// that it started.
pub(crate) struct Fresh<T> {
    warden: Child,
    /// `None` once it is over.
    socket: Option<BufReader<UnixStream>>,
    /// What it does, in its own words.
    doing: String,
    task: PhantomData<fn(&T)>,
}

impl<T: Task> Fresh<T> {
    /// Has it begin, in the cgroup with that directory where one is named.
    pub fn begin(task: &T, group: Option<&Path>) -> Result<Self, NoAnswer> {
        hook::check().map_err(FreshError::from)?;
        Self::ask(task, group).map_err(|source| FreshError::Start { task: T::NAME, source }.into())
    }

    fn ask(task: &T, group: Option<&Path>) -> io::Result<Self> {
        let (mut ours, theirs) = UnixStream::pair()?;
        let mut command = hook::command(MEASURE, OwnedFd::from(theirs));
        let warden = command.spawn()?;
        // The command holds the helper's end, whose last copy must go with the helper.
        drop(command);
        let asked = Asked { task: T::NAME.to_owned(), of: to_raw_value(task)?, group: group.map(Path::to_owned) };
        let mut line = serde_json::to_vec(&asked)?;
        line.push(b'\n');
        // It may have ended at once: the answer tells.
        let _ = ours.write_all(&line);
        let socket = Some(BufReader::new(ours));
        Ok(Self { warden, socket, doing: "before it began".to_owned(), task: PhantomData })
    }

    /// Waits until it comes to the end of a stage, for at most `limit`.
    pub fn stage(&mut self, limit: Duration) -> Result<(), NoAnswer> {
        match self.hear(limit)? {
            None => Ok(()),
            Some(_) => Err(self.failed("an answer before it was told to go on".to_owned())),
        }
    }

    /// Has it go on to the next stage.
    pub fn go_on(&mut self) {
        // One that has ended does not hear it, and its end is what is heard next.
        let _ = self.socket.as_ref().map(|socket| socket.get_ref().write_all(&GO_ON));
    }

    /// Waits until it has measured, for at most `limit`.
    pub fn answer(mut self, limit: Duration) -> Result<T::Answer, NoAnswer> {
        match self.hear(limit)? {
            None => Err(self.failed("it waits where an answer was expected".to_owned())),
            Some(answer) => serde_json::from_str(answer.get())
                .map_err(|error| self.failed(format!("an answer that does not fit: {error}"))),
        }
    }

    fn failed(&self, reason: String) -> NoAnswer {
        FreshError::Failed { task: T::NAME, doing: self.doing.clone(), reason }.into()
    }

    /// The answer, or `None` where it waits. Why there will be none is an error.
    fn hear(&mut self, limit: Duration) -> Result<Option<Box<RawValue>>, NoAnswer> {
        let said = self.listen(limit);
        let (task, doing) = (T::NAME, self.doing.clone());
        Err(match said {
            Ok(Said::Waiting) => return Ok(None),
            Ok(Said::Done(answer)) => return Ok(Some(answer)),
            Ok(Said::Failed(Failure::Refused(refusal))) => NoAnswer::Refused(refusal),
            Ok(Said::Failed(Failure::UnknownSubject { kind, name, known })) => {
                NoAnswer::UnknownSubject { kind, name, known }
            }
            Ok(Said::Failed(Failure::Other(reason))) => self.failed(reason),
            Ok(Said::Ended { out_of_memory: true, .. }) => FreshError::OutOfMemory { task, doing }.into(),
            Ok(Said::Ended { how, .. }) => FreshError::Died { task, doing, how }.into(),
            Ok(Said::Doing(_)) => FreshError::Died { task, doing, how: "its warden ended".to_owned() }.into(),
            Err(e) if matches!(e.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                FreshError::TimeLimit { task, doing, limit }.into()
            }
            Err(e) => FreshError::Died { task, doing, how: e.to_string() }.into(),
        })
    }

    /// The next message that is no word about what it does; `Said::Doing` when the other side ended before there was one.
    fn listen(&mut self, limit: Duration) -> io::Result<Said> {
        let Some(lines) = &mut self.socket else { return Err(io::ErrorKind::NotConnected.into()) };
        let deadline = Instant::now().checked_add(limit);
        let mut line = String::new();
        loop {
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                return Err(io::ErrorKind::TimedOut.into());
            }
            lines.get_ref().set_read_timeout(left)?;
            match lines.read_line(&mut line) {
                Ok(0) => return Ok(Said::Doing(String::new())),
                Ok(_) if !line.ends_with('\n') => {}
                Ok(_) => {
                    // A line that was torn by the end of who wrote it is followed by the warden's.
                    match serde_json::from_str(&line) {
                        Ok(Said::Doing(what)) => self.doing = what,
                        Ok(other) => return Ok(other),
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

impl<T> Drop for Fresh<T> {
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
