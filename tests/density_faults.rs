//! What can end a fill from outside: it is killed, or whoever limits it has no more processes or memory. Nothing is left
//! behind, the limit has its name, and the next fill goes on.
#![cfg(feature = "container")]

#[path = "../benches/support/fill.rs"]
mod fill;

mod container_common;

use std::{
    fs,
    path::{Path, PathBuf},
    process,
    time::{Duration, Instant},
};

use container_common::{Traces, assert_processes_gone, available, launcher, processes};
use fill::{Filling, Order};
use procfs::process::Process;
use runtime_baseline::{
    Temperature,
    probe::{Bound, Budget, Stop, density_while},
    runtime::{Resource, Runtime, Workload, container::Container},
};
use rustix::process::{Pid, Signal, kill_process};

/// What leads this program to the process that fills.
const ARGUMENTS: [&str; 3] = ["--exact", "fills_when_asked", "--nocapture"];

/// Has this program be a run.
const RUN: &str = "DENSITY_FAULTS_RUN";

#[test]
fn fills_when_asked() {
    fill::serve_if_asked();
}

fn containers(count: usize) -> Order {
    Order {
        subject: "container/scratch".to_owned(),
        temperature: Temperature::Cold,
        dense: false,
        budget: Budget::default().count(count).threads(4),
        group: None,
    }
}

fn wasm(count: usize) -> Order {
    let subject = if cfg!(feature = "wasmtime") { "wasmtime" } else { "noop" };
    Order {
        subject: subject.to_owned(),
        temperature: Temperature::Warm,
        dense: cfg!(feature = "wasmtime"),
        ..containers(count)
    }
}

/// Whether containers run here at all.
fn containers_run() -> bool {
    launcher().and_then(|launcher| available(Container::scratch(&launcher))).is_some()
}

fn mounts() -> Vec<String> {
    let mounts = Process::myself().unwrap().mountinfo().unwrap().into_iter();
    mounts.map(|mount| mount.mount_point.display().to_string()).collect()
}

fn kill(pid: i32) {
    kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL).unwrap();
}

/// The child of a process that was called by that name and has children itself, once there is one.
fn child_of(parent: i32, name: &str) -> i32 {
    let begun = Instant::now();
    loop {
        let all = processes();
        let called = |pid: i32| Process::new(pid).and_then(|process| process.cmdline()).unwrap_or_default();
        let wanted = |pid: i32| {
            all.values().any(|stat| stat.ppid == pid) && called(pid).first().is_some_and(|word| word.contains(name))
        };
        if let Some(child) = all.values().find(|stat| stat.ppid == parent && wanted(stat.pid)) {
            return child.pid;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{parent} has no child {name}");
    }
}

/// Waits until half of `count` containers live below the process `filling`, kills `victim`, and looks 5 seconds for what is
/// left.
fn kill_at_half(count: usize, filling: i32, victim: i32) {
    let traces = Traces::of_keeper(child_of(filling, "runtime-baseline-helper"));
    let begun = Instant::now();
    while traces.containers() < count / 2 {
        assert!(begun.elapsed() < Duration::from_secs(60), "{} of {count} containers", traces.containers());
    }
    let seen = traces.all();
    kill(victim);
    assert!(seen.len() > count / 2, "{} processes were seen", seen.len());
    assert_processes_gone(&seen);
    traces.assert_gone();
}

/// Kills a process that fills.
fn kill_while_filling(count: usize) {
    if !containers_run() {
        return;
    }
    let mounted = mounts();
    let mut filling = Filling::prepare(&containers(count), &ARGUMENTS).unwrap();
    let id = filling.id() as i32;
    filling.go_on();
    kill_at_half(count, id, id);
    let said = filling.filled().unwrap_err();
    assert!(said.contains("signal: 9"), "{said}");
    assert_eq!(mounts(), mounted);
}

/// What [`a_run_that_is_killed_takes_the_process_that_fills_along`] kills.
#[test]
fn runs_when_asked() {
    if std::env::var_os(RUN).is_some() {
        let _ = fill::fill(&containers(150), 1, &ARGUMENTS);
    }
}

#[test]
fn a_run_that_is_killed_takes_the_process_that_fills_along() {
    if !containers_run() {
        return;
    }
    let program = std::env::current_exe().unwrap();
    let mut command = process::Command::new(program);
    command.args(["--exact", "runs_when_asked", "--nocapture"]).env(RUN, "1").stdout(process::Stdio::null());
    let mut run = command.spawn().unwrap();
    let id = run.id() as i32;
    kill_at_half(150, child_of(id, "density_faults"), id);
    run.wait().unwrap();
}

#[test]
fn a_fill_that_is_killed_leaves_nothing() {
    kill_while_filling(150);
}

#[test]
#[ignore = "takes some seconds and 200 MiB"]
fn a_large_fill_that_is_killed_leaves_nothing() {
    kill_while_filling(1_000);
}

#[test]
fn a_container_that_is_killed_meanwhile_does_not_count() {
    let Some(launcher) = launcher() else { return };
    let Some(scratch) = available(Container::scratch(&launcher)) else { return };
    let artifact = scratch.prepare(&Workload::ready(), Temperature::Cold).unwrap();
    let traces = Traces::of(&launcher);
    let kill_one = |live| {
        assert_eq!((live, traces.containers()), (20, 20));
        let victim = traces.workers().into_iter().find_map(|worker| traces.containers_of(worker).pop());
        kill(victim.unwrap());
        // The kernel has it a zombie in some microseconds.
        while traces.containers() == 20 {}
    };
    let filled = density_while(artifact.as_ref(), Budget::default().count(20).threads(2), kill_one).unwrap();
    assert_eq!((filled.ready, filled.died, filled.stopped_by.to_string()), (19, 1, "died".to_owned()));
    assert_eq!(traces.containers(), 0, "containers left while the launcher lives");
    drop((artifact, scratch, launcher));
    traces.assert_gone();
}

/// A worker that dies takes its containers along; the fill says how many.
#[test]
fn a_worker_that_is_killed_meanwhile_is_seen() {
    let Some(launcher) = launcher() else { return };
    let Some(scratch) = available(Container::scratch(&launcher)) else { return };
    let artifact = scratch.prepare(&Workload::ready(), Temperature::Cold).unwrap();
    let traces = Traces::of(&launcher);
    let kill_one = |_| kill(traces.workers()[0]);
    let filled = density_while(artifact.as_ref(), Budget::default().count(20).threads(2), kill_one).unwrap();
    assert!(filled.died > 0 && filled.ready + filled.died == 20, "{} died", filled.died);
    assert!(matches!(filled.stopped_by, Stop::Died(_)));
    drop((artifact, scratch, launcher));
    traces.assert_gone();
}

/// A cgroup below this process's own with a limit, removed with all in it when dropped.
struct Group(PathBuf);

impl Group {
    /// `None` where this user may not make one.
    fn limited(controller: &str, files: [&str; 2], limit: &str) -> Option<Self> {
        let groups = fs::read_to_string("/proc/self/cgroup").unwrap();
        let own = |wanted: &str| {
            groups.lines().find_map(|line| {
                let (controllers, path) = line.split_once(':')?.1.split_once(':')?;
                (controllers == wanted).then(|| path.trim_start_matches('/').to_owned())
            })
        };
        let v1 = own(controller).map(|path| Path::new("/sys/fs/cgroup").join(controller).join(path));
        // A group that holds processes alone has the others beside it: `tools/in-own-group.sh`.
        let beside = |path: String| path.trim_end_matches("runtime-baseline.members").to_owned();
        let v2 = own("").map(|path| Path::new("/sys/fs/cgroup").join(beside(path)));
        for (parent, file) in [v1, v2].into_iter().zip(files) {
            let Some(parent) = parent else { continue };
            let group = Self(parent.join(format!("density-faults-{}-{controller}", process::id())));
            if fs::create_dir(&group.0).is_ok() && fs::write(group.0.join(file), limit).is_ok() {
                return Some(group);
            }
        }
        println!("unavailable: this user may not limit {controller} in a cgroup");
        None
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let left = fs::read_to_string(self.0.join("cgroup.procs")).unwrap_or_default();
        let removed = fs::remove_dir(&self.0);
        if !std::thread::panicking() && left.trim().is_empty() {
            removed.unwrap();
        }
    }
}

#[test]
fn a_pid_limit_has_its_name_and_the_next_fill_goes_on() {
    if !containers_run() {
        return;
    }
    let Some(group) = Group::limited("pids", ["pids.max", "pids.max"], "60") else { return };
    let filled = fill::fill(&Order { group: Some(group.0.clone()), ..containers(200) }, 1, &ARGUMENTS).unwrap().density;
    let named = matches!(filled.stopped_by, Stop::Limit { resource: Resource::Pids, .. });
    assert!(named, "{:?}", filled.stopped_by);
    assert!((10..60).contains(&filled.ready) && filled.died == 0, "{} of 60", filled.ready);
    let next = fill::fill(&Order { group: Some(group.0.clone()), ..wasm(200) }, 1, &ARGUMENTS).unwrap().density;
    assert_eq!((next.ready, next.stopped_by), (200, Stop::Budget(Bound::Count)));
    let left = fs::read_to_string(group.0.join("cgroup.procs")).unwrap();
    assert_eq!(left, "", "processes left in the group");
}

/// The process that fills is the largest: the kernel kills it.
#[test]
#[cfg(feature = "wasmtime")]
fn a_memory_limit_has_its_name_and_the_next_fill_goes_on() {
    let files = ["memory.limit_in_bytes", "memory.max"];
    let Some(group) = Group::limited("memory", files, &(160_u64 << 20).to_string()) else { return };
    let said = fill::fill(&Order { group: Some(group.0.clone()), ..wasm(50_000) }, 1, &ARGUMENTS).unwrap_err();
    assert!(said.starts_with("limit: memory"), "{said}");
    let next = fill::fill(&Order { group: Some(group.0.clone()), ..wasm(200) }, 1, &ARGUMENTS).unwrap().density;
    assert_eq!((next.ready, next.stopped_by), (200, Stop::Budget(Bound::Count)));
}
