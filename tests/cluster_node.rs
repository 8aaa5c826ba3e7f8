//! A real node: pods of it get ready, by phases that are in order, and leave nothing when they go; it leaves the machine's settings
//! and directories as they are; what fails of it is named with its last words; and nothing of it outlives the process that made it.

#[path = "support/need.rs"]
mod need;
#[path = "support/processes.rs"]
mod processes;

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use processes::{INNER, gone, inner, serving};
use runtime_baseline::{
    adapter::Limits,
    cluster::{
        ClusterError, ControlPlane, Place,
        kubernetes::Kubernetes,
        node::{Agent, LiveNode, Node},
    },
    probe::{
        ProbeError,
        cluster::{node_memory, start_pods},
    },
};
use rustix::process::{Pid, Signal, kill_process};

/// Whatever ends the process that made a node, nothing of it is left after this.
const GONE_WITHIN: Duration = Duration::from_secs(5);

/// What the kubelet would write, and where it and containerd would make directories.
const SETTINGS: [&str; 6] = [
    "vm/overcommit_memory",
    "vm/panic_on_oom",
    "kernel/panic",
    "kernel/panic_on_oops",
    "kernel/keys/root_maxkeys",
    "kernel/keys/root_maxbytes",
];
const PLACES: [&str; 12] = [
    "/run",
    "/run/containerd",
    "/var/lib",
    "/var/lib/kubelet",
    "/var/lib/containerd",
    "/var/lib/cni",
    "/var/log",
    "/var/log/pods",
    "/opt",
    "/usr/libexec",
    "/etc",
    "/etc/cni",
];

fn kubernetes() -> Option<(Kubernetes, Node)> {
    let made = Kubernetes::over_etcd(Limits::default()).and_then(|plane| Ok((Node::of(&plane)?, plane)));
    match made {
        Err(ClusterError::Unavailable(why)) => need::need("kubernetes/node", Err(why)),
        made => made.map(|(node, plane)| Some((plane, node))).unwrap(),
    }
}

/// What the machine has is compared with what it had, so no other test may have a node meanwhile.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn in_directory(directory: &Path) -> Place {
    Place { directory: Some(directory.to_owned()), port: None }
}

fn join(plane: &Kubernetes, node: &Node, directory: &Path) -> LiveNode {
    node.join(plane.start_at(&in_directory(directory)).unwrap()).unwrap_or_else(|error| panic!("{error}"))
}

/// What a node must leave as it is: settings, the names in directories, mounts, and the cgroups below this process's own.
#[derive(Debug, PartialEq)]
struct Machine {
    settings: Vec<Option<String>>,
    names: BTreeMap<&'static str, BTreeSet<PathBuf>>,
    mounts: String,
    groups: BTreeSet<PathBuf>,
}

impl Machine {
    fn now() -> Self {
        let names = |path: &str| fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
        Self {
            settings: SETTINGS.iter().map(|name| fs::read_to_string(Path::new("/proc/sys").join(name)).ok()).collect(),
            names: PLACES.into_iter().map(|path| (path, names(path))).collect(),
            mounts: fs::read_to_string("/proc/self/mounts").unwrap(),
            groups: groups(),
        }
    }
}

/// Every group that is a node's by its name: kubelet's, containerd's, and those of this crate that hold them.
fn groups() -> BTreeSet<PathBuf> {
    fn below(directory: &Path, found: &mut BTreeSet<PathBuf>) {
        for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                continue;
            }
            if name == "kubepods" || name == "k8s.io" {
                found.insert(entry.path());
            }
            below(&entry.path(), found);
        }
    }
    let mut found = BTreeSet::new();
    below(Path::new("/sys/fs/cgroup"), &mut found);
    found
}

fn is_empty(directory: &Path) -> bool {
    fs::read_dir(directory).unwrap().count() == 0
}

fn error<T>(outcome: Result<T, ClusterError>) -> ClusterError {
    outcome.err().expect("it cannot be")
}

fn of(node: &LiveNode, agent: Agent) -> Vec<u32> {
    node.agents().unwrap().into_iter().filter(|(one, _)| *one == agent).map(|(_, pid)| pid).collect()
}

#[test]
fn pods_get_ready_in_order_and_leave_nothing_when_they_go() {
    let _alone = alone();
    let Some((plane, node)) = kubernetes() else { return };
    let before = Machine::now();
    let directory = tempfile::tempdir().unwrap();
    let live = join(&plane, &node, directory.path());
    live.check().unwrap();
    for name in ["kubelet", "containerd", "runc", "etcd", "kubernetes"] {
        assert!(node.identity().components.iter().any(|component| component.name() == name), "{name}");
    }
    keys_are_of_this_user_alone(directory.path());
    assert_eq!((of(&live, Agent::Kubelet).len(), of(&live, Agent::Containerd).len()), (1, 1));
    assert!(of(&live, Agent::Shim).is_empty());
    let empty = node_memory(&live).unwrap();
    // No kubelet and no containerd is smaller.
    assert!(
        empty.len() == 2 && empty.iter().all(|(_, held)| held.pss > 8 << 20 && held.anonymous <= held.pss),
        "{empty:?}"
    );

    let one = start_pods(&live, 1).unwrap();
    let start = one.starts[0];
    assert!(start.called < start.bound && start.bound <= start.reported, "{start:?}");
    assert!(start.called < start.sandboxed && start.sandboxed < start.ready, "{start:?}");
    let several = start_pods(&live, 3).unwrap();
    assert_eq!(several.starts.len(), 3);
    assert_eq!(of(&live, Agent::Shim).len(), 4);
    let filled = node_memory(&live).unwrap();
    assert_eq!(filled.iter().filter(|(agent, _)| *agent == Agent::Shim).count(), 4);
    one.delete(&live).unwrap();
    assert_eq!(of(&live, Agent::Shim).len(), 3);
    several.delete(&live).unwrap();
    assert!(of(&live, Agent::Shim).is_empty());
    assert_eq!(live.processes().unwrap().len(), 5, "keeper, first process, server, kubelet and containerd");

    let processes = live.processes().unwrap();
    live.stop().unwrap();
    assert!(processes.into_iter().all(gone));
    assert!(is_empty(directory.path()));
    assert_eq!(Machine::now(), before);
}

fn keys_are_of_this_user_alone(directory: &Path) {
    let own = fs::read_dir(directory).unwrap().next().unwrap().unwrap().path();
    for file in ["keys/kubelet.key", "keys/node.key", "node/kubeconfig"] {
        assert_eq!(fs::metadata(own.join(file)).unwrap().permissions().mode() & 0o777, 0o600, "{file}");
    }
}

#[test]
fn a_program_that_is_killed_is_named_with_its_last_words() {
    let _alone = alone();
    let Some((plane, node)) = kubernetes() else { return };
    for (agent, component) in [(Agent::Kubelet, "kubelet"), (Agent::Containerd, "containerd")] {
        let directory = tempfile::tempdir().unwrap();
        let live = join(&plane, &node, directory.path());
        let [pid] = of(&live, agent)[..] else { panic!("{:?}", live.agents()) };
        kill_process(Pid::from_raw(pid as i32).unwrap(), Signal::KILL).unwrap();
        assert!(gone(pid));
        let failed = start_pods(&live, 1).unwrap_err();
        let ProbeError::Cluster(ClusterError::Ended { component: named, said, .. }) = &failed else {
            panic!("{failed:?}")
        };
        assert_eq!(*named, component);
        assert!(said.starts_with("signal: 9") && said.len() > 100, "{said}");
        drop(live);
        assert!(is_empty(directory.path()), "{component}");
    }
}

/// A program in place of one of the node's, which says its version and then does something else.
fn exchanged(name: &str, version: &str, does: &str, others: &[PathBuf]) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(name);
    fs::write(&path, format!("#!/bin/sh\n[ \"$1\" != --version ] || {{ echo '{version}'; exit; }}\n{does}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    for other in others {
        std::os::unix::fs::symlink(other, directory.path().join(other.file_name().unwrap())).unwrap();
    }
    directory
}

#[test]
fn a_kubelet_that_dies_or_never_gets_ready_is_named_with_what_it_said() {
    const TEST: &str = "a_kubelet_that_dies_or_never_gets_ready_is_named_with_what_it_said";
    if env::var_os(INNER).is_some() {
        let (plane, node) = kubernetes().unwrap();
        let node = node.with_patience(Duration::from_secs(3));
        let directory = tempfile::tempdir().unwrap();
        let live = plane.start_at(&in_directory(directory.path())).unwrap();
        println!("\nfailed: {:?}", error(node.join(live)));
        assert!(is_empty(directory.path()));
        return;
    }
    let _alone = alone();
    let Some((plane, _)) = kubernetes() else { return };
    let version = format!("Kubernetes v{}", plane.identity().components[0].version());
    let failed = |does: &str| {
        let directory = exchanged("kubelet", &version, does, &plane.executables());
        let output = inner(TEST).env("KUBERNETES_BIN_DIR", directory.path()).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
        text.lines().find_map(|line| line.strip_prefix("failed: ")).expect(&text).to_owned()
    };
    let dies = failed("echo no such flag >&2; exit 1");
    assert!(
        dies.starts_with("Ended") && dies.contains("component: \"kubelet\"") && dies.contains("no such flag"),
        "{dies}"
    );
    let never = failed("echo thinking >&2; exec sleep 600");
    assert!(
        never.starts_with("NotReady") && never.contains("component: \"kubelet\"") && never.contains("thinking"),
        "{never}"
    );
}

#[test]
fn nothing_outlives_the_process_that_made_it() {
    if env::var_os(INNER).is_some() {
        let (plane, node) = kubernetes().unwrap();
        let live = join(&plane, &node, Path::new(&env::var_os("DIRECTORY").unwrap()));
        let _pods = start_pods(&live, 3).unwrap();
        let own = live.plane().processes().into_iter().map(|(_, pid)| pid);
        let all: Vec<_> = live.processes().unwrap().into_iter().chain(own).map(|pid| pid.to_string()).collect();
        println!("\nserving {}", all.join(" "));
        thread::sleep(Duration::from_secs(600));
        return;
    }
    let _alone = alone();
    if kubernetes().is_none() {
        return;
    }
    let before = Machine::now();
    let directory = tempfile::tempdir().unwrap();
    let mut command = inner("nothing_outlives_the_process_that_made_it");
    let (mut victim, processes) = serving(command.env("DIRECTORY", directory.path()));
    // Four of the control plane, five of the node, and of each pod a shim, what holds its sandbox, and its program.
    assert!(processes.len() >= 4 + 5 + 3 * 3, "{processes:?}");
    assert_ne!(groups(), before.groups, "pods have groups");
    victim.kill().unwrap();
    victim.wait().unwrap();
    let killed = Instant::now();
    for process in processes {
        assert!(gone(process), "{process} still runs");
    }
    while !is_empty(directory.path()) || Machine::now() != before {
        assert!(killed.elapsed() < Duration::from_secs(60), "{:?}\nwas {before:?}", Machine::now());
        thread::sleep(Duration::from_millis(20));
    }
    println!("gone after {:.1?}", killed.elapsed());
    assert!(killed.elapsed() < GONE_WITHIN, "{:?}", killed.elapsed());
}

#[test]
fn what_cannot_be_here_says_what_is_missing() {
    const TEST: &str = "what_cannot_be_here_says_what_is_missing";
    if env::var_os(INNER).is_some() {
        let plane = Kubernetes::over_etcd(Limits::default()).unwrap();
        println!("\n{}", error(Node::of(&plane)));
        return;
    }
    let Some((plane, _)) = kubernetes() else { return };
    let without = tempfile::tempdir().unwrap();
    let said = |variable: &str, value: &Path| {
        let mut command = inner(TEST);
        let output = command.env(variable, value).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
        text
    };
    let none = said("CONTAINERD_BIN_DIR", without.path());
    assert!(
        none.contains("kubernetes is unavailable here") && none.contains("correct or unset CONTAINERD_BIN_DIR"),
        "{none}"
    );
    let other = said("RUNC", Path::new("/bin/true"));
    assert!(other.contains("correct or unset RUNC"), "{other}");
    drop(plane);
}
