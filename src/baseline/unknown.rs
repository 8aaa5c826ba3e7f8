//! What a baseline's file holds and this release does not know: it is kept as it is, and written back.

use std::fmt;

use serde::de::DeserializeOwned;
use serde_ignored::Path;
use serde_json::{Value, value::RawValue};

use crate::{
    Bound, Indicator, Isolation, SourceKind, Statistic, Temperature, Unit,
    metric::{Direction, Fields, MetricError, QuantityError},
};

/// Something in a baseline that this release does not know: of a later one, or misspelt by whoever edited the file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unknown {
    /// A whole entry, whose indicator, unit or statistic is not known: it is no figure here.
    Entry {
        /// `metrics` or `unavailable`.
        list: &'static str,
        /// What the entry calls itself, such as `startup_time of wasmtime, ready, warm`.
        name: String,
        /// What is not known of it.
        reason: String,
    },
    /// A field of an entry that is known otherwise.
    Field {
        /// What the entry is, such as `startup_time of wasmtime`; `the baseline` for a field of the whole.
        of: String,
        /// Where in it, as a JSON pointer (RFC 6901).
        pointer: String,
    },
}

/// In English.
impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Entry { list, name, reason } => write!(f, "{list}: {name}: {reason}"),
            Self::Field { of, pointer } => write!(f, "{of}: unknown field {pointer}"),
        }
    }
}

/// An entry that is kept as it stands in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Kept {
    pub list: &'static str,
    pub name: String,
    pub reason: String,
    pub text: String,
}

/// Reads an entry, and what of it is not known.
pub(super) fn read<W: DeserializeOwned>(text: &str) -> Result<(W, Fields), serde_json::Error> {
    // An array of as many values would be taken for the object.
    if text.starts_with('[') {
        return Err(serde::de::Error::custom("an array, and an entry is an object"));
    }
    let mut pointers = Vec::new();
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let entry = serde_ignored::deserialize(&mut deserializer, |path| pointers.push(pointer(&path)))?;
    deserializer.end()?;
    if pointers.is_empty() {
        return Ok((entry, Vec::new()));
    }
    // In an order of their own: that in the file says nothing, and two entries that differ in it alone are the same.
    pointers.sort_unstable();
    pointers.dedup();
    let whole: Value = serde_json::from_str(text)?;
    let field = |pointer: String| {
        let text = whole.pointer(&pointer)?.to_string();
        Some((pointer, text.into_boxed_str()))
    };
    Ok((entry, pointers.into_iter().filter_map(field).collect()))
}

/// Puts fields back that are not known. One whose place is gone, since the entry was changed meanwhile, goes with it.
pub(super) fn restore(entry: &mut Value, fields: &Fields) -> Result<(), serde_json::Error> {
    for (pointer, text) in fields {
        let Some((parent, name)) = pointer.rsplit_once('/') else { continue };
        if let Some(Value::Object(parent)) = entry.pointer_mut(parent) {
            let value = serde_json::from_str(text)?;
            parent.entry(name.replace("~1", "/").replace("~0", "~")).or_insert(value);
        }
    }
    Ok(())
}

fn pointer(path: &Path<'_>) -> String {
    match path {
        Path::Root => String::new(),
        Path::Seq { parent, index } => format!("{}/{index}", pointer(parent)),
        Path::Map { parent, key } => format!("{}/{}", pointer(parent), key.replace('~', "~0").replace('/', "~1")),
        Path::Some { parent } | Path::NewtypeStruct { parent } | Path::NewtypeVariant { parent } => pointer(parent),
    }
}

/// Why an entry that could not be read is of a later release, and not wrong: one of its words is not known.
pub(super) fn word(entry: &RawValue) -> Option<String> {
    let entry: Value = serde_json::from_str(entry.get()).ok()?;
    let found = |pointer: &str, what: &str, known: fn(&str) -> bool| {
        let word = entry.pointer(pointer)?.as_str()?;
        (!known(word)).then(|| format!("unknown {what} {word:?}"))
    };
    let is_own = entry.get("direction").is_some();
    let words = [
        found("/indicator", "indicator", |word| Indicator::ALL.iter().any(|known| known.as_str() == word)),
        found("/unit", "unit", |word| Unit::ALL.iter().any(|known| known.as_str() == word)),
    ];
    let words = words.into_iter().flatten().filter(|_| !is_own);
    let rest = [
        found("/direction", "direction", is::<Direction>),
        found("/statistic", "statistic", is::<Statistic>),
        found("/bound", "bound", is::<Bound>),
        found("/temperature", "temperature", is::<Temperature>),
        found("/provenance/source/kind", "kind of source", is::<SourceKind>),
        found("/provenance/environment/conditions/isolation", "isolation", is::<Isolation>),
    ];
    words.chain(rest.into_iter().flatten()).next()
}

fn is<T: DeserializeOwned>(word: &str) -> bool {
    serde_json::from_value::<T>(Value::String(word.to_owned())).is_ok()
}

/// Whether there is no room for an indicator or a unit, so that the entry must stay unknown.
pub(super) fn finds_no_room(error: &MetricError) -> bool {
    matches!(error, MetricError::TooManyOwn(_) | MetricError::Quantity(QuantityError::TooManyOwn(_)))
}
