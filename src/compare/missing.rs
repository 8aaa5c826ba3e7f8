//! What keeps a claim from having a verdict.

use super::{Aspect, Difference};
use crate::{Subject, stats::Estimate};

/// What a subject that answers for nothing showed where a side was not measured.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Beside {
    /// It.
    pub subject: Subject,
    /// What the claim compares with.
    pub reference: Subject,
    /// How many times better it is: below one where it is worse.
    pub gain: Estimate,
}

/// What a verdict would take.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Missing {
    /// The claim states no factor.
    Factor,
    /// One side was not measured.
    Side {
        /// What was to be measured.
        subject: Subject,
        /// Why it was not, where a run said so.
        reason: Option<String>,
        /// What to do about it, where a run said so.
        remedy: Option<String>,
        /// What others showed that the claim names beside it, of the run that measured the other side.
        beside: Vec<Beside>,
    },
    /// A claim compares one subject with itself, and a side was not measured under what is its own: each condition with its
    /// claimed value.
    Under(Subject, Vec<(Aspect, String)>),
    /// A side has no confidence interval, or the two have intervals at two levels.
    Interval(Subject),
    /// Of a side only a bound was measured, and two bounds have no factor.
    Bounded {
        /// Of what.
        subject: Subject,
        /// The figure as measured.
        measured: String,
        /// The figure as published.
        claimed: String,
        /// Whether it is less than can be told here: no repetition makes it a value.
        is_too_small: bool,
    },
    /// A side's figure is zero, so that there is no factor.
    Zero(Subject),
    /// The two sides were not measured alike: these differ between them.
    Alike(Vec<Difference>),
    /// A side was measured under another condition than the claimed one (claimed / measured).
    Condition(Subject, Difference),
    /// The two sides were measured in two units.
    Unit,
    /// The claim does not say on which workload or with which settings, and here that decides; what each said.
    Agreement(Vec<String>),
}
