//! Which figures stand side by side: the same indicator, workload, statistic and concurrency on two subjects.

use crate::{Family, Metric, Statistic, compare::Comparison};

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

/// Every subject of a family against the reference of its group, in the order of the figures. The harness's own
/// no-op is no peer, and only statistics that the published figures use are paired.
pub(crate) fn pairs<'a>(metrics: &[&'a Metric], family: Family) -> Vec<Comparison<'a>> {
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
            pairs.extend(Comparison::new(a, b));
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
