//! A runtime with a workload that is ready to be started, as several lanes share it.

use std::rc::Rc;

use crate::{
    Indicator, Temperature,
    experiment::{Figure, Plan},
    runtime::{Artifact, Identity, Runtime, Workload},
};

/// A workload that is ready to be started.
#[derive(Clone)]
pub(super) struct Prepared {
    identity: Identity,
    workload: String,
    pub temperature: Temperature,
    pub artifact: Rc<dyn Artifact>,
}

impl Prepared {
    /// Prepares it, or says in the plan why there will be no such figures.
    pub fn of(
        plan: &mut Plan,
        runtime: &dyn Runtime,
        workload: &Workload,
        temperature: Temperature,
        indicators: &[Indicator],
    ) -> Option<Self> {
        let identity = runtime.identity().clone();
        match runtime.prepare(workload, temperature) {
            Ok(artifact) => {
                let (workload, artifact) = (workload.name.clone(), Rc::from(artifact));
                Some(Self { identity, workload, temperature, artifact })
            }
            Err(error) => {
                for indicator in indicators {
                    plan.refused(&Figure::new(*indicator, &identity, &workload.name).at(temperature), &error);
                }
                None
            }
        }
    }

    /// Its name among the lanes: `wasmtime/warm`.
    pub fn name(&self) -> String {
        lane_name(&self.identity, self.temperature)
    }

    pub fn is_contained(&self) -> bool {
        self.identity.isolation.is_contained()
    }

    pub fn figure(&self, indicator: Indicator) -> Figure {
        Figure::new(indicator, &self.identity, &self.workload)
            .at(self.temperature)
            .with_settings(self.artifact.settings())
    }
}

/// The name of a runtime's lane at a temperature. Criterion makes folders of slashes.
pub(super) fn lane_name(identity: &Identity, temperature: Temperature) -> String {
    format!("{}/{temperature}", identity.subject.as_str().replace('/', "-"))
}
