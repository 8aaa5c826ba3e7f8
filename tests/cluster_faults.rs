//! What goes wrong with a control plane is told apart: a port in use, a directory that cannot be written, a component that dies or
//! never gets ready, a store that is killed in the middle, keys of another. Nothing of one outlives the process that started it,
//! whatever ends that. And what can be known of K3s without one: its arguments, when it is ready, how it is ended.

#[path = "support/becomes.rs"]
mod becomes;
#[path = "cluster_support/mod.rs"]
mod cluster_support;
#[path = "support/need.rs"]
mod need;
#[path = "support/processes.rs"]
mod processes;

use std::{
    env, fs,
    net::TcpListener,
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use becomes::becomes;
use cluster_support::{BinDirectory, K3sStandIn};
use processes::{INNER, gone, inner, serving};
use runtime_baseline::{
    adapter::{Limits, RegistryError},
    cluster::{ClusterError, ControlPlane, Place, Registry, k3s::K3s, kubernetes::Kubernetes},
    probe::{ProbeError, cluster::fill},
    store::StoreError,
};
use rustix::process::{Pid, Signal, kill_process};

/// Those of this project's own set-up.
const CONTROL_PLANES: [&str; 3] = ["kubernetes", "kubernetes+kine", "kubernetes/one-process"];

/// The control plane of that name, or nothing where it is not here.
fn plane(subject: &str) -> Option<Box<dyn ControlPlane>> {
    match Registry::only(subject) {
        Err(RegistryError::Unavailable(why)) => need::need(subject, Err(why)),
        made => Some(made.unwrap()),
    }
}

fn error<T>(outcome: Result<T, ClusterError>) -> ClusterError {
    outcome.err().expect("it cannot be")
}

fn in_directory(directory: &Path) -> Place {
    Place { directory: Some(directory.to_owned()), port: None }
}

fn kill(pid: u32) {
    kill_process(Pid::from_raw(pid as i32).unwrap(), Signal::KILL).unwrap();
}

/// How long what is waited for may take.
const PATIENCE: Duration = Duration::from_secs(60);

fn runs(pid: u32) -> bool {
    Path::new(&format!("/proc/{pid}")).exists()
}

fn is_empty(directory: &Path) -> bool {
    fs::read_dir(directory).unwrap().count() == 0
}

#[test]
fn a_port_in_use_is_named_with_who_wants_it() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let directory = tempfile::tempdir().unwrap();
    for plane in CONTROL_PLANES.into_iter().filter_map(plane) {
        let place = Place { port: Some(port), ..in_directory(directory.path()) };
        let error = error(plane.start_at(&place));
        let named = matches!(&error, ClusterError::PortInUse { component: "kube-apiserver", port: named, .. } if *named == port);
        assert!(named, "{error:?}");
        assert!(is_empty(directory.path()), "{}", plane.identity().subject);
    }
}

#[test]
fn a_directory_that_cannot_be_written_is_named() {
    for plane in CONTROL_PLANES.into_iter().filter_map(plane) {
        for directory in ["/proc", "/no/such/directory", "/dev/null"] {
            let error = error(plane.start_at(&in_directory(Path::new(directory))));
            let ClusterError::Directory { path, .. } = &error else { panic!("{error:?}") };
            assert_eq!(path, Path::new(directory));
        }
    }
}

#[test]
fn a_store_that_is_killed_in_the_middle_is_told_from_the_api_server() {
    for (subject, store) in [("kubernetes", "etcd"), ("kubernetes+kine", "kine")] {
        let Some(plane) = plane(subject) else { continue };
        let live = plane.start().unwrap();
        let (name, pid) = live.processes()[0];
        assert_eq!(name, store);
        kill(pid);
        for error in [error(live.check()), error(live.check())] {
            is_of_the_store(&error, subject);
        }
    }
}

fn is_of_the_store(error: &ClusterError, subject: &str) {
    let ClusterError::Store { source, said: Some(said), .. } = error else { panic!("{error:?}") };
    assert!(matches!(**source, StoreError::Ended { .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.starts_with(&format!("{subject}: its store: ")), "{text}");
    // The API server lives, and is heard all the same.
    assert!(!said.is_empty() && text.contains("; the last that kube-apiserver said: "), "{text}");
}

#[test]
fn a_store_that_is_killed_under_load_is_what_the_load_failed_of() {
    let Some(plane) = plane("kubernetes+kine") else { return };
    let live = plane.start().unwrap();
    let (_, pid) = live.processes()[0];
    thread::scope(|scope| {
        let load = scope.spawn(|| fill(live.as_ref(), 1_000_000));
        let count = || live.ask("GET", "/api/v1/namespaces/default/configmaps?limit=1", None).unwrap().body;
        assert!(becomes(PATIENCE, || count().contains("fill-")), "it is under load");
        kill(pid);
        let error = load.join().unwrap().unwrap_err();
        let ProbeError::Cluster(error) = &error else { panic!("{error:?}") };
        is_of_the_store(error, "kubernetes+kine");
    });
}

#[test]
fn a_component_that_is_killed_is_named_with_its_last_words() {
    for (subject, component) in [("kubernetes", "kube-apiserver"), ("kubernetes/one-process", "kubernetes-one-process")]
    {
        let Some(plane) = plane(subject) else { continue };
        let live = plane.start().unwrap();
        let (_, pid) = *live.processes().iter().find(|(name, _)| *name == component).unwrap();
        kill(pid);
        for error in [error(live.ask("GET", "/readyz", None)), error(live.check())] {
            let ClusterError::Ended { component: named, said, .. } = &error else { panic!("{error:?}") };
            assert_eq!(*named, component);
            // Every component of Kubernetes says much while it starts.
            assert!(said.len() > 100, "{said}");
        }
    }
}

/// Its programs are those of a directory in which one was exchanged.
#[test]
fn a_component_that_dies_or_never_gets_ready_is_named() {
    if env::var_os(INNER).is_some() {
        let patience = Duration::from_secs(env::var("PATIENCE").unwrap().parse().unwrap());
        let plane = Kubernetes::over_etcd(Limits::default()).unwrap().with_patience(patience);
        let directory = tempfile::tempdir().unwrap();
        println!("\nfailed: {:?}", error(plane.start_at(&in_directory(directory.path()))));
        assert!(is_empty(directory.path()));
        return;
    }
    if plane("kubernetes").is_none() {
        return;
    }
    let failed = |component: &str, does: &str, patience: u32| {
        let directory = BinDirectory::with(component, does);
        let mut command = inner("a_component_that_dies_or_never_gets_ready_is_named");
        command.env("KUBERNETES_BIN_DIR", directory.path()).env("PATIENCE", patience.to_string());
        let output = command.output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
        text.lines().find_map(|line| line.strip_prefix("failed: ")).expect(&text).to_owned()
    };
    let dies = "echo no such flag >&2; exit 1";
    for component in ["kube-apiserver", "kube-controller-manager", "kube-scheduler"] {
        let error = failed(component, dies, 120);
        let named = error.starts_with("Ended") && error.contains(&format!("component: \"{component}\""));
        assert!(named && error.contains("no such flag"), "{error}");
    }
    let never = failed("kube-apiserver", "echo thinking >&2; exec sleep 600", 1);
    let named = never.starts_with("NotReady") && never.contains("component: \"kube-apiserver\"");
    assert!(named && never.contains("thinking"), "{never}");
}

#[test]
fn keys_of_another_run_open_nothing() {
    use ureq::tls::{Certificate, ClientCert, PrivateKey, RootCerts, TlsConfig};

    let Some(plane) = plane("kubernetes/one-process") else { return };
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let _one = plane.start_at(&in_directory(one.path())).unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let _other = plane.start_at(&Place { port: Some(port), ..in_directory(other.path()) }).unwrap();
    // The keys of one, and the authority by which the other is known.
    let pem = |directory: &Path, file: &str| {
        let own = fs::read_dir(directory).unwrap().next().unwrap().unwrap().path();
        fs::read(own.join("keys").join(file)).unwrap()
    };
    let status = |authority: &Path, keys: &Path| {
        let client = [Certificate::from_pem(&pem(keys, "admin.crt")).unwrap()];
        let client = ClientCert::new_with_certs(&client, PrivateKey::from_pem(&pem(keys, "admin.key")).unwrap());
        let authority = [Certificate::from_pem(&pem(authority, "ca.crt")).unwrap()];
        let tls =
            TlsConfig::builder().root_certs(RootCerts::new_with_certs(&authority)).client_cert(Some(client)).build();
        let config = ureq::Agent::config_builder().tls_config(tls).http_status_as_error(false).proxy(None).build();
        let agent: ureq::Agent = config.into();
        let answer = agent.get(format!("https://127.0.0.1:{port}/api/v1/namespaces")).call();
        answer.map(|answer| answer.status().as_u16()).map_err(|error| error.to_string())
    };
    assert_eq!(status(other.path(), other.path()), Ok(200));
    // Refused as nobody, or not even listened to.
    assert!(!matches!(status(other.path(), one.path()), Ok(200)));
    assert!(status(one.path(), one.path()).is_err(), "its authority is another");
}

/// A killed run's keys, where nothing removed them.
#[test]
fn keys_of_an_earlier_run_are_not_used_and_go() {
    let Some(plane) = plane("kubernetes/one-process") else { return };
    let directory = tempfile::tempdir().unwrap();
    let earlier = tempfile::tempdir().unwrap();
    let first = plane.start_at(&in_directory(earlier.path())).unwrap();
    let own = fs::read_dir(earlier.path()).unwrap().next().unwrap().unwrap();
    let left = directory.path().join(own.file_name());
    fs::create_dir_all(left.join("keys")).unwrap();
    let mut keys = Vec::new();
    for file in fs::read_dir(own.path().join("keys")).unwrap().map(Result::unwrap) {
        keys.push(fs::read(file.path()).unwrap());
        fs::copy(file.path(), left.join("keys").join(file.file_name())).unwrap();
    }
    first.stop().unwrap();
    let second = plane.start_at(&in_directory(directory.path())).unwrap();
    second.check().unwrap();
    assert!(!left.exists());
    let own = fs::read_dir(directory.path()).unwrap().next().unwrap().unwrap();
    for file in fs::read_dir(own.path().join("keys")).unwrap().map(Result::unwrap) {
        assert!(!keys.contains(&fs::read(file.path()).unwrap()), "{file:?}");
    }
}

/// The file system on which all of it is kept is a small one, in a mount namespace of this test's own.
#[test]
fn a_full_disk_is_told_with_what_it_kept_from_working() {
    const TEST: &str = "a_full_disk_is_told_with_what_it_kept_from_working";
    if env::var_os(INNER).is_some() {
        let place = in_directory(Path::new(&env::var_os("DIRECTORY").unwrap()));
        for plane in CONTROL_PLANES.into_iter().filter_map(plane) {
            let failed = match plane.start_at(&place) {
                Ok(live) => fill(live.as_ref(), 100_000).unwrap_err(),
                Err(error) => error.into(),
            };
            println!("\nfailed: {}: {}", plane.identity().subject, failed.to_string().replace('\n', " "));
            assert!(is_empty(place.directory.as_deref().unwrap()));
        }
        return;
    }
    let planes: Vec<_> = CONTROL_PLANES.into_iter().filter_map(plane).collect();
    let directory = tempfile::tempdir().unwrap();
    let in_namespace = |line: &[&str]| {
        let mut command = Command::new("unshare");
        command.args(["--mount", "sh", "-c", r#"mount -t tmpfs -o size=4m none "$1" && shift && exec "$@""#, "sh"]);
        command.arg(directory.path()).args(line).env("DIRECTORY", directory.path()).env(INNER, "1");
        command.output()
    };
    let possible = in_namespace(&["true"]).map(|output| output.status.success());
    if !possible.unwrap_or(false) {
        return need::skip("root", &"a small file system cannot be mounted");
    }
    let executable = env::current_exe().unwrap();
    let output = in_namespace(&[executable.to_str().unwrap(), "--exact", TEST, "--nocapture"]).unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    for plane in planes {
        let begin = format!("failed: {}: ", plane.identity().subject);
        let said = text.lines().find_map(|line| line.strip_prefix(&begin)).expect(&text);
        assert!(said.to_lowercase().contains("no space left on device"), "{said}");
    }
}

#[test]
fn nothing_outlives_the_process_that_started_it() {
    if env::var_os(INNER).is_some() {
        let directory = env::var_os("DIRECTORY").unwrap();
        let planes = CONTROL_PLANES.into_iter().filter_map(plane);
        let live: Vec<_> = planes.map(|plane| plane.start_at(&in_directory(Path::new(&directory))).unwrap()).collect();
        let processes: Vec<_> = live.iter().flat_map(|live| live.processes()).map(|(_, pid)| pid.to_string()).collect();
        println!("\nserving {}", processes.join(" "));
        thread::sleep(Duration::from_secs(600));
        return;
    }
    if CONTROL_PLANES.into_iter().filter_map(plane).count() == 0 {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let mut command = inner("nothing_outlives_the_process_that_started_it");
    let (mut victim, servers) = serving(command.env("DIRECTORY", directory.path()));
    assert!(servers.len() >= 5 && servers.iter().all(|pid| runs(*pid)), "{servers:?}");
    assert!(!is_empty(directory.path()));
    victim.kill().unwrap();
    victim.wait().unwrap();
    let killed = Instant::now();
    for server in servers {
        assert!(gone(server), "{server} still runs");
    }
    assert!(becomes(PATIENCE, || is_empty(directory.path())), "its keys are still there");
    println!("gone after {:.1?}", killed.elapsed());
}

#[test]
fn what_is_no_control_plane_is_unavailable_and_says_what_the_set_up_said() {
    const TEST: &str = "what_is_no_control_plane_is_unavailable_and_says_what_the_set_up_said";
    if env::var_os(INNER).is_some() {
        for subject in Registry::subjects() {
            let Err(RegistryError::Unavailable(unavailable)) = Registry::only(&subject) else { panic!("{subject}") };
            println!("{unavailable}");
        }
        return;
    }
    let said_by = |changes: &[(&str, &str)]| {
        let mut command = inner(TEST);
        command.env_remove("KUBERNETES_BIN_DIR").env_remove("K3S_BIN").env("RUNTIME_BASELINE_TOOLS", "/no/such/tools");
        command.env("RUNTIME_BASELINE_SETUP", "/no/such/setup").env("PATH", "/no/such/folder");
        command.envs(changes.iter().copied());
        let output = command.output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{text}");
        text
    };
    let nothing = said_by(&[]);
    assert_eq!(nothing.matches("run tools/setup.sh cluster").count(), 3, "{nothing}");
    assert!(nothing.contains("k3s is unavailable here: there is no k3s in target/tools/bin or on PATH"), "{nothing}");
    let named = said_by(&[("KUBERNETES_BIN_DIR", "/no/such/directory"), ("K3S_BIN", "/bin/true")]);
    assert_eq!(named.matches("correct or unset KUBERNETES_BIN_DIR").count(), 2, "{named}");
    assert!(named.contains("correct or unset K3S_BIN"), "{named}");
    let notes = tempfile::tempdir().unwrap();
    fs::write(notes.path().join("k3s.reason"), "github.com: 403\n").unwrap();
    fs::write(notes.path().join("k3s.remedy"), "name one in K3S_BIN\n").unwrap();
    let noted = said_by(&[("RUNTIME_BASELINE_SETUP", notes.path().to_str().unwrap())]);
    assert!(noted.contains("k3s is unavailable here: github.com: 403; name one in K3S_BIN"), "{noted}");
}

/// K3s is not on every machine, so its adapter is tested with a server that does what is known of K3s from its documentation: it
/// takes those arguments, writes its own certificates, and serves the three paths. It is no K3s: that one has these names, and
/// behaves so, is not tested where there is none.
#[test]
fn a_stand_in_for_k3s_is_started_found_ready_and_ended_in_good_order() {
    const TEST: &str = "a_stand_in_for_k3s_is_started_found_ready_and_ended_in_good_order";
    if env::var_os(INNER).is_some() {
        let k3s = K3s::new(Limits::default()).unwrap().with_patience(Duration::from_secs(60));
        assert_eq!(k3s.identity().components[0].to_string(), "k3s 1.30.4+k3s1");
        let directory = tempfile::tempdir().unwrap();
        match k3s.start_at(&in_directory(directory.path())) {
            Ok(live) => {
                live.check().unwrap();
                assert_eq!(live.ask("GET", "/readyz", None).unwrap().body, "ok");
                let [("k3s", pid)] = live.processes()[..] else { panic!("{:?}", live.processes()) };
                live.stop().unwrap();
                assert!(!runs(pid));
            }
            Err(error) => println!("\nfailed: {error:?}"),
        }
        assert!(is_empty(directory.path()));
        return;
    }
    let Some(stand_in) = need::need("python3", K3sStandIn::new()) else { return };
    let run = |mood: &str| {
        let mut command: Command = inner(TEST);
        let output = command.env("K3S_BIN", stand_in.program()).env("MOOD", mood).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
        text
    };
    let good = run("good");
    assert!(!good.contains("failed: "), "{good}");
    let noted = stand_in.noted();
    assert_eq!(noted.last().map(String::as_str), Some("asked to end"), "{noted:?}");
    let arguments = &noted[..noted.len() - 1];
    let has = |argument: &str| arguments.iter().any(|other| other == argument);
    assert_eq!(arguments[0], "server");
    for argument in ["--bind-address=127.0.0.1", "--disable-agent", "--write-kubeconfig-mode=600"] {
        assert!(has(argument), "{argument}: {arguments:?}");
    }
    for component in ["kube-controller-manager", "kube-scheduler"] {
        assert!(has(&format!("--{component}-arg=bind-address=127.0.0.1")), "{arguments:?}");
    }
    let dies = run("dies");
    assert!(dies.contains("failed: Ended") && dies.contains("no room for the database"), "{dies}");
}
