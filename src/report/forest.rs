//! Every claim on one axis: what is published, and what was measured.

#![cfg_attr(not(feature = "html"), allow(dead_code, reason = "only the page draws"))]

/// Claims in groups, over one axis of factors.
pub(super) struct Forest {
    /// How to read it.
    pub title: String,
    /// What stands at the two ends of the axis: worse, and better.
    pub ends: [&'static str; 2],
    /// The words beside the two marks: what is published, what was measured.
    pub legend: [&'static str; 2],
    pub groups: Vec<Rows>,
    /// Groups of which nothing was measured, and what the fold that holds them is called.
    pub folded: (String, Vec<Rows>),
}

/// The claims on two subjects.
pub(super) struct Rows {
    pub title: String,
    pub rows: Vec<Row>,
}

/// A claim.
pub(super) struct Row {
    /// What it is of.
    pub what: String,
    /// Where its evidence stands within the report, if it does.
    pub evidence: Option<String>,
    /// How many times better the contender is published to be, and measured with the ends of the interval: below one where
    /// it is worse.
    pub published: Option<f64>,
    pub measured: Option<(f64, f64, f64)>,
    pub mark: Mark,
    /// The verdict's word.
    pub verdict: &'static str,
    /// Both factors in words.
    pub measured_in_words: String,
    pub published_in_words: String,
}

/// What tells the verdicts apart: a shape for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// A filled circle.
    Reproduced,
    /// A cross.
    Refuted,
    /// An open circle.
    Undecided,
    /// A square: measured, without a verdict.
    Open,
    /// Nothing but the published factor.
    Unmeasured,
}
