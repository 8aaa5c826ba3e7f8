//! Finding metrics in a baseline.

use crate::{Indicator, Metric, Statistic, Temperature};

/// A selection of a baseline's metrics, narrowed step by step. See [`Baseline::find`](super::Baseline::find).
#[derive(Debug, Clone, Copy)]
#[must_use = "a query does nothing until it is iterated or asked for the latest"]
pub struct Query<'a> {
    metrics: &'a [Metric],
    indicator: Indicator,
    subject: &'a str,
    workload: Option<&'a str>,
    temperature: Option<Temperature>,
    statistic: Option<Statistic>,
    concurrency: Option<u32>,
}

impl<'a> Query<'a> {
    pub(super) const fn new(metrics: &'a [Metric], indicator: Indicator, subject: &'a str) -> Self {
        Self { metrics, indicator, subject, workload: None, temperature: None, statistic: None, concurrency: None }
    }

    /// Only metrics of this workload or policy.
    pub const fn workload(mut self, workload: &'a str) -> Self {
        self.workload = Some(workload);
        self
    }

    /// Only metrics of this temperature.
    pub const fn temperature(mut self, temperature: Temperature) -> Self {
        self.temperature = Some(temperature);
        self
    }

    /// Only this statistic.
    pub const fn statistic(mut self, statistic: Statistic) -> Self {
        self.statistic = Some(statistic);
        self
    }

    /// Only metrics measured with this many at the same time.
    pub const fn concurrency(mut self, concurrency: u32) -> Self {
        self.concurrency = Some(concurrency);
        self
    }

    /// The metrics selected, in the order in which they arrived.
    pub fn iter(self) -> impl DoubleEndedIterator<Item = &'a Metric> + use<'a> {
        self.metrics.iter().filter(move |metric| self.takes(metric))
    }

    /// The metric with the latest date; of several of one date, the one that arrived last.
    #[must_use]
    pub fn latest(self) -> Option<&'a Metric> {
        self.iter().max_by_key(|metric| metric.provenance().date())
    }

    fn takes(&self, metric: &Metric) -> bool {
        fn agrees<T: PartialEq>(wanted: Option<T>, found: Option<T>) -> bool {
            wanted.is_none() || wanted == found
        }
        self.indicator == metric.indicator()
            && self.subject == metric.subject().as_str()
            && agrees(self.workload, metric.workload())
            && agrees(self.temperature, metric.temperature())
            && agrees(self.statistic, Some(metric.statistic()))
            && agrees(self.concurrency, metric.provenance().environment().conditions.concurrency)
    }
}
