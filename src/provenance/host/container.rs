//! Whether the process is in a container, and whether in a user namespace of its own.

use std::{fs, path::Path};

use super::{Host, storage::Mount};

/// The inode of the first process namespace of a kernel (`PROC_PID_INIT_INO` of include/linux/proc_ns.h).
pub(crate) const INITIAL_PROCESSES: &str = "pid:[4026531836]";

/// What container managers leave in the path of a cgroup or of a mount's source, and whose it is. Kubernetes first, whose
/// paths name the runtime below it as well.
const TRACES: [(&str, &str); 10] = [
    ("/kubepods", "kubernetes"),
    ("/kubelet/pods/", "kubernetes"),
    ("/libpod-", "podman"),
    ("/overlay-containers/", "podman"),
    ("/docker/", "docker"),
    ("/docker-", "docker"),
    ("/io.containerd.", "containerd"),
    ("/lxc/", "lxc"),
    ("/lxc.payload", "lxc"),
    ("/garden/", "garden"),
];

impl Host {
    /// The container's manager, `unknown` where only the process namespace tells, `none` where that is the machine's first,
    /// and nothing where the machine does not say.
    ///
    /// A file such as /.dockerenv is evidence of an image, and an image may have been unpacked onto the disk of a machine: in
    /// the first process namespace it counts only where the root file system is a container's.
    pub(super) fn container(&self) -> Option<String> {
        // WSL has every distribution in a process namespace of its own.
        let is_first = |namespace: String| namespace == INITIAL_PROCESSES || self.wsl().is_some();
        let is_first = self.namespace("pid").map(is_first);
        let mounts = self.read("proc/self/mountinfo").unwrap_or_default();
        let root = mounts.lines().filter_map(Mount::parse).rfind(|mount| mount.point == Path::new("/"));
        let is_layered = root.is_some_and(|mount| mount.kind.contains("overlay"));
        let manager = self.by_environment().or_else(|| self.by_traces(&mounts));
        let image = || self.by_files().filter(|_| is_layered || is_first != Some(true));
        match (manager.or_else(image), is_first) {
            (Some(manager), _) => Some(manager),
            (None, Some(false)) => Some("unknown".to_owned()),
            (None, Some(true)) => Some("none".to_owned()),
            (None, None) => None,
        }
    }

    /// What managers set for the processes in their containers: `container` by systemd's convention, which podman and LXC
    /// follow, and the address of the API server by Kubernetes.
    fn by_environment(&self) -> Option<String> {
        let text = self.read("proc/self/environ")?;
        let variable = |name: &str| {
            let mut all = text.split('\0').filter_map(|variable| variable.split_once('='));
            all.find(|(key, value)| *key == name && !value.is_empty()).map(|(_, value)| value.to_owned())
        };
        variable("KUBERNETES_SERVICE_HOST").map(|_| "kubernetes".to_owned()).or_else(|| variable("container"))
    }

    /// By the process's cgroup, and by what is mounted from the host, such as its own /etc/hostname.
    fn by_traces(&self, mounts: &str) -> Option<String> {
        let groups = self.read("proc/self/cgroup").unwrap_or_default();
        let sources: Vec<_> = mounts.lines().filter_map(Mount::parse).filter(is_bound_into_a_container).collect();
        let paths = sources.iter().filter_map(|mount| mount.root.to_str()).chain(groups.lines());
        let all = paths.collect::<Vec<_>>();
        let known = TRACES.iter().find(|(trace, _)| all.iter().any(|path| path.contains(trace)));
        known.map(|(_, manager)| (*manager).to_owned())
    }

    fn by_files(&self) -> Option<String> {
        let manager = self.read("run/host/container-manager").or_else(|| self.read("run/systemd/container"));
        let files = [("run/.containerenv", "podman"), (".dockerenv", "docker")];
        let known = || files.iter().find(|(file, _)| self.root.join(file).exists());
        manager.or_else(|| known().map(|(_, manager)| (*manager).to_owned()))
    }

    /// Whether the users of this namespace are others outside. The first namespace has all of them, each as itself.
    pub(super) fn user_namespace(&self) -> Option<bool> {
        let map = self.read("proc/self/uid_map")?;
        let first: Vec<&str> = map.lines().next()?.split_whitespace().collect();
        (first.len() == 3).then(|| first != ["0", "0", "4294967295"])
    }

    /// The name of one of the process's namespaces: `pid:[4026531836]`.
    fn namespace(&self, kind: &str) -> Option<String> {
        let link = fs::read_link(self.root.join("proc/self/ns").join(kind)).ok()?;
        link.to_str().map(str::to_owned)
    }
}

/// The files that managers put over the image's own. Elsewhere a path such as /var/lib/docker is a host's own business.
fn is_bound_into_a_container(mount: &Mount<'_>) -> bool {
    ["/etc/hostname", "/etc/hosts", "/etc/resolv.conf"].iter().any(|file| mount.point == Path::new(file))
}
