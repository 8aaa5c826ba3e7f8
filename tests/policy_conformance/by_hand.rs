//! What the benches compare the adapters with decides as the adapters must.

use libtest_mimic::Trial;
use runtime_baseline::policy::Policy;

use crate::checks::parse;

pub fn trials() -> Vec<Trial> {
    vec![
        #[cfg(feature = "regorus")]
        Trial::test("by_hand::regorus", || {
            regorus();
            Ok(())
        }),
        #[cfg(feature = "opa-wasm")]
        Trial::test("by_hand::opa_wasm", || {
            opa_wasm();
            Ok(())
        }),
    ]
}

#[cfg(feature = "regorus")]
fn regorus() {
    use crate::bare_regorus;

    let limit = runtime_baseline::adapter::Limits::default().time;
    for policy in Policy::all() {
        let rule = format!("data.{}", policy.entrypoint.replace('/', "."));
        let data = policy.data.as_deref().unwrap_or("{}");
        let mut interpreter = bare_regorus::interpreter(&policy.rego, data, limit);
        let mut rvm = bare_regorus::rvm(&policy.rego, data, &rule, limit);
        for case in &policy.cases {
            let expected = parse(&case.expected);
            let decision = bare_regorus::interpret(&mut interpreter, &rule, &case.input);
            assert_eq!(parse(&decision), expected, "{} {}", policy.name, case.name);
            let decision = bare_regorus::run(&mut rvm, &case.input);
            assert_eq!(parse(&decision), expected, "{} {}", policy.name, case.name);
        }
    }
}

#[cfg(feature = "opa-wasm")]
fn opa_wasm() {
    use crate::bare_opa_wasm;

    for policy in ["rbac-10", "http_authz", "release"].map(|name| Policy::by_name(name).unwrap()) {
        let (wasm, data) = (policy.wasm.as_deref().unwrap(), policy.data.as_deref().unwrap());
        let mut loaded = bare_opa_wasm::load(wasm, data, 256 << 20);
        for case in &policy.cases {
            let decision = bare_opa_wasm::decide(&mut loaded, &policy.entrypoint, &case.input);
            assert_eq!(parse(&decision), parse(&case.expected), "{} {}", policy.name, case.name);
        }
    }
}
