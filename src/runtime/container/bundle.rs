//! The OCI bundle: a directory with `config.json` and the root file system.

use std::{
    fs,
    path::{Path, PathBuf},
};

use libcontainer::oci_spec::runtime::Spec;
use serde_json::{Value, json};

use crate::{
    input::{MOST_WRITTEN, read},
    runtime::RuntimeError,
};

/// What every runtime masks or makes read-only by default: the process is root, and without capabilities root can
/// still write to much of /proc.
const MASKED: [&str; 9] = [
    "/proc/acpi",
    "/proc/asound",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/proc/sched_debug",
    "/proc/scsi",
];
const READ_ONLY: [&str; 5] = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

/// The mounts and restrictions, as an identity's settings name them.
pub(in crate::runtime) const SETTINGS: [(&str, &str); 3] = [
    ("namespaces", "pid, network, ipc, uts, mount, cgroup"),
    ("mounts", "read-only root, /proc with the usual masked and read-only paths, tmpfs on /dev"),
    ("process", "root without capabilities, no new privileges, no seccomp filter"),
];

/// The configuration of a container that runs `arguments` as root without capabilities. It names no cgroup, so that
/// each runtime puts the container where it does by default, and no resources.
pub(in crate::runtime) fn config(arguments: &[&str]) -> Value {
    let namespaces = ["pid", "network", "ipc", "uts", "mount", "cgroup"];
    json!({
        "ociVersion": "1.0.2",
        "root": { "path": "rootfs", "readonly": true },
        "hostname": "runtime-baseline",
        "process": {
            "user": { "uid": 0, "gid": 0 },
            "args": arguments,
            "env": ["PATH=/bin:/"],
            "cwd": "/",
            "capabilities": { "bounding": [], "effective": [], "inheritable": [], "permitted": [], "ambient": [] },
            "noNewPrivileges": true,
        },
        "mounts": [
            { "destination": "/proc", "type": "proc", "source": "proc", "options": ["nosuid", "noexec", "nodev"] },
            { "destination": "/dev", "type": "tmpfs", "source": "tmpfs",
              "options": ["nosuid", "strictatime", "mode=755", "size=65536k"] },
        ],
        "linux": {
            "namespaces": namespaces.map(|kind| json!({ "type": kind })),
            "maskedPaths": MASKED,
            "readonlyPaths": READ_ONLY,
        },
    })
}

/// A bundle that was found to be one.
#[derive(Debug, Clone)]
pub(in crate::runtime) struct Bundle {
    pub path: PathBuf,
    pub rootfs: PathBuf,
}

impl Bundle {
    /// Checks that a runtime could run it: the configuration parses, and its root file system has its program.
    pub fn open(path: &Path) -> Result<Self, RuntimeError> {
        let invalid = |what: &Path, reason: &dyn std::fmt::Display| RuntimeError::Invalid {
            workload: path.display().to_string(),
            reason: format!("{}: {reason}", what.display()),
        };
        let path = path.canonicalize().map_err(|e| invalid(path, &e))?;
        if path.to_str().is_none() {
            return Err(invalid(&path, &"the path is not valid UTF-8"));
        }
        let config = path.join("config.json");
        let bytes = read(&config, MOST_WRITTEN).map_err(|e| invalid(&config, &e))?;
        // oci-spec's own loader reports the error without the place.
        let spec: Spec = serde_json::from_slice(&bytes).map_err(|e| invalid(&config, &e))?;
        let root = spec.root().as_ref().ok_or_else(|| invalid(&config, &"it names no root"))?;
        let rootfs = path.join(root.path());
        if !rootfs.is_dir() {
            return Err(invalid(&rootfs, &"the root file system is no directory"));
        }
        let arguments = spec.process().as_ref().and_then(|process| process.args().as_ref());
        let program = arguments
            .and_then(|arguments| arguments.first())
            .ok_or_else(|| invalid(&config, &"process.args names no program"))?;
        // A name without a slash is looked up in the container's PATH, which the runtime does.
        if let Some(inside) = program.strip_prefix('/') {
            // A link may be absolute, and then means the container's root.
            let program = rootfs.join(inside);
            fs::symlink_metadata(&program).map_err(|e| invalid(&program, &e))?;
        }
        Ok(Self { path, rootfs })
    }
}
