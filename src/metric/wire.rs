//! The stored form of a metric, apart from the type in memory so that either can change alone.
//!
//! Fields that this release does not know are no error here: whoever reads a baseline keeps them.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{
    Bound, Direction, Indicator, IntervalMethod, MetricError, Quantity, QuantityError, Statistic, Subject, Temperature,
    Unit, UnknownIndicator,
};
use crate::provenance::wire::{Provenance, RunReference};

#[derive(Serialize, Deserialize)]
pub(crate) struct Metric {
    indicator: String,
    /// Of an indicator that is a tool author's own, which with its unit says all that must be known of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    direction: Option<Direction>,
    subject: Subject,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    workload: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    temperature: Option<Temperature>,
    statistic: Statistic,
    value: serde_json::Value,
    unit: String,
    #[serde(default, skip_serializing_if = "is_exact")]
    bound: Bound,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    range: Option<Range>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    interval: Option<Interval>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    count: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    evidence: Option<Evidence>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    samples: Option<PathBuf>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    curve: Option<PathBuf>,
    pub(crate) provenance: Provenance,
}

/// The ends between which a source gives the value, which is their middle.
#[derive(Serialize, Deserialize)]
struct Range {
    low: serde_json::Value,
    high: serde_json::Value,
}

#[derive(Serialize, Deserialize)]
struct Interval {
    level: f64,
    low: serde_json::Value,
    high: serde_json::Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    method: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Evidence {
    samples: u64,
    turns: u64,
    processes: u64,
}

fn is_exact(bound: &Bound) -> bool {
    *bound == Bound::Exact
}

impl Metric {
    /// Names the run by its id alone, as a figure among others of the run does.
    pub(crate) fn with_run_by_id(mut self) -> Self {
        if let Some(RunReference::Whole(run)) = self.provenance.run {
            self.provenance.run = Some(RunReference::Id(run.id));
        }
        self
    }
}

/// The indicator and the unit by their names. One that this release does not know is a tool author's own where its
/// direction is told, and else one of a later release.
pub(crate) fn indicator(
    name: &str,
    unit: &str,
    direction: Option<Direction>,
) -> Result<(Indicator, Unit), MetricError> {
    let known_unit = || Unit::ALL.into_iter().find(|known| known.as_str() == unit);
    if let Some(known) = Indicator::ALL.iter().find(|known| known.as_str() == name) {
        let unit = known_unit().ok_or_else(|| QuantityError::UnknownUnit(unit.to_owned()))?;
        return Ok((*known, unit));
    }
    let direction = direction.ok_or_else(|| UnknownIndicator(name.to_owned()))?;
    let unit = known_unit().map_or_else(|| Unit::other(unit), Ok)?;
    Ok((Indicator::other(name, unit, direction)?, unit))
}

/// The direction, where an indicator is not known by its name.
pub(crate) fn direction(indicator: Indicator) -> Option<Direction> {
    matches!(indicator, Indicator::Other(_)).then(|| indicator.direction())
}

fn quantity(value: &serde_json::Value, unit: Unit) -> Result<Quantity, MetricError> {
    let serde_json::Value::Number(number) = value else {
        return Err(QuantityError::Malformed(value.to_string()).into());
    };
    Ok(Quantity::from_json(number, unit)?)
}

impl TryFrom<Metric> for super::Metric {
    type Error = MetricError;

    fn try_from(mut wire: Metric) -> Result<Self, MetricError> {
        // Schema 1 named the part among the settings, and again at the end of the workload: `ready/gzip`.
        let part = wire.provenance.environment.conditions.upgrade();
        let suffix = part.map(|part| format!("/{part}"));
        let stripped = |workload: String| {
            let whole = suffix.as_deref().and_then(|suffix| workload.strip_suffix(suffix)).map(str::to_owned);
            whole.unwrap_or(workload)
        };
        let (indicator, unit) = indicator(&wire.indicator, &wire.unit, wire.direction)?;
        let value = quantity(&wire.value, unit)?;
        let provenance = wire.provenance.try_into()?;
        let mut metric = Self::new(indicator, wire.subject, value, provenance)?
            .with_statistic(wire.statistic)
            .with_bound(wire.bound);
        if let Some(range) = wire.range {
            let range = super::Range::new(quantity(&range.low, unit)?, quantity(&range.high, unit)?)?;
            if range.middle() != value {
                return Err(MetricError::Middle { range, value });
            }
            metric = metric.with_range(range)?;
        }
        metric.workload = wire.workload.map(stripped);
        metric.temperature = wire.temperature;
        metric.count = wire.count;
        (metric.samples, metric.curve) = (wire.samples, wire.curve);
        let mut method = None;
        if let Some(interval) = wire.interval {
            let (low, high) = (quantity(&interval.low, unit)?, quantity(&interval.high, unit)?);
            metric = metric.with_interval(super::Interval::new(interval.level, low, high)?)?;
            method = interval.method;
        }
        metric.evidence = wire.evidence.map(|Evidence { samples, turns, processes }| {
            let name = method.as_deref().unwrap_or(IntervalMethod::None.as_str());
            let method = IntervalMethod::named(name, metric.statistic, samples, turns, processes);
            super::Evidence::new(samples, turns, processes, method)
        });
        Ok(metric)
    }
}

impl From<super::Metric> for Metric {
    fn from(metric: super::Metric) -> Self {
        // Destructured, so that a new field cannot be forgotten here.
        let super::Metric {
            indicator,
            subject,
            workload,
            temperature,
            statistic,
            quantity,
            bound,
            range,
            interval,
            count,
            evidence,
            samples,
            curve,
            provenance,
            unknown: _,
        } = metric;
        let method = evidence.as_ref().map(|evidence| evidence.method.as_str().to_owned());
        let interval = interval.map(|interval| Interval {
            level: interval.level(),
            low: interval.low().to_json(),
            high: interval.high().to_json(),
            method,
        });
        Self {
            indicator: indicator.as_str().to_owned(),
            direction: direction(indicator),
            subject,
            workload,
            temperature,
            statistic,
            value: quantity.to_json(),
            unit: quantity.unit().as_str().to_owned(),
            bound,
            range: range.map(|range| Range { low: range.low().to_json(), high: range.high().to_json() }),
            interval,
            count,
            evidence: evidence.map(|evidence| Evidence {
                samples: evidence.samples,
                turns: evidence.turns,
                processes: evidence.processes,
            }),
            samples,
            curve,
            provenance: provenance.into(),
        }
    }
}
