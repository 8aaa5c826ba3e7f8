//! The stored form of a baseline (schema 2, and schema 1 for reading), apart from the types in memory so that either can
//! change alone.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, MapAccess, Visitor},
    ser::{Error as _, SerializeMap},
};
use serde_json::{Value, value::RawValue};

use super::{Baseline, UnavailableRow, unknown::restore};
use crate::{
    Metric, MetricError, Run, Subject, Temperature,
    metric::{self, Direction, Fields},
    provenance::wire as provenance,
};

/// The most fields of the whole that a later release may have added.
const MOST_UNKNOWN: usize = 1000;

/// What is written.
pub(super) struct Stored<'a>(pub &'a Baseline);

impl Serialize for Stored<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let baseline = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("schema", &Baseline::SCHEMA)?;
        let listed = &listed(baseline);
        map.serialize_entry("runs", &List(|| runs(baseline, listed).chain(kept(baseline, "runs"))))?;
        map.serialize_entry(
            "metrics",
            &List(|| {
                let known = baseline.metrics.iter().map(move |metric| Entry::of_metric(metric, listed));
                known.chain(kept(baseline, "metrics"))
            }),
        )?;
        map.serialize_entry(
            "unavailable",
            &List(|| {
                let known = baseline.unavailable.iter().map(Entry::of_row);
                known.chain(kept(baseline, "unavailable"))
            }),
        )?;
        for (name, text) in &baseline.unknown_fields {
            map.serialize_entry(name, &RawValue::from_string(text.clone()).map_err(S::Error::custom)?)?;
        }
        map.end()
    }
}

/// A sequence that is made while it is written, so that no second copy of a large baseline is.
struct List<F>(F);

impl<F: Fn() -> I, I: Iterator<Item = Result<Entry, serde_json::Error>>> Serialize for List<F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeSeq;
        let mut list = serializer.serialize_seq(None)?;
        for entry in (self.0)() {
            list.serialize_element(&entry.map_err(S::Error::custom)?)?;
        }
        list.end()
    }
}

#[derive(Serialize)]
#[serde(untagged)]
enum Entry {
    Metric(Box<metric::wire::Metric>),
    Row(Row),
    Run(provenance::Run),
    /// With fields that this release does not know.
    Mixed(Value),
    /// What this release does not know at all.
    Kept(Box<RawValue>),
}

impl Entry {
    fn of_metric(metric: &Metric, listed: &Listed<'_>) -> Result<Self, serde_json::Error> {
        let wire = metric::wire::Metric::from(metric.clone());
        let fields = metric.unknown_fields();
        // A run that is not the one of its id in the list stays with its figure, and so does one with fields of its own there.
        let run = metric.provenance().run();
        let is_listed = run.is_none_or(|run| listed.get(run.id()) == Some(&run));
        let has_own = fields.iter().any(|(pointer, _)| pointer.starts_with("/provenance/run/"));
        let wire = if is_listed && !has_own { wire.with_run_by_id() } else { wire };
        Self::Metric(Box::new(wire)).with(fields)
    }

    fn of_row(row: &UnavailableRow) -> Result<Self, serde_json::Error> {
        Self::Row(Row::from(row)).with(&row.unknown)
    }

    fn with(self, fields: &Fields) -> Result<Self, serde_json::Error> {
        if fields.is_empty() {
            return Ok(self);
        }
        let mut value = serde_json::to_value(self)?;
        restore(&mut value, fields)?;
        Ok(Self::Mixed(value))
    }
}

fn kept<'a>(baseline: &'a Baseline, list: &str) -> impl Iterator<Item = Result<Entry, serde_json::Error>> + use<'a> {
    let entries: Vec<_> = baseline.kept.iter().filter(|entry| entry.list == list).collect();
    entries.into_iter().map(|entry| RawValue::from_string(entry.text.clone()).map(Entry::Kept))
}

/// Runs by their ids.
type Listed<'a> = HashMap<&'a str, &'a Run>;

/// The runs of the metrics, those that entries name which are not known, and those of which something is not known.
fn listed(baseline: &Baseline) -> Listed<'_> {
    let named = baseline.metrics.iter().filter_map(|metric| metric.provenance().run());
    let kept = baseline.named_by_kept();
    let unknown = baseline.runs.values().filter(|(run, fields)| !fields.is_empty() || kept.contains(run.id()));
    let unknown = unknown.map(|(run, _)| &**run);
    let mut listed = HashMap::new();
    // What the file had in its list comes before what a figure brought along.
    let own = baseline.runs.values().map(|(run, _)| &**run);
    let own: HashMap<&str, &Run> = own.map(|run| (run.id(), run)).collect();
    for run in named.chain(unknown) {
        listed.entry(run.id()).or_insert_with(|| own.get(run.id()).copied().unwrap_or(run));
    }
    listed
}

fn runs<'a>(
    baseline: &'a Baseline,
    listed: &Listed<'a>,
) -> impl Iterator<Item = Result<Entry, serde_json::Error>> + use<'a> {
    let mut runs: Vec<&Run> = listed.values().copied().collect();
    runs.sort_by_key(|run| (run.began(), run.id()));
    let fields = |run: &Run| baseline.runs.get(run.id()).map(|(_, fields)| fields.clone()).unwrap_or_default();
    runs.into_iter().map(move |run| Entry::Run(run.into()).with(&fields(run)))
}

/// Enough of a file to know whether the rest can be understood.
#[derive(Deserialize)]
pub(super) struct Head {
    pub schema: Option<serde_json::Value>,
}

/// What is read: each entry still as text, so that an error can say which entry it is in, and where that stands.
pub(super) struct Entries<'a> {
    pub schema: u64,
    pub runs: Vec<&'a RawValue>,
    pub metrics: Vec<&'a RawValue>,
    pub unavailable: Vec<&'a RawValue>,
    /// Other fields, of a later release.
    pub unknown: BTreeMap<String, &'a RawValue>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Entries<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ReadEntries)
    }
}

struct ReadEntries;

impl<'de> Visitor<'de> for ReadEntries {
    type Value = Entries<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a baseline, which is an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        fn once<T, E: de::Error>(field: &mut Option<T>, name: &'static str, value: T) -> Result<(), E> {
            match field.replace(value) {
                None => Ok(()),
                Some(_) => Err(E::duplicate_field(name)),
            }
        }
        let (mut schema, mut runs, mut metrics, mut unavailable) = (None, None, None, None);
        let mut unknown = BTreeMap::new();
        while let Some(name) = map.next_key::<String>()? {
            match name.as_str() {
                "schema" => once(&mut schema, "schema", map.next_value()?)?,
                "runs" => once(&mut runs, "runs", map.next_value()?)?,
                "metrics" => once(&mut metrics, "metrics", map.next_value()?)?,
                "unavailable" => once(&mut unavailable, "unavailable", map.next_value()?)?,
                _ if unknown.len() == MOST_UNKNOWN => {
                    return Err(de::Error::custom(format!("more than {MOST_UNKNOWN} fields that are not known")));
                }
                _ => drop(unknown.insert(name, map.next_value()?)),
            }
        }
        Ok(Entries {
            schema: schema.ok_or_else(|| de::Error::missing_field("schema"))?,
            runs: runs.unwrap_or_default(),
            metrics: metrics.ok_or_else(|| de::Error::missing_field("metrics"))?,
            unavailable: unavailable.unwrap_or_default(),
            unknown,
        })
    }
}

/// Enough of an entry to name it in an error; whatever is missing or malformed stays out.
#[derive(Deserialize)]
pub(super) struct Named {
    indicator: Option<serde_json::Value>,
    subject: Option<serde_json::Value>,
    workload: Option<serde_json::Value>,
    temperature: Option<serde_json::Value>,
}

impl Named {
    /// `startup_time of wasmtime, ready, warm`.
    pub fn of(entry: &RawValue) -> String {
        let Ok(named) = serde_json::from_str::<Self>(entry.get()) else { return "no object".to_owned() };
        let text = |v: &Option<serde_json::Value>| v.as_ref().and_then(|v| v.as_str()).map(str::to_owned);
        let (indicator, subject) = (text(&named.indicator), text(&named.subject));
        let mut name = match (indicator, subject) {
            (Some(indicator), Some(subject)) => format!("{indicator} of {subject}"),
            (Some(indicator), None) => format!("{indicator}, no subject"),
            (None, Some(subject)) => format!("no indicator, of {subject}"),
            (None, None) => "neither indicator nor subject".to_owned(),
        };
        for part in [text(&named.workload), text(&named.temperature)].into_iter().flatten() {
            name.push_str(", ");
            name.push_str(&part);
        }
        name
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct Row {
    subject: Subject,
    indicator: String,
    /// With the unit, of an indicator that is a tool author's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    direction: Option<Direction>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unit: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    workload: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    part: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    temperature: Option<Temperature>,
    reason: String,
    remedy: String,
}

impl From<&UnavailableRow> for Row {
    fn from(row: &UnavailableRow) -> Self {
        let direction = metric::wire::direction(row.indicator);
        Self {
            subject: row.subject.clone(),
            indicator: row.indicator.as_str().to_owned(),
            direction,
            unit: direction.map(|_| row.indicator.units()[0].as_str().to_owned()),
            workload: row.workload.clone(),
            part: row.part.clone(),
            temperature: row.temperature,
            reason: row.reason.clone(),
            remedy: row.remedy.clone(),
        }
    }
}

impl TryFrom<Row> for UnavailableRow {
    type Error = MetricError;

    fn try_from(row: Row) -> Result<Self, MetricError> {
        // A row of a known indicator has no unit: any that it is measured in will do.
        let known = crate::Indicator::ALL.iter().find(|known| known.as_str() == row.indicator);
        let unit = known.map_or(row.unit.as_deref().unwrap_or_default(), |known| known.units()[0].as_str());
        let (indicator, _) = metric::wire::indicator(&row.indicator, unit, row.direction)?;
        Ok(Self {
            subject: row.subject,
            indicator,
            workload: row.workload,
            part: row.part,
            temperature: row.temperature,
            reason: row.reason,
            remedy: row.remedy,
            unknown: Vec::new(),
        })
    }
}
