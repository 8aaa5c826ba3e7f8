//! The layout of a baseline's file: an entry a line, so that what works by lines (`grep`, `diff`, a merge of two branches) finds
//! figures. Indented it would be twice as large, and ninety lines a figure.

use std::io::{self, Write};

use serde_json::ser::Formatter;

/// How deep the fields of the whole are, and the entries of its lists.
const FIELDS: usize = 1;
const ENTRIES: usize = 2;

#[derive(Debug, Default)]
pub(super) struct Lines {
    depth: usize,
    /// Whether the list that was begun last has no value yet.
    is_empty: bool,
}

impl Formatter for Lines {
    fn begin_object<W: ?Sized + Write>(&mut self, to: &mut W) -> io::Result<()> {
        self.depth += 1;
        to.write_all(b"{")
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, to: &mut W, first: bool) -> io::Result<()> {
        separate(to, first, if self.depth == FIELDS { b"\n  " } else { b"" })
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, to: &mut W) -> io::Result<()> {
        to.write_all(if self.depth == FIELDS { b": " } else { b":" })
    }

    fn end_object<W: ?Sized + Write>(&mut self, to: &mut W) -> io::Result<()> {
        self.depth -= 1;
        to.write_all(if self.depth == 0 { b"\n}" } else { b"}" })
    }

    fn begin_array<W: ?Sized + Write>(&mut self, to: &mut W) -> io::Result<()> {
        (self.depth, self.is_empty) = (self.depth + 1, true);
        to.write_all(b"[")
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, to: &mut W, first: bool) -> io::Result<()> {
        separate(to, first, if self.depth == ENTRIES { b"\n    " } else { b"" })
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.is_empty = false;
        Ok(())
    }

    fn end_array<W: ?Sized + Write>(&mut self, to: &mut W) -> io::Result<()> {
        self.depth -= 1;
        to.write_all(if self.depth == FIELDS && !self.is_empty { b"\n  ]" } else { b"]" })
    }
}

fn separate<W: ?Sized + Write>(to: &mut W, first: bool, between: &[u8]) -> io::Result<()> {
    if !first {
        to.write_all(b",")?;
    }
    to.write_all(between)
}

#[cfg(test)]
mod tests {
    use serde::Serialize;
    use serde_json::{Serializer, Value, json};

    #[test]
    fn an_entry_is_a_line() {
        let value = json!({ "a": 2, "b": [{ "c": [1, [], {}], "d": { "e": "f" } }, 3], "g": [] });
        let mut text = Vec::new();
        value.serialize(&mut Serializer::with_formatter(&mut text, super::Lines::default())).unwrap();
        assert_eq!(serde_json::from_slice::<Value>(&text).unwrap(), value);
        let lines: Vec<_> = std::str::from_utf8(&text).unwrap().lines().collect();
        let entry = r#"    {"c":[1,[],{}],"d":{"e":"f"}},"#;
        assert_eq!(lines, ["{", r#"  "a": 2,"#, r#"  "b": ["#, entry, "    3", "  ],", r#"  "g": []"#, "}"]);
    }
}
