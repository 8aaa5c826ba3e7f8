//! What the tests of faults share: bundles that go wrong, and what is killed.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use runtime_baseline::{
    Temperature,
    launcher::Launcher,
    runtime::{Artifact, Limits, Runtime, RuntimeError, Workload, container::Container},
};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::{Traces, available, launcher, until};

pub fn kill(pid: i32) {
    kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL).unwrap();
}

pub fn prepared(runtime: &dyn Runtime) -> Box<dyn Artifact> {
    runtime.prepare(&Workload::ready(), Temperature::Cold).unwrap()
}

/// A copy of an image's bundle that runs something else.
pub struct Altered {
    pub directory: tempfile::TempDir,
    pub launcher: Launcher,
}

impl Altered {
    /// The busybox image with another command for its shell.
    pub fn shell(command: &str) -> Option<Self> {
        let launcher = launcher()?;
        let busybox = available(Container::busybox(&launcher))?;
        let altered = Self::copy(launcher, &busybox);
        altered.configure(|config| config["process"]["args"] = vec!["/bin/sh", "-c", command].into());
        Some(altered)
    }

    pub fn scratch() -> Option<Self> {
        let launcher = launcher()?;
        let scratch = available(Container::scratch(&launcher))?;
        Some(Self::copy(launcher, &scratch))
    }

    fn copy(launcher: Launcher, container: &Container) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let source = container.bundle_path().join(".");
        let status = Command::new("cp").arg("-a").arg(source).arg(directory.path()).status().unwrap();
        assert!(status.success());
        Self { directory, launcher }
    }

    pub fn configure(&self, change: impl FnOnce(&mut Value)) {
        let file = self.path("config.json");
        let mut config = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        change(&mut config);
        fs::write(&file, config.to_string()).unwrap();
    }

    pub fn path(&self, inside: &str) -> PathBuf {
        self.directory.path().join(inside)
    }

    pub fn open(&self) -> Result<Container, RuntimeError> {
        let mut limits = Limits::default();
        limits.time = Duration::from_secs(2);
        let subject = "container/altered".parse().unwrap();
        Container::bundle(&self.launcher, subject, self.directory.path()).map(|container| container.with_limits(limits))
    }

    /// Whatever went wrong before, the launcher works, holds nothing, and leaves nothing.
    pub fn assert_clean(self) {
        let traces = Traces::of(&self.launcher);
        until("containers", || vec![(); traces.containers()]);
        if let Some(scratch) = available(Container::scratch(&self.launcher)) {
            prepared(&scratch).start().unwrap().stop().unwrap();
        }
        drop(self);
        traces.assert_gone();
    }
}

/// What a victim of [`bursting`] does.
pub fn burst_until_killed(launcher: &Launcher, artifact: &dyn Artifact) {
    artifact.reserve(20).unwrap();
    println!("\nbursting below {}", launcher.process_id());
    thread::scope(|scope| {
        for _ in 0..20 {
            scope.spawn(|| {
                // Ends with the process, or by itself should nobody kill it.
                let deadline = Instant::now() + Duration::from_secs(60);
                while Instant::now() < deadline {
                    let instance = artifact.start().unwrap();
                    thread::sleep(Duration::from_millis(20));
                    drop(instance);
                }
            });
        }
    });
}

/// A process that bursts, and what can be seen of it.
pub fn bursting(victim: &str) -> (Child, Traces) {
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", victim, "--ignored", "--nocapture"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(victim.stdout.take().unwrap()).lines();
    let keeper = lines.map_while(Result::ok).find_map(|line| line.strip_prefix("bursting below ").map(str::to_owned));
    let traces = Traces::of_keeper(keeper.expect("the victim bursts").parse().unwrap());
    // Its burst is under way: there is something to leave behind.
    let deadline = Instant::now() + Duration::from_secs(20);
    while traces.containers() < 5 {
        assert!(Instant::now() < deadline, "no burst");
        thread::sleep(Duration::from_millis(5));
    }
    (victim, traces)
}
