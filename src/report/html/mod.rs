//! A report as one page: no script, no network, and every word of a baseline escaped by the templates.

mod axis;
mod curves;
mod figures;
mod forest;
mod rows;
mod shares;
mod style;
mod table;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{
    document::{Block, Document, Entry, Fold, Item, Section, Text},
    plot::{Drawing, Plot},
};
use crate::{
    Language,
    words::report::{colon, page as say, semicolon},
};

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
                    p { (document.place) }
                }
                main {
                    @let (opening, rest) = document.sections.split_at(document.opening);
                    @for (number, section) in opening.iter().enumerate() { (write_section(section, number, language)) }
                    nav aria-label=(say::contents(language)) {
                        ul {
                            @for section in rest { li { a href={ "#" (section.id) } { (section.title) } } }
                        }
                    }
                    @for (number, section) in rest.iter().enumerate() {
                        (write_section(section, opening.len() + number, language))
                    }
                }
            }
        }
    };
    without_quotes(&without_end_tags(page.into_string()))
}

const fn tag(language: Language) -> &'static str {
    language.pick("zh-Hans", "en")
}

/// A cell and a row end where the next one begins, so that HTML may leave their end tags out, and a shape of a picture holds
/// nothing: these tags are a tenth of a page. What is text has its brackets escaped.
fn without_end_tags(page: String) -> String {
    let page = ["</td>", "</th>", "</tr>"].iter().fold(page, |page, tag| page.replace(tag, ""));
    ["path", "circle", "line", "use"].iter().fold(page, |page, tag| page.replace(&format!("></{tag}>"), "/>"))
}

/// A value of letters and digits alone needs no quotes, where what follows is no slash: they are a thirtieth of a page. In what is
/// text they are escaped.
fn without_quotes(page: &str) -> String {
    let is_plain = |value: &str| {
        !value.is_empty()
            && value.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '%' | '#'))
    };
    let mut parts = page.split("=\"");
    let mut short = String::with_capacity(page.len());
    short.push_str(parts.next().unwrap_or_default());
    for part in parts {
        match part.split_once('"').filter(|(value, rest)| is_plain(value) && rest.starts_with([' ', '>'])) {
            Some((value, rest)) => short.extend(["=", value, rest]),
            None => short.extend(["=\"", part]),
        }
    }
    short
}

fn write_section(section: &Section, number: usize, language: Language) -> Markup {
    html! {
        section id=(section.id) aria-labelledby={ (section.id) "-title" } {
            h2 id={ (section.id) "-title" } { (section.title) }
            (write_blocks(&section.blocks, &number.to_string(), 0, language))
        }
    }
}

/// `id` is unique within the page, and `depth` is how many folds they stand in.
fn write_blocks(blocks: &[Block], id: &str, depth: usize, language: Language) -> Markup {
    html! {
        @for (i, block) in blocks.iter().enumerate() { (write_block(block, &format!("{id}-{i}"), depth, language)) }
    }
}

fn write_block(block: &Block, id: &str, depth: usize, language: Language) -> Markup {
    html! {
        @match block {
            Block::Paragraph(text) => p { (text) },
            Block::Strong(text) => p.lead { (text) },
            Block::Heading(text) => h3 { (text) },
            Block::Verbatim(text) => pre tabindex="0" { (text) },
            Block::List(items) => ul {
                @for item in items { (write_item(item, language)) }
            },
            Block::Table(table) => (table::write(table, id, language)),
            Block::Plots(plots) => div.plots {
                @for (i, plot) in plots.iter().enumerate() { (write_plot(plot, &format!("plot-{id}-{i}"))) }
            },
            Block::Forest(forest) => (forest::write(forest, id)),
            Block::Fold(fold) => (write_fold(fold, id, depth, language)),
            Block::Index(entries) => (write_index(entries, language)),
        }
    }
}

fn write_fold(fold: &Fold, id: &str, depth: usize, language: Language) -> Markup {
    html! {
        details id=[fold.id.as_deref()] {
            summary {
                @if depth == 0 { h3 { (fold.title) } } @else { h4 { (fold.title) } }
                @if !fold.detail.is_empty() { " " small { (fold.detail) } }
            }
            (write_blocks(&fold.blocks, id, depth + 1, language))
        }
    }
}

fn write_index(entries: &[Entry], language: Language) -> Markup {
    html! {
        ul.index {
            @for entry in entries {
                li {
                    b { (entry.name) } (colon(language))
                    @for (i, (name, id)) in entry.links.iter().enumerate() {
                        @if i > 0 { (semicolon(language)) }
                        a href={ "#" (id) } { (name) }
                    }
                }
            }
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

fn write_plot(plot: &Plot, id: &str) -> Markup {
    let drawing = match &plot.drawing {
        Drawing::Figures { unit, rows } => figures::draw(*unit, rows),
        Drawing::Spread { unit, rows } => rows::spread(*unit, rows),
        Drawing::Cumulative { unit, rows } => rows::cumulative(*unit, rows),
        Drawing::Curves { x, y, lines } => curves::draw(x, y, lines),
        Drawing::Shares(bars) => shares::draw(bars),
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

#[cfg(test)]
mod tests {
    use super::without_quotes;

    #[test]
    fn quotes_stay_where_a_value_needs_them() {
        for (long, short) in [
            (r##"<a id="x-1" href="#x-1">"##, "<a id=x-1 href=#x-1>"),
            (r##"<use href="#x"/>"##, r##"<use href="#x"/>"##),
            (r#"<i class="" title="a b" lang="é">="#, r#"<i class="" title="a b" lang="é">="#),
            (r#"<i class="a"b="c">"#, r#"<i class="a"b=c>"#),
            ("", ""),
        ] {
            assert_eq!(without_quotes(long), short);
        }
    }
}
