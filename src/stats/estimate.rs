//! Figures of samples, with intervals that hold what another run would find.
//!
//! Samples of one turn resemble each other, and so do those of one process: addresses, the placement of pages and the
//! neighbours of the moment are theirs alone. So where there are six processes or more, the statistic is taken within each
//! process, the figure is the median of the processes' statistics, and the interval is made of their exact order statistics.
//! With fewer processes, but six turns or more, turns stand for processes, and the interval says so. With less there is a
//! figure without an interval.

use super::{Warning, order, warnings};
use crate::{
    metric::{Evidence, IntervalMethod, Metric, Statistic, Subject},
    provenance::Provenance,
    samples::{Estimated, Samples, SamplesError},
};

/// The fewest units with an interval of their median at 95 %: from the smallest to the largest holds it with 96.9 %.
const FEWEST_UNITS: usize = 6;
/// The level of a stored interval.
const LEVEL: f64 = 0.95;

/// What evidence is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Process,
    Turn,
    /// Too few of both: processes, without an interval.
    Few,
}

impl Samples {
    /// A statistic of the samples, with an interval that holds the true value with probability `level` or more.
    ///
    /// With six processes or more it is the median of the processes' own statistics, each taken over all turns of its
    /// process; with fewer, and six turns or more, the median of the turns' own. Where each process or turn has a single
    /// sample, quantiles are of those samples. Slopes, rates and single values are averaged within a process or turn. The
    /// mean of single samples, and the extremes, have no interval: nothing bounds what was not seen.
    ///
    /// # Errors
    /// [`SamplesError::Empty`] without samples, [`SamplesError::TooFew`] where a tail would be that of too few samples
    /// (a p99 takes 100 in each process or turn), and [`SamplesError::Level`].
    pub fn estimate(&self, statistic: Statistic, level: f64) -> Result<Estimated, SamplesError> {
        if self.is_empty() {
            return Err(SamplesError::Empty);
        }
        if !(level > 0.0 && level < 1.0) {
            return Err(SamplesError::Level(level));
        }
        let Figures { mut figures, p, method } = self.figures(statistic)?;
        figures.sort_unstable_by(f64::total_cmp);
        let (value, ends) = match p {
            Some(p) => {
                let (index, ends) = order::quantile_ranks(p, figures.len(), level);
                let bounded = method != IntervalMethod::None;
                (figures[index], ends.filter(|_| bounded))
            }
            None => (mean(&figures), None),
        };
        let interval = ends.map(|(low, high)| (figures[low], figures[high]));
        let method = if interval.is_some() { method } else { IntervalMethod::None };
        Ok(Estimated::new(value, interval, level, self.evidence(method)))
    }

    /// The statistic of each unit of evidence: of each process, or of each turn. What [`estimate`](Self::estimate) makes
    /// figure and interval of.
    ///
    /// # Errors
    /// As for [`estimate`](Self::estimate).
    pub fn statistics(&self, statistic: Statistic) -> Result<Vec<f64>, SamplesError> {
        if self.is_empty() {
            return Err(SamplesError::Empty);
        }
        Ok(self.figures(statistic)?.figures)
    }

    /// The statistic within each process, of which there may be fewer than an interval takes.
    pub(crate) fn of_processes(&self, statistic: Statistic) -> Result<Vec<f64>, SamplesError> {
        within(statistic, &self.by_process(), "process")
    }

    /// A statistic of the samples as a metric, with its 95 % interval where there is one.
    ///
    /// # Errors
    /// As for [`estimate`](Self::estimate), and [`SamplesError::Metric`] when the figure is negative.
    pub fn metric(&self, subject: Subject, statistic: Statistic, from: Provenance) -> Result<Metric, SamplesError> {
        let estimated = self.estimate(statistic, LEVEL)?;
        let quantity = estimated.quantity(self.unit()).map_err(crate::MetricError::from)?;
        let metric = Metric::new(self.indicator(), subject, quantity, from)?
            .with_statistic(statistic)
            .with_count(self.len() as u64)
            .with_evidence(estimated.evidence.clone());
        Ok(match estimated.quantities(self.unit())? {
            Some(interval) => metric.with_interval(interval)?,
            None => metric,
        })
    }

    /// What to know before trusting these statistics of the samples.
    #[must_use]
    pub fn warnings(&self, statistics: &[Statistic]) -> Vec<Warning> {
        let few = statistics.iter().filter_map(|statistic| self.too_few(*statistic));
        few.chain(warnings(self.values())).collect()
    }

    fn too_few(&self, statistic: Statistic) -> Option<Warning> {
        let p = match statistic {
            Statistic::Mean | Statistic::Min | Statistic::Max => return None,
            other => other.fraction().unwrap_or(0.5),
        };
        match self.estimate(statistic, LEVEL) {
            Ok(Estimated { interval: None, .. }) => {
                let figures = self.figures(statistic).ok()?;
                let needed = order::needed(figures.p.unwrap_or(p), LEVEL);
                Some(Warning::TooFew { statistic, count: figures.figures.len(), needed })
            }
            Err(SamplesError::TooFew { needed, found, .. }) => {
                Some(Warning::TooFew { statistic, count: found, needed })
            }
            _ => None,
        }
    }

    fn evidence(&self, method: IntervalMethod) -> Evidence {
        Evidence::new(self.len() as u64, self.turns() as u64, self.processes() as u64, method)
    }

    fn figures(&self, statistic: Statistic) -> Result<Figures, SamplesError> {
        let (turns, processes) = (self.turns(), self.processes());
        let unit = if processes >= FEWEST_UNITS {
            Unit::Process
        } else if turns >= FEWEST_UNITS {
            Unit::Turn
        } else {
            Unit::Few
        };
        if let Some(extreme) = extreme(statistic, self.values()) {
            return Ok(Figures { figures: vec![extreme], p: Some(0.5), method: IntervalMethod::None });
        }
        let units = if unit == Unit::Turn { turns } else { processes };
        if units == self.len() {
            return self.of_single_samples(statistic, unit);
        }
        let method = match unit {
            Unit::Process => IntervalMethod::Processes { processes: processes as u64, statistic },
            Unit::Turn => IntervalMethod::Turns { turns: turns as u64, processes: processes as u64, statistic },
            Unit::Few => IntervalMethod::None,
        };
        if unit == Unit::Turn {
            match within(statistic, &self.by_turn(), "each turn") {
                Ok(figures) => return Ok(Figures { figures, p: Some(0.5), method }),
                // Turns that are too short for a tail: the process may be long enough, though nothing then bounds it.
                Err(short) => {
                    let figures = within(statistic, &self.by_process(), "each process").map_err(|_| short)?;
                    return Ok(Figures { figures, p: Some(0.5), method: IntervalMethod::None });
                }
            }
        }
        Ok(Figures { figures: within(statistic, &self.by_process(), "each process")?, p: Some(0.5), method })
    }

    /// Each unit has one sample, which is its statistic: what is asked for is of the samples themselves.
    fn of_single_samples(&self, statistic: Statistic, unit: Unit) -> Result<Figures, SamplesError> {
        let (count, processes) = (self.len() as u64, self.processes() as u64);
        let p = match statistic {
            Statistic::Mean => None,
            other => Some(other.fraction().unwrap_or(0.5)),
        };
        let needed = p.map_or(1, samples_for);
        if self.len() < needed {
            return Err(SamplesError::TooFew { statistic, needed, found: self.len(), of: "all" });
        }
        let statistic = Statistic::Single;
        let method = match unit {
            Unit::Few => IntervalMethod::None,
            _ if !self.turns_are_known() => IntervalMethod::Samples { samples: count },
            Unit::Process => IntervalMethod::Processes { processes, statistic },
            Unit::Turn => IntervalMethod::Turns { turns: count, processes, statistic },
        };
        Ok(Figures { figures: self.values().to_vec(), p, method })
    }
}

/// The statistic of each unit, the quantile of them that is the figure (nothing for their mean), and what it stands on.
struct Figures {
    figures: Vec<f64>,
    p: Option<f64>,
    method: IntervalMethod,
}

/// The statistic within each unit.
fn within(statistic: Statistic, units: &[Vec<f64>], of: &'static str) -> Result<Vec<f64>, SamplesError> {
    let Some(p) = statistic.fraction() else { return Ok(units.iter().map(|values| mean(values)).collect()) };
    let needed = samples_for(p);
    if let Some(found) = units.iter().map(Vec::len).min().filter(|found| *found < needed) {
        return Err(SamplesError::TooFew { statistic, needed, found, of });
    }
    let quantile = |values: &Vec<f64>| {
        let mut sorted = values.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        sorted[order::rank(p, sorted.len()) - 1]
    };
    Ok(units.iter().map(quantile).collect())
}

/// How many samples a quantile takes: so many that one lies beyond it. A median is one of any number.
fn samples_for(p: f64) -> usize {
    let beyond = 1.0 / p.min(1.0 - p);
    // 1 / (1 - 0.9) is above 10 in floating point, by far less than this.
    if p == 0.5 { 1 } else { (beyond - 1e-6).ceil() as usize }
}

fn extreme(statistic: Statistic, values: &[f64]) -> Option<f64> {
    let values = values.iter().copied();
    match statistic {
        Statistic::Min => values.min_by(f64::total_cmp),
        Statistic::Max => values.max_by(f64::total_cmp),
        _ => None,
    }
}

fn mean(values: &[f64]) -> f64 {
    // Scaled first, so that the sum of large numbers stays finite.
    let n = values.len() as f64;
    let sum: f64 = values.iter().sum();
    if sum.is_finite() { sum / n } else { values.iter().map(|value| value / n).sum() }
}
