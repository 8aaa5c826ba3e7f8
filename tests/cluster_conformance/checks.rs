//! What every control plane must do, told once.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use procfs::process::{FDTarget, Process};
use runtime_baseline::{
    cluster::{Answer, ControlPlane, LiveControlPlane, Place},
    probe::cluster::{Times, binary_size, observe_filled, sum},
};
use serde_json::{Value, json};

/// A controller does its work when it comes to it.
const LONG: Duration = Duration::from_secs(120);

fn start_in(plane: &dyn ControlPlane, directory: &Path) -> Box<dyn LiveControlPlane> {
    let place = Place { directory: Some(directory.to_owned()), port: None };
    plane.start_at(&place).unwrap_or_else(|error| panic!("{error}"))
}

fn get(live: &dyn LiveControlPlane, path: &str) -> Answer {
    live.ask("GET", path, None).unwrap()
}

fn create(live: &dyn LiveControlPlane, path: &str, object: &Value) -> Answer {
    live.ask("POST", path, Some(&object.to_string())).unwrap()
}

fn parsed(answer: &Answer) -> Value {
    serde_json::from_str(&answer.body).unwrap_or_else(|error| panic!("{error}: {answer:?}"))
}

/// Asks again until it is so.
fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < LONG, "{what}: not within {LONG:?}");
        thread::sleep(Duration::from_millis(50));
    }
}

fn gone(pid: u32) -> bool {
    !Path::new(&format!("/proc/{pid}")).exists()
}

/// All files below a directory.
fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries.flat_map(|entry| if entry.path().is_dir() { files(&entry.path()) } else { vec![entry.path()] }).collect()
}

pub fn identity_is_exact_and_its_executables_are_there(plane: &dyn ControlPlane) {
    let identity = plane.identity();
    for component in &identity.components {
        let numbers: Vec<_> = component.version().split(['.', '-', '+']).take(3).collect();
        assert!(numbers.len() == 3 && numbers.iter().all(|number| number.parse::<u32>().is_ok()), "{component}");
    }
    assert!(!identity.components.is_empty());
    let executables = plane.executables();
    let of_all: u64 = executables.iter().map(|path| fs::metadata(path).unwrap().len()).sum();
    assert_eq!(binary_size(plane).unwrap(), of_all);
    // Four programs where it is four processes.
    assert_eq!(executables.len().to_string(), identity.settings["processes"]);
}

pub fn it_does_what_a_control_plane_does_and_ends_in_good_order(plane: &dyn ControlPlane) {
    let directory = tempfile::tempdir().unwrap();
    let live = start_in(plane, directory.path());
    live.check().unwrap();
    assert_eq!(get(live.as_ref(), "/readyz").body, "ok");
    let started = live.started();
    assert!(started.iter().all(|one| one.began < one.ready), "{started:?}");
    for component in ["kube-apiserver", "kube-controller-manager", "kube-scheduler"] {
        assert!(started.iter().any(|one| one.component == component), "{component}: {started:?}");
    }
    let processes = live.processes();
    assert_eq!(processes.len().to_string(), plane.identity().settings["processes"]);
    for (name, pid) in &processes {
        listens_at_loopback_alone(name, *pid);
    }
    keys_are_of_this_user_alone(directory.path());

    // The API server keeps what it is given.
    let maps = "/api/v1/namespaces/default/configmaps";
    let map = json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "kept" }, "data": { "a": "b" } });
    eventually("the namespace default", || (create(live.as_ref(), maps, &map).status == 201).then_some(()));
    let kept = get(live.as_ref(), &format!("{maps}/kept"));
    assert_eq!((kept.status, &parsed(&kept)["data"]["a"]), (200, &json!("b")));
    assert_eq!(create(live.as_ref(), maps, &map).status, 409, "it exists");
    assert_eq!(get(live.as_ref(), &format!("{maps}/none")).status, 404);

    // The controller manager makes an account for each namespace; the scheduler gives a pod its node.
    let account = "/api/v1/namespaces/default/serviceaccounts/default";
    eventually("the controller manager's account", || (get(live.as_ref(), account).status == 200).then_some(()));
    let room = json!({ "cpu": "4", "memory": "8Gi", "pods": "10" });
    let node = json!({
        "apiVersion": "v1", "kind": "Node", "metadata": { "name": "nowhere" },
        "status": { "capacity": room, "allocatable": room, "conditions": [{ "type": "Ready", "status": "True" }] },
    });
    assert_eq!(create(live.as_ref(), "/api/v1/nodes", &node).status, 201);
    let pods = "/api/v1/namespaces/default/pods";
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "bound" },
        "spec": { "containers": [{ "name": "one", "image": "none" }], "tolerations": [{ "operator": "Exists" }] },
    });
    let created = create(live.as_ref(), pods, &pod);
    assert_eq!(created.status, 201, "{}", created.body);
    let node = eventually("the scheduler's choice", || {
        let pod = parsed(&get(live.as_ref(), &format!("{pods}/bound")));
        pod["spec"]["nodeName"].as_str().map(str::to_owned)
    });
    assert_eq!(node, "nowhere");

    live.stop().unwrap();
    assert!(processes.iter().all(|(_, pid)| gone(*pid)));
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0, "{:?}", files(directory.path()));
}

pub fn two_at_once_share_nothing_and_leave_nothing_when_they_are_dropped(plane: &dyn ControlPlane) {
    let directory = tempfile::tempdir().unwrap();
    let (one, other) = (start_in(plane, directory.path()), start_in(plane, directory.path()));
    let (object, path) =
        (json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "mine" } }), "/api/v1/namespaces");
    assert_eq!(create(one.as_ref(), path, &object).status, 201);
    assert_eq!(get(other.as_ref(), "/api/v1/namespaces/mine").status, 404);
    let keys = files(directory.path()).into_iter().filter(|path| path.extension().is_some_and(|end| end == "key"));
    let mut contents: Vec<_> = keys.map(|path| fs::read(path).unwrap()).collect();
    let all = contents.len();
    contents.sort();
    contents.dedup();
    assert!(all > 0 && contents.len() == all, "no key is used twice");
    let processes = [one.processes(), other.processes()].concat();
    drop(one);
    other.check().unwrap();
    drop(other);
    assert!(processes.iter().all(|(_, pid)| gone(*pid)));
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0, "{:?}", files(directory.path()));
}

pub fn what_is_observed_is_of_a_control_plane_that_worked(plane: &dyn ControlPlane) {
    let times = Times { idle_from: Duration::from_secs(1), age: Duration::from_secs(2) };
    let observed = observe_filled(plane, times, 20).unwrap();
    assert!(observed.startup() > 0 && observed.wall > 0 && observed.cpu > 0, "{observed:?}");
    let (held, filled) = (sum(&observed.held), sum(observed.filled.as_ref().unwrap()));
    for held in [held, filled] {
        // No API server is smaller.
        assert!(held.pss > 64 << 20 && held.anonymous > 16 << 20 && held.anonymous <= held.pss, "{held:?}");
    }
    assert_eq!(observed.held.len().to_string(), plane.identity().settings["processes"]);
}

fn listens_at_loopback_alone(name: &str, pid: u32) {
    let process = Process::new(pid as i32).unwrap();
    let sockets: Vec<u64> = process
        .fd()
        .unwrap()
        .flatten()
        .filter_map(|fd| match fd.target {
            FDTarget::Socket(inode) => Some(inode),
            _ => None,
        })
        .collect();
    let entries = [process.tcp().unwrap(), process.tcp6().unwrap_or_default()].concat();
    let listening: Vec<_> = entries
        .into_iter()
        .filter(|entry| entry.state == procfs::net::TcpState::Listen && sockets.contains(&entry.inode))
        .map(|entry| entry.local_address)
        .collect();
    assert!(!listening.is_empty(), "{name} listens nowhere");
    assert!(listening.iter().all(|address| address.ip().is_loopback()), "{name}: {listening:?}");
}

fn keys_are_of_this_user_alone(directory: &Path) {
    let keys: Vec<_> =
        files(directory).into_iter().filter(|path| path.extension().is_some_and(|end| end == "key")).collect();
    assert!(!keys.is_empty());
    for key in keys {
        assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o077, 0, "{}", key.display());
    }
    for entry in fs::read_dir(directory).unwrap() {
        assert_eq!(entry.unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o700);
    }
}
