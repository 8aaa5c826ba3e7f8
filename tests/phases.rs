//! Starts by phase, for real: which phases each has, and that they add up to it. Where containers cannot be started, a test says
//! why and passes.
#![cfg(all(feature = "container", feature = "wasmtime"))]

mod container_common;

use container_common::{Altered, available, launcher};
use runtime_baseline::{
    Indicator, Metric, Phase, Temperature,
    experiment::{Experiment, Filter, Pass, Recorder},
    launcher::Launcher,
    plans::Startup,
    probe::{Phases, burst, burst_phases, phases, startup},
    runtime::{Artifact, Runtime, Workload, container::Container},
};

/// What libcontainer does, in its order, until the container's payload is at work.
const CONTAINER: [Phase; 9] = [
    Phase::Call,
    Phase::Bundle,
    Phase::Clone,
    Phase::Cgroup,
    Phase::Namespaces,
    Phase::Mounts,
    Phase::Privileges,
    Phase::Start,
    Phase::Exec,
];

fn of(phases: &Phases) -> Vec<Phase> {
    phases.each.keys().copied().collect()
}

/// Each is a stretch of one clock, next to the others: together they are the start, to the nanosecond.
fn add_up(phases: &Phases) {
    let sum: f64 = phases.each.values().sum();
    assert!((sum - phases.whole).abs() < 1e-3, "{sum} of {}: {:?}", phases.whole, phases.each);
    assert!(phases.each.values().all(|took| *took >= 0.0), "{:?}", phases.each);
}

/// The phases of one start, and of a small burst; then what was not marked still starts.
fn by_phase(artifact: &dyn Artifact, expected: &[Phase]) {
    let one = phases(artifact, 1).unwrap();
    eprintln!("{:>12} {:>10.0}", "whole", one.whole);
    one.each.iter().for_each(|(phase, took)| eprintln!("{phase:>12} {took:>10.0}"));
    assert_eq!(of(&one), expected);
    add_up(&one);
    let together = burst_phases(artifact, 4).unwrap();
    assert_eq!(of(&together), expected);
    add_up(&together);
    assert!(startup(artifact).unwrap() > 0);
    assert_eq!(burst(artifact, 2).unwrap().startup.len(), 2);
}

fn prepared(runtime: &dyn Runtime, temperature: Temperature) -> Box<dyn Artifact> {
    runtime.prepare(&Workload::ready(), temperature).unwrap()
}

#[test]
fn a_container_is_made_in_phases() {
    let Some(launcher) = launcher() else { return };
    let Some(scratch) = available(Container::scratch(&launcher)) else { return };
    by_phase(prepared(&scratch, Temperature::Cold).as_ref(), &CONTAINER);
}

/// An error within a start that is marked is the same as in another one, and the worker goes on.
#[test]
fn what_fails_with_marks_fails_as_without() {
    let Some(altered) = Altered::shell("exit 3") else { return };
    let broken = container_common::prepared(&altered.open().unwrap());
    let without = broken.start().map(drop).unwrap_err().to_string();
    let with = phases(broken.as_ref(), 1).unwrap_err().to_string();
    assert_eq!(with, without);
    drop(broken);
    altered.assert_clean();
}

fn of_module(launcher: &Launcher, name: &str, temperature: Temperature, engine: &[Phase]) {
    use runtime_baseline::runtime::wasm_container::WasmContainer;

    let made = match name {
        "wasmtime" => WasmContainer::wasmtime(launcher),
        _ => WasmContainer::wasmedge(launcher),
    };
    let Some(runtime) = available(made) else { return };
    eprintln!("container+{name}, {temperature}");
    let expected = [&CONTAINER, engine].concat();
    by_phase(prepared(&runtime, temperature).as_ref(), &expected);
}

#[test]
fn a_module_in_a_container_has_the_engines_phases_behind_the_containers() {
    use Phase::{Compile, Engine, Instantiate, Link, Load, Run};
    let Some(launcher) = launcher() else { return };
    of_module(&launcher, "wasmtime", Temperature::Cold, &[Load, Engine, Compile, Link, Instantiate, Run]);
    of_module(&launcher, "wasmtime", Temperature::Precompiled, &[Load, Link, Instantiate, Run]);
    #[cfg(feature = "wasmedge")]
    for temperature in [Temperature::Cold, Temperature::Precompiled] {
        of_module(&launcher, "wasmedge", temperature, &[Load, Engine, Compile, Link, Instantiate, Run]);
    }
}

/// All phases that a start of each engine in this process has, in their order.
#[test]
fn engines_in_this_process_are_marked_at_each_temperature() {
    use Phase::{Call, Compile, Engine, Instantiate, Link, Load, Run};
    use Temperature::{Cold, Precompiled, Warm};
    let all = [Call, Load, Engine, Compile, Link, Instantiate, Run];
    let wasmtime = runtime_baseline::runtime::wasmtime::Wasmtime::new().unwrap();
    by_phase(prepared(&wasmtime, Cold).as_ref(), &all);
    by_phase(prepared(&wasmtime, Precompiled).as_ref(), &[Call, Load, Link, Instantiate, Run]);
    by_phase(prepared(&wasmtime, Warm).as_ref(), &[Call, Instantiate, Run]);
    #[cfg(feature = "wasmi")]
    {
        let wasmi = runtime_baseline::runtime::wasmi::Wasmi::new().unwrap();
        by_phase(prepared(&wasmi, Cold).as_ref(), &all);
        by_phase(prepared(&wasmi, Warm).as_ref(), &[Call, Instantiate, Run]);
    }
    #[cfg(feature = "wasmedge")]
    {
        use runtime_baseline::runtime::wasmedge::{Mode, WasmEdge};
        let wasmedge = |mode| WasmEdge::new(mode).unwrap();
        by_phase(prepared(&wasmedge(Mode::Interpreter), Cold).as_ref(), &all);
        by_phase(prepared(&wasmedge(Mode::Aot), Precompiled).as_ref(), &all);
        by_phase(prepared(&wasmedge(Mode::Aot), Warm).as_ref(), &[Call, Engine, Instantiate, Run]);
        let jit = [Call, Load, Engine, Compile, Link, Run];
        by_phase(prepared(&wasmedge(Mode::Jit), Cold).as_ref(), &jit);
    }
}

/// What a bench records: means that add up, beside a whole of their own, and no figure of a whole start among them.
#[test]
fn recorded_phases_add_up_to_their_whole() {
    let directory = tempfile::tempdir().unwrap();
    let experiment =
        Experiment::new("tests/phases").pass(Pass::Test).only(Filter::part("startup_phases/wasmtime/").unwrap());
    let outcome = experiment.run_here(|plan| Startup::default().declare(plan)).unwrap();
    let mut recorder = Recorder::begin("tests/phases", directory.path()).unwrap();
    recorder.outcome(&outcome).unwrap();
    let run = recorder.baseline();
    assert!(outcome.failed.is_empty(), "{:?}", outcome.failed);
    for temperature in [Temperature::Cold, Temperature::Precompiled, Temperature::Warm] {
        let of: Vec<_> = run.metrics().iter().filter(|metric| metric.temperature() == Some(temperature)).collect();
        assert!(of.iter().all(|metric| metric.indicator() == Indicator::StartupTime));
        let part = |metric: &Metric| metric.provenance().environment().conditions.part().map(str::to_owned);
        let (whole, each): (Vec<&Metric>, Vec<&Metric>) =
            of.into_iter().partition(|metric| part(metric).as_deref() == Some(Phase::WHOLE));
        assert!(
            each.len() >= 3 && each.iter().all(|metric| part(metric).is_some_and(|p| Phase::of_part(&p).is_some()))
        );
        let sum: f64 = each.iter().map(|metric| metric.quantity().as_f64()).sum();
        let whole = whole[0].quantity().as_f64();
        // Each figure is rounded to a nanosecond.
        assert!((sum - whole).abs() <= each.len() as f64, "{temperature}: {sum} of {whole}");
    }
}
