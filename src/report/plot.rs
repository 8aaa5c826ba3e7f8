//! What a plot shows, apart from how it is drawn.

#![cfg_attr(not(feature = "html"), allow(dead_code, reason = "only the page draws"))]

use std::rc::Rc;

use super::raw::Sketch;
use crate::Unit;

pub(super) struct Plot {
    pub title: String,
    /// How to read it.
    pub note: String,
    pub drawing: Drawing,
}

pub(super) enum Drawing {
    /// Each figure with its interval: a row for each.
    Figures { unit: Unit, rows: Vec<Figure> },
    /// How the samples are spread: a row for each.
    Spread { unit: Unit, rows: Vec<Row> },
    /// Which share of the samples is not above a value: a row for each.
    Cumulative { unit: Unit, rows: Vec<Row> },
    /// One thing against another.
    Curves { x: Scale, y: Scale, lines: Vec<Line> },
    /// What each thing is made of: a bar for each.
    Shares(Vec<Bar>),
}

/// A figure, in its unit, with the ends of its interval.
pub(super) struct Figure {
    pub label: String,
    pub words: String,
    pub value: f64,
    pub interval: Option<(f64, f64)>,
}

pub(super) struct Bar {
    pub label: String,
    /// What the whole of it is.
    pub words: String,
    pub stretches: Vec<Stretch>,
}

/// A part of a bar.
pub(super) struct Stretch {
    /// The same for what is the same in every bar.
    pub kind: usize,
    pub label: &'static str,
    /// Of the bar: all of them are 1 together.
    pub share: f64,
}

pub(super) struct Row {
    pub label: String,
    pub sketch: Rc<Sketch>,
}

pub(super) struct Scale {
    pub label: String,
    pub unit: Unit,
}

pub(super) struct Line {
    pub label: String,
    pub points: Vec<(f64, f64)>,
}
