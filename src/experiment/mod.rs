//! Experiments: what is sampled is a value, and the library samples it.
//!
//! ```text
//! plan ── lanes in groups, their turns, when to stop        declared by a function, anew in each process that measures
//!   └─ processes ── rounds ── turns ── samples               each sample knows its process and its turn
//!        └─ outcome ── samples of each figure ── Recorder ── baseline
//! ```
//!
//! An [`Experiment`] starts the program again, several times one after the other. Each process declares the same [`Plan`],
//! warms its lanes up, and gives them turns in a random order until its share of the time is over. What the lanes sampled
//! comes back with the turn and the process of each sample, so that an interval is made of what differs between
//! processes and not of samples that are alike. A [`Recorder`] makes metrics of it.
//!
//! When to stop never depends on the samples: an interval keeps its level.

mod figure;
mod lane;
mod outcome;
mod pass;
mod plan;
mod process;
mod record;
mod turns;
mod wire;

pub use figure::{Asked, Figure, METHOD};
pub use lane::{Failure, Lane, LaneError, Taken};
pub use outcome::{Outcome, Sampled, SampledFigure};
pub use pass::{Filter, FilterError, Pass, usual_directory};
pub use plan::{Comparison, Plan, Stop, Turns};
pub use record::{RecordError, Recorder};

use std::{collections::BTreeSet, io, path::Path};

use crate::{Baseline, disk, samples::SamplesError};
use outcome::Gathered;
use process::{Inside, Outside};
use wire::{Order, Said};

/// How often a plan is measured, in how many processes, and what of it.
///
/// [`run`](Self::run) starts this program again with the same arguments: a program has one experiment, and gets to it
/// before it does anything that must not be done twice. A test, and a program that cannot be started again, measures with
/// [`run_here`](Self::run_here), whose intervals lack what differs between processes.
///
/// ```
/// use runtime_baseline::{
///     Indicator, Statistic, Temperature,
///     experiment::{Experiment, Figure, Lane, Pass, Plan, Turns},
///     probe::startup,
///     runtime::{Runtime, Workload, noop::Noop},
/// };
///
/// let outcome = Experiment::new("example").run_here(|plan: &mut Plan| {
///     let noop = Noop::new();
///     let artifact = noop.prepare(&Workload::ready(), Temperature::Warm)?;
///     let figure = Figure::new(Indicator::StartupTime, noop.identity(), "ready").at(Temperature::Warm);
///     let lane = Lane::single("noop/warm", figure, &[Statistic::Median], move || startup(artifact.as_ref()));
///     plan.group("startup_time", Turns::rounds(8).of(10), vec![lane]);
///     Ok(())
/// })?;
/// let figure = &outcome.lane("startup_time", "noop/warm").expect("as planned").figures[0];
/// let median = figure.samples.estimate(Statistic::Median, 0.95)?;
/// assert!(median.interval.is_some_and(|(low, high)| low <= median.value && median.value <= high));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Experiment {
    name: String,
    pass: Pass,
    filter: Filter,
    processes: u32,
    seed: u64,
}

impl Experiment {
    /// An experiment of that name, which stands in the source of every figure: `benches/startup`. A full pass over
    /// everything, in six processes: the fewest whose median has an interval at 95 %.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), pass: Pass::Full, filter: Filter::all(), processes: 6, seed: fastrand::u64(..) }
    }

    /// The same for another pass.
    #[must_use]
    pub fn pass(mut self, pass: Pass) -> Self {
        self.pass = pass;
        self
    }

    /// The same for some of the lanes.
    #[must_use]
    pub fn only(mut self, filter: Filter) -> Self {
        self.filter = filter;
        self
    }

    /// The same in so many processes, one at least.
    #[must_use]
    pub fn in_processes(mut self, processes: u32) -> Self {
        self.processes = processes.max(1);
        self
    }

    /// The same with the order of turns of an earlier run.
    #[must_use]
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The experiment's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Measures in processes of its own, one after the other. In such a process this does not return.
    ///
    /// A lane in whose turn a process dies has failed; the process is started again without it.
    ///
    /// # Errors
    /// [`ExperimentError`] when no process can be started, the plan cannot be declared, or it asks for a comparison of lanes
    /// that it has not.
    pub fn run(&self, declare: impl Fn(&mut Plan) -> Result<(), LaneError>) -> Result<Outcome, ExperimentError> {
        if let Some(mut inside) = Inside::of(&self.name)? {
            let mut plan = Plan::new(self.pass, self.filter.clone(), inside.order.process == 0);
            match declare(&mut plan) {
                Ok(()) => {
                    let order = inside.order.clone();
                    turns::measure(plan, &order, &mut |said| inside.say(&said));
                }
                Err(error) => inside.say(&Said::Failed(error.to_string())),
            }
            inside.end();
        }
        let shared = disk::for_a_run().map_err(|error| ExperimentError::Start(error.source))?;
        let mut gathered = Gathered::default();
        let mut skip = BTreeSet::new();
        for process in 0..self.processes {
            while let Some(died) = self.one_process(process, &skip, shared.path(), &mut gathered)? {
                skip.insert(died);
            }
        }
        self.conclude(gathered)
    }

    /// Measures as [`run`](Self::run) does and records what came out in `directory`: samples, and the figures in
    /// `baseline.json`. Returns what this run alone recorded, beside the samples.
    ///
    /// # Errors
    /// [`RecordError`], of which an [`ExperimentError`] is one.
    pub fn run_and_record(
        &self,
        directory: &Path,
        declare: impl Fn(&mut Plan) -> Result<(), LaneError>,
    ) -> Result<(Outcome, Baseline), RecordError> {
        if process::is_inside() {
            // It does not come back.
            let outcome = self.run(declare)?;
            return Ok((outcome, Baseline::new()));
        }
        let mut recorder = Recorder::begin(&self.name, directory)?;
        let outcome = self.run(declare)?;
        recorder.outcome(&outcome)?;
        Ok((outcome, recorder.finish()?))
    }

    /// Measures one process's worth. The lane that killed it, where one did: the process is to be made again without it.
    fn one_process(
        &self,
        process: u32,
        skip: &BTreeSet<String>,
        shared: &Path,
        gathered: &mut Gathered,
    ) -> Result<Option<String>, ExperimentError> {
        let order = Order { process, processes: self.processes, seed: self.seed, skip: skip.clone() };
        let mut outside = Outside::begin(&self.name, &order, shared).map_err(ExperimentError::Start)?;
        let (mut at, mut lanes) = (None, Vec::new());
        loop {
            match outside.hear() {
                Some(Said::Done) => break,
                Some(Said::Failed(why)) => return Err(ExperimentError::Declare(why)),
                Some(Said::Doing(what)) => eprintln!("{}, {what}", self.name),
                Some(Said::Begins(lane)) => at = Some(lane),
                Some(Said::Row(row)) => gathered.row(row),
                Some(Said::Compare(comparison)) => gathered.compare(comparison),
                Some(Said::Lane(measured)) => lanes.push(measured),
                None => {
                    let how = outside.ended();
                    let Some(lane) = at.filter(|lane| !skip.contains(lane)) else {
                        return Err(ExperimentError::Died { experiment: self.name.clone(), how });
                    };
                    eprintln!("{}, {lane}: the process that measured it died ({how})", self.name);
                    return Ok(Some(lane));
                }
            }
        }
        // Only whole processes count: one that is made again would stand twice.
        for measured in lanes {
            gathered.lane(process, measured);
        }
        Ok(None)
    }

    /// Measures in this process alone.
    ///
    /// # Errors
    /// As [`Experiment::run`], but for starting processes.
    pub fn run_here(
        &self,
        declare: impl FnOnce(&mut Plan) -> Result<(), LaneError>,
    ) -> Result<Outcome, ExperimentError> {
        let mut plan = Plan::new(self.pass, self.filter.clone(), true);
        declare(&mut plan).map_err(|error| ExperimentError::Declare(error.to_string()))?;
        let mut gathered = Gathered::default();
        let order = Order { process: 0, processes: 1, seed: self.seed, skip: BTreeSet::new() };
        turns::measure(plan, &order, &mut |said| match said {
            Said::Row(row) => gathered.row(row),
            Said::Compare(comparison) => gathered.compare(comparison),
            Said::Lane(measured) => gathered.lane(0, measured),
            Said::Doing(_) | Said::Begins(_) | Said::Failed(_) | Said::Done => {}
        });
        self.conclude(gathered)
    }

    fn conclude(&self, gathered: Gathered) -> Result<Outcome, ExperimentError> {
        let outcome = gathered.into_outcome(self.seed);
        for Comparison { group, lane, with } in &outcome.comparisons {
            for name in [lane, with] {
                // A lane that the filter left out is not missing.
                if self.filter.matches(&format!("{group}/{name}")) && outcome.lane(group, name).is_none() {
                    return Err(ExperimentError::NoLane { group: group.clone(), lane: name.clone() });
                }
            }
        }
        Ok(outcome)
    }
}

/// Why an experiment came to nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExperimentError {
    /// This program was started to measure another experiment than the one that it came to: it has two.
    #[error("this process was started to measure {asked}, and came to {reached}: a program has one experiment")]
    OfAnother {
        /// The experiment that it was started for.
        asked: String,
        /// The one that it came to.
        reached: String,
    },
    /// A process that measures could not be started, or not be asked.
    #[error("a process that measures could not be started: {0}; raise the limits on processes and open files")]
    Start(#[source] io::Error),
    /// The plan could not be declared.
    #[error("the plan could not be made: {0}")]
    Declare(String),
    /// A process ended before any lane had begun.
    #[error("{experiment}: the process that was to measure ended before any lane began ({how})")]
    Died {
        /// The experiment.
        experiment: String,
        /// The status or the signal.
        how: String,
    },
    /// The plan compares lanes that it has not.
    #[error("the plan compares {lane:?} of the group {group:?}, which has no such lane")]
    NoLane {
        /// The group.
        group: String,
        /// The name.
        lane: String,
    },
    /// What was sampled is no sample of the figure.
    #[error(transparent)]
    Samples(#[from] SamplesError),
}
