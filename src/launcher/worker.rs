//! A worker: a process with one thread that creates containers, through libcontainer or by a command line, one at a time,
//! and holds them until they are stopped. As many starts run at the same time as there are workers.

use std::{
    collections::HashMap,
    os::fd::OwnedFd,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use libcontainer::{
    container::{Container, builder::ContainerBuilder},
    error::LibcontainerError,
    syscall::syscall::SyscallType,
};
use rustix::{
    pipe::{PipeFlags, pipe_with},
    process::{
        DumpableBehavior, Pid, Signal, WaitOptions, WaitStatus, kill_process, set_child_subreaper,
        set_dumpable_behavior, wait,
    },
};

use super::{
    FindEngine,
    child::{is_running, read_ready, read_ready_or_text, wait_within},
    command::OciCommand,
    executor::{Engines, ModuleExecutor},
    exhausted,
    limit::{apply_memory_limit, group_of, was_out_of_memory},
    orphans::end_children_except,
    phases,
    protocol::{Channel, Failure, Payload, Reply, Request, shorten},
    verdict::Verdict,
};
use crate::{
    Phase,
    adapter::with_causes,
    clock::monotonic,
    marks::{self, Marks},
    process::reap::describe,
};

/// The id of a container, or the beginning of all ids of a worker.
pub(super) fn container_id(worker: u64, id: Option<u64>) -> String {
    id.map_or_else(|| format!("w{worker}-"), |id| format!("w{worker}-{id}"))
}

/// Serves requests until the library closes the socket. Returns the exit status.
pub(super) fn run(number: u64, channel: &Channel, state: &Path, engines: FindEngine) -> i32 {
    // What a command leaves behind becomes the worker's own.
    if set_child_subreaper(Some(rustix::process::getpid())).is_err() {
        return 1;
    }
    let mut worker = Worker { number, state, live: HashMap::new(), strays: false, engines: Engines::new(engines) };
    let mut reply = Reply::Idle;
    loop {
        // In a user namespace a worker that made a container is not dumpable any more: only root could read what it holds.
        let _ = set_dumpable_behavior(DumpableBehavior::Dumpable);
        if channel.send(&reply).is_err() {
            return 1;
        }
        worker.reap_strays();
        reply = match channel.receive::<Request>() {
            Ok(Some(request)) => worker.serve(request).unwrap_or_else(Reply::Failed),
            Ok(None) => return 0,
            Err(_) => return 1,
        };
    }
}

struct Worker<'a> {
    number: u64,
    state: &'a Path,
    live: HashMap<u64, Live>,
    /// Whether a failed creation or a command may have left a child that nobody waits for.
    strays: bool,
    engines: Engines,
}

/// A container with a process.
struct Live {
    made: Made,
    pid: Pid,
    /// Its end tells the payload to exit.
    stdin: OwnedFd,
    /// Kept open, so that a payload that writes more is not killed for it.
    stdout: OwnedFd,
    /// Its group, if it has a memory limit.
    limited: Option<PathBuf>,
    /// How it ended, if that was seen while reaping something else.
    ended: Option<WaitStatus>,
}

/// How a container was made, and so is deleted.
enum Made {
    ByLibrary(Container),
    ByCommand { command: OciCommand, name: String },
}

impl Worker<'_> {
    fn serve(&mut self, request: Request) -> Result<Reply, Failure> {
        match request {
            Request::Ping => Ok(Reply::Idle),
            Request::Prepare { payload } => self.prepare(&payload).map(|()| Reply::Idle),
            Request::Start { id, bundle, payload, time, memory, marked } => {
                let start = |worker: &mut Self| worker.start(id, &bundle, &payload, time, memory);
                if !marked {
                    return start(self).map(ready);
                }
                let (at, marks) = phases::marked(|| start(self))?;
                let at = at?;
                if let Some(lacking) = phases::lacking(&marks) {
                    return self.stop(id, time).and(Err(lacking));
                }
                Ok(Reply::Ready { at, marks })
            }
            Request::StartBy { id, program, bundle, time, limited, marked } => {
                let start = |worker: &mut Self| worker.start_by(id, &program, &bundle, time, limited);
                if !marked {
                    return start(self).map(ready);
                }
                let (at, marks) = marks::of(|| start(self));
                Ok(Reply::Ready { at: at?, marks })
            }
            Request::IsAlive { id } => Ok(Reply::Alive(self.is_alive(id))),
            Request::Stop { id, time } => self.stop(id, time).map(|()| Reply::Stopped),
            Request::Run { id, program, bundle, time } => {
                self.run(id, &program, &bundle, time).map(|ready_at| Reply::Ran { ready_at })
            }
        }
    }

    fn prepare(&mut self, payload: &Payload) -> Result<(), Failure> {
        match payload {
            Payload::Exec => Ok(()),
            Payload::Module(module) => self.engines.prepare(module),
        }
    }

    fn start(
        &mut self,
        id: u64,
        bundle: &Path,
        payload: &Payload,
        time: Duration,
        memory: Option<u64>,
    ) -> Result<u64, Failure> {
        marks::begin(Phase::Bundle);
        let deadline = Instant::now().checked_add(time);
        let name = container_id(self.number, Some(id));
        let ((stdin_read, stdin), (stdout, stdout_write)) = (pipe()?, pipe()?);
        self.prepare(payload)?;
        let builder = ContainerBuilder::new(name, SyscallType::default());
        let (builder, verdict) = match payload {
            Payload::Exec => (builder, None::<Verdict>),
            Payload::Module(module) => {
                let (executor, verdict) = ModuleExecutor::new(module.clone(), &self.engines)?;
                (builder.with_executor(executor), Some(verdict))
            }
        };
        let created = builder.with_root_path(self.state).and_then(|builder| {
            let builder = builder.with_stdin(stdin_read).with_stdout(stdout_write);
            builder.as_init(bundle).with_systemd(false).with_detach(true).build()
        });
        let mut container = created.map_err(|e| {
            self.strays = true;
            explain(bundle, &e)
        })?;
        marks::begin(Phase::Start);
        let pid = container.pid().and_then(|pid| Pid::from_raw(pid.as_raw()));
        let pid = pid.ok_or_else(|| Failure::engine("create", "libcontainer reported no process"))?;
        let (limited, started) = match apply_memory_limit(&container, memory) {
            Ok(limited) => (limited, container.start().map_err(|e| Failure::engine("start", with_causes(&e)))),
            Err(failure) => (None, Err(failure)),
        };
        let live = Live { made: Made::ByLibrary(container), pid, stdin, stdout, limited, ended: None };
        let ready = started.and_then(|()| read_ready(&live.stdout, deadline));
        self.keep(id, live, ready, verdict)
    }

    /// By a command that returns when the payload runs, and leaves the container's process to this worker.
    fn start_by(
        &mut self,
        id: u64,
        program: &Path,
        bundle: &Path,
        time: Duration,
        limited: bool,
    ) -> Result<u64, Failure> {
        marks::begin(Phase::Process);
        let (since, deadline) = (monotonic(), Instant::now().checked_add(time));
        let name = container_id(self.number, Some(id));
        let command = OciCommand::new(program, self.number, self.state)?;
        let ((stdin_read, stdin), (stdout, stdout_write)) = (pipe()?, pipe()?);
        self.strays = true;
        let pid = match command.run_detached(bundle, &name, stdin_read, stdout_write, time) {
            Ok(pid) => pid,
            Err(failure) => {
                self.clear(&command, &name);
                return Err(failure);
            }
        };
        let limited = limited.then(|| group_of(pid)).flatten();
        let live = Live { made: Made::ByCommand { command, name }, pid, stdin, stdout, limited, ended: None };
        let ready = read_ready_or_text(&live.stdout, since, deadline);
        self.keep(id, live, ready, None)
    }

    /// Keeps what is ready, and ends what is not.
    fn keep(
        &mut self,
        id: u64,
        live: Live,
        ready: Result<u64, Failure>,
        verdict: Option<Verdict>,
    ) -> Result<u64, Failure> {
        let failure = match ready {
            Ok(at) => {
                self.live.insert(id, live);
                return Ok(at);
            }
            Err(failure) => failure,
        };
        let killed = was_out_of_memory(live.limited.as_deref());
        let said = verdict.filter(|_| failure == Failure::NotReady).map(Verdict::read);
        let _ = kill_process(live.pid, Signal::KILL);
        let ended = wait_within(live.pid, Duration::MAX);
        let _ = self.delete(live.made);
        Err(match (said, ended) {
            _ if killed => Failure::MemoryLimit,
            (Some(Some(said)), _) => said,
            // An engine that was killed, or crashed, had nothing to say.
            (Some(None), Ok(status)) if status.signaled() => Failure::Failed(describe(status)),
            _ => failure,
        })
    }

    /// Looks without reaping.
    fn is_alive(&self, id: u64) -> bool {
        let live = self.live.get(&id).filter(|live| live.ended.is_none());
        live.is_some_and(|live| is_running(live.pid) == Ok(Some(true)))
    }

    fn stop(&mut self, id: u64, time: Duration) -> Result<(), Failure> {
        let live = self.live.remove(&id).ok_or_else(|| Failure::engine("stop", "no such container"))?;
        let Live { made, pid, stdin, stdout: _stdout, limited, ended } = live;
        drop(stdin);
        let ended = match ended {
            Some(status) => Ok(status),
            None => wait_within(pid, time),
        };
        let status = ended.or_else(|failure| {
            let _ = kill_process(pid, Signal::KILL);
            wait_within(pid, Duration::MAX).and(Err(failure))
        });
        let killed = was_out_of_memory(limited.as_deref());
        let deleted = self.delete(made);
        match status? {
            status if status.exit_status() == Some(0) => deleted,
            _ if killed => Err(Failure::MemoryLimit),
            status => Err(Failure::Failed(describe(status))),
        }
    }

    /// Deletes a container whose process has ended.
    fn delete(&mut self, made: Made) -> Result<(), Failure> {
        match made {
            Made::ByLibrary(mut container) => {
                container.delete(true).map_err(|e| Failure::engine("delete", with_causes(&e)))
            }
            Made::ByCommand { command, name } => command.delete(&name).inspect_err(|_| command.force_delete(&name)),
        }
    }

    fn run(&mut self, id: u64, program: &Path, bundle: &Path, time: Duration) -> Result<u64, Failure> {
        self.strays = true;
        let name = container_id(self.number, Some(id));
        let command = OciCommand::new(program, self.number, self.state)?;
        command.run(bundle, &name, time).inspect_err(|_| self.clear(&command, &name))
    }

    /// A command that failed may have left its container: it is this worker's child by now, and ends here.
    fn clear(&self, command: &OciCommand, name: &str) {
        end_children_except(&self.live.values().map(|live| live.pid).collect::<Vec<_>>());
        command.force_delete(name);
    }

    /// Reaps what nobody else waits for: libcontainer leaves the processes of failed creations behind.
    fn reap_strays(&mut self) {
        while self.strays {
            match wait(WaitOptions::NOHANG) {
                Ok(Some((pid, status))) => {
                    if let Some(live) = self.live.values_mut().find(|live| live.pid == pid) {
                        live.ended = Some(status);
                    }
                }
                Ok(None) => break,
                Err(_) => self.strays = false,
            }
        }
    }
}

/// Without marks.
fn ready(at: u64) -> Reply {
    Reply::Ready { at, marks: Marks::new() }
}

fn pipe() -> Result<(OwnedFd, OwnedFd), Failure> {
    pipe_with(PipeFlags::CLOEXEC).map_err(|e| Failure::of_call("pipe", e.into()))
}

/// A bundle without a readable configuration is the caller's mistake, all else the engine's.
fn explain(bundle: &Path, error: &LibcontainerError) -> Failure {
    let reason = shorten(with_causes(error));
    match error {
        LibcontainerError::Spec(_) | LibcontainerError::MissingSpec(_) | LibcontainerError::InvalidSpec(_) => {
            Failure::Invalid(format!("{}: {reason}", bundle.join("config.json").display()))
        }
        _ => match exhausted::resource(error) {
            Some(resource) => Failure::Exhausted { resource, reason: format!("create: {reason}") },
            None => Failure::Engine(format!("create: {reason}")),
        },
    }
}
