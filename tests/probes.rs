//! What probes refuse, with the runtime that runs nothing and with some that lie.

#![cfg(feature = "measure")]

use runtime_baseline::{
    Temperature,
    policy::{Evaluator, Policy, PolicyError},
    probe::{ProbeError, burst, evaluate, lifecycle, sample_cost, startup},
    runtime::{Artifact, Instance, Runtime, RuntimeError, Workload, noop::Noop},
};

#[test]
fn every_probe_runs_on_nothing() {
    let artifact = Noop::new().prepare(&Workload::ready(), Temperature::Warm).unwrap();
    assert!(startup(artifact.as_ref()).is_ok() && lifecycle(artifact.as_ref()).is_ok());
    assert_eq!(burst(artifact.as_ref(), 3).unwrap().startup.len(), 3);
    assert!(sample_cost(100).unwrap().whole > 0.0);
    assert!(matches!(sample_cost(0), Err(ProbeError::Empty { .. })));
}

/// A workload that reports another clock.
struct Liar(u64);

impl Artifact for Liar {
    fn start(&self) -> Result<Box<dyn Instance>, RuntimeError> {
        Ok(Box::new(Liar(self.0)))
    }
}

impl Instance for Liar {
    fn ready_at(&self) -> u64 {
        self.0
    }

    fn is_alive(&mut self) -> bool {
        true
    }

    fn stop(self: Box<Self>) -> Result<(), RuntimeError> {
        Ok(())
    }
}

#[test]
fn a_reading_outside_the_call_is_no_sample() {
    for reading in [0, u64::MAX] {
        assert!(matches!(startup(&Liar(reading)), Err(ProbeError::Clock { .. })));
        assert!(matches!(lifecycle(&Liar(reading)), Err(ProbeError::Clock { .. })));
        assert!(matches!(burst(&Liar(reading), 3), Err(ProbeError::Clock { .. })));
    }
}

/// Decides `true`, spelled with white space, until it has been asked twice.
struct Fickle(u32);

impl Evaluator for Fickle {
    fn evaluate(&mut self, _: &str) -> Result<String, PolicyError> {
        self.0 += 1;
        Ok(if self.0 > 2 { "false" } else { " true" }.to_owned())
    }
}

#[test]
fn a_wrong_decision_is_no_sample_even_after_right_ones() {
    let policy = Policy::new("fickle", "package p", "p/allow").with_case("only", "{}", "true");
    let mut samples = evaluate(Box::new(Fickle(0)), &policy).unwrap();
    assert!(samples().is_ok() && samples().is_ok());
    match samples() {
        Err(ProbeError::Decision { case, found, expected, .. }) => {
            assert_eq!((case.as_str(), found.as_str(), expected.as_str()), ("only", "false", "true"));
        }
        other => panic!("{other:?}"),
    }
    let without_cases = Policy::new("empty", "package p", "p/allow");
    assert!(matches!(evaluate(Box::new(Fickle(0)), &without_cases), Err(ProbeError::Empty { .. })));
}
