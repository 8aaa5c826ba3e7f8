//! `cpu_baseline`: CPU time that idle, ready instances use over a second of wall time, as a share of one core, for each
//! instance. Per cent.
//!
//! In a fresh process, instances are started and left alone; the CPU time of the process and of all it started is read
//! before and after a span of sleep. What the harness itself uses, to fall asleep and to wake up, and what the host's own
//! threads use is in the figure: it is an **upper bound**, and never zero. A span without an instance says how much
//! of it that is.
//!
//! **Methods.** The kernel's task-clock event. Where it is refused, the account of a cgroup of the fresh process's own; where
//! this user may make none, the clocks of all its processes. These two know what runs at the instant of a reading to the
//! kernel's last tick, which is nothing to instances that sleep, and with the event they agree within 10 % over a second of
//! work. An idle instance whose process ends is an error.

use std::{collections::BTreeMap, io, thread, time::Duration};

use serde::{Deserialize, Serialize};

use super::{ProbeError, Target};
use crate::{
    adapter::Identity,
    clock,
    process::{Progress, Task, fresh},
    resource::cpu::{CpuClock, Way},
};

/// The best first. Idle instances seldom run at the instant of a reading, so that a tick is nothing beside a second.
const WAYS: [Way; 3] = [Way::Perf, Way::Group, Way::Processes];

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
/// [`ProbeError::Unavailable`] when the runtime does not run here or holds no instances; [`ProbeError::Fresh`] when the
/// measurement failed.
pub fn idle_cpu(target: &Target, instances: usize, span: Duration, spans: u32) -> Result<IdleCpu, ProbeError> {
    if instances == 0 || spans == 0 {
        return Err(ProbeError::Empty { what: "CPU time", of: "instance and one span" });
    }
    let limit = LIMIT + span.saturating_mul(spans.saturating_add(1));
    Ok(fresh::measure(&Idle { target: target.clone(), instances, span, spans, ways: WAYS.to_vec() }, limit)?)
}

/// The task behind [`idle_cpu`].
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Idle {
    target: Target,
    instances: usize,
    span: Duration,
    spans: u32,
    ways: Vec<Way>,
}

impl Task for Idle {
    const NAME: &str = "idle_cpu";

    type Answer = IdleCpu;
    type Error = ProbeError;

    fn run(self, progress: &Progress) -> Result<IdleCpu, ProbeError> {
        // Before anything is started, so that all of it inherits the event.
        let mut cpu = open(&self.ways)?;
        let (runtime, artifact) = self.target.prepare_to_hold(progress)?;
        let identity = runtime.identity().clone();
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
            method: cpu.method(),
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

pub(super) fn open(ways: &[Way]) -> Result<CpuClock, ProbeError> {
    CpuClock::open(ways).map_err(reading)
}

fn read(cpu: &mut CpuClock) -> Result<u64, ProbeError> {
    cpu.read().map_err(reading)
}

pub(super) fn reading(source: io::Error) -> ProbeError {
    ProbeError::Reading { what: "CPU time", source }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::{hint::black_box, process::Command};

    use procfs::{CurrentSI, KernelStats};

    use super::*;
    use crate::{Temperature, resource::cpu::own_thread, runtime::Workload};

    /// Every way at once, while a thread and a child work.
    #[derive(Debug, Serialize, Deserialize)]
    pub(crate) struct EveryWay;

    /// What each way counted, `None` where it is refused; and the least and the most that the processes can have taken
    /// meanwhile, since a busy machine lets them go on between the readings of one way and of the next.
    #[derive(Debug, Serialize, Deserialize)]
    pub(crate) struct Counted {
        ways: Vec<Option<u64>>,
        least: u64,
        most: u64,
        /// What the hypervisor gave to others meanwhile, on all CPUs. Perf events go on counting, the other clocks do not.
        stolen: u64,
    }

    fn stolen() -> u64 {
        let ticks = KernelStats::current().ok().and_then(|stats| stats.total.steal).unwrap_or(0);
        ticks * 1_000_000_000 / procfs::ticks_per_second()
    }

    const ALL: [Way; 4] = [Way::Perf, Way::Group, Way::Processes, Way::OwnProcess];

    /// What the thread takes, in nanoseconds.
    const WORK: u64 = 600_000_000;

    impl Task for EveryWay {
        const NAME: &str = "every_way";

        type Answer = Counted;
        type Error = ProbeError;

        fn run(self, _: &Progress) -> Result<Counted, ProbeError> {
            let mut around = open(&[Way::Processes])?;
            let mut clocks: Vec<_> = ALL.iter().map(|way| CpuClock::open(&[*way]).ok()).collect();
            let mut child = Command::new("sh").args(["-c", "while :; do :; done"]).spawn().map_err(reading)?;
            let mut read = || -> Result<(u64, Vec<Option<u64>>, u64), ProbeError> {
                let begin = read(&mut around)?;
                let each: Result<_, _> = clocks.iter_mut().map(|clock| clock.as_mut().map(read).transpose()).collect();
                Ok((begin, each?, read(&mut around)?))
            };
            let (before, stolen_before) = (read()?, stolen());
            let work = || {
                while own_thread() < WORK {
                    black_box(0);
                }
            };
            thread::spawn(work).join().expect("it does not panic");
            let after = read()?;
            child.kill().and_then(|()| child.wait()).map_err(reading)?;
            let ways = before.1.into_iter().zip(after.1).map(|(before, after)| Some(after? - before?)).collect();
            let stolen = stolen() - stolen_before;
            Ok(Counted { ways, least: after.0 - before.2, most: after.2 - before.0, stolen })
        }
    }

    #[test]
    fn the_ways_agree_and_one_sees_no_children() {
        let Counted { ways, least, most, stolen } = fresh::measure(&EveryWay, LIMIT).unwrap();
        let [perf, group, processes, own] = ways.try_into().unwrap();
        let (processes, own) = (processes.unwrap(), own.unwrap());
        assert!(own > WORK * 9 / 10 && own < WORK * 12 / 10, "{own} ns");
        // However busy the machine is, the child had its part.
        assert!(processes > own + 20_000_000, "{processes} ns, {own} ns");
        for (way, time, stolen) in [("perf events", perf, stolen), ("cgroup", group, 0)] {
            let Some(time) = time else {
                crate::need::skip(way, &"this user may not read it");
                continue;
            };
            // The processes' clocks are to a tick.
            let tick = processes / 10;
            let most = most + tick + stolen;
            assert!(time > least - tick && time < most, "{way}: {time} ns, the processes {least} to {most} ns");
        }
    }

    #[test]
    fn idle_time_is_told_in_every_way_that_is_not_refused() {
        for (subject, temperature) in [("noop", Temperature::Warm), ("container/scratch", Temperature::Cold)] {
            for way in WAYS {
                let target = Target::new(subject, Workload::ready(), temperature);
                let span = Duration::from_millis(200);
                match fresh::measure(&Idle { target, instances: 5, span, spans: 2, ways: vec![way] }, LIMIT)
                    .map_err(ProbeError::from)
                {
                    Ok(idle) => {
                        let spans = || idle.host.iter().chain(&idle.idle);
                        assert_eq!(spans().count(), 3);
                        assert!(spans().all(|span| span.cpu > 0 && span.percent() < 20.0), "{idle:?}");
                    }
                    Err(ProbeError::Unavailable(refusal)) => crate::need::skip(refusal.subject.as_str(), &refusal),
                    Err(ProbeError::Runtime(error)) => crate::need::skip(subject, &error),
                    // Only a machine that refuses the way: the last is never refused.
                    Err(error) => assert!(way != Way::Processes, "{error}"),
                }
            }
        }
    }

    #[test]
    fn the_first_way_that_is_there_is_taken() {
        // In a process that has no group of its own.
        let taken = |ways: &[Way]| CpuClock::open(ways).map(|clock| clock.way());
        assert_eq!(taken(&[Way::Group, Way::Processes, Way::OwnProcess]).unwrap(), Way::Processes);
        assert_eq!(taken(&[Way::OwnProcess, Way::Processes]).unwrap(), Way::OwnProcess);
        assert_eq!(taken(&[Way::Group]).unwrap_err().kind(), io::ErrorKind::NotFound);
        assert!(taken(&[]).is_err());
        assert_eq!(WAYS.last(), Some(&Way::Processes), "containers are seen whatever is refused");
    }

    #[test]
    fn who_ends_takes_its_time_along() {
        let mut clock = CpuClock::open(&[Way::Processes]).unwrap();
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        clock.read().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        let error = clock.read().unwrap_err();
        assert!(error.to_string().contains("ended"), "{error}");
    }
}
