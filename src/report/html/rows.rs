//! Distributions one below the other over one axis: how samples are spread, or which share is not above a value.

use maud::{Markup, html};

use super::{
    Picture, at,
    axis::{Axis, scale},
};
use crate::{
    Quantity, Unit,
    report::{plot::Row, raw::Sketch, words::columns},
};

const WIDTH: f64 = 400.0;
const MARGIN: f64 = 12.0;
/// Of a row's words, and of its area.
const WORDS: f64 = 17.0;
const GAP: f64 = 8.0;
const FOOT: f64 = 22.0;
/// Between two labels of the axis: those at its ends are not centred on their tick.
const APART: f64 = 64.0;
/// Columns of an area: each some eight units wide.
const COLUMNS: usize = 47;
/// A label beyond this runs into the figures at the other end of its line, which then take a line of their own.
const LONG_LABEL: usize = 36;

/// The share of the samples at each place as an area, with the range, the median and the p99.
pub(super) fn spread(unit: Unit, rows: &[Row]) -> Picture {
    draw(unit, rows, 20.0, |row, axis, foot, height| {
        let (left, right) = (at(axis.place(row.min())), at(axis.place(row.max())));
        html! {
            path.mark.area d=(area(row, axis, foot, height)) {}
            path.mark.range d={ "M" (left) " " (at(foot)) "H" (right) } {}
            (centre(row.median, axis, foot))
            (tail(row.p99, axis, foot))
        }
    })
}

/// The cumulative share of the samples as steps, with the median and the p99 on it.
pub(super) fn cumulative(unit: Unit, rows: &[Row]) -> Picture {
    draw(unit, rows, 34.0, |row, axis, foot, height| {
        html! {
            path.frame d={ "M" (MARGIN) " " (at(foot)) "H" (WIDTH - MARGIN) } {}
            path.mark.step d=(steps(row, axis, foot, height)) {}
            (centre(row.median, axis, foot - 0.5 * height))
            (tail(row.p99, axis, foot - 0.99 * height))
        }
    })
}

fn draw(unit: Unit, rows: &[Row], height: f64, marks: impl Fn(&Sketch, &Axis, f64, f64) -> Markup) -> Picture {
    let ends = rows.iter().flat_map(|row| [row.sketch.min(), row.sketch.max()]);
    let axis = Axis::by_ratio(ends, MARGIN, WIDTH - MARGIN);
    let is_long = |row: &Row| columns(&row.label) > LONG_LABEL;
    let words = |row: &Row| if is_long(row) { WORDS + 13.0 } else { WORDS };
    let mut feet = Vec::with_capacity(rows.len());
    let mut y = 0.0;
    for row in rows {
        y += words(row) + height;
        feet.push(y);
        y += GAP;
    }
    let bottom = y;
    let marks = html! {
        (scale(&axis, &axis.ticks(APART), unit, [0.0, bottom]))
        @for (row, foot) in rows.iter().zip(&feet) {
            @let top = foot - height - words(row) + 10.0;
            text.label x=(MARGIN) y=(at(top)) { (row.label) }
            text.value x=(WIDTH - MARGIN) y=(at(if is_long(row) { top + 13.0 } else { top })) {
                (value(row.sketch.median, unit)) " · p99 " (value(row.sketch.p99, unit))
            }
            (marks(&row.sketch, &axis, *foot, height))
        }
    };
    Picture { width: WIDTH, height: at(bottom + FOOT), marks }
}

fn value(value: f64, unit: Unit) -> String {
    // A slope may be below zero, which no quantity is.
    Quantity::new(value, unit).map_or_else(|_| value.to_string(), Quantity::rounded)
}

/// A dot.
fn centre(value: f64, axis: &Axis, y: f64) -> Markup {
    html! { circle.mark.median cx=(at(axis.place(value))) cy=(at(y)) {} }
}

/// A diamond.
fn tail(value: f64, axis: &Axis, y: f64) -> Markup {
    let (x, y) = (at(axis.place(value)), at(y));
    html! { path.mark.tail d={ "M" (x) " " (at(y - 4.5)) "l4 4.5-4 4.5-4-4.5z" } {} }
}

/// An outline in whole pixels, as the shortest path that draws it: there are many of them, and a part of a pixel is not seen.
#[derive(Default)]
struct Outline {
    path: String,
    at: (i32, i32),
    /// Where the path that is written ends: what goes on in one direction is one step of it.
    written: (i32, i32),
}

impl Outline {
    /// Begins, or goes on elsewhere.
    fn jump(&mut self, x: f64, y: f64) {
        self.write();
        self.at = (whole(x), whole(y));
        self.written = self.at;
        self.path.push_str(&format!("M{} {}", self.at.0, self.at.1));
    }

    /// Across, then up or down.
    fn step(&mut self, x: f64, y: f64) {
        if whole(x) != self.at.0 && self.at.1 != self.written.1 {
            self.write();
        }
        self.at = (whole(x), whole(y));
    }

    fn write(&mut self) {
        for (command, way) in [('h', self.at.0 - self.written.0), ('v', self.at.1 - self.written.1)] {
            if way != 0 {
                self.path.push_str(&format!("{command}{way}"));
            }
        }
        self.written = self.at;
    }

    fn path(mut self) -> String {
        self.write();
        self.path
    }
}

fn whole(x: f64) -> i32 {
    x.round() as i32
}

/// The outline of a histogram over equal parts of the axis, its highest column as high as the row.
fn area(row: &Sketch, axis: &Axis, foot: f64, height: f64) -> String {
    let mut counts = [0_u32; COLUMNS];
    let width = (WIDTH - 2.0 * MARGIN) / COLUMNS as f64;
    for value in &row.quantiles {
        let column = ((axis.place(*value) - MARGIN) / width) as usize;
        counts[column.min(COLUMNS - 1)] += 1;
    }
    let most = f64::from(counts.iter().copied().max().unwrap_or(1).max(1));
    let columns: Vec<_> = counts.iter().enumerate().filter(|(_, count)| **count > 0).collect();
    let mut outline = Outline::default();
    for together in columns.chunk_by(|(left, _), (right, _)| left + 1 == *right) {
        let left = |column: usize| MARGIN + column as f64 * width;
        let (first, last) = (together[0].0, together[together.len() - 1].0);
        outline.jump(left(first), foot);
        for (column, count) in together {
            outline.step(left(*column), foot - height * f64::from(**count) / most);
        }
        outline.step(left(last + 1), foot);
    }
    outline.path()
}

fn steps(row: &Sketch, axis: &Axis, foot: f64, height: f64) -> String {
    let mut outline = Outline::default();
    outline.jump(axis.place(row.min()), foot);
    let last = row.quantiles.len().saturating_sub(1).max(1) as f64;
    for (i, value) in row.quantiles.iter().enumerate() {
        outline.step(axis.place(*value), foot - height * i as f64 / last);
    }
    outline.path()
}

#[cfg(test)]
mod tests {
    use super::Outline;

    #[test]
    fn an_outline_is_as_short_as_what_it_draws() {
        let mut outline = Outline::default();
        outline.jump(10.2, 50.0);
        // Up, then twice across at one height, then across and up in one point each, then nowhere.
        for (x, y) in [(10.0, 49.0), (10.0, 47.0), (12.0, 47.0), (15.0, 47.2), (16.0, 46.0), (17.0, 45.0), (17.2, 45.1)]
        {
            outline.step(x, y);
        }
        outline.jump(30.0, 50.0);
        outline.step(30.0, 40.0);
        outline.step(31.0, 50.0);
        assert_eq!(outline.path(), "M10 50v-3h6v-1h1v-1M30 50v-10h1v10");
    }
}
