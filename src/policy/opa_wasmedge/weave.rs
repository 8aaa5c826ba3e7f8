//! Weaves a question into OPA's Wasm: has it been told to stop? It is asked where every function begins, and where every
//! round of a loop does.
//!
//! WasmEdge's own way (`interruptible`) asks with an atomic exchange, which makes a decision eight times slower. An atomic
//! load costs next to nothing, and the compiler may not move it out of a loop.

use wasmparser::{FunctionBody, Operator};

use crate::runtime::wasmedge::splice::{self, part};

/// Where it asks: the guest stops when the 32-bit word there is not zero. LLVM's linker, which OPA's Wasm was made by, puts
/// nothing below 1024, so that a null pointer points to nothing.
pub(super) const STOP: u32 = 1020;

/// `i32.const 0`, `i32.atomic.load offset=1020`, `if`, `unreachable`, `end`.
const QUESTION: [u8; 11] = [0x41, 0x00, 0xfe, 0x10, 0x02, 0xfc, 0x07, 0x04, 0x40, 0x00, 0x0b];

/// The length of a module's magic number and version.
const HEADER: usize = 8;

/// The module with the question in it. The error says what is no Wasm, and where.
pub(super) fn weave(wasm: &[u8]) -> Result<Vec<u8>, String> {
    if wasm.len() < HEADER {
        return Err("it is too short for Wasm (at offset 0x0)".to_owned());
    }
    splice::anew(wasm, None, |_, body| asking(wasm, body)).map_err(|error| error.to_string())
}

fn asking(wasm: &[u8], body: &FunctionBody<'_>) -> wasmparser::Result<Vec<u8>> {
    let mut operators = body.get_operators_reader()?;
    let range = body.range();
    let mut copied = operators.original_position();
    let mut woven = part(wasm, range.start..copied).to_vec();
    woven.extend(QUESTION);
    while !operators.eof() {
        if matches!(operators.read()?, Operator::Loop { .. }) {
            let position = operators.original_position();
            woven.extend(part(wasm, copied..position));
            woven.extend(QUESTION);
            copied = position;
        }
    }
    woven.extend(part(wasm, copied..range.end));
    Ok(woven)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_and_every_loop_asks() {
        let wat = r#"(module (import "env" "memory" (memory 1)) (import "env" "f" (func))
            (func (export "a") (local i32) (loop (br 0)) (loop (loop (call 0))))
            (func (export "b"))
            (data (i32.const 8) "text"))"#;
        let woven = weave(&wat::parse_str(wat).unwrap()).unwrap();
        let asks = woven.windows(QUESTION.len()).filter(|bytes| *bytes == QUESTION).count();
        assert_eq!(asks, 5);
        // What stands around the code is as it was.
        assert!(woven.windows(4).any(|bytes| bytes == b"text"));
        assert_eq!(weave(&wat::parse_str("(module)").unwrap()).unwrap(), wat::parse_str("(module)").unwrap());
    }

    #[test]
    fn what_is_no_wasm_is_told_with_its_offset() {
        let good = crate::policy::Policy::by_name("rbac-10").unwrap().wasm.unwrap();
        for bytes in [&b""[..], b"\0asm", b"package p", &good[..good.len() / 2]] {
            assert!(weave(bytes).unwrap_err().contains("offset 0x"), "{:?}", weave(bytes));
        }
    }
}
