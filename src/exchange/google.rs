//! The JSON of google-benchmark.

use std::{collections::HashMap, path::Path};

use serde::Deserialize;
use serde_json::Value;

use super::{
    ExchangeError,
    import::{Collector, Figure, Import, Imported},
    json, units,
};
use crate::Statistic;

#[derive(Deserialize)]
struct File {
    benchmarks: Vec<Row>,
}

/// One repetition, or an aggregate of several.
#[derive(Deserialize)]
struct Row {
    name: String,
    /// Without what an aggregate's name adds.
    #[serde(default)]
    run_name: Option<String>,
    /// Since 1.5: whether it is an aggregate.
    #[serde(default)]
    run_type: Option<String>,
    #[serde(default)]
    repetition_index: Option<u64>,
    #[serde(default)]
    iterations: Option<f64>,
    #[serde(default)]
    real_time: Option<Value>,
    #[serde(default)]
    cpu_time: Option<Value>,
    #[serde(default)]
    time_unit: Option<String>,
    #[serde(default)]
    aggregate_name: Option<String>,
    #[serde(default)]
    error_occurred: bool,
    #[serde(default)]
    error_message: Option<String>,
    /// In place of `error_occurred` since 1.8, as an object or a flag.
    #[serde(default)]
    skipped: Option<Value>,
    #[serde(default)]
    skip_message: Option<String>,
    /// Counters of the author's own among them.
    #[serde(flatten)]
    rest: HashMap<String, Value>,
}

/// Numbers that say how a row came about, and are no measurements.
const PLACES: [&str; 6] =
    ["family_index", "per_family_instance_index", "repetitions", "threads", "aggregate_unit", "label"];

/// One benchmark with all its rows.
#[derive(Default)]
struct Repeated<'a> {
    place: usize,
    repetitions: Vec<&'a Row>,
    /// Where the repetition of each index stands.
    indices: HashMap<u64, usize>,
    aggregates: Vec<&'a Row>,
}

impl Import {
    /// Reads what google-benchmark wrote (`--benchmark_out=FILE`): of each benchmark the real time of an iteration. Several
    /// repetitions are samples: their median, with its interval where they suffice, and their mean. Where the file has only
    /// aggregates, its mean and median are taken over as they are. CPU time, counters, and aggregates of repetitions that
    /// are there are left out, and named.
    ///
    /// A benchmark that failed or was skipped becomes an unavailable row.
    ///
    /// # Errors
    /// [`ExchangeError`], which names the file.
    pub fn google_benchmark(&self, path: impl AsRef<Path>) -> Result<Imported, ExchangeError> {
        self.time_alone()?;
        let path = path.as_ref();
        let read: File = json::object(path)?;
        let mut collector = Collector::new(self, path);
        let mut order: Vec<&str> = Vec::new();
        let mut all: HashMap<&str, Repeated<'_>> = HashMap::new();
        for (place, row) in read.benchmarks.iter().enumerate() {
            let Some(kind) = row.run_type.as_deref() else {
                let said = "has no run_type, so that nothing tells an aggregate from a run: google-benchmark writes it since 1.5";
                return Err(json::form(path, format!("{} {said}", at(place))));
            };
            let name = row.run_name.as_deref().unwrap_or(&row.name);
            let repeated = all.entry(name).or_insert_with(|| {
                order.push(name);
                Repeated { place, ..Repeated::default() }
            });
            if kind == "aggregate" {
                repeated.aggregates.push(row);
                continue;
            }
            repeated.repetitions.push(row);
            // The same repetition twice is another benchmark of the same name.
            if let Some(first) = row.repetition_index.and_then(|index| repeated.indices.insert(index, place)) {
                let (first, second) = (at(first), at(place));
                return Err(ExchangeError::Duplicate { name: name.to_owned(), first, second });
            }
        }
        for name in order {
            one(&mut collector, name, &all[name])?;
        }
        collector.finish()
    }
}

/// Whether a name is that of an aggregate which is no time of the benchmark: how far values lay apart, or a fit.
pub(super) fn is_spread(name: &str) -> bool {
    ["_stddev", "_cv", "_BigO", "_RMS"].iter().any(|ending| name.ends_with(ending))
}

fn at(row: usize) -> String {
    format!("benchmarks[{row}]")
}

fn one(collector: &mut Collector<'_>, name: &str, all: &Repeated<'_>) -> Result<(), ExchangeError> {
    let benchmark = collector.benchmark(name, name, at(all.place))?;
    for row in all.repetitions.iter().chain(&all.aggregates) {
        let is_skipped = row.skipped.as_ref().is_some_and(|skipped| *skipped != Value::Bool(false));
        if row.error_occurred || is_skipped {
            let said = row.error_message.as_deref().or(row.skip_message.as_deref()).unwrap_or("it says no reason");
            let reason = format!("the benchmark did not run to its end: {said}");
            collector.unavailable(&benchmark, reason, "run it by itself, and measure it again when it succeeds");
            return Ok(());
        }
    }
    for row in &all.repetitions {
        let counters = row.rest.iter().filter(|(key, value)| value.is_number() && !PLACES.contains(&key.as_str()));
        counters.for_each(|(key, _)| collector.leave(key.clone()));
        if row.cpu_time.is_some() {
            collector.leave("cpu_time".to_owned());
        }
    }
    let named = |row: &Row| row.time_unit.clone().unwrap_or_else(|| "ns".to_owned());
    let first = all.repetitions.first().or(all.aggregates.first()).map(|row| named(row)).unwrap_or_default();
    let Some((scale, unit)) = collector.fitting(&benchmark, &first, units::scale) else { return Ok(()) };
    // A row in another unit than the first would be scaled wrongly.
    let time = |row: &Row| match row.real_time.as_ref().and_then(Value::as_f64) {
        Some(time) if named(row) == first => time * scale,
        _ => f64::NAN,
    };
    if !all.repetitions.is_empty() {
        for row in &all.aggregates {
            collector.leave(format!("the aggregate {:?}", row.aggregate_name.as_deref().unwrap_or("unnamed")));
        }
        let values: Vec<_> = (0..).zip(&all.repetitions).map(|(turn, row)| (0, turn, time(row))).collect();
        let each = all.repetitions[0].iterations.filter(|n| *n >= 1.0).map(|n| n as u64);
        return collector.repeated(&benchmark, unit, &values, each);
    }
    let mut figures = Vec::new();
    for row in &all.aggregates {
        let statistic = match row.aggregate_name.as_deref() {
            Some("mean") => Statistic::Mean,
            Some("median") => Statistic::Median,
            other => {
                collector.leave(format!("the aggregate {:?}", other.unwrap_or("unnamed")));
                continue;
            }
        };
        if !(time(row).is_finite() && time(row) >= 0.0) {
            collector.unavailable(&benchmark, "its aggregates are no numbers", "measure it again");
            return Ok(());
        }
        // Of an aggregate, the iterations are the repetitions that it is made of.
        let count = row.iterations.filter(|n| *n >= 1.0).map(|n| n as u64);
        figures.push(Figure { statistic, value: time(row), interval: None, count });
    }
    if figures.is_empty() {
        return Ok(());
    }
    collector.figures(&benchmark, unit, &figures)
}
