//! Processes of OPA: bounded in memory, gone with this process, and heard when they fail.
//!
//! The one place of this adapter with unsafe code: what a child does between its fork and OPA.

use std::{
    fs::File,
    io::{self, Read, Write},
    os::unix::{fs::FileExt, process::CommandExt},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Sender},
    },
    thread,
    time::Duration,
};

use rustix::process::{
    Pid, Resource, Rlimit, Signal, getpid, getppid, getrlimit, set_parent_process_death_signal, setrlimit,
};

use super::Asked;
use crate::policy::PolicyError;

/// What Go's runtime and the program itself may take besides the limit: OPA maps 160 MB of data before it reads a policy.
const OWN_MEMORY: u64 = 256 << 20;

/// What is told of either end of what a process said, in bytes: Go names the cause first, and ends with stacks.
const SHOWN: u64 = 1024;

/// A process of OPA, killed and reaped when it is dropped.
#[derive(Debug)]
pub(super) struct Opa {
    child: Child,
    /// Its standard error: a file without a name, so that it never waits for a reader.
    said: File,
}

impl Opa {
    /// Starts OPA. Its standard input and output are piped when `piped`, and null otherwise.
    pub(super) fn start(asked: &Asked, arguments: &[&str], piped: bool) -> Result<Self, PolicyError> {
        let start = || {
            let said = tempfile::tempfile_in(crate::disk::directory())?;
            let stdio = || if piped { Stdio::piped() } else { Stdio::null() };
            let mut command = Command::new(&asked.binary.path);
            command.args(arguments).stdin(stdio()).stdout(stdio()).stderr(said.try_clone()?);
            bind(&mut command, asked.limits.memory.saturating_add(OWN_MEMORY));
            Ok(Self { child: spawn(command)?, said })
        };
        let path = &asked.binary.path;
        start().map_err(|e: io::Error| asked.trouble(format!("{} does not start: {e}", path.display())))
    }

    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it has ended.
    pub(super) fn ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// The beginning and the end of what it has said so far.
    pub(super) fn said(&self) -> String {
        let read = || {
            let length = self.said.metadata()?.len();
            if length <= 2 * SHOWN {
                return read_at(&self.said, 0, length);
            }
            let last = length - SHOWN;
            Ok(format!("{}\n...\n{}", read_at(&self.said, 0, SHOWN)?, read_at(&self.said, last, SHOWN)?))
        };
        read().unwrap_or_else(|e: io::Error| format!("(its log could not be read: {e})"))
    }
}

impl Drop for Opa {
    fn drop(&mut self) {
        // One that has ended already is only reaped; there is nobody to tell of another failure.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads without moving the offset, at which the child writes.
fn read_at(file: &File, offset: u64, length: u64) -> io::Result<String> {
    let mut bytes = vec![0; length as usize];
    file.read_exact_at(&mut bytes, offset)?;
    Ok(String::from_utf8_lossy(&bytes).trim().to_owned())
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
    let mut opa = Opa::start(asked, arguments, true)?;
    let (mut to, mut from) = match (opa.child.stdin.take(), opa.child.stdout.take()) {
        (Some(to), Some(from)) => (to, from),
        _ => return Err(asked.trouble("its pipes are gone".to_owned())),
    };
    let killed = AtomicBool::new(false);
    let answer = thread::scope(|scope| {
        // It may answer before it has read all: neither side waits for the other. A pipe that it closed is its affair.
        scope.spawn(move || drop(to.write_all(input.as_bytes())));
        let (done, over) = mpsc::channel::<()>();
        let pid = Pid::from_child(&opa.child);
        let killed = &killed;
        scope.spawn(move || {
            if over.recv_timeout(asked.time().saturating_add(GRACE)) == Err(mpsc::RecvTimeoutError::Timeout) {
                killed.store(true, Ordering::Relaxed);
                // It is reaped after this thread, so the number is still its own. It may have ended by itself.
                let _ = rustix::process::kill_process(pid, Signal::KILL);
            }
        });
        let mut answer = Vec::new();
        let read = from.read_to_end(&mut answer);
        drop(done);
        read.map(|_| answer)
    });
    let answer = answer.map_err(|e| asked.trouble(format!("its answer could not be read: {e}")))?;
    let status = opa.child.wait().map_err(|e| asked.trouble(e.to_string()))?;
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

/// Gives the child its limits, and ties its life to ours.
fn bind(command: &mut Command, memory: u64) {
    let parent = getpid();
    // What already bounds this process stays.
    let memory = getrlimit(Resource::Data).maximum.map_or(memory, |hard| hard.min(memory));
    let bound = move || {
        setrlimit(Resource::Data, Rlimit { current: Some(memory), maximum: Some(memory) })?;
        set_parent_process_death_signal(Some(Signal::KILL))?;
        // Had the parent died before, nobody would send the signal.
        if getppid() == Some(parent) { Ok(()) } else { Err(io::Error::from(io::ErrorKind::BrokenPipe)) }
    };
    // SAFETY: between fork and exec a child of a process with threads may do only what is safe in a signal handler. The
    // closure makes three system calls through rustix, which makes them directly and takes no lock, and allocates nothing:
    // an `io::Error` of a kind or of a number has no heap part. Nothing it captured needs dropping.
    unsafe {
        command.pre_exec(bound);
    }
}

type Request = (Command, Sender<io::Result<Child>>);

/// Starts a process from a thread that lives as long as this process: the signal of `bind` is sent when the *thread* that
/// started the child ends, and an engine may be loaded in a thread and used in another.
fn spawn(command: Command) -> io::Result<Child> {
    static SPAWNER: OnceLock<Option<Sender<Request>>> = OnceLock::new();
    let spawner = SPAWNER.get_or_init(|| {
        let (sender, requests) = mpsc::channel::<Request>();
        let serve = move || {
            for (mut command, reply) in requests {
                // The asker waits; were it gone, dropping a `Child` would leave it running.
                if let Err(mpsc::SendError(Ok(mut orphan))) = reply.send(command.spawn()) {
                    let _ = orphan.kill();
                    let _ = orphan.wait();
                }
            }
        };
        thread::Builder::new().name("opa-spawner".to_owned()).spawn(serve).ok().map(|_| sender)
    });
    let gone = || io::Error::other("the thread that starts processes could not be started");
    let (reply, child) = mpsc::channel();
    spawner.as_ref().ok_or_else(gone)?.send((command, reply)).map_err(|_| gone())?;
    child.recv().map_err(|_| gone())?
}
