//! What instances take: bytes to ship, memory that they hold and at its peak, CPU while they idle and while a burst starts;
//! and the memory of policy engines. Each runtime and each engine in fresh processes of its own.
//!
//! `cargo bench --bench footprint` records; `-- --quick` takes less time. A word that is no flag names a subject, and only
//! those that contain it are measured.

#[path = "footprint/engines.rs"]
mod engines;
#[path = "evaluation/matrix.rs"]
mod matrix;
#[path = "footprint/runtimes.rs"]
mod runtimes;
mod support;

use std::{collections::BTreeMap, error::Error};

use runtime_baseline::{
    Baseline, Bound, Indicator, Interval, Quantity, Statistic, Temperature, UnavailableRow, Unit, policy,
    probe::ProbeError,
    runtime::Registry,
    session::{Figure, METHOD, Session},
    stats::Summary,
};
use support::{Mode, Place};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// The fewest repetitions whose median has a 95 % interval.
const REPEATS: usize = 6;

fn main() -> Outcome {
    let mode = Mode::of_this_run();
    let place = Place::of(mode);
    let mut run = Run { session: Session::begin("benches/footprint", place.path())?, mode };
    for subject in Registry::subjects().into_iter().filter(|subject| support::is_asked_for(subject)) {
        runtimes::measure(&mut run, &subject)?;
    }
    for subject in policy::Registry::subjects().into_iter().filter(|subject| support::is_asked_for(subject)) {
        engines::measure(&mut run, &subject)?;
    }
    support::finish(run.session, &place, mode);
    // With what `evaluation` recorded before: all that there is of each engine.
    matrix::print(&Baseline::load(place.path().join("baseline.json"))?);
    Ok(())
}

/// What is recorded, and how thoroughly.
struct Run {
    session: Session,
    mode: Mode,
}

impl Run {
    /// How often a measurement is made.
    fn repeats(&self) -> usize {
        if self.mode == Mode::Test { 1 } else { REPEATS }
    }

    /// What cannot run here is a row that says what to do; all else is a failed measurement, and a row as well.
    fn refused(&mut self, row: Row, error: &ProbeError) {
        let Row { subject, indicator, workload, temperature } = row;
        eprintln!("{subject}, {indicator}: {error}");
        let (reason, remedy) = match error.refusal() {
            Some(refusal) => (refusal.reason.clone(), refusal.remedy.clone()),
            None => (error.to_string(), "the measurement failed: run it again".to_owned()),
        };
        let Ok(subject) = subject.parse() else { return };
        let row = UnavailableRow::new(subject, indicator, reason, remedy);
        let row = workload.into_iter().fold(row, UnavailableRow::with_workload);
        self.session.unavailable(temperature.into_iter().fold(row, UnavailableRow::with_temperature));
    }

    fn bytes(&mut self, figure: &Figure, workload: &str, read: &str, samples: &[u64]) -> Outcome {
        let figure = of(figure, workload).with_settings(method(read));
        Ok(self.session.record(&figure, samples, &[Statistic::Median])?)
    }

    /// The median of ascending percentages, with its interval where there are enough.
    fn percent(&mut self, figure: &Figure, percent: &[f64], bound: Bound) -> Outcome {
        let quantity = |percent: f64| Quantity::new(percent, Unit::Percent);
        // The ranks of the median and of its interval depend on the number of values alone.
        let ranks = Summary::of(&(0..percent.len() as u64).collect::<Vec<_>>())?;
        let interval = match ranks.median_interval(0.95) {
            Some(ends) => {
                let ends = [ends.low, ends.high].map(|rank| quantity(percent[rank as usize]));
                let [low, high] = ends;
                Some(Interval::new(0.95, low?, high?)?)
            }
            None => None,
        };
        let value = quantity(percent[ranks.median() as usize])?;
        let count = percent.len() as u64;
        Ok(self.session.record_bound(figure, Statistic::Median, value, bound, interval, count)?)
    }
}

/// What there is no figure of.
struct Row<'a> {
    subject: &'a str,
    indicator: Indicator,
    workload: Option<&'a str>,
    temperature: Option<Temperature>,
}

/// The figure of a workload, or of a part: `ready/gzip`, and `none` is the host without an instance.
fn of(figure: &Figure, workload: &str) -> Figure {
    let (workload, part) = workload.split_once('/').map_or((workload, None), |(workload, part)| (workload, Some(part)));
    let mut figure = figure.clone();
    figure.part = part.or((workload == "none").then_some("host")).map(str::to_owned);
    figure.workload = workload.to_owned();
    figure
}

fn method(read: &str) -> BTreeMap<String, String> {
    BTreeMap::from([(METHOD.to_owned(), read.to_owned())])
}

fn median(samples: &[u64]) -> u64 {
    Summary::of(samples).map(|summary| summary.median()).unwrap_or_default()
}
