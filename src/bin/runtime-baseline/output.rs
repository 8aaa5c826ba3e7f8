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

/// The widest column: a name of a megabyte would make every row as wide.
const WIDEST: usize = 80;

/// Rows as columns, the last one ragged. Widths count characters, and what is wider than a column may be is cut; escape
/// sequences stand in the last column alone, which is not.
pub fn table(rows: &[Vec<String>]) -> String {
    let rows: Vec<Vec<String>> = rows.iter().map(|row| cut(row)).collect();
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

/// A row whose cells are one line each, and no command to the terminal.
fn cut(row: &[String]) -> Vec<String> {
    let last = row.len().saturating_sub(1);
    let cut = |(i, cell): (usize, &String)| {
        if i == last {
            return cell.clone();
        }
        let plain = |c: char| if c.is_control() { ' ' } else { c };
        let mut text: String = cell.chars().take(WIDEST).map(plain).collect();
        if cell.chars().nth(WIDEST).is_some() {
            text.pop();
            text.push('…');
        }
        text
    };
    row.iter().enumerate().map(cut).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_wide_cell_does_not_widen_all_rows() {
        let row = |name: &str| vec![name.to_owned(), "1 ms".to_owned(), "same".to_owned()];
        let mut rows = vec![row(&"w".repeat(1_000_000))];
        rows.extend((0..1000).map(|i| row(&format!("w{i}"))));
        let text = table(&rows);
        assert!(text.len() < 120_000, "{}", text.len());
        assert!(text.lines().all(|line| line.chars().count() <= WIDEST + 20));
        assert!(text.starts_with(&format!("{}…  1 ms  same\n", "w".repeat(WIDEST - 1))));
        assert_eq!(table(&[row("a\n\u{1b}[31mb")]), "a  [31mb  1 ms  same\n");
    }
}
