//! A place in a line that moves forward, and knows its column for errors.

use super::{NotationError, NotationField, NotationProblem};

/// The full-width form counts as the ASCII one outside brackets.
pub(super) const COLON: [char; 2] = [':', '：'];
pub(super) const COMMA: [char; 2] = [',', '，'];
pub(super) const SEMICOLON: [char; 2] = [';', '；'];
pub(super) const EQUALS: [char; 2] = ['=', '＝'];

#[derive(Debug, Clone)]
pub(super) struct Cursor<'a> {
    text: &'a str,
    at: usize,
    line: usize,
}

impl<'a> Cursor<'a> {
    pub fn new(text: &'a str, line: usize) -> Self {
        Self { text, at: 0, line }
    }

    pub fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    pub fn is_done(&self) -> bool {
        self.rest().is_empty()
    }

    pub fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub fn skip_space(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    /// Moves over one of `chars`, if it comes next.
    pub fn eat(&mut self, chars: &[char]) -> bool {
        match self.peek().filter(|c| chars.contains(c)) {
            Some(c) => {
                self.at += c.len_utf8();
                true
            }
            None => false,
        }
    }

    /// Moves over `word`, in either case of its letters.
    pub fn eat_word(&mut self, word: &str) -> bool {
        let found = self.rest().get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
        if found {
            self.at += word.len();
        }
        found
    }

    /// Moves up to one of `stops` or to the end, and gives what was passed, trimmed, with the cursor at its start.
    pub fn until(&mut self, stops: &[char]) -> (&'a str, Self) {
        self.skip_space();
        let start = self.clone();
        let length = self.rest().find(stops).unwrap_or(self.rest().len());
        self.at += length;
        (start.rest()[..length].trim_end(), start)
    }

    /// A text in brackets with its escapes resolved, or nothing if no bracket comes next.
    pub fn bracketed(&mut self, field: NotationField) -> Result<Option<String>, NotationError> {
        let start = self.clone();
        if !self.eat(&['[']) {
            return Ok(None);
        }
        let mut text = String::new();
        loop {
            let here = self.clone();
            let Some(c) = self.next() else { return Err(start.error(field, NotationProblem::Unclosed)) };
            match c {
                ']' => return Ok(Some(text)),
                '\\' => text.push(self.escape().ok_or_else(|| here.error(field, NotationProblem::Escape))?),
                '[' => return Err(here.unexpected(field, "\\[, or ] before it")),
                c => text.push(c),
            }
        }
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn escape(&mut self) -> Option<char> {
        match self.next()? {
            c @ ('\\' | '[' | ']') => Some(c),
            'n' => Some('\n'),
            'r' => Some('\r'),
            't' => Some('\t'),
            'u' if self.eat(&['{']) => {
                let (digits, _) = self.until(&['}', ']']);
                let code = u32::from_str_radix(digits, 16).ok().filter(|_| self.eat(&['}']))?;
                char::from_u32(code)
            }
            _ => None,
        }
    }

    pub fn error(&self, field: NotationField, problem: NotationProblem) -> NotationError {
        let column = self.text[..self.at].chars().count() + 1;
        NotationError { line: self.line, column, field, problem }
    }

    /// Something else than `expected` stands in the rest of the line.
    pub fn unexpected(&self, field: NotationField, expected: impl Into<String>) -> NotationError {
        self.expected(field, expected, self.rest().trim_end())
    }

    /// `found` stands here, and not something of `expected`.
    pub fn expected(&self, field: NotationField, expected: impl Into<String>, found: &str) -> NotationError {
        self.error(field, NotationProblem::Unexpected { expected: expected.into(), found: found.to_owned() })
    }
}

/// `text` in brackets, on one line whatever it holds.
pub(super) fn write_bracketed(f: &mut std::fmt::Formatter<'_>, text: &str) -> std::fmt::Result {
    use std::fmt::Write;

    f.write_char('[')?;
    for c in text.chars() {
        match c {
            '\\' | '[' | ']' => write!(f, "\\{c}")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            // Control characters, and the two that some programs take for the end of a line.
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => write!(f, "\\u{{{:x}}}", u32::from(c))?,
            c => f.write_char(c)?,
        }
    }
    f.write_char(']')
}
