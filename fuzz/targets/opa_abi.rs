//! What a guest of OPA's ABI may answer: the first bytes are its globals and return values, the rest its memory.
#![no_main]

use runtime_baseline::fuzzing::opa_contents;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let (answers, memory) = bytes.split_at(bytes.len().min(24));
    let _ = opa_contents(answers, memory);
});
