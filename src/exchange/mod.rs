//! Figures from other tools' files, and for other tools.
//!
//! What comes in has a provenance given by the caller: no file of another tool says on which versions and hardware it was
//! measured. What goes out is the latest figure of every series ([`Baseline::latest`]), but for CSV, which
//! holds all.

mod criterion;
mod export;
mod openmetrics;
mod tools;

pub use export::{to_bencher, to_csv, to_github_action_benchmark};
pub use openmetrics::to_openmetrics;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde::de::DeserializeOwned;

use crate::{
    Baseline, Indicator, Interval, Metric, MetricError, Provenance, Quantity, Statistic, Subject, Unit,
    samples::SamplesError,
};

/// What the caller says of figures that come from another tool's file.
///
/// ```no_run
/// use runtime_baseline::{
///     Baseline, Component, Indicator, Provenance, Source, SourceKind, exchange::Import,
/// };
///
/// let source = Source::new(SourceKind::Benchmark, "parser 2.1.0, benches/parse, criterion 0.8.2")?;
/// let provenance = Provenance::new(source, Component::new("parser", "2.1.0")?, "2026-11-23".parse()?);
/// let import = Import::new(Indicator::EvaluationLatency, provenance)?;
/// let baseline = Baseline::from_criterion("target/criterion", &import)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Import {
    indicator: Indicator,
    subject: Option<Subject>,
    provenance: Provenance,
}

impl Import {
    /// All figures are of this indicator, and come from there.
    ///
    /// # Errors
    /// [`ExchangeError::NotATime`] when the indicator is not measured in nanoseconds: the tools read here all time.
    pub fn new(indicator: Indicator, provenance: Provenance) -> Result<Self, ExchangeError> {
        if !indicator.units().contains(&Unit::Nanoseconds) {
            return Err(ExchangeError::NotATime(indicator));
        }
        Ok(Self { indicator, subject: None, provenance })
    }

    /// All figures are of this subject. Without it, each benchmark's own name, made into a subject's, is its subject; the
    /// name as it was is the workload either way.
    #[must_use]
    pub fn with_subject(mut self, subject: Subject) -> Self {
        self.subject = Some(subject);
        self
    }

    /// The metric of a statistic; the value and the interval's ends in nanoseconds.
    fn metric(
        &self,
        id: &str,
        statistic: Statistic,
        value: f64,
        interval: Option<(f64, f64)>,
        count: u64,
    ) -> Result<Metric, ExchangeError> {
        let whole = |ns: f64| Quantity::new(ns.round(), Unit::Nanoseconds).map_err(MetricError::from);
        let metric = Metric::new(self.indicator, self.subject_of(id)?, whole(value)?, self.provenance.clone())?
            .with_workload(id)
            .with_statistic(statistic)
            .with_count(count);
        Ok(match interval {
            Some((low, high)) => metric.with_interval(Interval::new(0.95, whole(low)?, whole(high)?)?)?,
            None => metric,
        })
    }

    fn subject_of(&self, id: &str) -> Result<Subject, MetricError> {
        self.subject.clone().map_or_else(|| Subject::new(subject_name(id)), Ok)
    }
}

/// A name made of the characters that a subject's may have: `Grp/Sum of 10` becomes `grp/sum-of-10`.
fn subject_name(id: &str) -> String {
    let mut name = String::with_capacity(id.len());
    for c in id.chars() {
        match c.to_ascii_lowercase() {
            c if c.is_ascii_alphanumeric() || "/+_.".contains(c) => name.push(c),
            _ if !name.ends_with('-') => name.push('-'),
            _ => {}
        }
    }
    let trimmed = name.trim_matches('-');
    if trimmed.is_empty() { "unnamed".to_owned() } else { trimmed.to_owned() }
}

/// Reads JSON from a file.
fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, ExchangeError> {
    let text = fs::read(path).map_err(|source| ExchangeError::Read { path: path.to_owned(), source })?;
    serde_json::from_slice(&text).map_err(|error| ExchangeError::form(path, error))
}

/// Why figures could not be read from another tool's file, or written for another tool.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExchangeError {
    /// The file or directory cannot be read: check that it exists and may be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is not what that tool writes; it may be cut off, or of another version of the tool.
    #[error("{}: {message}", path.display())]
    Form {
        /// The file.
        path: PathBuf,
        /// What was expected, and where.
        message: String,
    },
    /// There is nothing to read: check the path, and that the benchmarks ran (a test run writes nothing).
    #[error("{}: no results here; run the benchmarks first", .0.display())]
    Nothing(PathBuf),
    /// The tool itself reported that it failed.
    #[error("{}: the run failed: {message}", path.display())]
    Failed {
        /// The file.
        path: PathBuf,
        /// What the tool said.
        message: String,
    },
    /// The indicator is not a time: name one that is measured in nanoseconds.
    #[error("{0} is not measured in nanoseconds, and these files hold times: name an indicator that is")]
    NotATime(Indicator),
    /// A figure cannot be a metric.
    #[error(transparent)]
    Metric(#[from] MetricError),
    /// Samples cannot be summarised.
    #[error(transparent)]
    Samples(#[from] SamplesError),
}

impl ExchangeError {
    fn form(path: &Path, message: impl ToString) -> Self {
        Self::Form { path: path.to_owned(), message: message.to_string() }
    }
}

/// A name for a series in formats that have one string for it: everything that sets it apart but the machine, versions
/// and date, so that it stays the same from run to run.
fn series_name(metric: &Metric) -> String {
    let conditions = &metric.provenance().environment().conditions;
    let mut parts = vec![metric.subject().to_string()];
    parts.extend(metric.workload().map(str::to_owned));
    parts.extend(metric.temperature().map(|t| t.to_string()));
    parts.push(metric.statistic().to_string());
    parts.extend(conditions.concurrency.map(|n| format!("concurrency={n}")));
    parts.extend(conditions.load.as_ref().map(|load| format!("load={load}")));
    parts.extend(conditions.isolation.map(|isolation| format!("isolation={isolation}")));
    parts.extend(conditions.transport.as_ref().map(|transport| format!("transport={transport}")));
    parts.extend(conditions.settings().iter().map(|(key, value)| format!("{key}={value}")));
    parts.join(" ")
}

/// The latest figures with their names; series that differ in their machine alone are numbered.
fn named(baseline: &Baseline) -> Vec<(String, &Metric)> {
    let mut taken = std::collections::HashMap::new();
    let latest = baseline.latest().into_iter().map(|metric| {
        let name = series_name(metric);
        let n = taken.entry((metric.indicator(), name.clone())).and_modify(|n| *n += 1).or_insert(1);
        if *n > 1 { (format!("{name} #{n}"), metric) } else { (name, metric) }
    });
    latest.collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn any_name_makes_a_subject() {
        for (id, name) in [
            ("Grp/Sum of 10", "grp/sum-of-10"),
            ("sleep 0.001", "sleep-0.001"),
            ("--", "unnamed"),
            ("", "unnamed"),
            ("启动", "unnamed"),
            ("a  &&  b", "a-b"),
        ] {
            assert_eq!(super::subject_name(id), name);
            assert!(crate::Subject::new(super::subject_name(id)).is_ok());
        }
    }
}
