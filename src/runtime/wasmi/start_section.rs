//! What runs before `_start`, made an export, so that the adapter can run it as it runs `_start`.

/// The number of the section of exports.
const EXPORTS: u8 = 7;

/// The number of the section that names what runs before everything else. It follows that of the exports.
const START: u8 = 8;

/// An export's kind: a function.
const FUNCTION: u8 = 0;

/// The same module without its start section, whose function is exported as `name`. `None` where the module has none; it is a
/// valid one, and exports something.
pub(super) fn exported(wasm: &[u8], name: &str) -> Option<Vec<u8>> {
    let (header, mut rest) = wasm.split_at_checked(8)?;
    let mut made = header.to_vec();
    // The exports as they are in the module, and where their section lies in what is made.
    let mut exports = None;
    while let Some((&id, after)) = rest.split_first() {
        let (length, after) = number(after)?;
        let (content, after) = after.split_at_checked(length as usize)?;
        if id == START {
            let ((exports, place), (function, _)) = (exports?, number(content)?);
            made.splice(place, one_more(exports, name, function)?);
            made.extend_from_slice(after);
            return Some(made);
        }
        let begin = made.len();
        made.extend_from_slice(&rest[..rest.len() - after.len()]);
        if id == EXPORTS {
            exports = Some((content, begin..made.len()));
        }
        rest = after;
    }
    None
}

/// The section of exports, with that of `function` at its end.
fn one_more(exports: &[u8], name: &str, function: u32) -> Option<Vec<u8>> {
    let (count, before) = number(exports)?;
    let mut content = Vec::with_capacity(exports.len() + name.len() + 12);
    put(&mut content, count.checked_add(1)?);
    content.extend_from_slice(before);
    put(&mut content, name.len().try_into().ok()?);
    content.extend_from_slice(name.as_bytes());
    content.push(FUNCTION);
    put(&mut content, function);
    let mut section = vec![EXPORTS];
    put(&mut section, content.len().try_into().ok()?);
    section.append(&mut content);
    Some(section)
}

/// The number (LEB128) that `bytes` begin with, and what follows it.
fn number(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let mut value = 0;
    for (index, byte) in bytes.iter().take(5).enumerate() {
        value |= u32::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some((value, &bytes[index + 1..]));
        }
    }
    None
}

fn put(bytes: &mut Vec<u8>, mut value: u32) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn module(text: &str) -> Vec<u8> {
        wat::parse_str(format!("(module {text})")).unwrap()
    }

    #[test]
    fn what_runs_first_is_an_export_and_all_else_is_as_it_was() {
        let text = |first: &str| {
            format!(
                "(@custom \"a\" (before export) \"x\") (memory (export \"memory\") 1) (table 1 funcref) (func $f) (func $g)
                 (export \"_start\" (func $f)) {first} (elem (i32.const 0) $g) (data (i32.const 0) \"x\")"
            )
        };
        let name = "n".repeat(200);
        let made = exported(&module(&text("(start $g)")), &name).unwrap();
        assert_eq!(made, module(&text(&format!("(export \"{name}\" (func $g))"))));
        assert_eq!(exported(&module(&text("")), &name), None);
    }

    #[test]
    fn what_is_cut_off_is_no_module() {
        let whole = module("(func $f (export \"_start\")) (start $f)");
        let start = exported(&whole, "n").unwrap();
        for length in 0..whole.len() {
            assert!(exported(&whole[..length], "n").is_none_or(|made| made.len() < start.len()), "{length}");
        }
    }

    #[test]
    fn numbers_are_read_as_they_are_written() {
        for value in [0, 1, 127, 128, 300, 1 << 14, (1 << 28) - 1, u32::MAX] {
            let mut bytes = Vec::new();
            put(&mut bytes, value);
            bytes.push(7);
            assert_eq!(number(&bytes), Some((value, &[7][..])));
        }
        assert_eq!(number(&[]), None);
        assert_eq!(number(&[0x80; 9]), None);
    }
}
