//! What the helpers see of the machine: namespaces of their own, with a tmpfs for libcontainer's state and a cgroup
//! hierarchy that begins at the launcher's own directory. Nothing of it is seen, or left, outside.

use std::{
    fs, io,
    os::fd::OwnedFd,
    path::{Path, PathBuf},
};

use nix::sched::{CloneFlags, unshare};
use rustix::{
    fs::CWD,
    mount::{
        FsMountFlags, FsOpenFlags, MountAttrFlags, MountFlags, MountPropagationFlags, MoveMountFlags, UnmountFlags,
        fsconfig_create, fsmount, fsopen, mount, mount_bind, mount_change, move_mount, unmount,
    },
};

use super::{CgroupView, protocol::Obstacle};
use crate::adapter::RefusalKind;
use crate::resource::scope::{Scope, home, join};

pub(crate) const CGROUP: &str = "/sys/fs/cgroup";

/// Which hierarchy the helpers work in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hierarchy {
    /// cgroup2 alone, on a machine that has nothing else.
    V2,
    /// cgroup2 alone, mounted privately on a machine that uses the v1 controllers.
    V2Private,
    /// The v1 controllers.
    V1,
    /// No cgroups: this user may not make any.
    None,
}

impl Hierarchy {
    /// The name in an identity's settings.
    pub fn name(self) -> &'static str {
        match self {
            Self::V2 => "v2",
            Self::V2Private => "v2 (private view)",
            Self::V1 => "v1",
            Self::None => "none (this user may not make cgroups)",
        }
    }
}

/// What the keeper prepared.
#[derive(Debug)]
pub(super) struct View {
    pub hierarchy: Hierarchy,
    pub rootless: bool,
    /// The v1 controllers' mount points, in the order of the scope's directories.
    controllers: Vec<PathBuf>,
    pub scope: Scope,
}

/// Leaves the caller's mount namespace (and, without root, its user namespace), finds or mounts the hierarchy, and
/// makes the launcher's own directory in it.
pub(super) fn prepare(wanted: CgroupView) -> Result<View, Obstacle> {
    let rootless = leave().map_err(|e| Obstacle {
        kind: RefusalKind::NotPermitted,
        reason: format!("this process may make neither mount namespaces nor user namespaces ({e})"),
        remedy: "run as root (in a container: with CAP_SYS_ADMIN), or allow user namespaces: \
                 sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone, \
                 kernel.apparmor_restrict_unprivileged_userns"
            .to_owned(),
    })?;
    mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC).map_err(|e| refused("/", e))?;
    if rootless {
        return Ok(rootless_view());
    }
    let unified = is_cgroup2(Path::new(CGROUP));
    if !unified && (wanted == CgroupView::Host || mount_cgroup2().is_err()) {
        let controllers = v1_controllers().map_err(|e| refused(CGROUP, e))?;
        let parents: Vec<_> = controllers.iter().map(|(mount, own)| mount.join(own)).collect();
        let scope = Scope::create(&parents).map_err(|e| refused(CGROUP, e))?;
        let controllers = controllers.into_iter().map(|(mount, _)| mount).collect();
        return Ok(View { hierarchy: Hierarchy::V1, rootless, controllers, scope });
    }
    let own = own_group("").map_err(|e| refused("/proc/self/cgroup", e))?;
    let scope = Scope::create(&[Path::new(CGROUP).join(home(&own))]).map_err(|e| refused(CGROUP, e))?;
    let hierarchy = if unified { Hierarchy::V2 } else { Hierarchy::V2Private };
    Ok(View { hierarchy, rootless, controllers: Vec::new(), scope })
}

/// Enters the view for good, in the process that is the first of a new process namespace: everything it starts sees
/// the launcher's own directory as the root of the cgroups, and its own processes alone in /proc.
pub(super) fn enter(view: &View, state: &Path) -> Result<(), Obstacle> {
    let cgroup_at = |path: PathBuf| move |e: io::Error| refused(&path.display().to_string(), e);
    match (view.hierarchy, view.scope.directory()) {
        (Hierarchy::V1, _) => {
            isolate(CloneFlags::CLONE_NEWNS)?;
            for (scope, controller) in view.scope.directories().zip(&view.controllers) {
                mount_bind(scope, controller).map_err(io::Error::from).map_err(cgroup_at(controller.clone()))?;
            }
        }
        (_, Some(scope)) => {
            join(scope).map_err(cgroup_at(scope.join("cgroup.procs")))?;
            isolate(CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWCGROUP)?;
            mount_cgroup2().map_err(cgroup_at(CGROUP.into()))?;
            // A group with members of its own cannot hand controllers to the groups below it.
            let helpers = Path::new(CGROUP).join("helpers");
            fs::create_dir(&helpers).and_then(|()| join(&helpers)).map_err(cgroup_at(helpers))?;
        }
        (_, None) => isolate(CloneFlags::CLONE_NEWNS)?,
    }
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    mount("proc", "/proc", "proc", flags, None).map_err(|e| refused("/proc", e))?;
    // libcontainer keeps 3 small files for a container.
    let options = c"mode=700,size=512m";
    mount("tmpfs", state, "tmpfs", flags, options).map_err(|e| refused(&state.display().to_string(), e))
}

/// Whether the groups that containers get have a memory limit.
pub(super) fn has_memory_controller(view: &View) -> bool {
    has_v1(view, "memory.limit_in_bytes") || has_v2(view, "memory")
}

/// Whether the groups that containers get have a limit of CPU time.
pub(super) fn has_cpu_controller(view: &View) -> bool {
    has_v1(view, "cpu.cfs_quota_us") || has_v2(view, "cpu")
}

/// Whether the launcher's own group in some v1 hierarchy has that file.
fn has_v1(view: &View, file: &str) -> bool {
    view.controllers.iter().any(|controller| controller.join(file).exists())
}

/// Whether cgroup2 has that controller, and hands it to the groups below.
fn has_v2(view: &View, controller: &str) -> bool {
    let root = Path::new(CGROUP);
    matches!(view.hierarchy, Hierarchy::V2 | Hierarchy::V2Private)
        && fs::read_to_string(root.join("cgroup.controllers"))
            .is_ok_and(|found| found.split_whitespace().any(|found| found == controller))
        && fs::write(root.join("cgroup.subtree_control"), format!("+{controller}")).is_ok()
}

pub(crate) fn refused(path: &str, error: impl Into<io::Error>) -> Obstacle {
    Obstacle {
        kind: RefusalKind::NotPermitted,
        reason: format!("{path}: {}", error.into()),
        remedy: "run as root outside of a restricted container, where namespaces may be made and file systems mounted"
            .to_owned(),
    }
}

fn isolate(flags: CloneFlags) -> Result<(), Obstacle> {
    unshare(flags).map_err(|e| refused("namespaces", e))
}

/// Leaves the caller's mount namespace. True if that took a user namespace.
fn leave() -> io::Result<bool> {
    if unshare(CloneFlags::CLONE_NEWNS).is_ok() {
        return Ok(false);
    }
    let (user, group) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
    unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWCGROUP)?;
    fs::write("/proc/self/setgroups", "deny")?;
    fs::write("/proc/self/uid_map", format!("0 {user} 1"))?;
    fs::write("/proc/self/gid_map", format!("0 {group} 1"))?;
    Ok(true)
}

/// In a user namespace the cgroup namespace begins at the caller's own group: cgroups are possible if it was handed to
/// this user, as systemd does for a login.
fn rootless_view() -> View {
    let hierarchy = if is_cgroup2(Path::new(CGROUP)) { Hierarchy::V2 } else { Hierarchy::V2Private };
    let scope = mount_cgroup2().and_then(|()| Scope::create(&[CGROUP.into()])).and_then(|scope| {
        let joinable = scope.directory().map(|directory| directory.join("cgroup.procs"));
        // Whether a process may move there; 0 is the writer itself, which moves back with the next write.
        match joinable {
            Some(file) => fs::write(file, "0").and_then(|()| join(Path::new(CGROUP))).map(|()| scope),
            None => Ok(scope),
        }
    });
    match scope {
        Ok(scope) => View { hierarchy, rootless: true, controllers: Vec::new(), scope },
        Err(_) => {
            let scope = Scope::create(&[]).expect("no parent, nothing to fail");
            View { hierarchy: Hierarchy::None, rootless: true, controllers: Vec::new(), scope }
        }
    }
}

/// Mounts cgroup2 in place of whatever is at the usual place. Whatever is there stays if cgroup2 cannot be mounted.
pub(crate) fn mount_cgroup2() -> io::Result<()> {
    let context = fsopen("cgroup2", FsOpenFlags::FSOPEN_CLOEXEC)?;
    fsconfig_create(&context)?;
    let attributes =
        MountAttrFlags::MOUNT_ATTR_NOSUID | MountAttrFlags::MOUNT_ATTR_NODEV | MountAttrFlags::MOUNT_ATTR_NOEXEC;
    let tree: OwnedFd = fsmount(&context, FsMountFlags::FSMOUNT_CLOEXEC, attributes)?;
    // Refused for mounts that came from outside the user namespace; then the new one covers them.
    let _ = unmount(CGROUP, UnmountFlags::DETACH);
    Ok(move_mount(&tree, "", CWD, CGROUP, MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH)?)
}

pub(crate) fn is_cgroup2(path: &Path) -> bool {
    const CGROUP2_SUPER_MAGIC: rustix::fs::FsWord = 0x6367_7270;
    rustix::fs::statfs(path).is_ok_and(|fs| fs.f_type == CGROUP2_SUPER_MAGIC)
}

/// The mount point of each v1 controller, and the caller's own group in it, relative.
fn v1_controllers() -> io::Result<Vec<(PathBuf, PathBuf)>> {
    let mounts =
        procfs::process::Process::myself().and_then(|process| process.mountinfo()).map_err(io::Error::other)?;
    let mut found = Vec::new();
    for mount in mounts.into_iter().filter(|mount| mount.fs_type == "cgroup") {
        // The hierarchy of systemd's name has no controller and is systemd's own.
        let own = own_groups()?.into_iter().find(|(controllers, _)| {
            controllers.split(',').any(|c| !c.is_empty() && mount.super_options.contains_key(c))
        });
        if let Some((_, own)) = own {
            found.push((mount.mount_point, own));
        }
    }
    Ok(found)
}

/// The caller's own group, relative, in the hierarchy with those controllers; cgroup2 has none to name.
fn own_group(controllers: &str) -> io::Result<PathBuf> {
    let found = own_groups()?.into_iter().find(|(c, _)| c == controllers).map(|(_, path)| path);
    found.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "the kernel has no cgroup2"))
}

pub(crate) fn own_groups() -> io::Result<Vec<(String, PathBuf)>> {
    let text = fs::read_to_string("/proc/self/cgroup")?;
    Ok(text.lines().filter_map(parse_group).collect())
}

/// `4:memory:/some/path`: controllers, and the path without its slash.
fn parse_group(line: &str) -> Option<(String, PathBuf)> {
    let (_, rest) = line.split_once(':')?;
    let (controllers, path) = rest.split_once(':')?;
    Some((controllers.to_owned(), path.trim_start_matches('/').into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_parse() {
        assert_eq!(parse_group("0::/"), Some((String::new(), PathBuf::new())));
        assert_eq!(parse_group("4:memory:/a/b:c"), Some(("memory".into(), "a/b:c".into())));
        assert_eq!(parse_group("4:cpu,cpuacct:/x"), Some(("cpu,cpuacct".into(), "x".into())));
        assert_eq!(parse_group("nonsense"), None);
    }
}
