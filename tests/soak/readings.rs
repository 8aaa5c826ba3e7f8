//! What this process and all below it hold at an instant: what must not grow.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use procfs::process::{Process, all_processes};
use serde::{Deserialize, Serialize};

/// After so many operations.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Reading {
    pub operations: u64,
    /// Bytes: the proportional set size of all. Whoever else has the same libraries mapped moves it.
    pub pss: u64,
    /// Bytes that no file backs, of this program's own processes: what a server of others takes is its affair.
    pub anonymous: u64,
    pub descriptors: u64,
    /// Of this program's own processes, too.
    pub threads: u64,
    pub processes: u64,
    pub groups: u64,
    pub mounts: u64,
}

impl Reading {
    pub fn now(operations: u64) -> Self {
        let own = fs::read_link("/proc/self/exe").ok();
        let tree = tree(std::process::id() as i32);
        let mut all = Self {
            operations,
            pss: 0,
            anonymous: 0,
            descriptors: 0,
            threads: 0,
            processes: tree.len() as u64,
            groups: 0,
            mounts: 0,
        };
        let (mut namespaces, mut owners) = (BTreeMap::new(), BTreeSet::new());
        // One that ends meanwhile is not counted.
        for process in &tree {
            let rollup = process.smaps_rollup().map(|rollup| rollup.memory_map_rollup.0).unwrap_or_default();
            let sum = |name: &str| rollup.iter().filter_map(|map| map.extension.map.get(name)).sum::<u64>();
            all.pss += sum("Pss");
            all.descriptors += process.fd_count().unwrap_or(0) as u64;
            if process.exe().ok() == own {
                all.anonymous += sum("Pss_Anon") + sum("Pss_Shmem");
                all.threads += process.tasks().map_or(0, |tasks| tasks.count() as u64);
            }
            let proc = PathBuf::from(format!("/proc/{}", process.pid));
            if let Ok(namespace) = fs::read_link(proc.join("ns/mnt")) {
                let mounts = fs::read_to_string(proc.join("mountinfo")).unwrap_or_default();
                namespaces.insert(namespace, mounts.lines().count() as u64);
            }
            owners.insert(process.pid);
        }
        all.mounts = namespaces.values().sum();
        all.groups = groups_of(&owners).iter().map(|group| directories(group)).sum();
        all
    }

    /// What is counted, by name.
    pub fn counts(&self) -> [(&'static str, u64); 5] {
        let Self { descriptors, threads, processes, groups, mounts, .. } = *self;
        [
            ("descriptors", descriptors),
            ("threads", threads),
            ("processes", processes),
            ("cgroups", groups),
            ("mounts", mounts),
        ]
    }
}

/// A process and all below it, parents first; none that only waits to be reaped. Empty where it is gone.
pub fn tree(root: i32) -> Vec<Process> {
    let mut children: BTreeMap<i32, Vec<Process>> = BTreeMap::new();
    let mut found = Vec::new();
    for process in all_processes().into_iter().flatten().flatten() {
        let Ok(stat) = process.stat() else { continue };
        if process.pid == root {
            found.push(process);
        } else if stat.state != 'Z' {
            children.entry(stat.ppid).or_default().push(process);
        }
    }
    let mut parents = vec![root];
    while let Some(parent) = parents.pop() {
        let below = children.remove(&parent).unwrap_or_default();
        parents.extend(below.iter().map(|process| process.pid));
        found.extend(below);
    }
    found
}

/// The cgroups that these processes made, in every hierarchy that is mounted here.
pub fn groups_of(owners: &BTreeSet<i32>) -> Vec<PathBuf> {
    let mounts = Process::myself().and_then(|process| process.mountinfo()).map(|mounts| mounts.0).unwrap_or_default();
    let roots = mounts.into_iter().filter(|mount| mount.fs_type.starts_with("cgroup")).map(|mount| mount.mount_point);
    let is_theirs = |name: &str| {
        let owner = name.strip_prefix("runtime-baseline-").and_then(|rest| rest.split('-').next()?.parse().ok());
        owner.is_some_and(|owner| owners.contains(&owner))
    };
    let (mut found, mut pending): (Vec<_>, Vec<_>) = (Vec::new(), roots.collect());
    while let Some(directory) = pending.pop() {
        for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
            if is_theirs(&entry.file_name().to_string_lossy()) {
                found.push(entry.path());
            } else if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                pending.push(entry.path());
            }
        }
    }
    found
}

/// A directory and all below it.
fn directories(directory: &Path) -> u64 {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let below = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    1 + below.map(|entry| directories(&entry.path())).sum::<u64>()
}
