//! Which figures stand in one table: the same indicator, workload and number at the same time, on different subjects.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, HashMap, HashSet},
};

use super::phases;
use crate::{
    Conditions, Family, Indicator, Isolation, Language, Metric, Statistic, Temperature,
    compare::{Comparison, Direction},
    provenance::Machine,
    words::report::{clause, figures::at_once},
};

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

/// Statistics in the order of the columns; the first one that a row has is what it is sorted by.
pub(super) const STATISTICS: [Statistic; 9] = [
    Statistic::Single,
    Statistic::Median,
    Statistic::Slope,
    Statistic::Rate,
    Statistic::Mean,
    Statistic::Min,
    Statistic::P90,
    Statistic::P99,
    Statistic::Max,
];

/// Figures of one kind.
pub(super) struct Group<'a> {
    pub indicator: Indicator,
    pub workload: Option<&'a str>,
    pub concurrency: Option<u32>,
    pub load: Option<&'a str>,
    /// What the others are compared with, where one of them is.
    pub reference: Option<&'static str>,
    pub rows: Vec<Row<'a>>,
}

/// The statistics of one subject under one set of circumstances.
pub(super) struct Row<'a> {
    /// Never empty.
    pub metrics: Vec<&'a Metric>,
}

/// The groups of each family, in the order of the indicators.
pub(super) fn by_family<'a>(metrics: &[&'a Metric]) -> BTreeMap<Family, Vec<Group<'a>>> {
    type Key<'a> = (Indicator, Option<&'a str>, Option<u32>, Option<&'a str>);
    let mut groups: BTreeMap<Key<'a>, HashMap<_, Vec<&'a Metric>>> = BTreeMap::new();
    for metric in metrics.iter().copied().filter(|metric| !phases::is_of_phases(metric)) {
        let environment = metric.provenance().environment();
        let conditions = &environment.conditions;
        let key = (metric.indicator(), metric.workload(), conditions.concurrency, conditions.load.as_deref());
        let row = (
            (metric.subject(), metric.temperature(), conditions.isolation),
            (&conditions.transport, conditions.set_like(conditions.part()), Machine(&environment.hardware)),
        );
        groups.entry(key).or_default().entry(row).or_default().push(metric);
    }
    let mut families: BTreeMap<Family, Vec<Group<'a>>> = BTreeMap::new();
    for ((indicator, workload, concurrency, load), rows) in groups {
        let mut rows: Vec<Row<'a>> = rows.into_values().map(|metrics| Row { metrics }).collect();
        let sense = Direction::of(indicator);
        rows.sort_by(|a, b| a.compare(b, sense));
        let group = Group { indicator, workload, concurrency, load, reference: reference(&rows), rows };
        families.entry(indicator.family()).or_default().push(group);
    }
    families
}

impl<'a> Group<'a> {
    /// What the group is called, in full.
    pub fn name(&self, language: Language) -> String {
        self.name_as(self.indicator, language)
    }

    /// The same with another indicator's name.
    pub fn name_as(&self, indicator: Indicator, language: Language) -> String {
        let indicator = language.pick(indicator.label_zh(), indicator.label()).to_owned();
        let setting = Some(self.setting(language)).filter(|setting| !setting.is_empty());
        [Some(indicator), setting].into_iter().flatten().collect::<Vec<_>>().join(clause(language))
    }

    /// What tells it from other groups of the indicator: the workload, how many at the same time, the load.
    pub fn setting(&self, language: Language) -> String {
        let concurrency = self.concurrency.filter(|n| *n > 1).map(|n| at_once(n, language));
        let load = self.load.filter(|load| *load != Conditions::IDLE).map(str::to_owned);
        let parts = [self.workload.map(str::to_owned), concurrency, load];
        parts.into_iter().flatten().collect::<Vec<_>>().join(clause(language))
    }

    /// The rows of the reference: one for each temperature, say.
    pub fn references(&self) -> Vec<&Row<'a>> {
        self.rows.iter().filter(|row| self.reference == Some(row.first().subject().as_str())).collect()
    }
}

/// Where the table of a family's group stands within the report.
pub(super) fn id(family: Family, number: usize) -> String {
    format!("{family:?}-{}", number + 1).to_lowercase()
}

/// Statistics that factors are taken of: those that published figures use.
pub(super) fn is_compared(statistic: Statistic) -> bool {
    use Statistic as S;
    matches!(statistic, S::Single | S::Median | S::P99 | S::Slope | S::Rate)
}

/// The first of [`REFERENCES`] that has a row.
fn reference(rows: &[Row<'_>]) -> Option<&'static str> {
    let subjects: HashSet<&str> = rows.iter().map(|row| row.first().subject().as_str()).collect();
    REFERENCES.into_iter().find(|name| subjects.contains(name))
}

impl<'a> Row<'a> {
    pub fn first(&self) -> &'a Metric {
        self.metrics[0]
    }

    pub fn of(&self, statistic: Statistic) -> Option<&'a Metric> {
        self.metrics.iter().copied().find(|metric| metric.statistic() == statistic)
    }

    /// The figure that the row is known by.
    pub fn principal(&self) -> &'a Metric {
        STATISTICS.iter().find_map(|statistic| self.of(*statistic)).unwrap_or(self.first())
    }

    pub fn isolation(&self) -> Option<Isolation> {
        self.first().provenance().environment().conditions.isolation
    }

    /// The subject and what had been prepared.
    pub fn name(&self) -> String {
        let subject = self.first().subject();
        match self.first().temperature() {
            Some(temperature) => format!("{subject}, {temperature}"),
            None => subject.to_string(),
        }
    }

    /// The part that it is of, if it is of one alone.
    pub fn part(&self) -> Option<&'a str> {
        self.first().provenance().environment().conditions.part()
    }

    /// Whether it is of a part alone (a layer, a peak, the host), of a pool, or of the rate at some point of a fill.
    pub fn is_part(&self) -> bool {
        let conditions = &self.first().provenance().environment().conditions;
        self.part().is_some() || conditions.pool.is_some() || conditions.around.is_some()
    }

    /// How it is reached, where that is not a function call.
    pub fn transport(&self) -> Option<&'a str> {
        self.first().provenance().environment().conditions.transport.as_deref()
    }

    /// An engine's setting, or what a probe said of how it went.
    pub fn setting(&self, name: &str) -> Option<String> {
        let conditions = &self.first().provenance().environment().conditions;
        conditions.settings().remove(name).or_else(|| conditions.observed.get(name).cloned())
    }

    /// This row against the reference, for a statistic that both have and that factors are taken of. The harness's
    /// own no-op is no peer.
    pub fn against(&self, references: &[&Row<'a>], statistic: Statistic) -> Option<Comparison<'a>> {
        let mine = self.of(statistic).filter(|mine| is_compared(statistic) && mine.subject().as_str() != "noop")?;
        // Policy engines: a start from source and one from a precompiled form are not the same job. Runtimes: a container
        // has one temperature, and stands beside each of the others'. A part is no peer of the whole.
        let alike = |reference: &&&Row<'a>| {
            let temperature = reference.first().temperature();
            reference.part() == self.part()
                && (mine.indicator().family() != Family::Policy || temperature == self.first().temperature())
        };
        let reference = references.iter().find(alike)?;
        let theirs = reference.of(statistic).filter(|theirs| theirs.subject() != mine.subject())?;
        Comparison::new(theirs, mine).ok()
    }

    /// Best first; of equals, by name, so that the order is the same every time.
    fn compare(&self, other: &Self, sense: Direction) -> Ordering {
        let (a, b) = (self.principal(), other.principal());
        let by_value = a.quantity().as_f64().total_cmp(&b.quantity().as_f64());
        let by_value = if sense == Direction::MoreIsBetter { by_value.reverse() } else { by_value };
        let rest = |row: &Self| -> (String, Option<Temperature>, String) {
            let conditions = &row.first().provenance().environment().conditions;
            (row.first().subject().to_string(), row.first().temperature(), format!("{:?}", conditions.settings()))
        };
        by_value.then_with(|| rest(self).cmp(&rest(other)))
    }
}
