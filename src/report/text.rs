//! Tables for a terminal.

use super::{document::Table, words::columns};

/// A table, each group's title on a line of its own.
pub(super) fn table(table: &Table) -> String {
    let header: Vec<&str> = table.columns.iter().map(|column| column.title.as_str()).collect();
    let mut rows = Vec::new();
    for group in &table.groups {
        if !group.title.is_empty() {
            rows.push(vec![group.title.clone()]);
        }
        let indent = if group.title.is_empty() { "" } else { "  " };
        rows.extend(group.rows.iter().map(|row| {
            let cell = |cell: &super::document::Cell| match (cell.text.is_empty(), cell.detail.is_empty()) {
                (_, true) => cell.text.words.clone(),
                (true, false) => cell.detail.words.clone(),
                (false, false) => format!("{} ({})", cell.text.words, cell.detail.words),
            };
            let mut cells: Vec<String> = row.iter().map(cell).collect();
            cells.iter_mut().take(1).for_each(|first| first.insert_str(0, indent));
            cells
        }));
    }
    format!("{}\n{}", table.caption, aligned(&header, &rows))
}

/// The widest column: one long name must not make every row as long.
const WIDEST: usize = 80;

/// A cell that is not wider than a column may be.
fn cut(cell: &str) -> String {
    if columns(cell) <= WIDEST {
        return cell.to_owned();
    }
    let mut width = 0;
    let fits = |c: &char| {
        width += columns(c.encode_utf8(&mut [0; 4]));
        width < WIDEST
    };
    cell.chars().take_while(fits).chain(['…']).collect()
}

/// Columns as wide as their widest cell; a row may have fewer cells than the header.
pub(super) fn aligned(header: &[&str], rows: &[Vec<String>]) -> String {
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(|cell| cut(cell)).collect()).collect();
    let mut widths: Vec<usize> = header.iter().map(|title| columns(title)).collect();
    for row in rows.iter().filter(|row: &&Vec<String>| row.len() == header.len()) {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(columns(cell));
        }
    }
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let padded = |(cell, width): (&str, &usize)| {
            // What comes from a baseline is one line, and no command to the terminal.
            let cell: String = cell.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
            format!("{cell}{}", " ".repeat(width.saturating_sub(columns(&cell))))
        };
        let line = cells.zip(&widths).map(padded).collect::<Vec<_>>().join("  ");
        format!("{}\n", line.trim_end())
    };
    let mut text = line(&mut header.iter().copied());
    let rules: Vec<String> = widths.iter().map(|width| "─".repeat(*width)).collect();
    text.push_str(&line(&mut rules.iter().map(String::as_str)));
    for row in &rows {
        text.push_str(&line(&mut row.iter().map(String::as_str)));
    }
    text
}
