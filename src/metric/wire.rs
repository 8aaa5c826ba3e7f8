//! The stored form of a metric (schema 1), apart from the type in memory so that either can change alone.

use std::{borrow::Cow, path::Path};

use serde::{Deserialize, Serialize, Serializer};

use super::{Bound, Indicator, MetricError, Quantity, Statistic, Subject, Temperature, Unit};
use crate::provenance::Provenance;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Metric<'a> {
    indicator: Indicator,
    subject: Cow<'a, Subject>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    workload: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    temperature: Option<Temperature>,
    statistic: Statistic,
    value: serde_json::Value,
    unit: Unit,
    #[serde(default, skip_serializing_if = "is_exact")]
    bound: Bound,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    interval: Option<Interval>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    count: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    samples: Option<Cow<'a, Path>>,
    provenance: Cow<'a, Provenance>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Interval {
    level: f64,
    low: serde_json::Value,
    high: serde_json::Value,
}

fn is_exact(bound: &Bound) -> bool {
    *bound == Bound::Exact
}

fn quantity(value: &serde_json::Value, unit: Unit) -> Result<Quantity, MetricError> {
    let serde_json::Value::Number(number) = value else {
        return Err(super::QuantityError::Malformed(value.to_string()).into());
    };
    Ok(Quantity::from_json(number, unit)?)
}

impl TryFrom<Metric<'_>> for super::Metric {
    type Error = MetricError;

    fn try_from(wire: Metric<'_>) -> Result<Self, MetricError> {
        let value = quantity(&wire.value, wire.unit)?;
        let mut metric = Self::new(wire.indicator, wire.subject.into_owned(), value, wire.provenance.into_owned())?
            .with_statistic(wire.statistic)
            .with_bound(wire.bound);
        metric.workload = wire.workload.map(Cow::into_owned);
        metric.temperature = wire.temperature;
        metric.count = wire.count;
        metric.samples = wire.samples.map(Cow::into_owned);
        if let Some(interval) = wire.interval {
            let (low, high) = (quantity(&interval.low, wire.unit)?, quantity(&interval.high, wire.unit)?);
            metric = metric.with_interval(super::Interval::new(interval.level, low, high)?)?;
        }
        Ok(metric)
    }
}

impl<'a> From<&'a super::Metric> for Metric<'a> {
    fn from(metric: &'a super::Metric) -> Self {
        Self {
            indicator: metric.indicator,
            subject: Cow::Borrowed(&metric.subject),
            workload: metric.workload.as_deref().map(Cow::Borrowed),
            temperature: metric.temperature,
            statistic: metric.statistic,
            value: metric.quantity.to_json(),
            unit: metric.quantity.unit(),
            bound: metric.bound,
            interval: metric.interval.map(|i| Interval {
                level: i.level(),
                low: i.low().to_json(),
                high: i.high().to_json(),
            }),
            count: metric.count,
            samples: metric.samples.as_deref().map(Cow::Borrowed),
            provenance: Cow::Borrowed(&metric.provenance),
        }
    }
}

impl Serialize for super::Metric {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Metric::from(self).serialize(serializer)
    }
}
