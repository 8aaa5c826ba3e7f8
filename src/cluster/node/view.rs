//! What a node sees of the machine: mounts, processes and cgroups of its own, so that all it makes goes with its first process, and
//! that the machine keeps its settings. Its cgroups begin at a group of its own below this process's, in each hierarchy.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};

use nix::sched::{CloneFlags, unshare};
use rustix::{
    fs::statfs,
    mount::{MountFlags, MountPropagationFlags, mount, mount_bind, mount_change},
};

use super::configuration::{HERE, SETTINGS, at};
use crate::{
    adapter::RefusalKind,
    launcher::{
        protocol::Obstacle,
        view::{CGROUP, is_cgroup2, mount_cgroup2, own_groups, refused},
    },
    resource::{
        hierarchy::{Version, of_this_process},
        scope::{HAND_DOWN, Scope, hold_members, join},
    },
};

/// What the kubelet refuses to do without: `validateSystemRequirements` of Kubernetes' `pkg/kubelet/cm`, for either kind.
const NEEDED_V1: [&str; 4] = ["cpu", "cpuacct", "cpuset", "memory"];
const NEEDED_V2: [&str; 4] = ["cpu", "cpuset", "memory", "pids"];

/// The cgroups of a node.
#[derive(Debug)]
pub(super) struct View {
    version: Version,
    /// The controllers of each hierarchy, in the order of the scope's directories; of cgroup2 none are named.
    hierarchies: Vec<String>,
    scope: Scope,
}

/// The hierarchies in which a node has a group, each with the directory of this process's own group, or what they lack.
pub(super) fn hierarchies() -> Result<(Version, Vec<(String, PathBuf)>), Obstacle> {
    let groups = own_groups().map_err(|error| refused("/proc/self/cgroup", error))?;
    let of_v1 = |controllers: String| {
        let first = controllers.split(',').next().filter(|name| !name.is_empty())?;
        let found = of_this_process(first).into_iter().find(|(version, _)| *version == Version::V1);
        found.map(|(_, directory)| (controllers, directory))
    };
    let v1: Vec<_> = groups.into_iter().filter_map(|(controllers, _)| of_v1(controllers)).collect();
    let has = |name: &str| v1.iter().any(|(controllers, _)| controllers.split(',').any(|one| one == name));
    if NEEDED_V1.into_iter().all(has) {
        return Ok((Version::V1, v1));
    }
    let v2 = of_this_process("memory").into_iter().find(|(version, _)| *version == Version::V2);
    let Some((_, directory)) = v2.filter(|_| is_cgroup2(Path::new(CGROUP))) else {
        let missing: Vec<_> = NEEDED_V1.into_iter().filter(|name| !has(name)).collect();
        return Err(lacks(&missing, "boot a kernel with these controllers, or mount their hierarchies"));
    };
    let handed = fs::read_to_string(directory.join("cgroup.controllers")).unwrap_or_default();
    let missing: Vec<_> =
        NEEDED_V2.into_iter().filter(|name| !handed.split_whitespace().any(|one| one == *name)).collect();
    if missing.is_empty() {
        Ok((Version::V2, vec![(String::new(), directory)]))
    } else {
        Err(lacks(&missing, HAND_DOWN))
    }
}

fn lacks(missing: &[&str], remedy: &str) -> Obstacle {
    let reason = format!("no hierarchy of cgroups here has {}, which the kubelet needs", missing.join(", "));
    Obstacle { kind: RefusalKind::NotSupported, reason, remedy: remedy.to_owned() }
}

/// Leaves the caller's mount namespace, and makes the groups.
pub(super) fn prepare() -> Result<View, Obstacle> {
    unshare(CloneFlags::CLONE_NEWNS).map_err(|error| refused("a mount namespace", error))?;
    mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC).map_err(|e| refused("/", e))?;
    let (version, found) = hierarchies()?;
    let (hierarchies, parents): (Vec<_>, Vec<_>) = found.into_iter().unzip();
    let scope = Scope::create(&parents).map_err(|error| refused(CGROUP, error))?;
    Ok(View { version, hierarchies, scope })
}

/// Enters it for good, in the first process of a new process namespace. `directory` is the control plane's.
pub(super) fn enter(view: &View, directory: &Path) -> Result<(), Obstacle> {
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    let cannot = |path: &Path| {
        let path = path.display().to_string();
        move |error: std::io::Error| refused(&path, error)
    };
    for group in view.scope.directories() {
        join(group).map_err(cannot(group))?;
    }
    unshare(CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWCGROUP).map_err(|error| refused("namespaces", error))?;
    match view.version {
        Version::V2 => {
            mount_cgroup2().map_err(cannot(Path::new(CGROUP)))?;
            let root = Path::new(CGROUP);
            // A group with members of its own cannot hand controllers to the groups below it.
            let members = hold_members(root).map_err(cannot(root))?;
            join(&members).map_err(cannot(&members))?;
            let all = NEEDED_V2.map(|name| format!("+{name}")).join(" ");
            let file = root.join("cgroup.subtree_control");
            fs::write(&file, all).map_err(cannot(&file))?;
        }
        Version::V1 => {
            mount("tmpfs", CGROUP, "tmpfs", flags, c"mode=755").map_err(|error| refused(CGROUP, error))?;
            for controllers in &view.hierarchies {
                // systemd's hierarchy has no controller: a name, which runc looks for among the mounts where a process has it.
                let name = controllers.strip_prefix("name=");
                let place = Path::new(CGROUP).join(name.unwrap_or(controllers));
                fs::create_dir(&place).map_err(cannot(&place))?;
                let options = if name.is_some() { format!("none,{controllers}") } else { controllers.clone() };
                let options = std::ffi::CString::new(options).unwrap_or_default();
                mount("cgroup", &place, "cgroup", flags, options.as_c_str())
                    .map_err(|error| cannot(&place)(error.into()))?;
            }
        }
    }
    mount("proc", "/proc", "proc", flags, None).map_err(|error| refused("/proc", error))?;
    // Held open, since the next mount may cover it.
    let held = File::open(directory).map_err(cannot(directory))?;
    let held = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&held));
    for own in ["/run", "/var/log"].map(Path::new).into_iter().filter(|path| path.is_dir()) {
        mount("tmpfs", own, "tmpfs", MountFlags::NOSUID | MountFlags::NODEV, c"mode=755")
            .map_err(|error| cannot(own)(error.into()))?;
    }
    fs::create_dir(HERE).map_err(cannot(Path::new(HERE)))?;
    mount_bind(&held, HERE).map_err(|error| refused(HERE, error))?;
    for (setting, _) in SETTINGS {
        let place = Path::new("/proc/sys").join(setting);
        if place.exists() {
            mount_bind(at(&setting.replace('/', ".")), &place).map_err(|error| cannot(&place)(error.into()))?;
        }
    }
    // Mounts of pods are seen by all in here, and by nobody else.
    mount_change("/", MountPropagationFlags::SHARED | MountPropagationFlags::REC).map_err(|error| refused("/", error))
}

/// How root file systems are made on that disk: one that is an overlay itself cannot hold the changes of another.
pub(super) fn snapshotter(directory: &Path) -> &'static str {
    const OVERLAYFS_SUPER_MAGIC: rustix::fs::FsWord = 0x794c_7630;
    let is_overlay = statfs(directory).is_ok_and(|found| found.f_type == OVERLAYFS_SUPER_MAGIC);
    if is_overlay { "native" } else { "overlayfs" }
}
