//! Why a fill ended.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    probe::ProbeError,
    runtime::{Resource, RuntimeError},
};

/// A bound of a [`Budget`](super::Budget).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// The instances that were asked for are alive.
    Count,
    /// One more instance would take more memory.
    Memory,
    /// The time was over.
    Time,
}

/// What ended a fill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Stop {
    /// The budget was used up.
    Budget(Bound),
    /// The machine, or who limits this process, had no more of something.
    Limit {
        /// Of what.
        resource: Resource,
        /// Who said so, and what to do about it.
        reason: String,
    },
    /// A start failed for a reason that is no limit.
    Refused(String),
    /// Instances ended by themselves before the fill did.
    Died(String),
}

impl Stop {
    /// What a failed start means.
    #[must_use]
    pub fn of(error: &ProbeError) -> Self {
        match error {
            ProbeError::Runtime(RuntimeError::Full { resource, reason, .. }) => {
                // It has no remedy beside it, as a row has.
                let remedy = error.remedy().map_or_else(String::new, |remedy| format!(": {remedy}"));
                Self::Limit { resource: *resource, reason: format!("{reason}{remedy}") }
            }
            ProbeError::Runtime(RuntimeError::Io { source, .. })
                if let Some(resource) = source.raw_os_error().and_then(Resource::of_errno) =>
            {
                Self::Limit { resource, reason: error.to_string() }
            }
            other => Self::Refused(other.to_string()),
        }
    }

    /// What stands behind it, where the name does not say it all.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Budget(_) => None,
            Self::Limit { reason, .. } | Self::Refused(reason) | Self::Died(reason) => Some(reason),
        }
    }
}

/// A name of few words, the same from run to run: `budget: count`, `limit: pids`, `refused`, `died`.
impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Budget(Bound::Count) => f.pad("budget: count"),
            Self::Budget(Bound::Memory) => f.pad("budget: memory"),
            Self::Budget(Bound::Time) => f.pad("budget: time"),
            Self::Limit { resource, .. } => f.pad(&format!("limit: {resource}")),
            Self::Refused(_) => f.pad("refused"),
            Self::Died(_) => f.pad("died"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    #[test]
    fn a_failed_start_is_a_limit_where_the_kernel_says_so() {
        let io = |errno| {
            let source = io::Error::from_raw_os_error(errno);
            Stop::of(&RuntimeError::Io { path: "/bin/sh".into(), source }.into())
        };
        // EAGAIN, ENOMEM, EMFILE.
        for (errno, name) in [(11, "limit: pids"), (12, "limit: memory"), (24, "limit: file descriptors")] {
            let stop = io(errno);
            assert_eq!(stop.to_string(), name);
            assert!(stop.reason().is_some_and(|reason| reason.contains("/bin/sh")), "{stop:?}");
        }
        // ENOSPC: a full disk.
        assert!(matches!(io(28), Stop::Refused(_)));
        assert!(matches!(Stop::of(&ProbeError::Empty { what: "a fill", of: "start" }), Stop::Refused(_)));
        assert_eq!(Stop::Budget(Bound::Memory).reason(), None);
    }
}
