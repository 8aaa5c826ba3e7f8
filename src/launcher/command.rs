//! Command lines that run OCI bundles, `crun` and `runc`, as their users call them. The container that such a command
//! detaches from becomes a child of the worker, which takes in what its commands leave behind.

use std::{
    fs::{self, File},
    io::{self, Read},
    os::fd::OwnedFd,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, WaitStatus, kill_process};

use super::{
    child::{adopt, read_ready_or_text, wait_within},
    exhausted,
    protocol::{Failure, shorten},
    worker::container_id,
};
use crate::{clock::monotonic, process::reap::describe};

/// How long a command may take to delete a container whose process has ended. It takes milliseconds.
const DELETE: Duration = Duration::from_secs(20);

/// As much as an error repeats of what a command said.
const MOST_SAID: u64 = 2 << 10;

/// A command line, and where it keeps the state of one worker's containers.
pub(super) struct OciCommand {
    program: PathBuf,
    root: PathBuf,
}

impl OciCommand {
    /// Its state begins with the name of the worker's containers, so that it goes with them.
    pub fn new(program: &Path, worker: u64, state: &Path) -> Result<Self, Failure> {
        let name = program.file_name().unwrap_or_default().to_string_lossy();
        let root = state.join(format!("{}{name}", container_id(worker, None)));
        match fs::create_dir(&root) {
            Err(e) if e.kind() != io::ErrorKind::AlreadyExists => Err(Failure::of_call("make a state directory", e)),
            _ => Ok(Self { program: program.to_owned(), root }),
        }
    }

    /// Creates and starts a container, and returns its process. That may be ready by then, or not yet.
    pub fn run_detached(
        &self,
        bundle: &Path,
        name: &str,
        stdin: OwnedFd,
        stdout: OwnedFd,
        time: Duration,
    ) -> Result<Pid, Failure> {
        let deadline = Instant::now().checked_add(time);
        let file = self.root.join("pid");
        let mut command = self.command()?;
        command.args(["run", "--detach", "--pid-file"]).arg(&file).arg("--bundle").arg(bundle).arg(name);
        let child = command.stdin(stdin).stdout(stdout).spawn();
        // It holds the container's ends of the pipes.
        drop(command);
        let status = ended(child.map_err(|e| self.not_started(e))?, time)?;
        let written = fs::read_to_string(&file).unwrap_or_default();
        // The next command's is not to be taken for it, nor it for the next one's.
        let _ = fs::remove_file(&file);
        // crun may end well where a process that it forked did not.
        let pid = written.trim().parse().ok().and_then(Pid::from_raw).filter(|_| status.exit_status() == Some(0));
        let Some(pid) = pid else {
            let why = self.why(status);
            return Err(match exhausted::resource(&why) {
                Some(resource) => Failure::Exhausted { resource, reason: shorten(format!("run: {why}")) },
                None => Failure::engine("run", format!("no container's process id, {why}")),
            });
        };
        // crun detaches with a process between itself and the container, which may end after crun.
        adopt(pid, deadline)?;
        Ok(pid)
    }

    /// Deletes a container whose process has ended.
    pub fn delete(&self, name: &str) -> Result<(), Failure> {
        self.delete_with(&[name])
    }

    /// Deletes whatever there is of a container, if there is anything. There is nothing else to try, so that it is not said
    /// how that went; what is left goes with the helpers.
    pub fn force_delete(&self, name: &str) {
        let _ = self.delete_with(&["--force", name]);
    }

    fn delete_with(&self, arguments: &[&str]) -> Result<(), Failure> {
        let mut command = self.command()?;
        let child = command.arg("delete").args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).spawn();
        let status = ended(child.map_err(|e| self.not_started(e))?, DELETE)?;
        if status.exit_status() == Some(0) { Ok(()) } else { Err(Failure::engine("delete", self.why(status))) }
    }

    /// Runs a container from its creation until it has ended and is deleted, and returns its reading.
    pub fn run(&self, bundle: &Path, name: &str, time: Duration) -> Result<u64, Failure> {
        let since = monotonic();
        let mut command = self.command()?;
        command.args(["run", "--bundle"]).arg(bundle).arg(name).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().map_err(|e| self.not_started(e))?;
        let stdout = child.stdout.take().map(OwnedFd::from).ok_or(Failure::NotReady)?;
        let ready = read_ready_or_text(&stdout, since, Instant::now().checked_add(time));
        // Its end tells the payload to exit.
        drop(child.stdin.take());
        // Killed where it is late, and waited for in any case.
        let late = ready == Err(Failure::TimeLimit);
        let status = ended(child, if late { Duration::ZERO } else { time })?;
        match ready {
            Err(Failure::Said(_)) => ready,
            _ if status.exit_status() == Some(0) => ready,
            _ => Err(Failure::Failed(self.why(status))),
        }
    }

    /// Its standard error is a file that the containers inherit: nobody waits for a reader, or is killed for want of one.
    fn command(&self) -> Result<Command, Failure> {
        let file = File::options().append(true).create(true).open(self.said());
        // What was said before is forgotten.
        let file = file.and_then(|file| file.set_len(0).map(|()| file));
        let file = file.map_err(|e| Failure::of_call("a file for what a command says", e))?;
        let mut command = Command::new(&self.program);
        command.arg("--root").arg(&self.root).stderr(file);
        Ok(command)
    }

    fn said(&self) -> PathBuf {
        self.root.join("said")
    }

    /// How a command ended, and what it said.
    fn why(&self, status: WaitStatus) -> String {
        let mut said = Vec::new();
        // Without it there is still the status.
        let _ = File::open(self.said()).and_then(|file| file.take(MOST_SAID).read_to_end(&mut said));
        let why = [describe(status), String::from_utf8_lossy(&said).trim().to_owned()].join(": ");
        shorten(why.trim_end_matches(": ").to_owned())
    }

    fn not_started(&self, error: io::Error) -> Failure {
        Failure::of_call(&self.program.display().to_string(), error)
    }
}

/// Waits for a command's end. One that is late is killed.
fn ended(child: Child, limit: Duration) -> Result<WaitStatus, Failure> {
    let pid = Pid::from_child(&child);
    wait_within(pid, limit).inspect_err(|_| {
        let _ = kill_process(pid, Signal::KILL);
        let _ = wait_within(pid, Duration::MAX);
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapter::Resource;

    /// A command whose program is a script.
    fn script(directory: &Path, text: &str) -> OciCommand {
        let program = directory.join("program");
        // By another process: what another test starts must not inherit the file while it can be written.
        let written = Command::new("/bin/sh")
            .args(["-c", "printf '#!/bin/sh\\n%s\\n' \"$1\" > \"$0\" && chmod +x \"$0\""])
            .arg(&program)
            .arg(text)
            .status();
        assert!(written.unwrap().success());
        OciCommand::new(&program, 3, directory).unwrap()
    }

    #[test]
    fn what_a_command_says_is_its_own() {
        let directory = tempfile::tempdir().unwrap();
        let command = script(directory.path(), "echo \"$5: a reason, $3 $4\" >&2; exit 3");
        let failed = |name: &str| match command.delete(name) {
            Err(Failure::Engine(reason)) => reason,
            other => panic!("{other:?}"),
        };
        assert_eq!(failed("w3-1"), "delete: exit status 3: : a reason, delete w3-1");
        assert_eq!(failed("w3-2"), "delete: exit status 3: : a reason, delete w3-2");
        let root = directory.path().join("w3-program");
        assert!(root.is_dir(), "it begins as the worker's containers do");
        assert_eq!(script(directory.path(), "exit 0").delete("w3-1"), Ok(()));
    }

    #[test]
    fn a_container_is_known_by_the_file_that_was_written_for_it() {
        let directory = tempfile::tempdir().unwrap();
        let run = |text: &str| {
            let stdio = || File::options().read(true).write(true).open("/dev/null").unwrap().into();
            script(directory.path(), text).run_detached(
                Path::new("/bundle"),
                "w3-1",
                stdio(),
                stdio(),
                Duration::from_secs(10),
            )
        };
        let gone = run("echo 4194305 > \"$6\"");
        assert!(
            matches!(&gone, Err(Failure::Engine(reason)) if reason.contains("parent")),
            "no such process: {gone:?}"
        );
        assert!(
            matches!(run("exit 0"), Err(Failure::Engine(reason)) if reason.contains("no container's process id, exit status 0"))
        );
        assert!(
            matches!(run("echo nonsense > \"$6\""), Err(Failure::Engine(reason)) if reason.contains("no container's process id"))
        );
        // As crun says it, at either of its forks.
        for text in [
            "fork: Resource temporarily unavailable' >&2; exit 1",
            "detach process: Resource temporarily unavailable' >&2",
        ] {
            let none = run(&format!("echo '{text}"));
            assert!(matches!(none, Err(Failure::Exhausted { resource: Resource::Pids, .. })), "{none:?}");
        }
    }

    #[test]
    fn a_command_that_is_late_is_killed() {
        let child = Command::new("/bin/sleep").arg("1000").spawn().unwrap();
        let pid = Pid::from_child(&child);
        assert_eq!(ended(child, Duration::from_millis(10)).unwrap_err(), Failure::TimeLimit);
        assert!(rustix::process::test_kill_process(pid).is_err());
    }
}
