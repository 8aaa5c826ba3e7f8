//! The runtime that runs nothing: every probe is tested with it, and what it costs is the harness's own cost.

use super::{Artifact, Identity, Instance, Runtime, RuntimeError, Workload};
use crate::{Component, Isolation, Temperature, clock};

/// Starts nothing and is ready at once.
#[derive(Debug)]
pub struct Noop {
    identity: Identity,
}

impl Default for Noop {
    fn default() -> Self {
        Self::new()
    }
}

impl Noop {
    /// The no-op runtime.
    ///
    /// # Panics
    /// Never: its name and version are constants that are valid.
    #[must_use]
    pub fn new() -> Self {
        let subject = "noop".parse().expect("a valid constant");
        let component = Component::new("runtime-baseline", env!("CARGO_PKG_VERSION")).expect("a valid constant");
        Self { identity: Identity::new(subject, component, Isolation::None) }
    }
}

impl Runtime for Noop {
    fn identity(&self) -> &Identity {
        &self.identity
    }

    fn temperatures(&self) -> &[Temperature] {
        &[Temperature::Warm]
    }

    fn prepare(&self, _: &Workload, temperature: Temperature) -> Result<Box<dyn Artifact>, RuntimeError> {
        if temperature != Temperature::Warm {
            return Err(RuntimeError::UnsupportedTemperature { subject: self.identity.subject.clone(), temperature });
        }
        Ok(Box::new(Nothing))
    }
}

struct Nothing;

impl Artifact for Nothing {
    fn start(&self) -> Result<Box<dyn Instance>, RuntimeError> {
        Ok(Box::new(Ready(clock::monotonic())))
    }
}

struct Ready(u64);

impl Instance for Ready {
    fn ready_at(&self) -> u64 {
        self.0
    }

    fn is_alive(&mut self) -> bool {
        true
    }

    fn stop(self: Box<Self>) -> Result<(), RuntimeError> {
        Ok(())
    }
}
