//! Modules that are written anew with something between their operators: what lies around it is copied.

use std::ops::Range;

use wasmparser::{FunctionBody, Parser, Payload, Result};

const GLOBAL: u8 = 6;
const CODE: u8 = 10;
/// Sections that come after the globals: exports, start, elements, how many data there are, code, data.
const AFTER_GLOBALS: [u8; 6] = [7, 8, 9, 12, CODE, 11];

/// The module with each function's body as `body` writes it, by its number and as it was, and with one more `global` behind the
/// others, where one is given.
pub(crate) fn anew(
    wasm: &[u8],
    mut global: Option<&[u8]>,
    mut body: impl FnMut(usize, &FunctionBody<'_>) -> Result<Vec<u8>>,
) -> Result<Vec<u8>> {
    let mut written = Vec::new();
    let mut bodies: Vec<Vec<u8>> = Vec::new();
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload?;
        if let Payload::Version { range, .. } = &payload {
            written.extend(part(wasm, range.clone()));
        }
        if let Payload::CodeSectionEntry(entry) = &payload {
            bodies.push(body(bodies.len(), entry)?);
            continue;
        }
        if !bodies.is_empty() {
            code_section(&mut written, std::mem::take(&mut bodies));
        }
        let Some((id, range)) = payload.as_section() else { continue };
        if let Payload::GlobalSection(there) = &payload
            && let Some(global) = global.take()
        {
            globals(&mut written, there.count(), behind_number(part(wasm, range)), global);
            continue;
        }
        if AFTER_GLOBALS.contains(&id)
            && let Some(global) = global.take()
        {
            globals(&mut written, 0, &[], global);
        }
        // Its bodies follow; what it says of its own end may be wrong.
        if id != CODE {
            section(&mut written, id, part(wasm, range));
        }
    }
    Ok(written)
}

/// The section of globals: those that are there, and one more.
fn globals(written: &mut Vec<u8>, count: u32, there: &[u8], global: &[u8]) {
    let mut content = Vec::new();
    number(&mut content, count as usize + 1);
    content.extend(there);
    content.extend(global);
    section(written, GLOBAL, &content);
}

/// What follows a number in LEB128, which may be longer than it must.
pub(crate) fn behind_number(bytes: &[u8]) -> &[u8] {
    let length = bytes.iter().take_while(|byte| **byte & 0x80 != 0).count() + 1;
    bytes.get(length..).unwrap_or_default()
}

/// Offsets are those of a file; a module lies in memory.
pub(crate) fn part(wasm: &[u8], range: Range<u64>) -> &[u8] {
    &wasm[range.start as usize..range.end as usize]
}

fn code_section(written: &mut Vec<u8>, bodies: Vec<Vec<u8>>) {
    let mut content = Vec::new();
    number(&mut content, bodies.len());
    for body in bodies {
        number(&mut content, body.len());
        content.extend(body);
    }
    section(written, CODE, &content);
}

fn section(written: &mut Vec<u8>, id: u8, content: &[u8]) {
    written.push(id);
    number(written, content.len());
    written.extend(content);
}

/// LEB128, as Wasm has it.
pub(crate) fn number(written: &mut Vec<u8>, mut number: usize) {
    while number > 0x7f {
        written.push(number as u8 | 0x80);
        number >>= 7;
    }
    written.push(number as u8);
}
