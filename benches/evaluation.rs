//! What a policy decision costs: each engine on each policy, the engine's startup and its warm evaluation apart.
//!
//! `cargo bench --bench evaluation` records; `-- --quick` takes less time.

#[cfg(feature = "regorus")]
#[path = "support/bare_regorus.rs"]
mod bare_regorus;
mod support;

use std::{error::Error, time::Duration};

use runtime_baseline::{
    Indicator, Statistic, Temperature, UnavailableRow,
    policy::{Policy, PolicyEngine, PolicyError, PolicyForm, Registry},
    probe::{Interleaved, Lane, evaluate, first_decision},
    runtime::Limits,
    session::{Figure, Session},
};
use support::{Mode, Place};

fn main() -> Result<(), Box<dyn Error>> {
    let mode = Mode::of_this_run();
    let place = Place::of(mode);
    let registry = Registry::of_this_machine();
    let mut session = Session::begin("benches/evaluation", place.path())?;
    for policy in Policy::all() {
        startups(&mut session, &registry, &policy, mode)?;
        evaluations(&mut session, &registry, &policy, mode)?;
    }
    for refusal in registry.unavailable() {
        for indicator in [Indicator::EngineStartup, Indicator::EvaluationLatency] {
            let (reason, remedy) = (refusal.reason.clone(), refusal.remedy.clone());
            session.unavailable(UnavailableRow::new(refusal.subject.clone(), indicator, reason, remedy));
        }
    }
    drop(registry);
    support::finish(session, &place, mode);
    Ok(())
}

fn figure(indicator: Indicator, engine: &dyn PolicyEngine, policy: &Policy, form: PolicyForm) -> Figure {
    let figure = Figure::new(indicator, engine.identity(), &policy.name);
    // The temperature of a policy engine: whether it compiles the policy itself.
    match form {
        PolicyForm::Precompiled => figure.at(Temperature::Precompiled),
        _ => figure.at(Temperature::Cold),
    }
}

fn lane_name(engine: &dyn PolicyEngine, form: PolicyForm) -> String {
    let subject = engine.identity().subject.as_str().replace('/', "-");
    match form {
        PolicyForm::Precompiled => format!("{subject}/precompiled"),
        _ => format!("{subject}/source"),
    }
}

/// `engine_startup`: bytes on disk to the first correct decision.
fn startups(session: &mut Session, registry: &Registry, policy: &Policy, mode: Mode) -> Result<(), Box<dyn Error>> {
    let Some(case) = policy.cases.first() else { return Ok(()) };
    let (mut figures, mut lanes) = (Vec::new(), Vec::new());
    for engine in registry.engines() {
        for form in engine.forms() {
            let figure = figure(Indicator::EngineStartup, engine, policy, *form);
            match engine.prepare(policy, *form, Limits::default()) {
                Ok(loader) => {
                    lanes.push(Lane::new(lane_name(engine, *form), move || {
                        first_decision(loader.as_ref(), policy, case)
                    }));
                    figures.push(Some(figure));
                }
                Err(error) => session.unavailable(refused(&figure, error)),
            }
        }
    }
    let mut lanes = Interleaved::new(lanes);
    if mode != Mode::Test {
        lanes.warm_up(Duration::from_millis(50));
    }
    let mut criterion = support::criterion(mode, Duration::from_millis(200), Duration::from_millis(800));
    support::measure(&mut criterion, &format!("engine_startup/{}", policy.name), &mut lanes);
    Ok(support::record(session, &lanes, &figures, &[Statistic::Median, Statistic::P99])?)
}

/// `evaluation_latency`: one decision, engine warm. Loaded from the form that the engine loads fastest: once loaded, they
/// are the same.
fn evaluations(session: &mut Session, registry: &Registry, policy: &Policy, mode: Mode) -> Result<(), Box<dyn Error>> {
    let (mut figures, mut lanes) = (Vec::new(), Vec::new());
    for engine in registry.engines() {
        let Some(form) = engine.forms().last().copied() else { continue };
        let figure = Figure::new(Indicator::EvaluationLatency, engine.identity(), &policy.name).at(Temperature::Warm);
        match engine.prepare(policy, form, Limits::default()).and_then(|loader| loader.load()) {
            Ok(loaded) => {
                lanes.push(Lane::new(engine.identity().subject.as_str().replace('/', "-"), evaluate(loaded, policy)?));
                figures.push(Some(figure));
            }
            Err(error) => session.unavailable(refused(&figure, error)),
        }
    }
    by_hand(policy, &mut lanes);
    figures.resize_with(lanes.len(), || None);
    let mut lanes = Interleaved::new(lanes);
    if mode != Mode::Test {
        lanes.warm_up(Duration::from_millis(50));
    }
    let mut criterion = support::criterion(mode, Duration::from_millis(200), Duration::from_millis(800));
    support::measure(&mut criterion, &format!("evaluation_latency/{}", policy.name), &mut lanes);
    support::record(session, &lanes, &figures, &[Statistic::Median, Statistic::P99])?;
    if mode != Mode::Test {
        support::print_overhead(&lanes, "regorus", "regorus by hand");
        support::print_overhead(&lanes, "regorus-rvm", "regorus-rvm by hand");
    }
    Ok(())
}

/// The same calls without the adapter, in the same rounds.
#[cfg(feature = "regorus")]
fn by_hand<'a>(policy: &'a Policy, lanes: &mut Vec<Lane<'a>>) {
    use runtime_baseline::{clock::monotonic, probe::LaneError};

    let (data, rule) =
        (policy.data.as_deref().unwrap_or("{}"), format!("data.{}", policy.entrypoint.replace('/', ".")));
    let limit = Limits::default().time;
    let mut engine = bare_regorus::interpreter(&policy.rego, data, limit);
    let mut vm = bare_regorus::rvm(&policy.rego, data, &rule, limit);
    let (mut turns, mut vm_turns) = (policy.cases.iter().cycle(), policy.cases.iter().cycle());
    lanes.push(Lane::new("regorus by hand", move || {
        let case = turns.next().ok_or_else(|| LaneError::from("no case"))?;
        let begin = monotonic();
        let decision = bare_regorus::interpret(&mut engine, &rule, &case.input);
        let took = monotonic() - begin;
        drop(decision);
        Ok::<_, LaneError>(took)
    }));
    lanes.push(Lane::new("regorus-rvm by hand", move || {
        let case = vm_turns.next().ok_or_else(|| LaneError::from("no case"))?;
        let begin = monotonic();
        let decision = bare_regorus::run(&mut vm, &case.input);
        let took = monotonic() - begin;
        drop(decision);
        Ok::<_, LaneError>(took)
    }));
}

#[cfg(not(feature = "regorus"))]
fn by_hand<'a>(_: &'a Policy, _: &mut Vec<Lane<'a>>) {}

/// An engine that cannot run here says what to do; another refusal is a failed measurement.
fn refused(figure: &Figure, error: PolicyError) -> UnavailableRow {
    match error {
        PolicyError::Unavailable(refusal) => {
            UnavailableRow::new(refusal.subject, figure.indicator, refusal.reason, refusal.remedy)
                .with_workload(&figure.workload)
        }
        error => support::failed(figure, &error),
    }
}
