//! What can go wrong with containers and their helpers, each case provoked: the error says what it was, and nothing is
//! left behind.
#![cfg(feature = "container")]

mod container_common;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use container_common::{
    Altered, Traces, assert_processes_gone, available, burst_until_killed, bursting, cgroups_left, kill, launcher,
    prepared, processes,
};
use runtime_baseline::{
    Temperature,
    launcher::{Launcher, LauncherError, LauncherOptions},
    probe::HookError,
    runtime::{Limits, Runtime, RuntimeError, Workload, container::Container},
};

fn start_error(container: &Container) -> RuntimeError {
    prepared(container).start().map(drop).unwrap_err()
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

#[test]
fn a_killed_parent_leaves_nothing() {
    if launcher().is_none() {
        return;
    }
    let (mut victim, traces) = bursting("victim");
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
    let (mut victim, traces) = bursting("victim");
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
    burst_until_killed(&launcher, artifact.as_ref());
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
    assert!(matches!(error, LauncherError::Hook(HookError::InsideHelper)), "{error}");
    println!("refused: {error}");
}

#[test]
fn a_helper_started_by_hand_ends_without_a_trace() {
    // The right variable, and nothing on the other side: the helper must neither run `main` nor stay.
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "inside", "--ignored", "--nocapture"])
        .env("RUNTIME_BASELINE_HELPER", format!("{} {} keeper", env!("CARGO_PKG_VERSION"), std::process::id()))
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
