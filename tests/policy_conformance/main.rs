//! Every policy engine gives the same decisions and the same errors. A new engine is one line below.

#![cfg(feature = "measure")]

#[cfg(feature = "opa-wasm")]
#[path = "../benches/support/bare_opa_wasm.rs"]
mod bare_opa_wasm;
#[cfg(feature = "regorus")]
#[path = "../benches/support/bare_regorus.rs"]
mod bare_regorus;
#[path = "policy_conformance/cases.rs"]
mod cases;
#[path = "policy_conformance/suite.rs"]
mod suite;

/// `name => engine`: a module of tests for each. The engine is a `Result`: one that is unavailable here is told, with
/// its remedy, and passes.
macro_rules! engines {
    ($($(#[$attribute:meta])* $name:ident => $engine:expr;)*) => {
        $($(#[$attribute])* mod $name {
            engines!(@ $engine, identity_is_exact, every_form_of_every_policy_decides_as_expected, undefined_is_null,
                a_form_it_lacks_is_refused, what_does_not_compile_is_invalid, wasm_that_is_not_opas_is_refused, data_that_is_no_object_is_refused,
                data_over_the_limit_is_refused, an_unknown_entrypoint_is_refused, a_missing_function_is_named,
                input_that_is_not_json_is_refused, deep_input_is_decided_on_or_refused,
                engines_alive_at_once_decide_each_for_itself, ten_megabytes_of_data_are_decided_on, a_policy_that_aborts_has_failed, an_endless_policy_is_stopped,
                a_policy_that_takes_memory_is_stopped, limits_without_end_are_limits, engines_decide_on_four_threads,
                an_engine_outlives_its_loader, no_descriptor_is_left);
        })*
    };
    (@ $engine:expr, $($test:ident),*) => {
        $(#[test]
        fn $test() {
            crate::suite::with($engine, crate::suite::$test);
        })*
    };
}

engines! {
    #[cfg(feature = "regorus")]
    regorus => Ok(runtime_baseline::policy::regorus::Regorus::interpreter());
    #[cfg(feature = "regorus")]
    regorus_rvm => Ok(runtime_baseline::policy::regorus::Regorus::rvm());
    #[cfg(feature = "opa-wasm")]
    opa_wasm => runtime_baseline::policy::opa_wasm::OpaWasm::new();
    #[cfg(feature = "wasmedge")]
    opa_wasmedge => runtime_baseline::policy::opa_wasmedge::OpaWasmEdge::aot();
    #[cfg(feature = "wasmedge")]
    opa_wasmedge_interpreter => runtime_baseline::policy::opa_wasmedge::OpaWasmEdge::interpreter();
    #[cfg(feature = "opa")]
    opa_server => runtime_baseline::policy::opa::Opa::server();
    #[cfg(feature = "opa")]
    opa_process => runtime_baseline::policy::opa::Opa::process();
}

/// What the benches compare the adapter with decides as the adapter must.
#[cfg(feature = "regorus")]
#[test]
fn the_same_calls_by_hand_decide_as_expected() {
    let limit = runtime_baseline::runtime::Limits::default().time;
    for policy in runtime_baseline::policy::Policy::all() {
        let rule = format!("data.{}", policy.entrypoint.replace('/', "."));
        let data = policy.data.as_deref().unwrap_or("{}");
        let mut interpreter = bare_regorus::interpreter(&policy.rego, data, limit);
        let mut rvm = bare_regorus::rvm(&policy.rego, data, &rule, limit);
        for case in &policy.cases {
            let expected = suite::parse(&case.expected);
            let decision = bare_regorus::interpret(&mut interpreter, &rule, &case.input);
            assert_eq!(suite::parse(&decision), expected, "{} {}", policy.name, case.name);
            let decision = bare_regorus::run(&mut rvm, &case.input);
            assert_eq!(suite::parse(&decision), expected, "{} {}", policy.name, case.name);
        }
    }
}

/// The same of OPA's Wasm.
#[cfg(feature = "opa-wasm")]
#[test]
fn the_same_calls_of_opa_wasm_by_hand_decide_as_expected() {
    for policy in
        ["rbac-10", "http_authz", "release"].map(|name| runtime_baseline::policy::Policy::by_name(name).unwrap())
    {
        let (wasm, data) = (policy.wasm.as_deref().unwrap(), policy.data.as_deref().unwrap());
        let mut loaded = bare_opa_wasm::load(wasm, data, 256 << 20);
        for case in &policy.cases {
            let decision = bare_opa_wasm::decide(&mut loaded, &policy.entrypoint, &case.input);
            assert_eq!(suite::parse(&decision), suite::parse(&case.expected), "{} {}", policy.name, case.name);
        }
    }
}
