//! Writes a module anew, with its calls counted.

use std::collections::BTreeMap;

use wasmparser::{FunctionBody, Result};

use super::{
    super::splice::{self, behind_number, number, part},
    MOST,
    calls::{Counted, Woven},
};

/// A mutable `i32` that begins at 0.
const COUNT: [u8; 5] = [0x7f, 0x01, 0x41, 0x00, 0x0b];

/// A round of a loop, where the engine asks whether the guest is to stop.
const ASK: [u8; 3] = [0x03, 0x40, 0x0b];

const GET_LOCAL: u8 = 0x20;
const SET_LOCAL: u8 = 0x21;
const GET: u8 = 0x23;
const SET: u8 = 0x24;
const CONST: u8 = 0x41;
const ADD: u8 = 0x6a;
/// `i32.gt_u`, `if`, `unreachable`, `end`.
const TRAP_WHERE_GREATER: [u8; 5] = [0x4b, 0x04, 0x40, 0x00, 0x0b];

/// The module with a global behind its `globals` others, by which the calls of these functions are counted.
pub(super) fn counting(wasm: &[u8], globals: u32, functions: &BTreeMap<usize, Woven>) -> Result<Vec<u8>> {
    splice::anew(wasm, Some(&COUNT), |function, body| match functions.get(&function) {
        Some(woven) => counted(wasm, body, globals, woven),
        None => Ok(part(wasm, body.range()).to_vec()),
    })
}

/// A function that keeps what is counted when it begins, in a local of its own. Each call begins from that, and what is counted is that
/// again when it returns: so an exception that leaves calls behind leaves nothing counted.
fn counted(wasm: &[u8], body: &FunctionBody<'_>, count: u32, woven: &Woven) -> Result<Vec<u8>> {
    let (range, first) = (body.range(), body.get_operators_reader()?.original_position());
    let mut written = Vec::new();
    number(&mut written, body.get_locals_reader()?.get_count() as usize + 1);
    written.extend(behind_number(part(wasm, range.start..first)));
    // One more, an `i32`.
    written.extend([0x01, 0x7f]);
    on(&mut written, GET, count);
    on(&mut written, SET_LOCAL, woven.locals);
    let mut copied = first;
    for (at, what) in &woven.calls {
        written.extend(part(wasm, copied..at.start));
        match what {
            Counted::Tail => {
                written.extend(ASK);
                written.extend(part(wasm, at.clone()));
            }
            Counted::By(bytes) => {
                on(&mut written, GET_LOCAL, woven.locals);
                constant(&mut written, MOST.saturating_sub(*bytes));
                written.extend(TRAP_WHERE_GREATER);
                on(&mut written, GET_LOCAL, woven.locals);
                constant(&mut written, *bytes);
                written.push(ADD);
                on(&mut written, SET, count);
                written.extend(part(wasm, at.clone()));
                on(&mut written, GET_LOCAL, woven.locals);
                on(&mut written, SET, count);
            }
        }
        copied = at.end;
    }
    written.extend(part(wasm, copied..range.end));
    Ok(written)
}

/// An operation on a global or a local.
fn on(written: &mut Vec<u8>, operation: u8, index: u32) {
    written.push(operation);
    number(written, index as usize);
}

fn constant(written: &mut Vec<u8>, value: u32) {
    written.push(CONST);
    signed(written, i64::from(value));
}

/// Signed LEB128, as constants have it.
fn signed(written: &mut Vec<u8>, mut value: i64) {
    loop {
        let (byte, rest) = (value as u8 & 0x7f, value >> 7);
        if rest == 0 && byte & 0x40 == 0 {
            return written.push(byte);
        }
        written.push(byte | 0x80);
        value = rest;
    }
}
