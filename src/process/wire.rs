//! What the library, the warden and the process that measures say to each other: one JSON message a line, over a socket.

use std::{
    io::{self, Read, Write},
    os::unix::net::UnixStream,
    path::PathBuf,
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::adapter::Refusal;

/// From the library, once.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Asked {
    /// The name of the task.
    pub task: String,
    /// The task itself, as its own type has it.
    pub of: Box<RawValue>,
    /// A cgroup in which it is done.
    pub group: Option<PathBuf>,
}

/// From the library, whenever the other side waits.
pub(super) const GO_ON: [u8; 1] = *b"\n";

/// To the library. One of the last three is the last message.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Said {
    /// What it does now, for whoever asks why it ended.
    Doing(String),
    /// It came to the end of a stage, and waits for [`GO_ON`].
    Waiting,
    /// The answer, as the task's own type has it.
    Done(Box<RawValue>),
    /// The measurement failed.
    Failed(Failure),
    /// It ended without an answer; said by the warden.
    Ended { how: String, out_of_memory: bool },
}

/// Why a task has no answer: what must be told apart on the other side.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Failure {
    /// It cannot be measured here.
    Refused(Refusal),
    /// No adapter has that name.
    UnknownSubject { kind: String, name: String, known: Vec<String> },
    /// It went wrong.
    Other(String),
}

/// Where messages to the library go.
#[derive(Debug)]
pub(crate) struct Progress(Option<Mutex<UnixStream>>);

impl Progress {
    /// To nobody: for a measurement in the caller's own process.
    pub const fn none() -> Self {
        Self(None)
    }

    pub(super) fn to(library: UnixStream) -> Self {
        Self(Some(Mutex::new(library)))
    }

    /// Says what is being done. Never within a timed span: it takes a system call.
    pub fn doing(&self, what: impl Into<String>) {
        let _ = self.say(&Said::Doing(what.into()));
    }

    /// Says that a stage is over, and waits until the library has it go on. An error where the library is gone, and this
    /// process soon is.
    pub fn wait(&self) -> io::Result<()> {
        self.say(&Said::Waiting)?;
        self.library().map_or(Ok(()), |mut library| library.read_exact(&mut [0; GO_ON.len()]))
    }

    pub(super) fn say(&self, said: &Said) -> io::Result<()> {
        let Some(mut library) = self.library() else { return Ok(()) };
        // On a line of its own, whatever another process had begun when it was killed.
        library.write_all(format!("\n{}\n", serde_json::to_string(said)?).as_bytes())
    }

    fn library(&self) -> Option<MutexGuard<'_, UnixStream>> {
        self.0.as_ref().map(|library| library.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
