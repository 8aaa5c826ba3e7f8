//! What a policy decision costs: each engine on each policy, the engine's startup and its warm evaluation apart, one
//! decision at a time and side by side, and how it grows with the data.

mod growth;
#[cfg(feature = "opa")]
mod opa_bench;
mod published;

use std::{rc::Rc, sync::Arc, time::Duration};

use super::{
    by_hand::{self, Made},
    prepared::flat,
    quick::{is_short, leave_out},
    turns,
};
use crate::{
    Indicator, Statistic, Temperature,
    adapter::Identity,
    experiment::{Figure, Lane, LaneError, Pass, Plan, Taken, Turns},
    policy::{Evaluator, Loader, Policy, PolicyEngine, PolicyError, PolicyForm, Registry},
    probe::{evaluate, first_decision, throughput},
    runtime::Limits,
};

/// What the threads of a rate do, in the stored form.
const LOAD: &str = "decisions without pause";

/// How long a turn may take that asks all cases: thirty processes, and interpreters with large data.
const LONGEST: Duration = Duration::from_secs(3);

/// The most latencies of one rate that are kept: enough for a 99th percentile of each process.
const LATENCIES: usize = 250;

/// The policies whose rates a quick pass measures: one with data, one without.
const RATED: [&str; 2] = ["rbac-1000", "admission"];

/// The policies of a quick pass, those that the published figures speak of first. The others are other rules of the same
/// policies, and other sizes.
const QUICK: [&str; 5] = ["rbac-1000", "admission", "rbac-10", "http_authz", "release"];

/// Of how many of these a quick pass measures the engines' startup: each waits for servers and processes.
const STARTED: usize = 3;

/// The plan of the bench `evaluation`.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Evaluation {
    /// What is decided.
    pub policies: Vec<Policy>,
    /// Whether growth with the data is measured, of the crate's own RBAC policies.
    pub growth: bool,
}

/// The policies that come with the crate.
impl Default for Evaluation {
    fn default() -> Self {
        Self { policies: Policy::all(), growth: true }
    }
}

impl Evaluation {
    /// Policies of one's own alone.
    #[must_use]
    pub fn of(policies: Vec<Policy>) -> Self {
        Self { policies, growth: false }
    }

    /// Declares it.
    ///
    /// # Errors
    /// [`LaneError`] when a policy has no case to decide.
    pub fn declare(&self, plan: &mut Plan) -> Result<(), LaneError> {
        let registry = Registry::of_this_machine();
        let mut made = Made::default();
        let mut policies: Vec<_> = self.policies.iter().cloned().map(Rc::new).collect();
        match plan.pass() {
            Pass::Full if self.growth => policies.push(Rc::new(Policy::by_name(growth::LARGEST)?)),
            Pass::Quick if self.growth => policies.retain(|policy| QUICK.contains(&policy.name.as_str())),
            _ => {}
        }
        let few = plan.pass() == Pass::Quick && self.growth;
        for policy in &policies {
            if !few || QUICK[..STARTED].contains(&policy.name.as_str()) {
                startups(plan, &registry, policy);
            }
            evaluations(plan, &registry, policy, &mut made)?;
            let rated = match plan.pass() {
                Pass::Full => true,
                Pass::Quick => !self.growth || RATED.contains(&policy.name.as_str()),
                // A test shows that it runs: one policy will do.
                Pass::Test => policy.name == RATED[1],
            };
            if rated {
                rates(plan, &registry, policy);
            }
        }
        #[cfg(feature = "opa")]
        opa_bench::declare(plan, &registry, &policies)?;
        if self.growth && plan.pass() != Pass::Test {
            growth::declare(plan, &registry)?;
        }
        let indicators = [Indicator::EngineStartup, Indicator::EvaluationLatency, Indicator::EvaluationRate];
        for refusal in registry.unavailable() {
            plan.without(refusal, &indicators);
        }
        plan.keep(registry);
        Ok(())
    }
}

fn lane_name(engine: &dyn PolicyEngine) -> String {
    flat(engine.identity().subject.as_str())
}

/// `engine_startup`: bytes on disk to the first correct decision.
fn startups(plan: &mut Plan, registry: &Registry, policy: &Rc<Policy>) {
    let group = format!("engine_startup/{}", policy.name);
    let mut lanes = Vec::new();
    for engine in registry.engines() {
        for form in engine.forms() {
            // The temperature of a policy engine: whether it compiles the policy itself.
            let (temperature, form_name) = match form {
                PolicyForm::Precompiled => (Temperature::Precompiled, "precompiled"),
                _ => (Temperature::Cold, "source"),
            };
            let name = format!("{}/{form_name}", lane_name(engine));
            if !plan.wants(&group, &name) {
                continue;
            }
            let figure = Figure::new(Indicator::EngineStartup, engine.identity(), &policy.name).at(temperature);
            match engine.prepare(policy, *form, Limits::default()) {
                Ok(loader) => {
                    let policy = Rc::clone(policy);
                    lanes.push(Lane::single(name, figure, &[Statistic::Median, Statistic::P99], move || {
                        let case = policy.cases.first().ok_or("the policy has no case to decide")?;
                        first_decision(loader.as_ref(), &policy, case).map_err(LaneError::from)
                    }));
                }
                Err(error) => plan.refused(&figure, &error),
            }
        }
    }
    plan.group(group, turns(plan, 2_500, 250).of(3), lanes);
}

/// `evaluation_latency`: one decision, engine warm.
///
/// Cases cost up to thirty times each other, so each turn asks all of them: otherwise a median would say which of them came up.
/// An engine that is a process for each decision takes a thousand times as long as others, and has turns of its own, so that
/// it does not leave them two.
fn evaluations(plan: &mut Plan, registry: &Registry, policy: &Rc<Policy>, made: &mut Made) -> Result<(), LaneError> {
    let group = format!("evaluation_latency/{}", policy.name);
    let (mut lanes, mut processes, mut adapters) = (Vec::new(), Vec::new(), Vec::new());
    for engine in registry.engines() {
        let name = lane_name(engine);
        if !plan.wants(&group, &name) {
            continue;
        }
        let figure = Figure::new(Indicator::EvaluationLatency, engine.identity(), &policy.name).at(Temperature::Warm);
        match warm(engine, policy, Limits::default()) {
            Ok(loaded) => {
                adapters.push((name.clone(), figure.clone()));
                let decide = evaluate(loaded, Rc::clone(policy))?;
                let lanes = if is_a_process_each(engine) { &mut processes } else { &mut lanes };
                lanes.push(Lane::single(name, figure, &[Statistic::Median, Statistic::P99], decide));
            }
            Err(error) => plan.refused(&figure, &error),
        }
    }
    lanes.extend(by_hand::decisions(plan, &group, policy, &adapters, made));
    let cases = if plan.pass() == Pass::Test { 1 } else { u32::try_from(policy.cases.len()).unwrap_or(u32::MAX) };
    let all_cases = |turns: Turns| turns.of(cases).cut_after(LONGEST);
    let (of_all, of_processes) = (all_cases(turns(plan, 2_500, 250)), all_cases(turns(plan, 2_500, 1)));
    plan.group(group.clone(), of_all, lanes);
    plan.group(group, of_processes, processes);
    Ok(())
}

/// The engine with the policy loaded, from the form that it loads fastest: once loaded, they are the same.
fn warm(engine: &dyn PolicyEngine, policy: &Policy, limits: Limits) -> Result<Box<dyn Evaluator>, PolicyError> {
    let form = engine.forms().last().copied().unwrap_or(PolicyForm::Source);
    engine.prepare(policy, form, limits)?.load()
}

/// Whether each of its decisions is a process of its own.
fn is_a_process_each(engine: &dyn PolicyEngine) -> bool {
    engine.identity().transport.as_deref() == Some("process")
}

/// `evaluation_rate` at one thread and at as many as the machine has cores, whose ratio shows what the engines of a process
/// share; and the latency while so many decide.
fn rates(plan: &mut Plan, registry: &Registry, policy: &Rc<Policy>) {
    let group = format!("evaluation_rate/{}", policy.name);
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let time = Duration::from_millis(plan.pass().of([200, 30, 1]));
    let mut lanes = Vec::new();
    for engine in registry.engines() {
        let Some(form) = engine.forms().last().copied() else { continue };
        // The published figures name no policy: two are enough to see whether it matters.
        let as_published = RATED.contains(&policy.name.as_str());
        let threads = published::threads(engine, cores, as_published).into_iter();
        let mut asked: Vec<_> = threads.map(|threads| (engine.identity().clone(), threads, false)).collect();
        asked.extend(published::anew(engine).filter(|_| as_published).map(|identity| (identity, 1, true)));
        let name = |identity: &Identity, threads: usize| format!("{}/{threads}", flat(identity.subject.as_str()));
        asked.retain(|(identity, threads, _)| plan.wants(&group, &name(identity, *threads)));
        if asked.is_empty() {
            continue;
        }
        // A round of all cases takes it as long as everybody else together.
        if is_short(plan) && is_a_process_each(engine) {
            let figure = Figure::new(Indicator::EvaluationRate, engine.identity(), &policy.name);
            leave_out(plan, &figure.at(Temperature::Warm));
            continue;
        }
        let loader: Arc<dyn Loader> = match engine.prepare(policy, form, Limits::default()) {
            Ok(loader) => Arc::from(loader),
            Err(error) => {
                let figure = Figure::new(Indicator::EvaluationRate, engine.identity(), &policy.name);
                plan.refused(&figure.at(Temperature::Warm), &error);
                continue;
            }
        };
        for (identity, threads, is_anew) in asked {
            let loader = if is_anew { Arc::new(published::Anew(Arc::clone(&loader))) } else { Arc::clone(&loader) };
            lanes.push(rate(name(&identity, threads), &identity, threads, loader, Rc::clone(policy), time));
        }
    }
    plan.group(group, Turns::rounds(plan.pass().of([3, 1, 1])), lanes);
}

/// So many threads that decide for `time`.
fn rate(
    name: String,
    identity: &Identity,
    threads: usize,
    loader: Arc<dyn Loader>,
    policy: Rc<Policy>,
    time: Duration,
) -> Lane {
    let concurrency = u32::try_from(threads).unwrap_or(u32::MAX);
    let figure =
        |indicator| Figure::new(indicator, identity, &policy.name).at(Temperature::Warm).concurrent(concurrency, LOAD);
    let (rate, latency) = (figure(Indicator::EvaluationRate), figure(Indicator::EvaluationLatency));
    let lane = Lane::new(name, move |taken: &mut Taken| {
        let whole = throughput(loader.as_ref(), &policy, threads, time)?;
        taken.push(0, whole.rate);
        if threads > 1 {
            // Whole rounds of the cases, evenly over all threads, which stand one after the other.
            let every = (whole.latency.len() / LATENCIES).max(1);
            let rounds = whole.latency.chunks(policy.cases.len().max(1)).step_by(every);
            rounds.flatten().for_each(|latency| taken.push(1, *latency as f64));
        }
        Ok::<_, LaneError>(())
    });
    let lane = lane.of(rate, &[Statistic::Median]);
    match threads {
        // One thread's are measured in turns with its peers'.
        1 => lane,
        _ => lane.of(latency, &[Statistic::Median, Statistic::P99]),
    }
}
