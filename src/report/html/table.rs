//! Tables: rows that scroll in a box of their own, or become cards where the page is narrow.

use maud::{Markup, html};

use super::write_text;
use crate::{
    Language,
    report::document::{Cell, Column, Table, Tone},
    words::report::page as say,
};

/// `id` is unique within the page.
pub(super) fn write(table: &Table, id: &str, language: Language) -> Markup {
    let caption = format!("caption-{id}");
    let numbers = numbers(table);
    // A card is no row of a table to the browser: the roles say that it is. The others need none.
    let role = |role: &'static str| table.cards.then_some(role);
    html! {
        div.scroll.cards[table.cards] tabindex="0" role="region" aria-labelledby=(caption) {
            table role=[role("table")] class=[(!numbers.is_empty()).then_some(numbers)] {
                caption id=(caption) { span { (table.caption) } }
                // A row of headings alone makes them their columns', and one before cells is its row's: no scope says it again.
                thead role=[role("rowgroup")] {
                    tr role=[role("row")] {
                        @for column in &table.columns {
                            th role=[role("columnheader")] { (column.title) }
                        }
                    }
                }
                @for group in &table.groups {
                    tbody role=[role("rowgroup")] {
                        @if !group.title.is_empty() {
                            tr role=[role("row")] {
                                th.group scope="rowgroup" role=[role("rowheader")] colspan=(table.columns.len()) { (group.title) }
                            }
                        }
                        @for row in &group.rows {
                            tr role=[role("row")] {
                                @for (i, (cell, column)) in row.iter().zip(&table.columns).enumerate() {
                                    (write_cell(cell, column, i == 0, table, language))
                                }
                            }
                        }
                    }
                }
            }
        }
        @if table.left_out > 0 {
            p.detail { (say::rows_left_out(table.left_out, language)) }
        }
    }
}

/// Which columns hold numbers, as classes of the table: said in each cell, it would be a tenth of the page.
fn numbers(table: &Table) -> String {
    let numeric = table.columns.iter().enumerate().filter(|(_, column)| column.numeric);
    numeric.map(|(i, _)| format!("n{}", i + 1)).collect::<Vec<_>>().join(" ")
}

fn write_cell(cell: &Cell, column: &Column, first: bool, table: &Table, language: Language) -> Markup {
    let tone = match cell.tone {
        Tone::Plain | Tone::Strong => None,
        _ if cell.text.is_empty() => None,
        Tone::Good => Some("mark good"),
        Tone::Bad => Some("mark bad"),
        Tone::Open => Some("mark open"),
        Tone::Warning => Some("warning"),
    };
    let inner = html! {
        @match tone {
            // A warning stands in many rows: its element says it without a class.
            Some("warning") => b { (write_text(&cell.text, language)) },
            Some(class) => span class=(class) { (write_text(&cell.text, language)) },
            None => (write_text(&cell.text, language)),
        }
        @if !cell.detail.is_empty() {
            " " i { (write_text(&cell.detail, language)) }
        }
        @if !cell.folded.is_empty() {
            details {
                summary { (table.folds) }
                @for line in &cell.folded { p { (write_text(line, language)) } }
            }
        }
    };
    let role = |role: &'static str| table.cards.then_some(role);
    let label = (table.cards && !first).then_some(column.title.as_str());
    html! {
        @if first {
            th role=[role("rowheader")] id=[cell.id.as_deref()] { (inner) }
        } @else {
            td role=[role("cell")] data-label=[label] { (inner) }
        }
    }
}
