//! Figures one below the other over one axis, each with its interval.

use maud::html;

use super::{
    Picture, at,
    axis::{Axis, scale},
};
use crate::{
    Unit,
    report::{plot::Figure, words::columns},
};

const WIDTH: f64 = 400.0;
const MARGIN: f64 = 12.0;
/// From one row to the next, and where its words and its mark are within it.
const ROW: f64 = 30.0;
const WORDS: f64 = 12.0;
const MARK: f64 = 21.0;
const FOOT: f64 = 20.0;
/// Between two labels of the axis, at least; a character takes so much of it.
const APART: f64 = 64.0;
const CHARACTER: f64 = 6.0;

pub(super) fn draw(unit: Unit, rows: &[Figure]) -> Picture {
    let ends = rows.iter().flat_map(|row| row.interval.map_or([row.value; 2], |(low, high)| [low, high]));
    let axis = Axis::by_ratio(ends.chain(rows.iter().map(|row| row.value)), MARGIN, WIDTH - MARGIN);
    let bottom = rows.len() as f64 * ROW;
    let widest = rows.iter().map(|row| columns(&row.words)).max().unwrap_or_default() as f64 * CHARACTER;
    // A label at an end of the axis is not centred on its tick.
    let apart = APART.max(1.6 * widest);
    let place = |value: f64| at(axis.place(value));
    let mark = |i: usize| i as f64 * ROW + MARK;
    let ranges = rows.iter().enumerate().filter_map(|(i, row)| row.interval.map(|ends| (i, ends)));
    let ranges: String =
        ranges.map(|(i, (low, high))| format!("M{} {}H{}", place(low), mark(i), place(high))).collect();
    // A line that hardly goes anywhere, with round ends, is a dot in a third of the characters.
    let dots: String =
        rows.iter().enumerate().map(|(i, row)| format!("M{} {}h.1", place(row.value), mark(i))).collect();
    let marks = html! {
        (scale(&axis, &axis.ticks(apart), unit, [0.0, bottom]))
        @for (i, row) in rows.iter().enumerate() {
            @let top = i as f64 * ROW;
            text x=(MARGIN) y=(top + WORDS) { (row.label) }
            text.end x=(WIDTH - MARGIN) y=(top + WORDS) { (row.words) }
        }
        @if !ranges.is_empty() { path.range d=(ranges) {} }
        path.mark.dots d=(dots) {}
    };
    Picture { width: WIDTH, height: bottom + FOOT, marks }
}
