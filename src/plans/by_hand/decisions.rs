//! Decisions by hand, beside those of an adapter.

use std::rc::Rc;

use crate::{
    Indicator, Statistic,
    clock::monotonic,
    experiment::{Figure, Lane, LaneError, Plan},
    policy::Policy,
    runtime::Limits,
};

/// What is made once for all policies.
#[derive(Default)]
pub struct Made {
    #[cfg(feature = "wasmedge")]
    compiled: super::opa_wasmedge::Compiled,
}

/// The adapters of a plan that have such calls: a figure, and the name of the adapter's lane.
pub type Adapters<'a> = &'a [(String, Figure)];

/// A lane for each adapter that has calls by hand, and the comparison with it.
pub fn decisions(
    plan: &mut Plan,
    group: &str,
    policy: &Rc<Policy>,
    adapters: Adapters<'_>,
    made: &mut Made,
) -> Vec<Lane> {
    let mut lanes = Vec::new();
    for (adapter, figure) in adapters {
        let Some(decide) = calls(plan, policy, figure.identity.subject.as_str(), made) else { continue };
        let name = format!("{adapter} by hand");
        plan.compare(group, adapter, &name);
        lanes.push(lane(policy, name, figure.clone().of_part(super::PART), decide));
    }
    lanes
}

type Decide = Box<dyn FnMut(&str) -> String>;

/// The calls by hand of a policy engine.
#[cfg_attr(not(feature = "wasmedge"), allow(unused_variables, reason = "each engine takes what its calls need"))]
fn calls(plan: &Plan, policy: &Rc<Policy>, subject: &str, made: &mut Made) -> Option<Decide> {
    let (data, limits) = (policy.data.as_deref().unwrap_or("{}"), Limits::default());
    match subject {
        #[cfg(feature = "regorus")]
        "regorus" => {
            let rule = format!("data.{}", policy.entrypoint.replace('/', "."));
            let mut engine = super::regorus::interpreter(&policy.rego, data, limits.time);
            Some(Box::new(move |input| super::regorus::interpret(&mut engine, &rule, input)))
        }
        #[cfg(feature = "regorus")]
        "regorus/rvm" => {
            let rule = format!("data.{}", policy.entrypoint.replace('/', "."));
            let mut vm = super::regorus::rvm(&policy.rego, data, &rule, limits.time);
            Some(Box::new(move |input| super::regorus::run(&mut vm, input)))
        }
        #[cfg(feature = "opa-wasm")]
        "opa-wasm/wasmtime" => {
            let memory = usize::try_from(limits.memory).unwrap_or(usize::MAX);
            let mut loaded = super::opa_wasm::load(policy.wasm.as_deref()?, data, memory);
            let policy = Rc::clone(policy);
            Some(Box::new(move |input| super::opa_wasm::decide(&mut loaded, &policy.entrypoint, input)))
        }
        #[cfg(feature = "wasmedge")]
        "opa-wasm/wasmedge" | "opa-wasm/wasmedge/interpreter" => {
            use super::opa_wasmedge::{compiled, decide, interpreted};

            let (wasm, entrypoint) = (policy.wasm.as_deref()?, policy.entrypoint.as_str());
            let loaded = if subject == "opa-wasm/wasmedge" {
                // LLVM takes seconds.
                if plan.pass() != crate::experiment::Pass::Full {
                    return None;
                }
                compiled(&mut made.compiled, wasm, data, entrypoint, limits.memory)
            } else {
                interpreted(wasm, data, entrypoint, limits.memory)
            };
            match loaded {
                Ok(loaded) => {
                    // None where the policy needs builtins of the host, which these calls lack.
                    let mut loaded = loaded?;
                    Some(Box::new(move |input| decide(&mut loaded, input)))
                }
                Err(error) => {
                    eprintln!("{}, {subject} by hand: {error}", policy.name);
                    None
                }
            }
        }
        _ => None,
    }
}

fn lane(policy: &Rc<Policy>, name: String, figure: Figure, mut decide: Decide) -> Lane {
    let policy = Rc::clone(policy);
    let mut turn = 0;
    // In the first round: what was decided rightly is decided so again.
    let mut unchecked = policy.cases.len();
    debug_assert_eq!(figure.indicator, Indicator::EvaluationLatency);
    Lane::single(name, figure, &[Statistic::Median], move || {
        let case = policy.cases.get(turn % policy.cases.len().max(1)).ok_or_else(|| LaneError::from("no case"))?;
        turn += 1;
        let begin = monotonic();
        let decision = decide(&case.input);
        let took = monotonic() - begin;
        if unchecked > 0 {
            unchecked -= 1;
            let value = |json: &str| serde_json::from_str::<serde_json::Value>(json).ok();
            if value(&decision).is_none() || value(&decision) != value(&case.expected) {
                return Err(LaneError::from(format!("{}: decided {decision}, not {}", case.name, case.expected)));
            }
        }
        Ok::<_, LaneError>(took)
    })
}
