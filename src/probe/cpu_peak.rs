//! `cold_start_cpu_peak`: the highest share of the node's CPU capacity over any 10 ms window while a burst runs, from the
//! burst's own processes and not from the whole machine. Per cent of the node: 100 % are all CPUs that this process may
//! use.
//!
//! In a fresh process a thread reads the CPU time of everything but itself at a fine interval, from before the burst until
//! after its end. A window begins at each reading, and ends at the first that is 10 ms or more later: a burst that is over
//! sooner has a window with idle time in it. What serves the burst is in the figure, as are the threads that call the
//! starts and the workers that make containers.
//!
//! **Methods.** The kernel's task-clock event, which is exact. Where it is refused, the account of a cgroup of the fresh
//! process's own, and where there is none the process's clock, which sees no container. These two advance while something
//! runs at the ticks of the kernel's timer alone, and what ran before a window may be counted in it: with ticks of 4 ms
//! they were seen to say 8 % more in the median of 30 bursts of containers that the event counted as well, 58 % at worst, and
//! a quarter more where a burst takes a millisecond. The method says how long a tick is; where it is longer than half a
//! window, the figure is [refused](crate::adapter::Refusal).

use std::{
    collections::BTreeMap,
    num::NonZeroU64,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    thread,
    time::Duration,
};

use serde::{Deserialize, Serialize};

use super::{ProbeError, Target, burst, cpu};
use crate::{
    Isolation,
    adapter::{Identity, Refusal, RefusalKind},
    clock,
    process::{Progress, Task, fresh},
    resource::cpu::{CpuClock, Way, own_thread, tick},
};

/// The best first.
const WAYS: [Way; 3] = [Way::Perf, Way::Group, Way::OwnProcess];

/// The window, in nanoseconds.
const WINDOW: u64 = 10_000_000;

/// How many times as long as its last turn took the thread sleeps at least, so that it takes less than 2 % of a core: a
/// reading adds up what hundreds of processes have used, and must not take their CPU.
const RESTRAINT: u64 = 60;

/// How long is sampled before and after a burst.
const MARGIN: Duration = Duration::from_millis(15);

/// How long all bursts together may take.
const LIMIT: Duration = Duration::from_secs(300);

/// What the bursts took.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CpuPeak {
    /// Of what.
    pub identity: Identity,
    /// The artifact's own settings.
    pub settings: BTreeMap<String, String>,
    /// How CPU time was read.
    pub method: String,
    /// The highest share of the node in each burst, in per cent, in the order of the bursts.
    pub peaks: Vec<f64>,
    /// What the thread that samples used itself while it did, as per cent of one core. It is in no peak.
    pub sampling: f64,
    /// The median time between two readings, in nanoseconds.
    pub interval: u64,
}

/// Measures in a fresh process: one burst that is not counted, then `rounds` of `concurrent` starts each, sampled every
/// `interval`, or as seldom as keeps sampling below 2 % of a core.
///
/// # Errors
/// [`ProbeError::Unavailable`] when the runtime does not run here, or the CPU time of its processes cannot be read;
/// [`ProbeError::Fresh`] when the measurement failed.
pub fn cold_start_cpu_peak(
    target: &Target,
    concurrent: usize,
    rounds: u32,
    interval: Duration,
) -> Result<CpuPeak, ProbeError> {
    if concurrent == 0 || rounds == 0 {
        return Err(ProbeError::Empty { what: "a CPU peak", of: "burst of one start" });
    }
    Ok(fresh::measure(&Peak { target: target.clone(), concurrent, rounds, interval, ways: WAYS.to_vec() }, LIMIT)?)
}

/// The task behind [`cold_start_cpu_peak`].
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Peak {
    target: Target,
    concurrent: usize,
    rounds: u32,
    interval: Duration,
    ways: Vec<Way>,
}

/// CPU time, read at an instant between two others: the thread that reads may be made to wait in the middle. Nanoseconds.
#[derive(Debug, Clone, Copy)]
struct Reading {
    after: u64,
    before: u64,
    cpu: u64,
}

impl Task for Peak {
    const NAME: &str = "cold_start_cpu_peak";

    type Answer = CpuPeak;
    type Error = ProbeError;

    fn run(self, progress: &Progress) -> Result<CpuPeak, ProbeError> {
        let stop = AtomicBool::new(false);
        let (give, take) = std::sync::mpsc::channel::<CpuClock>();
        let (back, results) = std::sync::mpsc::channel::<Sampled>();
        thread::scope(|scope| {
            // Started before the event is opened: what samples is not sampled.
            let stop = &stop;
            let interval = self.interval;
            scope.spawn(move || {
                let _ = rustix::thread::set_current_timer_slack(NonZeroU64::new(1));
                while let Ok(cpu) = take.recv() {
                    if back.send(sample(cpu, interval, stop)).is_err() {
                        break;
                    }
                }
            });
            let mut cpu = cpu::open(&self.ways)?;
            // The scope waits for the thread, which waits for the channel's end.
            let give = give;
            let (runtime, artifact) = self.target.prepare(progress)?;
            seen(cpu.way(), tick(), runtime.identity())?;
            progress.doing("a first burst");
            burst(artifact.as_ref(), self.concurrent)?;
            let (mut peaks, mut sampling, mut intervals) = (Vec::new(), Vec::new(), Vec::new());
            for round in 1..=self.rounds {
                progress.doing(format!("burst {round} of {}", self.rounds));
                stop.store(false, Relaxed);
                let _ = give.send(cpu);
                thread::sleep(MARGIN);
                let burst = burst(artifact.as_ref(), self.concurrent);
                thread::sleep(MARGIN);
                stop.store(true, Relaxed);
                let sampled =
                    results.recv().map_err(|_| cpu::reading(std::io::Error::other("the thread that samples ended")))?;
                burst?;
                let readings = sampled.readings.map_err(cpu::reading)?;
                let peak = highest(&readings);
                // What is above all CPUs was used before the window, and counted at a tick in it.
                peaks.push(if sampled.cpu.way() == Way::Perf { peak } else { peak.min(100.0) });
                sampling.push(sampled.own_percent);
                intervals.extend(readings.windows(2).map(|pair| pair[1].after - pair[0].after));
                cpu = sampled.cpu;
            }
            intervals.sort_unstable();
            Ok(CpuPeak {
                identity: runtime.identity().clone(),
                settings: artifact.settings(),
                method: cpu.method(),
                peaks,
                sampling: sampling.iter().sum::<f64>() / sampling.len().max(1) as f64,
                interval: intervals.get(intervals.len() / 2).copied().unwrap_or(0),
            })
        })
    }
}

/// Refuses what this way cannot tell.
fn seen(way: Way, tick: u64, identity: &Identity) -> Result<(), ProbeError> {
    let reason = match (way, identity.isolation) {
        (Way::Perf, _) => return Ok(()),
        _ if tick > WINDOW / 2 => {
            format!("perf events are refused, and this kernel counts CPU time once in {} ms", tick / 1_000_000)
        }
        (Way::Group, _) | (Way::OwnProcess, Isolation::None | Isolation::InProcess) => return Ok(()),
        _ => "perf events are refused, and this user may make no cgroup that counts a container's CPU time".to_owned(),
    };
    let remedy = "run as root or with CAP_PERFMON (in a container: --cap-add PERFMON), set kernel.perf_event_paranoid to \
                  2 or less, or run in a cgroup that was handed to this user: systemd-run --user --scope -p Delegate=yes";
    Err(Refusal::new(&identity.subject, RefusalKind::NotPermitted, reason, remedy).into())
}

/// What the thread that samples brings back, the clock with it.
struct Sampled {
    cpu: CpuClock,
    readings: std::io::Result<Vec<Reading>>,
    own_percent: f64,
}

fn sample(mut cpu: CpuClock, interval: Duration, stop: &AtomicBool) -> Sampled {
    // What a second of bursts needs; more is made as it is needed.
    let mut readings = Vec::with_capacity(1 << 12);
    let (begun, own) = (clock::monotonic(), own_thread());
    let mut last = own;
    let error = loop {
        // Since the last turn, waking up included.
        let now = own_thread();
        let pause = Duration::from_nanos((now - last).saturating_mul(RESTRAINT));
        last = now;
        // All but the event count this thread as well.
        let excess = if cpu.way() == Way::Perf { 0 } else { now - own };
        let after = clock::monotonic();
        match cpu.read() {
            Ok(time) => {
                readings.push(Reading { after, before: clock::monotonic(), cpu: time.saturating_sub(excess) });
            }
            Err(error) => break Some(error),
        }
        if stop.load(Relaxed) {
            break None;
        }
        thread::sleep(interval.max(pause));
    };
    let (used, elapsed) = (own_thread() - own, clock::monotonic() - begun);
    let own_percent = used as f64 / elapsed.max(1) as f64 * 100.0;
    Sampled { cpu, readings: error.map_or(Ok(readings), Err), own_percent }
}

/// The highest share of all CPUs over a window, in per cent. A window is never taken for shorter than it was.
fn highest(readings: &[Reading]) -> f64 {
    let cpus = thread::available_parallelism().map_or(1, |cpus| cpus.get()) as f64;
    let mut end = 0;
    let mut highest = 0.0_f64;
    for (i, first) in readings.iter().enumerate() {
        end = end.max(i + 1);
        while readings.get(end).is_some_and(|last| last.before < first.after + WINDOW) {
            end += 1;
        }
        let Some(last) = readings.get(end) else { break };
        let share = last.cpu.saturating_sub(first.cpu) as f64 / (last.before - first.after) as f64 / cpus;
        highest = highest.max(share * 100.0);
    }
    highest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share_of(readings: &[(u64, u64)]) -> f64 {
        let cpus = thread::available_parallelism().unwrap().get() as f64;
        let reading = |(at, cpu): &(u64, u64)| {
            let (at, cpu) = (at * 1_000_000, cpu * 1_000_000);
            Reading { after: at, before: at, cpu }
        };
        highest(&readings.iter().map(reading).collect::<Vec<_>>()) * cpus
    }

    #[test]
    fn a_group_sees_the_burst_of_containers() {
        let cpus = thread::available_parallelism().unwrap().get() as f64;
        for (subject, temperature, least) in [
            ("noop", crate::Temperature::Warm, 0.0),
            // A fifth of one core over 10 ms: ten containers take milliseconds each.
            ("container/scratch", crate::Temperature::Cold, 20.0 / cpus),
        ] {
            let target = Target::new(subject, crate::runtime::Workload::ready(), temperature);
            let interval = Duration::from_millis(1);
            let ways = vec![Way::Group, Way::OwnProcess];
            match fresh::measure(&Peak { target, concurrent: 10, rounds: 2, interval, ways }, LIMIT)
                .map_err(ProbeError::from)
            {
                Ok(found) => {
                    assert!(found.method.contains("tick of"), "{found:?}");
                    assert!(found.peaks.iter().all(|peak| *peak > least && *peak <= 100.0), "{found:?}");
                }
                Err(ProbeError::Unavailable(refusal)) => crate::need::skip(refusal.subject.as_str(), &refusal),
                Err(ProbeError::Runtime(error)) => crate::need::skip(subject, &error),
                Err(other) => panic!("{other}"),
            }
        }
    }

    #[test]
    fn what_no_way_tells_is_refused_with_what_to_do() {
        let identity = |isolation| {
            let component = crate::Component::new("x", "1").unwrap();
            Identity::new("x".parse().unwrap(), component, isolation)
        };
        let refusal = |way, tick_ms: u64, isolation| match seen(way, tick_ms * 1_000_000, &identity(isolation)) {
            Ok(()) => None,
            Err(ProbeError::Unavailable(refusal)) => {
                assert!(refusal.remedy.contains("CAP_PERFMON") && refusal.remedy.contains("Delegate"), "{refusal}");
                Some(refusal.reason)
            }
            Err(other) => panic!("{other}"),
        };
        for isolation in [Isolation::InProcess, Isolation::Container] {
            assert_eq!(refusal(Way::Perf, 10, isolation), None);
            assert_eq!(refusal(Way::Group, 4, isolation), None);
            for way in [Way::Group, Way::OwnProcess] {
                assert!(refusal(way, 10, isolation).unwrap().contains("once in 10 ms"));
            }
        }
        assert_eq!(refusal(Way::OwnProcess, 4, Isolation::InProcess), None);
        assert!(refusal(Way::OwnProcess, 4, Isolation::WasmInContainer).unwrap().contains("no cgroup"));
    }

    #[test]
    fn a_reader_that_was_made_to_wait_makes_no_window_shorter() {
        let cpus = thread::available_parallelism().unwrap().get() as f64;
        // Read at 0, and 20 ms later the clock; at 30 one core was busy all the time.
        let readings = [
            Reading { after: 0, before: 20_000_000, cpu: 0 },
            Reading { after: 30_000_000, before: 30_000_000, cpu: 30_000_000 },
        ];
        assert_eq!(highest(&readings) * cpus, 100.0);
    }

    #[test]
    fn the_highest_window_counts_and_none_is_shorter() {
        // One core for 10 ms, from 20 to 30.
        assert_eq!(share_of(&[(0, 0), (10, 0), (20, 0), (30, 10), (40, 10)]), 100.0);
        // The same work within 2 ms is a fifth of a core over 10.
        assert_eq!(share_of(&[(0, 0), (10, 0), (12, 2), (20, 2), (30, 2)]), 20.0);
        // A reading that came late makes its window longer, not its share higher.
        assert_eq!(share_of(&[(0, 0), (40, 10)]), 25.0);
        assert_eq!(share_of(&[(0, 0), (5, 5)]), 0.0, "no window at all");
        assert_eq!(share_of(&[]), 0.0);
    }
}
