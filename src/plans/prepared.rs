//! A runtime with a workload that is ready to be started, as several lanes share it.

use std::rc::Rc;

use super::quick::Candidate;
use crate::{
    Indicator, Isolation, Temperature,
    experiment::{Figure, Plan},
    probe::Described,
    runtime::{Artifact, Identity, Runtime, Workload},
};

/// A workload that is ready to be started.
#[derive(Clone)]
pub(super) struct Prepared {
    identity: Identity,
    workload: String,
    pub temperature: Temperature,
    is_warmest: bool,
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
                let is_warmest = Some(&temperature) == runtime.temperatures().last();
                Some(Self { identity, workload, temperature, is_warmest, artifact })
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

    /// Whose it is.
    pub fn subject(&self) -> &str {
        self.identity.subject.as_str()
    }

    /// As what a pass may ask of.
    pub fn candidate(&self) -> Candidate<'_> {
        let Self { identity, temperature, is_warmest, .. } = self;
        Candidate { identity, temperature: *temperature, is_warmest: *is_warmest }
    }

    /// What stands around it: those of one surrounding take turns with each other. A container's start waits for the kernel
    /// where none was started shortly before, so nothing that computes for a while must come between two; and a command
    /// line takes a thousand times as long as a start in process.
    pub fn surrounding(&self) -> Surrounding {
        match self.identity.isolation {
            isolation if isolation.is_contained() => Surrounding::Container,
            Isolation::Process => Surrounding::Process,
            _ => Surrounding::This,
        }
    }

    pub fn isolation(&self) -> Isolation {
        self.identity.isolation
    }

    /// Whether this crate makes its containers, and no command line does.
    pub fn is_made_here(&self) -> bool {
        self.identity.components.iter().any(|component| component.name() == "libcontainer")
    }

    pub fn figure(&self, indicator: Indicator) -> Figure {
        Figure::new(indicator, &self.identity, &self.workload)
            .at(self.temperature)
            .with_settings(self.artifact.settings())
    }
}

/// What stands around an instance, as far as taking turns is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Surrounding {
    /// This process.
    This,
    /// A process of its own.
    Process,
    /// A container.
    Container,
}

impl Surrounding {
    pub const ALL: [Self; 3] = [Self::This, Self::Process, Self::Container];
}

/// A subject's name within a lane's. Criterion makes folders of slashes.
pub(super) fn flat(subject: &str) -> String {
    subject.replace('/', "-")
}

/// The name of a runtime's lane at a temperature.
pub(super) fn lane_name(identity: &Identity, temperature: Temperature) -> String {
    format!("{}/{temperature}", flat(identity.subject.as_str()))
}

/// The subjects that are here, of those of which some figure was asked for, each with what it says of itself. What is not here
/// has a row in the plan for each figure: its group's name, and its indicator.
pub(super) fn described(
    plan: &mut Plan,
    subjects: impl IntoIterator<Item = String>,
    figures: &[(&str, Indicator)],
) -> Vec<(String, Described)> {
    let indicators: Vec<_> = figures.iter().map(|(_, indicator)| *indicator).collect();
    let mut here = Vec::new();
    for subject in subjects {
        if !figures.iter().any(|(group, _)| plan.wants_some(group, &flat(&subject))) {
            continue;
        }
        match Described::of(&subject) {
            Ok(described) => here.push((subject, described)),
            Err(error) => plan.not_made(&subject, &error, &indicators),
        }
    }
    here
}
