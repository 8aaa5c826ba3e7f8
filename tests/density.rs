//! Fills: what ends them, what counts, and that each thread stops what it started.
#![cfg(feature = "measure")]

#[path = "support/need.rs"]
mod need;

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    thread::{self, ThreadId},
    time::Duration,
};

use runtime_baseline::{
    Temperature, clock,
    probe::{Bound, Budget, Fill, FreshError, Gauge, ProbeError, Stop, Target, density, density_while, fill},
    runtime::{Artifact, Instance, Resource, Runtime, RuntimeError, Workload, noop::Noop},
};

/// Instances that behave as told.
#[derive(Default)]
struct Told {
    /// Which start is refused, with what.
    refuses: Option<(usize, fn() -> RuntimeError)>,
    /// Which start panics.
    panics: Option<usize>,
    /// Which instance is found dead.
    dies: Option<usize>,
    /// Which does not stop well.
    stays: Option<usize>,
    /// Bytes that each takes.
    takes: usize,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    started: AtomicUsize,
    gone: AtomicUsize,
    elsewhere: AtomicUsize,
    room: Mutex<Vec<usize>>,
}

struct One {
    ready_at: u64,
    number: usize,
    thread: ThreadId,
    dies: bool,
    stays: bool,
    _taken: Vec<u8>,
    seen: Arc<Seen>,
}

impl Artifact for Told {
    fn reserve_live(&self, live: usize, _: usize) -> Result<(), RuntimeError> {
        self.seen.room.lock().unwrap().push(live);
        if live > 1_000 { Err(full(Resource::Mappings)) } else { Ok(()) }
    }

    fn start(&self) -> Result<Box<dyn Instance>, RuntimeError> {
        let number = self.seen.started.fetch_add(1, SeqCst) + 1;
        assert_ne!(self.panics, Some(number), "as told");
        match self.refuses {
            Some((from, error)) if number >= from => return Err(error()),
            _ => {}
        }
        Ok(Box::new(One {
            ready_at: clock::monotonic(),
            number,
            thread: thread::current().id(),
            dies: self.dies == Some(number),
            stays: self.stays == Some(number),
            _taken: vec![1; self.takes],
            seen: Arc::clone(&self.seen),
        }))
    }
}

impl Instance for One {
    fn ready_at(&self) -> u64 {
        self.ready_at
    }

    fn is_alive(&mut self) -> bool {
        !self.dies
    }

    fn stop(self: Box<Self>) -> Result<(), RuntimeError> {
        if self.stays { Err(full(Resource::Memory)) } else { Ok(()) }
    }
}

impl Drop for One {
    fn drop(&mut self) {
        let elsewhere = usize::from(thread::current().id() != self.thread);
        self.seen.elsewhere.fetch_add(elsewhere, SeqCst);
        self.seen.gone.fetch_add(1, SeqCst);
        assert!(self.number > 0);
    }
}

fn full(resource: Resource) -> RuntimeError {
    RuntimeError::Full { subject: "told".parse().unwrap(), resource, reason: "as told".to_owned() }
}

impl Seen {
    /// All are gone, each by the thread that made it.
    fn assert_over(&self, made: usize) {
        assert_eq!((self.gone.load(SeqCst), self.elsewhere.load(SeqCst)), (made, 0));
    }
}

fn count(instances: usize) -> Budget {
    Budget::default().count(instances).threads(4)
}

#[test]
fn a_count_is_met_exactly_and_each_thread_stops_its_own() {
    let told = Told::default();
    let filled = density(&told, count(1_000)).unwrap();
    assert_eq!((filled.ready, filled.died, &filled.stopped_by), (1_000, 0, &Stop::Budget(Bound::Count)));
    assert_eq!((filled.ready_after.len(), filled.stopped_by.to_string()), (1_000, "budget: count".to_owned()));
    assert!(filled.ready_after.is_sorted() && filled.rate().unwrap() > 0.0);
    assert!(filled.rate_at(100).is_some() && filled.rate_at_end().is_some());
    assert_eq!(filled.rate_at(20), None, "there are no 100 starts around it");
    assert!(!filled.rates(8).is_empty() && filled.rates(8).len() <= 8);
    told.seen.assert_over(1_000);
}

#[test]
fn more_threads_than_instances_are_not_made() {
    let told = Told::default();
    assert_eq!(density(&told, Budget::default().count(3).threads(64)).unwrap().ready, 3);
    told.seen.assert_over(3);
}

#[test]
fn none_is_refused() {
    assert!(matches!(density(&Told::default(), count(0)), Err(ProbeError::Empty { .. })));
}

#[test]
fn time_ends_a_fill() {
    let artifact = Noop::new().prepare(&Workload::ready(), Temperature::Warm).unwrap();
    let filled = density(artifact.as_ref(), Budget::default().time(Duration::from_millis(5))).unwrap();
    assert_eq!(filled.stopped_by, Stop::Budget(Bound::Time));
    assert!(filled.ready > 0);
}

#[test]
fn memory_ends_a_fill_and_what_is_beyond_does_not_count() {
    if !Gauge::of_this_process().is_of_a_group() {
        return need::skip("cgroup", &"other programs are in the number that is measured here");
    }
    let told = Told { takes: 4 << 20, ..Told::default() };
    let filled = density(&told, Budget::default().count(10_000).memory(400 << 20).threads(2)).unwrap();
    assert_eq!(filled.stopped_by, Stop::Budget(Bound::Memory));
    // Other tests of this program, and what they start, take some and give some back meanwhile.
    assert!((50..=200).contains(&filled.ready), "{} of 100", filled.ready);
    assert!(filled.memory.iter().any(|reading| reading.bytes > 400 << 20));
    assert_eq!(filled.ready, filled.ready_after.len());
    told.seen.assert_over(told.seen.started.load(SeqCst));
}

#[test]
fn a_limit_ends_a_fill_and_has_its_name() {
    let told = Told { refuses: Some((201, || full(Resource::Pids))), ..Told::default() };
    let filled = density(&told, count(1_000)).unwrap();
    let limit = Stop::Limit { resource: Resource::Pids, reason: "as told".to_owned() };
    assert_eq!(
        (filled.ready, &filled.stopped_by, filled.stopped_by.to_string()),
        (200, &limit, "limit: pids".to_owned())
    );
    told.seen.assert_over(200);
}

#[test]
fn the_first_start_may_be_the_one_that_is_refused() {
    let other = || RuntimeError::NotReady { workload: "told".to_owned() };
    let told = Told { refuses: Some((1, other)), ..Told::default() };
    let filled = density(&told, count(10).memory(1 << 40)).unwrap();
    assert!(matches!(&filled.stopped_by, Stop::Refused(reason) if reason.contains("without saying ready")));
    assert_eq!((filled.ready, filled.rate(), filled.elapsed()), (0, None, 0));
}

#[test]
fn room_is_asked_for_until_there_is_some_and_a_smaller_pool_says_why() {
    let told = Told { refuses: Some((901, || full(Resource::Slots))), ..Told::default() };
    let filled = density(&told, count(2_000)).unwrap();
    assert!(matches!(filled.stopped_by, Stop::Limit { resource: Resource::Mappings, .. }), "{:?}", filled.stopped_by);
    let room = told.seen.room.lock().unwrap();
    assert!(room.first() == Some(&2_000) && (900..=1_000).contains(room.last().unwrap()), "{room:?}");
}

#[test]
fn who_is_found_dead_does_not_count() {
    let told = Told { dies: Some(7), ..Told::default() };
    let filled = density(&told, count(100)).unwrap();
    assert_eq!((filled.ready, filled.died, filled.stopped_by.to_string()), (99, 1, "died".to_owned()));
    told.seen.assert_over(100);
}

#[test]
fn who_does_not_stop_is_an_error_and_the_others_are_stopped() {
    let told = Told { stays: Some(7), ..Told::default() };
    assert!(matches!(density(&told, count(100)), Err(ProbeError::Runtime(RuntimeError::Full { .. }))));
    told.seen.assert_over(100);
}

#[test]
fn a_panic_is_passed_on_and_leaves_none_alive() {
    let told = Told { panics: Some(50), ..Told::default() };
    let filled = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| density(&told, count(100))));
    assert!(filled.is_err());
    told.seen.assert_over(told.seen.started.load(SeqCst) - 1);
    let told = Told::default();
    let filled = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        density_while(&told, count(100), |live| assert_eq!(live, 0, "as told"))
    }));
    assert!(filled.is_err());
    told.seen.assert_over(100);
}

#[test]
fn a_fill_passes_through_json_and_several_are_one() {
    let fill = |instances| density(&Told::default(), count(instances)).unwrap();
    let (first, second) = (fill(300), fill(200));
    let copy = serde_json::from_str(&serde_json::to_string(&first).unwrap()).unwrap();
    assert_eq!(first, copy);
    let whole = runtime_baseline::probe::Density::together(&[first.clone(), second.clone()]).unwrap();
    assert_eq!((whole.ready, whole.ready_after.len(), whole.begun), (500, 500, first.begun));
    assert_eq!(whole.elapsed(), second.begun - first.begun + second.elapsed());
    assert_eq!(whole.budget, count(500));
}

fn target(subject: &str) -> Target {
    Target::new(subject, Workload::ready(), Temperature::Warm)
}

#[test]
fn fills_in_several_processes_share_a_budget_and_live_at_the_same_time() {
    let budget = Budget::default().count(1_000).memory(1 << 40);
    let filled = fill(&Fill::new(target("noop"), budget).processes(3)).unwrap();
    let density = filled.density;
    assert_eq!((density.ready, density.died, &density.stopped_by), (1_000, 0, &Stop::Budget(Bound::Count)));
    assert_eq!((density.ready_after.len(), density.budget), (1_000, budget));
    assert_eq!(filled.identity.subject.as_str(), "noop");
    // Two instances need no third process.
    let few = fill(&Fill::new(target("noop"), Budget::default().count(2)).processes(3)).unwrap().density;
    assert_eq!((few.ready, few.stopped_by), (2, Stop::Budget(Bound::Count)));
}

#[test]
fn what_cannot_be_filled_with_is_told_apart() {
    let error = |fills: Fill| fill(&fills).unwrap_err();
    let budget = Budget::default().count(10);
    match error(Fill::new(target("nobody"), budget)) {
        ProbeError::UnknownSubject { name, .. } => assert_eq!(name, "nobody"),
        other => panic!("{other}"),
    }
    // It is not here, or it holds nothing.
    let cli = Target::new("wasmtime-cli", Workload::ready(), Temperature::Cold);
    assert!(error(Fill::new(cli, budget)).refusal().is_some());
    match error(Fill::new(target("noop"), Budget::default().count(0)).processes(2)) {
        ProbeError::Fresh(FreshError::Failed { reason, .. }) => assert!(reason.contains("at least one"), "{reason}"),
        other => panic!("{other}"),
    }
    match error(Fill::new(target("noop"), budget).in_group("/nowhere")) {
        ProbeError::Fresh(FreshError::Failed { reason, .. }) => assert!(reason.contains("/nowhere"), "{reason}"),
        other => panic!("{other}"),
    }
}

/// Each process has its part of the memory, where each is accounted apart.
#[test]
#[cfg(feature = "wasmtime")]
fn memory_ends_a_fill_in_several_processes() {
    const MEMORY: u64 = 32 << 20;
    let dense = |processes| {
        let budget = Budget::default().count(40_000).memory(MEMORY);
        fill(&Fill::new(target("wasmtime/dense"), budget).processes(processes)).unwrap()
    };
    let one = dense(1);
    assert_eq!(one.identity.subject.as_str(), "wasmtime");
    assert!(one.settings["pool_layout"].starts_with("dense"), "{:?}", one.settings);
    if !one.density.memory_method.starts_with("own") {
        return need::skip("cgroup", &format!("none of its own: {}", one.density.memory_method));
    }
    assert_eq!(one.density.stopped_by, Stop::Budget(Bound::Memory));
    let each = one.density.memory_line().unwrap().slope as u64;
    let two = dense(2).density;
    assert_eq!(two.stopped_by, Stop::Budget(Bound::Memory));
    let fits = MEMORY / each;
    for ready in [one.density.ready as u64, two.ready as u64] {
        assert!((fits / 2..=fits + fits / 10).contains(&ready), "{ready} of {fits}");
    }
}

/// WasmEdge reserves 12 GiB of addresses for a memory: the fill ends before the kernel refuses one.
#[test]
#[cfg(feature = "wasmedge")]
fn an_engine_ends_at_the_end_of_the_addresses() {
    let filled = fill(&Fill::new(target("wasmedge/interpreter"), Budget::default().count(20_000))).unwrap();
    let stop = filled.density.stopped_by;
    assert!(matches!(stop, Stop::Limit { resource: Resource::AddressSpace | Resource::Mappings, .. }), "{stop:?}");
    assert!(filled.density.ready > 1_000);
}
