//! What one figure says of itself: its logarithm, and how far that can be trusted.

use std::path::Path;

use super::{
    analysis::{Noise, RUNS},
    math::{moments, upper},
    report::{Doubt, Evidence},
};
use crate::{
    Bound, Family, Metric,
    samples::{Estimated, IntervalMethod, Samples},
};

/// A figure as evidence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Figure {
    /// Counted, not sampled: the size of a file.
    Exact(f64),
    /// Sampled.
    Sampled {
        /// The natural logarithm of the figure.
        log: f64,
        /// Its variance by the samples of its own run, where they tell.
        within: Option<Noise>,
        /// Where that comes from.
        evidence: Evidence,
    },
}

/// What a metric says: by the samples that it names in `directory`, where they are its own and of enough processes, else by
/// its stored interval.
pub(super) fn figure(metric: &Metric, directory: Option<&Path>) -> Result<Figure, Doubt> {
    let value = metric.quantity().as_f64();
    if metric.bound() != Bound::Exact {
        return Err(Doubt::Bound);
    }
    let interval = metric.interval();
    if interval.is_none() && metric.indicator().family() == Family::Size {
        return Ok(Figure::Exact(value));
    }
    if value <= 0.0 {
        return Err(Doubt::Zero);
    }
    let samples = directory.and_then(|directory| own_samples(metric, directory));
    if let Some(found) =
        samples.as_ref().and_then(|(samples, _)| of_processes(&samples.of_processes(metric.statistic()).ok()?))
    {
        return Ok(found);
    }
    let estimated = samples.map(|(_, estimated)| estimated.evidence);
    let units = estimated.as_ref().or(metric.evidence()).and_then(|evidence| match evidence.method {
        IntervalMethod::Processes { processes, .. } => Some(processes),
        IntervalMethod::Turns { turns, .. } => Some(turns),
        _ => None,
    });
    let within = interval.map(|interval| {
        let (low, high) = (interval.low().as_f64(), interval.high().as_f64());
        of_interval(low, high, interval.level(), units.or(metric.count()))
    });
    let evidence = if within.is_some() { Evidence::Intervals } else { Evidence::None };
    Ok(Figure::Sampled { log: value.ln(), within, evidence })
}

/// The samples that a metric names, if its figure is theirs: a file that is missing, broken or of something else is no
/// evidence.
fn own_samples(metric: &Metric, directory: &Path) -> Option<(Samples, Estimated)> {
    let samples = Samples::of_metric(metric, directory).ok()?;
    let estimated = samples.estimate(metric.statistic(), 0.95).ok()?;
    let quantity = estimated.quantity(metric.quantity().unit()).ok()?;
    (quantity == metric.quantity()).then_some((samples, estimated))
}

/// What the statistics of a run's processes say, one for each: the mean of their logarithms. Nothing of fewer than three,
/// or of one that is not above zero.
pub(super) fn of_processes(statistics: &[f64]) -> Option<Figure> {
    if statistics.len() < RUNS || statistics.iter().any(|x| *x <= 0.0 || !x.is_finite()) {
        return None;
    }
    let logs: Vec<f64> = statistics.iter().map(|x| x.ln()).collect();
    let (log, variance) = moments(&logs)?;
    let n = logs.len() as f64;
    let within = Some(Noise { variance: variance / n, freedom: n - 1.0 });
    Some(Figure::Sampled { log, within, evidence: Evidence::Processes })
}

/// The variance of a logarithm whose interval this is: half the interval's width is so many standard errors, by the level
/// and the number of units of evidence.
fn of_interval(low: f64, high: f64, level: f64, units: Option<u64>) -> Noise {
    let freedom = units.map_or(f64::INFINITY, |n| n.saturating_sub(1).max(1) as f64);
    // An interval that reaches zero has no end here: it says nothing of how small the figure may be.
    let half = if low > 0.0 { (high / low).ln() / 2.0 } else { f64::INFINITY };
    Noise { variance: (half / upper((1.0 - level) / 2.0, freedom)).powi(2), freedom }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_gives_its_standard_error_back() {
        // Six processes with a t interval: half its width is 2.5706 standard errors.
        let error: f64 = 0.01;
        let half = (2.5706 * error).exp();
        let noise = of_interval(1000.0 / half, 1000.0 * half, 0.95, Some(6));
        assert!((noise.variance.sqrt() / error - 1.0).abs() < 1e-3 && noise.freedom == 5.0, "{noise:?}");
        let known = of_interval(1000.0 / half, 1000.0 * half, 0.95, None);
        assert!(known.variance > noise.variance && known.freedom.is_infinite());
        assert!(of_interval(0.0, 10.0, 0.95, Some(9)).variance.is_infinite());
        assert_eq!(of_interval(5.0, 5.0, 0.95, Some(9)).variance, 0.0);
    }

    #[test]
    fn processes_are_the_units_of_evidence() {
        let Some(Figure::Sampled { log, within: Some(noise), evidence }) = of_processes(&[100.0, 110.0, 121.0]) else {
            panic!()
        };
        assert!((log - 110f64.ln()).abs() < 1e-12 && evidence == Evidence::Processes);
        assert!((noise.variance - 1.1f64.ln().powi(2) / 3.0).abs() < 1e-12 && noise.freedom == 2.0);
        for none in [&[1.0, 2.0][..], &[1.0, 0.0, 2.0], &[1.0, f64::NAN, 2.0], &[1.0, f64::INFINITY, 2.0], &[]] {
            assert_eq!(of_processes(none), None);
        }
    }
}
