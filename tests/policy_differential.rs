//! Every engine gives the same decision for thousands of random inputs around each policy's own vocabulary, the real OPA
//! included where it is here.
//!
//! Left out of the vocabulary, because engines are known to differ there, and their adapters say so: names and versions
//! that are no text, which a host builtin of OPA's Wasm fails on and OPA prints in a notation of its own; and `v1.2.3`,
//! which OPA alone takes for a semantic version.

#![cfg(feature = "measure")]

#[path = "policy_differential/inputs.rs"]
mod inputs;

use std::cell::RefCell;

use proptest::{
    prelude::*,
    test_runner::{Config, TestCaseError, TestRunner},
};
use runtime_baseline::{
    policy::{Evaluator, Policy, Registry},
    runtime::Limits,
};
use serde_json::Value;

/// For each policy. More with `PROPTEST_CASES`.
const LEAST: u32 = 2_000;

/// All engines, loaded, without the one that starts a process for each decision: it is the server's evaluator.
fn engines(policy: &Policy) -> Vec<(String, Box<dyn Evaluator>)> {
    let registry = Registry::of_this_machine();
    let mut loaded = Vec::new();
    for engine in registry.engines() {
        let identity = engine.identity();
        if identity.transport.as_deref() == Some("process") {
            continue;
        }
        let form = *engine.forms().first().unwrap();
        let loader = engine.prepare(policy, form, Limits::default()).unwrap();
        loaded.push((identity.subject.to_string(), loader.load().unwrap()));
    }
    for unavailable in registry.unavailable() {
        eprintln!("not compared: {unavailable}");
    }
    loaded
}

/// Runs the policy on random inputs. At least `often` of 100 must get a decision other than the commonest: else the
/// inputs ask too little.
fn agree(name: &str, inputs: impl Strategy<Value = Value>, often: u32) {
    let policy = Policy::by_name(name).unwrap();
    let engines = RefCell::new(engines(&policy));
    let decisions = RefCell::new(std::collections::HashMap::<String, u32>::new());
    let usual = Config::default();
    let count = usual.cases.max(LEAST);
    let config = Config { cases: count, failure_persistence: None, ..usual };
    let result = TestRunner::new(config).run(&inputs, |input| {
        let text = input.to_string();
        let mut first: Option<(String, Value)> = None;
        for (subject, engine) in engines.borrow_mut().iter_mut() {
            let decision = engine.evaluate(&text).map_err(|e| TestCaseError::fail(format!("{subject}: {e}")))?;
            let decision: Value = serde_json::from_str(&decision).expect("a decision is JSON");
            match &first {
                None => first = Some((subject.clone(), decision)),
                Some((_, expected)) if *expected == decision => {}
                Some((other, expected)) => {
                    let difference = format!("{other} decides {expected}, {subject} {decision}");
                    return Err(TestCaseError::fail(difference));
                }
            }
        }
        if let Some((_, decision)) = first {
            *decisions.borrow_mut().entry(decision.to_string()).or_default() += 1;
        }
        Ok(())
    });
    if let Err(error) = result {
        panic!("{name}: {error}");
    }
    let decisions = decisions.into_inner();
    assert_eq!(decisions.values().sum::<u32>(), count);
    let commonest = decisions.values().max().copied().unwrap_or_default();
    assert!((count - commonest) * 100 >= often * count, "{name}: {commonest} of {count} decisions are the same");
}

#[test]
fn rbac_by_key() {
    agree("rbac-1000", inputs::rbac(1_000), 8);
}

#[test]
fn rbac_by_scanning() {
    agree("rbac-10-allow_any_case", inputs::rbac(10), 8);
}

#[test]
fn admission() {
    agree("admission", inputs::admission(), 50);
}

#[test]
fn http_authz() {
    agree("http_authz", inputs::http(), 30);
}

#[test]
fn release_reasons() {
    agree("release", inputs::release(), 50);
}

#[test]
fn release_next_version() {
    agree("release-next_version", inputs::release(), 20);
}
