//! The raw data that metrics name, reduced to what a report shows of it.

#![cfg_attr(not(feature = "html"), allow(dead_code, reason = "only the page draws, and names what it shows"))]

use std::{
    cell::RefCell,
    collections::HashMap,
    io,
    path::{Path, PathBuf},
    rc::Rc,
};

use crate::{
    Indicator, Language, Statistic, Unit,
    samples::{Curve, Recorded, Samples, Unread, read_below},
    stats::{Warning, quantile_ranks},
    words::report::figures as say,
};

/// So many quantiles stand for a distribution: more than a plot of this size has columns.
const QUANTILES: usize = 400;

/// Files below a baseline's directory, each read once.
#[derive(Debug, Default)]
pub(super) struct Raw {
    directory: Option<PathBuf>,
    read: RefCell<HashMap<PathBuf, Rc<Data>>>,
}

/// What a file holds.
#[derive(Debug)]
pub(super) enum Data {
    Samples(Rc<Sketch>),
    Curve(Curve),
    /// Why there is nothing to show.
    Missing(Absence),
}

#[derive(Debug)]
pub(super) enum Absence {
    /// It names no file below the baseline's directory.
    Outside,
    /// There is no such file.
    NotThere,
    /// It holds something else, or nothing.
    Damaged(String),
}

/// A distribution by its quantiles.
#[derive(Debug)]
pub(super) struct Sketch {
    pub indicator: Indicator,
    pub unit: Unit,
    pub count: usize,
    /// Evenly spaced from the smallest to the largest sample, both included.
    pub quantiles: Vec<f64>,
    pub median: f64,
    pub p99: f64,
    /// Those of statistics that a row may not have are among them.
    pub warnings: Vec<Warning>,
}

impl Raw {
    /// Reads files below this directory.
    pub fn below(directory: &Path) -> Self {
        Self { directory: Some(directory.to_owned()), read: RefCell::default() }
    }

    /// What the file holds; nothing where the directory is not known.
    pub fn get(&self, path: &Path) -> Option<Rc<Data>> {
        let directory = self.directory.as_deref()?;
        if let Some(data) = self.read.borrow().get(path) {
            return Some(Rc::clone(data));
        }
        let data = Rc::new(load(directory, path).unwrap_or_else(Data::Missing));
        self.read.borrow_mut().insert(path.to_owned(), Rc::clone(&data));
        Some(data)
    }
}

impl Absence {
    pub fn describe(&self, language: Language) -> String {
        match self {
            Self::Outside => say::outside(language).to_owned(),
            Self::NotThere => say::not_there(language).to_owned(),
            Self::Damaged(why) => why.clone(),
        }
    }
}

fn load(directory: &Path, path: &Path) -> Result<Data, Absence> {
    let damaged = |error: &dyn std::fmt::Display| Absence::Damaged(error.to_string());
    let text = read_below(directory, path).map_err(|unread| match unread {
        Unread::Outside => Absence::Outside,
        Unread::Io(error) if error.kind() == io::ErrorKind::NotFound => Absence::NotThere,
        Unread::Io(error) => damaged(&error),
    })?;
    match Recorded::from_csv(&text).map_err(|error| damaged(&error))? {
        Recorded::Curve(curve) if curve.points().is_empty() => Err(Absence::Damaged("it has no points".to_owned())),
        Recorded::Curve(curve) => Ok(Data::Curve(curve)),
        Recorded::Samples(samples) if samples.is_empty() => Err(Absence::Damaged("it has no samples".to_owned())),
        Recorded::Samples(samples) => Ok(Data::Samples(Rc::new(Sketch::of(&samples)))),
    }
}

impl Sketch {
    /// Of samples that are not empty.
    fn of(samples: &Samples) -> Self {
        let mut sorted = samples.values().to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        let last = sorted.len() - 1;
        let steps = last.clamp(1, QUANTILES);
        let quantiles = (0..=steps).map(|i| sorted[i * last / steps]).collect();
        let [median, p99] = [0.5, 0.99].map(|p| sorted[quantile_ranks(p, sorted.len(), 0.95).0]);
        let warnings = samples.warnings(&[Statistic::Median, Statistic::P90, Statistic::P99]);
        let (indicator, unit) = (samples.indicator(), samples.unit());
        Self { indicator, unit, count: sorted.len(), quantiles, median, p99, warnings }
    }

    pub fn min(&self) -> f64 {
        self.quantiles.first().copied().unwrap_or_default()
    }

    pub fn max(&self) -> f64 {
        self.quantiles.last().copied().unwrap_or_default()
    }
}
