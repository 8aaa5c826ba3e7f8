//! What an experiment came to, as figures of a baseline: the environment is captured when it begins, raw samples are
//! saved before they are summarised, and the figures join the baseline when it ends.

use std::{fs, io, path::PathBuf, sync::Arc};

use super::{
    ExperimentError,
    figure::Figure,
    outcome::{Outcome, SampledFigure},
};
use crate::{
    Baseline, BaselineError, Component, Conditions, Environment, Host, Metric, MetricError, Provenance,
    ProvenanceError, QuantityError, Run, Series, Source, SourceKind, Statistic, UnavailableRow, Unit, Watch,
    provenance::load_average,
    samples::{CurveError, Estimated, SamplesError},
};

/// The confidence level that is asked of every interval.
const LEVEL: f64 = 0.95;

/// The revision of the source that this was built from, as the build knew it: see `build.rs`.
const REVISION: Option<&str> = option_env!("RUNTIME_BASELINE_REVISION");

/// A run that is being recorded.
#[derive(Debug)]
pub struct Recorder {
    directory: PathBuf,
    source: Source,
    run: Arc<Run>,
    /// Hardware and software, as they were when the run began.
    machine: Environment,
    watch: Watch,
    /// What disturbed it so far, and by how many millionths its clock was corrected.
    noise: Vec<String>,
    drift: Option<f64>,
    baseline: Baseline,
}

impl Recorder {
    /// Begins a run that will be recorded in `directory`; `name` says where its code stands, such as `benches/startup`.
    ///
    /// # Errors
    /// [`RecordError::Io`] when the directory cannot be made.
    pub fn begin(name: &str, directory: impl Into<PathBuf>) -> Result<Self, RecordError> {
        let directory = directory.into();
        let samples = directory.join("samples");
        fs::create_dir_all(&samples).map_err(|source| RecordError::Io { path: samples, source })?;
        let reference = format!("runtime-baseline {}, {name}", env!("CARGO_PKG_VERSION"));
        let run = REVISION.into_iter().fold(Run::begin(), Run::built_from);
        let source = Source::new(SourceKind::Benchmark, reference)?;
        let host = Host::here();
        let (machine, watch) = (host.capture(&directory), host.watch());
        let (noise, drift, baseline) = (Vec::new(), None, Baseline::new());
        Ok(Self { directory, source, run: Arc::new(run), machine, watch, noise, drift, baseline })
    }

    /// Records everything that an experiment came to: a metric for each statistic of each figure, and its rows.
    ///
    /// # Errors
    /// [`RecordError`] when a file cannot be written, or two lanes sampled one figure.
    pub fn outcome(&mut self, outcome: &Outcome) -> Result<(), RecordError> {
        (self.noise, self.drift) = (self.watch.noise(), self.watch.clock_drift());
        // A load average is of the minute before, of which what was measured then, by this program or the one before it, is the
        // most. What others did meanwhile is known, and is what counts.
        if self.watch.others().is_some() {
            self.machine.conditions.noise.retain(|sentence| load_average(sentence).is_none());
        }
        for lane in &outcome.lanes {
            for sampled in &lane.figures {
                self.figure(sampled)?;
            }
        }
        outcome.unavailable.iter().chain(&outcome.failed).for_each(|row| self.baseline.push_unavailable(row.clone()));
        Ok(())
    }

    /// Saves the samples of a figure and its curve, where it has them, then adds a metric for each statistic that they have.
    fn figure(&mut self, sampled: &SampledFigure) -> Result<(), RecordError> {
        let SampledFigure { figure, statistics, samples, bound, curve } = sampled;
        let statistics = if samples.is_empty() { &[] } else { statistics.as_slice() };
        let path = if statistics.is_empty() { PathBuf::new() } else { samples.save(&self.directory, &stem(figure))? };
        for statistic in statistics {
            let estimated = match samples.estimate(*statistic, LEVEL) {
                Ok(estimated) => estimated,
                // A tail of too few samples is no figure.
                Err(SamplesError::TooFew { .. }) => continue,
                Err(error) => return Err(error.into()),
            };
            let metric = self.metric(figure, *statistic, &estimated, samples.unit())?;
            self.push(figure, metric.with_samples(&path).with_bound(*bound))?;
        }
        if let Some((statistic, curve)) = curve {
            let path = curve.save(&self.directory, &format!("{}.{statistic}", stem(figure)))?;
            let estimated = curve.estimate(*statistic, LEVEL).ok_or(SamplesError::Empty)?;
            let metric = self.metric(figure, *statistic, &estimated, samples.unit())?;
            self.push(figure, metric.with_curve(&path).with_bound(*bound))?;
        }
        Ok(())
    }

    fn push(&mut self, figure: &Figure, metric: Metric) -> Result<(), RecordError> {
        if self.baseline.metrics().iter().any(|other| Series::of(other) == Series::of(&metric)) {
            return Err(RecordError::Twice { figure: format!("{}, {}", title(figure), metric.statistic()) });
        }
        self.baseline.push(metric);
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

    /// Merges the run into `baseline.json`. Returns what this run alone recorded.
    ///
    /// # Errors
    /// [`RecordError::Baseline`] when the baseline on disk cannot be read or written; what was there stays as it was.
    pub fn finish(self) -> Result<Baseline, RecordError> {
        self.baseline.clone().merge_into(self.directory.join("baseline.json"))?;
        Ok(self.baseline)
    }

    fn metric(
        &self,
        figure: &Figure,
        statistic: Statistic,
        estimated: &Estimated,
        unit: Unit,
    ) -> Result<Metric, RecordError> {
        let mut conditions = Conditions {
            part: figure.part.clone(),
            concurrency: Some(figure.concurrency),
            load: Some(figure.load.clone()),
            isolation: Some(figure.identity.isolation),
            transport: figure.identity.transport.clone(),
            observed: figure.observed.clone(),
            noise: [self.machine.conditions.noise.clone(), self.noise.clone()].concat(),
            ..Conditions::default()
        };
        // Added, since there is a zero below zero.
        let drift =
            self.drift.map(|ppm| ("clock_drift_ppm".to_owned(), format!("{:+.1}", (ppm * 10.0).round() / 10.0 + 0.0)));
        conditions.observed.extend(drift);
        for (name, value) in figure.identity.settings.iter().chain(&figure.settings) {
            conditions.set(name, value);
        }
        let environment = Environment { conditions, ..self.machine.clone() };
        let mut components = figure.identity.components.iter().cloned();
        let first = components.next().ok_or(ProvenanceError::NoComponent)?;
        let provenance = Provenance::new(self.source.clone(), first, self.run.began().date())
            .with_run(Arc::clone(&self.run))
            .with_environment(environment);
        let provenance = components.fold(provenance, Provenance::with_component);
        let tool = Component::new("runtime-baseline", env!("CARGO_PKG_VERSION"))?;
        let subject = figure.identity.subject.clone();
        let metric =
            Metric::new(figure.indicator, subject, estimated.quantity(unit)?, provenance.with_component(tool))?;
        let mut metric = metric
            .with_workload(&figure.workload)
            .with_statistic(statistic)
            .with_count(estimated.evidence.samples)
            .with_evidence(estimated.evidence.clone());
        if let Some(interval) = estimated.quantities(unit)? {
            metric = metric.with_interval(interval)?;
        }
        Ok(match figure.temperature {
            Some(temperature) => metric.with_temperature(temperature),
            None => metric,
        })
    }
}

/// What a figure is called, for a person.
fn title(figure: &Figure) -> String {
    let Figure { indicator, identity, workload, part, temperature, concurrency, .. } = figure;
    let words = [
        Some(indicator.as_str().to_owned()),
        Some(identity.subject.to_string()),
        Some(workload.clone()),
        part.clone(),
        temperature.map(|temperature| temperature.to_string()),
        Some(format!("{concurrency} at once")),
    ];
    words.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// The beginning of a file's name, by which a person finds it. What tells it from others is the hash that follows.
fn stem(figure: &Figure) -> String {
    let Figure { indicator, identity, workload, part, temperature, concurrency, .. } = figure;
    let words = [
        Some(indicator.as_str()),
        Some(identity.subject.as_str()),
        Some(workload.as_str()),
        part.as_deref(),
        temperature.map(crate::Temperature::as_str),
    ];
    let words = words.into_iter().flatten().collect::<Vec<_>>().join(".");
    if *concurrency > 1 { format!("{words}.{concurrency}-concurrent") } else { words }
}

/// Why a run could not be recorded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// There was nothing to record.
    #[error(transparent)]
    Experiment(#[from] ExperimentError),
    /// The samples could not be saved, or are none.
    #[error(transparent)]
    Samples(#[from] SamplesError),
    /// The curve could not be saved.
    #[error(transparent)]
    Curve(#[from] CurveError),
    /// A figure is no quantity: below zero, or not finite.
    #[error(transparent)]
    Quantity(#[from] QuantityError),
    /// A figure is no metric.
    #[error(transparent)]
    Metric(#[from] MetricError),
    /// An identity is no provenance.
    #[error(transparent)]
    Provenance(#[from] ProvenanceError),
    /// Two lanes of one run sampled the same figure: a setting or a part has to tell them apart.
    #[error("two lanes sampled one figure ({figure}): tell them apart by a setting or a part")]
    Twice {
        /// What it is of.
        figure: String,
    },
    /// The baseline on disk could not be read or written.
    #[error(transparent)]
    Baseline(#[from] BaselineError),
    /// A directory could not be made.
    #[error("{}: {source}", path.display())]
    Io {
        /// The path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}
