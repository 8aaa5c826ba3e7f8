//! What a machine can run out of.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What the machine, or who limits this process, can have no more of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Resource {
    /// Addresses of a process: engines reserve more of them than memory.
    AddressSpace,
    /// Open files of a process, or of the machine.
    FileDescriptors,
    /// Memory mappings of a process: vm.max_map_count.
    Mappings,
    /// Memory, of the machine or of a cgroup.
    Memory,
    /// Mounts or namespaces.
    Mounts,
    /// Processes and threads: of a cgroup, of a user, or of the machine.
    Pids,
    /// Places in an engine's pool.
    Slots,
}

impl Resource {
    /// What an error number of the kernel says that there is no more of, if it says so.
    pub(crate) fn of_errno(errno: i32) -> Option<Self> {
        match rustix::io::Errno::from_raw_os_error(errno) {
            rustix::io::Errno::AGAIN => Some(Self::Pids),
            rustix::io::Errno::NOMEM => Some(Self::Memory),
            rustix::io::Errno::MFILE | rustix::io::Errno::NFILE => Some(Self::FileDescriptors),
            _ => None,
        }
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::AddressSpace => "address space",
            Self::FileDescriptors => "file descriptors",
            Self::Mappings => "mappings",
            Self::Memory => "memory",
            Self::Mounts => "mounts",
            Self::Pids => "pids",
            Self::Slots => "slots",
        })
    }
}
