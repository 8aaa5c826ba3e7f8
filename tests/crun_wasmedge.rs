//! Modules by crun's own handler, for real: what it says of bad ones, what holds them, what they cost, and that nothing is left.
//! Where it cannot run, each test says why and passes.
#![cfg(feature = "container")]

mod container_common;

use std::time::Duration;

use container_common::{
    Traces, assert_processes_gone, available, burst_until_killed, bursting, launcher, measured, prepared,
};
use procfs::process::{MMPermissions, MMapPath, Process};
use runtime_baseline::{
    Isolation, Temperature, clock,
    launcher::Launcher,
    probe::{Target, idle_cpu, memory_growth, memory_peak, shipped},
    runtime::{Artifact, Limits, Runtime, RuntimeError, Workload, crun_wasmedge::CrunWasmEdge},
};

const SUBJECTS: [&str; 2] = ["crun+wasmedge", "crun+wasmedge/0.17"];

/// Both pairs, where they run.
fn pairs(launcher: &Launcher) -> Vec<CrunWasmEdge> {
    let both = [CrunWasmEdge::of_machine(launcher), CrunWasmEdge::with_newer(launcher)];
    both.into_iter().filter_map(available).collect()
}

/// Each pair, with a launcher of its own; afterwards nothing of that is left.
fn each_pair(check: impl Fn(&Launcher, CrunWasmEdge)) {
    for subject in SUBJECTS {
        let Some(launcher) = launcher() else { return };
        let traces = Traces::of(&launcher);
        let Some(pair) = pairs(&launcher).into_iter().find(|pair| pair.identity().subject.as_str() == subject) else {
            continue;
        };
        check(&launcher, pair);
        assert_eq!(traces.containers(), 0, "containers left while the launcher lives");
        drop(launcher);
        traces.assert_gone();
    }
}

fn module(text: &str) -> Workload {
    Workload::wasm("module", text.as_bytes())
}

/// A module that says ready, with more at the end of `_start`.
fn ready_then(more: &str) -> Workload {
    let ready = include_str!("../fixtures/workloads/ready.wat").trim_end();
    module(&format!("{}{more}))", ready.strip_suffix("))").expect("the end of a function and of the module")))
}

#[test]
fn both_versions_and_the_handler_are_named() {
    each_pair(|_, pair| {
        let identity = pair.identity();
        assert_eq!(identity.isolation, Isolation::WasmInContainer);
        let components: Vec<_> = identity.components.iter().map(|component| component.name()).collect();
        assert_eq!(components, ["wasmedge", "crun", "linux"]);
        assert_eq!(identity.settings["handler"], "run.oci.handler=wasm");
        if identity.subject.as_str() == SUBJECTS[1] {
            assert!(identity.components[0].version().starts_with("0.17."), "{}", identity.components[0]);
            assert_eq!(pair.temperatures(), [Temperature::Cold]);
        }
    });
}

#[test]
fn what_is_ready_waits_for_the_end_of_its_input() {
    each_pair(|launcher, pair| {
        let traces = Traces::of(launcher);
        for workload in [Workload::ready(), Workload::http_handler(), Workload::compute_kernel()] {
            let artifact = pair.prepare(&workload, Temperature::Cold).unwrap();
            let before = clock::monotonic();
            let mut instance = artifact.start().unwrap();
            assert!((before..clock::monotonic()).contains(&instance.ready_at()));
            assert!(instance.is_alive());
            assert_eq!(traces.containers(), 1);
            instance.stop().unwrap();
            let before = clock::monotonic();
            let ready = artifact.lifecycle().unwrap();
            assert!((before..clock::monotonic()).contains(&ready));
        }
    });
}

/// What the engine maps to run machine code, and an interpreter does not.
#[test]
fn a_precompiled_module_is_machine_code() {
    each_pair(|launcher, pair| {
        let traces = Traces::of(launcher);
        let code = |temperature| {
            let artifact = pair.prepare(&Workload::http_handler(), temperature).unwrap();
            let instance = artifact.start().unwrap();
            let pid = traces.workers().into_iter().flat_map(|worker| traces.containers_of(worker)).next().unwrap();
            let maps = Process::new(pid).unwrap().maps().unwrap();
            let executable = |map: &&procfs::process::MemoryMap| {
                map.perms.contains(MMPermissions::EXECUTE) && map.pathname == MMapPath::Anonymous
            };
            let found = maps.iter().filter(executable).count();
            instance.stop().unwrap();
            (found, artifact.settings()["mode"].clone())
        };
        assert_eq!(code(Temperature::Cold), (0, "interpreter".to_owned()));
        if pair.temperatures().contains(&Temperature::Precompiled) {
            let (found, mode) = code(Temperature::Precompiled);
            assert!(found > 0, "no machine code in memory");
            assert_eq!(mode, "aot");
        }
    });
}

/// The log of the engine stands where the reading would be, and is no reading.
#[test]
fn what_the_engine_says_is_the_reason_of_a_start_and_of_a_lifecycle() {
    each_pair(|_, pair| {
        let artifact = |workload: Workload| pair.prepare(&workload, Temperature::Cold).unwrap();
        let both = |workload: Workload| {
            let artifact = artifact(workload);
            let started = artifact.start().and_then(|instance| instance.stop()).unwrap_err();
            (started, artifact.lifecycle().map(drop).unwrap_err())
        };
        let (started, run) = both(module(include_str!("../fixtures/workloads/trap.wat")));
        for error in [started, run] {
            assert!(matches!(&error, RuntimeError::Failed { reason, .. } if reason.contains("unreachable")), "{error}");
        }
        let (started, run) = both(module(include_str!("../fixtures/workloads/missing-import.wat")));
        for error in [started, run] {
            assert!(matches!(&error, RuntimeError::Invalid { reason, .. } if reason.contains("import")), "{error}");
        }
        // Ready, and then wrong: the reading holds, and its end tells.
        let (stopped, run) = both(ready_then(" unreachable"));
        for error in [stopped, run] {
            assert!(matches!(&error, RuntimeError::Failed { reason, .. } if reason.contains("status 1")), "{error}");
        }
        // It is not waited for where it has not said all of its reading.
        let (started, run) = both(module(include_str!("../fixtures/workloads/half-ready.wat")));
        for error in [started, run] {
            assert!(matches!(error, RuntimeError::NotReady { .. }), "{error}");
        }
        // The handler drops the status of a guest, so that this is merely one that was never ready.
        let error = artifact(module(include_str!("../fixtures/workloads/exit-3.wat"))).start().map(drop).unwrap_err();
        assert!(matches!(error, RuntimeError::NotReady { .. }), "{error}");
        prepared(&pair).start().unwrap().stop().unwrap();
    });
}

#[test]
fn an_endless_module_ends_with_its_container() {
    each_pair(|launcher, pair| {
        let mut limits = Limits::default();
        limits.time = Duration::from_secs(2);
        let pair = pair.with_limits(limits);
        let endless = pair.prepare(&module(include_str!("../fixtures/workloads/loop.wat")), Temperature::Cold).unwrap();
        let error = endless.start().map(drop).unwrap_err();
        assert!(matches!(error, RuntimeError::TimeLimit { .. }), "{error}");
        assert_eq!(Traces::of(launcher).containers(), 0);
        let error = endless.lifecycle().map(drop).unwrap_err();
        assert!(matches!(error, RuntimeError::TimeLimit { .. } | RuntimeError::Failed { .. }), "{error}");
    });
}

#[test]
fn many_are_held_and_end_with_their_handles() {
    each_pair(|launcher, pair| {
        let artifact = prepared(&pair);
        artifact.reserve_live(12, 4).unwrap();
        let mut held: Vec<_> = (0..12).map(|_| artifact.start().unwrap()).collect();
        assert_eq!(Traces::of(launcher).containers(), 12);
        assert!(held.iter_mut().all(|instance| instance.is_alive()));
    });
}

#[test]
fn a_killed_parent_leaves_nothing() {
    let Some(launcher) = launcher() else { return };
    if pairs(&launcher).is_empty() {
        return;
    }
    drop(launcher);
    let (mut victim, traces) = bursting("victim");
    let all = traces.all();
    victim.kill().unwrap();
    victim.wait().unwrap();
    assert_processes_gone(&all);
    traces.assert_gone();
}

#[test]
#[ignore = "run by another test, which kills it"]
fn victim() {
    let launcher = launcher().unwrap();
    let artifact: Box<dyn Artifact> = prepared(&pairs(&launcher)[0]);
    burst_until_killed(&launcher, artifact.as_ref());
}

#[test]
fn every_footprint_can_be_measured() {
    for subject in SUBJECTS {
        let target = Target::new(subject, Workload::ready(), Temperature::Cold);
        let Some(peak) = measured(memory_peak(&target)) else { continue };
        println!("{subject}: {} bytes at the peak of a start, by {}", peak.bytes, peak.method);
        assert!(peak.bytes > 1 << 20, "a library of its size takes more: {peak:?}");
        let growth = memory_growth(&target, &[4, 8, 12]).unwrap();
        println!("{subject}: each holds {} bytes", growth.pss_slope().unwrap());
        let points = growth.points();
        assert_eq!(points.iter().map(|point| point.processes - points[0].processes).collect::<Vec<_>>(), [0, 4, 8, 12]);
        let idle = idle_cpu(&target, 3, Duration::from_millis(100), 2).unwrap();
        assert!(idle.percent_each().iter().all(|percent| *percent < 20.0), "it waits, and does not look: {idle:?}");
        // The image holds the module alone.
        let size = shipped(&target).unwrap().size.expect("a container ships its image");
        assert!((100..4096).contains(&size.bytes), "{size:?}");
    }
}
