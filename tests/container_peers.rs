//! `crun` and `runc` beside the container adapter: the same bundles, the same memory, the same errors, and nothing left.
//! Where they cannot run, each test says why and passes.
#![cfg(feature = "container")]

mod container_common;

use std::{fs, path::PathBuf, sync::Barrier, thread, time::Duration};

use container_common::{
    Altered, Traces, assert_processes_gone, available, burst_until_killed, bursting, kill, launcher, measured, need,
    prepared, processes, until,
};
use runtime_baseline::{
    Isolation, Temperature, clock,
    launcher::{CgroupView, Launcher},
    probe::{Target, idle_cpu, memory_growth, memory_peak, shipped},
    runtime::{Artifact, Limits, Registry, Runtime, RuntimeError, Workload, container::Container, oci_cli::OciCli},
};

const NAMES: [&str; 2] = ["crun", "runc"];

/// Those that run here, on that container's bundle.
fn peers(container: &Container) -> Vec<OciCli> {
    NAMES.into_iter().filter_map(|name| available(OciCli::of(name, container))).collect()
}

/// The two of the registry, on the image of their own.
fn own_peers(launcher: &Launcher) -> Vec<OciCli> {
    [OciCli::crun(launcher), OciCli::runc(launcher)].into_iter().filter_map(available).collect()
}

/// The groups of containers and the state that commands keep, as the helpers see them.
fn kept(traces: &Traces, launcher: &Launcher) -> Vec<PathBuf> {
    let inside = PathBuf::from(format!("/proc/{}/root", traces.first.pid));
    let below = |path: PathBuf| fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
    let state = launcher.directory().join("state");
    let roots = below(inside.join(state.strip_prefix("/").unwrap()));
    let states = roots.filter(|root| root.is_dir()).flat_map(below);
    let groups = below(inside.join("sys/fs/cgroup")).filter(|path| path.is_dir() && !path.ends_with("helpers"));
    // What a command says is kept in a file, for the next.
    groups.chain(states.filter(|path| !path.ends_with("said"))).collect()
}

#[test]
fn they_run_the_same_bundle_with_the_adapter_s_settings() {
    let Some(launcher) = launcher() else { return };
    let Some(scratch) = available(Container::scratch(&launcher)) else { return };
    let image = prepared(&scratch).image().unwrap();
    let traces = Traces::of(&launcher);
    for peer in own_peers(&launcher) {
        let identity = peer.identity();
        assert_eq!((peer.temperatures(), identity.isolation), (scratch.temperatures(), Isolation::Container));
        for (name, value) in &scratch.identity().settings {
            assert_eq!(identity.settings.get(name), Some(value), "{name}");
        }
        assert_eq!(identity.components[1..], scratch.identity().components[1..]);
        assert_eq!(prepared(&peer).image(), Some(image.clone()));
        for workload in [Workload::ready(), Workload::http_handler(), Workload::compute_kernel()] {
            let artifact = peer.prepare(&workload, Temperature::Cold).unwrap();
            let before = clock::monotonic();
            let mut instance = artifact.start().unwrap();
            assert!((before..clock::monotonic()).contains(&instance.ready_at()));
            assert!(instance.is_alive());
            assert_eq!(kept(&traces, &launcher).len(), 2, "its group and its state");
            instance.stop().unwrap();
            let before = clock::monotonic();
            let ready = artifact.lifecycle().unwrap();
            assert!((before..clock::monotonic()).contains(&ready));
            assert_eq!(kept(&traces, &launcher), Vec::<PathBuf>::new());
        }
    }
    drop((scratch, launcher));
    traces.assert_gone();
}

#[test]
fn their_memory_limit_is_in_the_configuration_where_there_can_be_one() {
    let Some(launcher) = launcher() else { return };
    for peer in own_peers(&launcher) {
        let mut limits = Limits::default();
        limits.memory = 64 << 20;
        let peer = peer.with_limits(limits);
        let said = &peer.identity().settings["memory_limit"];
        let expected = if launcher.limits_memory() { "67108864 bytes" } else { "none" };
        assert!(said.starts_with(expected), "{said}");
        let (traces, instance) = (Traces::of(&launcher), prepared(&peer).start().unwrap());
        if launcher.limits_memory() {
            let group = kept(&traces, &launcher).into_iter().find(|path| path.join("memory.max").exists()).unwrap();
            assert_eq!(fs::read_to_string(group.join("memory.max")).unwrap().trim(), "67108864");
        }
        instance.stop().unwrap();
    }
}

#[test]
fn many_are_held_at_the_same_time_and_end_with_their_handles() {
    let Some(launcher) = launcher() else { return };
    let traces = Traces::of(&launcher);
    for peer in own_peers(&launcher) {
        let artifact = prepared(&peer);
        artifact.reserve_live(40, 4).unwrap();
        let mut held: Vec<_> = (0..40).map(|_| artifact.start().unwrap()).collect();
        assert_eq!(traces.containers(), 40);
        assert!(held.iter_mut().all(|instance| instance.is_alive()));
        drop(held);
        assert_eq!(traces.containers(), 0);
        assert_eq!(kept(&traces, &launcher), Vec::<PathBuf>::new());
    }
}

#[test]
fn bursts_lose_none_and_leave_nothing() {
    let Some(launcher) = launcher() else { return };
    let traces = Traces::of(&launcher);
    for peer in own_peers(&launcher) {
        let artifact = prepared(&peer);
        artifact.reserve(30).unwrap();
        let released = Barrier::new(30);
        thread::scope(|scope| {
            for _ in 0..30 {
                scope.spawn(|| {
                    released.wait();
                    artifact.start().unwrap().stop().unwrap();
                    artifact.lifecycle().unwrap();
                });
            }
        });
        assert_eq!(kept(&traces, &launcher), Vec::<PathBuf>::new());
    }
}

#[test]
fn the_view_of_the_host_is_refused_where_it_is_not_cgroup2() {
    let Some(launcher) = container_common::started(Launcher::start(container_common::options(CgroupView::Host))) else {
        return;
    };
    if launcher.cgroup().starts_with("v2") {
        return need::skip("cgroup-v1", &format!("the host's view is {}", launcher.cgroup()));
    }
    for made in [OciCli::crun(&launcher), OciCli::runc(&launcher)] {
        let error = made.map(drop).unwrap_err();
        assert!(matches!(&error, RuntimeError::Unavailable(why) if why.reason.contains("cgroup2")), "{error}");
    }
    assert!(matches!(
        OciCli::of("not installed", &Container::scratch(&launcher).unwrap()).unwrap_err(),
        RuntimeError::Invalid { .. }
    ));
}

#[test]
fn a_command_that_is_not_there_is_unavailable() {
    let Some(launcher) = launcher() else { return };
    let Some(scratch) = available(Container::scratch(&launcher)) else { return };
    if launcher.rootless() {
        return need::skip("root", &"commands are not run without it");
    }
    let error = OciCli::of("no-such-runtime", &scratch).map(drop).unwrap_err();
    let RuntimeError::Unavailable(why) = &error else { panic!("{error}") };
    assert_eq!((why.subject.as_str(), why.remedy.as_str()), ("no-such-runtime", "apt-get install no-such-runtime"));
}

/// What each peer says of a bundle that goes wrong: when it starts, and when it runs in the foreground. At the same time,
/// since some wait for their time limit.
fn errors(bundle: &Altered) -> Vec<(RuntimeError, RuntimeError)> {
    let container = bundle.open().unwrap();
    let artifacts: Vec<_> = peers(&container).iter().map(|peer| prepared(peer)).collect();
    thread::scope(|scope| {
        let started = |artifact: &dyn Artifact| artifact.start().and_then(|instance| instance.stop()).unwrap_err();
        let both = artifacts.iter().map(|artifact| {
            (scope.spawn(move || started(&**artifact)), scope.spawn(|| artifact.lifecycle().unwrap_err()))
        });
        let both: Vec<_> = both.collect();
        both.into_iter().map(|(started, run)| (started.join().unwrap(), run.join().unwrap())).collect()
    })
}

fn arguments(bundle: &Altered, command: &str) {
    bundle.configure(|config| config["process"]["args"] = vec!["/bin/sh", "-c", command].into());
}

#[test]
fn a_failed_peer_is_no_fast_peer() {
    let Some(bundle) = Altered::shell("/ready; exit 3") else { return };
    for (started, run) in errors(&bundle) {
        assert!(matches!(&started, RuntimeError::Failed { reason, .. } if reason == "exit status 3"), "{started}");
        assert!(matches!(&run, RuntimeError::Failed { reason, .. } if reason == "exit status 3"), "{run}");
    }
    arguments(&bundle, "exit 0");
    for (started, run) in errors(&bundle) {
        assert!(matches!(started, RuntimeError::NotReady { .. }), "{started}");
        assert!(matches!(run, RuntimeError::NotReady { .. }), "{run}");
    }
    for late in ["sleep 1000", "/ready; sleep 1000"] {
        arguments(&bundle, late);
        for (started, run) in errors(&bundle) {
            assert!(matches!(started, RuntimeError::TimeLimit { .. }), "{late}: {started}");
            assert!(matches!(run, RuntimeError::TimeLimit { .. }), "{late}: {run}");
        }
    }
    let traces = Traces::of(&bundle.launcher);
    assert_eq!(kept(&traces, &bundle.launcher), Vec::<PathBuf>::new());
    bundle.assert_clean();
}

#[test]
fn what_a_peer_says_of_a_bad_bundle_is_in_the_error() {
    let Some(bundle) = Altered::scratch() else { return };
    let container = bundle.open().unwrap();
    let artifacts: Vec<_> = peers(&container).iter().map(|peer| prepared(peer)).collect();
    fs::remove_file(bundle.path("rootfs/ready")).unwrap();
    for artifact in &artifacts {
        let error = artifact.start().map(drop).unwrap_err();
        assert!(matches!(&error, RuntimeError::Engine { reason, .. } if reason.contains("/ready")), "{error}");
        let error = artifact.lifecycle().unwrap_err();
        assert!(matches!(&error, RuntimeError::Failed { reason, .. } if reason.contains("/ready")), "{error}");
    }
    let traces = Traces::of(&bundle.launcher);
    assert_eq!(kept(&traces, &bundle.launcher), Vec::<PathBuf>::new());
    drop((artifacts, container));
    bundle.assert_clean();
}

#[test]
fn a_payload_that_writes_to_standard_error_neither_waits_nor_dies() {
    // More than a pipe takes.
    let Some(bundle) = Altered::shell("head -c 300000 /dev/zero >&2; /ready; exec /bin/busybox cat") else { return };
    for peer in peers(&bundle.open().unwrap()) {
        let artifact = prepared(&peer);
        let mut first = artifact.start().unwrap();
        artifact.start().unwrap().stop().unwrap();
        assert!(first.is_alive());
        first.stop().unwrap();
        artifact.lifecycle().unwrap();
    }
    bundle.assert_clean();
}

#[test]
fn a_killed_worker_takes_its_own_containers_alone() {
    let Some(launcher) = launcher() else { return };
    let traces = Traces::of(&launcher);
    for peer in own_peers(&launcher) {
        let artifact = prepared(&peer);
        artifact.reserve(2).unwrap();
        let held = [artifact.start().unwrap(), artifact.start().unwrap()];
        let holding = traces.workers().into_iter().find(|worker| traces.containers_of(*worker).len() == 1).unwrap();
        let all = processes();
        let lost: Vec<_> = traces.containers_of(holding).iter().map(|pid| all[pid].clone()).collect();
        kill(holding);
        assert_processes_gone(&lost);
        let (gone, fine): (Vec<_>, Vec<_>) = held.into_iter().map(|instance| instance.stop()).partition(Result::is_err);
        assert_eq!((gone.len(), fine.len()), (1, 1));
        assert!(matches!(gone[0], Err(RuntimeError::Helper { .. })), "{gone:?}");
        artifact.start().unwrap().stop().unwrap();
        until("groups and state", || kept(&traces, &launcher));
    }
}

#[test]
fn a_killed_parent_leaves_nothing() {
    let Some(launcher) = launcher() else { return };
    let ran = own_peers(&launcher).iter().map(|peer| peer.identity().subject.to_string()).collect::<Vec<_>>();
    drop(launcher);
    for name in ran {
        let (mut victim, traces) = bursting(&format!("{name}_victim"));
        let all = traces.all();
        victim.kill().unwrap();
        victim.wait().unwrap();
        assert_processes_gone(&all);
        traces.assert_gone();
    }
}

/// What the test above kills.
fn burst(peer: fn(&Launcher) -> Result<OciCli, RuntimeError>) {
    let launcher = launcher().unwrap();
    let artifact = prepared(&peer(&launcher).unwrap());
    burst_until_killed(&launcher, artifact.as_ref());
}

#[test]
#[ignore = "run by another test, which kills it"]
fn crun_victim() {
    burst(OciCli::crun);
}

#[test]
#[ignore = "run by another test, which kills it"]
fn runc_victim() {
    burst(OciCli::runc);
}

fn target(subject: &str) -> Target {
    Target::new(subject, Workload::ready(), Temperature::Cold)
}

#[test]
fn what_they_hold_is_what_the_adapter_holds() {
    let counts = [8, 16, 24];
    let Some(own) = measured(memory_growth(&target("container/scratch"), &counts)) else { return };
    for name in NAMES {
        let Some(growth) = measured(memory_growth(&target(name), &counts)) else { continue };
        let points = growth.points();
        let host = points[0].processes;
        assert_eq!(points.iter().map(|point| point.processes - host).collect::<Vec<_>>(), [0, 8, 16, 24], "{name}");
        // The same process: only where the kernel puts its stack and its mappings differs from start to start, which
        // takes a page more or less.
        let tables = [&own, &growth].map(|growth| growth.page_tables_slope().unwrap());
        let sizes = [&own, &growth].map(|growth| growth.pss_slope().unwrap());
        println!("{name}: each holds {} bytes, the adapter's {}", sizes[1], sizes[0]);
        for [ours, theirs] in [tables, sizes] {
            assert!(ours.abs_diff(theirs) <= procfs::page_size(), "{name}: {theirs} bytes, the adapter's {ours}");
        }
    }
}

#[test]
fn every_footprint_can_be_measured() {
    for name in NAMES {
        let Some(peak) = measured(memory_peak(&target(name))) else { continue };
        println!("{name}: {} bytes at the peak of a start, by {}", peak.bytes, peak.method);
        assert!(peak.bytes > 4096, "{peak:?}");
        let idle = idle_cpu(&target(name), 3, Duration::from_millis(100), 2).unwrap();
        assert!(idle.percent_each().iter().all(|percent| *percent < 20.0), "{idle:?}");
        let size = shipped(&target(name)).unwrap().size;
        assert_eq!(size, shipped(&target("container/scratch")).unwrap().size);
    }
}

#[test]
fn the_registry_knows_both() {
    let subjects = Registry::subjects();
    let registry = Registry::of_this_machine();
    for name in NAMES {
        assert!(subjects.iter().any(|subject| subject == name));
        let runs = registry.runtimes().any(|runtime| runtime.identity().subject.as_str() == name);
        let refused = registry.unavailable().iter().any(|refusal| refusal.subject.as_str() == name);
        assert!(runs != refused, "{name}: a runtime or a row");
    }
}
