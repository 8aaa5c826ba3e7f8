//! The name of what a figure was measured on.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::MetricError;

/// What a figure was measured on: `wasmtime`, `container/scratch`, `opa-wasm/wasmtime`.
///
/// Lower-case letters, digits and `/ + - _ .`, so that it can be a key and a part of a file's name. Letters and digits may
/// be of any script.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Subject(String);

impl Subject {
    /// Checks and wraps a subject's name.
    ///
    /// # Errors
    /// [`MetricError::Subject`] when the name is empty or has another character than the ones allowed.
    pub fn new(name: impl Into<String>) -> Result<Self, MetricError> {
        let name = name.into();
        if name.is_empty() || !name.chars().all(Self::allows) {
            return Err(MetricError::Subject(name));
        }
        Ok(Self(name))
    }

    /// Whether a name may have this character.
    pub(crate) fn allows(c: char) -> bool {
        (c.is_alphanumeric() && !c.is_uppercase()) || "/+-_.".contains(c)
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FromStr for Subject {
    type Err = MetricError;

    fn from_str(s: &str) -> Result<Self, MetricError> {
        Self::new(s)
    }
}

impl TryFrom<String> for Subject {
    type Error = MetricError;

    fn try_from(s: String) -> Result<Self, MetricError> {
        Self::new(s)
    }
}

impl From<Subject> for String {
    fn from(s: Subject) -> Self {
        s.0
    }
}
