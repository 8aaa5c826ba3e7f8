//! One run of measurements: the environment is captured when it begins, raw samples are saved before they are
//! summarised, and the figures join the baseline when it ends.

use std::{collections::BTreeMap, fs, io, path::PathBuf};

use crate::{
    Baseline, BaselineError, Bound, Component, Conditions, Date, Environment, Host, Indicator, Interval, Metric,
    MetricError, Provenance, ProvenanceError, Quantity, Source, SourceKind, Staleness, Statistic, Temperature,
    UnavailableRow, Unit, Watch, here,
    report::Report,
    runtime::Identity,
    samples::{Curve, CurveError, Samples, SamplesError},
    stats::{Histogram, StatsError},
    whole_file::{WriteError, write_text},
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

    /// What its files are named after.
    fn stem(&self) -> String {
        [self.indicator.as_str(), self.identity.subject.as_str(), &self.workload].join(".")
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

    /// Saves raw samples (nanoseconds or bytes, as the indicator has it), then adds a metric for each statistic. A tail
    /// that takes more samples than there are is left out, unless nothing else was asked for.
    ///
    /// # Errors
    /// [`SessionError`] when there is no sample, too few for every statistic, or the file cannot be written.
    pub fn record(&mut self, figure: &Figure, samples: &[u64], statistics: &[Statistic]) -> Result<(), SessionError> {
        let unit = figure.indicator.units()[0];
        let histogram = (figure.concurrency > 1 && unit == Unit::Nanoseconds && !samples.is_empty())
            .then(|| Histogram::of(samples).map(|histogram| histogram.to_hgrm()));
        let samples = Samples::of_unknown_turns(figure.indicator, unit, samples.iter().map(|value| *value as f64))?;
        let path = samples.save(&self.directory, &figure.stem())?;
        if let Some(histogram) = histogram.transpose()? {
            // Beside the raw samples, for the tools that read it: the whole tail of a burst.
            let path = self.directory.join(path.with_extension("hgrm"));
            write_text(&path, &histogram)?;
        }
        let mut refused = None;
        for statistic in statistics {
            let estimated = match samples.estimate(*statistic, LEVEL) {
                Ok(estimated) => estimated,
                Err(error @ SamplesError::TooFew { .. }) => {
                    refused = Some(error);
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            let metric = self
                .metric(figure, estimated.quantity(unit).map_err(MetricError::from)?)?
                .with_statistic(*statistic)
                .with_count(samples.len() as u64)
                .with_samples(&path);
            self.baseline.push(match estimated.quantities(unit)? {
                Some(interval) => metric.with_interval(interval)?,
                None => metric,
            });
        }
        match refused {
            Some(error) if statistics.len() == 1 => Err(error.into()),
            _ => Ok(()),
        }
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
        let path = curve.save(&self.directory, &format!("{}.{statistic}", figure.stem()))?;
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
    /// A file could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// A directory or a report could not be written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}
