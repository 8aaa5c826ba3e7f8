//! What can go wrong with containers and their helpers, each case provoked: the error says what it was, and nothing is
//! left behind.
#![cfg(feature = "container")]

mod container_common;

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use container_common::{Traces, assert_processes_gone, available, cgroups_left, launcher, processes, until};
use runtime_baseline::{
    Temperature,
    launcher::{Launcher, LauncherError, LauncherOptions},
    runtime::{Artifact, Limits, Runtime, RuntimeError, Workload, container::Container, oci_cli::OciCli},
};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

fn kill(pid: i32) {
    kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL).unwrap();
}

fn prepared(container: &Container) -> Box<dyn Artifact> {
    container.prepare(&Workload::ready(), Temperature::Cold).unwrap()
}

fn start_error(container: &Container) -> RuntimeError {
    prepared(container).start().map(drop).unwrap_err()
}

/// A copy of an image's bundle that runs something else.
struct Altered {
    directory: tempfile::TempDir,
    launcher: Launcher,
}

impl Altered {
    /// The busybox image with another command for its shell.
    fn shell(command: &str) -> Option<Self> {
        let launcher = launcher()?;
        let busybox = available(Container::busybox(&launcher))?;
        let altered = Self::copy(launcher, &busybox);
        altered.configure(|config| config["process"]["args"] = vec!["/bin/sh", "-c", command].into());
        Some(altered)
    }

    fn scratch() -> Option<Self> {
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

    fn configure(&self, change: impl FnOnce(&mut Value)) {
        let file = self.path("config.json");
        let mut config = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        change(&mut config);
        fs::write(&file, config.to_string()).unwrap();
    }

    fn path(&self, inside: &str) -> PathBuf {
        self.directory.path().join(inside)
    }

    fn open(&self) -> Result<Container, RuntimeError> {
        let mut limits = Limits::default();
        limits.time = Duration::from_secs(2);
        let subject = "container/altered".parse().unwrap();
        Container::bundle(&self.launcher, subject, self.directory.path()).map(|container| container.with_limits(limits))
    }

    /// Whatever went wrong before, the launcher works, holds nothing, and leaves nothing.
    fn assert_clean(self) {
        let traces = Traces::of(&self.launcher);
        until("containers", || vec![(); traces.containers()]);
        if let Some(scratch) = available(Container::scratch(&self.launcher)) {
            prepared(&scratch).start().unwrap().stop().unwrap();
        }
        drop(self);
        traces.assert_gone();
    }
}

#[test]
fn a_bundle_without_configuration_is_invalid() {
    let Some(bundle) = Altered::scratch() else { return };
    let container = bundle.open().unwrap();
    let artifact = prepared(&container);
    fs::remove_file(bundle.path("config.json")).unwrap();
    let invalid = |error: RuntimeError| {
        assert!(matches!(&error, RuntimeError::Invalid { reason, .. } if reason.contains("config.json")), "{error}");
    };
    invalid(bundle.open().map(drop).unwrap_err());
    invalid(container.prepare(&Workload::ready(), Temperature::Cold).map(drop).unwrap_err());
    invalid(artifact.start().map(drop).unwrap_err());
    fs::write(bundle.path("config.json"), "{\"ociVersion\": \"1.0.2\", \"process\": 7}").unwrap();
    invalid(bundle.open().map(drop).unwrap_err());
    drop((artifact, container));
    bundle.assert_clean();
}

#[test]
fn a_program_that_is_not_there_is_invalid() {
    let Some(bundle) = Altered::scratch() else { return };
    let container = bundle.open().unwrap();
    let artifact = prepared(&container);
    fs::remove_file(bundle.path("rootfs/ready")).unwrap();
    let error = bundle.open().map(drop).unwrap_err();
    assert!(matches!(&error, RuntimeError::Invalid { reason, .. } if reason.contains("rootfs/ready")), "{error}");
    // Gone after it was prepared, libcontainer says so.
    for _ in 0..3 {
        let error = artifact.start().map(drop).unwrap_err();
        assert!(matches!(&error, RuntimeError::Engine { reason, .. } if reason.contains("/ready")), "{error}");
    }
    drop((artifact, container));
    bundle.assert_clean();
}

#[test]
fn a_program_that_cannot_be_executed_is_not_ready() {
    let Some(bundle) = Altered::scratch() else { return };
    fs::write(bundle.path("rootfs/ready"), "neither ELF nor script").unwrap();
    let error = start_error(&bundle.open().unwrap());
    assert!(matches!(error, RuntimeError::NotReady { .. }), "{error}");
    bundle.assert_clean();
}

#[test]
fn a_payload_that_ends_without_ready_is_not_ready() {
    let Some(bundle) = Altered::shell("exit 0") else { return };
    let error = start_error(&bundle.open().unwrap());
    assert!(matches!(error, RuntimeError::NotReady { .. }), "{error}");
    bundle.assert_clean();
}

#[test]
fn a_payload_that_hangs_is_killed() {
    let Some(bundle) = Altered::shell("sleep 1000") else { return };
    let error = start_error(&bundle.open().unwrap());
    assert!(matches!(error, RuntimeError::TimeLimit { limit, .. } if limit == Duration::from_secs(2)), "{error}");
    bundle.assert_clean();
}

#[test]
fn a_payload_that_does_not_end_is_killed() {
    let Some(bundle) = Altered::shell("/ready; sleep 1000") else { return };
    let error = prepared(&bundle.open().unwrap()).start().unwrap().stop().unwrap_err();
    assert!(matches!(error, RuntimeError::TimeLimit { .. }), "{error}");
    bundle.assert_clean();
}

#[test]
fn a_payload_that_fails_after_ready_is_reported_when_stopped() {
    let Some(bundle) = Altered::shell("/ready; exit 3") else { return };
    let error = prepared(&bundle.open().unwrap()).start().unwrap().stop().unwrap_err();
    assert!(matches!(&error, RuntimeError::Failed { reason, .. } if reason == "exit status 3"), "{error}");
    bundle.assert_clean();
}

#[test]
fn a_failed_peer_is_no_fast_peer() {
    let Some(bundle) = Altered::shell("/ready; exit 3") else { return };
    let container = bundle.open().unwrap();
    for peer in [OciCli::crun(&container), OciCli::runc(&container)] {
        let Some(peer) = available(peer) else { continue };
        let error = peer.lifecycle().unwrap_err();
        assert!(matches!(&error, RuntimeError::Failed { reason, .. } if reason == "exit status 3"), "{error}");
    }
    bundle.configure(|config| config["process"]["args"] = vec!["/bin/sh", "-c", "exit 0"].into());
    for peer in [OciCli::crun(&container), OciCli::runc(&container)] {
        let Some(peer) = available(peer) else { continue };
        let error = peer.lifecycle().unwrap_err();
        assert!(matches!(error, RuntimeError::NotReady { .. }), "{error}");
    }
    bundle.configure(|config| config["process"]["args"] = vec!["/bin/sh", "-c", "sleep 1000"].into());
    for peer in [OciCli::crun(&container), OciCli::runc(&container)] {
        let Some(peer) = available(peer) else { continue };
        let error = peer.lifecycle().unwrap_err();
        assert!(matches!(error, RuntimeError::TimeLimit { .. }), "{error}");
    }
    drop(container);
    bundle.assert_clean();
}

#[test]
fn limits_beyond_the_clock_are_no_limits() {
    let Some(launcher) = launcher() else { return };
    let Some(scratch) = available(Container::scratch(&launcher)) else { return };
    let mut limits = Limits::default();
    limits.time = Duration::MAX;
    limits.memory = u64::MAX;
    let scratch = scratch.with_limits(limits);
    prepared(&scratch).start().unwrap().stop().unwrap();
}

#[test]
fn a_killed_worker_takes_its_own_containers_alone() {
    let Some(launcher) = launcher() else { return };
    let Some(scratch) = available(Container::scratch(&launcher)) else { return };
    let artifact = prepared(&scratch);
    artifact.reserve(2).unwrap();
    let traces = Traces::of(&launcher);
    let held = [artifact.start().unwrap(), artifact.start().unwrap()];
    let workers = traces.workers();
    assert_eq!(workers.len(), 2);
    let all = processes();
    let lost: Vec<_> = traces.containers_of(workers[0]).iter().map(|pid| all[pid].clone()).collect();
    assert_eq!(lost.len(), 1, "one each");

    kill(workers[0]);
    assert_processes_gone(&lost);
    let (gone, fine): (Vec<_>, Vec<_>) = held.into_iter().map(|instance| instance.stop()).partition(Result::is_err);
    assert_eq!((gone.len(), fine.len()), (1, 1));
    let error = gone.into_iter().next().unwrap().unwrap_err();
    assert!(matches!(error, RuntimeError::Helper { .. }), "{error}");
    for _ in 0..4 {
        artifact.start().unwrap().stop().unwrap();
    }
    drop((artifact, scratch, launcher));
    traces.assert_gone();
}

#[test]
fn a_killed_keeper_takes_everything_and_the_library_cleans_up() {
    let Some(launcher) = launcher() else { return };
    let Some(scratch) = available(Container::scratch(&launcher)) else { return };
    let artifact = prepared(&scratch);
    let held: Vec<_> = (0..3).map(|_| artifact.start().unwrap()).collect();
    let traces = Traces::of(&launcher);
    let all = traces.all();
    kill(traces.keeper.pid);
    assert_processes_gone(&all);
    for instance in held {
        let error = instance.stop().unwrap_err();
        assert!(matches!(error, RuntimeError::Helper { .. }), "{error}");
    }
    let error = start_error(&scratch);
    assert!(matches!(error, RuntimeError::Helper { .. }), "{error}");
    drop((artifact, scratch, launcher));
    assert_eq!(cgroups_left(&traces), Vec::<PathBuf>::new());
}

/// A process that bursts, and what can be seen of it.
fn bursting() -> (Child, Traces) {
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "victim", "--ignored", "--nocapture"])
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

#[test]
fn a_killed_parent_leaves_nothing() {
    if launcher().is_none() {
        return;
    }
    let (mut victim, traces) = bursting();
    let all = traces.all();
    assert!(all.len() > 20, "{} processes", all.len());
    victim.kill().unwrap();
    victim.wait().unwrap();
    assert_processes_gone(&all);
    traces.assert_gone();
}

#[test]
fn what_a_killed_parent_and_keeper_leave_the_next_launcher_removes() {
    if launcher().is_none() {
        return;
    }
    let (mut victim, traces) = bursting();
    let all = traces.all();
    // The keeper first: the other way round it might have cleaned up before it is killed.
    kill(traces.keeper.pid);
    victim.kill().unwrap();
    victim.wait().unwrap();
    assert_processes_gone(&all);
    drop(launcher());
    assert_eq!(cgroups_left(&traces), Vec::<PathBuf>::new());
}

/// What the tests above kill.
#[test]
#[ignore = "run by other tests, which kill it"]
fn victim() {
    let launcher = launcher().unwrap();
    let scratch = Container::scratch(&launcher).unwrap();
    let artifact = prepared(&scratch);
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

#[test]
fn a_variable_set_by_hand_makes_no_helper_and_no_launcher() {
    for value in ["0.0.0 1", "nonsense", "", &format!("{} 1", env!("CARGO_PKG_VERSION"))] {
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "inside", "--ignored", "--nocapture"])
            .env("RUNTIME_BASELINE_HELPER", value)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success() && said.contains("refused: "), "{value:?}: {said}");
    }
}

/// The other half of the test above: `main` runs, and the library refuses.
#[test]
#[ignore = "run by another test, with the variable set"]
fn inside() {
    let error = Launcher::start(LauncherOptions::default()).unwrap_err();
    assert!(matches!(error, LauncherError::InsideHelper), "{error}");
    println!("refused: {error}");
}

#[test]
fn a_helper_started_by_hand_ends_without_a_trace() {
    // The right variable, and nothing on the other side: the helper must neither run `main` nor stay.
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "inside", "--ignored", "--nocapture"])
        .env("RUNTIME_BASELINE_HELPER", format!("{} {}", env!("CARGO_PKG_VERSION"), std::process::id()))
        .env("RUNTIME_BASELINE_HELPER_STATE", "/nonexistent")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let pid = child.id();
    let deadline = Instant::now() + Duration::from_secs(10);
    while child.try_wait().unwrap().is_none() {
        assert!(Instant::now() < deadline, "the helper stays");
        thread::sleep(Duration::from_millis(5));
    }
    let output = child.wait_with_output().unwrap();
    assert!(!output.status.success());
    assert!(output.stdout.is_empty(), "main ran: {}", String::from_utf8_lossy(&output.stdout));
    assert!(!Path::new(&format!("/proc/{pid}")).exists());
}

#[test]
fn a_directory_that_cannot_be_made_is_an_error() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut options = LauncherOptions::default();
    options.directory = Some(file.path().join("inside a file"));
    let error = Launcher::start(options).unwrap_err();
    assert!(matches!(&error, LauncherError::Io { what, .. } if what.contains("inside a file")), "{error}");
}
