//! Which figures stand side by side: the same indicator, workload, statistic and concurrency on two subjects.

use crate::{Family, Indicator, Metric, Statistic};

/// Subjects that others are compared with, the first present one wins: what the workload would run on otherwise.
const REFERENCES: [&str; 8] = [
    "container/alpine",
    "container/busybox",
    "container/scratch",
    "kubernetes",
    "etcd",
    "opa",
    "regorus",
    "opa-wasm/wasmtime",
];

/// Two figures of the same kind.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pair<'a> {
    /// What is compared with.
    pub a: &'a Metric,
    /// What is compared.
    pub b: &'a Metric,
}

impl Pair<'_> {
    /// How many times `b` is better than `a`: below one it is worse. Nothing where either is zero.
    pub fn times_better(&self) -> Option<f64> {
        let (a, b) = (self.a.quantity().as_f64(), self.b.quantity().as_f64());
        if a == 0.0 || b == 0.0 {
            return None;
        }
        Some(if more_is_better(self.a.indicator()) { b / a } else { a / b })
    }
}

/// Whether more of the indicator is better.
pub(crate) const fn more_is_better(indicator: Indicator) -> bool {
    matches!(
        indicator,
        Indicator::StartRate
            | Indicator::Density
            | Indicator::EvaluationRate
            | Indicator::MaxNodes
            | Indicator::TotalObjects
    )
}

/// Every subject of a family against the reference of its group, in the order of the figures. The harness's own
/// no-op is no peer, and only statistics that the published figures use are paired.
pub(crate) fn pairs<'a>(metrics: &[&'a Metric], family: Family) -> Vec<Pair<'a>> {
    let peers: Vec<&Metric> = metrics
        .iter()
        .copied()
        .filter(|m| m.indicator().family() == family && m.subject().as_str() != "noop")
        .filter(|m| {
            matches!(
                m.statistic(),
                Statistic::Single | Statistic::Median | Statistic::P99 | Statistic::Slope | Statistic::Rate
            )
        })
        .collect();
    let mut pairs = Vec::new();
    for b in &peers {
        let group = || peers.iter().copied().filter(|a| same_group(a, b));
        let reference = REFERENCES.iter().find_map(|name| group().find(|a| a.subject().as_str() == *name));
        if let Some(a) = reference.filter(|a| a.subject() != b.subject()) {
            pairs.push(Pair { a, b });
        }
    }
    pairs
}

fn same_group(a: &Metric, b: &Metric) -> bool {
    let concurrency = |m: &Metric| m.provenance().environment().conditions.concurrency;
    // Policy engines: a start from source and one from a precompiled form are not the same job. Runtimes: a container
    // has one temperature, and stands beside each of the others'.
    let temperature = a.indicator().family() != Family::Policy || a.temperature() == b.temperature();
    a.indicator() == b.indicator()
        && a.workload() == b.workload()
        && a.statistic() == b.statistic()
        && concurrency(a) == concurrency(b)
        && temperature
}
