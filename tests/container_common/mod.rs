//! What the container tests share: a launcher where there can be one, and what a launcher may not leave behind.
#![allow(dead_code, unused_imports, reason = "each test program uses its part")]

mod faults;
#[path = "../support/need.rs"]
pub mod need;

use std::{
    collections::BTreeMap,
    fs,
    path::PathBuf,
    thread,
    time::{Duration, Instant},
};

use procfs::process::{Process, Stat, all_processes};
use runtime_baseline::{
    adapter::Refusal,
    launcher::{CgroupView, Launcher, LauncherError, LauncherOptions},
    probe::ProbeError,
    runtime::RuntimeError,
};

pub use faults::{Altered, burst_until_killed, bursting, kill, prepared};

/// How long anything may take to go away.
const PATIENCE: Duration = Duration::from_secs(5);

pub fn options(view: CgroupView) -> LauncherOptions {
    let mut options = LauncherOptions::default();
    options.cgroup_view = view;
    options
}

/// A launcher, or the reason why there is none.
pub fn launcher() -> Option<Launcher> {
    started(Launcher::start(options(CgroupView::Auto)))
}

pub fn started(result: Result<Launcher, LauncherError>) -> Option<Launcher> {
    match result {
        Ok(launcher) => Some(launcher),
        Err(error @ LauncherError::Unavailable { kind, .. }) if !kind.is_failure() => {
            need::skip("container", &error);
            None
        }
        Err(error) => panic!("{error}"),
    }
}

/// What was made, or nothing where the machine lacks what it takes.
pub fn available<T>(result: Result<T, RuntimeError>) -> Option<T> {
    match result {
        Ok(value) => Some(value),
        Err(RuntimeError::Unavailable(why)) => refused(&why),
        Err(error) => panic!("{error}"),
    }
}

/// What was measured, or nothing where the machine lacks what it takes.
pub fn measured<T>(result: Result<T, ProbeError>) -> Option<T> {
    result.map_err(|error| refused::<()>(error.refusal().unwrap_or_else(|| panic!("{error}")))).ok()
}

fn refused<T>(why: &Refusal) -> Option<T> {
    assert!(!why.kind.is_failure(), "{why}");
    need::skip(why.subject.as_str(), why);
    None
}

/// The processes of the machine, by id.
pub fn processes() -> BTreeMap<i32, Stat> {
    let stats = all_processes().unwrap().flatten().filter_map(|process| process.stat().ok());
    stats.map(|stat| (stat.pid, stat)).collect()
}

/// The processes of one launcher: those seen when asked for.
pub struct Traces {
    pub keeper: Stat,
    /// The first of the process namespace.
    pub first: Stat,
}

impl Traces {
    pub fn of(launcher: &Launcher) -> Self {
        Self::of_keeper(launcher.process_id() as i32)
    }

    pub fn of_keeper(keeper: i32) -> Self {
        let all = processes();
        let first = all.values().find(|stat| stat.ppid == keeper).expect("a first process").clone();
        Self { keeper: all[&keeper].clone(), first }
    }

    pub fn workers(&self) -> Vec<i32> {
        processes().values().filter(|stat| stat.ppid == self.first.pid).map(|stat| stat.pid).collect()
    }

    /// The containers, each by its own first process.
    pub fn containers_of(&self, worker: i32) -> Vec<i32> {
        processes().values().filter(|stat| stat.ppid == worker && stat.state != 'Z').map(|stat| stat.pid).collect()
    }

    pub fn containers(&self) -> usize {
        self.workers().into_iter().map(|worker| self.containers_of(worker).len()).sum()
    }

    /// Everything below the keeper and the keeper itself.
    pub fn all(&self) -> Vec<Stat> {
        let all = processes();
        let mut found = vec![self.keeper.clone()];
        let mut next = 0;
        while next < found.len() {
            let parent = found[next].pid;
            found.extend(all.values().filter(|stat| stat.ppid == parent).cloned());
            next += 1;
        }
        found
    }

    /// Fails unless every process and cgroup is gone in time.
    pub fn assert_gone(&self) {
        assert_processes_gone(&[self.keeper.clone(), self.first.clone()]);
        until("cgroups", || cgroups_left(self));
    }
}

/// Fails unless every one of the processes is gone in time.
pub fn assert_processes_gone(expected: &[Stat]) {
    until("processes", || {
        let lives = |stat: &&Stat| {
            let now = Process::new(stat.pid).and_then(|process| process.stat());
            now.is_ok_and(|now| now.starttime == stat.starttime && now.state != 'Z')
        };
        expected.iter().filter(lives).map(|stat| format!("{} {}", stat.pid, stat.comm)).collect::<Vec<_>>()
    });
}

/// The cgroups of that launcher, in every hierarchy that is mounted here.
pub fn cgroups_left(traces: &Traces) -> Vec<PathBuf> {
    groups_left(traces.keeper.pid)
}

/// The cgroups that a helper made, in every hierarchy that is mounted here.
pub fn groups_left(helper: i32) -> Vec<PathBuf> {
    let name = format!("runtime-baseline-{helper}-");
    let mounts = Process::myself().unwrap().mountinfo().unwrap();
    let roots = mounts.into_iter().filter(|mount| mount.fs_type.starts_with("cgroup")).map(|mount| mount.mount_point);
    let mut left = Vec::new();
    let mut pending: Vec<PathBuf> = roots.collect();
    while let Some(directory) = pending.pop() {
        for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().starts_with(&name) {
                left.push(entry.path());
            } else if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                pending.push(entry.path());
            }
        }
    }
    left
}

pub fn until<T: std::fmt::Debug>(what: &str, left: impl Fn() -> Vec<T>) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let now = left();
        if now.is_empty() {
            return;
        }
        assert!(Instant::now() < deadline, "{what} left behind: {now:?}");
        thread::sleep(Duration::from_millis(10));
    }
}
