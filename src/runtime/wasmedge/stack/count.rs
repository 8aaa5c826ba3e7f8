//! Writes a module anew, with its calls counted.

use std::{collections::BTreeMap, ops::Range};

use wasmparser::{FunctionBody, Parser, Payload, Result};

use super::{
    super::splice::{self, number, part, section},
    MOST,
    calls::Counted,
};

const GLOBAL: u8 = 6;
/// Sections that come after the globals: exports, start, elements, how many data there are, code, data.
const AFTER_GLOBALS: [u8; 6] = [7, 8, 9, 12, 10, 11];

/// A mutable `i32` that begins at 0.
const COUNT: [u8; 5] = [0x7f, 0x01, 0x41, 0x00, 0x0b];

/// A round of a loop, where the engine asks whether the guest is to stop.
const ASK: [u8; 3] = [0x03, 0x40, 0x0b];

const GET: u8 = 0x23;
const SET: u8 = 0x24;
const CONST: u8 = 0x41;
const ADD: u8 = 0x6a;
const SUBTRACT: u8 = 0x6b;
/// `i32.gt_u`, `if`, `unreachable`, `end`.
const TRAP_WHERE_GREATER: [u8; 5] = [0x4b, 0x04, 0x40, 0x00, 0x0b];

type All = BTreeMap<u64, (Range<u64>, Counted)>;

/// The module with a global behind its `globals` others, by which these calls are counted.
pub(super) fn counting(wasm: &[u8], globals: u32, calls: &All) -> Result<Vec<u8>> {
    let mut written = wasm[..splice::HEADER].to_vec();
    let mut is_declared = false;
    let mut bodies: Vec<Vec<u8>> = Vec::new();
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload?;
        if let Payload::CodeSectionEntry(body) = &payload {
            bodies.push(counted(wasm, body, globals, calls));
            continue;
        }
        if matches!(payload, Payload::CodeSectionStart { .. }) {
            if !is_declared {
                declare(&mut written, &[], 0);
                is_declared = true;
            }
            continue;
        }
        if !bodies.is_empty() {
            splice::code_section(&mut written, std::mem::take(&mut bodies));
        }
        let own = if let Payload::GlobalSection(section) = &payload { Some(section.count()) } else { None };
        let Some((id, range)) = payload.as_section() else { continue };
        if let Some(count) = own {
            // What follows the number of globals, which is one more now.
            let content = part(wasm, range);
            let mut length = Vec::new();
            number(&mut length, count as usize);
            let is_shortest = content.starts_with(&length);
            let skipped = if is_shortest {
                length.len()
            } else {
                content.iter().take_while(|byte| **byte & 0x80 != 0).count() + 1
            };
            declare(&mut written, &content[skipped..], count as usize);
            is_declared = true;
            continue;
        }
        debug_assert!(id != GLOBAL, "read above");
        if AFTER_GLOBALS.contains(&id) && !is_declared {
            declare(&mut written, &[], 0);
            is_declared = true;
        }
        section(&mut written, id, part(wasm, range));
    }
    Ok(written)
}

/// The section of globals: those that are there, and one more.
fn declare(written: &mut Vec<u8>, there: &[u8], count: usize) {
    let mut content = Vec::new();
    number(&mut content, count + 1);
    content.extend(there);
    content.extend(COUNT);
    section(written, GLOBAL, &content);
}

fn counted(wasm: &[u8], body: &FunctionBody<'_>, count: u32, calls: &All) -> Vec<u8> {
    let range = body.range();
    let mut copied = range.start;
    let mut written = Vec::new();
    for (at, what) in calls.range(range.clone()).map(|(_, call)| call) {
        written.extend(part(wasm, copied..at.start));
        match what {
            Counted::Tail => {
                written.extend(ASK);
                written.extend(part(wasm, at.clone()));
            }
            Counted::By(bytes) => {
                get(&mut written, count);
                constant(&mut written, MOST.saturating_sub(*bytes));
                written.extend(TRAP_WHERE_GREATER);
                change(&mut written, count, *bytes, ADD);
                written.extend(part(wasm, at.clone()));
                change(&mut written, count, *bytes, SUBTRACT);
            }
        }
        copied = at.end;
    }
    written.extend(part(wasm, copied..range.end));
    written
}

fn get(written: &mut Vec<u8>, global: u32) {
    written.push(GET);
    number(written, global as usize);
}

fn constant(written: &mut Vec<u8>, value: u32) {
    written.push(CONST);
    signed(written, i64::from(value));
}

fn change(written: &mut Vec<u8>, global: u32, by: u32, operation: u8) {
    get(written, global);
    constant(written, by);
    written.extend([operation, SET]);
    number(written, global as usize);
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
