//! A policy's folder: Rego, data, an input and its decision, with `====` between them.
#![no_main]

mod shared;

use runtime_baseline::policy::Policy;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let directory = shared::directory();
    let names = ["policy.rego", "data.json", "inputs/case.json", "expected/case.json", "expected/allow/case.json"];
    for (name, content) in names.iter().zip(shared::parts::<5>(text)) {
        if let Some(content) = content {
            shared::write(&directory.path().join(name), content.as_bytes());
        }
    }
    match Policy::from_dir(directory.path()) {
        Ok(policies) => assert!(policies.iter().all(|policy| !policy.cases.is_empty())),
        Err(error) => drop(error.to_string()),
    }
});
