//! Figures as a table of text, for a terminal.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{sections, text, words};
use crate::{
    Baseline, Indicator, Language, Metric, Statistic, Temperature, UnavailableRow,
    words::report::{comma, terminal as say},
};

/// The most lines: what a terminal shows at once.
const MOST_LINES: usize = 40;
/// The most of them that say what was unavailable.
const MOST_UNAVAILABLE: usize = 8;

/// The figures of a baseline as an aligned table for a terminal, then what was unavailable, each with why: 40 lines at most,
/// some of every indicator, and whole figures before parts. Where there is no room for all, the last line says where the rest
/// stands.
///
/// ```
/// use runtime_baseline::{Baseline, Language, report};
///
/// assert!(report::table(&Baseline::new(), Language::English).lines().count() <= 40);
/// ```
#[must_use]
pub fn table(baseline: &Baseline, language: Language) -> String {
    let mut rows = rows(baseline.metrics());
    let unavailable = sections::alike(baseline.unavailable());
    let said = unavailable.len().min(MOST_UNAVAILABLE);
    // Two lines are the header's, and one may be needed to say what is left out.
    let left_out = keep(&mut rows, MOST_LINES - 3 - said);
    // A header without a row would look as if something were missing.
    let mut text = match rows.is_empty() {
        true => String::new(),
        false => text::aligned(&say::columns(language), &cells(&rows, language)),
    };
    for rows in &unavailable[..said] {
        let row = rows[0];
        // A line has room for the workload of one, or of all.
        let of = |row: &&UnavailableRow| {
            [row.workload(), row.temperature().map(Temperature::as_str)].map(|of| of.map(str::to_owned))
        };
        let of =
            Some(of(&row)).filter(|first| rows.iter().all(|other| of(other) == *first)).into_iter().flatten().flatten();
        let what = std::iter::once(row.subject().to_string()).chain(of).collect::<Vec<_>>().join(" ");
        let indicators = sections::indicators(rows).into_iter().map(|one| language.pick(one.label_zh(), one.label()));
        let indicators = indicators.collect::<Vec<_>>().join(comma(language));
        let (reason, remedy) = (row.reason_in(language), row.remedy_in(language));
        let line = say::unavailable(&what, &indicators, &reason, &remedy, language);
        // What comes from a baseline is one line, and no command to the terminal.
        text.extend(line.chars().map(|c| if c.is_control() { ' ' } else { c }));
        text.push('\n');
    }
    let unsaid = unavailable[said..].iter().map(Vec::len).sum::<usize>();
    if left_out + unsaid > 0 {
        text.push_str(&say::rest(left_out, unsaid, language));
        text.push('\n');
    }
    text
}

/// The report's table of policy engines, grouped by policy, for a terminal; `None` where the baseline has no figure of one.
#[must_use]
pub fn policies(baseline: &Baseline, language: Language) -> Option<String> {
    sections::policies(&baseline.latest(), language).map(|table| text::table(&table))
}

/// The statistics of one figure of one subject, side by side.
struct Row<'a> {
    key: Key<'a>,
    /// Never empty.
    metrics: Vec<&'a Metric>,
}

/// What the statistics of one row share.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key<'a> {
    indicator: Indicator,
    workload: Option<&'a str>,
    concurrency: Option<u32>,
    subject: &'a str,
    temperature: Option<Temperature>,
    part: Option<&'a str>,
    settings: Vec<(String, String)>,
    samples: Option<&'a std::path::Path>,
    date: crate::Date,
}

impl<'a> Key<'a> {
    fn of(metric: &'a Metric) -> Self {
        let conditions = &metric.provenance().environment().conditions;
        Self {
            indicator: metric.indicator(),
            workload: metric.workload(),
            concurrency: conditions.concurrency,
            subject: metric.subject().as_str(),
            temperature: metric.temperature(),
            part: conditions.part(),
            settings: conditions.settings().into_iter().collect(),
            samples: metric.samples(),
            date: metric.provenance().date(),
        }
    }

    /// What every row shows, whatever it is told apart by.
    fn shown(&self) -> impl Ord + std::hash::Hash + use<'a> {
        (self.indicator.as_str(), self.workload, self.concurrency, self.subject, self.temperature)
    }
}

fn rows(metrics: &[Metric]) -> Vec<Row<'_>> {
    let mut rows: BTreeMap<Key<'_>, Vec<&Metric>> = BTreeMap::new();
    for metric in metrics {
        rows.entry(Key::of(metric)).or_default().push(metric);
    }
    rows.into_iter().map(|(key, metrics)| Row { key, metrics }).collect()
}

/// Keeps so many rows, and says how many were left out: whole figures before parts, and of each indicator as many as of the
/// others.
fn keep(rows: &mut Vec<Row<'_>>, most: usize) -> usize {
    let left_out = rows.len().saturating_sub(most);
    let mut seen: HashMap<(bool, Indicator), usize> = HashMap::new();
    let mut ranks: Vec<(bool, usize, usize)> = Vec::with_capacity(rows.len());
    for (place, row) in rows.iter().enumerate() {
        let rank = seen.entry((row.key.part.is_some(), row.key.indicator)).or_default();
        ranks.push((row.key.part.is_some(), *rank, place));
        *rank += 1;
    }
    ranks.sort_unstable();
    let kept: BTreeSet<usize> = ranks.into_iter().take(most).map(|(.., place)| place).collect();
    let mut place = 0;
    rows.retain(|_| {
        place += 1;
        kept.contains(&(place - 1))
    });
    left_out
}

fn cells(rows: &[Row<'_>], language: Language) -> Vec<Vec<String>> {
    let mut alike: BTreeMap<_, Vec<&Row<'_>>> = BTreeMap::new();
    for row in rows {
        alike.entry(row.key.shown()).or_default().push(row);
    }
    let mut printed = BTreeSet::new();
    let mut lines = Vec::with_capacity(rows.len());
    for row in rows {
        let plain = apart(row, &alike[&row.key.shown()]);
        let (mut apart, mut number) = (plain.clone(), 1);
        // Where nothing that is recorded tells two apart, their order does.
        while !printed.insert((row.key.shown(), apart.clone())) {
            number += 1;
            apart = format!("{plain} #{number}").trim_start().to_owned();
        }
        lines.push(line(row, apart, language));
    }
    lines
}

/// The part, and what else a row differs in from those that are shown like it.
fn apart(row: &Row<'_>, peers: &[&Row<'_>]) -> String {
    let key = &row.key;
    let differing = |(name, value): &&(String, String)| {
        name != "part" && peers.iter().any(|peer| !peer.key.settings.contains(&(name.clone(), value.clone())))
    };
    let settings = key.settings.iter().filter(differing).map(|(name, value)| format!("{name}={value}"));
    let mut parts: Vec<String> = key.part.map(str::to_owned).into_iter().chain(settings).collect();
    if peers.iter().any(|peer| peer.key.date != key.date) {
        parts.push(key.date.to_string());
    }
    parts.join(", ")
}

fn line(row: &Row<'_>, apart: String, language: Language) -> Vec<String> {
    let (key, first) = (&row.key, row.metrics[0]);
    let of = |statistic: Statistic| row.metrics.iter().find(|m| m.statistic() == statistic);
    let cell = |metric: Option<&&Metric>| metric.map(|m| words::value(m)).unwrap_or_default();
    // What is no distribution (a rate, a size) has one value, and stands where the median does.
    let centre = of(Statistic::Median).or_else(|| row.metrics.iter().find(|m| m.statistic() != Statistic::P99));
    let interval = centre.and_then(|metric| words::interval(metric));
    vec![
        language.pick(key.indicator.label_zh(), key.indicator.label()).to_owned(),
        key.subject.to_owned(),
        key.workload.unwrap_or_default().to_owned(),
        key.temperature.map(|t| t.as_str().to_owned()).unwrap_or_default(),
        key.concurrency.map(|c| c.to_string()).unwrap_or_default(),
        apart,
        cell(centre),
        interval.unwrap_or_default(),
        cell(of(Statistic::P99)),
        first.count().map(|n| n.to_string()).unwrap_or_default(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_unavailable_for_one_reason_is_one_line_in_the_readers_language() {
        let mut baseline = Baseline::new();
        for indicator in [Indicator::StartupTime, Indicator::ImageSize] {
            let (reason, remedy) = ("this build has no adapter for it", "build with --features wasmi");
            baseline.push_unavailable(UnavailableRow::new("wasmi".parse().unwrap(), indicator, reason, remedy));
        }
        let row =
            UnavailableRow::new("crun".parse().unwrap(), Indicator::StartupTime, "it is not in PATH", "make setup");
        baseline.push_unavailable(row.with_workload("ready").with_temperature(Temperature::Cold));
        assert_eq!(
            table(&baseline, Language::English),
            "unavailable: wasmi, startup time, image size: this build has no adapter for it; build with --features wasmi\n\
             unavailable: crun ready cold, startup time: it is not in PATH; make setup\n"
        );
        assert_eq!(
            table(&baseline, Language::Chinese),
            "不可用：wasmi，启动时间、镜像体积：此构建不含其适配器；请以 --features wasmi 构建\n\
             不可用：crun ready cold，启动时间：PATH 中没有它；请运行 make setup\n"
        );
    }
}
