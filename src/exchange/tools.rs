//! The JSON of hyperfine and of `opa bench`.

use std::{collections::HashMap, fs, path::Path};

use serde::Deserialize;

use super::{ExchangeError, Import, read_json};
use crate::{
    Baseline, Statistic, UnavailableRow, Unit,
    samples::{Samples, SamplesError},
};

#[derive(Deserialize)]
struct Hyperfine {
    results: Vec<Command>,
}

/// Seconds.
#[derive(Deserialize)]
struct Command {
    command: String,
    mean: f64,
    median: f64,
    #[serde(default)]
    times: Vec<f64>,
    /// A run that a signal ended has none.
    #[serde(default)]
    exit_codes: Vec<Option<i32>>,
}

/// Go's `testing.BenchmarkResult`: runs, their total nanoseconds, and OPA's own figures.
#[derive(Deserialize)]
struct OpaBench {
    #[serde(rename = "N")]
    runs: u64,
    #[serde(rename = "T")]
    nanoseconds: f64,
    #[serde(rename = "Extra", default)]
    extra: Option<HashMap<String, f64>>,
}

/// `opa bench` writes either a result or its errors.
#[derive(Deserialize)]
struct OpaErrors {
    errors: Vec<serde_json::Value>,
}

impl Baseline {
    /// Reads what `hyperfine --export-json` wrote: of each command the median with its interval, the mean,
    /// and the 99th percentile where the runs suffice for its interval.
    ///
    /// A command that exited with another code than 0 in any run becomes an unavailable row: a command that failed fast is
    /// not a fast command.
    ///
    /// # Errors
    /// [`ExchangeError`], which names the file.
    pub fn from_hyperfine(path: impl AsRef<Path>, import: &Import) -> Result<Self, ExchangeError> {
        let path = path.as_ref();
        let read: Hyperfine = read_json(path)?;
        if read.results.is_empty() {
            return Err(ExchangeError::Nothing(path.to_owned()));
        }
        let mut baseline = Self::new();
        for result in &read.results {
            let id = &result.command;
            let failed = result.exit_codes.iter().filter(|code| **code != Some(0)).count();
            if failed > 0 {
                let reason = format!("{failed} of {} runs of {id:?} did not exit with 0", result.exit_codes.len());
                let row = UnavailableRow::new(
                    import.subject_of(id)?,
                    import.indicator,
                    reason,
                    "run the command by hand, and measure it again when it succeeds",
                );
                baseline.push_unavailable(row.with_workload(id));
                continue;
            }
            let ns = |seconds: &f64| match (seconds * 1e9).round() {
                ns if (0.0..1e18).contains(&ns) => Ok(ns as u64),
                _ => Err(ExchangeError::form(path, format!("{id:?} took {seconds} s, which is no duration"))),
            };
            let times = result.times.iter().map(ns).collect::<Result<Vec<_>, _>>()?;
            let (mean, median) = (ns(&result.mean)?, ns(&result.median)?);
            if times.is_empty() {
                // Exported without the single times: there is no telling how far they lay apart.
                for (statistic, value) in [(Statistic::Mean, mean), (Statistic::Median, median)] {
                    let count = result.exit_codes.len() as u64;
                    baseline.push(import.metric(id, statistic, value as f64, None, count)?);
                }
                continue;
            }
            // Each run is a process of its own, whatever shell it was started by.
            let mut samples = Samples::new(import.indicator, Unit::Nanoseconds)?;
            for (process, time) in (0..).zip(times) {
                samples.push(process, 0, time as f64)?;
            }
            for statistic in [Statistic::Median, Statistic::P99, Statistic::Mean] {
                match samples.metric(import.subject_of(id)?, statistic, import.provenance.clone()) {
                    Ok(metric) => baseline.push(metric.with_workload(id)),
                    // The 99th percentile of a few runs is their maximum under another name.
                    Err(SamplesError::TooFew { .. }) => {}
                    Err(error) => return Err(error.into()),
                }
            }
        }
        Ok(baseline)
    }

    /// Reads what `opa bench --format json` wrote, one result after the other where it ran with `--count`.
    ///
    /// The mean is of all runs. Median, 90th and 99th percentile, smallest and largest are OPA's own, of the evaluation
    /// alone and of the sample that its histogram keeps, so they have no interval. `name` says what was evaluated; the
    /// file does not.
    ///
    /// # Errors
    /// [`ExchangeError`], which names the file; [`ExchangeError::Failed`] when OPA reported an error in it.
    pub fn from_opa_bench(path: impl AsRef<Path>, name: &str, import: &Import) -> Result<Self, ExchangeError> {
        let path = path.as_ref();
        let text = fs::read_to_string(path).map_err(|source| ExchangeError::Read { path: path.to_owned(), source })?;
        let mut baseline = Self::new();
        let results = serde_json::Deserializer::from_str(&text).into_iter::<serde_json::Value>();
        for (index, result) in results.enumerate() {
            let result = result.map_err(|error| ExchangeError::form(path, error))?;
            if let Ok(failed) = OpaErrors::deserialize(&result) {
                let message = serde_json::Value::from(failed.errors).to_string();
                return Err(ExchangeError::Failed { path: path.to_owned(), message });
            }
            let result = OpaBench::deserialize(&result).map_err(|error| ExchangeError::form(path, error))?;
            if result.runs == 0 {
                return Err(ExchangeError::Nothing(path.to_owned()));
            }
            let id = if index == 0 { name.to_owned() } else { format!("{name} #{}", index + 1) };
            let mean = result.nanoseconds / result.runs as f64;
            baseline.push(import.metric(&id, Statistic::Mean, mean, None, result.runs)?);
            let extra = result.extra.unwrap_or_default();
            for (statistic, key) in [
                (Statistic::Median, "median"),
                (Statistic::P90, "90%"),
                (Statistic::P99, "99%"),
                (Statistic::Min, "min"),
                (Statistic::Max, "max"),
            ] {
                if let Some(value) = extra.get(&format!("histogram_timer_rego_query_eval_ns_{key}")) {
                    baseline.push(import.metric(&id, statistic, *value, None, result.runs)?);
                }
            }
        }
        if baseline.is_empty() {
            return Err(ExchangeError::Nothing(path.to_owned()));
        }
        Ok(baseline)
    }
}
