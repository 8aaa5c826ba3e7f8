//! A report as one page: no script, no network, and every word of a baseline escaped by the templates.

mod axis;
mod curves;
mod rows;
mod style;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{
    document::{Block, Cell, Column, Document, Item, Section, Table, Text, Tone},
    plot::{Drawing, Plot},
};
use crate::Language;

pub(super) fn render(document: &Document) -> String {
    let language = document.language;
    let page = html! {
        (DOCTYPE)
        html lang=(tag(language)) {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(style::policy());
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                title { (document.title) }
                style { (PreEscaped(style::sheet())) }
            }
            body {
                header {
                    h1 { (document.title) }
                    nav aria-label=(language.pick("目录", "Contents")) {
                        ul {
                            @for section in &document.sections {
                                li { a href={ "#" (section.id) } { (section.title) } }
                            }
                        }
                    }
                }
                main {
                    @for (number, section) in document.sections.iter().enumerate() {
                        (write_section(section, number, language))
                    }
                }
            }
        }
    };
    page.into_string()
}

const fn tag(language: Language) -> &'static str {
    language.pick("zh-Hans", "en")
}

fn write_section(section: &Section, number: usize, language: Language) -> Markup {
    html! {
        section id=(section.id) aria-labelledby={ (section.id) "-title" } {
            h2 id={ (section.id) "-title" } { (section.title) }
            @for (i, block) in section.blocks.iter().enumerate() {
                (write_block(block, &format!("{number}-{i}"), language))
            }
        }
    }
}

/// `id` is unique within the page.
fn write_block(block: &Block, id: &str, language: Language) -> Markup {
    html! {
        @match block {
            Block::Paragraph(text) => p { (text) },
            Block::Heading(text) => h3 { (text) },
            Block::Verbatim(text) => pre tabindex="0" { (text) },
            Block::List(items) => ul {
                @for item in items { (write_item(item, language)) }
            },
            Block::Table(table) => (write_table(table, id, language)),
            Block::Plots(plots) => div.plots {
                @for (i, plot) in plots.iter().enumerate() { (write_plot(plot, &format!("plot-{id}-{i}"))) }
            },
        }
    }
}

fn write_item(item: &Item, language: Language) -> Markup {
    html! {
        li {
            @if !item.name.is_empty() { b { (item.name) } " – " }
            (write_text(&item.text, language))
        }
    }
}

/// What is not in the page's language says so, for whoever reads it aloud.
fn write_text(text: &Text, language: Language) -> Markup {
    html! {
        @if text.english && language != Language::English {
            span lang="en" { (text.words) }
        } @else {
            (text.words)
        }
    }
}

fn write_table(table: &Table, id: &str, language: Language) -> Markup {
    let caption = format!("caption-{id}");
    html! {
        div.scroll.cards[table.cards] tabindex="0" role="region" aria-labelledby=(caption) {
            table role="table" {
                caption id=(caption) { (table.caption) }
                thead role="rowgroup" {
                    tr role="row" {
                        @for column in &table.columns {
                            th scope="col" role="columnheader" class=[column.numeric.then_some("number")] { (column.title) }
                        }
                    }
                }
                @for group in &table.groups {
                    tbody role="rowgroup" {
                        @if !group.title.is_empty() {
                            tr role="row" {
                                th.group scope="rowgroup" role="rowheader" colspan=(table.columns.len()) { (group.title) }
                            }
                        }
                        @for row in &group.rows {
                            tr role="row" {
                                @for (i, (cell, column)) in row.iter().zip(&table.columns).enumerate() {
                                    (write_cell(cell, column, i == 0, table.cards, language))
                                }
                            }
                        }
                    }
                }
            }
        }
        @if table.left_out > 0 {
            p.detail {
                @match language {
                    Language::English => { "And " (table.left_out) " more rows: baseline.json has all of them." },
                    Language::Chinese => { "另有 " (table.left_out) " 行：全部数据见 baseline.json。" },
                }
            }
        }
    }
}

fn write_cell(cell: &Cell, column: &Column, first: bool, cards: bool, language: Language) -> Markup {
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
            Some(class) => span class=(class) { (write_text(&cell.text, language)) },
            None => (write_text(&cell.text, language)),
        }
        @if !cell.detail.is_empty() {
            " " span.detail { (write_text(&cell.detail, language)) }
        }
    };
    let class = column.numeric.then_some("number");
    let label = (cards && !first).then_some(column.title.as_str());
    html! {
        @if first {
            th scope="row" role="rowheader" class=[class] { (inner) }
        } @else {
            td role="cell" class=[class] data-label=[label] { (inner) }
        }
    }
}

fn write_plot(plot: &Plot, id: &str) -> Markup {
    let drawing = match &plot.drawing {
        Drawing::Spread { unit, rows } => rows::spread(*unit, rows),
        Drawing::Cumulative { unit, rows } => rows::cumulative(*unit, rows),
        Drawing::Curves { x, y, lines } => curves::draw(x, y, lines),
    };
    html! {
        figure {
            figcaption {
                strong id=(id) { (plot.title) }
                span.detail { (plot.note) }
            }
            // A group of text, not one picture: the words in it are read and selected as words.
            svg viewBox={ "0 0 " (drawing.width) " " (drawing.height) } role="group" aria-labelledby=(id) {
                (drawing.marks)
            }
        }
    }
}

/// What a plot's own coordinates hold.
struct Picture {
    width: f64,
    height: f64,
    marks: Markup,
}

/// A coordinate to a tenth: more is not seen, and a page of long numbers is large.
fn at(x: f64) -> f64 {
    (x * 10.0).round() / 10.0
}
