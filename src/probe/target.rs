//! What a fresh process measures: one runtime by its name, with a workload at a temperature.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::ProbeError;
use crate::{
    Temperature,
    adapter::{Identity, Refusal, RefusalKind},
    process::{Progress, Task, fresh},
    runtime::{Artifact, Registry, Runtime, Workload},
};

/// How long a runtime may take to be found and made. It takes milliseconds, or a second where an image is built first.
const MAKING: Duration = Duration::from_secs(60);

/// A runtime of the [`Registry`] by its name, a workload and a temperature.
///
/// ```
/// use runtime_baseline::{Temperature, probe::{Described, Target}, runtime::Workload};
///
/// let described = Described::of("noop")?;
/// let target = Target::new("noop", Workload::ready(), Temperature::Warm);
/// assert!(described.holds && described.temperatures.contains(&target.temperature));
/// # Ok::<(), runtime_baseline::probe::ProbeError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Target {
    /// The runtime's name, as in [`Registry::subjects`].
    pub subject: String,
    /// What it runs.
    pub workload: Workload,
    /// What has been prepared.
    pub temperature: Temperature,
}

/// A runtime, and the workload as it takes it.
pub(super) type Prepared = (Box<dyn Runtime>, Box<dyn Artifact>);

impl Target {
    /// A target.
    #[must_use]
    pub fn new(subject: impl Into<String>, workload: Workload, temperature: Temperature) -> Self {
        Self { subject: subject.into(), workload, temperature }
    }

    /// Makes the runtime and prepares the workload, in the calling process.
    pub(super) fn prepare(&self, progress: &Progress) -> Result<Prepared, ProbeError> {
        progress.doing(format!("making {}", self.subject));
        let runtime = Registry::only(&self.subject)?;
        progress.doing(format!("preparing {}, {}, {}", self.subject, self.workload.name, self.temperature));
        let artifact = runtime.prepare(&self.workload, self.temperature)?;
        Ok((runtime, artifact))
    }

    /// The same, for a measurement of instances that stay.
    pub(super) fn prepare_to_hold(&self, progress: &Progress) -> Result<Prepared, ProbeError> {
        let (runtime, artifact) = self.prepare(progress)?;
        if runtime.holds() {
            return Ok((runtime, artifact));
        }
        Err(Refusal::new(
            &runtime.identity().subject,
            RefusalKind::NotSupported,
            "its processes end as soon as they are ready, so there is nothing to hold",
            "measure the same engine in process, or in a container",
        )
        .into())
    }
}

/// What a runtime says of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Described {
    /// Who it is.
    pub identity: Identity,
    /// At which temperatures it starts something.
    pub temperatures: Vec<Temperature>,
    /// Whether its instances stay until they are stopped.
    pub holds: bool,
}

impl Described {
    /// Asks a runtime in a fresh process, so that this one starts and loads nothing.
    ///
    /// # Errors
    /// [`ProbeError::Unavailable`] when it does not run here, [`ProbeError::UnknownSubject`] when there is none,
    /// [`ProbeError::Fresh`] when there is no answer.
    pub fn of(subject: &str) -> Result<Self, ProbeError> {
        Ok(fresh::measure(&Describe { subject: subject.to_owned() }, MAKING)?)
    }
}

/// The task behind [`Described::of`].
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Describe {
    subject: String,
}

impl Task for Describe {
    const NAME: &str = "describe";

    type Answer = Described;
    type Error = ProbeError;

    fn run(self, progress: &Progress) -> Result<Described, ProbeError> {
        progress.doing(format!("making {}", self.subject));
        let runtime = Registry::only(&self.subject)?;
        let (identity, temperatures) = (runtime.identity().clone(), runtime.temperatures().to_vec());
        Ok(Described { identity, temperatures, holds: runtime.holds() })
    }
}
