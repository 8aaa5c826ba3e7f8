//! One control plane from its start to its end.

use std::{io, thread, time::Duration};

use procfs::process::Process;

use super::fill;
use crate::{
    clock,
    cluster::{ControlPlane, LiveControlPlane, Started},
    probe::ProbeError,
    resource::{
        memory::{Usage, descendants, failed},
        process_clock,
    },
};

/// When a control plane is looked at, counted from the instant at which all of it was ready. Programs that idle give memory back
/// for minutes, so figures of different ages are not of the same thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// From here on its CPU time is counted.
    pub idle_from: Duration,
    /// To here; and then its memory is read.
    pub age: Duration,
}

/// What one control plane showed.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Observed {
    /// When its components were started, and ready.
    pub started: Vec<Started>,
    /// What its processes held at that age, by the name of each.
    pub held: Vec<(&'static str, Held)>,
    /// What they held when it had been given objects, and had that age again since the last.
    pub filled: Option<Vec<(&'static str, Held)>>,
    /// CPU time of all its processes while it idled, in nanoseconds.
    pub cpu: u64,
    /// How long that was, in nanoseconds.
    pub wall: u64,
}

/// Memory of a process, and of those that it started, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// Proportional set size.
    pub pss: u64,
    /// Of that, what no file backs. The kernel may drop the rest, and read it again.
    pub anonymous: u64,
}

impl Observed {
    /// `control_plane_startup`: from the start of the first process until all is ready, in nanoseconds.
    #[must_use]
    pub fn startup(&self) -> u64 {
        let began = self.started.iter().map(|started| started.began).min().unwrap_or_default();
        let ready = self.started.iter().map(|started| started.ready).max().unwrap_or_default();
        ready.saturating_sub(began)
    }

    /// `cpu_baseline`: in per cent of one core.
    #[must_use]
    pub fn percent(&self) -> f64 {
        self.cpu as f64 / self.wall.max(1) as f64 * 100.0
    }
}

/// `control_plane_memory` is the sum.
#[must_use]
pub fn sum(held: &[(&'static str, Held)]) -> Held {
    let of = |part: fn(&Held) -> u64| held.iter().map(|(_, held)| part(held)).sum();
    Held { pss: of(|held| held.pss), anonymous: of(|held| held.anonymous) }
}

/// Starts one, leaves it alone, reads what it holds, sees that it still is what it was, and ends it.
///
/// # Errors
/// [`ProbeError::Cluster`] when it does not start, or ended meanwhile; [`ProbeError::Reading`] when the kernel does not tell.
pub fn observe(plane: &dyn ControlPlane, times: Times) -> Result<Observed, ProbeError> {
    observe_filled(plane, times, 0)
}

/// The same, and what it holds when it has so many objects, as [`fill`](super::fill()) makes them.
///
/// # Errors
/// As of [`observe`]; and [`ProbeError::Stored`] when it has not as many as it took.
pub fn observe_filled(plane: &dyn ControlPlane, times: Times, objects: u64) -> Result<Observed, ProbeError> {
    let live = plane.start()?;
    let ready = live.started().iter().map(|started| started.ready).max().unwrap_or_else(clock::monotonic);
    wait_until(ready, times.idle_from);
    let (begin, before) = (clock::monotonic(), cpu(live.as_ref())?);
    wait_until(ready, times.age);
    let (end, after) = (clock::monotonic(), cpu(live.as_ref())?);
    let held = memory(live.as_ref())?;
    is_what_it_was(live.as_ref())?;
    let mut filled = None;
    if objects > 0 {
        fill(live.as_ref(), objects)?;
        wait_until(clock::monotonic(), times.age);
        filled = Some(memory(live.as_ref())?);
        is_what_it_was(live.as_ref())?;
    }
    let started = live.started().to_vec();
    live.stop()?;
    Ok(Observed { started, held, filled, cpu: after.saturating_sub(before), wall: end.saturating_sub(begin) })
}

fn wait_until(from: u64, age: Duration) {
    let over = Duration::from_nanos(clock::monotonic().saturating_sub(from));
    thread::sleep(age.saturating_sub(over));
}

/// Outside of all that is measured: it answers, and it made what every cluster has.
fn is_what_it_was(live: &dyn LiveControlPlane) -> Result<(), ProbeError> {
    live.check()?;
    const PATH: &str = "/api/v1/namespaces/kube-system";
    let answer = live.ask("GET", PATH, None)?;
    if answer.status != 200 {
        let (found, expected) = (format!("status {}", answer.status), "a namespace".to_owned());
        return Err(ProbeError::Stored { key: PATH.to_owned(), found, expected });
    }
    Ok(())
}

pub(super) fn memory(live: &dyn LiveControlPlane) -> Result<Vec<(&'static str, Held)>, ProbeError> {
    let of = |(name, pid)| {
        let usage = Usage::of_tree(pid).map_err(|source| gone(live, "memory of a process", source))?;
        Ok((name, Held { pss: usage.pss, anonymous: usage.anonymous }))
    };
    live.processes().into_iter().map(of).collect()
}

/// What a process alone holds.
#[cfg(feature = "cluster")]
pub(super) fn memory_of(pid: u32) -> io::Result<Held> {
    let usage = Usage::of_process(pid)?;
    Ok(Held { pss: usage.pss, anonymous: usage.anonymous })
}

fn cpu(live: &dyn LiveControlPlane) -> Result<u64, ProbeError> {
    let of = |pid: u32| -> io::Result<u64> {
        Process::new(pid as i32).map_err(failed)?;
        let below = descendants(pid as i32)?;
        // One that ended meanwhile takes its time along.
        let below = below.iter().filter_map(|process| process_clock::of(process.pid).ok()).sum::<u64>();
        Ok(process_clock::of(pid as i32)? + below)
    };
    let all = live.processes().into_iter().map(|(_, pid)| of(pid));
    all.sum::<io::Result<u64>>().map_err(|source| gone(live, "CPU time of a process", source))
}

/// A process that cannot be read may have ended: then that is why.
fn gone(live: &dyn LiveControlPlane, what: &'static str, source: io::Error) -> ProbeError {
    live.check().map_or_else(ProbeError::from, |()| ProbeError::Reading { what, source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn startup_is_from_the_first_start_to_the_last_ready() {
        let of = |component, began, ready| Started { component, began, ready };
        let held = |pss, anonymous| Held { pss, anonymous };
        let observed = Observed {
            started: vec![
                of("store", 100, 150),
                of("api", 160, 900),
                of("manager", 901, 1500),
                of("scheduler", 902, 1400),
            ],
            held: vec![("store", held(5, 3)), ("api", held(50, 30))],
            filled: None,
            cpu: 50,
            wall: 1000,
        };
        assert_eq!(observed.startup(), 1400);
        assert!((observed.percent() - 5.0).abs() < 1e-9);
        assert_eq!(sum(&observed.held), held(55, 33));
        let nothing = Observed { started: Vec::new(), wall: 0, cpu: 0, ..observed };
        assert_eq!((nothing.startup(), nothing.percent()), (0, 0.0));
    }
}
