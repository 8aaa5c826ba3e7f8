//! How deep a module's calls may lie in each other. The engine bounds no stack: machine code that calls itself without end
//! overflows that of its thread, which ends the process, and the interpreter takes memory until there is none.
//!
//! A module in which no call can come back to its caller needs no bound, and runs as it is. In any other, the calls that can are
//! counted, by a global of the module's own and by what a frame of the callee takes, and one too many traps. What calls nothing
//! of the kind (`ready`, a loop over numbers) costs nothing.

mod calls;
mod count;

use std::borrow::Cow;

use calls::Calls;

/// Bytes of frames that calls which are counted may take together, and those that are not: what Wasmtime gives a guest by default
/// (`Config::max_wasm_stack`), and a quarter of the stack of a thread of Rust's.
pub(super) const MOST: u32 = 512 << 10;

/// Why a module cannot be bounded.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unbounded {
    /// It is no module, or not a valid one.
    Invalid(String),
    /// One frame of it is larger than all may be together.
    Frame,
}

/// The module with its calls counted, or as it is where that takes no counting.
pub(super) fn bounded(wasm: &[u8]) -> Result<Cow<'_, [u8]>, Unbounded> {
    let invalid = |error: wasmparser::Error| Unbounded::Invalid(error.to_string());
    let calls = Calls::read(wasm).map_err(invalid)?;
    if calls.largest_frame() > MOST {
        return Err(Unbounded::Frame);
    }
    let counted = calls.counted();
    if counted.is_empty() {
        return Ok(Cow::Borrowed(wasm));
    }
    count::counting(wasm, calls.globals(), &counted).map(Cow::Owned).map_err(invalid)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How often the module counts.
    fn counts(text: &str) -> usize {
        let wasm = wat::parse_str(format!("(module {text})")).unwrap();
        let bounded = bounded(&wasm).unwrap();
        wasmparser::Validator::new_with_features(wasmparser::WasmFeatures::all()).validate_all(&bounded).unwrap();
        assert_eq!(matches!(bounded, Cow::Borrowed(_)), bounded == wasm);
        let text = operators(&bounded);
        text.matches("global.set").count() / 2
    }

    /// The operators of all functions, as they are called in the text.
    fn operators(wasm: &[u8]) -> String {
        let mut text = String::new();
        for payload in wasmparser::Parser::new(0).parse_all(wasm) {
            if let wasmparser::Payload::CodeSectionEntry(body) = payload.unwrap() {
                for operator in body.get_operators_reader().unwrap() {
                    let name = match operator.unwrap() {
                        wasmparser::Operator::GlobalSet { .. } => "global.set ",
                        _ => "other ",
                    };
                    text.push_str(name);
                }
            }
        }
        text
    }

    #[test]
    fn only_calls_that_can_come_back_are_counted() {
        assert_eq!(counts(""), 0);
        // A chain, a diamond, and an import.
        assert_eq!(counts("(import \"a\" \"b\" (func)) (func call 0) (func call 1 call 1) (func call 2 call 1)"), 0);
        // Itself; two that call each other, and one that calls them.
        assert_eq!(counts("(func $f call $f)"), 1);
        assert_eq!(counts("(func $f call $g) (func $g call $f) (func call $f)"), 2);
        // Through a table; and what stands in none.
        let table = "(table funcref (elem $f)) (type $t (func))";
        assert_eq!(counts(&format!("{table} (func $f (call_indirect (type $t) (i32.const 0))) (func call $f)")), 1);
        assert_eq!(counts(&format!("{table} (func $f) (func (call_indirect (type $t) (i32.const 0)))")), 0);
        // Left by an exception.
        let caught = "(tag $e) (func $f (call $f) (throw $e)) (func (block $b (try_table (catch_all $b) (call $f))))";
        assert_eq!(counts(caught), 1);
        // By a reference.
        let by_reference = "(type $t (func)) (elem declare func $f) (func $f (call_ref $t (ref.func $f)))";
        assert_eq!(counts(by_reference), 1);
    }

    #[test]
    fn a_global_of_its_own_stands_behind_the_others() {
        let with =
            "(import \"a\" \"g\" (global i32)) (global (mut i64) (i64.const 7)) (func $f (param i32) (result i32)
            (drop (global.get 1)) (call $f (local.get 0)))";
        assert_eq!(counts(with), 1);
        assert_eq!(counts("(func $f (export \"f\") call $f) (memory 1) (data (i32.const 8) \"text\")"), 1);
    }

    /// What is measured is the engine: of the project's own workloads one has some calls that are counted, in what prints numbers.
    #[test]
    fn workloads_of_this_project_run_as_they_are() {
        use crate::runtime::Workload;
        let counted = [Workload::ready(), Workload::compute_kernel(), Workload::http_handler()].map(|workload| {
            let wasm = wat::parse_bytes(workload.wasm.as_deref().unwrap()).unwrap().into_owned();
            Calls::read(&wasm).unwrap().counted().values().map(|woven| woven.calls.len()).sum::<usize>()
        });
        assert_eq!(counted[..2], [0_usize; 2]);
        assert!(counted[2] < 20, "{counted:?}");
    }

    #[test]
    fn a_tail_call_asks_the_engine() {
        let wasm = wat::parse_str("(module (func $f return_call $f))").unwrap();
        let bounded = bounded(&wasm).unwrap();
        assert!(bounded.windows(3).any(|bytes| bytes == [0x03, 0x40, 0x0b]), "an empty loop before it");
    }

    #[test]
    fn a_frame_beyond_all_is_refused_and_so_is_what_is_no_module() {
        let of = |thousands: usize| {
            let locals = format!("(local {})", "i64 ".repeat(1000)).repeat(thousands);
            bounded(&wat::parse_str(format!("(module (func {locals}))")).unwrap()).map(drop)
        };
        assert_eq!((of(30), of(40)), (Ok(()), Err(Unbounded::Frame)));
        for bytes in [&b""[..], b"\0asm", b"\0asm\x01\0\0\0\x01"] {
            assert!(matches!(bounded(bytes), Err(Unbounded::Invalid(_))), "{bytes:?}");
        }
        let wrong = wat::parse_str("(module (func (result i32)))").unwrap();
        assert!(matches!(bounded(&wrong), Err(Unbounded::Invalid(why)) if why.contains("type mismatch")));
    }
}
