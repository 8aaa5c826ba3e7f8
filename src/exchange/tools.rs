//! The JSON of hyperfine and of `opa bench`.

use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
};

use serde::Deserialize;

use super::{
    ExchangeError, ImportNote,
    import::{Benchmark, Collector, Figure, Import, Imported},
    json,
    repeated::Value,
};
use crate::{Indicator, Statistic, Unit};

#[derive(Deserialize)]
struct Hyperfine {
    results: Vec<Command>,
}

/// Seconds. What is no number is `null`.
#[derive(Deserialize)]
struct Command {
    command: String,
    #[serde(default)]
    mean: Option<f64>,
    #[serde(default)]
    median: Option<f64>,
    #[serde(default)]
    times: Option<Vec<Option<f64>>>,
    /// Of each run; a run that a signal ended has none.
    #[serde(default)]
    exit_codes: Option<Vec<Option<i32>>>,
    /// Of each run, since hyperfine 1.20.
    #[serde(default)]
    memory_usage_byte: Option<Vec<Option<u64>>>,
    #[serde(default)]
    parameters: Option<BTreeMap<String, serde_json::Value>>,
}

/// Go's `testing.BenchmarkResult`: runs, their total nanoseconds, and OPA's own figures.
#[derive(Deserialize)]
struct OpaBench {
    #[serde(rename = "N")]
    runs: u64,
    #[serde(rename = "T")]
    nanoseconds: f64,
    #[serde(rename = "Extra", default)]
    extra: Option<HashMap<String, Option<f64>>>,
}

/// `opa bench` writes either a result or its errors.
#[derive(Deserialize)]
struct OpaErrors {
    errors: Vec<serde_json::Value>,
}

impl Import {
    /// Reads what `hyperfine --export-json` wrote: of each command the median with its interval, the mean, and the 99th
    /// percentile where the runs suffice for its interval; of memory, which hyperfine measures since 1.20, the median and
    /// the largest as [`Indicator::MemoryPeak`]. What a command was run with (`--parameter-scan`) is part of its name.
    ///
    /// A command that failed in any run, or whose times are not all numbers, becomes an unavailable row: a command that
    /// failed fast is not a fast command.
    ///
    /// # Errors
    /// [`ExchangeError`], which names the file.
    pub fn hyperfine(&self, path: impl AsRef<Path>) -> Result<Imported, ExchangeError> {
        self.time_alone()?;
        let path = path.as_ref();
        let read: Hyperfine = json::object(path)?;
        let mut collector = Collector::new(self, path);
        for (index, result) in read.results.iter().enumerate() {
            let name = name_with_parameters(result);
            let benchmark = collector.benchmark(&result.command, &name, format!("results[{index}]"))?;
            if let Some(reason) = failure(result, &self.accepted) {
                let remedy = "run the command by hand, and measure it again when it succeeds; a code that means success is \
                              named by --accept-exit-code";
                collector.unavailable(&benchmark, reason, remedy);
                continue;
            }
            self.times(&mut collector, path, &benchmark, result)?;
            self.memory(&mut collector, &benchmark, result)?;
        }
        collector.finish()
    }

    fn times(
        &self,
        collector: &mut Collector<'_>,
        path: &Path,
        benchmark: &Benchmark,
        result: &Command,
    ) -> Result<(), ExchangeError> {
        let all = result.times.as_deref().unwrap_or_default();
        let none = all.iter().filter(|time| time.is_none()).count();
        if none > 0 {
            let reason = format!("{none} of {} times are no number", all.len());
            collector.unavailable(benchmark, reason, "measure the command again");
            return Ok(());
        }
        let ns = |seconds: f64| match seconds * 1e9 {
            ns if (0.0..1e18).contains(&ns) => Ok(ns),
            _ => Err(json::form(path, format!("{:?} took {seconds} s, which is no duration", benchmark.workload))),
        };
        let times = all.iter().flatten().map(|time| ns(*time)).collect::<Result<Vec<f64>, _>>()?;
        // A time that would be rounded to zero is seen before it is.
        if times.is_empty() || times.iter().any(|time| time.round() == 0.0) {
            return self.summary(collector, benchmark, result, &ns);
        }
        let rounded = times.into_iter().map(f64::round);
        let statistics = [Statistic::Median, Statistic::P99, Statistic::Mean];
        let runs = processes(rounded);
        collector.samples(benchmark, self.indicator, Unit::Nanoseconds, runs, &statistics, &self.provenance)
    }

    /// Exported without the single times: there is no telling how far they lay apart, and perhaps not how many they were.
    fn summary(
        &self,
        collector: &mut Collector<'_>,
        benchmark: &Benchmark,
        result: &Command,
        ns: &dyn Fn(f64) -> Result<f64, ExchangeError>,
    ) -> Result<(), ExchangeError> {
        let runs = result.times.as_ref().map(Vec::len).filter(|n| *n > 0);
        let runs = runs.or(result.exit_codes.as_ref().map(Vec::len)).filter(|n| *n > 0);
        let count = runs.map(|n| n as u64);
        let mut figures = Vec::new();
        for (statistic, seconds) in [(Statistic::Mean, result.mean), (Statistic::Median, result.median)] {
            if let Some(seconds) = seconds {
                figures.push(Figure { statistic, value: ns(seconds)?, interval: None, count });
            }
        }
        if figures.is_empty() {
            collector.unavailable(benchmark, "the file has neither its times nor a mean", "measure the command again");
            return Ok(());
        }
        collector.figures(benchmark, Unit::Nanoseconds, &figures)
    }

    /// The memory of a whole process is its largest resident set, as the kernel accounts it when the process has ended.
    fn memory(
        &self,
        collector: &mut Collector<'_>,
        benchmark: &Benchmark,
        result: &Command,
    ) -> Result<(), ExchangeError> {
        let Some(stated) = &result.memory_usage_byte else { return Ok(()) };
        let bytes: Option<Vec<u64>> = stated.iter().copied().collect();
        let Some(bytes) = bytes.filter(|bytes| !bytes.is_empty()) else {
            collector.notes.push(ImportNote::Memory { benchmark: benchmark.workload.clone() });
            return Ok(());
        };
        let mut environment = self.provenance.environment().clone();
        let method = "largest resident set of the process, by hyperfine";
        environment.conditions.engine.insert("method".to_owned(), method.to_owned());
        let provenance = self.provenance.clone().with_environment(environment);
        let values = bytes.into_iter().map(|bytes| bytes as f64);
        let statistics = [Statistic::Median, Statistic::Max];
        collector.samples(benchmark, Indicator::MemoryPeak, Unit::Bytes, processes(values), &statistics, &provenance)
    }

    /// Reads what `opa bench --format json` wrote, one result after the other where it ran with `--count`.
    ///
    /// The mean is of all runs. Median, 90th and 99th percentile, smallest and largest are OPA's own, of the evaluation
    /// alone and of the sample that its histogram keeps, so they have no interval. `name` says what was evaluated; the
    /// file does not.
    ///
    /// # Errors
    /// [`ExchangeError`], which names the file; [`ExchangeError::Failed`] when OPA reported an error in it.
    pub fn opa_bench(&self, path: impl AsRef<Path>, name: &str) -> Result<Imported, ExchangeError> {
        self.time_alone()?;
        let path = path.as_ref();
        let mut collector = Collector::new(self, path);
        for (index, value) in json::values(path)?.into_iter().enumerate() {
            if let Ok(failed) = OpaErrors::deserialize(&value) {
                let message = serde_json::Value::from(failed.errors).to_string();
                return Err(ExchangeError::Failed { path: path.to_owned(), message });
            }
            let result: OpaBench = json::typed(path, value)?;
            if result.runs == 0 {
                return Err(ExchangeError::Nothing(path.to_owned()));
            }
            if !result.nanoseconds.is_finite() || result.nanoseconds <= 0.0 {
                let (runs, ns) = (result.runs, result.nanoseconds);
                return Err(json::form(path, format!("{runs} runs cannot have taken {ns} ns together (T)")));
            }
            let id = if index == 0 { name.to_owned() } else { format!("{name} #{}", index + 1) };
            let benchmark = collector.benchmark(&id, &id, format!("result {}", index + 1))?;
            let count = Some(result.runs);
            let mean = result.nanoseconds / result.runs as f64;
            let mut figures = vec![Figure { statistic: Statistic::Mean, value: mean, interval: None, count }];
            let extra = result.extra.unwrap_or_default();
            for (statistic, key) in [
                (Statistic::Median, "median"),
                (Statistic::P90, "90%"),
                (Statistic::P99, "99%"),
                (Statistic::Min, "min"),
                (Statistic::Max, "max"),
            ] {
                if let Some(value) = extra.get(&format!("histogram_timer_rego_query_eval_ns_{key}")).copied().flatten()
                {
                    figures.push(Figure { statistic, value, interval: None, count });
                }
            }
            collector.figures(&benchmark, Unit::Nanoseconds, &figures)?;
        }
        collector.finish()
    }
}

/// Each run is a process of its own, whatever shell it was started by.
fn processes(values: impl Iterator<Item = f64>) -> impl Iterator<Item = Value> {
    (0..).zip(values).map(|(process, value)| (process, 0, value))
}

/// `sleep {n}` of a scan is one benchmark for each `n`.
fn name_with_parameters(result: &Command) -> String {
    let parameters = result.parameters.iter().flatten().map(|(name, value)| match value.as_str() {
        Some(text) => format!("{name}={text}"),
        None => format!("{name}={value}"),
    });
    let parameters: Vec<String> = parameters.collect();
    if parameters.is_empty() {
        result.command.clone()
    } else {
        format!("{} ({})", result.command, parameters.join(", "))
    }
}

/// Why the runs are no measurement: some were ended by a signal, or with a code that means failure. A file that states no
/// codes says nothing about that.
fn failure(result: &Command, accepted: &[i32]) -> Option<String> {
    let codes = result.exit_codes.as_deref()?;
    let all = codes.len();
    let signals = codes.iter().filter(|code| code.is_none()).count();
    let wrong: Vec<i32> = codes.iter().flatten().copied().filter(|code| !accepted.contains(code)).collect();
    let mut reasons = Vec::new();
    if signals > 0 {
        reasons.push(format!("{signals} of {all} runs were ended by a signal"));
    }
    if let Some(code) = wrong.first() {
        reasons.push(format!("{} of {all} runs did not exit with 0, but with {code}", wrong.len()));
    }
    (!reasons.is_empty()).then(|| reasons.join(", and "))
}
