//! Who a measurement is of.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Component, Isolation, Subject};

/// Who a measurement is of: subject, exact versions, isolation, settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Identity {
    /// The subject's name in the stored form.
    pub subject: Subject,
    /// The thing itself first, then what takes part. Exact versions, never empty.
    pub components: Vec<Component>,
    /// What stands between the workload and the host.
    pub isolation: Isolation,
    /// How it is reached where that is not a function call: `http-loopback`, `process`.
    pub transport: Option<String>,
    /// Settings that bear on the figure.
    pub settings: BTreeMap<String, String>,
}

impl Identity {
    /// An identity; `component` is the engine itself.
    #[must_use]
    pub fn new(subject: Subject, component: Component, isolation: Isolation) -> Self {
        Self { subject, components: vec![component], isolation, transport: None, settings: BTreeMap::new() }
    }

    /// Adds a component that takes part.
    #[must_use]
    pub fn with_component(mut self, component: Component) -> Self {
        self.components.push(component);
        self
    }

    /// Says how it is reached, when that is not a function call.
    #[must_use]
    pub fn via(mut self, transport: impl Into<String>) -> Self {
        self.transport = Some(transport.into());
        self
    }

    /// Adds a setting.
    #[must_use]
    pub fn with_setting(mut self, name: impl Into<String>, value: impl ToString) -> Self {
        self.settings.insert(name.into(), value.to_string());
        self
    }
}
