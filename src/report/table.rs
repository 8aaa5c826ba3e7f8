//! Figures as a table of text, for a terminal.

use std::{collections::BTreeMap, fmt::Write};

use super::{sections, text};
use crate::{Baseline, Indicator, Language, Metric, Statistic, Temperature};

/// The figures of a baseline as an aligned table for a terminal, then what was unavailable, each with why.
#[must_use]
pub fn table(baseline: &Baseline, language: Language) -> String {
    let metrics: Vec<&Metric> = baseline.metrics().iter().collect();
    let rows = rows(&metrics, language);
    let mut text = text::aligned(&header(language), &rows);
    for row in baseline.unavailable() {
        let what = [Some(row.subject().as_str()), row.workload(), row.temperature().map(Temperature::as_str)];
        let what = what.into_iter().flatten().collect::<Vec<_>>().join(" ");
        let indicator = language.pick(row.indicator().label_zh(), row.indicator().label());
        let lead = language.pick("不可用", "unavailable");
        // Writing to a string does not fail.
        let _ = writeln!(text, "{lead}: {what}, {indicator}: {}; {}", row.reason(), row.remedy());
    }
    text
}

/// The report's table of policy engines, grouped by policy, for a terminal; `None` where the baseline has no figure of one.
#[must_use]
pub fn policies(baseline: &Baseline, language: Language) -> Option<String> {
    sections::policies(&baseline.latest(), language).map(|table| text::table(&table))
}

/// The column titles.
fn header(language: Language) -> [&'static str; 9] {
    language.pick(
        ["指标", "对象", "工作负载", "温度", "并发", "中位数", "95 % 区间", "p99", "样本数"],
        ["indicator", "subject", "workload", "temperature", "concurrent", "median", "95 % interval", "p99", "n"],
    )
}

/// One row for each figure of one subject: its statistics side by side.
fn rows(metrics: &[&Metric], language: Language) -> Vec<Vec<String>> {
    let mut rows: BTreeMap<Key<'_>, Vec<&Metric>> = BTreeMap::new();
    for metric in metrics {
        rows.entry(Key::of(metric)).or_default().push(metric);
    }
    rows.values().map(|statistics| row(statistics, language)).collect()
}

/// What the statistics of one row share.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Key<'a> {
    indicator: Indicator,
    workload: Option<&'a str>,
    concurrency: Option<u32>,
    subject: &'a str,
    temperature: Option<Temperature>,
    samples: Option<&'a std::path::Path>,
}

impl<'a> Key<'a> {
    fn of(metric: &'a Metric) -> Self {
        Self {
            indicator: metric.indicator(),
            workload: metric.workload(),
            concurrency: metric.provenance().environment().conditions.concurrency,
            subject: metric.subject().as_str(),
            temperature: metric.temperature(),
            samples: metric.samples(),
        }
    }
}

fn row(statistics: &[&Metric], language: Language) -> Vec<String> {
    let first = statistics[0];
    let of = |statistic: Statistic| statistics.iter().find(|m| m.statistic() == statistic);
    let cell = |metric: Option<&&Metric>| metric.map(|m| m.quantity().rounded()).unwrap_or_default();
    // What is no distribution (a rate, a size) has one value, and stands where the median does.
    let centre = of(Statistic::Median).or_else(|| statistics.iter().find(|m| m.statistic() != Statistic::P99));
    let interval = centre.and_then(|m| m.interval()).map(|i| format!("{} … {}", i.low().rounded(), i.high().rounded()));
    let indicator = language.pick(first.indicator().label_zh(), first.indicator().label());
    vec![
        indicator.to_owned(),
        first.subject().to_string(),
        first.workload().unwrap_or_default().to_owned(),
        first.temperature().map(|t| t.as_str().to_owned()).unwrap_or_default(),
        first.provenance().environment().conditions.concurrency.map(|c| c.to_string()).unwrap_or_default(),
        cell(centre),
        interval.unwrap_or_default(),
        cell(of(Statistic::P99)),
        first.count().map(|n| n.to_string()).unwrap_or_default(),
    ]
}
