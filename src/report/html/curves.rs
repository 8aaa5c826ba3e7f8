//! One thing against another: lines with a mark at each reading, told apart by the mark's shape.

use maud::{Markup, html};

use super::{
    Picture, at,
    axis::{Axis, label, scale},
};
use crate::report::plot::{Line, Scale};

const WIDTH: f64 = 400.0;
const LEFT: f64 = 58.0;
const RIGHT: f64 = 388.0;
const TOP: f64 = 24.0;
const BOTTOM: f64 = 220.0;
const LEGEND: f64 = 16.0;

/// So many marks of a line: with more they would hide it.
const MOST_MARKS: usize = 8;

/// A bend of a line that is flatter than this, in units of the picture, is not seen, and not drawn.
const SEEN: f64 = 0.6;

pub(super) fn draw(x: &Scale, y: &Scale, lines: &[Line]) -> Picture {
    let points = || lines.iter().flat_map(|line| &line.points);
    let across = Axis::fitting(points().map(|p| p.0), LEFT, RIGHT);
    let up = Axis::fitting(points().map(|p| p.1), BOTTOM, TOP);
    let below = BOTTOM + 36.0;
    let heights: Vec<(f64, f64)> = up.ticks(30.0).into_iter().map(|value| (value, at(up.place(value)))).collect();
    let rules: String = heights.iter().map(|(_, place)| format!("M{LEFT} {place}H{RIGHT}")).collect();
    let marks = html! {
        path.grid d=(rules) {}
        @for (value, place) in &heights {
            text.tick.last x=(LEFT - 6.0) y=(at(place + 4.0)) { (label(*value, y.unit)) }
        }
        (scale(&across, &across.ticks(90.0), x.unit, [TOP, BOTTOM]))
        text.label x="4" y="12" { "↑ " (y.label) }
        text.label x=(RIGHT) y=(BOTTOM + 30.0) text-anchor="end" { (x.label) " →" }
        @for (i, line) in lines.iter().enumerate() {
            @let y = below + (i as f64 + 0.5) * LEGEND;
            (one(line, i, (&across, &up), (10.0, y)))
            text.label x="22" y=(y + 4.0) { (line.label) }
        }
    };
    Picture { width: WIDTH, height: below + LEGEND * (lines.len() as f64 + 0.5), marks }
}

/// A line, its marks, and the mark before its name. In whole units: a part of one is not seen.
fn one(line: &Line, index: usize, (across, up): (&Axis, &Axis), legend: (f64, f64)) -> Markup {
    let place = |(x, y): &(f64, f64)| (across.place(*x).round(), up.place(*y).round());
    let places: Vec<(f64, f64)> = line.points.iter().map(place).collect();
    let path: Vec<String> = bends(&places).iter().map(|(x, y)| format!("{x} {y}")).collect();
    let every = places.len().div_ceil(MOST_MARKS).max(1);
    html! {
        @if places.len() > 1 {
            path class={ "mark line line-" (index % SHAPES) } d={ "M" (path.join(" ")) } {}
        }
        (marks(index, places.into_iter().step_by(every).chain([legend])))
    }
}

/// The first place, the last, and where the line between bends so far that it is seen (Douglas and Peucker's way).
fn bends(places: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let [first, between @ .., last] = places else { return places.to_vec() };
    let (dx, dy) = (last.0 - first.0, last.1 - first.1);
    let off =
        |p: &(f64, f64)| (dx * (p.1 - first.1) - dy * (p.0 - first.0)).abs() / dx.hypot(dy).max(f64::MIN_POSITIVE);
    let farthest = (0..between.len()).max_by(|a, b| off(&between[*a]).total_cmp(&off(&between[*b])));
    match farthest.filter(|i| off(&between[*i]) > SEEN) {
        Some(i) => {
            let (before, after) = places.split_at(i + 1);
            let mut all = bends(&places[..before.len() + 1]);
            all.pop();
            all.extend(bends(after));
            all
        }
        None => vec![*first, *last],
    }
}

/// How many shapes there are; a plot has no more lines than that.
const SHAPES: usize = 6;

/// A circle, a square, a triangle, a diamond, a cross, and a triangle on its tip.
/// All of a line are one path.
fn marks(index: usize, places: impl Iterator<Item = (f64, f64)>) -> Markup {
    let shape = match index % SHAPES {
        0 => "m-3 0a3 3 0 1 0 6 0 3 3 0 1 0-6 0",
        1 => "m-3-3h6v6h-6z",
        2 => "m0-4l4 7h-8z",
        3 => "m0-4l4 4-4 4-4-4z",
        4 => "m-3-3l6 6m-6 0l6-6",
        _ => "m0 4l4-7h-8z",
    };
    let all: String = places.map(|(x, y)| format!("M{x} {y}{shape}")).collect();
    html! { path class={ "mark point line-" (index % SHAPES) } d=(all) {} }
}

#[cfg(test)]
mod tests {
    use super::bends;

    #[test]
    fn a_line_keeps_its_bends_and_no_more() {
        let straight: Vec<_> = (0..50).map(|x| (f64::from(x), 2.0 * f64::from(x))).collect();
        assert_eq!(bends(&straight), [(0.0, 0.0), (49.0, 98.0)]);
        let bent: Vec<_> = (0..=20).map(|x| (f64::from(x), (f64::from(x) - 10.0).abs())).collect();
        assert_eq!(bends(&bent), [(0.0, 10.0), (10.0, 0.0), (20.0, 10.0)]);
        for few in [&[][..], &[(1.0, 1.0)], &[(1.0, 1.0), (1.0, 1.0)], &[(1.0, 1.0); 5]] {
            assert_eq!(bends(few).len(), few.len().min(2));
        }
    }
}
