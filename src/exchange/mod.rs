//! Figures from other tools' files, and for other tools.
//!
//! What comes in ([`Import`], of one of the [`Format`]s) has a provenance given by the caller: no file of another tool says on
//! which versions and hardware it was measured. What goes out is the latest figure of every series ([`Baseline::latest`]), but for CSV, which
//! holds all.

mod criterion;
mod error;
mod export;
mod format;
mod gobench;
mod google;
mod history;
mod import;
mod json;
mod openmetrics;
mod pyperf;
mod repeated;
mod tools;
mod units;

pub use error::{ExchangeError, ImportNote};
pub use export::{to_bencher, to_csv, to_github_action_benchmark};
pub use format::{Format, UnknownFormat};
pub use import::{Import, Imported};
pub use openmetrics::to_openmetrics;

use crate::{Baseline, Metric};

/// A name for a series in formats that have one string for it: everything that sets it apart but the machine, versions
/// and date, so that it stays the same from run to run.
fn series_name(metric: &Metric) -> String {
    let conditions = &metric.provenance().environment().conditions;
    let mut parts = vec![metric.subject().to_string()];
    parts.extend(metric.workload().map(str::to_owned));
    parts.extend(metric.temperature().map(|t| t.to_string()));
    parts.push(metric.statistic().to_string());
    parts.extend(conditions.concurrency.map(|n| format!("concurrency={n}")));
    parts.extend(conditions.load.as_ref().map(|load| format!("load={load}")));
    parts.extend(conditions.isolation.map(|isolation| format!("isolation={isolation}")));
    parts.extend(conditions.transport.as_ref().map(|transport| format!("transport={transport}")));
    parts.extend(conditions.settings().iter().map(|(key, value)| format!("{key}={value}")));
    parts.join(" ")
}

/// The latest figures with their names; series that differ in their machine alone are numbered.
fn named(baseline: &Baseline) -> Vec<(String, &Metric)> {
    let mut taken = std::collections::HashMap::new();
    let latest = baseline.latest().into_iter().map(|metric| {
        let name = series_name(metric);
        let n = taken.entry((metric.indicator(), name.clone())).and_modify(|n| *n += 1).or_insert(1);
        if *n > 1 { (format!("{name} #{n}"), metric) } else { (name, metric) }
    });
    latest.collect()
}
