//! The container adapter, for real: starts, and what is left behind. Where containers cannot be started, each
//! test says why and passes.
#![cfg(feature = "container")]

#[path = "support/another_user.rs"]
mod another_user;
mod container_common;

use std::fs;

use another_user::Open;
use container_common::{Traces, cgroups_left, launcher, need};
use runtime_baseline::{
    Isolation, Temperature,
    adapter::RefusalKind,
    clock,
    launcher::{CgroupView, Launcher, LauncherOptions},
    runtime::{Artifact, Runtime, RuntimeError, Workload, container::Container, oci_cli::OciCli},
};

fn prepared(container: &Container) -> Box<dyn Artifact> {
    container.prepare(&Workload::ready(), Temperature::Cold).unwrap()
}

/// Starts and stops a few, and checks their readings against the clock.
fn works(container: &Container) {
    let artifact = prepared(container);
    for _ in 0..3 {
        let before = clock::monotonic();
        let instance = artifact.start().unwrap();
        assert!((before..clock::monotonic()).contains(&instance.ready_at()));
        instance.stop().unwrap();
    }
    drop(artifact.start().unwrap());
}

#[test]
fn scratch_says_ready_and_names_its_versions() {
    let Some(launcher) = launcher() else { return };
    let Some(scratch) = container_common::available(Container::scratch(&launcher)) else { return };
    works(&scratch);
    let identity = scratch.identity();
    let names: Vec<_> = identity.components.iter().map(|component| component.name()).collect();
    assert_eq!(names, ["libcontainer", "rustc", "linux"]);
    assert_eq!(identity.isolation, Isolation::Container);
    assert_eq!(identity.settings["cgroup"], launcher.cgroup());
    let program = fs::metadata(scratch.rootfs().join("ready")).unwrap();
    assert!(program.len() < 4096, "a scratch image of {} bytes", program.len());
}

#[test]
fn busybox_says_ready_through_its_shell() {
    let Some(launcher) = launcher() else { return };
    let Some(busybox) = container_common::available(Container::busybox(&launcher)) else { return };
    works(&busybox);
    let names: Vec<_> = busybox.identity().components.iter().map(|component| component.name()).collect();
    assert_eq!(names, ["libcontainer", "busybox", "rustc", "linux"]);
}

#[test]
fn the_view_of_the_host_works_too() {
    let options = container_common::options(CgroupView::Host);
    let Some(launcher) = container_common::started(Launcher::start(options)) else { return };
    let Some(scratch) = container_common::available(Container::scratch(&launcher)) else { return };
    works(&scratch);
    let traces = Traces::of(&launcher);
    drop((scratch, launcher));
    traces.assert_gone();
}

#[test]
fn only_what_it_can_do_is_prepared() {
    let Some(launcher) = launcher() else { return };
    let Some(scratch) = container_common::available(Container::scratch(&launcher)) else { return };
    assert_eq!(scratch.temperatures(), [Temperature::Cold]);
    let warm = scratch.prepare(&Workload::ready(), Temperature::Warm).map(drop).unwrap_err();
    assert!(matches!(warm, RuntimeError::UnsupportedTemperature { .. }), "{warm}");
    let wasm = scratch.prepare(&Workload::wasm("own", b"(module)"), Temperature::Cold).map(drop).unwrap_err();
    assert!(matches!(wasm, RuntimeError::UnsupportedWorkload { .. }), "{wasm}");
}

#[test]
fn many_are_held_at_the_same_time() {
    let Some(launcher) = launcher() else { return };
    let Some(scratch) = container_common::available(Container::scratch(&launcher)) else { return };
    let artifact = prepared(&scratch);
    let traces = Traces::of(&launcher);
    let held: Vec<_> = (0..60).map(|_| artifact.start().unwrap()).collect();
    assert_eq!(traces.containers(), 60);
    assert!(held.is_sorted_by_key(|instance| instance.ready_at()));
    drop(held);
    assert_eq!(traces.containers(), 0);
}

#[test]
fn a_user_without_root_gets_containers_or_the_remedy() {
    let Some(open) = need::need("root", Open::new()) else { return };
    let Some(launcher) = launcher() else { return };
    let Some(scratch) = container_common::available(Container::scratch(&launcher)) else { return };
    // An image that root built.
    open.put(scratch.bundle_path(), "bundle");
    let said = open.run("as_another_user");
    assert!(said.contains("skipped: ") || said.contains("ran without root"), "{said}");
    println!("{said}");
}

/// The other half of the test above.
#[test]
#[ignore = "run by another test, as another user"]
fn as_another_user() {
    let directory = another_user::open_directory();
    let mut options = LauncherOptions::default();
    options.directory = Some(directory.join("own"));
    let Some(launcher) = container_common::started(Launcher::start(options)) else { return };
    assert!(launcher.rootless());
    let subject = "container/scratch".parse().unwrap();
    works(&Container::bundle(&launcher, subject, &directory.join("bundle")).unwrap());
    // What takes root, or a cgroup that was handed to this user.
    for peer in [OciCli::crun(&launcher).map(drop), OciCli::runc(&launcher).map(drop)] {
        let Err(RuntimeError::Unavailable(why)) = peer else { panic!("without root") };
        assert!(why.kind == RefusalKind::NotPermitted && why.to_string().contains("run as root"), "{why}");
    }
    println!("ran without root: cgroup {}", launcher.cgroup());
}

#[test]
fn nothing_is_written_outside() {
    let Some(launcher) = launcher() else { return };
    let Some(scratch) = container_common::available(Container::scratch(&launcher)) else { return };
    let instance = prepared(&scratch).start().unwrap();
    let state = launcher.directory().join("state");
    assert_eq!(fs::read_dir(&state).unwrap().count(), 0, "state is on a tmpfs that only helpers see");
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
    assert!(!mounts.contains(state.to_str().unwrap()), "{mounts}");
    let rootfs: Vec<_> = fs::read_dir(scratch.rootfs()).unwrap().flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(rootfs.len(), 3, "{rootfs:?}");
    for directory in ["dev", "proc"] {
        assert_eq!(fs::read_dir(scratch.rootfs().join(directory)).unwrap().count(), 0);
    }
    instance.stop().unwrap();
    let traces = Traces::of(&launcher);
    drop((scratch, launcher));
    traces.assert_gone();
    assert!(cgroups_left(&traces).is_empty());
}
