//! One thing against another: lines with a mark at each reading, told apart by the mark's shape.

use maud::{Markup, html};

use super::{
    Picture, at,
    axis::{Axis, label},
};
use crate::report::plot::{Line, Scale};

const WIDTH: f64 = 400.0;
const LEFT: f64 = 58.0;
const RIGHT: f64 = 388.0;
const TOP: f64 = 24.0;
const BOTTOM: f64 = 220.0;
const LEGEND: f64 = 16.0;

/// So many marks of a line: with more they would hide it.
const MOST_MARKS: usize = 40;

pub(super) fn draw(x: &Scale, y: &Scale, lines: &[Line]) -> Picture {
    let points = || lines.iter().flat_map(|line| &line.points);
    let across = Axis::fitting(points().map(|p| p.0), LEFT, RIGHT);
    let up = Axis::fitting(points().map(|p| p.1), BOTTOM, TOP);
    let below = BOTTOM + 36.0;
    let marks = html! {
        @for value in up.ticks(30.0) {
            @let place = at(up.place(value));
            line.grid x1=(LEFT) x2=(RIGHT) y1=(place) y2=(place) {}
            text.tick x=(LEFT - 6.0) y=(place + 4.0) text-anchor="end" { (label(value, y.unit)) }
        }
        @for value in across.ticks(90.0) {
            @let place = at(across.place(value));
            line.grid x1=(place) x2=(place) y1=(TOP) y2=(BOTTOM) {}
            text.tick x=(place) y=(BOTTOM + 14.0) text-anchor=(if place > RIGHT - 30.0 { "end" } else { "middle" }) {
                (label(value, x.unit))
            }
        }
        text.label x="4" y="12" { "↑ " (y.label) }
        text.label x=(RIGHT) y=(BOTTOM + 30.0) text-anchor="end" { (x.label) " →" }
        @for (i, line) in lines.iter().enumerate() {
            (one(line, i, &across, &up))
            @let y = below + (i as f64 + 0.5) * LEGEND;
            (marks(i, [(10.0, y)].into_iter()))
            text.label x="22" y=(y + 4.0) { (line.label) }
        }
    };
    Picture { width: WIDTH, height: below + LEGEND * (lines.len() as f64 + 0.5), marks }
}

fn one(line: &Line, index: usize, across: &Axis, up: &Axis) -> Markup {
    let places: Vec<(f64, f64)> = line.points.iter().map(|(x, y)| (at(across.place(*x)), at(up.place(*y)))).collect();
    let path: Vec<String> = places.iter().map(|(x, y)| format!("{x} {y}")).collect();
    let every = places.len().div_ceil(MOST_MARKS).max(1);
    html! {
        @if places.len() > 1 {
            path class={ "mark line line-" (index % SHAPES) } d={ "M" (path.join("L")) } {}
        }
        (marks(index, places.into_iter().step_by(every)))
    }
}

/// How many shapes there are; a plot has no more lines than that.
const SHAPES: usize = 6;

/// A circle, a square, a triangle, a diamond, a cross, and a triangle on its tip.
/// All of a line are one path.
fn marks(index: usize, places: impl Iterator<Item = (f64, f64)>) -> Markup {
    let shape = match index % SHAPES {
        0 => "m-3 0a3 3 0 1 0 6 0a3 3 0 1 0 -6 0z",
        1 => "m-2.8 -2.8h5.6v5.6h-5.6z",
        2 => "m0 -3.6l3.6 6.4h-7.2z",
        3 => "m0 -4l4 4l-4 4l-4 -4z",
        4 => "m-3 -3l6 6m-6 0l6 -6",
        _ => "m0 3.6l3.6 -6.4h-7.2z",
    };
    let all: String = places.map(|(x, y)| format!("M{x} {y}{shape}")).collect();
    html! { path class={ "mark point line-" (index % SHAPES) } d=(all) {} }
}
