//! A worker: a process with one thread that creates containers through libcontainer, one at a time, and holds them
//! until they are stopped. As many starts run at the same time as there are workers.

use std::{
    collections::HashMap,
    io,
    os::fd::OwnedFd,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use libcontainer::{
    container::{Container, builder::ContainerBuilder},
    error::LibcontainerError,
    syscall::syscall::SyscallType,
};
use rustix::{
    io::Errno,
    pipe::{PipeFlags, pipe_with},
    process::{
        Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, WaitOptions, WaitStatus, kill_process, pidfd_open,
        set_child_subreaper, wait, waitid, waitpid,
    },
};

#[cfg(any(feature = "wasmedge", feature = "wasmtime"))]
use super::executor::{Engines, WasmExecutor};
use super::{
    exhausted,
    orphans::end_children_except,
    protocol::{Channel, Failure, Payload, Reply, Request, readable, shorten},
    verdict::Verdict,
    view::CGROUP,
};

/// The id of a container, or the beginning of all ids of a worker.
pub(super) fn container_id(worker: u64, id: Option<u64>) -> String {
    id.map_or_else(|| format!("w{worker}-"), |id| format!("w{worker}-{id}"))
}

/// Serves requests until the library closes the socket. Returns the exit status.
pub(super) fn run(number: u64, channel: &Channel, state: &Path) -> i32 {
    // What a command leaves behind becomes the worker's own.
    if set_child_subreaper(Some(rustix::process::getpid())).is_err() {
        return 1;
    }
    let mut worker = Worker {
        number,
        state,
        live: HashMap::new(),
        strays: false,
        #[cfg(any(feature = "wasmedge", feature = "wasmtime"))]
        engines: Engines::default(),
    };
    let mut reply = Reply::Idle;
    loop {
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
    #[cfg(any(feature = "wasmedge", feature = "wasmtime"))]
    engines: Engines,
}

/// A ready container.
struct Live {
    container: Container,
    pid: Pid,
    /// Its end tells the payload to exit.
    stdin: OwnedFd,
    /// Kept open, so that a payload that writes more is not killed for it.
    _stdout: OwnedFd,
    /// Its memory limit, if it has one.
    memory: Option<u64>,
    /// How it ended, if that was seen while reaping something else.
    ended: Option<WaitStatus>,
}

impl Worker<'_> {
    fn serve(&mut self, request: Request) -> Result<Reply, Failure> {
        match request {
            Request::Ping => Ok(Reply::Idle),
            Request::Prepare { payload } => self.prepare(payload).map(|()| Reply::Idle),
            Request::Start { id, bundle, payload, time, memory } => {
                self.start(id, &bundle, payload, time, memory).map(Reply::Ready)
            }
            Request::IsAlive { id } => Ok(Reply::Alive(self.is_alive(id))),
            Request::Stop { id, time } => self.stop(id, time).map(|()| Reply::Stopped),
            Request::Run { command, time } => self.run(&command, time).map(|ready_at| Reply::Ran { ready_at }),
        }
    }

    fn prepare(&mut self, payload: Payload) -> Result<(), Failure> {
        match payload {
            Payload::Exec => Ok(()),
            #[cfg(any(feature = "wasmedge", feature = "wasmtime"))]
            Payload::Wasm(wasm) => self.engines.prepare(wasm),
        }
    }

    fn start(
        &mut self,
        id: u64,
        bundle: &Path,
        payload: Payload,
        time: Duration,
        memory: Option<u64>,
    ) -> Result<u64, Failure> {
        let deadline = Instant::now().checked_add(time);
        let name = container_id(self.number, Some(id));
        let pipe = || pipe_with(PipeFlags::CLOEXEC).map_err(|e| Failure::of_call("pipe", e.into()));
        let ((stdin_read, stdin), (stdout, stdout_write)) = (pipe()?, pipe()?);
        self.prepare(payload)?;
        let builder = ContainerBuilder::new(name, SyscallType::default());
        let (builder, verdict) = match payload {
            Payload::Exec => (builder, None::<Verdict>),
            #[cfg(any(feature = "wasmedge", feature = "wasmtime"))]
            Payload::Wasm(wasm) => {
                let (executor, verdict) =
                    WasmExecutor::new(wasm, &self.engines).map_err(|e| Failure::of_call("pipe", e))?;
                (builder.with_executor(executor), Some(verdict))
            }
        };
        let created = builder.with_root_path(self.state).and_then(|builder| {
            let builder = builder.with_stdin(stdin_read).with_stdout(stdout_write);
            builder.as_init(bundle).with_systemd(false).with_detach(true).build()
        });
        let container = created.map_err(|e| {
            self.strays = true;
            explain(bundle, &e)
        })?;
        let pid = container.pid().and_then(|pid| Pid::from_raw(pid.as_raw()));
        let pid = pid.ok_or_else(|| Failure::engine("create", "libcontainer reported no process"))?;
        let mut live = Live { container, pid, stdin, _stdout: stdout, memory, ended: None };
        let ready = apply_memory_limit(&live.container, memory)
            .and_then(|()| live.container.start().map_err(|e| Failure::engine("start", chain(&e))))
            .and_then(|()| read_ready(&live._stdout, deadline));
        match ready {
            Ok(at) => {
                self.live.insert(id, live);
                Ok(at)
            }
            Err(failure) => {
                let killed = was_out_of_memory(&live.container, memory);
                let said = verdict.filter(|_| failure == Failure::NotReady).map(Verdict::read);
                let _ = kill_process(live.pid, Signal::KILL);
                let ended = wait_within(live.pid, Duration::MAX);
                let _ = live.container.delete(true);
                Err(match (said, ended) {
                    _ if killed => Failure::MemoryLimit,
                    (Some(Some(said)), _) => said,
                    // An engine that was killed, or crashed, had nothing to say.
                    (Some(None), Ok(status)) if status.signaled() => Failure::Failed(describe(status)),
                    _ => failure,
                })
            }
        }
    }

    /// Looks without reaping.
    fn is_alive(&self, id: u64) -> bool {
        let Some(live) = self.live.get(&id).filter(|live| live.ended.is_none()) else { return false };
        let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        matches!(waitid(WaitId::Pid(live.pid), look), Ok(None))
    }

    fn stop(&mut self, id: u64, time: Duration) -> Result<(), Failure> {
        let live = self.live.remove(&id).ok_or_else(|| Failure::engine("stop", "no such container"))?;
        let Live { mut container, pid, stdin, _stdout, memory, ended } = live;
        drop(stdin);
        let ended = match ended {
            Some(status) => Ok(status),
            None => wait_within(pid, time),
        };
        let status = ended.or_else(|failure| {
            let _ = kill_process(pid, Signal::KILL);
            wait_within(pid, Duration::MAX).and(Err(failure))
        });
        let killed = was_out_of_memory(&container, memory);
        let deleted = container.delete(true).map_err(|e| Failure::engine("delete", chain(&e)));
        match status? {
            status if status.exit_status() == Some(0) => deleted,
            _ if killed => Err(Failure::MemoryLimit),
            status => Err(Failure::Failed(describe(status))),
        }
    }

    /// A command that failed may have left its container: it is this worker's child by now, and ends here.
    fn run(&mut self, command: &[String], time: Duration) -> Result<u64, Failure> {
        self.strays = true;
        run_command(command, time).inspect_err(|_| {
            end_children_except(&self.live.values().map(|live| live.pid).collect::<Vec<_>>());
        })
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

/// Waits for a child's end.
fn wait_within(pid: Pid, limit: Duration) -> Result<WaitStatus, Failure> {
    let failed = |e: io::Error| Failure::engine("wait", e);
    let ended = pidfd_open(pid, PidfdFlags::empty()).map_err(|e| failed(e.into()))?;
    let limit = (limit < Duration::MAX).then_some(limit);
    if !readable(&ended, limit).map_err(failed)? {
        return Err(Failure::TimeLimit);
    }
    loop {
        match waitpid(Some(pid), WaitOptions::empty()) {
            Err(Errno::INTR) | Ok(None) => {}
            Ok(Some((_, status))) => return Ok(status),
            Err(e) => return Err(failed(e.into())),
        }
    }
}

/// Reads the payload's 8 bytes from its standard output. A deadline beyond what a clock can tell is none.
fn read_ready(stdout: &OwnedFd, deadline: Option<Instant>) -> Result<u64, Failure> {
    let mut reading = [0; 8];
    let mut filled = 0;
    while filled < reading.len() {
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        if !readable(stdout, left).map_err(|e| Failure::engine("wait for ready", e))? {
            return Err(Failure::TimeLimit);
        }
        match rustix::io::read(stdout, &mut reading[filled..]) {
            Ok(0) => return Err(Failure::NotReady),
            Ok(read) => filled += read,
            Err(Errno::INTR) => {}
            Err(e) => return Err(Failure::engine("read ready", e)),
        }
    }
    Ok(u64::from_le_bytes(reading))
}

/// Runs a command that starts a container and waits for its end, as `crun run` does.
fn run_command(command: &[String], time: Duration) -> Result<u64, Failure> {
    let (program, arguments) = command.split_first().ok_or_else(|| Failure::Invalid("an empty command".to_owned()))?;
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| Failure::engine(program, e))?;
    let pid = Pid::from_child(&child);
    let stdout = child.stdout.take().map(OwnedFd::from).ok_or(Failure::NotReady)?;
    let ready = read_ready(&stdout, Instant::now().checked_add(time));
    // Its end tells the payload to exit.
    drop(child.stdin.take());
    // Killed where it is late, and waited for in any case.
    let ended = match ready {
        Err(Failure::TimeLimit) => Err(Failure::TimeLimit),
        _ => wait_within(pid, time),
    };
    let status = ended.inspect_err(|_| {
        let _ = kill_process(pid, Signal::KILL);
        let _ = wait_within(pid, Duration::MAX);
    })?;
    if status.exit_status() == Some(0) {
        return ready;
    }
    let said = child.stderr.take().map(read_available).unwrap_or_default();
    let why = [describe(status), said.trim().to_owned()].join(": ");
    Err(Failure::Failed(shorten(why.trim_end_matches(": ").to_owned())))
}

/// What is there to be read: something that still runs may hold the other end open.
fn read_available(mut pipe: impl io::Read + std::os::fd::AsFd) -> String {
    let mut bytes = vec![0; 2048];
    let some = readable(&pipe, Some(Duration::ZERO)).unwrap_or(false);
    let read = if some { pipe.read(&mut bytes).unwrap_or(0) } else { 0 };
    String::from_utf8_lossy(&bytes[..read]).into_owned()
}

/// The limit goes into the container's own group before its payload runs.
fn apply_memory_limit(container: &Container, memory: Option<u64>) -> Result<(), Failure> {
    let Some(limit) = memory else { return Ok(()) };
    let group = cgroup(container).map_err(|e| Failure::engine("memory limit", chain(&e)))?;
    let unified = Path::new(CGROUP).join(&group).join("memory.max");
    let file = if unified.exists() { unified } else { v1_memory(&group).join("memory.limit_in_bytes") };
    std::fs::write(&file, limit.to_string()).map_err(|e| match e.kind() {
        // v1 refuses a limit below what the container's init has taken; cgroup2 ends the init.
        io::ErrorKind::ResourceBusy => Failure::MemoryLimit,
        _ => Failure::engine(&file.display().to_string(), e),
    })
}

fn was_out_of_memory(container: &Container, memory: Option<u64>) -> bool {
    let read = |file: PathBuf| std::fs::read_to_string(file).ok();
    let events = |group: &Path| {
        let unified = Path::new(CGROUP).join(group).join("memory.events");
        read(unified).or_else(|| read(v1_memory(group).join("memory.oom_control")))
    };
    memory.is_some() && cgroup(container).ok().and_then(|group| events(&group)).is_some_and(|e| counts_oom_kill(&e))
}

fn counts_oom_kill(events: &str) -> bool {
    events.lines().filter_map(|line| line.strip_prefix("oom_kill ")).any(|count| count.trim() != "0")
}

/// The container's group, relative to a hierarchy's root as the helpers see it.
fn cgroup(container: &Container) -> Result<PathBuf, LibcontainerError> {
    let path = container.spec()?.cgroup_path;
    Ok(path.strip_prefix("/").unwrap_or(&path).to_owned())
}

/// That group in v1's hierarchy of the memory controller.
fn v1_memory(group: &Path) -> PathBuf {
    Path::new(CGROUP).join("memory").join(group)
}

fn describe(status: WaitStatus) -> String {
    match (status.exit_status(), status.terminating_signal()) {
        (Some(code), _) => format!("exit status {code}"),
        (None, Some(signal)) => format!("killed by signal {signal}"),
        (None, None) => "ended in an unknown way".to_owned(),
    }
}

/// A bundle without a readable configuration is the caller's mistake, all else the engine's.
fn explain(bundle: &Path, error: &LibcontainerError) -> Failure {
    let reason = shorten(chain(error));
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

/// An error with its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_oom_kill_is_seen_in_the_events() {
        assert!(counts_oom_kill("low 0\nhigh 0\nmax 12\noom 1\noom_kill 1\noom_group_kill 0\n"));
        assert!(counts_oom_kill("oom_kill_disable 0\nunder_oom 0\noom_kill 1\n"));
        assert!(!counts_oom_kill("low 0\noom 0\noom_kill 0\noom_group_kill 0\n"));
        assert!(!counts_oom_kill(""));
    }
}
