//! Fills in fresh processes: what a process did before is in no slope, and what kills one that fills is an error here.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use serde::{Deserialize, Serialize};

use super::{Budget, Density, Gauge, density_while};
use crate::{
    adapter::Identity,
    probe::{ProbeError, Target},
    process::{Progress, Task, fresh::Fresh},
};

/// How long a runtime may take until it is prepared: images are built, and WasmEdge compiles.
const PREPARING: Duration = Duration::from_secs(120);

/// How long a fill may take beyond the time in its budget, or in all where that has none: some hundred starts a second make
/// tens of thousands. So long may the look at all of them and the teardown take, too.
const LIMIT: Duration = Duration::from_secs(900);

/// A fill in fresh processes: with what, how far, and in how many.
///
/// ```
/// use runtime_baseline::{Temperature, probe::{Budget, Fill, Target, fill}, runtime::Workload};
///
/// let target = Target::new("noop", Workload::ready(), Temperature::Warm);
/// let filled = fill(&Fill::new(target, Budget::default().count(1_000)).processes(2))?;
/// assert_eq!((filled.density.ready, filled.density.stopped_by.to_string().as_str()), (1_000, "budget: count"));
/// # Ok::<(), runtime_baseline::probe::ProbeError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fill {
    target: Target,
    budget: Budget,
    processes: usize,
    group: Option<PathBuf>,
}

impl Fill {
    /// In one process.
    #[must_use]
    pub fn new(target: Target, budget: Budget) -> Self {
        Self { target, budget, processes: 1, group: None }
    }

    /// In so many processes at the same time, at least one. They have equal parts of the budget's count and memory; time and
    /// threads are those of each.
    #[must_use]
    pub fn processes(mut self, processes: usize) -> Self {
        self.processes = processes.max(1);
        self
    }

    /// In the cgroup with this directory, and so within its limits.
    #[must_use]
    pub fn in_group(mut self, directory: impl Into<PathBuf>) -> Self {
        self.group = Some(directory.into());
        self
    }
}

/// What a fill in fresh processes came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Filled {
    /// Whose instances.
    pub identity: Identity,
    /// The artifact's own settings.
    pub settings: BTreeMap<String, String>,
    /// How many, how fast, and what ended it.
    pub density: Density,
}

/// Fills in fresh processes. All are prepared before the first start, and all instances live until the last process has
/// filled.
///
/// # Errors
/// [`ProbeError::Unavailable`] when the runtime does not run here or holds no instances; [`ProbeError::Fresh`] when a process
/// failed or was killed, with [`OutOfMemory`](super::super::FreshError::OutOfMemory) when the kernel did it for want of
/// memory. What one process started, and the others, is gone then.
pub fn fill(fill: &Fill) -> Result<Filled, ProbeError> {
    // None has nothing to start.
    let processes = fill.processes.min(fill.budget.count.unwrap_or(usize::MAX)).max(1);
    let share = |number| Share { target: fill.target.clone(), budget: fill.budget.part(processes, number), processes };
    let limit = LIMIT.saturating_add(fill.budget.time.unwrap_or_default());
    let begun = (0..processes).map(|number| Fresh::begin(&share(number), fill.group.as_deref()));
    let mut filling = begun.collect::<Result<Vec<_>, _>>()?;
    for stage in [PREPARING, limit] {
        filling.iter_mut().try_for_each(|process| process.stage(stage))?;
        filling.iter_mut().for_each(Fresh::go_on);
    }
    let filled = filling.into_iter().map(|process| process.answer(limit)).collect::<Result<Vec<_>, _>>()?;
    let densities: Vec<Density> = filled.iter().map(|filled| filled.density.clone()).collect();
    let density = Density::together(&densities).map(|density| Density { budget: fill.budget, ..density });
    let whole = density.zip(filled.into_iter().next()).map(|(density, first)| Filled { density, ..first });
    whole.ok_or(ProbeError::Empty { what: "a fill", of: "process" })
}

/// The task behind [`fill`]: one process's part.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Share {
    target: Target,
    budget: Budget,
    /// How many have a part.
    processes: usize,
}

impl Task for Share {
    const NAME: &str = "density";

    type Answer = Filled;
    type Error = ProbeError;

    fn run(self, progress: &Progress) -> Result<Filled, ProbeError> {
        let (runtime, artifact) = self.target.prepare_to_hold(progress)?;
        // Where this process is not accounted apart, what it reads has the others' memory in it.
        let own = Gauge::of_this_process().is_own();
        let budget = if own { self.budget.part_of_memory(self.processes) } else { self.budget };
        let to_go_on = |source| ProbeError::Reading { what: "the word to go on", source };
        progress.wait().map_err(to_go_on)?;
        progress.doing(format!("filling with {}", self.target.subject));
        let hold = |live| {
            progress.doing(format!("holding {live} instances of {}", self.target.subject));
            let told = progress.wait();
            progress.doing(format!("looking at {live} instances of {} and stopping them", self.target.subject));
            told
        };
        let mut told = Ok(());
        let density = density_while(artifact.as_ref(), budget, |live| told = hold(live))?;
        told.map_err(to_go_on)?;
        let identity = runtime.identity().clone();
        Ok(Filled { identity, settings: artifact.settings(), density })
    }
}
