use super::*;

#[test]
fn depth_is_counted_outside_of_text_alone() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(is_flat_enough(&nested(DEPTH)));
    assert!(!is_flat_enough(&nested(DEPTH + 1)));
    assert!(is_flat_enough(&format!("[{}]", "[],".repeat(DEPTH))));
    assert!(is_flat_enough(&format!(r#"["{}"]"#, r#"\"[\\{"#.repeat(DEPTH))));
    assert!(!is_flat_enough(&format!(r#"["\\", {}]"#, nested(DEPTH))));
}

#[test]
fn a_module_is_compiled_once() {
    let aot = OpaWasmEdge::aot().unwrap();
    let [ten, more] = ["rbac-10", "rbac-1000"].map(|name| Policy::by_name(name).unwrap());
    let [ten, more] = [ten, more].map(|p| aot.on_disk(&p, PolicyForm::Precompiled, Limits::default()).unwrap());
    assert!(Arc::ptr_eq(&ten.file, &more.file));
}

#[test]
fn engines_that_live_together_share_a_module_and_those_that_do_not_do_not() {
    let policy = Policy::by_name("rbac-10").unwrap();
    let loader = OpaWasmEdge::interpreter().unwrap().on_disk(&policy, PolicyForm::Source, Limits::default()).unwrap();
    let (first, second) = (loader.load().unwrap(), loader.load().unwrap());
    assert!(Arc::strong_count(&loader.live.now().unwrap()) >= 3);
    drop((first, second));
    assert!(loader.live.now().is_none());
    loader.load().unwrap();
}
