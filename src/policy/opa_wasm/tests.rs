use super::*;

fn engine() -> OpaWasm {
    OpaWasm::new().unwrap()
}

fn refusal(wasm: impl Into<Arc<[u8]>>, limits: Limits) -> PolicyError {
    let policy = Policy::new("p", "", "p/allow").with_wasm(wasm);
    match engine().prepare(&policy, PolicyForm::Source, limits).and_then(|loader| loader.load()) {
        Ok(_) => panic!("it was taken"),
        Err(error) => error,
    }
}

#[test]
fn bytes_that_are_not_wasm_are_refused_with_their_offset() {
    let good = Policy::by_name("rbac-10").unwrap().wasm.unwrap();
    for bytes in [&b""[..], b"\0asm", b"package p", &good[..good.len() / 2]] {
        let error = refusal(bytes, Limits::default());
        assert!(matches!(&error, PolicyError::Invalid { reason, .. } if !reason.is_empty()), "{error}");
    }
}

#[test]
fn a_policy_without_wasm_is_refused() {
    let policy = Policy::new("p", "package p\nallow := true\n", "p/allow");
    let error = engine().prepare(&policy, PolicyForm::Source, Limits::default()).err().unwrap();
    assert!(matches!(&error, PolicyError::UnsupportedForm { .. }), "{error}");
}

#[test]
fn data_beyond_the_memory_limit_is_refused_when_it_is_loaded() {
    let policy = Policy::by_name("rbac-10000").unwrap();
    // The text fits, what OPA makes of it does not.
    let mut limits = Limits { memory: 2 << 20, ..Limits::default() };
    assert!((policy.data.as_ref().unwrap().len() as u64) < limits.memory);
    let error = engine().prepare(&policy, PolicyForm::Precompiled, limits).unwrap().load().err().unwrap();
    assert!(matches!(error, PolicyError::MemoryLimit { limit, .. } if limit == 2 << 20), "{error}");
    // Less than the module itself asks for.
    limits.memory = 64 << 10;
    let small = Policy::by_name("rbac-10").unwrap();
    let error = engine().prepare(&small, PolicyForm::Source, limits).err().unwrap();
    assert!(matches!(error, PolicyError::MemoryLimit { .. }), "{error}");
}

#[test]
fn more_than_ten_megabytes_of_data_are_decided_on() {
    let policy = Policy::by_name("rbac-100000").unwrap();
    assert!(policy.data.as_ref().unwrap().len() > 10 << 20);
    let loader = engine().prepare(&policy, PolicyForm::Precompiled, Limits::default()).unwrap();
    let mut loaded = loader.load().unwrap();
    for case in &policy.cases {
        assert_eq!(loaded.evaluate(&case.input).unwrap(), case.expected.trim(), "{}", case.name);
    }
}

#[test]
fn engines_that_live_together_share_a_module_and_those_that_do_not_do_not() {
    let policy = Policy::by_name("rbac-10").unwrap();
    for form in [PolicyForm::Source, PolicyForm::Precompiled] {
        let loader = engine().on_disk(&policy, form, Limits::default()).unwrap();
        let (first, second) = (loader.load().unwrap(), loader.load().unwrap());
        let shared = loader.live.now().unwrap();
        // The two engines, and this test.
        assert_eq!(Arc::strong_count(&shared), 3);
        drop((first, second, shared));
        assert!(loader.live.now().is_none());
        loader.load().unwrap();
    }
}
