//! What README's table says of a user without any right: what runs, runs for such a user, and what does not says what it takes.
//! Containers have their own such test, in `container.rs`.
#![cfg(feature = "measure")]

#[path = "support/another_user.rs"]
mod another_user;
#[path = "support/need.rs"]
mod need;

use std::{fs, time::Duration};

use another_user::{Open, open_directory};
use runtime_baseline::{
    Baseline, Indicator, Isolation, Language, Statistic, Temperature,
    adapter::RefusalKind,
    experiment::{Experiment, Figure, Lane, Plan, Turns},
    policy::{self, Policy},
    probe::{
        Budget, Fill, ProbeError, Target, cold_start_cpu_peak, fill, first_decision, idle_cpu, memory_growth, shipped,
        startup,
    },
    report::Report,
    runtime::{self, Limits, Runtime, Workload, noop::Noop},
};

/// Each is run by that user alone, in a process of its own.
fn by_another_user(test: &str) {
    let Some(open) = need::need("root", Open::new()) else { return };
    let said = open.run(test);
    assert!(said.contains("1 passed"), "{said}");
}

#[test]
fn an_ordinary_user_measures_and_decides_within_a_process() {
    by_another_user("starts_and_decisions");
}

#[test]
#[ignore = "run by another test, as another user"]
fn starts_and_decisions() {
    let registry = runtime::Registry::of_this_machine();
    let mut ran = Vec::new();
    for runtime in registry.runtimes().filter(|it| !it.identity().isolation.is_contained()) {
        for temperature in runtime.temperatures() {
            let artifact = runtime.prepare(&Workload::ready(), *temperature).unwrap();
            assert!(startup(artifact.as_ref()).unwrap() > 0 || runtime.identity().isolation == Isolation::None);
        }
        ran.push(runtime.identity().subject.to_string());
    }
    // What is refused for want of a right are containers.
    let refused = registry.unavailable().iter().filter(|it| it.kind == RefusalKind::NotPermitted);
    for why in refused {
        assert!(["container", "crun", "runc"].iter().any(|name| why.subject.as_str().starts_with(name)), "{why}");
    }
    assert!(ran.iter().any(|subject| subject == "noop"), "{ran:?}");
    assert_eq!(ran.iter().any(|subject| subject == "wasmtime"), cfg!(feature = "wasmtime"), "{ran:?}");

    let policy = Policy::by_name("http_authz").unwrap();
    let engines = policy::Registry::of_this_machine();
    for engine in engines.engines() {
        for form in engine.forms() {
            let loader = engine.prepare(&policy, *form, Limits::default()).unwrap();
            assert!(first_decision(loader.as_ref(), &policy, &policy.cases[0]).unwrap() > 0);
        }
    }
    assert!(engines.unavailable().iter().all(|it| it.kind != RefusalKind::NotPermitted));
}

#[test]
fn an_ordinary_user_measures_in_fresh_processes() {
    by_another_user("fresh_processes");
}

#[test]
#[ignore = "run by another test, as another user"]
fn fresh_processes() {
    let target = Target::new("noop", Workload::ready(), Temperature::Warm);
    assert!(memory_growth(&target, &[1, 10, 20]).is_ok());
    assert!(shipped(&target).is_ok());
    let filled = fill(&Fill::new(target.clone(), Budget::default().count(50))).unwrap();
    assert_eq!(filled.density.ready, 50);
    // CPU time is counted by perf events, a group of one's own or the process's clock: where none will do, it says so.
    let span = Duration::from_millis(1);
    let idle = idle_cpu(&target, 1, Duration::from_millis(20), 1).map(drop);
    let peak = cold_start_cpu_peak(&target, 2, 1, span).map(drop);
    for refused in [idle, peak].into_iter().filter_map(Result::err) {
        let ProbeError::Unavailable(why) = &refused else { panic!("{refused}") };
        assert!(why.to_string().contains("perf_event_paranoid"), "{why}");
    }
}

#[test]
#[cfg(feature = "store")]
fn an_ordinary_user_opens_stores() {
    by_another_user("stores");
}

#[test]
#[cfg(feature = "store")]
#[ignore = "run by another test, as another user"]
fn stores() {
    let registry = runtime_baseline::store::Registry::of_this_machine();
    for store in registry.adapters() {
        let live = store.open().unwrap();
        live.client().unwrap().create("/registry/pods/default/one", b"a pod").unwrap();
    }
    assert!(registry.unavailable().iter().all(|it| it.kind != RefusalKind::NotPermitted));
}

#[test]
fn an_ordinary_user_records_and_reports() {
    by_another_user("a_record_and_a_report");
}

#[test]
#[ignore = "run by another test, as another user"]
fn a_record_and_a_report() {
    let directory = open_directory().join("own/baseline");
    let experiment = Experiment::new("tests/ordinary_user");
    let outcome = experiment
        .run_here(|plan: &mut Plan| {
            let noop = Noop::new();
            let artifact = noop.prepare(&Workload::ready(), Temperature::Warm)?;
            let figure = Figure::new(Indicator::StartupTime, noop.identity(), "ready").at(Temperature::Warm);
            let lane = Lane::single("noop/warm", figure, &[Statistic::Median], move || startup(artifact.as_ref()));
            plan.group("startup_time", Turns::rounds(8).of(10), vec![lane]);
            Ok(())
        })
        .unwrap();
    let mut recorder = runtime_baseline::experiment::Recorder::begin(experiment.name(), &directory).unwrap();
    recorder.outcome(&outcome).unwrap();
    recorder.finish().unwrap();
    let baseline = Baseline::load(directory.join("baseline.json")).unwrap();
    assert_eq!(baseline.metrics().len(), 1);
    let report = Report::of(&baseline).with_raw_data(&directory).markdown(Language::English);
    fs::write(directory.join("report.md"), report).unwrap();
    // The machine is captured without root: what only root could read would be missing.
    let environment = baseline.metrics()[0].provenance().environment();
    assert!(environment.hardware.cores.is_some() && environment.hardware.memory_bytes.is_some());
    assert!(environment.software.kernel.is_some() && environment.software.os.is_some());
}
