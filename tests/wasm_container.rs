//! Wasm modules inside containers, for real: what they are told from, what holds them, and what is left of them. Where
//! containers cannot be started, each test says why and passes.
#![cfg(all(feature = "container", any(feature = "wasmedge", feature = "wasmtime")))]

mod container_common;

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
    sync::Barrier,
    thread,
};

use container_common::{Traces, available, launcher, started};
use procfs::process::Process;
use runtime_baseline::{
    Isolation, Temperature,
    launcher::{Launcher, LauncherOptions},
    runtime::{Runtime, RuntimeError, Workload, container::Container, wasm_container::WasmContainer},
};
use serde_json::{Value, json};

type Make = fn(&Launcher) -> Result<WasmContainer, RuntimeError>;

/// Each engine of this build, with a launcher of its own; afterwards nothing of that is left.
fn each_engine(check: impl Fn(&Launcher, WasmContainer)) {
    each_engine_with(&LauncherOptions::default(), check);
}

fn each_engine_with(options: &LauncherOptions, check: impl Fn(&Launcher, WasmContainer)) {
    let engines: &[Make] = &[
        #[cfg(feature = "wasmtime")]
        WasmContainer::wasmtime,
        #[cfg(feature = "wasmedge")]
        WasmContainer::wasmedge,
    ];
    for make in engines {
        let Some(launcher) = started(Launcher::start(options.clone())) else { return };
        let Some(runtime) = available(make(&launcher)) else { continue };
        eprintln!("{}", runtime.identity().subject);
        let traces = Traces::of(&launcher);
        check(&launcher, runtime);
        assert_eq!(traces.containers(), 0, "containers left while the launcher lives");
        drop(launcher);
        traces.assert_gone();
    }
}

fn no_bundle_of(process: u32, launcher: &Path) {
    let prefix = format!("bundle-{process}-");
    let left = fs::read_dir(launcher.join("bundles")).into_iter().flatten().flatten();
    let left: Vec<_> = left.filter(|entry| entry.file_name().to_string_lossy().starts_with(&prefix)).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn the_engine_comes_first_and_the_isolation_is_named() {
    each_engine(|_, runtime| {
        let identity = runtime.identity();
        let names: Vec<_> = identity.components.iter().map(|component| component.name()).collect();
        assert!(["wasmtime", "WasmEdge"].contains(&names[0]), "{names:?}");
        let after = if names[0] == "WasmEdge" {
            &["wasmedge-sdk", "libcontainer", "linux"][..]
        } else {
            &["libcontainer", "linux"]
        };
        assert_eq!(names[1..], *after);
        assert_eq!(identity.isolation, Isolation::WasmInContainer);
    });
}

/// The processes that `worker` holds, as /proc shows them.
fn status(pid: i32, field: &str) -> String {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(field)).unwrap_or_default();
    line.trim_start_matches(':').trim().to_owned()
}

#[test]
fn an_instance_is_contained_and_holds_only_its_own() {
    each_engine(|launcher, runtime| {
        for temperature in runtime.temperatures() {
            let artifact = runtime.prepare(&Workload::ready(), *temperature).unwrap();
            // Held by the same worker: the second must not hold the first one's standard input open.
            let (first, second) = (artifact.start().unwrap(), artifact.start().unwrap());
            let traces = Traces::of(launcher);
            let pids: Vec<i32> = traces.workers().into_iter().flat_map(|worker| traces.containers_of(worker)).collect();
            assert_eq!(pids.len(), 2);
            for pid in pids {
                for set in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
                    assert_eq!(status(pid, set), "0000000000000000", "{set}");
                }
                assert_eq!(status(pid, "NoNewPrivs"), "1");
                let files = fs::read_dir(format!("/proc/{pid}/fd")).unwrap().flatten();
                let files: Vec<_> = files.map(|file| (file.file_name(), fs::read_link(file.path()))).collect();
                // Beyond the standard streams and the verdict there is what the engine maps, and nothing inherited.
                let known = |(number, target): &(_, std::io::Result<std::path::PathBuf>)| {
                    let inherited = ["pipe:", "socket:", "anon_inode:"];
                    ["0", "1", "2", "3"].map(std::ffi::OsString::from).contains(number)
                        || target.as_ref().is_ok_and(|target| {
                            !inherited.iter().any(|kind| target.to_string_lossy().starts_with(kind))
                        })
                };
                assert!(files.iter().all(known), "{files:?}");
                let link = |kind: &str, pid: &str| fs::read_link(format!("/proc/{pid}/ns/{kind}")).unwrap();
                for kind in ["pid", "net", "ipc", "uts", "mnt", "cgroup"] {
                    assert_ne!(link(kind, &pid.to_string()), link(kind, "self"), "{kind}");
                }
                let root = fs::read_dir(format!("/proc/{pid}/root")).unwrap();
                let names: Vec<_> = root.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
                assert!(names.len() == 2 && names.iter().any(|name| name.starts_with("module.")), "{names:?}");
            }
            first.stop().unwrap();
            second.stop().unwrap();
        }
    });
}

#[test]
fn a_bundle_is_a_module_only_where_it_says_so() {
    let wasm = wat::parse_bytes(include_bytes!("../fixtures/workloads/ready.wat")).unwrap();
    each_engine(|launcher, runtime| {
        let Some(scratch) = available(Container::scratch(launcher)) else { return };
        let directory = tempfile::tempdir().unwrap();
        let copied = Command::new("cp").arg("-a").arg(scratch.bundle_path().join(".")).arg(directory.path()).status();
        assert!(copied.unwrap().success());
        for name in ["module", "module.wasm"] {
            fs::write(directory.path().join("rootfs").join(name), &wasm).unwrap();
        }
        let start = |program: &str, annotations: Value| {
            let file = directory.path().join("config.json");
            let mut config: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
            config["process"]["args"] = json!([program]);
            config["annotations"] = annotations;
            fs::write(&file, config.to_string()).unwrap();
            runtime.bundle(directory.path()).and_then(|artifact| artifact.start()).and_then(|instance| instance.stop())
        };
        start("/module.wasm", json!({})).unwrap();
        start("/module", json!({ "run.oci.handler": "wasm" })).unwrap();
        start("/module", json!({ "module.wasm.image/variant": "compat" })).unwrap();
        start("/ready", json!({})).unwrap();
        // Neither is the other: the kernel executes no module, and no engine runs ELF.
        start("/module", json!({})).unwrap_err();
        let error = start("/ready", json!({ "run.oci.handler": "wasm" })).unwrap_err();
        assert!(matches!(error, RuntimeError::Invalid { .. }), "{error}");
    });
}

#[test]
fn a_burst_of_100_loses_none_and_leaves_nothing() {
    // Its own, since other tests have bundles as well.
    let directory = tempfile::tempdir().unwrap();
    let mut options = LauncherOptions::default();
    options.directory = Some(directory.path().to_owned());
    each_engine_with(&options, |launcher, runtime| {
        for temperature in runtime.temperatures() {
            let artifact = runtime.prepare(&Workload::ready(), *temperature).unwrap();
            artifact.reserve(100).unwrap();
            let barrier = Barrier::new(100);
            thread::scope(|scope| {
                for _ in 0..100 {
                    scope.spawn(|| {
                        barrier.wait();
                        artifact.start().unwrap().stop().unwrap();
                    });
                }
            });
        }
        no_bundle_of(std::process::id(), launcher.directory());
    });
}

/// Memory that was written to and is nobody else's, in KiB, and descriptors, of the launcher's helpers and of this process. A
/// share of pages that others map as well would change when these end.
fn held(traces: &Traces) -> (i64, usize) {
    let pids = traces.all().into_iter().map(|stat| stat.pid).chain([std::process::id() as i32]);
    pids.fold((0, 0), |(memory, descriptors), pid| {
        let process = Process::new(pid).unwrap();
        let rollup = process.smaps_rollup().unwrap().memory_map_rollup;
        let own: u64 = rollup.0.iter().map(|map| map.extension.map["Private_Dirty"]).sum();
        (memory + (own / 1024) as i64, descriptors + process.fd_count().unwrap())
    })
}

/// In a process of its own: other tests hold descriptors as well.
#[test]
fn two_thousand_starts_leave_no_memory_and_no_descriptor() {
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child_that_starts_two_thousand", "--ignored"])
        .output()
        .unwrap();
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stdout));
}

#[test]
#[ignore = "run by the test above, in a process of its own"]
fn child_that_starts_two_thousand() {
    const STARTS: i64 = 2000;
    each_engine(|launcher, runtime| {
        let artifacts: Vec<_> = (runtime.temperatures().iter())
            .map(|temperature| runtime.prepare(&Workload::ready(), *temperature).unwrap())
            .collect();
        let start = |times: i64| {
            for index in 0..times {
                artifacts[index as usize % artifacts.len()].start().unwrap().stop().unwrap();
            }
        };
        // Until the allocators have all that they keep.
        start(200);
        let traces = Traces::of(launcher);
        let (memory, descriptors) = held(&traces);
        start(STARTS);
        let (memory_after, descriptors_after) = held(&traces);
        let subject = &runtime.identity().subject;
        assert!(memory_after - memory < STARTS, "{subject}: {memory} KiB, then {memory_after} after {STARTS} starts");
        assert_eq!(descriptors_after, descriptors, "{subject}");
    });
}

/// In the child of the next test: starts in a burst for ever.
#[test]
#[ignore = "run by a_kill_in_a_burst_leaves_nothing"]
fn child_that_bursts() {
    each_engine(|launcher, runtime| {
        let artifact = runtime.prepare(&Workload::ready(), Temperature::Precompiled).unwrap();
        artifact.reserve(16).unwrap();
        println!("\nkeeper {} {}", launcher.process_id(), launcher.directory().display());
        thread::scope(|scope| {
            for _ in 0..16 {
                scope.spawn(|| {
                    loop {
                        drop(artifact.start().unwrap());
                    }
                });
            }
        });
    });
}

#[test]
fn a_kill_in_a_burst_leaves_nothing() {
    let Some(own) = launcher() else { return };
    drop(own);
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child_that_bursts", "--ignored", "--nocapture"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let line = lines.find_map(|line| line.strip_prefix("keeper ").map(str::to_owned));
    let Some((keeper, directory)) = line.as_deref().and_then(|line| line.split_once(' ')) else {
        child.wait().unwrap();
        panic!("the child said nothing");
    };
    let traces = Traces::of_keeper(keeper.parse().unwrap());
    let all = loop {
        let all = traces.all();
        if all.len() > 18 {
            break all;
        }
        thread::yield_now();
    };
    child.kill().unwrap();
    child.wait().unwrap();
    container_common::assert_processes_gone(&all);
    traces.assert_gone();
    // Its bundle goes with the next process that prepares one.
    each_engine(|launcher, runtime| {
        runtime.prepare(&Workload::ready(), Temperature::Cold).unwrap();
        assert_eq!(launcher.directory(), Path::new(directory));
        no_bundle_of(child.id(), launcher.directory());
    });
}
