//! One run of measurements: the environment is captured when it begins, raw samples are saved before they are
//! summarised, and the figures join the baseline when it ends.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use crate::{
    Baseline, BaselineError, Bound, Component, Conditions, Date, Environment, Host, Indicator, Interval, Metric,
    MetricError, Provenance, ProvenanceError, Quantity, Source, SourceKind, Staleness, Statistic, Temperature,
    UnavailableRow, Unit, Watch,
    adapter::Identity,
    here,
    report::Report,
    stats::{Curve, CurveError, Histogram, Samples, SamplesError, StatsError},
    whole_file::write_whole,
};

/// The confidence level of every interval that a session records.
const LEVEL: f64 = 0.95;

/// The setting that says how a figure was read, where there are several ways.
pub const METHOD: &str = "method";

/// What a set of samples is of: everything of a metric but its value.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Figure {
    /// What was measured.
    pub indicator: Indicator,
    /// On what.
    pub identity: Identity,
    /// The workload or policy.
    pub workload: String,
    /// What had been prepared.
    pub temperature: Option<Temperature>,
    /// How many at the same time.
    pub concurrency: u32,
    /// What else the machine did.
    pub load: String,
    /// Settings of this artifact alone, besides those of the identity.
    pub settings: BTreeMap<String, String>,
    /// What else was seen while the figure was taken; see [`Conditions::observed`].
    pub observed: BTreeMap<String, String>,
}

impl Figure {
    /// A figure taken one at a time on an otherwise idle machine.
    #[must_use]
    pub fn new(indicator: Indicator, identity: &Identity, workload: impl Into<String>) -> Self {
        Self {
            indicator,
            identity: identity.clone(),
            workload: workload.into(),
            temperature: None,
            concurrency: 1,
            load: "idle".to_owned(),
            settings: BTreeMap::new(),
            observed: BTreeMap::new(),
        }
    }

    /// Says what had been prepared.
    #[must_use]
    pub fn at(mut self, temperature: Temperature) -> Self {
        self.temperature = Some(temperature);
        self
    }

    /// Says that `concurrency` were started or asked at the same time, and what that load is called.
    #[must_use]
    pub fn concurrent(mut self, concurrency: u32, load: impl Into<String>) -> Self {
        self.concurrency = concurrency;
        self.load = load.into();
        self
    }

    /// Adds settings of this artifact alone.
    #[must_use]
    pub fn with_settings(mut self, settings: BTreeMap<String, String>) -> Self {
        self.settings.extend(settings);
        self
    }

    /// Adds something else that was seen while the figure was taken.
    #[must_use]
    pub fn observed(mut self, name: impl Into<String>, value: impl ToString) -> Self {
        self.observed.insert(name.into(), value.to_string());
        self
    }

    /// The file of raw samples, relative to the baseline's directory: the same figure again replaces it.
    fn samples_path(&self) -> PathBuf {
        let temperature = self.temperature.map(Temperature::as_str).unwrap_or_default();
        let concurrency = format!("{}-concurrent", self.concurrency);
        // The same figure read in two ways is two sets of samples.
        let method = self.settings.get(METHOD).map(String::as_str).unwrap_or_default();
        let parts = [
            self.indicator.as_str(),
            self.identity.subject.as_str(),
            &self.workload,
            temperature,
            &concurrency,
            method,
        ];
        let name = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(".");
        // A subject has slashes, and a workload is named by whoever made it.
        let safe = |c: char| if c.is_ascii_alphanumeric() || "-_.+".contains(c) { c } else { '_' };
        Path::new("samples").join(name.chars().map(safe).collect::<String>()).with_added_extension("csv")
    }
}

/// A run that is being recorded.
#[derive(Debug)]
pub struct Session {
    directory: PathBuf,
    source: Source,
    /// Hardware and software, as they were when the run began.
    machine: Environment,
    noise: Watch,
    baseline: Baseline,
}

impl Session {
    /// Begins a run that will be recorded in `directory`; `name` says where its code stands, such as `benches/startup`.
    ///
    /// # Errors
    /// [`SessionError::Io`] when the directory cannot be made.
    pub fn begin(name: &str, directory: impl Into<PathBuf>) -> Result<Self, SessionError> {
        let directory = directory.into();
        let samples = directory.join("samples");
        fs::create_dir_all(&samples).map_err(|source| SessionError::Io { path: samples, source })?;
        let revision = here::revision().map(|revision| format!(" (git {revision})")).unwrap_or_default();
        let reference = format!("runtime-baseline {}{revision}, {name}", env!("CARGO_PKG_VERSION"));
        let source = Source::new(SourceKind::Benchmark, reference)?;
        let host = Host::here();
        let (machine, noise) = (host.capture(&directory), host.watch());
        Ok(Self { directory, source, machine, noise, baseline: Baseline::new() })
    }

    /// Saves raw samples (nanoseconds or bytes, as the indicator has it), then adds a metric for each statistic.
    ///
    /// # Errors
    /// [`SessionError`] when there is no sample, or the file cannot be written.
    pub fn record(&mut self, figure: &Figure, samples: &[u64], statistics: &[Statistic]) -> Result<(), SessionError> {
        let unit = figure.indicator.units()[0];
        let samples = Samples::new(figure.indicator, unit, samples.to_vec())?;
        let path = figure.samples_path();
        samples.save(&self.directory.join(&path))?;
        if figure.concurrency > 1 && unit == Unit::Nanoseconds {
            // Beside the raw samples, for the tools that read it: the whole tail of a burst.
            let path = self.directory.join(path.with_extension("hgrm"));
            let histogram = Histogram::of(samples.values())?.to_hgrm();
            write_whole(&path, |out| out.write_all(histogram.as_bytes()))
                .map_err(|source| SessionError::Io { path, source })?;
        }
        let summary = samples.summary()?;
        for statistic in statistics {
            let value = summary.value(*statistic).ok_or(SamplesError::Statistic(*statistic))?;
            let mut metric = self
                .metric(figure, Quantity::whole(value, unit))?
                .with_statistic(*statistic)
                .with_count(summary.count() as u64)
                .with_samples(&path);
            if let Some(interval) = summary.interval(*statistic, LEVEL) {
                metric = metric.with_interval(interval.with_unit(unit)?)?;
            }
            self.baseline.push(metric);
        }
        Ok(())
    }

    /// Adds a figure that is not a statistic of samples: a rate, a size.
    ///
    /// # Errors
    /// [`SessionError::Metric`] when the quantity is not in the indicator's unit.
    pub fn record_value(
        &mut self,
        figure: &Figure,
        statistic: Statistic,
        value: Quantity,
        count: u64,
    ) -> Result<(), SessionError> {
        let metric = self.metric(figure, value)?.with_statistic(statistic).with_count(count);
        self.baseline.push(metric);
        Ok(())
    }

    /// Saves the curve that a figure is of, its slope or its end, then adds the figure, which names the curve's file.
    ///
    /// # Errors
    /// [`SessionError`] when the file cannot be written, or the quantity is not in the indicator's unit.
    pub fn record_curve(
        &mut self,
        figure: &Figure,
        statistic: Statistic,
        value: Quantity,
        curve: &Curve,
    ) -> Result<(), SessionError> {
        // Beside the samples of the same figure, which have the other statistics.
        let path = figure.samples_path().with_extension(format!("{statistic}.csv"));
        curve.save(&self.directory.join(&path))?;
        let metric = self.metric(figure, value)?.with_statistic(statistic).with_count(curve.points().len() as u64);
        self.baseline.push(metric.with_samples(&path));
        Ok(())
    }

    /// Adds a figure with an interval of its own, in the figure's unit, that may be a bound and no more.
    ///
    /// # Errors
    /// [`SessionError::Metric`] when the quantities are not in the indicator's unit.
    pub fn record_bound(
        &mut self,
        figure: &Figure,
        statistic: Statistic,
        value: Quantity,
        bound: Bound,
        interval: Option<Interval>,
        count: u64,
    ) -> Result<(), SessionError> {
        let metric = self.metric(figure, value)?.with_statistic(statistic).with_count(count).with_bound(bound);
        self.baseline.push(match interval {
            Some(interval) => metric.with_interval(interval)?,
            None => metric,
        });
        Ok(())
    }

    /// Adds a row for what could not be measured.
    pub fn unavailable(&mut self, row: UnavailableRow) {
        self.baseline.push_unavailable(row);
    }

    /// What was recorded so far.
    #[must_use]
    pub fn baseline(&self) -> &Baseline {
        &self.baseline
    }

    /// Merges the run into `baseline.json` and writes the reports anew. Returns what this run alone recorded.
    ///
    /// # Errors
    /// [`SessionError::Baseline`] when the baseline on disk cannot be read or written; what was there stays as it was.
    pub fn finish(self) -> Result<Baseline, SessionError> {
        let path = self.directory.join("baseline.json");
        Baseline::merge_into(&path, self.baseline.clone())?;
        let whole = Baseline::load(&path)?;
        let here = self.baseline.metrics().iter().flat_map(|metric| metric.provenance().components().iter().cloned());
        let staleness = Staleness::on(Date::today()).with_components(here);
        let report = Report::of(&whole).with_raw_data(&self.directory).with_staleness(staleness);
        report.save(&self.directory).map_err(|source| SessionError::Io { path: self.directory.clone(), source })?;
        Ok(self.baseline)
    }

    fn metric(&self, figure: &Figure, value: Quantity) -> Result<Metric, SessionError> {
        let mut engine = figure.identity.settings.clone();
        engine.extend(figure.settings.clone());
        let conditions = Conditions {
            concurrency: Some(figure.concurrency),
            load: Some(figure.load.clone()),
            isolation: Some(figure.identity.isolation),
            transport: figure.identity.transport.clone(),
            engine,
            observed: figure.observed.clone(),
            noise: [self.machine.conditions.noise.clone(), self.noise.noise()].concat(),
            ..Conditions::default()
        };
        let environment = Environment { conditions, ..self.machine.clone() };
        let mut components = figure.identity.components.iter().cloned();
        let first = components.next().ok_or(ProvenanceError::NoComponent)?;
        let provenance = Provenance::new(self.source.clone(), first, Date::today()).with_environment(environment);
        let provenance = components.fold(provenance, Provenance::with_component);
        let tool = Component::new("runtime-baseline", env!("CARGO_PKG_VERSION"))?;
        let metric =
            Metric::new(figure.indicator, figure.identity.subject.clone(), value, provenance.with_component(tool))?
                .with_workload(&figure.workload);
        Ok(match figure.temperature {
            Some(temperature) => metric.with_temperature(temperature),
            None => metric,
        })
    }
}

/// Why a run could not be recorded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// There were no samples to summarise.
    #[error(transparent)]
    Stats(#[from] StatsError),
    /// The samples could not be saved, or do not have that statistic.
    #[error(transparent)]
    Samples(#[from] SamplesError),
    /// The curve could not be saved.
    #[error(transparent)]
    Curve(#[from] CurveError),
    /// A figure is not a metric.
    #[error(transparent)]
    Metric(#[from] MetricError),
    /// An identity is not a provenance.
    #[error(transparent)]
    Provenance(#[from] ProvenanceError),
    /// The baseline on disk could not be read or written.
    #[error(transparent)]
    Baseline(#[from] BaselineError),
    /// A directory or a report could not be written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}
