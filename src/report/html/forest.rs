//! All claims over one axis: a strip of the axis for each, between its name and its verdict. The strips are as wide as the page
//! leaves them, so that places along them are shares of their width.

use maud::{Markup, html};

use super::{
    at,
    axis::{Axis, anchor},
};
use crate::report::forest::{Forest, Mark, Row, Rows};

/// What lies further out is drawn at the end of the axis.
const FURTHEST: f64 = 1e5;

/// The height of a strip, and where its marks are.
const HEIGHT: f64 = 22.0;
const MIDDLE: f64 = 11.0;

/// Claims that are drawn of a group; the table has all of them.
const MOST_ROWS: usize = 60;

pub(super) fn write(forest: &Forest, id: &str) -> Markup {
    let all = || forest.groups.iter().chain(&forest.folded.1).flat_map(|group| &group.rows);
    let measured =
        |row: &Row| row.measured.map_or([None; 3], |(value, low, high)| [Some(value), Some(low), Some(high)]);
    let values = all().flat_map(|row| measured(row).into_iter().chain([row.published])).flatten();
    let values = values.filter(|value| *value > 0.0).map(|value| value.clamp(1.0 / FURTHEST, FURTHEST));
    // One, where neither is better, is always on it.
    let axis = Axis::by_ratio(values.chain([0.5, 2.0]), 1.5, 98.5);
    let title = format!("forest-{id}");
    html! {
        figure.forest aria-labelledby=(title) {
            figcaption {
                strong id=(title) { (forest.title) }
                span.detail { (legend(forest)) }
            }
            (scale(&axis, forest))
            @for (i, group) in forest.groups.iter().enumerate() { (write_group(group, &axis, &format!("{id}-{i}"))) }
            @if !forest.folded.1.is_empty() {
                details {
                    summary { (forest.folded.0) }
                    @for (i, group) in forest.folded.1.iter().enumerate() {
                        (write_group(group, &axis, &format!("{id}-more-{i}")))
                    }
                }
            }
        }
    }
}

/// The shapes and their words.
fn legend(forest: &Forest) -> Markup {
    let mark = |shape: Markup| html! { svg.key width="16" height="14" aria-hidden="true" { (shape) } };
    html! {
        (mark(published(50.0, 7.0))) " " (forest.legend[0]) " · " (forest.legend[1])
        @for shape in [Mark::Reproduced, Mark::Refuted, Mark::Undecided, Mark::Open] {
            @if let Some(word) = word_of(forest, shape) { " · " (mark(measured_at(shape, 50.0, 7.0))) " " (word) }
        }
    }
}

/// The word of a verdict that is drawn.
fn word_of(forest: &Forest, mark: Mark) -> Option<&'static str> {
    forest.groups.iter().flat_map(|group| &group.rows).find(|row| row.mark == mark).map(|row| row.verdict)
}

/// The axis with its ticks, and the lines that all strips repeat.
fn scale(axis: &Axis, forest: &Forest) -> Markup {
    let ticks = axis.ticks(14.0);
    let percent = |value: f64| format!("{}%", at(axis.place(value)));
    // Ticks are round, and their products with powers of ten are not.
    let label = |value: f64| format!("{}×", (value * 1e6).round() / 1e6);
    html! {
        div.scale {
            span.end { (forest.ends[0]) }
            svg.strip width="100%" height=(HEIGHT) aria-hidden="true" {
                defs { g id="forest-grid" {
                    @for value in &ticks { line.grid x1=(percent(*value)) x2=(percent(*value)) y1="0" y2="100%" {} }
                    line.one x1=(percent(1.0)) x2=(percent(1.0)) y1="0" y2="100%" {}
                } }
                @for value in &ticks {
                    @let anchor = anchor(axis.place(*value), axis, 6.0);
                    text class={ "tick" (anchor) } x=(percent(*value)) y="14" { (label(*value)) }
                }
            }
            span.end { (forest.ends[1]) }
        }
    }
}

fn write_group(group: &Rows, axis: &Axis, id: &str) -> Markup {
    html! {
        p.pair { (group.title) }
        ul {
            @for (i, row) in group.rows.iter().take(MOST_ROWS).enumerate() {
                li {
                    @match &row.evidence {
                        Some(evidence) => a href={ "#" (evidence) } { (write_row(row, axis, &format!("{id}-{i}"))) },
                        None => div.a { (write_row(row, axis, &format!("{id}-{i}"))) },
                    }
                }
            }
        }
    }
}

fn write_row(row: &Row, axis: &Axis, id: &str) -> Markup {
    let class = match row.mark {
        Mark::Reproduced => "mark good",
        Mark::Refuted => "mark bad",
        _ => "mark open",
    };
    let id = format!("row-{id}");
    html! {
        span.what id=(id) { (row.what) }
        svg.strip width="100%" height=(HEIGHT) role="img" aria-labelledby=(id) {
            use href="#forest-grid" {}
            @if let Some((value, low, high)) = row.measured {
                line.range x1={ (at(axis.place(low))) "%" } x2={ (at(axis.place(high))) "%" } y1=(MIDDLE) y2=(MIDDLE) {}
                (measured_at(row.mark, axis.place(value), MIDDLE))
            }
            @if let Some(factor) = row.published { (published(axis.place(factor), MIDDLE)) }
        }
        span.verdict { span class=(class) { (row.verdict) } }
        span.numbers {
            @if !row.measured_in_words.is_empty() { b { (row.measured_in_words) } ", " }
            (row.published_in_words)
        }
    }
}

/// What is published: a diamond on its tip, open.
fn published(place: f64, y: f64) -> Markup {
    shape("published", "M0 -5.5L5.5 0L0 5.5L-5.5 0z", place, y)
}

fn measured_at(mark: Mark, place: f64, y: f64) -> Markup {
    match mark {
        Mark::Refuted => shape("cross", "M-4.5 -4.5L4.5 4.5M-4.5 4.5L4.5 -4.5", place, y),
        Mark::Reproduced => shape("full", "M-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0 -9 0z", place, y),
        Mark::Open => shape("empty", "M-4 -4h8v8h-8z", place, y),
        _ => shape("empty", "M-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0 -9 0z", place, y),
    }
}

/// A shape at a share of the strip's width: only a drawing of its own can be moved so.
fn shape(class: &str, path: &str, place: f64, y: f64) -> Markup {
    html! { svg.shape x={ (at(place)) "%" } y=(y) { path class={ "mark " (class) } d=(path) {} } }
}
