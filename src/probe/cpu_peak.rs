//! `cold_start_cpu_peak`: the highest share of the node's CPU capacity over any 10 ms window while a burst runs, from the
//! burst's own processes and not from the whole machine. Per cent of the node: 100 % are all CPUs that this process may
//! use.
//!
//! In a fresh process a thread reads the CPU time of everything but itself at a fine interval, from before the burst until
//! after its end. A window begins at each reading, and ends at the first that is 10 ms or more later: a burst that is over
//! sooner has a window with idle time in it. What serves the burst is in the figure, as are the threads that call the
//! starts and the workers that make containers.

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
    clock,
    helper::{
        fresh,
        task::{Progress, Task},
    },
    resource::cpu::{CpuClock, own_thread},
    runtime::Identity,
};

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
    fresh::measure(&Peak { target: target.clone(), concurrent, rounds, interval }, LIMIT)
}

/// The task behind [`cold_start_cpu_peak`].
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Peak {
    target: Target,
    concurrent: usize,
    rounds: u32,
    interval: Duration,
}

/// A reading of both clocks, in nanoseconds.
#[derive(Debug, Clone, Copy)]
struct Reading {
    at: u64,
    cpu: u64,
}

impl Task for Peak {
    const NAME: &str = "cold_start_cpu_peak";

    type Answer = CpuPeak;

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
            let mut cpu = CpuClock::open();
            // The scope waits for the thread, which waits for the channel's end.
            let give = give;
            let (runtime, artifact) = self.target.prepare(progress)?;
            cpu::seen(&cpu, runtime.identity())?;
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
                let sampled = results.recv().map_err(|_| ProbeError::Reading {
                    what: "CPU time",
                    source: std::io::Error::other("the thread that samples ended"),
                })?;
                burst?;
                let readings = sampled.readings.map_err(|source| ProbeError::Reading { what: "CPU time", source })?;
                peaks.push(highest(&readings));
                sampling.push(sampled.own_percent);
                intervals.extend(readings.windows(2).map(|pair| pair[1].at - pair[0].at));
                cpu = sampled.cpu;
            }
            intervals.sort_unstable();
            Ok(CpuPeak {
                identity: runtime.identity().clone(),
                settings: artifact.settings(),
                method: cpu.method().to_owned(),
                peaks,
                sampling: sampling.iter().sum::<f64>() / sampling.len().max(1) as f64,
                interval: intervals.get(intervals.len() / 2).copied().unwrap_or(0),
            })
        })
    }
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
        // A process's clock counts this thread as well.
        let excess = if cpu.sees_children() { 0 } else { now - own };
        match cpu.read() {
            Ok(time) => readings.push(Reading { at: clock::monotonic(), cpu: time.saturating_sub(excess) }),
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

/// The highest share of all CPUs over a window, in per cent.
fn highest(readings: &[Reading]) -> f64 {
    let cpus = thread::available_parallelism().map_or(1, |cpus| cpus.get()) as f64;
    let mut end = 0;
    let mut highest = 0.0_f64;
    for first in readings {
        while readings.get(end).is_some_and(|last| last.at < first.at + WINDOW) {
            end += 1;
        }
        let Some(last) = readings.get(end) else { break };
        let share = last.cpu.saturating_sub(first.cpu) as f64 / (last.at - first.at) as f64 / cpus;
        highest = highest.max(share * 100.0);
    }
    highest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share_of(readings: &[(u64, u64)]) -> f64 {
        let cpus = thread::available_parallelism().unwrap().get() as f64;
        let readings: Vec<_> =
            readings.iter().map(|(at, cpu)| Reading { at: at * 1_000_000, cpu: cpu * 1_000_000 }).collect();
        highest(&readings) * cpus
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
