//! What OPA's own benchmark says of evaluation alone, without a transport: a cross-check, of a policy's first case, and the engines of
//! this process on that case.

use std::rc::Rc;

use super::{Lane, LaneError, Plan, lane_name, turns, warm};
use crate::{
    Indicator, Statistic, Temperature,
    adapter::Identity,
    experiment::{Figure, Turns},
    policy::{
        Policy, PolicyEngine, Registry,
        opa::{Opa, OpaBench},
    },
    probe::evaluate,
    runtime::Limits,
};

const GROUP: &str = "opa_bench";

/// A quick pass asks it about one policy, since each takes it seconds.
pub(super) fn declare(plan: &mut Plan, registry: &Registry, policies: &[Rc<Policy>]) -> Result<(), LaneError> {
    // Where there is none, the registry says so.
    let Ok(opa) = Opa::process().map(Rc::new) else { return Ok(()) };
    let mut identity = opa.identity().clone();
    identity.subject = "opa/bench".parse().expect("a valid constant");
    identity.transport = None;
    identity = identity.with_setting("GOMAXPROCS", OpaBench::PROCESSORS);
    let some = plan.pass().of([policies.len(), 1, 1]);
    for policy in policies.iter().take(some) {
        let Some(case) = policy.cases.first() else { continue };
        // Of another workload than the whole policy: one case decides sooner or later than the others.
        let name = format!("{}/{}", policy.name, case.name);
        let policy = Rc::new(Policy { name, cases: vec![case.clone()], ..Policy::clone(policy) });
        let figure = |identity: &Identity| {
            Figure::new(Indicator::EvaluationLatency, identity, &policy.name).at(Temperature::Warm)
        };
        let mut lanes = Vec::new();
        for engine in registry.engines().filter(|engine| engine.identity().transport.is_none()) {
            let name = format!("{}, {}", policy.name, lane_name(engine));
            if !plan.wants(GROUP, &name) {
                continue;
            }
            // Why it cannot be loaded is said of the whole policy.
            let Ok(loaded) = warm(engine, &policy, Limits::default()) else { continue };
            let decide = evaluate(loaded, Rc::clone(&policy))?;
            lanes.push(Lane::single(name, figure(engine.identity()), &[Statistic::Median], decide));
        }
        plan.group(GROUP, turns(plan, 500, 20), lanes);
        let (opa, one) = (Rc::clone(&opa), Rc::clone(&policy));
        let bench = Lane::single(policy.name.clone(), figure(&identity), &[Statistic::Median], move || {
            opa.bench(&one, &one.cases[0].input, Limits::default()).map(|measured| measured.median_ns)
        });
        plan.group(GROUP, Turns::rounds(1), vec![bench]);
    }
    Ok(())
}
