//! What a lane's samples are of: everything of a metric but its value.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Indicator, Statistic, Temperature, UnavailableRow, runtime::Identity};

/// The setting that says how a figure was read, where there are several ways.
pub const METHOD: &str = "method";

/// What a set of samples is of: everything of a metric but its value.
///
/// ```
/// use runtime_baseline::{Indicator, Temperature, experiment::Figure, runtime::{Runtime, noop::Noop}};
///
/// let noop = Noop::new();
/// let figure = Figure::new(Indicator::StartupTime, noop.identity(), "ready").at(Temperature::Warm);
/// assert_eq!((figure.concurrency, figure.load.as_str(), figure.part), (1, "idle", None));
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Figure {
    /// What was measured.
    pub indicator: Indicator,
    /// On what.
    pub identity: Identity,
    /// The workload or policy.
    pub workload: String,
    /// Of what part of the subject alone: a layer, its page tables, the same calls written by hand.
    pub part: Option<String>,
    /// What had been prepared.
    pub temperature: Option<Temperature>,
    /// How many at the same time.
    pub concurrency: u32,
    /// What else the machine did.
    pub load: String,
    /// Settings of this artifact alone, besides those of the identity.
    pub settings: BTreeMap<String, String>,
    /// What else was seen while the figure was taken; see [`Conditions::observed`](crate::Conditions::observed).
    pub observed: BTreeMap<String, String>,
}

impl Figure {
    /// A figure taken one at a time on an otherwise idle machine.
    #[must_use]
    pub fn new(indicator: Indicator, identity: &Identity, workload: impl Into<String>) -> Self {
        Self {
            indicator,
            identity: identity.clone(),
            workload: workload.into(),
            part: None,
            temperature: None,
            concurrency: 1,
            load: "idle".to_owned(),
            settings: BTreeMap::new(),
            observed: BTreeMap::new(),
        }
    }

    /// Says what had been prepared.
    #[must_use]
    pub fn at(mut self, temperature: Temperature) -> Self {
        self.temperature = Some(temperature);
        self
    }

    /// Says that the figure is of one part of the subject.
    #[must_use]
    pub fn of_part(mut self, part: impl Into<String>) -> Self {
        self.part = Some(part.into());
        self
    }

    /// Says that `concurrency` were started or asked at the same time, and what that load is called.
    #[must_use]
    pub fn concurrent(mut self, concurrency: u32, load: impl Into<String>) -> Self {
        self.concurrency = concurrency;
        self.load = load.into();
        self
    }

    /// The same circumstances for another indicator.
    #[must_use]
    pub fn of(mut self, indicator: Indicator) -> Self {
        self.indicator = indicator;
        self
    }

    /// Adds settings of this artifact alone.
    #[must_use]
    pub fn with_settings(mut self, settings: BTreeMap<String, String>) -> Self {
        self.settings.extend(settings);
        self
    }

    /// Adds one setting.
    #[must_use]
    pub fn with_setting(mut self, name: impl Into<String>, value: impl ToString) -> Self {
        self.settings.insert(name.into(), value.to_string());
        self
    }

    /// Says how the figure was read, where there are several ways.
    #[must_use]
    pub fn by_method(self, method: impl ToString) -> Self {
        self.with_setting(METHOD, method)
    }

    /// The row that says why there is no such figure.
    #[must_use]
    pub fn unavailable(&self, reason: impl Into<String>, remedy: impl Into<String>) -> UnavailableRow {
        let row = UnavailableRow::new(self.identity.subject.clone(), self.indicator, reason, remedy);
        let row = row.with_workload(&self.workload);
        match self.temperature {
            Some(temperature) => row.with_temperature(temperature),
            None => row,
        }
    }
}

/// A figure, and which statistics of its samples are recorded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Asked {
    /// What the samples are of.
    pub figure: Figure,
    /// What is recorded of them.
    pub statistics: Vec<Statistic>,
}
