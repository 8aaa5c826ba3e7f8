//! What goes wrong with a store is told apart: a port in use, a directory that cannot be written, a server that is killed in
//! the middle, a program that is none. A server lives no longer than the process that started it, whatever ends that.

#[path = "support/need.rs"]
mod need;
#[path = "support/processes.rs"]
mod processes;

use std::{env, fs, net::TcpListener, path::Path, thread, time::Duration};

use processes::{INNER, gone, inner, serving};
use runtime_baseline::{
    adapter::RegistryError,
    probe::store::{Load, press},
    store::{KeyValueStore, Place, Registry, Revision, StoreError},
};
use rustix::process::{Pid, Signal, kill_process};

const SERVERS: [&str; 3] = ["etcd", "kine", "kine/full"];

/// The store of that name, or nothing where it is not here.
fn store(subject: &str) -> Option<Box<dyn KeyValueStore>> {
    match Registry::only(subject) {
        Err(RegistryError::Unavailable(why)) => need::need(subject, Err(why)),
        made => Some(made.unwrap()),
    }
}

fn error<T>(outcome: Result<T, StoreError>) -> StoreError {
    outcome.err().expect("it cannot be")
}

#[test]
fn a_port_in_use_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    for store in SERVERS.into_iter().filter_map(store) {
        let error = error(store.open_at(&Place { port: Some(port), directory: None }));
        assert!(matches!(&error, StoreError::PortInUse { port: named, .. } if *named == port), "{error:?}");
        assert!(error.to_string().contains("address already in use"), "{error}");
        // A server of its own kind that answers there is not taken for it.
        let live = store.open().unwrap();
        assert!(live.process().is_some());
    }
    if let Some(etcd) = store("etcd") {
        let port = free_port();
        let place = Place { port: Some(port), directory: None };
        let _first = etcd.open_at(&place).unwrap();
        let second = error(etcd.open_at(&place));
        assert!(matches!(second, StoreError::PortInUse { .. }), "{second:?}");
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[test]
fn a_directory_that_cannot_be_written_is_named() {
    for subject in ["sqlite", "sqlite/normal"].into_iter().chain(SERVERS) {
        let Some(store) = store(subject) else { continue };
        for directory in ["/proc", "/no/such/directory", "/dev/null"] {
            let error = error(store.open_at(&Place { directory: Some(directory.into()), port: None }));
            let StoreError::Directory { path, .. } = &error else { panic!("{error:?}") };
            assert_eq!(path, Path::new(directory));
        }
    }
}

#[test]
fn a_server_that_is_killed_in_the_middle_is_an_error_with_its_last_words() {
    for store in SERVERS.into_iter().filter_map(store) {
        let live = store.open().unwrap();
        let mut client = live.client().unwrap();
        let mut watch = client.watch("/registry/pods/default/", Revision(0)).unwrap();
        client.create("/registry/pods/default/web", b"a pod").unwrap();
        assert!(watch.next(Duration::from_secs(20)).unwrap().is_some());
        let pid = Pid::from_raw(live.process().unwrap() as i32).unwrap();
        kill_process(pid, Signal::KILL).unwrap();
        let errors = [
            error(client.read("/registry/pods/default/web")),
            error(client.create("/registry/pods/default/other", b"another")),
            error(client.list("/registry/pods/", None)),
            error(watch.next(Duration::from_secs(20))),
            error(client.watch("/registry/pods/", Revision(0))),
            error(live.client()),
            error(live.cpu_time()),
        ];
        for error in errors {
            assert!(
                matches!(&error, StoreError::Ended { subject, .. } if *subject == store.identity().subject),
                "{error:?}"
            );
        }
    }
}

#[test]
fn a_server_that_is_killed_under_load_gives_no_figure() {
    let Some(etcd) = store("etcd") else { return };
    let live = etcd.open().unwrap();
    let pid = Pid::from_raw(live.process().unwrap() as i32).unwrap();
    thread::scope(|scope| {
        scope.spawn(move || {
            thread::sleep(Duration::from_millis(300));
            kill_process(pid, Signal::KILL).unwrap();
        });
        let load = Load { watchers: 3, writes_per_second: 100.0, writes: 1000, size: 300 };
        let error = press(live.as_ref(), load).unwrap_err();
        assert!(error.to_string().contains("etcd: its server ended"), "{error}");
    });
}

#[test]
fn a_server_ends_with_the_process_that_started_it() {
    if env::var_os(INNER).is_some() {
        let stores: Vec<_> = SERVERS.into_iter().filter_map(store).map(|store| store.open().unwrap()).collect();
        let processes: Vec<_> = stores.iter().map(|live| live.process().unwrap().to_string()).collect();
        println!("\nserving {}", processes.join(" "));
        thread::sleep(Duration::from_secs(60));
        return;
    }
    if SERVERS.into_iter().filter_map(store).count() == 0 {
        return;
    }
    let (mut victim, servers) = serving(&mut inner("a_server_ends_with_the_process_that_started_it"));
    assert!(!servers.is_empty() && servers.iter().all(|pid| Path::new(&format!("/proc/{pid}")).exists()));
    victim.kill().unwrap();
    victim.wait().unwrap();
    for server in servers {
        assert!(gone(server), "{server} still runs");
    }
}

#[test]
fn what_is_no_store_is_unavailable_and_says_what_the_set_up_said() {
    if env::var_os(INNER).is_some() {
        for subject in SERVERS {
            let Err(RegistryError::Unavailable(unavailable)) = Registry::only(subject) else { panic!("{subject}") };
            println!("{unavailable}");
        }
        return;
    }
    let test = "what_is_no_store_is_unavailable_and_says_what_the_set_up_said";
    let said_by = |changes: &[(&str, &str)]| {
        let mut command = inner(test);
        command.env_remove("ETCD_BIN").env_remove("KINE_BIN").env("RUNTIME_BASELINE_TOOLS", "/no/such/tools");
        command.env("RUNTIME_BASELINE_SETUP", "/no/such/setup").env("PATH", "/no/such/folder");
        command.envs(changes.iter().copied());
        let output = command.output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{text}");
        text
    };
    assert_eq!(said_by(&[]).matches("run tools/setup.sh stores").count(), 3);
    let named = said_by(&[("ETCD_BIN", "/bin/true"), ("KINE_BIN", "/no/such/kine")]);
    assert!(
        named.contains("correct or unset ETCD_BIN") && named.matches("correct or unset KINE_BIN").count() == 2,
        "{named}"
    );
    let notes = tempfile::tempdir().unwrap();
    fs::write(notes.path().join("stores.reason"), "the build by go1.27: no space left\n").unwrap();
    fs::write(notes.path().join("stores.remedy"), "free 2 GB\n").unwrap();
    let noted = said_by(&[("RUNTIME_BASELINE_SETUP", notes.path().to_str().unwrap())]);
    assert!(noted.matches("the build by go1.27: no space left; free 2 GB").count() == 3, "{noted}");
}
