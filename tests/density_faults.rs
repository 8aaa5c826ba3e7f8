//! What can end a fill from outside: it is killed, or whoever limits it has no more processes or memory. Nothing is left
//! behind, the limit has its name, and the next fill goes on.
#![cfg(feature = "container")]

mod container_common;

use std::{
    fs,
    io::Read,
    path::{Path, PathBuf},
    process,
    time::{Duration, Instant},
};

use container_common::{Traces, assert_processes_gone, available, groups_left, launcher, need, processes, until};
use procfs::process::{Process, Stat};
use runtime_baseline::{
    Temperature,
    probe::{Bound, Budget, Fill, Stop, Target, density_while, fill},
    runtime::{Resource, Runtime, Workload, container::Container},
};
use rustix::process::{Pid, Signal, kill_process};

/// Has this program be a run that fills with so many containers.
const RUN: &str = "DENSITY_FAULTS_RUN";

fn containers(count: usize) -> Fill {
    let target = Target::new("container/scratch", Workload::ready(), Temperature::Cold);
    Fill::new(target, Budget::default().count(count).threads(4))
}

fn wasm(count: usize) -> Fill {
    let subject = if cfg!(feature = "wasmtime") { "wasmtime/dense" } else { "noop" };
    Fill::new(Target::new(subject, Workload::ready(), Temperature::Warm), Budget::default().count(count))
}

/// What every helper of this crate is called.
const HELPER: &str = "runtime-baseline-helper";

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

/// What [`kill_while_filling`] starts; nothing where it was not asked for.
#[test]
fn runs_when_asked() {
    let Ok(count) = std::env::var(RUN) else { return };
    match fill(&containers(count.parse().unwrap())) {
        Ok(filled) => println!("filled: {}", filled.density.ready),
        Err(error) => println!("error: {error}"),
    }
}

/// Fails unless what a fill started is charged to the group that its warden made, where that made one.
fn assert_charged_alike(warden: i32, filling: i32, traces: &Traces) {
    let own = format!("runtime-baseline-{warden}-");
    let groups = |pid: i32| fs::read_to_string(format!("/proc/{pid}/cgroup")).unwrap_or_default();
    if !groups(filling).contains(&own) {
        return need::skip("cgroup", &"none of its own");
    }
    // A start takes processes of its own, and who ends is in the root's v1 groups before it is gone.
    until("processes that are charged elsewhere", || {
        let elsewhere = |stat: &Stat| {
            let found = groups(stat.pid);
            let lives = Process::new(stat.pid).and_then(|process| process.stat()).is_ok_and(|stat| stat.state != 'Z');
            (lives && !found.contains(&own)).then(|| format!("{} {} {found}", stat.pid, stat.comm))
        };
        traces.all().iter().filter_map(elsewhere).collect::<Vec<_>>()
    });
}

/// Which of a run's processes is killed.
enum Victim {
    Run,
    Warden,
    Filling,
}

/// Kills a process of a run that fills, when half of the containers live, and looks 5 seconds for what is left. What the run
/// printed is returned.
fn kill_while_filling(count: usize, victim: Victim) -> String {
    if !containers_run() {
        return String::new();
    }
    let mounted = mounts();
    let mut command = process::Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "runs_when_asked", "--nocapture"]).env(RUN, count.to_string());
    let mut run = command.stdout(process::Stdio::piped()).spawn().unwrap();
    let id = run.id() as i32;
    let warden = child_of(id, HELPER);
    let filling = child_of(warden, HELPER);
    let traces = Traces::of_keeper(child_of(filling, HELPER));
    let begun = Instant::now();
    while traces.containers() < count / 2 {
        assert!(begun.elapsed() < Duration::from_secs(60), "{} of {count} containers", traces.containers());
    }
    let above = processes().into_values().filter(|stat| [warden, filling].contains(&stat.pid));
    let seen: Vec<_> = traces.all().into_iter().chain(above).collect();
    assert!(seen.len() > count / 2, "{} processes were seen", seen.len());
    assert_charged_alike(warden, filling, &traces);
    kill(match victim {
        Victim::Run => id,
        Victim::Warden => warden,
        Victim::Filling => filling,
    });
    assert_processes_gone(&seen);
    traces.assert_gone();
    // The warden's own, which the next one removes where it was killed itself.
    if !matches!(victim, Victim::Warden) {
        until("the warden's cgroups", || groups_left(warden));
    }
    assert_eq!(mounts(), mounted);
    let mut said = String::new();
    run.stdout.take().unwrap().read_to_string(&mut said).unwrap();
    run.wait().unwrap();
    said
}

#[test]
fn a_run_that_is_killed_takes_all_along() {
    let said = kill_while_filling(150, Victim::Run);
    assert!(!said.contains("error") && !said.contains("filled:"), "{said}");
}

#[test]
fn a_process_that_is_killed_while_it_fills_leaves_nothing() {
    let said = kill_while_filling(150, Victim::Filling);
    assert!(
        said.is_empty() || said.contains("error: density in a fresh process, filling with container/scratch"),
        "{said}"
    );
    assert!(said.is_empty() || said.contains("killed by signal 9"), "{said}");
}

#[test]
fn a_warden_that_is_killed_takes_all_along() {
    let said = kill_while_filling(150, Victim::Warden);
    assert!(said.is_empty() || said.contains("its warden ended"), "{said}");
}

#[test]
#[ignore = "takes some seconds and 200 MiB"]
fn a_run_that_is_killed_in_a_large_fill_leaves_nothing() {
    kill_while_filling(1_000, Victim::Run);
    kill_while_filling(1_000, Victim::Filling);
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
            let directory = parent.join(format!("density-faults-{}-{controller}", process::id()));
            if fs::create_dir(&directory).is_err() {
                continue;
            }
            let group = Self(directory);
            if fs::write(group.0.join(file), limit).is_ok() {
                return Some(group);
            }
        }
        need::skip("cgroup", &format!("this user may not limit {controller} in one"));
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

/// Without a number: the machine's own size decides, here a small one.
#[test]
fn a_memory_budget_alone_ends_a_fill_of_containers() {
    const MEMORY: u64 = 64 << 20;
    if !containers_run() {
        return;
    }
    let target = Target::new("container/scratch", Workload::ready(), Temperature::Cold);
    let time = Duration::from_secs(60);
    let filled = fill(&Fill::new(target, Budget::default().memory(MEMORY).time(time).threads(4))).unwrap().density;
    if !filled.memory_method.starts_with("own") {
        return need::skip("cgroup", &format!("none of its own: {}", filled.memory_method));
    }
    assert_eq!((filled.died, &filled.stopped_by), (0, &Stop::Budget(Bound::Memory)));
    // Starts that are under way take some, and give some back.
    let most = filled.memory.iter().map(|reading| reading.bytes).max().unwrap();
    assert!(filled.ready > 16 && most > MEMORY && most < 2 * MEMORY, "{} with {most} bytes", filled.ready);
}

#[test]
fn a_pid_limit_has_its_name_and_the_next_fill_goes_on() {
    if !containers_run() {
        return;
    }
    let Some(group) = Group::limited("pids", ["pids.max", "pids.max"], "60") else { return };
    let filled = fill(&containers(200).in_group(&group.0)).unwrap().density;
    let named = matches!(filled.stopped_by, Stop::Limit { resource: Resource::Pids, .. });
    assert!(named, "{:?}", filled.stopped_by);
    assert!((10..60).contains(&filled.ready) && filled.died == 0, "{} of 60", filled.ready);
    let next = fill(&wasm(200).in_group(&group.0)).unwrap().density;
    assert_eq!((next.ready, next.stopped_by), (200, Stop::Budget(Bound::Count)));
    let left = fs::read_to_string(group.0.join("cgroup.procs")).unwrap();
    assert_eq!(left, "", "processes left in the group");
}

/// The process that fills is the largest: the kernel kills it.
#[test]
#[cfg(feature = "wasmtime")]
fn a_memory_limit_has_its_name_and_the_next_fill_goes_on() {
    use runtime_baseline::probe::{FreshError, ProbeError};

    let files = ["memory.limit_in_bytes", "memory.max"];
    let Some(group) = Group::limited("memory", files, &(160_u64 << 20).to_string()) else { return };
    let error = fill(&wasm(50_000).in_group(&group.0)).unwrap_err();
    assert!(matches!(error, ProbeError::Fresh(FreshError::OutOfMemory { .. })), "{error}");
    let next = fill(&wasm(200).in_group(&group.0)).unwrap().density;
    assert_eq!((next.ready, next.stopped_by), (200, Stop::Budget(Bound::Count)));
}
