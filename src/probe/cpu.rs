//! `cpu_baseline`: CPU time that idle, ready instances use over a second of wall time, as a share of one core, for each
//! instance. Per cent.
//!
//! In a fresh process, instances are started and left alone; the CPU time of the process and of all it started is read
//! before and after a span of sleep. What the harness itself uses, to fall asleep and to wake up, and what the host's own
//! threads use is in the figure: it is an **upper bound**, and never zero. A span without an instance says how much
//! of it that is.

use std::{collections::BTreeMap, thread, time::Duration};

use serde::{Deserialize, Serialize};

use super::{ProbeError, Target};
use crate::{
    Isolation, clock,
    helper::{
        fresh,
        task::{Progress, Task},
    },
    resource::cpu::CpuClock,
    runtime::{Identity, Unavailable},
};

/// How long what a start left to do may take before the instances are idle.
const SETTLE: Duration = Duration::from_millis(50);

/// How long starting and stopping may take besides the spans.
const LIMIT: Duration = Duration::from_secs(120);

/// CPU time over one span of wall time, both in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CpuSpan {
    /// CPU time used.
    pub cpu: u64,
    /// How long the span was.
    pub wall: u64,
}

impl CpuSpan {
    /// The share of one core, in per cent.
    #[must_use]
    pub fn percent(self) -> f64 {
        self.cpu as f64 / self.wall.max(1) as f64 * 100.0
    }
}

/// What idle instances used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct IdleCpu {
    /// Whose instances.
    pub identity: Identity,
    /// The artifact's own settings.
    pub settings: BTreeMap<String, String>,
    /// How CPU time was read.
    pub method: String,
    /// How many instances were idle.
    pub instances: u64,
    /// With no instance: the host and the harness.
    pub host: Option<CpuSpan>,
    /// With the instances.
    pub idle: Vec<CpuSpan>,
}

impl IdleCpu {
    /// An upper bound of what each instance used in each span, as per cent of a core, ascending.
    #[must_use]
    pub fn percent_each(&self) -> Vec<f64> {
        let mut shares: Vec<_> = self.idle.iter().map(|span| span.percent() / self.instances.max(1) as f64).collect();
        shares.sort_by(f64::total_cmp);
        shares
    }
}

/// Measures in a fresh process: one span of `span` without an instance, and `spans` with `instances` of them.
///
/// # Errors
/// [`ProbeError::Unavailable`] when the runtime does not run here or holds no instances, or the CPU time of its processes
/// cannot be read; [`ProbeError::Fresh`] when the measurement failed.
pub fn idle_cpu(target: &Target, instances: usize, span: Duration, spans: u32) -> Result<IdleCpu, ProbeError> {
    if instances == 0 || spans == 0 {
        return Err(ProbeError::Empty { what: "CPU time", of: "instance and one span" });
    }
    let limit = LIMIT + span.saturating_mul(spans.saturating_add(1));
    fresh::measure(&Idle { target: target.clone(), instances, span, spans }, limit)
}

/// The task behind [`idle_cpu`].
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Idle {
    target: Target,
    instances: usize,
    span: Duration,
    spans: u32,
}

impl Task for Idle {
    const NAME: &str = "idle_cpu";

    type Answer = IdleCpu;

    fn run(self, progress: &Progress) -> Result<IdleCpu, ProbeError> {
        // Before anything is started, so that all of it inherits the event.
        let mut cpu = CpuClock::open();
        let (runtime, artifact) = self.target.prepare_to_hold(progress)?;
        let identity = runtime.identity().clone();
        seen(&cpu, &identity)?;
        artifact.reserve_live(self.instances, 1)?;
        progress.doing("idling without an instance");
        let host = self.spans(&mut cpu, 1)?;
        progress.doing(format!("starting {} instances", self.instances));
        let instances = (0..self.instances).map(|_| artifact.start()).collect::<Result<Vec<_>, _>>()?;
        progress.doing(format!("idling with {} instances", self.instances));
        let idle = self.spans(&mut cpu, self.spans)?;
        progress.doing(format!("stopping {} instances", self.instances));
        instances.into_iter().try_for_each(|instance| instance.stop())?;
        Ok(IdleCpu {
            identity,
            settings: artifact.settings(),
            method: cpu.method().to_owned(),
            instances: self.instances as u64,
            host: host.first().copied(),
            idle,
        })
    }
}

impl Idle {
    fn spans(&self, cpu: &mut CpuClock, spans: u32) -> Result<Vec<CpuSpan>, ProbeError> {
        thread::sleep(SETTLE);
        (0..spans)
            .map(|_| {
                let (begin, before) = (clock::monotonic(), read(cpu)?);
                thread::sleep(self.span);
                let (end, after) = (clock::monotonic(), read(cpu)?);
                Ok(CpuSpan { cpu: after.saturating_sub(before), wall: end.saturating_sub(begin) })
            })
            .collect()
    }
}

pub(super) fn read(cpu: &mut CpuClock) -> Result<u64, ProbeError> {
    cpu.read().map_err(|source| ProbeError::Reading { what: "CPU time", source })
}

/// Refuses a runtime whose processes the clock does not see.
pub(super) fn seen(cpu: &CpuClock, identity: &Identity) -> Result<(), ProbeError> {
    if cpu.sees_children() || matches!(identity.isolation, Isolation::None | Isolation::InProcess) {
        return Ok(());
    }
    Err(Unavailable {
        subject: identity.subject.clone(),
        reason: "perf events are refused, and nothing else tells the CPU time of a container's processes finely enough"
            .to_owned(),
        remedy: "run as root or with CAP_PERFMON, or set kernel.perf_event_paranoid to 2 or less".to_owned(),
    }
    .into())
}
