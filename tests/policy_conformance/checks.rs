//! What every engine must do, told once.

use std::{
    fs,
    sync::Barrier,
    time::{Duration, Instant},
};

use runtime_baseline::{
    policy::{Evaluator, Loader, Policy, PolicyEngine, PolicyError, PolicyForm},
    runtime::Limits,
};
use serde_json::Value;

use crate::cases;

pub fn parse(json: &str) -> Value {
    serde_json::from_str(json).unwrap_or_else(|e| panic!("{json:?} is not JSON: {e}"))
}

fn load(engine: &dyn PolicyEngine, policy: &Policy, form: PolicyForm, limits: Limits) -> Box<dyn Evaluator> {
    let prepared = engine.prepare(policy, form, limits).and_then(|loader| loader.load());
    prepared.unwrap_or_else(|e| panic!("{} {form:?}: {e}", policy.name))
}

/// The error of preparing or loading: which of the two finds it is the engine's affair.
fn refusal(engine: &dyn PolicyEngine, policy: &Policy, form: PolicyForm, limits: Limits) -> PolicyError {
    match engine.prepare(policy, form, limits).and_then(|loader| loader.load()) {
        Ok(_) => panic!("{} {form:?} was taken", policy.name),
        Err(error) => error,
    }
}

fn allows_alice(engine: &mut dyn Evaluator) {
    assert_eq!(parse(&engine.evaluate(r#"{"user": "alice"}"#).unwrap()), Value::Bool(true));
    assert_eq!(parse(&engine.evaluate(r#"{"user": "bob"}"#).unwrap()), Value::Null);
}

fn with_time(time: Duration) -> Limits {
    let mut limits = Limits::default();
    limits.time = time;
    limits
}

pub fn identity_is_exact(engine: &dyn PolicyEngine) {
    let identity = engine.identity();
    assert!(!identity.components.is_empty());
    for component in &identity.components {
        let numbers: Vec<_> = component.version().split(['.', '-', '+']).take(3).collect();
        assert_eq!(numbers.len(), 3, "{component}");
        assert!(numbers.iter().all(|n| n.parse::<u32>().is_ok()), "{component}");
    }
    assert!(!engine.forms().is_empty());
}

pub fn every_form_of_every_policy_decides_as_expected(engine: &dyn PolicyEngine) {
    for policy in Policy::all() {
        for &form in engine.forms() {
            let mut loaded = load(engine, &policy, form, Limits::default());
            // Twice: nothing of one decision may show in another.
            for case in policy.cases.iter().chain(policy.cases.iter().rev()) {
                let decision = loaded.evaluate(&case.input);
                let decision = decision.unwrap_or_else(|e| panic!("{} {form:?} {}: {e}", policy.name, case.name));
                assert_eq!(parse(&decision), parse(&case.expected), "{} {form:?} {}", policy.name, case.name);
            }
        }
    }
}

pub fn undefined_is_null(engine: &dyn PolicyEngine) {
    for &form in engine.forms() {
        let mut loaded = load(engine, &cases::moody(), form, Limits::default());
        for input in ["{}", "[]", "null", "7", "\"alice\"", r#"{"user": null}"#] {
            assert_eq!(loaded.evaluate(input).unwrap(), "null", "{input}");
        }
    }
}

pub fn a_form_it_lacks_is_refused(engine: &dyn PolicyEngine) {
    for form in [PolicyForm::Source, PolicyForm::Precompiled] {
        if !engine.forms().contains(&form) {
            let error = refusal(engine, &cases::moody(), form, Limits::default());
            assert!(matches!(&error, PolicyError::UnsupportedForm { policy, .. } if policy == "moody"), "{error}");
        }
    }
}

pub fn what_does_not_compile_is_invalid(engine: &dyn PolicyEngine) {
    for &form in engine.forms() {
        let error = refusal(engine, &cases::broken(), form, Limits::default());
        let PolicyError::Invalid { policy, reason } = &error else { panic!("{error:?}") };
        assert_eq!(policy, "broken");
        // Where: the line of the Rego, or the offset in the Wasm.
        assert!(
            reason.contains(":5:")
                || reason.contains(":4:")
                || reason.contains("offset 0x")
                || reason.contains("offset: 0x"),
            "{reason}"
        );
    }
}

pub fn wasm_that_is_not_opas_is_refused(engine: &dyn PolicyEngine) {
    let memory = r#"(import "env" "memory" (memory 2))"#;
    let abi = |major: i32, minor: i32| {
        format!(
            r#"{memory} (global (export "opa_wasm_abi_version") i32 (i32.const {major}))
            (global (export "opa_wasm_abi_minor_version") i32 (i32.const {minor}))"#
        )
    };
    let start = |body: &str| format!("{memory} (func {body}) (start 0)");
    for (module, said) in [
        (String::new(), "does not import a memory"),
        (memory.to_owned(), "opa_wasm_abi_version"),
        (r#"(import "env" "opa_unheard_of" (func))"#.to_owned() + &abi(1, 3), ""),
        (abi(1, 1), "1.1"),
        (abi(2, 0), "2.0"),
        (abi(1, 3), "the function entrypoints"),
        (start("unreachable"), "unreachable"),
        (start("(loop br 0)"), ""),
    ] {
        let wasm = wat::parse_str(format!("(module {module})")).unwrap();
        let policy = Policy::new("p", "", "p/allow").with_wasm(wasm);
        for &form in engine.forms() {
            let error = refusal(engine, &policy, form, with_time(Duration::from_millis(50)));
            let PolicyError::Invalid { policy, reason } = &error else { panic!("{module}: {error:?}") };
            assert!(policy == "p" && reason.contains(said), "{module}: {reason}");
        }
    }
}

pub fn data_that_is_no_object_is_refused(engine: &dyn PolicyEngine) {
    for &form in engine.forms() {
        for data in ["", "{", "[1, 2]", "null", "{\"a\": 1} 2", "{\"a\": NaN}"] {
            let error = refusal(engine, &cases::moody().with_data(data), form, Limits::default());
            assert!(matches!(&error, PolicyError::Data { policy, .. } if policy == "moody"), "{data}: {error}");
        }
    }
}

pub fn data_over_the_limit_is_refused(engine: &dyn PolicyEngine) {
    let mut limits = Limits::default();
    limits.memory = 4 << 20;
    let policy = Policy::by_name("rbac-100000").unwrap();
    for &form in engine.forms() {
        let error = refusal(engine, &policy, form, limits);
        assert!(matches!(&error, PolicyError::MemoryLimit { limit, .. } if *limit == 4 << 20), "{error}");
    }
}

pub fn an_unknown_entrypoint_is_refused(engine: &dyn PolicyEngine) {
    for &form in engine.forms() {
        for name in ["moody/deny", "other/allow", "moody"] {
            let mut policy = cases::moody();
            policy.entrypoint = name.to_owned();
            let error = refusal(engine, &policy, form, Limits::default());
            let PolicyError::UnknownEntrypoint { entrypoint, .. } = &error else { panic!("{error:?}") };
            assert_eq!(entrypoint, name);
        }
    }
}

pub fn a_missing_function_is_named(engine: &dyn PolicyEngine) {
    for &form in engine.forms() {
        let error = refusal(engine, &cases::unknown_function(), form, Limits::default());
        let PolicyError::MissingBuiltin { builtin, .. } = &error else { panic!("{error:?}") };
        assert_eq!(builtin, "no.such_function");
    }
}

pub fn input_that_is_not_json_is_refused(engine: &dyn PolicyEngine) {
    let deep = "[".repeat(100_000);
    for &form in engine.forms() {
        let mut loaded = load(engine, &cases::moody(), form, Limits::default());
        for input in ["", " ", "{", "alice", "{\"user\": \"alice\"", "{} {}", "{\"a\": NaN}", "\u{feff}{}", "\0", &deep]
        {
            let error = loaded.evaluate(input).expect_err("not JSON");
            assert!(matches!(error, PolicyError::Input { .. }), "{form:?} {error:?}");
            allows_alice(loaded.as_mut());
        }
    }
}

pub fn deep_input_is_decided_on_or_refused(engine: &dyn PolicyEngine) {
    for &form in engine.forms() {
        let mut loaded = load(engine, &cases::moody(), form, Limits::default());
        for depth in [100, 1_000, 10_000, 1_000_000] {
            let input = format!(r#"{{"x": {}{}, "user": "alice"}}"#, "[".repeat(depth), "]".repeat(depth));
            match loaded.evaluate(&input) {
                Ok(decision) => assert_eq!(parse(&decision), Value::Bool(true), "{depth}"),
                Err(PolicyError::Input { .. } | PolicyError::Failed { .. } | PolicyError::MemoryLimit { .. }) => {}
                Err(error) => panic!("{depth}: {error:?}"),
            }
            allows_alice(loaded.as_mut());
        }
    }
}

pub fn engines_alive_at_once_decide_each_for_itself(engine: &dyn PolicyEngine) {
    let form = engine.forms()[0];
    let policies = ["rbac-10", "rbac-1000", "rbac-10-allow_any_case", "http_authz", "release"];
    let policies = policies.map(|name| Policy::by_name(name).unwrap());
    let mut loaded: Vec<_> =
        policies.iter().map(|policy| (policy, load(engine, policy, form, Limits::default()))).collect();
    // And two of the same, one of which ends.
    loaded.push((&policies[0], load(engine, &policies[0], form, Limits::default())));
    for round in 0..3 {
        for case in 0..policies.iter().map(|policy| policy.cases.len()).max().unwrap() {
            for (policy, engine) in &mut loaded {
                let Some(case) = policy.cases.get(case) else { continue };
                let decision = engine.evaluate(&case.input).unwrap();
                assert_eq!(parse(&decision), parse(&case.expected), "{} {}", policy.name, case.name);
            }
        }
        if round == 0 {
            loaded.remove(0);
        }
    }
}

pub fn ten_megabytes_of_data_are_decided_on(engine: &dyn PolicyEngine) {
    let policy = Policy::by_name("rbac-100000").unwrap();
    assert!(policy.data.as_ref().unwrap().len() > 10 << 20);
    let mut limits = with_time(Duration::from_secs(60));
    // The real OPA takes more than the others: several times what the data has as text.
    limits.memory = 1 << 30;
    let mut loaded = load(engine, &policy, *engine.forms().last().unwrap(), limits);
    for case in policy.cases.iter().take(4) {
        assert_eq!(parse(&loaded.evaluate(&case.input).unwrap()), parse(&case.expected), "{}", case.name);
    }
}

pub fn a_policy_that_aborts_has_failed(engine: &dyn PolicyEngine) {
    for &form in engine.forms() {
        let mut loaded = load(engine, &cases::moody(), form, Limits::default());
        for _ in 0..3 {
            let decision = loaded.evaluate(r#"{"clash": true}"#);
            let error = decision.expect_err("two values for one rule");
            assert!(matches!(&error, PolicyError::Failed { policy, .. } if policy == "moody"), "{form:?} {error:?}");
            allows_alice(loaded.as_mut());
        }
    }
}

pub fn an_endless_policy_is_stopped(engine: &dyn PolicyEngine) {
    for &form in engine.forms() {
        let time = Duration::from_millis(200);
        let mut loaded = load(engine, &cases::moody(), form, with_time(time));
        for _ in 0..2 {
            let started = Instant::now();
            let error = loaded.evaluate(r#"{"spin": true}"#).expect_err("it runs for years");
            assert!(matches!(&error, PolicyError::TimeLimit { limit, .. } if *limit == time), "{form:?} {error:?}");
            assert!(started.elapsed() >= time, "stopped before its time");
            allows_alice(loaded.as_mut());
        }
    }
}

pub fn a_policy_that_takes_memory_is_stopped(engine: &dyn PolicyEngine) {
    // Longer than it can take: an interpreter takes seconds to fill so much.
    let mut limits = with_time(Duration::from_secs(300));
    limits.memory = 64 << 20;
    for &form in engine.forms() {
        let mut loaded = load(engine, &cases::moody(), form, limits);
        for _ in 0..2 {
            let error = loaded.evaluate(r#"{"hoard": true}"#).expect_err("it takes gigabytes");
            assert!(
                matches!(&error, PolicyError::MemoryLimit { limit, .. } if *limit == 64 << 20),
                "{form:?} {error:?}"
            );
            allows_alice(loaded.as_mut());
        }
    }
}

pub fn limits_without_end_are_limits(engine: &dyn PolicyEngine) {
    let mut limits = with_time(Duration::MAX);
    limits.memory = u64::MAX;
    for &form in engine.forms() {
        allows_alice(load(engine, &cases::moody(), form, limits).as_mut());
    }
}

pub fn engines_decide_on_four_threads(engine: &dyn PolicyEngine) {
    let policy = Policy::by_name("http_authz").unwrap();
    for &form in engine.forms() {
        let loader: Box<dyn Loader> = engine.prepare(&policy, form, Limits::default()).unwrap();
        let together = Barrier::new(4);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let mut loaded = loader.load().unwrap();
                    together.wait();
                    for case in policy.cases.iter().cycle().take(200) {
                        let decision = loaded.evaluate(&case.input).unwrap();
                        assert_eq!(parse(&decision), parse(&case.expected), "{}", case.name);
                    }
                });
            }
        });
    }
}

pub fn an_engine_outlives_its_loader(engine: &dyn PolicyEngine) {
    for &form in engine.forms() {
        let loader = engine.prepare(&cases::moody(), form, Limits::default()).unwrap();
        let mut loaded = loader.load().unwrap();
        drop(loader);
        // And may move to another thread.
        std::thread::scope(|scope| scope.spawn(|| allows_alice(loaded.as_mut())).join().unwrap());
    }
}

pub fn no_descriptor_is_left(engine: &dyn PolicyEngine) {
    let open = || fs::read_dir("/proc/self/fd").unwrap().count();
    let round = || {
        for &form in engine.forms() {
            let loader = engine.prepare(&cases::moody(), form, Limits::default()).unwrap();
            for _ in 0..3 {
                let mut loaded = loader.load().unwrap();
                allows_alice(loaded.as_mut());
                loaded.evaluate("{").unwrap_err();
            }
            refusal(engine, &cases::broken(), form, Limits::default());
        }
    };
    // The first round may open what lives as long as the process.
    round();
    let before = open();
    for _ in 0..3 {
        round();
    }
    assert_eq!(open(), before);
}
