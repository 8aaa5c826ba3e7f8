//! Why a module was not ready, from the container's init to its worker: one message through a pipe of its own.

use std::{
    fs::File,
    io::{self, Read, Write},
    os::fd::{BorrowedFd, OwnedFd},
    time::{Duration, Instant},
};

use rustix::pipe::{PipeFlags, pipe_with};

use super::protocol::{Failure, readable};

/// More than the longest message.
const MOST: usize = 32 << 10;

/// How long an init that has closed its standard output may take to end.
const PATIENCE: Duration = Duration::from_secs(1);

/// The worker's end.
pub(super) struct Verdict(OwnedFd);

impl Verdict {
    pub fn pipe() -> io::Result<(Self, OwnedFd)> {
        let (ours, theirs) = pipe_with(PipeFlags::CLOEXEC)?;
        Ok((Self(ours), theirs))
    }

    /// What the init said before it ended, if it did.
    pub fn read(self) -> Option<Failure> {
        let deadline = Instant::now() + PATIENCE;
        let mut pipe = File::from(self.0);
        let mut bytes = Vec::new();
        let mut part = [0; 4096];
        while bytes.len() < MOST && readable(&pipe, Some(deadline.saturating_duration_since(Instant::now()))).ok()? {
            match pipe.read(&mut part) {
                Ok(0) => break,
                Ok(count) => bytes.extend_from_slice(&part[..count]),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return None,
            }
        }
        serde_json::from_slice(&bytes).ok()
    }
}

/// Leaves the message in the pipe, which holds more than one takes.
pub(super) fn send(pipe: BorrowedFd<'_>, failure: &Failure) {
    let Ok(pipe) = pipe.try_clone_to_owned() else { return };
    // Nobody is there to be told of an error: the worker then says what it saw itself.
    let _ = serde_json::to_vec(failure).map(|bytes| File::from(pipe).write_all(&bytes));
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsFd;

    #[test]
    fn a_verdict_passes_and_silence_is_none() {
        let (ours, theirs) = Verdict::pipe().unwrap();
        let failure = Failure::Failed("x".repeat(4096));
        send(theirs.as_fd(), &failure);
        drop(theirs);
        assert_eq!(ours.read(), Some(failure));
        let (ours, theirs) = Verdict::pipe().unwrap();
        drop(theirs);
        assert_eq!(ours.read(), None);
        let (ours, theirs) = Verdict::pipe().unwrap();
        File::from(theirs).write_all(b"{\"Failed\":").unwrap();
        assert_eq!(ours.read(), None);
    }
}
