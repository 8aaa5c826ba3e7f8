//! What could not be measured: a row, not a gap.

use crate::{Indicator, Metric, Subject, Temperature, metric::Fields};

/// A figure that could not be measured here, why, and what to do about it.
///
/// Without a workload or a temperature the row speaks of all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnavailableRow {
    pub(super) subject: Subject,
    pub(super) indicator: Indicator,
    pub(super) workload: Option<String>,
    pub(super) part: Option<String>,
    pub(super) temperature: Option<Temperature>,
    pub(super) reason: String,
    pub(super) remedy: String,
    /// What of its stored form is not known.
    pub(super) unknown: Fields,
}

/// What a row or a metric is about: equal for a row and the metric that answers it.
pub(super) type About<'a> = (Indicator, &'a Subject, Option<&'a str>, Option<&'a str>, Option<Temperature>);

impl UnavailableRow {
    /// `indicator` could not be measured on `subject`, because of `reason`; `remedy` says what would help.
    #[must_use]
    pub fn new(subject: Subject, indicator: Indicator, reason: impl Into<String>, remedy: impl Into<String>) -> Self {
        let (reason, remedy) = (reason.into(), remedy.into());
        Self { subject, indicator, workload: None, part: None, temperature: None, reason, remedy, unknown: Vec::new() }
    }

    /// Narrows the row to one workload or policy.
    #[must_use]
    pub fn with_workload(mut self, workload: impl Into<String>) -> Self {
        self.workload = Some(workload.into());
        self
    }

    /// Says that it is a part of the subject alone that could not be measured; see [`Conditions::part`](crate::Conditions).
    #[must_use]
    pub fn with_part(mut self, part: impl Into<String>) -> Self {
        self.part = Some(part.into());
        self
    }

    /// Narrows the row to one temperature.
    #[must_use]
    pub fn with_temperature(mut self, temperature: Temperature) -> Self {
        self.temperature = Some(temperature);
        self
    }

    /// What could not be measured on.
    #[must_use]
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    /// What could not be measured.
    #[must_use]
    pub fn indicator(&self) -> Indicator {
        self.indicator
    }

    /// The workload or policy, if the row is about one alone.
    #[must_use]
    pub fn workload(&self) -> Option<&str> {
        self.workload.as_deref()
    }

    /// The part of the subject, if the row is about one alone.
    #[must_use]
    pub fn part(&self) -> Option<&str> {
        self.part.as_deref()
    }

    /// The temperature, if the row is about one alone.
    #[must_use]
    pub fn temperature(&self) -> Option<Temperature> {
        self.temperature
    }

    /// Why not.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> &str {
        &self.remedy
    }

    pub(super) fn about(&self) -> About<'_> {
        (self.indicator, &self.subject, self.workload(), self.part(), self.temperature)
    }

    /// Every row that `metric` would answer: the one that is as narrow as the metric, and the wider ones of the same part.
    pub(super) fn answered_by(metric: &Metric) -> [About<'_>; 4] {
        let (indicator, subject) = (metric.indicator(), metric.subject());
        let (workload, temperature) = (metric.workload(), metric.temperature());
        [(workload, temperature), (workload, None), (None, temperature), (None, None)]
            .map(|(w, t)| (indicator, subject, w, metric.part(), t))
    }
}
