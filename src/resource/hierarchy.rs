//! Where a process's own groups are: in the v1 hierarchy of a controller, and in cgroup2.

use std::path::{Path, PathBuf};

use procfs::{
    ProcessCGroups,
    process::{MountInfo, MountInfos, Process},
};

use super::scope::{PREFIX, home};

/// Which interface files a group has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    V1,
    V2,
}

/// The directories of this process's own group in the hierarchies that may have that controller; none where they cannot
/// be told.
pub(crate) fn of_this_process(controller: &str) -> Vec<(Version, PathBuf)> {
    let read = |process: Process| Ok::<_, procfs::ProcError>((process.cgroups()?, process.mountinfo()?));
    let found = Process::myself().and_then(read).map(|(groups, mounts)| directories(controller, &groups, &mounts));
    found.unwrap_or_default()
}

/// Of those, the ones that were made for this process by a [`Scope`](super::scope::Scope), and count nothing else.
pub(crate) fn made_for_this_process(controller: &str) -> Vec<(Version, PathBuf)> {
    of_this_process(controller).into_iter().filter(|(_, directory)| is_made(directory)).collect()
}

/// Whether the group was made by a [`Scope`](super::scope::Scope).
pub(super) fn is_made(directory: &Path) -> bool {
    directory.file_name().is_some_and(|name| name.to_string_lossy().starts_with(PREFIX))
}

/// The directories of the groups in the v1 hierarchy of that controller, and then in cgroup2: a controller is in one of
/// them, and where v1 has it cgroup2 does not, in a hybrid too. One for each time that a hierarchy is mounted.
pub(super) fn directories(controller: &str, groups: &ProcessCGroups, mounts: &MountInfos) -> Vec<(Version, PathBuf)> {
    let v1 = groups.0.iter().find(|group| group.controllers.iter().any(|name| name == controller));
    let v2 = groups.0.iter().find(|group| group.hierarchy == 0 && group.controllers.is_empty());
    let found = [(Version::V1, v1, "cgroup"), (Version::V2, v2, "cgroup2")].into_iter().flat_map(
        |(version, group, file_system)| {
            let group = group.map(|group| Path::new(&group.pathname));
            let fits = move |mount: &&MountInfo| {
                mount.fs_type == file_system && (version == Version::V2 || is_of(mount, controller))
            };
            let own = move |mount: &MountInfo| {
                // What is mounted may be a part of the hierarchy, as in a container.
                let below = group?.strip_prefix(&mount.root).ok()?;
                let below = if version == Version::V2 { home(below) } else { below };
                Some((version, mount.mount_point.join(below)))
            };
            mounts.iter().filter(fits).filter_map(own)
        },
    );
    found.collect()
}

/// Whether that v1 hierarchy has the controller; one without any is known by its name, as `name=systemd`.
fn is_of(mount: &MountInfo, controller: &str) -> bool {
    match controller.strip_prefix("name=") {
        Some(name) => mount.super_options.get("name").is_some_and(|named| named.as_deref() == Some(name)),
        None => mount.super_options.contains_key(controller),
    }
}
