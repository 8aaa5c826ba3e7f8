//! `engine_memory`: what one more loaded policy engine adds, and the peak while the first one is loaded. Bytes.
//!
//! As [`memory_baseline`](super::memory), with engines of one policy in place of instances. Each is loaded and has taken its
//! first decision, which is checked: what a decision leaves behind is held by every engine that works. What the engines of
//! one policy share, such as a compiled module, is the host's. An engine that is a server is a process, and counted with
//! the others.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{
    MemoryGrowth, ProbeError, decide,
    evaluation::check,
    memory::fill,
    peak::{Found, Span},
};
use crate::{
    adapter::{Limits, Refusal, RefusalKind},
    policy::{Evaluator, Loader, Policy, PolicyForm, Registry},
    process::{Progress, Task, fresh},
    resource::charge::Charge,
};

/// How long loading may take: far longer than the largest policy that makes sense.
const LIMIT: Duration = Duration::from_secs(300);

/// Memory against loaded engines.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct EngineMemory {
    /// The points, with engines for instances.
    pub growth: MemoryGrowth,
    /// The peak while the first engine was loaded and decided, above what was in use before, in bytes.
    pub peak: u64,
    /// How the peak was read.
    pub peak_method: String,
}

/// Measures in a fresh process: engines of one of the project's own policies, by its name.
///
/// # Errors
/// [`ProbeError::Unavailable`] when the engine does not run here or holds nothing, [`ProbeError::Fresh`] when the policy or
/// the form is not one of its own or the measurement failed.
pub fn engine_memory(
    subject: &str,
    policy: &str,
    form: PolicyForm,
    counts: &[usize],
) -> Result<EngineMemory, ProbeError> {
    let (subject, policy, counts) = (subject.to_owned(), policy.to_owned(), counts.to_vec());
    Ok(fresh::measure(&Engines { subject, policy, form, counts }, LIMIT)?)
}

/// The task behind [`engine_memory`].
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Engines {
    subject: String,
    policy: String,
    form: PolicyForm,
    counts: Vec<usize>,
}

impl Task for Engines {
    const NAME: &str = "engine_memory";

    type Answer = EngineMemory;
    type Error = ProbeError;

    fn run(self, progress: &Progress) -> Result<EngineMemory, ProbeError> {
        progress.doing(format!("making {}", self.subject));
        let engine = Registry::only(&self.subject)?;
        if !engine.holds() {
            return Err(Refusal::new(
                &engine.identity().subject,
                RefusalKind::NotSupported,
                "each decision is a process of its own, so there is nothing to hold",
                "measure the same engine as a server",
            )
            .into());
        }
        progress.doing(format!("preparing {}, {}", self.subject, self.policy));
        let policy = Policy::by_name(&self.policy)?;
        let loader = engine.prepare(&policy, self.form, Limits::default())?;
        let charge = Charge::of_own_group();
        let mut first = None;
        let load = || {
            if first.is_some() {
                return loaded(loader.as_ref(), &policy);
            }
            let mut span = Span::prepare(engine.identity())?;
            span.begin()?;
            let loaded = loaded(loader.as_ref(), &policy)?;
            span.end()?;
            first = Some(span.found()?);
            Ok(loaded)
        };
        let (points, engines) = fill(&self.counts, charge.as_ref(), progress, load)?;
        drop(engines);
        let Found { method: peak_method, bytes: peak, .. } =
            first.ok_or(ProbeError::Empty { what: "an engine's memory", of: "engine" })?;
        let growth = MemoryGrowth::new(engine.identity().clone(), charge.as_ref(), points);
        Ok(EngineMemory { growth, peak, peak_method })
    }
}

/// An engine that has decided once, and right.
fn loaded(loader: &dyn Loader, policy: &Policy) -> Result<Box<dyn Evaluator>, ProbeError> {
    let case =
        policy.cases.first().ok_or(ProbeError::Empty { what: "an engine's memory", of: "case of its policy" })?;
    let mut engine = loader.load()?;
    let (_, decision) = decide(engine.as_mut(), &case.input)?;
    check(policy, case, &decision)?;
    Ok(engine)
}
