//! Containers in fresh processes: what they hold, what they ship, and what is left of them when they are killed.

#![cfg(feature = "container")]

mod container_common;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use container_common::{available, launcher, measured, need, processes, until};
use procfs::process::Stat;
use runtime_baseline::{
    Temperature,
    probe::{FreshError, ProbeError, Target, cold_start_cpu_peak, idle_cpu, memory_growth, memory_peak, shipped},
    runtime::{Workload, container::Container},
};
use rustix::process::{Pid, Signal, kill_process};

/// The descendants of this process are those of one test.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner)
}

/// More than a measurement that is killed comes to, however late the kill is.
const MANY: usize = 1_500;

fn scratch() -> Target {
    Target::new("container/scratch", Workload::ready(), Temperature::Cold)
}

#[test]
fn each_container_is_a_process_and_holds_memory() {
    let _alone = alone();
    let Some(growth) = measured(memory_growth(&scratch(), &[3, 6, 9])) else { return };
    let points = growth.points();
    let host = points[0].processes;
    assert!(host >= 4, "the measuring process, the keeper, the first of the namespace, a worker: {points:?}");
    assert_eq!(points.iter().map(|point| point.processes - host).collect::<Vec<_>>(), [0, 3, 6, 9]);
    let pss = growth.pss_slope().unwrap();
    assert!(pss > 2000 && pss < 1 << 20, "{pss} bytes");
    println!("{pss} bytes of set size, charged {:?} ({:?})", growth.charge_slope(), growth.charge_method);
    match growth.charge_slope().unwrap() {
        Some(charge) => {
            assert!(charge > pss, "the kernel's part is in the charge: {charge} {pss}");
            let node = growth.node_slope().unwrap();
            assert_eq!((node.bytes, node.is_whole), (charge, true), "an operator pays for it");
        }
        None => need::skip("cgroup", &growth.no_charge.expect("it says why")),
    }
}

#[test]
fn a_peak_and_idle_cpu_are_those_of_the_containers_processes() {
    let _alone = alone();
    let Some(peak) = measured(memory_peak(&scratch())) else { return };
    assert!(peak.method.starts_with("cgroup") || peak.method.contains("processes"), "{peak:?}");
    println!("peak of a start: {} bytes ({})", peak.bytes, peak.method);
    assert!(peak.bytes > 4096, "{peak:?}");
    let Some(idle) = measured(idle_cpu(&scratch(), 3, Duration::from_millis(100), 6)) else { return };
    assert!(idle.percent_each().iter().all(|percent| *percent > 0.0 && *percent < 20.0), "{idle:?}");
    let Some(burst) = measured(cold_start_cpu_peak(&scratch(), 10, 1, Duration::from_millis(1))) else { return };
    assert!(burst.peaks[0] > 5.0, "ten containers take milliseconds each: {burst:?}");
}

#[test]
fn the_size_is_the_sum_of_an_independent_walk() {
    let _alone = alone();
    let Some(launcher) = launcher() else { return };
    for (subject, container) in
        [("container/scratch", Container::scratch(&launcher)), ("container/busybox", Container::busybox(&launcher))]
    {
        let Some(container) = available(container) else { continue };
        let listed = Command::new("find").arg(container.rootfs()).args(["-type", "f", "-printf", "%s\n"]).output();
        let listed = String::from_utf8(listed.unwrap().stdout).unwrap();
        let sizes: Vec<u64> = listed.lines().map(|line| line.parse().unwrap()).collect();
        let target = Target::new(subject, Workload::ready(), Temperature::Cold);
        let (size, again) = (shipped(&target).unwrap().size.unwrap(), shipped(&target).unwrap().size.unwrap());
        assert_eq!((size.bytes, size.files), (sizes.iter().sum(), sizes.len() as u64), "{subject}");
        assert!(size.layer.is_some_and(|layer| layer > 100 && layer < size.bytes), "{size:?}");
        assert_eq!(size, again);
    }
}

#[test]
fn a_measurement_that_is_killed_says_so_and_leaves_nothing() {
    let _alone = alone();
    if measured(memory_growth(&scratch(), &[1, 2, 3])).is_none() {
        return;
    }
    let running = thread::spawn(|| memory_growth(&scratch(), &[MANY]));
    let seen = wait_for_containers(std::process::id() as i32);
    kill_process(Pid::from_raw(measuring(&seen).pid).unwrap(), Signal::KILL).unwrap();
    match running.join().unwrap() {
        Err(ProbeError::Fresh(FreshError::Died { doing, how, .. })) => {
            assert!(doing.contains(&MANY.to_string()), "{doing}");
            assert_eq!(how, "killed by signal 9");
        }
        other => panic!("{other:?}"),
    }
    assert_gone(&seen);
}

#[test]
fn a_warden_that_is_killed_leaves_nothing() {
    let _alone = alone();
    if measured(memory_growth(&scratch(), &[1, 2, 3])).is_none() {
        return;
    }
    let running = thread::spawn(|| memory_growth(&scratch(), &[MANY]));
    let seen = wait_for_containers(std::process::id() as i32);
    kill_process(Pid::from_raw(measuring(&seen).ppid).unwrap(), Signal::KILL).unwrap();
    match running.join().unwrap() {
        Err(ProbeError::Fresh(FreshError::Died { how, .. })) => assert_eq!(how, "its warden ended"),
        other => panic!("{other:?}"),
    }
    assert_gone(&seen);
}

#[test]
fn a_run_that_is_killed_leaves_nothing() {
    let _alone = alone();
    if measured(memory_growth(&scratch(), &[1, 2, 3])).is_none() {
        return;
    }
    let mut run = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "fill", "--ignored"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut seen = wait_for_containers(run.id() as i32);
    run.kill().unwrap();
    run.wait().unwrap();
    seen.remove(&(run.id() as i32));
    assert_gone(&seen);
}

#[test]
#[ignore = "run by another test, and killed"]
fn fill() {
    let _ = memory_growth(&scratch(), &[MANY]);
}

/// This process's child that has a child of the same program's name in a session of its own.
fn is_warden(stat: &Stat, seen: &BTreeMap<i32, Stat>) -> bool {
    stat.session == stat.pid && !seen.values().any(|other| other.pid == stat.ppid && other.session == other.pid)
}

/// The process that measures, a warden's child. The warden of a measurement before may not have ended yet: it has none.
fn measuring(seen: &BTreeMap<i32, Stat>) -> &Stat {
    let of_a_warden = |stat: &&Stat| seen.get(&stat.ppid).is_some_and(|parent| is_warden(parent, seen));
    seen.values().find(of_a_warden).expect("a process that measures")
}

/// Everything below `root`, once there are ten containers among it.
fn wait_for_containers(root: i32) -> BTreeMap<i32, Stat> {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let all = processes();
        let mut below = BTreeMap::new();
        let mut parents = vec![root];
        while let Some(parent) = parents.pop() {
            for stat in all.values().filter(|stat| stat.ppid == parent) {
                parents.push(stat.pid);
                below.insert(stat.pid, stat.clone());
            }
        }
        // Warden, measuring process, keeper, first of the namespace, worker; the rest are containers.
        if below.len() >= 15 {
            return below;
        }
        assert!(Instant::now() < deadline, "{} processes", below.len());
        thread::sleep(Duration::from_millis(2));
    }
}

fn assert_gone(seen: &BTreeMap<i32, Stat>) {
    container_common::assert_processes_gone(&seen.values().cloned().collect::<Vec<_>>());
    until("cgroups", || seen.keys().flat_map(|pid| groups_of(*pid)).collect::<Vec<_>>());
}

/// The cgroups that were made by that process, in every hierarchy.
fn groups_of(pid: i32) -> Vec<PathBuf> {
    let name = format!("runtime-baseline-{pid}-");
    let mut left = Vec::new();
    let mut pending = vec![PathBuf::from("/sys/fs/cgroup")];
    while let Some(directory) = pending.pop() {
        for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
            let path: &Path = &entry.path();
            if entry.file_name().to_string_lossy().starts_with(&name) {
                left.push(path.to_owned());
            } else if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                pending.push(path.to_owned());
            }
        }
    }
    left
}
