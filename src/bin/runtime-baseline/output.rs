//! What a command prints, and how.

use std::io::{self, IsTerminal};

use serde_json::Value;

/// The text for standard output, and the exit code.
pub struct Output {
    pub text: String,
    pub code: u8,
}

impl Output {
    pub fn fine(text: String) -> Self {
        Self { text, code: 0 }
    }

    pub fn json(value: &Value) -> Self {
        Self::fine(format!("{value:#}\n"))
    }
}

/// Colours that carry no meaning of their own: the word beside them says the same.
#[derive(Clone, Copy)]
pub enum Colour {
    Red = 31,
    Green = 32,
    Yellow = 33,
    Plain = 0,
}

/// A word in a colour, on a terminal whose user did not ask for none (<https://no-color.org>).
pub fn coloured(word: &str, colour: Colour) -> String {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    if refused || matches!(colour, Colour::Plain) || !io::stdout().is_terminal() {
        return word.to_owned();
    }
    format!("\x1b[{}m{word}\x1b[0m", colour as u8)
}

/// Rows as columns, the last one ragged. Widths count characters; escape sequences stand in the last column alone.
pub fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |i: usize| rows.iter().filter_map(|row| row.get(i)).map(|cell| cell.chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (i, cell) in row.iter().enumerate() {
            let pad = if i + 1 == row.len() { 0 } else { widths[i] + 2 - cell.chars().count() };
            line.push_str(cell);
            line.extend(std::iter::repeat_n(' ', pad));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}
