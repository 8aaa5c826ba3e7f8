//! The stored form of a baseline (schema 1), apart from the types in memory so that either can change alone.
//!
//! A field that this version does not know is refused: to drop it would lose it at the next save.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::UnavailableRow;
use crate::{Indicator, Metric, Subject, Temperature};

/// What is written.
#[derive(Serialize)]
pub(super) struct Stored<'a> {
    pub schema: u64,
    pub metrics: &'a [Metric],
    pub unavailable: Vec<Row<'a>>,
}

/// Enough of a file to know whether the rest can be understood.
#[derive(Deserialize)]
pub(super) struct Head {
    pub schema: Option<serde_json::Value>,
}

/// What is read: each entry still as text, so that an error can say which entry it is in, and where that stands.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entries<'a> {
    pub schema: u64,
    #[serde(borrow)]
    pub metrics: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    pub unavailable: Vec<&'a RawValue>,
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
#[serde(deny_unknown_fields)]
pub(super) struct Row<'a> {
    subject: Cow<'a, Subject>,
    indicator: Indicator,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    workload: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    temperature: Option<Temperature>,
    reason: Cow<'a, str>,
    remedy: Cow<'a, str>,
}

impl<'a> From<&'a UnavailableRow> for Row<'a> {
    fn from(row: &'a UnavailableRow) -> Self {
        Self {
            subject: Cow::Borrowed(&row.subject),
            indicator: row.indicator,
            workload: row.workload.as_deref().map(Into::into),
            temperature: row.temperature,
            reason: row.reason.as_str().into(),
            remedy: row.remedy.as_str().into(),
        }
    }
}

impl From<Row<'_>> for UnavailableRow {
    fn from(row: Row<'_>) -> Self {
        Self {
            subject: row.subject.into_owned(),
            indicator: row.indicator,
            workload: row.workload.map(|w| w.into_owned()),
            temperature: row.temperature,
            reason: row.reason.into_owned(),
            remedy: row.remedy.into_owned(),
        }
    }
}
