//! What a policy decision costs: each engine on each policy, the engine's startup and its warm evaluation apart, one
//! decision at a time and side by side, and how it grows with the data.
//!
//! `cargo bench --bench evaluation` records; `-- --quick` takes less time.

#[path = "evaluation/by_hand.rs"]
mod by_hand;
#[path = "evaluation/growth.rs"]
mod growth;
#[path = "evaluation/lanes.rs"]
mod lanes;
#[path = "evaluation/matrix.rs"]
mod matrix;
#[path = "evaluation/side_by_side.rs"]
mod side_by_side;
mod support;

use std::error::Error;

use lanes::Planned;
use runtime_baseline::{
    Indicator, Temperature, UnavailableRow,
    policy::{Policy, PolicyEngine, PolicyForm, Registry},
    probe::{evaluate, first_decision},
    runtime::Limits,
    session::{Figure, Session},
};
use support::{Mode, Place};

/// What every engine has, if it has no other form.
const SOURCE: PolicyForm = PolicyForm::Source;

fn main() -> Result<(), Box<dyn Error>> {
    let mode = Mode::of_this_run();
    let place = Place::of(mode);
    let registry = Registry::of_this_machine();
    let mut session = Session::begin("benches/evaluation", place.path())?;
    let policies = Policy::all();
    let mut made = by_hand::Made::default();
    for policy in &policies {
        startups(&mut session, &registry, policy, mode)?;
        evaluations(&mut session, &registry, policy, mode, &mut made)?;
        // A test shows that it runs: one size will do.
        if mode != Mode::Test || !policy.name.contains("000") {
            side_by_side::measure(&mut session, &registry, policy, mode)?;
        }
    }
    opas_own(&mut session, &policies, mode)?;
    if mode != Mode::Test {
        growth::measure(&mut session, &registry, mode)?;
    }
    for refusal in registry.unavailable() {
        for indicator in [Indicator::EngineStartup, Indicator::EvaluationLatency, Indicator::EvaluationRate] {
            let (reason, remedy) = (refusal.reason.clone(), refusal.remedy.clone());
            session.unavailable(UnavailableRow::new(refusal.subject.clone(), indicator, reason, remedy));
        }
    }
    drop(registry);
    let run = session.baseline().clone();
    support::finish(session, &place, mode);
    matrix::print(&run);
    Ok(())
}

fn lane_name(engine: &dyn PolicyEngine) -> String {
    engine.identity().subject.as_str().replace('/', "-")
}

/// `engine_startup`: bytes on disk to the first correct decision.
fn startups(session: &mut Session, registry: &Registry, policy: &Policy, mode: Mode) -> Result<(), Box<dyn Error>> {
    let Some(case) = policy.cases.first() else { return Ok(()) };
    let mut planned = Vec::new();
    for engine in registry.engines() {
        for form in engine.forms() {
            // The temperature of a policy engine: whether it compiles the policy itself.
            let (temperature, name) = match form {
                PolicyForm::Precompiled => (Temperature::Precompiled, "precompiled"),
                _ => (Temperature::Cold, "source"),
            };
            let figure = Figure::new(Indicator::EngineStartup, engine.identity(), &policy.name).at(temperature);
            match engine.prepare(policy, *form, Limits::default()) {
                Ok(loader) => {
                    let start = move || first_decision(loader.as_ref(), policy, case);
                    planned.push(Planned::new(format!("{}/{name}", lane_name(engine)), Some(figure), start));
                }
                Err(error) => session.unavailable(lanes::refused(&figure, error)),
            }
        }
    }
    lanes::measure(session, mode, &format!("engine_startup/{}", policy.name), planned)?;
    Ok(())
}

/// `evaluation_latency`: one decision, engine warm. Loaded from the form that the engine loads fastest: once loaded, they
/// are the same.
fn evaluations(
    session: &mut Session,
    registry: &Registry,
    policy: &Policy,
    mode: Mode,
    made: &mut by_hand::Made,
) -> Result<(), Box<dyn Error>> {
    let mut planned = Vec::new();
    for engine in registry.engines() {
        let Some(form) = engine.forms().last().copied() else { continue };
        let figure = Figure::new(Indicator::EvaluationLatency, engine.identity(), &policy.name).at(Temperature::Warm);
        match engine.prepare(policy, form, Limits::default()).and_then(|loader| loader.load()) {
            Ok(loaded) => planned.push(Planned::new(lane_name(engine), Some(figure), evaluate(loaded, policy)?)),
            Err(error) => session.unavailable(lanes::refused(&figure, error)),
        }
    }
    by_hand::plan(policy, mode, made, &mut planned);
    let lanes = lanes::measure(session, mode, &format!("evaluation_latency/{}", policy.name), planned)?;
    if mode != Mode::Test {
        by_hand::print(&lanes);
    }
    Ok(())
}

/// What OPA's own benchmark says of evaluation alone, without a transport: a cross-check, of a policy's first case. A quick
/// pass asks it about one policy, since each takes it a second and more.
#[cfg(feature = "opa")]
fn opas_own(session: &mut Session, policies: &[Policy], mode: Mode) -> Result<(), Box<dyn Error>> {
    use runtime_baseline::{Quantity, Statistic, policy::opa::Opa};

    // Where there is none, the registry says so.
    let Ok(opa) = Opa::process() else { return Ok(()) };
    let mut identity = opa.identity().clone();
    identity.subject = "opa/bench".parse()?;
    identity.transport = None;
    for policy in policies.iter().take(mode.choose(policies.len(), 1)) {
        let Some(case) = policy.cases.first() else { continue };
        let settings = [("case".to_owned(), case.name.clone())].into_iter().collect();
        let figure = Figure::new(Indicator::EvaluationLatency, &identity, &policy.name).at(Temperature::Warm);
        let figure = figure.with_settings(settings);
        match opa.bench(policy, &case.input, Limits::default()) {
            Ok(measured) => {
                for (statistic, value) in [(Statistic::Median, measured.median_ns), (Statistic::P99, measured.p99_ns)] {
                    session.record_value(&figure, statistic, Quantity::nanoseconds(value), measured.count)?;
                }
            }
            Err(error) => session.unavailable(lanes::refused(&figure, error)),
        }
    }
    Ok(())
}

#[cfg(not(feature = "opa"))]
fn opas_own(_: &mut Session, _: &[Policy], _: Mode) -> Result<(), Box<dyn Error>> {
    Ok(())
}
