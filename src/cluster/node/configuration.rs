//! What the programs of a node read: their configuration, as they see it in the node's own view of the machine. What is not said is at
//! its default.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::{image::PAUSE, programs::Programs};

/// Where a node sees the directory of its control plane.
pub(super) const HERE: &str = "/run/runtime-baseline";

/// Where containerd listens, in the node's own `/run`.
pub(super) const SOCKET: &str = "/run/containerd/containerd.sock";

/// What the kubelet writes into the machine's settings where it finds another value: a node finds these in place of the
/// machine's own. They are those of `setupKernelTunables` in Kubernetes' `pkg/kubelet/cm/container_manager_linux.go`.
pub(super) const SETTINGS: [(&str, &str); 6] = [
    ("vm/overcommit_memory", "1"),
    ("vm/panic_on_oom", "0"),
    ("kernel/panic", "10"),
    ("kernel/panic_on_oops", "1"),
    ("kernel/keys/root_maxkeys", "1000000"),
    ("kernel/keys/root_maxbytes", "25000000"),
];

/// The directory of the node, within that of its control plane.
pub(super) const NODE: &str = "node";

/// A place in the node's directory, as the node sees it.
pub(super) fn at(name: &str) -> PathBuf {
    Path::new(HERE).join(NODE).join(name)
}

/// More pods than any machine here takes, so that something else ends a fill.
const MOST_PODS: u32 = 2_000;

/// Of containerd, version 3.
pub(super) fn of_containerd(programs: &Programs, snapshotter: &str) -> String {
    // A string of JSON is one of TOML.
    let quoted = |text: &Path| json!(text.display().to_string()).to_string();
    let [root, cni, opt, runc, shim] =
        [at("containerd"), at("cni"), at("opt"), programs.runc.clone(), programs.shim.clone()]
            .map(|path| quoted(&path));
    format!(
        r#"version = 3
root = {root}
state = "/run/containerd"
disabled_plugins = ["io.containerd.nri.v1.nri", "io.containerd.tracing.processor.v1.otlp", "io.containerd.internal.v1.tracing"]
[grpc]
  address = "{SOCKET}"
[plugins."io.containerd.internal.v1.opt"]
  path = {opt}
[plugins."io.containerd.cri.v1.images"]
  snapshotter = "{snapshotter}"
  [plugins."io.containerd.cri.v1.images".pinned_images]
    sandbox = "{PAUSE}"
[plugins."io.containerd.cri.v1.runtime"]
  restrict_oom_score_adj = true
  disable_apparmor = true
  enable_cdi = false
  enable_unprivileged_ports = false
  enable_unprivileged_icmp = false
  [plugins."io.containerd.cri.v1.runtime".cni]
    conf_dir = {cni}
    bin_dirs = [{cni}]
  [plugins."io.containerd.cri.v1.runtime".containerd]
    default_runtime_name = "runc"
    [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      runtime_path = {shim}
      [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
        SystemdCgroup = false
        BinaryName = {runc}
"#
    )
}

/// Of a network that no pod here asks for, since all share the machine's. Without one, no node is ready.
pub(super) fn of_network() -> String {
    json!({ "cniVersion": "1.0.0", "name": "none", "plugins": [{ "type": "loopback" }] }).to_string()
}

/// Of the kubelet. JSON is YAML.
pub(super) fn of_kubelet(port: u16, health: u16) -> String {
    let keys = |file: &str| Path::new(HERE).join("keys").join(file);
    let off = "0%";
    json!({
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": "127.0.0.1",
        "port": port,
        "healthzBindAddress": "127.0.0.1",
        "healthzPort": health,
        "readOnlyPort": 0,
        "tlsCertFile": keys("kubelet.crt"),
        "tlsPrivateKeyFile": keys("kubelet.key"),
        "authentication": {
            "anonymous": { "enabled": false },
            "webhook": { "enabled": true },
            "x509": { "clientCAFile": keys("ca.crt") },
        },
        "authorization": { "mode": "Webhook" },
        "containerRuntimeEndpoint": format!("unix://{SOCKET}"),
        "cgroupDriver": "cgroupfs",
        // It refuses the older hierarchies by default, where a machine may have no others.
        "failCgroupV1": false,
        // The whole machine may be a pod's: nothing is set aside, and the disk is not the node's own.
        "enforceNodeAllocatable": [],
        "evictionHard": {
            "memory.available": "100Mi", "nodefs.available": off, "nodefs.inodesFree": off,
            "imagefs.available": off, "imagefs.inodesFree": off,
        },
        "imageGCHighThresholdPercent": 100,
        "localStorageCapacityIsolation": false,
        "failSwapOn": false,
        // Else it writes rules into the machine's packet filter.
        "makeIPTablesUtilChains": false,
        "podLogsDir": at("logs"),
        "volumePluginDir": at("plugins"),
        "resolvConf": "",
        "clusterDomain": "cluster.local",
        "maxPods": MOST_PODS,
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_quotes_is_a_string_of_toml() {
        let component = |name: &str| crate::Component::new(name, "1.2.3").unwrap();
        let programs = Programs {
            kubelet: "/bin/kubelet".into(),
            containerd: "/bin/containerd".into(),
            shim: "/a \"b\"/shim".into(),
            ctr: "/bin/ctr".into(),
            runc: "/c\\d/runc".into(),
            components: ["kubelet", "containerd", "runc"].map(component),
        };
        let read: toml::Table = toml::from_str(&of_containerd(&programs, "overlayfs")).unwrap();
        let runtime = &read["plugins"]["io.containerd.cri.v1.runtime"]["containerd"]["runtimes"]["runc"];
        assert_eq!(runtime["runtime_path"].as_str(), Some("/a \"b\"/shim"));
        assert_eq!(runtime["options"]["BinaryName"].as_str(), Some("/c\\d/runc"));
        assert_eq!(read["root"].as_str(), Some("/run/runtime-baseline/node/containerd"));
    }

    #[test]
    fn a_kubelet_is_asked_from_this_machine_alone() {
        let read: serde_json::Value = serde_json::from_str(&of_kubelet(1, 2)).unwrap();
        assert_eq!((&read["address"], &read["healthzBindAddress"]), (&json!("127.0.0.1"), &json!("127.0.0.1")));
        assert_eq!((&read["port"], &read["healthzPort"], &read["readOnlyPort"]), (&json!(1), &json!(2), &json!(0)));
        assert_eq!(read["authentication"]["anonymous"]["enabled"], false);
    }
}
