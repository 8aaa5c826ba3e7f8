//! What the library and its helper processes say to each other: one JSON message a datagram, over socket pairs.

use std::{
    io,
    mem::MaybeUninit,
    os::fd::{AsFd, OwnedFd},
    path::PathBuf,
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
    net::{
        AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
        SendFlags, SocketFlags, SocketType, recvmsg, sendmsg, socketpair,
    },
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

#[cfg(any(feature = "wasmtime", feature = "wasmedge"))]
use crate::adapter::Limits;
use crate::adapter::{RefusalKind, Resource};

/// The longest message. A path has at most 4,096 bytes, and errors are cut to [`MAX_REASON`].
const MAX_MESSAGE: usize = 16 << 10;

/// The longest reason that a helper reports.
const MAX_REASON: usize = 4 << 10;

/// The first message of the helper on the control socket.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Hello {
    /// The version of the crate that the helper was built from.
    pub version: String,
    /// What it set up, or why it could not.
    pub outcome: Result<Setting, Obstacle>,
}

/// What the helper set up.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Setting {
    /// The cgroup view, as identities name it.
    pub cgroup: String,
    /// Whether a memory limit can be set in that view.
    pub memory_controller: bool,
    /// Whether a container's share of the CPU can be limited in that view.
    pub cpu_controller: bool,
    /// Whether it all runs in a user namespace, without root.
    pub rootless: bool,
}

/// Why the helper cannot work here.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Obstacle {
    pub kind: RefusalKind,
    pub reason: String,
    pub remedy: String,
}

/// From the library to the helper, on the control socket.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Control {
    /// Fork worker `number`; its socket comes with the message.
    Fork { number: u64 },
    /// Kill worker `number`, which does not answer.
    Kill { number: u64 },
}

/// From the library to a worker.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Request {
    /// Create a container of the bundle and wait until its payload says ready.
    Start { id: u64, bundle: PathBuf, payload: Payload, time: Duration, memory: Option<u64> },
    /// The same by a command line of OCI bundles, which detaches from the container. Whether the bundle limits its memory.
    StartBy { id: u64, program: PathBuf, bundle: PathBuf, time: Duration, limited: bool },
    /// Whether the container's process runs.
    IsAlive { id: u64 },
    /// Close the container's standard input, wait for its end, delete it.
    Stop { id: u64, time: Duration },
    /// Run the bundle by one command of such a command line, which says ready and ends as the container's program does.
    /// Each of the two may take `time`.
    Run { id: u64, program: PathBuf, bundle: PathBuf, time: Duration },
    /// Make what containers with this payload inherit, so that no start does.
    Prepare { payload: Payload },
    /// Nothing: what a round trip costs.
    Ping,
}

/// What the container's init runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Payload {
    /// The bundle's process.
    Exec,
    /// The bundle's module, where it is one of Wasm.
    Module(Module),
}

/// How the module of a bundle is run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Module {
    /// The name of one of the [`ModuleEngine`](super::ModuleEngine)s that the keeper was given.
    pub engine: String,
    /// Whether the module is machine code that this very program wrote.
    pub precompiled: bool,
    /// The most linear memory, in bytes.
    pub memory: u64,
}

#[cfg(any(feature = "wasmtime", feature = "wasmedge"))]
impl Module {
    /// As engines take them. The time limit is the worker's to keep.
    pub fn limits(&self) -> Limits {
        Limits { time: Duration::MAX, memory: self.memory }
    }
}

/// From a worker to the library.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Reply {
    /// The worker waits for requests; the answer to `Ping` as well.
    Idle,
    /// The payload said ready, at its own reading of the clock.
    Ready(u64),
    /// Whether it is there, and no zombie.
    Alive(bool),
    /// The container ended well and is gone.
    Stopped,
    /// The command said ready at that reading, ended well, and its end was seen.
    Ran { ready_at: u64 },
    /// It went wrong. What was created is gone.
    Failed(Failure),
}

/// What went wrong in a worker. The library adds which bundle it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Failure {
    /// The bundle cannot be run.
    Invalid(String),
    /// The payload ended with something else than exit status 0.
    Failed(String),
    /// The payload ended, or closed its standard output, before it said ready.
    NotReady,
    /// It took longer than its time limit.
    TimeLimit,
    /// The kernel killed it since it exceeded its memory limit.
    MemoryLimit,
    /// The machine, or who limits the helpers, has no more of something.
    Exhausted { resource: Resource, reason: String },
    /// libcontainer, or a system call, said no.
    Engine(String),
}

impl Failure {
    /// A system call failed, for want of something or for another reason.
    pub fn of_call(what: &str, error: io::Error) -> Self {
        match error.raw_os_error().and_then(Resource::of_errno) {
            Some(resource) => Self::Exhausted { resource, reason: shorten(format!("{what}: {error}")) },
            None => Self::engine(what, error),
        }
    }

    pub fn engine(what: &str, error: impl std::fmt::Display) -> Self {
        Self::Engine(shorten(format!("{what}: {error}")))
    }
}

/// Cuts a reason to what fits in a message.
pub(crate) fn shorten(mut reason: String) -> String {
    if reason.len() > MAX_REASON {
        let end = (0..=MAX_REASON).rev().find(|&i| reason.is_char_boundary(i)).unwrap_or(0);
        reason.truncate(end);
        reason.push('…');
    }
    reason
}

/// One end of a socket pair that keeps message boundaries.
#[derive(Debug)]
pub(crate) struct Channel(OwnedFd);

impl Channel {
    /// Two connected ends, neither of which survives an exec.
    pub fn pair() -> io::Result<(Self, Self)> {
        let (a, b) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
        Ok((Self(a), Self(b)))
    }

    pub fn from_fd(fd: OwnedFd) -> Self {
        Self(fd)
    }

    pub fn into_fd(self) -> OwnedFd {
        self.0
    }

    pub fn send(&self, message: &impl Serialize) -> io::Result<()> {
        self.send_with(message, None)
    }

    /// Sends a message and, with it, a copy of a file descriptor.
    pub fn send_with(&self, message: &impl Serialize, fd: Option<&OwnedFd>) -> io::Result<()> {
        let bytes = serde_json::to_vec(message)?;
        if bytes.len() > MAX_MESSAGE {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "the message is too long"));
        }
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        let fds = fd.map(|fd| [fd.as_fd()]);
        if let Some(fds) = &fds {
            control.push(SendAncillaryMessage::ScmRights(fds));
        }
        let slices = [io::IoSlice::new(&bytes)];
        loop {
            match sendmsg(&self.0, &slices, &mut control, SendFlags::NOSIGNAL) {
                Err(Errno::INTR) => {}
                sent => return sent.map(drop).map_err(Into::into),
            }
        }
    }

    /// Waits for the next message; `None` is the end: the other side is gone.
    pub fn receive<T: DeserializeOwned>(&self) -> io::Result<Option<T>> {
        Ok(self.receive_with()?.map(|(message, _)| message))
    }

    /// As [`receive`](Self::receive), but no longer than `limit`: then the error is `TimedOut`.
    pub fn receive_within<T: DeserializeOwned>(&self, limit: Duration) -> io::Result<Option<T>> {
        if !readable(&self.0, Some(limit))? {
            return Err(io::Error::new(io::ErrorKind::TimedOut, format!("no answer within {limit:?}")));
        }
        self.receive()
    }

    /// The next message and the file descriptor that came with it.
    pub fn receive_with<T: DeserializeOwned>(&self) -> io::Result<Option<(T, Option<OwnedFd>)>> {
        let mut bytes = [0; MAX_MESSAGE];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let length = loop {
            let mut slices = [io::IoSliceMut::new(&mut bytes)];
            match recvmsg(&self.0, &mut slices, &mut control, RecvFlags::CMSG_CLOEXEC) {
                Err(Errno::INTR) => {}
                // A peer that died with unread messages resets the connection.
                Err(Errno::CONNRESET) => return Ok(None),
                received => break received?.bytes,
            }
        };
        if length == 0 {
            return Ok(None);
        }
        let fd = control.drain().find_map(|message| match message {
            RecvAncillaryMessage::ScmRights(mut fds) => fds.next(),
            _ => None,
        });
        Ok(Some((serde_json::from_slice(&bytes[..length])?, fd)))
    }
}

impl AsFd for Channel {
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Whether `fd` can be read, or is at its end, within `limit`.
pub(crate) fn readable(fd: &impl AsFd, limit: Option<Duration>) -> io::Result<bool> {
    let deadline = limit.and_then(|limit| Instant::now().checked_add(limit));
    loop {
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        // Longer than any limit makes sense; the kernel refuses more than it can count.
        let timeout = left
            .map(|left| Timespec { tv_sec: left.as_secs().min(1 << 31) as i64, tv_nsec: left.subsec_nanos().into() });
        match poll(&mut [PollFd::new(fd, PollFlags::IN)], timeout.as_ref()) {
            Err(Errno::INTR) => {}
            polled => return Ok(polled? > 0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_and_descriptors_pass_and_the_end_is_seen() {
        let (a, b) = Channel::pair().unwrap();
        let (c, d) = Channel::pair().unwrap();
        a.send_with(&Control::Fork { number: 7 }, Some(&c.into_fd())).unwrap();
        let (message, fd) = b.receive_with::<Control>().unwrap().unwrap();
        assert!(matches!(message, Control::Fork { number: 7 }));
        Channel::from_fd(fd.unwrap()).send(&Reply::Idle).unwrap();
        assert!(matches!(d.receive().unwrap(), Some(Reply::Idle)));
        assert!(d.receive::<Reply>().unwrap().is_none(), "the other end was dropped");
        let late = b.receive_within::<Control>(Duration::from_millis(1)).unwrap_err();
        assert_eq!(late.kind(), io::ErrorKind::TimedOut);
    }

    #[test]
    fn what_does_not_fit_is_refused_and_reasons_are_cut() {
        let (a, _b) = Channel::pair().unwrap();
        let long = "é".repeat(MAX_MESSAGE);
        assert_eq!(a.send(&long).unwrap_err().kind(), io::ErrorKind::InvalidInput);
        let Failure::Engine(reason) = Failure::engine("create", &long) else { panic!() };
        a.send(&reason).unwrap();
    }
}
