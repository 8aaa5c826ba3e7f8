//! The container adapter, for real: starts, and what is left behind. Where containers cannot be started, each
//! test says why and passes.
#![cfg(feature = "container")]

mod container_common;

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use container_common::{Traces, cgroups_left, launcher, need};
use runtime_baseline::{
    Isolation, Temperature, clock,
    launcher::{CgroupView, Launcher, LauncherOptions},
    runtime::{Artifact, Runtime, RuntimeError, Workload, container::Container},
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

/// The folders of the libraries and of the loader that this program runs with (with those beside them, since a library may be
/// looked for by `../lib`), each after the first folder above it that only its owner may enter. A checkout below /root, or in a home, has WasmEdge's there, where another user cannot execute them.
fn closed_libraries() -> Vec<PathBuf> {
    let own = std::env::current_exe().unwrap();
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let files = maps.lines().filter_map(|line| line.find('/').map(|at| Path::new(&line[at..])));
    let folders: BTreeSet<_> = files.filter(|file| *file != own).filter_map(Path::parent).collect();
    let enterable = |folder: &Path| fs::metadata(folder).is_ok_and(|found| found.permissions().mode() & 0o001 != 0);
    let closed = folders.into_iter().filter_map(|folder| {
        let mut above: Vec<_> = folder.ancestors().collect();
        above.reverse();
        let first = above.into_iter().find(|above| !enterable(above))?;
        let beside = folder.parent().filter(|parent| *parent != first && parent.starts_with(first));
        Some([first.to_owned(), beside.unwrap_or(folder).to_owned()])
    });
    let pairs: BTreeSet<_> = closed.collect();
    pairs.into_iter().flatten().collect()
}

/// In a mount namespace of its own: opens what is closed, and becomes another user. Called with the open directory, and pairs
/// of a closed folder and one below it that is needed. What is needed is kept at hand while an empty folder covers what is
/// closed, and then put where it was.
const AS_ANOTHER_USER: &str = r#"
    set -e
    open=$1
    shift
    keep() { number=0; while [ $# -gt 0 ]; do
        number=$((number + 1)); mkdir "$open/needed$number"; mount --bind "$2" "$open/needed$number"; shift 2
    done; }
    put() { number=0; while [ $# -gt 0 ]; do
        number=$((number + 1))
        [ -e "$1/.covered" ] || { mount -t tmpfs -o mode=755 tmpfs "$1"; : >"$1/.covered"; }
        mkdir -p "$2"; mount --bind "$open/needed$number" "$2"; shift 2
    done; }
    keep "$@"
    put "$@"
    exec setpriv --reuid 65534 --regid 65534 --clear-groups \
        "$open/program" --exact as_another_user --ignored --nocapture
"#;

#[test]
fn a_user_without_root_gets_containers_or_the_remedy() {
    if !rustix::process::geteuid().is_root() {
        return need::skip("root", &"this test becomes another user");
    }
    let Some(launcher) = launcher() else { return };
    let Some(scratch) = container_common::available(Container::scratch(&launcher)) else { return };
    // Somewhere that any user can read, with an image that root built.
    let open = tempfile::tempdir().unwrap();
    let copy = |from: &Path, to: &str| {
        let status = Command::new("cp").arg("-r").arg(from).arg(open.path().join(to)).status().unwrap();
        assert!(status.success());
    };
    copy(scratch.bundle_path(), "bundle");
    copy(&std::env::current_exe().unwrap(), "program");
    fs::create_dir(open.path().join("state")).unwrap();
    let chmod = Command::new("chmod").args(["-R", "a+rX"]).arg(open.path()).status().unwrap();
    assert!(chmod.success());
    let output = Command::new("unshare")
        .args(["--mount", "--propagation", "private", "sh", "-c", AS_ANOTHER_USER, "sh"])
        .arg(open.path())
        .args(closed_libraries())
        .env("OPEN_DIRECTORY", open.path())
        // That user may lack the right: then what it is told is looked at below.
        .env_remove("RUNTIME_BASELINE_REQUIRE")
        .current_dir("/")
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned()).concat();
    assert!(output.status.success(), "{said}");
    assert!(said.contains("skipped: ") || said.contains("ran without root"), "{said}");
    println!("{said}");
}

/// The other half of the test above.
#[test]
#[ignore = "run by another test, as another user"]
fn as_another_user() {
    let directory = PathBuf::from(std::env::var_os("OPEN_DIRECTORY").expect("set by the other test"));
    let mut options = LauncherOptions::default();
    options.directory = Some(directory.clone());
    let Some(launcher) = container_common::started(Launcher::start(options)) else { return };
    assert!(launcher.rootless());
    let subject = "container/scratch".parse().unwrap();
    works(&Container::bundle(&launcher, subject, &directory.join("bundle")).unwrap());
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
