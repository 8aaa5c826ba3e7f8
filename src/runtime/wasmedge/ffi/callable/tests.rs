use super::*;

#[test]
fn a_memory_stays_where_it_is_when_it_grows() {
    crate::runtime::wasmedge::ffi::capture_log();
    let env = Env::new((1, 4_096)).unwrap();
    let view = View { executor: ptr::null_mut(), memory: env.memory, exports: &[] };
    env.set_word(1_020, 7);
    // The last page, and one that it may not have.
    assert!(view.write((4_096 << 16) - 5, b"text\0"));
    assert!(!view.write(4_096 << 16, b"text\0"));
    assert_eq!(view.text((4_096 << 16) - 5).as_deref(), Some(&b"text"[..]));
    // SAFETY: the memory is alive, and has more than a page.
    assert_eq!(unsafe { ffi::WasmEdge_MemoryInstanceGetPointer(env.memory, 0, PAGE) }, env.base);
    // Nothing reads or writes where the word is.
    assert!(view.text(1_020).is_none() && view.text(0).is_none() && !view.write(8, b"text"));
}
