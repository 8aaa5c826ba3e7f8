//! What all processes measured, lane by lane.

use std::collections::BTreeMap;

use super::{
    figure::{Asked, Figure},
    lane::{CurveOf, Failure},
    plan::Comparison,
    wire::{Measured, Row, Series},
};
use crate::{
    Bound, Statistic, UnavailableRow,
    samples::{Curve, Samples, SamplesError},
    stats::{Change, StatsError},
};

/// What a plan came to.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Outcome {
    /// Every lane, in the order of the plan.
    pub lanes: Vec<Sampled>,
    /// What could not be measured here, and why.
    pub unavailable: Vec<UnavailableRow>,
    /// What failed: rows as well, but a run with one of them is no clean run.
    pub failed: Vec<UnavailableRow>,
    /// The comparisons that the plan asked for.
    pub comparisons: Vec<Comparison>,
    /// The seed of the order of turns.
    pub seed: u64,
}

/// A lane with its samples.
#[derive(Debug)]
#[non_exhaustive]
pub struct Sampled {
    /// The name of its group.
    pub group: String,
    /// Its own name.
    pub name: String,
    /// Its figures with their samples; none where it failed.
    pub figures: Vec<SampledFigure>,
    /// Why there are none.
    pub failure: Option<Failure>,
}

/// A figure of a lane with its samples.
#[derive(Debug)]
#[non_exhaustive]
pub struct SampledFigure {
    /// What the samples are of.
    pub figure: Figure,
    /// What is recorded of them.
    pub statistics: Vec<Statistic>,
    /// The samples, each with its process and turn.
    pub samples: Samples,
    /// Whether the figure is a value, or no more than a bound.
    pub bound: Bound,
    /// A curve behind one of the samples, and which statistic of it is a figure as well.
    pub curve: Option<(Statistic, Curve)>,
}

impl Outcome {
    /// The lane of that name in that group.
    #[must_use]
    pub fn lane(&self, group: &str, name: &str) -> Option<&Sampled> {
        self.lanes.iter().find(|lane| lane.group == group && lane.name == name)
    }

    /// The factor of a comparison, from the medians of each process, where both lanes have at least six.
    ///
    /// # Errors
    /// [`StatsError`] when the two were not measured in the same processes.
    pub fn factor(&self, comparison: &Comparison, level: f64) -> Result<Option<Change>, StatsError> {
        let medians = |name: &str| {
            let lane = self.lane(&comparison.group, name)?;
            let samples = &lane.figures.first()?.samples;
            let medians = samples.statistics(Statistic::Median).ok()?;
            Some(medians.into_iter().map(|median| median.round() as u64).collect::<Vec<_>>())
        };
        match (medians(&comparison.with), medians(&comparison.lane)) {
            (Some(with), Some(lane)) => Change::paired(&with, &lane, level),
            _ => Ok(None),
        }
    }
}

/// Gathers what the processes say, in the order in which it is first heard of.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    lanes: Vec<Gathering>,
    rows: Vec<Row>,
    comparisons: Vec<Comparison>,
}

#[derive(Debug)]
struct Gathering {
    group: String,
    name: String,
    figures: Vec<Pooled>,
    failure: Option<Failure>,
}

/// A figure of all processes.
#[derive(Debug)]
struct Pooled {
    asked: Asked,
    /// Of each process its turns.
    processes: Vec<(u32, Vec<Vec<f64>>)>,
    bound: Bound,
    lacks: Option<Failure>,
    curve: Option<CurveOf>,
}

impl Gathered {
    pub fn row(&mut self, row: Row) {
        // Every process says it; a failure of one is a failure of the run.
        match self.rows.iter_mut().find(|other| other.about() == row.about()) {
            Some(other) if other.refused && !row.refused => *other = row,
            Some(_) => {}
            None => self.rows.push(row),
        }
    }

    pub fn compare(&mut self, comparison: Comparison) {
        if !self.comparisons.contains(&comparison) {
            self.comparisons.push(comparison);
        }
    }

    pub fn lane(&mut self, process: u32, measured: Measured) {
        let Measured { group, lane, fresh, series, failure } = measured;
        let gathering = self.gathering(&group, &lane);
        if let Some(failure) = failure {
            // A failure says more than a refusal, and the first one more than the next.
            if gathering.failure.as_ref().is_none_or(|known| known.refused && !failure.refused) {
                gathering.failure = Some(failure);
            }
        }
        for (place, Series { asked, bound, turns, lacks, curve }) in series.into_iter().enumerate() {
            if gathering.figures.len() == place {
                let (asked, processes) = (asked.clone(), Vec::new());
                gathering.figures.push(Pooled { asked, processes, bound, lacks: None, curve: None });
            }
            let pooled = &mut gathering.figures[place];
            if let Some(what) = differ(&pooled.asked.figure, &asked.figure) {
                let reason = format!("{what} is not the same in every process");
                gathering.failure.get_or_insert(Failure::failed(reason));
                continue;
            }
            pooled.asked.figure.observed.extend(asked.figure.observed);
            // What is a bound in one process is no value in all.
            if bound != Bound::Exact {
                pooled.bound = bound;
            }
            pooled.lacks = lacks.or(pooled.lacks.take());
            pooled.curve = curve.or(pooled.curve.take());
            if fresh {
                for value in turns.into_iter().flatten() {
                    pooled.processes.push((pooled.processes.len() as u32, vec![vec![value]]));
                }
            } else {
                pooled.processes.push((process, turns));
            }
        }
    }

    fn gathering(&mut self, group: &str, name: &str) -> &mut Gathering {
        let place = self.lanes.iter().position(|lane| lane.group == group && lane.name == name);
        let place = place.unwrap_or_else(|| {
            let (group, name) = (group.to_owned(), name.to_owned());
            self.lanes.push(Gathering { group, name, figures: Vec::new(), failure: None });
            self.lanes.len() - 1
        });
        &mut self.lanes[place]
    }

    /// Makes samples of what was heard. A lane that failed in one process has failed, and so has a figure of which something
    /// was taken that is no sample; the others stand.
    pub fn into_outcome(self, seed: u64) -> Outcome {
        let mut outcome = Outcome { seed, comparisons: self.comparisons, ..Outcome::default() };
        for row in self.rows {
            let kind = if row.refused { &mut outcome.unavailable } else { &mut outcome.failed };
            kind.push(row.into_row());
        }
        for Gathering { group, name, figures, failure } in self.lanes {
            let mut sampled = Vec::new();
            for pooled in figures {
                let figure = pooled.asked.figure.clone();
                let made = match failure.as_ref().or(pooled.lacks.as_ref()) {
                    Some(failure) => Err(failure.clone()),
                    None => pooled.sampled().map_err(|error| Failure::failed(error.to_string())),
                };
                match made {
                    Ok(samples) => sampled.push(samples),
                    Err(Failure { refused, reason, remedy }) => {
                        let kind = if refused { &mut outcome.unavailable } else { &mut outcome.failed };
                        kind.push(figure.unavailable(reason, remedy));
                    }
                }
            }
            outcome.lanes.push(Sampled { group, name, figures: sampled, failure });
        }
        outcome
    }
}

impl Pooled {
    fn sampled(self) -> Result<SampledFigure, SamplesError> {
        let Self { asked: Asked { figure, statistics }, processes, bound, curve, .. } = self;
        let mut samples = Samples::new(figure.indicator, figure.indicator.units()[0])?;
        for (process, turns) in processes {
            for (turn, values) in turns.into_iter().enumerate() {
                for value in values {
                    samples.push(process, turn as u32, value)?;
                }
            }
        }
        // It was made by this crate, in another process: what does not read is no curve.
        let curve = curve.and_then(|curve| Some((curve.statistic, Curve::from_csv(&curve.csv).ok()?)));
        Ok(SampledFigure { figure, statistics, samples, bound, curve })
    }
}

/// What of two figures is not the same, though it has to be: all but what was observed.
fn differ(known: &Figure, new: &Figure) -> Option<String> {
    let without = |figure: &Figure| Figure { observed: BTreeMap::new(), ..figure.clone() };
    let (known, new) = (without(known), without(new));
    if known == new {
        return None;
    }
    let settings = known.settings.keys().chain(new.settings.keys());
    let setting = settings.into_iter().find(|name| known.settings.get(*name) != new.settings.get(*name));
    Some(setting.map_or_else(|| "what it is of".to_owned(), |name| format!("the setting {name}")))
}
