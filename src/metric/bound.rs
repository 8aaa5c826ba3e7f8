//! How a published figure means its value.

use serde::{Deserialize, Serialize};

/// How a published figure means its value: `~512 MB`, `> 1000`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// The value itself.
    #[default]
    Exact,
    /// About the value.
    About,
    /// More than the value.
    Above,
    /// Less than the value.
    Below,
}

impl Bound {
    /// What stands before the value: `~512 MB`, `> 1000 nodes`; nothing for an exact one.
    #[must_use]
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Exact => "",
            Self::About => "~",
            Self::Above => "> ",
            Self::Below => "< ",
        }
    }
}
