//! A report as markdown.

use std::fmt::Write;

use super::document::{Block, Cell, Document, Table, Tone};
use crate::Language;

/// Writes a document. Plots are the page's alone.
pub(super) fn render(document: &Document) -> String {
    let mut out = String::new();
    // Writing to a string does not fail.
    let _ = writeln!(out, "# {}\n", escape(&document.title));
    for section in &document.sections {
        let _ = writeln!(out, "## {}\n", escape(&section.title));
        let drawn = section.blocks.iter().any(|block| matches!(block, Block::Plots(_)));
        for (i, block) in section.blocks.iter().enumerate() {
            // A heading with only plots below it would head nothing.
            let heads_plots = matches!(section.blocks.get(i + 1), Some(Block::Plots(_)));
            if !(heads_plots && matches!(block, Block::Heading(_))) {
                write_block(&mut out, block, document.language);
            }
        }
        if drawn {
            let pages = document
                .language
                .pick("分布图见同目录的 report.zh.html。", "The plots stand in report.html beside this file.");
            let _ = writeln!(out, "{pages}\n");
        }
    }
    // One line break at the end, not two.
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

fn write_block(out: &mut String, block: &Block, language: Language) {
    let _ = match block {
        Block::Paragraph(text) => writeln!(out, "{}\n", escape(text)),
        Block::Heading(text) => writeln!(out, "### {}\n", escape(text)),
        Block::Verbatim(text) => {
            let fence = fence(text);
            writeln!(out, "{fence}text\n{text}\n{fence}\n")
        }
        Block::List(items) => {
            for item in items {
                let name =
                    if item.name.is_empty() { String::new() } else { format!("**{}** – ", escape(&item.name)) };
                let _ = writeln!(out, "- {name}{}", escape(&item.text.words));
            }
            writeln!(out)
        }
        Block::Table(table) => write_table(out, table, language),
        Block::Plots(_) => Ok(()),
    };
}

fn write_table(out: &mut String, table: &Table, language: Language) -> std::fmt::Result {
    let titles: Vec<String> = table.columns.iter().map(|column| escape(&column.title)).collect();
    writeln!(out, "| {} |", titles.join(" | "))?;
    let rules = table.columns.iter().map(|column| if column.numeric { " ---: |" } else { " --- |" });
    writeln!(out, "|{}", rules.collect::<String>())?;
    for group in &table.groups {
        if !group.title.is_empty() {
            writeln!(out, "| **{}** |{}", escape(&group.title), " |".repeat(table.columns.len() - 1))?;
        }
        for row in &group.rows {
            writeln!(out, "| {} |", row.iter().map(cell).collect::<Vec<_>>().join(" | "))?;
        }
    }
    writeln!(out)?;
    match (table.left_out, language) {
        (0, _) => Ok(()),
        (more, Language::English) => writeln!(out, "And {more} more rows: baseline.json has all of them.\n"),
        (more, Language::Chinese) => writeln!(out, "另有 {more} 行：全部数据见 baseline.json。\n"),
    }
}

fn cell(cell: &Cell) -> String {
    let text = escape(&cell.text.words);
    let text = match cell.tone {
        Tone::Good | Tone::Bad if !text.is_empty() => format!("**{text}**"),
        _ => text,
    };
    match (text.is_empty(), cell.detail.is_empty()) {
        (_, true) => text,
        (true, false) => escape(&cell.detail.words),
        (false, false) => format!("{text} ({})", escape(&cell.detail.words)),
    }
}

/// Text as itself: what a baseline says is no markup. A bar would end a table's cell, a line break its row.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '`' | '*' | '<' | '[' | ']' | '|' => out.extend(['\\', c]),
            '&' => out.push_str("&amp;"),
            _ if c.is_control() => out.push(' '),
            _ => out.push(c),
        }
    }
    out
}

/// A fence that the text cannot end.
fn fence(text: &str) -> String {
    let mut longest = 0;
    let mut run = 0;
    for c in text.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    "`".repeat((longest + 1).max(3))
}
