//! What belongs to the count of a fill: how fast it went and what each instance took, which are figures of their own, taken
//! under the same conditions.

use std::collections::{BTreeMap, HashMap};

use super::groups::Row;
use crate::{Indicator, Metric, Statistic, Subject, Temperature, provenance::Machine};

type Conditions<'a> = (Option<u32>, Option<&'a str>, BTreeMap<String, String>, Machine<'a>);
type Key<'a> = (&'a Subject, Option<&'a str>, Option<Temperature>, Conditions<'a>);

/// The rates and slopes of fills.
#[derive(Default)]
pub(super) struct Fills<'a> {
    rates: HashMap<Key<'a>, &'a Metric>,
    slopes: HashMap<Key<'a>, &'a Metric>,
}

impl<'a> Fills<'a> {
    pub fn of(metrics: &[&'a Metric]) -> Self {
        let mut fills = Self::default();
        for metric in metrics.iter().copied() {
            match (metric.indicator(), metric.statistic()) {
                (Indicator::StartRate, Statistic::Rate) => drop(fills.rates.insert(key(metric), metric)),
                (Indicator::MemoryBaseline, Statistic::Slope) => drop(fills.slopes.insert(key(metric), metric)),
                _ => {}
            }
        }
        fills
    }

    /// The start rate, and the memory of each instance, where the row is the count of a fill.
    pub fn figures(&self, row: &Row<'a>) -> [Option<&'a Metric>; 2] {
        let count = Some(row.first()).filter(|metric| metric.indicator() == Indicator::Density);
        [&self.rates, &self.slopes].map(|figures| figures.get(&key(count?)).copied())
    }
}

fn key(metric: &Metric) -> Key<'_> {
    let environment = metric.provenance().environment();
    let conditions = &environment.conditions;
    let machine = Machine(&environment.hardware);
    let conditions = (conditions.concurrency, conditions.load.as_deref(), conditions.settings(), machine);
    (metric.subject(), metric.workload(), metric.temperature(), conditions)
}
