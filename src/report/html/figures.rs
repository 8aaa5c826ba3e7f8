//! Figures one below the other over one axis, each with its interval.

use maud::html;

use super::{
    Picture, at,
    axis::{Axis, label},
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
    let anchor = |x: f64| match x {
        x if x < 40.0 => "start",
        x if x > WIDTH - 40.0 => "end",
        _ => "middle",
    };
    let widest = rows.iter().map(|row| columns(&row.words)).max().unwrap_or_default() as f64 * CHARACTER;
    // A label at an end of the axis is not centred on its tick.
    let apart = APART.max(1.6 * widest);
    let place = |value: f64| at(axis.place(value));
    let marks = html! {
        @for value in axis.ticks(apart) {
            line.grid x1=(place(value)) x2=(place(value)) y1="0" y2=(bottom) {}
            text.tick x=(place(value)) y=(bottom + 14.0) text-anchor=(anchor(place(value))) { (label(value, unit)) }
        }
        @for (i, row) in rows.iter().enumerate() {
            @let top = i as f64 * ROW;
            text x=(MARGIN) y=(top + WORDS) { (row.label) }
            text.label.end x=(WIDTH - MARGIN) y=(top + WORDS) { (row.words) }
            @if let Some((low, high)) = row.interval {
                path.range d={ "M" (place(low)) " " (top + MARK) "H" (place(high)) } {}
            }
            circle.mark.dot cx=(place(row.value)) cy=(top + MARK) {}
        }
    };
    Picture { width: WIDTH, height: bottom + FOOT, marks }
}
