//! A report as markdown.

use std::fmt::Write;

use super::document::{Block, Cell, Document, Table, Tone};
use crate::{Language, words::report::page as say};

/// Writes a document. Plots are the page's alone.
pub(super) fn render(document: &Document) -> String {
    let mut out = String::new();
    // Writing to a string does not fail.
    let _ = writeln!(out, "# {}\n\n{}\n", escape(&document.title), escape(&document.place));
    for section in &document.sections {
        let _ = writeln!(out, "## {}\n", escape(&section.title));
        write_blocks(&mut out, &section.blocks, document.language);
        if section.blocks.iter().any(is_drawn) {
            let _ = writeln!(out, "{}\n", say::plots_are_in_the_page(document.language));
        }
    }
    // One line break at the end, not two.
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

/// Some blocks alone.
pub(super) fn blocks(blocks: &[Block], language: Language) -> String {
    let mut out = String::new();
    write_blocks(&mut out, blocks, language);
    out
}

fn is_drawn(block: &Block) -> bool {
    match block {
        Block::Plots(_) | Block::Forest(_) => true,
        Block::Fold(fold) => fold.blocks.iter().any(is_drawn),
        _ => false,
    }
}

/// Whether anything of it is left without drawings.
fn is_said(block: &Block) -> bool {
    match block {
        Block::Plots(_) | Block::Forest(_) => false,
        Block::Fold(fold) => fold.blocks.iter().any(is_said),
        _ => true,
    }
}

fn write_blocks(out: &mut String, blocks: &[Block], language: Language) {
    for block in blocks.iter().filter(|block| is_said(block)) {
        write_block(out, block, language);
    }
}

fn write_block(out: &mut String, block: &Block, language: Language) {
    let _ = match block {
        Block::Paragraph(text) => writeln!(out, "{}\n", escape(text)),
        Block::Strong(text) => writeln!(out, "**{}**\n", escape(text)),
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
        Block::Index(entries) => {
            for entry in entries {
                let links: Vec<&str> = entry.links.iter().map(|(name, _)| name.as_str()).collect();
                let _ = writeln!(out, "- **{}** – {}", escape(&entry.name), escape(&links.join("; ")));
            }
            writeln!(out)
        }
        Block::Table(table) => write_table(out, table, language),
        Block::Fold(fold) => {
            let detail = if fold.detail.is_empty() { String::new() } else { format!(" – {}", markup(&fold.detail)) };
            let _ = writeln!(out, "<details><summary><b>{}</b>{detail}</summary>\n", markup(&fold.title));
            write_blocks(out, &fold.blocks, language);
            writeln!(out, "</details>\n")
        }
        Block::Plots(_) | Block::Forest(_) => Ok(()),
    };
}

fn write_table(out: &mut String, table: &Table, language: Language) -> std::fmt::Result {
    writeln!(out, "*{}*\n", escape(&table.caption))?;
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
    if table.left_out > 0 {
        writeln!(out, "{}\n", say::rows_left_out(table.left_out, language))?;
    }
    folded(out, table)
}

/// What the cells of a table hold folded: a line for each row, below the table.
fn folded(out: &mut String, table: &Table) -> std::fmt::Result {
    let rows = table.groups.iter().flat_map(|group| &group.rows);
    let proofs: Vec<_> =
        rows.filter_map(|row| Some((row.first()?, row.iter().find(|cell| !cell.folded.is_empty())?))).collect();
    if proofs.is_empty() {
        return Ok(());
    }
    writeln!(out, "<details><summary><b>{}</b></summary>\n", markup(table.folds))?;
    for (name, cell) in proofs {
        let lines: Vec<String> =
            cell.folded.iter().map(|line| escape(line.words.trim_end_matches(['.', '。']))).collect();
        writeln!(out, "- **{}**, {} – {}", escape(&name.text.words), escape(&cell.text.words), lines.join("; "))?;
    }
    writeln!(out, "\n</details>\n")
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

/// Text as itself within a tag, where markdown's own escapes do not hold.
fn markup(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '<' | '>' | '[' | ']' | '|' => {
                let _ = write!(out, "&#{};", c as u32);
            }
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
