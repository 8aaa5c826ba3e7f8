//! Why there is no adapter, or no figure.

use serde::{Deserialize, Serialize};

use crate::Subject;

/// What kind of a refusal it is: whether anything is broken, and whose turn it is to do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RefusalKind {
    /// This build has no adapter for it: a feature is off.
    NotBuilt,
    /// A program, a library or a file that it needs is not on this machine, or is of a version that it is not written for.
    NotFound,
    /// It is there, and this user may not use it.
    NotPermitted,
    /// This machine, its kernel, or the thing itself cannot do it, whoever asks.
    NotSupported,
    /// It should have worked, and did not.
    Failed,
    /// It worked, and what came out is wrong.
    Wrong,
}

impl RefusalKind {
    /// Whether something is broken. A bench that met such a refusal ends with an error; what merely is not here is a row
    /// of the report.
    #[must_use]
    pub const fn is_failure(self) -> bool {
        matches!(self, Self::Failed | Self::Wrong)
    }

    /// The name in the stored form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotBuilt => "not_built",
            Self::NotFound => "not_found",
            Self::NotPermitted => "not_permitted",
            Self::NotSupported => "not_supported",
            Self::Failed => "failed",
            Self::Wrong => "wrong",
        }
    }
}

/// Why an adapter cannot run on this machine, and what to do about it. A row of the report, never a gap.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("{subject} {}: {reason}; {remedy}", if kind.is_failure() { "failed" } else { "is unavailable here" })]
#[non_exhaustive]
pub struct Refusal {
    /// What cannot run.
    pub subject: Subject,
    /// Whether it is missing, or broken.
    pub kind: RefusalKind,
    /// Why.
    pub reason: String,
    /// What to do about it.
    pub remedy: String,
}

impl Refusal {
    /// `subject` is refused because of `reason`; `remedy` says what would help.
    #[must_use]
    pub fn new(subject: &Subject, kind: RefusalKind, reason: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { subject: subject.clone(), kind, reason: reason.into(), remedy: remedy.into() }
    }
}

/// What an error says, with its causes: the reason of a refusal or a failure. One that its cause ends already is not said twice.
#[cfg_attr(not(any(feature = "container", feature = "store")), allow(dead_code, reason = "each adapter uses its part"))]
pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_says_so_and_is_stored_by_its_name() {
        let subject: Subject = "noop".parse().unwrap();
        let missing = Refusal::new(&subject, RefusalKind::NotFound, "no file", "make one");
        assert_eq!(missing.to_string(), "noop is unavailable here: no file; make one");
        let broken = Refusal::new(&subject, RefusalKind::Failed, "a bug", "report it");
        assert_eq!(broken.to_string(), "noop failed: a bug; report it");
        for refusal in [missing, broken] {
            let stored = serde_json::to_value(&refusal).unwrap();
            assert_eq!(stored["kind"], refusal.kind.as_str());
            assert_eq!(serde_json::from_value::<Refusal>(stored).unwrap(), refusal);
        }
    }
}
