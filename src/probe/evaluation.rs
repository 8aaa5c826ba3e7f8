//! `engine_startup`: from the policy's bytes on disk to its first correct decision. Nanoseconds.
//!
//! `evaluation_latency`: one decision, input JSON in, decision JSON out, engine warm. Nanoseconds. Every decision is
//! checked, outside the timed span.

use std::borrow::Borrow;

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
/// `Lane`. Cases cost up to thirty times each other: a turn of as many samples as there are cases asks all of them.
///
/// # Errors
/// [`ProbeError::Empty`] when the policy has no case; each call of the result gives [`ProbeError`] when the engine does
/// not decide, or decides wrongly.
pub fn evaluate<P: Borrow<Policy>>(
    engine: Box<dyn Evaluator>,
    policy: P,
) -> Result<impl FnMut() -> Result<u64, ProbeError>, ProbeError> {
    if policy.borrow().cases.is_empty() {
        return Err(ProbeError::Empty { what: "an evaluation", of: "case" });
    }
    let mut asked = Checked::new(engine, policy);
    Ok(move || asked.timed())
}

/// An engine that is asked a policy's cases in turn, each decision checked outside the timed span. The policy has cases.
pub(super) struct Checked<P> {
    engine: Box<dyn Evaluator>,
    policy: P,
    /// The spelling of each right decision, once it was compared as JSON: from then on a string comparison will do.
    spelling: Vec<Option<String>>,
    turn: usize,
    kept: Vec<(usize, String)>,
}

impl<P: Borrow<Policy>> Checked<P> {
    pub(super) fn new(engine: Box<dyn Evaluator>, policy: P) -> Self {
        let spelling = vec![None; policy.borrow().cases.len()];
        Self { engine, policy, spelling, turn: 0, kept: Vec::new() }
    }

    fn next(&mut self) -> usize {
        let turn = self.turn;
        self.turn = (turn + 1) % self.policy.borrow().cases.len();
        turn
    }

    /// The next case is the first one.
    pub(super) fn begin_round(&mut self) {
        self.turn = 0;
    }

    /// How many cases come before the first one comes again.
    pub(super) fn left_of_round(&self) -> u64 {
        let cases = self.policy.borrow().cases.len();
        ((cases - self.turn) % cases) as u64
    }

    /// How long the next decision takes, in nanoseconds.
    pub(super) fn timed(&mut self) -> Result<u64, ProbeError> {
        let turn = self.next();
        let (took, decision) = decide(self.engine.as_mut(), &self.policy.borrow().cases[turn].input)?;
        self.check(turn, decision)?;
        Ok(took)
    }

    /// How long the next `count` decisions take together, in nanoseconds.
    pub(super) fn block(&mut self, count: usize) -> Result<u64, ProbeError> {
        let mut kept = std::mem::take(&mut self.kept);
        kept.reserve(count);
        let begin = clock::monotonic();
        for _ in 0..count {
            let turn = self.next();
            kept.push((turn, self.engine.evaluate(&self.policy.borrow().cases[turn].input)?));
        }
        let took = clock::monotonic() - begin;
        for (turn, decision) in kept.drain(..) {
            self.check(turn, decision)?;
        }
        self.kept = kept;
        Ok(took)
    }

    fn check(&mut self, turn: usize, decision: String) -> Result<(), ProbeError> {
        if self.spelling[turn].as_ref() != Some(&decision) {
            let policy = self.policy.borrow();
            check(policy, &policy.cases[turn], &decision)?;
            self.spelling[turn] = Some(decision);
        }
        Ok(())
    }
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
