//! A container's memory limit, in the group that its runtime made for it.

use std::{
    io,
    path::{Path, PathBuf},
};

use libcontainer::{container::Container, error::LibcontainerError};
use procfs::process::Process;
use rustix::process::Pid;

use super::{protocol::Failure, view::CGROUP};
use crate::{
    adapter::with_causes,
    resource::charge::{Charge, Version},
};

/// The limit goes into the container's own group before its payload runs. Returns that group.
pub(super) fn apply_memory_limit(container: &Container, memory: Option<u64>) -> Result<Option<PathBuf>, Failure> {
    let Some(limit) = memory else { return Ok(None) };
    let group = cgroup(container).map_err(|e| Failure::engine("memory limit", with_causes(&e)))?;
    let unified = Path::new(CGROUP).join(&group).join("memory.max");
    let file = if unified.exists() { unified } else { v1_memory(&group).join("memory.limit_in_bytes") };
    std::fs::write(&file, limit.to_string()).map_err(|e| match e.kind() {
        // v1 refuses a limit below what the container's init has taken; cgroup2 ends the init.
        io::ErrorKind::ResourceBusy => Failure::MemoryLimit,
        _ => Failure::engine(&file.display().to_string(), e),
    })?;
    Ok(Some(group))
}

/// Whether the kernel killed something in that group, of a container that has a limit.
pub(super) fn was_out_of_memory(group: Option<&Path>) -> bool {
    group.is_some_and(|group| charge_of(group).oom_kills() > 0)
}

/// What is charged to the group, in the hierarchy that counts its memory.
fn charge_of(group: &Path) -> Charge {
    let unified = Path::new(CGROUP).join(group);
    if unified.join("memory.events").exists() {
        Charge::new(Version::V2, unified)
    } else {
        Charge::new(Version::V1, v1_memory(group))
    }
}

/// The process's group in cgroup2, relative to the root as the helpers see it.
pub(super) fn group_of(pid: Pid) -> Option<PathBuf> {
    let groups = Process::new(pid.as_raw_nonzero().get()).and_then(|process| process.cgroups()).ok()?;
    let unified = groups.0.into_iter().find(|group| group.hierarchy == 0)?;
    Some(PathBuf::from(unified.pathname.trim_start_matches('/')))
}

/// The container's group, relative to a hierarchy's root as the helpers see it.
fn cgroup(container: &Container) -> Result<PathBuf, LibcontainerError> {
    let path = container.spec()?.cgroup_path;
    Ok(path.strip_prefix("/").unwrap_or(&path).to_owned())
}

/// That group in v1's hierarchy of the memory controller.
fn v1_memory(group: &Path) -> PathBuf {
    Path::new(CGROUP).join("memory").join(group)
}
