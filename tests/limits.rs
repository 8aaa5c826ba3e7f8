//! Limits of memory and CPU hold where a hierarchy has the controller, and say so where none has.
#![cfg(feature = "container")]

mod container_common;

use std::{
    fs,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use container_common::{Traces, available, need, started};
use runtime_baseline::{
    Temperature,
    launcher::{CgroupView, Launcher},
    runtime::{Limits, Runtime, RuntimeError, Workload, container::Container},
};
use tempfile::TempDir;

const MIB: u64 = 1 << 20;

/// Both views: on a machine with v1 controllers, one of them can set limits.
fn launchers() -> impl Iterator<Item = Launcher> {
    let views = [CgroupView::Auto, CgroupView::Host];
    views.into_iter().filter_map(|view| started(Launcher::start(container_common::options(view))))
}

fn limits(memory: u64) -> Limits {
    let mut limits = Limits::default();
    limits.memory = memory;
    limits
}

/// The busybox image whose shell runs `command`, which ends in the workload.
fn shell(launcher: &Launcher, command: &str) -> Option<(TempDir, Container)> {
    let busybox = available(Container::busybox(launcher))?;
    let directory = tempfile::tempdir().unwrap();
    let bundle = directory.path().join("bundle");
    assert!(Command::new("cp").arg("-r").args([busybox.bundle_path(), &bundle]).status().unwrap().success());
    let config = bundle.join("config.json");
    let text = fs::read_to_string(&config).unwrap();
    assert!(text.contains("exec /ready"));
    fs::write(&config, text.replace("exec /ready", command)).unwrap();
    let subject = "container/busybox".parse().unwrap();
    Some((directory, Container::bundle(launcher, subject, &bundle).unwrap()))
}

#[test]
fn a_container_over_its_memory_limit_is_killed_and_says_so() {
    let mut exercised = 0;
    for launcher in launchers() {
        if !launcher.limits_memory() {
            continue;
        }
        // A block of 64 MiB, read into: every page is touched before the workload is ready.
        let command = "/bin/busybox dd if=/dev/zero of=/dev/null bs=64M count=1 && exec /ready";
        let Some((_directory, container)) = shell(&launcher, command) else { return };
        let start = |memory| {
            let container = Container::bundle(&launcher, "own".parse().unwrap(), container.bundle_path()).unwrap();
            let container = container.with_limits(limits(memory));
            container.prepare(&Workload::ready(), Temperature::Cold).unwrap().start()
        };
        let traces = Traces::of(&launcher);
        for _ in 0..2 {
            let error = start(16 * MIB).map(drop).unwrap_err();
            assert!(matches!(error, RuntimeError::MemoryLimit { limit, .. } if limit == 16 * MIB), "{error}");
            // The same payload under a limit that it keeps is ready: it was the limit.
            start(128 * MIB).unwrap().stop().unwrap();
        }
        // Less than a container's init takes before there is a payload.
        let begin = Instant::now();
        let error = start(64 << 10).map(drop).unwrap_err();
        assert!(matches!(error, RuntimeError::MemoryLimit { .. }), "{error}");
        assert!(begin.elapsed() < Duration::from_secs(5), "a limit too small is no hang");
        assert_eq!(traces.containers(), 0);
        exercised += 1;
        drop((container, launcher));
        traces.assert_gone();
    }
    if exercised == 0 {
        need::skip("cgroup", &"no view of this machine has a memory controller for containers");
    }
}

#[test]
fn a_limit_of_cpu_time_slows_a_busy_start_or_says_why_not() {
    for launcher in launchers() {
        let make = || shell(&launcher, "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done; exec /ready");
        let Some((_directory, container)) = make() else { return };
        let too_little = available(Container::busybox(&launcher)).unwrap().with_cpu_limit(5).unwrap_err();
        if !launcher.limits_cpu() {
            assert!(matches!(too_little, RuntimeError::Unavailable(_)), "{too_little}");
            continue;
        }
        assert!(matches!(too_little, RuntimeError::Invalid { .. }), "{too_little}");
        let path = container.bundle_path().to_owned();
        let took = |container: &Container| {
            let artifact = container.prepare(&Workload::ready(), Temperature::Cold).unwrap();
            let begin = Instant::now();
            artifact.start().unwrap().stop().unwrap();
            begin.elapsed()
        };
        let limited = Container::bundle(&launcher, "own".parse().unwrap(), &path).unwrap().with_cpu_limit(100).unwrap();
        // A tenth of a slow machine is little.
        let mut patient = Limits::default();
        patient.time = Duration::from_secs(120);
        let limited = limited.with_limits(patient);
        assert_eq!(limited.identity().settings["cpu_limit"], "0.1 cores over 100 ms");
        // The kernel's own count of the periods in which the group had to wait, while one is held.
        let (free, held) = (took(&container), took(&limited));
        println!("{}: {free:?} without, {held:?} with a tenth of a core", launcher.cgroup());
        assert_is_throttled(&limited, &launcher);
    }
}

fn assert_is_throttled(container: &Container, launcher: &Launcher) {
    let artifact = container.prepare(&Workload::ready(), Temperature::Cold).unwrap();
    let instance = artifact.start().unwrap();
    let traces = Traces::of(launcher);
    let pid = traces.workers().into_iter().flat_map(|worker| traces.containers_of(worker)).next().unwrap();
    let groups = fs::read_to_string(format!("/proc/{pid}/cgroup")).unwrap();
    let throttled = groups.lines().any(|line| {
        let mut parts = line.splitn(3, ':').skip(1);
        let (controllers, group) = (parts.next().unwrap(), parts.next().unwrap().trim_start_matches('/'));
        let root = Path::new("/sys/fs/cgroup").join(if controllers.contains("cpu") { "cpu" } else { "" });
        let stat = fs::read_to_string(root.join(group).join("cpu.stat")).unwrap_or_default();
        stat.lines().filter_map(|line| line.strip_prefix("nr_throttled ")).any(|count| count != "0")
    });
    assert!(throttled, "{groups}");
    instance.stop().unwrap();
}
