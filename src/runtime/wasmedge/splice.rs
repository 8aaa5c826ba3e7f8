//! Modules that are written anew with something between their operators: what lies around it is copied.

use std::ops::Range;

/// The length of a module's magic number and version.
pub(crate) const HEADER: usize = 8;

const CODE: u8 = 10;

/// Offsets are those of a file; a module lies in memory.
pub(crate) fn part(wasm: &[u8], range: Range<u64>) -> &[u8] {
    &wasm[range.start as usize..range.end as usize]
}

pub(crate) fn code_section(written: &mut Vec<u8>, bodies: Vec<Vec<u8>>) {
    let mut content = Vec::new();
    number(&mut content, bodies.len());
    for body in bodies {
        number(&mut content, body.len());
        content.extend(body);
    }
    section(written, CODE, &content);
}

pub(crate) fn section(written: &mut Vec<u8>, id: u8, content: &[u8]) {
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
