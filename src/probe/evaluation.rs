//! `engine_startup`: from the policy's bytes on disk to its first correct decision. Nanoseconds.
//!
//! `evaluation_latency`: one decision, input JSON in, decision JSON out, engine warm. Nanoseconds. Every decision is
//! checked, outside the timed span.

use super::ProbeError;
use crate::{
    clock,
    policy::{Case, Evaluator, Loader, Policy},
};

/// Loads an engine and asks for its first decision: one sample of `engine_startup`. The engine is freed outside it.
///
/// # Errors
/// [`ProbeError`] when the engine does not load, does not decide, or decides wrongly.
pub fn first_decision(loader: &dyn Loader, policy: &Policy, case: &Case) -> Result<u64, ProbeError> {
    let begin = clock::monotonic();
    let mut engine = loader.load()?;
    let decision = engine.evaluate(&case.input)?;
    let took = clock::monotonic() - begin;
    check(policy, case, &decision)?;
    Ok(took)
}

/// One sample of `evaluation_latency`, with the decision that was made.
///
/// # Errors
/// [`ProbeError::Policy`] when the engine does not decide.
pub fn decide(engine: &mut dyn Evaluator, input: &str) -> Result<(u64, String), ProbeError> {
    let begin = clock::monotonic();
    let decision = engine.evaluate(input)?;
    let took = clock::monotonic() - begin;
    Ok((took, decision))
}

/// Asks the policy's cases in turn, one a call, and checks each decision: a source of samples for a
/// [`Lane`](super::Lane).
///
/// # Errors
/// [`ProbeError::Empty`] when the policy has no case; each call of the result gives [`ProbeError`] when the engine does
/// not decide, or decides wrongly.
pub fn evaluate<'a>(
    mut engine: Box<dyn Evaluator>,
    policy: &'a Policy,
) -> Result<impl FnMut() -> Result<u64, ProbeError> + 'a, ProbeError> {
    if policy.cases.is_empty() {
        return Err(ProbeError::Empty { what: "an evaluation", of: "case" });
    }
    // The spelling of each right decision, once it was compared as JSON: from then on a string comparison will do.
    let mut spelling: Vec<Option<String>> = vec![None; policy.cases.len()];
    let mut turns = (0..policy.cases.len()).cycle();
    Ok(move || {
        let turn = turns.next().unwrap_or_default();
        let case = &policy.cases[turn];
        let (took, decision) = decide(engine.as_mut(), &case.input)?;
        if spelling[turn].as_ref() != Some(&decision) {
            check(policy, case, &decision)?;
            spelling[turn] = Some(decision);
        }
        Ok(took)
    })
}

/// Compares as JSON values: the order of keys and the spelling of numbers do not matter.
pub(super) fn check(policy: &Policy, case: &Case, decision: &str) -> Result<(), ProbeError> {
    let parse = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
    let (found, expected) = (parse(decision), parse(&case.expected));
    if found.is_some() && found == expected {
        return Ok(());
    }
    Err(ProbeError::Decision {
        policy: policy.name.clone(),
        case: case.name.clone(),
        found: decision.to_owned(),
        expected: case.expected.clone(),
    })
}
