//! Repetitions of a benchmark, as samples.

use super::{
    ExchangeError,
    import::{Benchmark, Collector, Figure, stored},
};
use crate::{
    Indicator, Provenance, Statistic, Unit,
    samples::{Samples, SamplesError},
};

/// A value with the process that it was taken in, and its turn within that.
pub(super) type Value = (u32, u32, f64);

/// What several repetitions have.
const STATISTICS: [Statistic; 3] = [Statistic::Median, Statistic::P99, Statistic::Mean];

impl Collector<'_> {
    /// The figures of a benchmark's repetitions, in `unit` but not yet whole; or a row where one of them is no number, or
    /// too small to be one in the stored unit. `each` says how many operations the only value is the mean of.
    pub fn repeated(
        &mut self,
        of: &Benchmark,
        unit: Unit,
        values: &[Value],
        each: Option<u64>,
    ) -> Result<(), ExchangeError> {
        let wrong = values.iter().filter(|(.., value)| *value < 0.0 || stored(*value, unit).is_err()).count();
        if wrong > 0 {
            let reason = format!("{wrong} of {} values are no number, below zero, or too large for one", values.len());
            self.unavailable(of, reason, "measure it again");
            return Ok(());
        }
        let mean = values.iter().map(|(.., value)| value).sum::<f64>() / values.len().max(1) as f64;
        let vanishes = unit.is_integer() && values.iter().any(|(.., value)| value.round() == 0.0);
        if values.len() < 2 || vanishes {
            let count = if values.len() < 2 { each } else { Some(values.len() as u64) };
            return self.figures(
                of,
                unit,
                &[Figure { statistic: Statistic::Mean, value: mean, interval: None, count }],
            );
        }
        let values = values
            .iter()
            .filter_map(|(process, turn, value)| Some((*process, *turn, stored(*value, unit).ok()?.as_f64())));
        let (indicator, provenance) = (self.indicator(), self.provenance().clone());
        self.samples(of, indicator, unit, values, &STATISTICS, &provenance)
    }

    /// Pushes the statistics that the samples suffice for: the 99th percentile of a few is their maximum under another name.
    pub fn samples(
        &mut self,
        of: &Benchmark,
        indicator: Indicator,
        unit: Unit,
        values: impl Iterator<Item = Value>,
        statistics: &[Statistic],
        provenance: &Provenance,
    ) -> Result<(), ExchangeError> {
        let mut samples = Samples::new(indicator, unit)?;
        for (process, turn, value) in values {
            samples.push(process, turn, value)?;
        }
        for statistic in statistics {
            match samples.metric(of.subject.clone(), *statistic, provenance.clone()) {
                Ok(metric) => self.push(metric, of),
                Err(SamplesError::TooFew { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}
