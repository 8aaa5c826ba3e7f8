//! A set of metrics: what a run leaves behind, and what the next one is compared with.

mod error;
mod file;
mod lines;
mod query;
mod read;
mod row;
mod series;
mod stale;
mod unknown;
mod wire;

pub use error::BaselineError;
pub use query::Query;
pub use row::UnavailableRow;
pub use series::{Lineage, Series};
pub use stale::{Stale, Staleness};
pub use unknown::Unknown;

use std::{
    collections::{BTreeMap, HashMap, HashSet, hash_map::Entry},
    hash::Hash,
    sync::Arc,
};

use crate::{Indicator, Metric, Run, metric::Fields};
use unknown::Kept;

/// Runs by their id, each with its fields that are not known.
type Runs = BTreeMap<String, (Arc<Run>, Fields)>;

/// A set of metrics, and the rows of what could not be measured.
///
/// ```
/// use runtime_baseline::{
///     Baseline, Component, Indicator, Metric, Provenance, Quantity, Source, SourceKind, UnavailableRow,
/// };
///
/// let source = Source::new(SourceKind::Benchmark, "runtime-baseline 0.1.0, benches/startup")?;
/// let provenance = Provenance::new(source, Component::new("wasmtime", "48.0.8")?, "2026-11-23".parse()?);
/// let metric = Metric::new(Indicator::StartupTime, "wasmtime".parse()?, Quantity::nanoseconds(21_450), provenance)?;
///
/// let mut baseline = Baseline::new();
/// baseline.push(metric);
/// baseline.push_unavailable(UnavailableRow::new(
///     "wasmedge".parse()?,
///     Indicator::StartupTime,
///     "libwasmedge 0.17.1 not found",
///     "set WASMEDGE_DIR to a directory with its include and lib",
/// ));
/// let latest = baseline.find(Indicator::StartupTime, "wasmtime").latest();
/// assert_eq!(latest.map(|m| m.quantity()), Some(Quantity::nanoseconds(21_450)));
/// assert_eq!(baseline.unavailable().len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Baseline {
    metrics: Vec<Metric>,
    unavailable: Vec<UnavailableRow>,
    /// Runs of which something is not known, and what else is not, to be written back as it was.
    runs: Runs,
    kept: Vec<Kept>,
    unknown_fields: BTreeMap<String, String>,
}

/// A baseline that was merged into a file.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Merged {
    /// All that the file now holds.
    pub whole: Baseline,
    /// The metrics that were superseded.
    pub superseded: Vec<Metric>,
}

impl Baseline {
    /// The version of the stored form that this crate writes. It reads every one from 1 on.
    pub const SCHEMA: u64 = 2;

    /// An empty baseline.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            metrics: Vec::new(),
            unavailable: Vec::new(),
            runs: BTreeMap::new(),
            kept: Vec::new(),
            unknown_fields: BTreeMap::new(),
        }
    }

    /// Appends a metric as it is; [`merge`](Self::merge) decides which one of a series stays.
    pub fn push(&mut self, metric: Metric) {
        self.metrics.push(metric);
    }

    /// Appends the row of something that could not be measured.
    pub fn push_unavailable(&mut self, row: UnavailableRow) {
        self.unavailable.push(row);
    }

    /// The metrics, in the order in which they arrived.
    #[must_use]
    pub fn metrics(&self) -> &[Metric] {
        &self.metrics
    }

    /// The metrics, to say more of them in place.
    pub fn metrics_mut(&mut self) -> &mut [Metric] {
        &mut self.metrics
    }

    /// What the baseline's file holds and this release does not know. It is no part of any figure, and stays in the file.
    #[must_use]
    pub fn unknown(&self) -> Vec<Unknown> {
        let entry = |kept: &Kept| {
            let (name, reason) = (kept.name.clone(), kept.reason.clone());
            Unknown::Entry { list: kept.list, name, reason }
        };
        let fields = |of: String, fields: &Fields| -> Vec<Unknown> {
            fields.iter().map(|(pointer, _)| Unknown::Field { of: of.clone(), pointer: pointer.clone() }).collect()
        };
        let metrics = self.metrics.iter().flat_map(|metric| {
            fields(format!("{} of {}", metric.indicator(), metric.subject()), metric.unknown_fields())
        });
        let rows = self.unavailable.iter();
        let rows = rows.flat_map(|row| fields(format!("{} of {}", row.indicator(), row.subject()), &row.unknown));
        let runs = self.runs.iter().flat_map(|(id, (_, unknown))| fields(format!("run {id}"), unknown));
        let whole = self.unknown_fields.keys().map(|name| {
            let pointer = format!("/{}", name.replace('~', "~0").replace('/', "~1"));
            Unknown::Field { of: "the baseline".to_owned(), pointer }
        });
        self.kept.iter().map(entry).chain(whole).chain(runs).chain(metrics).chain(rows).collect()
    }

    /// What may be the id of a run in entries which are not known.
    fn named_by_kept(&self) -> HashSet<&str> {
        let quoted = self.kept.iter().flat_map(|kept| kept.text.split('"').skip(1));
        quoted.filter(|text| text.len() == Run::ID_LENGTH).collect()
    }

    /// What could not be measured.
    #[must_use]
    pub fn unavailable(&self) -> &[UnavailableRow] {
        &self.unavailable
    }

    /// Whether there is neither a metric nor an unavailable row, known or not.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.metrics.is_empty() && self.unavailable.is_empty() && self.kept.is_empty()
    }

    /// The metrics of `indicator` on `subject`, to be narrowed by the query's own methods.
    pub fn find<'a>(&'a self, indicator: Indicator, subject: &'a str) -> Query<'a> {
        Query::new(&self.metrics, indicator, subject)
    }

    /// The latest metric of every [`Lineage`]: after an upgrade the new version's figure alone. Of several of one date,
    /// the one that arrived last.
    #[must_use]
    pub fn latest(&self) -> Vec<&Metric> {
        let newest = newest(&self.metrics, Lineage::of);
        self.metrics.iter().enumerate().filter(|(i, _)| newest[*i] == *i).map(|(_, metric)| metric).collect()
    }

    /// Takes over everything of `other`, and returns the metrics that were superseded.
    ///
    /// Of each [`Series`] the metric with the latest date stays; of one date, that of the run that began later, or else the
    /// one of `other`. Nothing else is
    /// dropped, so every series of both sides is in the result, and every metric of both sides is either in the result
    /// or returned (a metric that stands on both sides is kept once). Merging the same `other` again changes nothing.
    ///
    /// An unavailable row is dropped when `other` brings a metric that answers it: the same subject and indicator,
    /// and the row's workload and temperature where it names them. The rows of `other` all stay, beside an older metric
    /// too: what was once measured cannot be measured any more. Of rows about the same thing the last one stays.
    pub fn merge(&mut self, other: Self) -> Vec<Metric> {
        let known: HashSet<String> = self.kept.iter().map(|kept| kept.text.clone()).collect();
        self.kept.extend(other.kept.into_iter().filter(|kept| !known.contains(&kept.text)));
        self.runs.extend(other.runs);
        self.unknown_fields.extend(other.unknown_fields);

        let rows: HashSet<_> = self.unavailable.iter().map(UnavailableRow::about).collect();
        let about = other.metrics.iter().flat_map(UnavailableRow::answered_by);
        let answered: HashSet<_> = about.filter(|about| rows.contains(about)).collect();
        self.unavailable.retain(|row| !answered.contains(&row.about()));
        self.unavailable.extend(other.unavailable);
        let mut later = HashSet::new();
        let mut last: Vec<bool> = self.unavailable.iter().rev().map(|row| later.insert(row.about())).collect();
        self.unavailable.retain(|_| last.pop() == Some(true));

        self.metrics.extend(other.metrics);
        let newest = newest(&self.metrics, Series::of);
        let (mut kept, mut superseded) = (Vec::with_capacity(self.metrics.len()), Vec::new());
        // An index that is not its own newest was superseded; an equal metric that stays loses nothing.
        let lost = |(i, n): (usize, &usize)| i != *n && self.metrics[i] != self.metrics[*n];
        let lost: Vec<bool> = newest.iter().enumerate().map(lost).collect();
        for (i, metric) in std::mem::take(&mut self.metrics).into_iter().enumerate() {
            match (newest[i] == i, lost[i]) {
                (true, _) => kept.push(metric),
                (false, true) => superseded.push(metric),
                (false, false) => {}
            }
        }
        self.metrics = kept;
        // A run goes with the last of its figures, and what is not known of it.
        fn named(metrics: &[Metric]) -> HashSet<&str> {
            metrics.iter().filter_map(|metric| Some(metric.provenance().run()?.id())).collect()
        }
        let (gone, there) = (named(&superseded), named(&self.metrics));
        self.runs.retain(|id, _| !gone.contains(id.as_str()) || there.contains(id.as_str()));
        superseded
    }
}

/// Whether `metric` takes the place of one that arrived before it.
fn supersedes(metric: &Metric, earlier: &Metric) -> bool {
    let (new, old) = (metric.provenance(), earlier.provenance());
    match (new.run(), old.run()) {
        (Some(a), Some(b)) if new.date() == old.date() => a.began() >= b.began(),
        _ => new.date() >= old.date(),
    }
}

/// For each metric the index of the newest one with the same key: the latest date, the latest run of one date, and the last
/// that arrived.
fn newest<'a, K: Hash + Eq>(metrics: &'a [Metric], key: impl Fn(&'a Metric) -> K) -> Vec<usize> {
    let mut groups: HashMap<K, usize> = HashMap::with_capacity(metrics.len());
    let mut newest: Vec<usize> = Vec::new();
    let group_of: Vec<usize> = metrics
        .iter()
        .enumerate()
        .map(|(i, metric)| match groups.entry(key(metric)) {
            Entry::Vacant(entry) => {
                newest.push(i);
                *entry.insert(newest.len() - 1)
            }
            Entry::Occupied(entry) => {
                let group = *entry.get();
                if supersedes(metric, &metrics[newest[group]]) {
                    newest[group] = i;
                }
                group
            }
        })
        .collect();
    group_of.into_iter().map(|group| newest[group]).collect()
}
