//! The fill: start, look, stop. A child process may be bound to the thread that made it, so each thread keeps what it
//! started, looks at it, and stops it.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    thread,
};

use super::{Bound, Budget, Density, Gauge, Stop, meter::Meter};
use crate::{
    clock,
    probe::{
        ProbeError,
        gate::{Gate, join},
        startup::started,
    },
    runtime::{Artifact, Instance, Resource, RuntimeError},
};

/// Where the budget names no number of instances, room is asked for so many, and for less where that is too much.
const ROOM: usize = 1 << 17;

/// Less than any instance was seen to take, in bytes: 9.0 KiB of one in a dense pool of Wasmtime.
const LEAST: u64 = 8 << 10;

/// Starts instances until the budget is used up or a start is refused, looks whether each is still alive, and stops them.
///
/// ```
/// use runtime_baseline::{
///     Temperature,
///     probe::{Bound, Budget, Stop, density},
///     runtime::{Runtime, Workload, noop::Noop},
/// };
///
/// let artifact = Noop::new().prepare(&Workload::ready(), Temperature::Warm)?;
/// let density = density(artifact.as_ref(), Budget::default().count(1_000))?;
/// assert_eq!((density.ready, density.stopped_by), (1_000, Stop::Budget(Bound::Count)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`ProbeError`] when an instance that was alive does not stop well. A start that is refused is the fill's end, be it the
/// first, and no error.
pub fn density(artifact: &dyn Artifact, budget: Budget) -> Result<Density, ProbeError> {
    density_while(artifact, budget, |_| {})
}

/// The same, with something done while all of them live: `meanwhile` is given their number. What it does is in no figure.
///
/// # Errors
/// As [`density`].
pub fn density_while(
    artifact: &dyn Artifact,
    budget: Budget,
    meanwhile: impl FnOnce(usize),
) -> Result<Density, ProbeError> {
    if budget.count == Some(0) {
        return Err(ProbeError::Empty { what: "a fill", of: "instance in its budget" });
    }
    let threads = budget.thread_count().min(budget.count.unwrap_or(usize::MAX));
    let gauge = Gauge::of_this_process();
    let kills = gauge.kills();
    if budget.memory.is_some() && gauge.read().is_none() {
        // No budget is kept that cannot be read.
        let source = io::ErrorKind::InvalidData.into();
        return Err(RuntimeError::Io { path: "/proc/meminfo".into(), source }.into());
    }
    let meter = Meter::new(gauge.clone(), budget.memory);
    // Room for more than a budget of memory holds would itself use that up.
    let held = budget.memory.map_or(usize::MAX, |memory| usize::try_from(memory / LEAST).unwrap_or(usize::MAX));
    let short = reserve(artifact, budget.count.unwrap_or(ROOM).min(held.max(threads)), threads);
    let filling = Filling {
        artifact,
        budget,
        meter,
        tickets: AtomicUsize::new(0),
        live: AtomicUsize::new(0),
        over: AtomicBool::new(false),
        bound: Mutex::new(None),
        failed: Mutex::new(None),
    };
    let Outcome { begun, mut ready_after, died, check, teardown } = filling.run(threads, meanwhile)?;
    let (memory, held) = filling.meter.end();
    let taken = |slot: Mutex<Option<Stop>>| slot.into_inner().unwrap_or_else(PoisonError::into_inner);
    let stopped_by = match (taken(filling.failed), taken(filling.bound)) {
        // A pool that could not be made as large as it was asked for says why.
        (Some(Stop::Limit { resource: Resource::Slots, .. }), _) if short.is_some() => short,
        (Some(failed), _) => Some(failed),
        (None, bound) => bound,
    };
    let mut stopped_by = stopped_by.unwrap_or(Stop::Budget(Bound::Count));
    if held.is_some() && !matches!(stopped_by, Stop::Limit { .. } | Stop::Refused(_)) {
        stopped_by = Stop::Budget(Bound::Memory);
    }
    let killed = gauge.kills().saturating_sub(kills);
    if killed > 0 && (died > 0 || !matches!(stopped_by, Stop::Budget(_))) {
        let reason = format!("the kernel killed {killed} processes of this group, whose memory was used up");
        stopped_by = Stop::Limit { resource: Resource::Memory, reason };
    } else if died > 0 {
        stopped_by = Stop::Died(format!("{died} instances ended by themselves after they had said ready"));
    }
    // Those beyond the budget were started to find it.
    ready_after.truncate(held.unwrap_or(usize::MAX));
    Ok(Density {
        ready: ready_after.len().saturating_sub(died),
        died,
        stopped_by,
        budget,
        begun,
        ready_after,
        memory,
        memory_method: gauge.name().to_owned(),
        check,
        teardown,
    })
}

/// Asks for room, and for less of it where that is too much; then the answer says why.
fn reserve(artifact: &dyn Artifact, most: usize, threads: usize) -> Option<Stop> {
    let mut refused = None;
    let mut live = most;
    while let Err(error) = artifact.reserve_live(live, threads) {
        let full = matches!(error, RuntimeError::Full { .. });
        refused.get_or_insert_with(|| Stop::of(&error.into()));
        // What else is wrong will be the first start's failure.
        if !full || live <= threads {
            break;
        }
        live -= live.div_ceil(16);
    }
    refused
}

struct Filling<'a> {
    artifact: &'a dyn Artifact,
    budget: Budget,
    meter: Meter,
    /// Starts that were begun.
    tickets: AtomicUsize,
    live: AtomicUsize,
    over: AtomicBool,
    /// The bound of the budget that was reached.
    bound: Mutex<Option<Stop>>,
    /// The first start that failed.
    failed: Mutex<Option<Stop>>,
}

/// What the threads did.
struct Outcome {
    /// When they were released.
    begun: u64,
    ready_after: Vec<u64>,
    died: usize,
    check: u64,
    teardown: u64,
}

/// What one thread did.
struct Share {
    ready_at: Vec<u64>,
    died: usize,
    /// The first failure to stop one that was alive.
    stopped: Result<(), ProbeError>,
}

impl Filling<'_> {
    fn run(&self, threads: usize, meanwhile: impl FnOnce(usize)) -> Result<Outcome, ProbeError> {
        let (begin, check, stop) = (Gate::default(), Gate::default(), Gate::default());
        let (begun, shares, check, teardown) = thread::scope(|scope| {
            let one = || begin.pass().map(|begun| self.share(begun, &check, &stop));
            let mut handles = Vec::with_capacity(threads);
            while handles.len() < threads {
                // 256 KiB: the adapters' calls are shallow.
                match thread::Builder::new().stack_size(256 << 10).spawn_scoped(scope, one) {
                    Ok(handle) => handles.push(handle),
                    Err(error) => {
                        let reason = format!("a thread of the fill could not be made: {error}");
                        self.fail(Stop::Limit { resource: Resource::Pids, reason });
                        break;
                    }
                }
            }
            let threads = handles.len();
            begin.wait_for(threads);
            let begun = begin.open();
            check.wait_for(threads);
            let live = self.live.load(Relaxed);
            self.meter.last_look(live);
            // Caught, so that a panic does not leave the threads at the gate.
            let held = catch_unwind(AssertUnwindSafe(|| meanwhile(live)));
            let filled = clock::monotonic();
            check.open();
            stop.wait_for(threads);
            let checked = clock::monotonic();
            stop.open();
            let shares: Vec<Share> = handles.into_iter().filter_map(join).collect();
            if let Err(panic) = held {
                resume_unwind(panic);
            }
            (begun, shares, checked - filled, clock::monotonic() - checked)
        });
        let mut outcome = Outcome { begun, ready_after: Vec::new(), died: 0, check, teardown };
        for share in shares {
            share.stopped?;
            outcome.died += share.died;
            outcome.ready_after.extend(share.ready_at.into_iter().map(|at| at.saturating_sub(begun)));
        }
        outcome.ready_after.sort_unstable();
        Ok(outcome)
    }

    /// One thread's part: starts, and when all threads have, looks, and when all have looked, stops.
    fn share(&self, begun: u64, check: &Gate, stop: &Gate) -> Share {
        let mut instances = Vec::new();
        let mut panicked = None;
        while self.next(begun) {
            // Caught, so that a panic does not leave the others at the gate.
            match catch_unwind(AssertUnwindSafe(|| started(self.artifact))) {
                Ok(Ok((_, instance))) => {
                    instances.push(instance);
                    self.count();
                }
                Ok(Err(error)) => self.fail(Stop::of(&error)),
                Err(panic) => {
                    self.over.store(true, Relaxed);
                    panicked = Some(panic);
                }
            }
        }
        check.pass();
        let ready_at = instances.iter().map(|instance| instance.ready_at()).collect();
        let mut alive: Vec<Box<dyn Instance>> = Vec::with_capacity(instances.len());
        let mut died = 0;
        for mut instance in instances {
            if catch_unwind(AssertUnwindSafe(|| instance.is_alive())).unwrap_or(false) {
                alive.push(instance);
            } else {
                // Dropped, which frees what it left; how it ended is no failure of the teardown.
                died += 1;
            }
        }
        stop.pass();
        let mut stopped = Ok(());
        for instance in alive {
            if let Err(error) = instance.stop() {
                stopped = stopped.and(Err(error.into()));
            }
        }
        if let Some(panic) = panicked {
            resume_unwind(panic);
        }
        Share { ready_at, died, stopped }
    }

    /// Whether to start another one.
    fn next(&self, begun: u64) -> bool {
        if self.over.load(Relaxed) {
            return false;
        }
        let before = self.tickets.fetch_add(1, Relaxed);
        if before >= self.budget.count.unwrap_or(usize::MAX) {
            return self.end(Bound::Count);
        }
        match self.budget.time {
            // The first is always started.
            Some(time) if before > 0 && u128::from(clock::monotonic() - begun) >= time.as_nanos() => {
                self.end(Bound::Time)
            }
            _ => true,
        }
    }

    /// One more is ready.
    fn count(&self) {
        let live = self.live.fetch_add(1, Relaxed) + 1;
        match self.meter.look(live) {
            None => {}
            Some(Stop::Budget(bound)) => drop(self.end(bound)),
            Some(limit) => self.fail(limit),
        }
    }

    fn end(&self, bound: Bound) -> bool {
        self.over.store(true, Relaxed);
        self.bound.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(Stop::Budget(bound));
        false
    }

    fn fail(&self, stop: Stop) {
        self.over.store(true, Relaxed);
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(stop);
    }
}
