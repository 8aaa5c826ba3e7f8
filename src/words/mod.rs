//! Every sentence in two languages, and what each number means, once.
//!
//! What is said stands here as methods of the types that it speaks of, which are below: they know what happened, and this
//! module how to say it.

mod definition;
mod difference;
mod factor;
mod gate;
mod missing;
mod noise;
mod phase;
pub(crate) mod reasons;
pub(crate) mod report;
mod shortfall;
mod stale;
mod verdict;
mod warning;

use std::fmt;

use crate::{
    Language, Shortfall, Stale,
    claims::Factor,
    compare::{Aspect, Difference, Doubt, GateGroup, Missing, Undecided},
};

/// Displays what describes itself in either language.
macro_rules! display_in_english {
    ($($described:ty),+ $(,)?) => {$(
        /// In English.
        impl fmt::Display for $described {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.describe(Language::English))
            }
        }
    )+};
}

display_in_english!(Aspect, Difference, Doubt, Factor, GateGroup, Missing, Shortfall, Stale, Undecided);
