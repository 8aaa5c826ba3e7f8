//! Which figures of several baselines are one series, what it is called, and with whom it took turns.

use std::collections::{BTreeMap, HashMap};

use super::{Direction, Doubt, Measured, analysis::Design};
use crate::compare::{RunOf, difference::unnamed};
use crate::{Baseline, Conditions, Indicator, Isolation, Lineage, Metric, Statistic, provenance::cpus};

/// One series in all baselines of a comparison.
#[derive(Debug, Clone)]
pub(super) struct Series<'a> {
    /// Its name, which no other has.
    pub name: String,
    /// Its name without what tells it from others of the same.
    pub short: String,
    /// Its figure in each old baseline.
    pub old: Vec<Option<&'a Metric>>,
    /// Its figure in each new baseline.
    pub new: Vec<Option<&'a Metric>>,
}

impl<'a> Series<'a> {
    /// The newest figure of either side: it has the indicator and the unit.
    pub fn any(&self) -> Option<&'a Metric> {
        self.new.iter().chain(&self.old).rev().flatten().next().copied()
    }

    /// A doubt where nobody named the CPU of either side, unless the sides ran beside each other.
    pub fn of_one_machine(&self, design: Design) -> Result<(), Doubt> {
        let newest = |side: &[Option<&'a Metric>]| side.iter().rev().flatten().next().copied();
        let sides = newest(&self.old).zip(newest(&self.new)).filter(|_| design != Design::Pairs);
        sides.and_then(|(old, new)| unnamed(old, new)).map_or(Ok(()), |cpu| Err(Doubt::Elsewhere(vec![cpu])))
    }
}

/// The series of the new baselines in their order, then those that only the old ones have.
pub(super) fn series<'a>(old: &[Measured<'a>], new: &[Measured<'a>]) -> Vec<Series<'a>> {
    let mut at: HashMap<Lineage<'a>, usize> = HashMap::new();
    let mut found: Vec<Series<'a>> = Vec::new();
    let (olds, news) = (old.len(), new.len());
    let mut add = |baseline: &'a Baseline, is_new: bool, run: usize| {
        for metric in baseline.latest() {
            let index = *at.entry(Lineage::of(metric)).or_insert_with(|| {
                let short = name(metric);
                found.push(Series { name: short.clone(), short, old: vec![None; olds], new: vec![None; news] });
                found.len() - 1
            });
            let side = if is_new { &mut found[index].new } else { &mut found[index].old };
            side[run] = Some(metric);
        }
    };
    for (run, measured) in new.iter().enumerate() {
        add(measured.baseline, true, run);
    }
    for (run, measured) in old.iter().enumerate().rev() {
        add(measured.baseline, false, run);
    }
    tell_apart(&mut found);
    found
}

fn name(metric: &Metric) -> String {
    let temperature = metric.temperature().map_or("-", |t| t.as_str());
    let (subject, workload) = (metric.subject(), metric.workload().unwrap_or("-"));
    let name = format!("{}/{subject}/{workload}/{temperature}/{}", metric.indicator(), metric.statistic());
    match metric.provenance().environment().conditions.concurrency {
        Some(n) if n != 1 => format!("{name}/concurrency={n}"),
        _ => name,
    }
}

/// Appends to names that several series have in what these differ.
fn tell_apart(series: &mut [Series<'_>]) {
    let mut same: HashMap<String, Vec<usize>> = HashMap::new();
    for (i, one) in series.iter().enumerate() {
        same.entry(one.short.clone()).or_default().push(i);
    }
    for group in same.into_values().filter(|group| group.len() > 1) {
        let all: Vec<BTreeMap<String, String>> =
            group.iter().map(|i| series[*i].any().map(settings).unwrap_or_default()).collect();
        for (settings, i) in all.iter().zip(&group) {
            let telling =
                settings.iter().filter(|(key, value)| all.iter().any(|other| other.get(*key) != Some(*value)));
            let added: String = telling.map(|(key, value)| format!("/{key}={value}")).collect();
            series[*i].name.push_str(&added);
        }
    }
}

/// What may tell one series from another of the same name.
fn settings(metric: &Metric) -> BTreeMap<String, String> {
    let provenance = metric.provenance();
    let environment = provenance.environment();
    let Conditions { load, isolation, transport, .. } = &environment.conditions;
    let mut settings = environment.conditions.settings();
    let mut add = |key: &str, value: Option<String>| settings.extend(value.map(|value| (key.to_owned(), value)));
    add("unit", Some(metric.quantity().unit().to_string()));
    add("load", load.clone());
    add("isolation", isolation.map(|i| i.to_string()));
    add("transport", transport.clone());
    add("cpu", environment.hardware.cpu.clone());
    add("cores", environment.hardware.cores.map(|n| n.to_string()));
    add("memory", environment.hardware.memory_bytes.map(|n| n.to_string()));
    add("storage", environment.hardware.storage.clone());
    add("virtualization", environment.hardware.virtualization.clone());
    add("cpu_quota", environment.hardware.cpu_quota_millis.map(cpus));
    add("memory_limit", environment.hardware.memory_limit_bytes.map(|n| n.to_string()));
    let components: Vec<&str> = provenance.components().iter().map(|c| c.name()).collect();
    add("components", Some(components.join("+")));
    settings
}

/// Lanes that took turns with each other: what the machine did to one of them it did to all.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Group<'a> {
    pub indicator: Indicator,
    statistic: Statistic,
    isolation: Option<Isolation>,
    transport: Option<&'a str>,
    concurrency: u32,
    /// In which runs it was last measured, old and new: a baseline may be merged from several.
    runs: [Option<RunOf<'a>>; 2],
}

impl<'a> Group<'a> {
    pub fn of(series: &Series<'a>) -> Option<Self> {
        let metric = series.any()?;
        let conditions = &metric.provenance().environment().conditions;
        let run = |side: &[Option<&'a Metric>]| side.iter().rev().flatten().next().map(|metric| RunOf::of(metric));
        Some(Self {
            indicator: metric.indicator(),
            statistic: metric.statistic(),
            isolation: conditions.isolation,
            transport: conditions.transport.as_deref(),
            concurrency: conditions.concurrency.unwrap_or(1),
            runs: [run(&series.old), run(&series.new)],
        })
    }

    /// Which way its indicator gets better.
    pub fn direction(&self) -> Direction {
        Direction::of(self.indicator)
    }

    /// What it is called in the output.
    pub fn name(&self) -> String {
        let mut name = format!("{}/{}", self.indicator, self.statistic);
        name.extend(self.isolation.map(|isolation| format!(", {isolation}")));
        name.extend(self.transport.map(|transport| format!(", {transport}")));
        if self.concurrency != 1 {
            name.push_str(&format!(", concurrency {}", self.concurrency));
        }
        name
    }
}

/// Whether a series is a lane written by hand: the reference that no change of a runtime's adapter can touch.
pub(super) fn is_by_hand(metric: &Metric) -> bool {
    let by_hand = |text: &str| text.contains("by hand") || text.contains("by-hand");
    let engine = &metric.provenance().environment().conditions.engine;
    metric.part().is_some_and(by_hand)
        || by_hand(metric.subject().as_str())
        || metric.workload().is_some_and(by_hand)
        || engine.iter().any(|(key, value)| by_hand(key) || by_hand(value))
}
