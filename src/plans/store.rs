//! What a store of API objects costs a control plane: the latency of durable writes and of linearizable reads, by one client
//! and by many; and the CPU time that watchers take of it. The disk's own sync takes turns with the writes.

use std::{rc::Rc, time::Duration};

#[cfg(feature = "store")]
use super::by_hand;
use super::{prepared::flat, turns};
use crate::{
    Indicator, Statistic,
    adapter::Identity,
    experiment::{Figure, Lane, LaneError, Pass, Plan, Taken, Turns},
    probe::ProbeError,
    probe::store::{Asker, DiskSync, Lister, Load, Operation, fill, press, together, while_compacted},
    store::{KeyValueStore, LiveStore, Objects, Registry},
};

/// What the clients of a figure do, in the stored form.
const LOAD: &str = "requests without pause";

/// What a control plane does beside: in the stored form.
const WATCHED: &str = "watched writes";

/// The size of an object, in bytes, in which stores are compared.
const SIZE: usize = 1024;

/// The sizes of the smallest and of large objects, in bytes.
const SIZES: [usize; 3] = [300, 10 << 10, 100 << 10];

/// How many objects there are to read.
const FILLED: u64 = 200;

/// The most latencies of many clients, or lags, that are kept of one sample: enough for a 99th percentile of each process.
const LATENCIES: usize = 250;

/// Of how many objects lists are. The larger ones are written once, for one process of the run.
const LISTED: &[u64] = &[1_000, 10_000, 100_000];

const INDICATORS: [Indicator; 2] = [Indicator::StorageLatency, Indicator::ListWatchPressure];

const BOTH: &[Statistic] = &[Statistic::Median, Statistic::P99];

/// The plan of the bench `store`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Store;

/// A store that is open, and what the figures of it have in common.
struct Open {
    name: String,
    identity: Identity,
    live: Rc<dyn LiveStore>,
    /// What there is to read.
    objects: Objects,
}

/// What is measured of every store, in one group.
#[derive(Clone, Copy)]
enum Measured {
    /// `storage_latency` of one client, and of the disk where something is written.
    One(Operation, usize),
    /// `storage_latency` of many clients at once, each with a connection of its own.
    Many(Operation, usize),
    /// `storage_latency` of a list of so many objects.
    Listed(u64),
    /// `storage_latency` of one client that updates, while the store forgets what was replaced.
    Compacted,
    /// `list_watch_pressure`, and how late so many watchers hear of a write.
    Watched(usize),
}

impl Measured {
    /// All of a pass.
    fn of(pass: Pass) -> Vec<Self> {
        let operations = [Operation::Create, Operation::Update, Operation::Read];
        let mut all: Vec<_> = operations.map(|operation| Self::One(operation, SIZE)).into();
        if pass == Pass::Full {
            all.extend(SIZES.map(|size| Self::One(Operation::Create, size)));
        }
        for clients in pass.of([&[4, 16, 64][..], &[16], &[4]]) {
            all.extend([Operation::Create, Operation::Read].map(|operation| Self::Many(operation, *clients)));
        }
        all.extend(pass.of([LISTED, &LISTED[..1], &[20]]).iter().map(|count| Self::Listed(*count)));
        all.push(Self::Compacted);
        all.extend(pass.of([&[1, 10, 100, 1_000][..], &[10], &[2]]).iter().map(|watchers| Self::Watched(*watchers)));
        all
    }

    fn group(self) -> String {
        match self {
            Self::One(operation, size) => format!("storage_latency/{}", workload(operation, size)),
            Self::Many(operation, clients) => {
                format!("storage_latency/{}, {clients} at once", workload(operation, SIZE))
            }
            Self::Listed(count) => format!("storage_latency/{}", list_of(count)),
            Self::Compacted => format!("storage_latency/{}, compacted", workload(Operation::Update, SIZE)),
            Self::Watched(watchers) => format!("list_watch_pressure/{watchers} watchers"),
        }
    }
}

impl Store {
    /// Declares it.
    ///
    /// # Errors
    /// None of its own.
    pub fn declare(&self, plan: &mut Plan) -> Result<(), LaneError> {
        let registry = Registry::of_this_machine();
        for refusal in registry.unavailable() {
            plan.without(refusal, &INDICATORS);
        }
        let measured = Measured::of(plan.pass());
        let mut stores = Vec::new();
        for store in registry.stores() {
            let identity = store.identity();
            let name = flat(identity.subject.as_str());
            // Starting a server takes time.
            if !measured.iter().any(|measured| plan.wants(&measured.group(), &name)) {
                continue;
            }
            match open(store, name) {
                Ok(open) => stores.push(open),
                // A server that does not start is a row, with the last that it said.
                Err(error) => plan.not_made(identity.subject.as_str(), &error, &INDICATORS),
            }
        }
        for measured in measured {
            let group = measured.group();
            match measured {
                Measured::One(operation, size) => one_at_a_time(plan, group, &stores, operation, size),
                Measured::Many(operation, clients) => many_at_once(plan, group, &stores, operation, clients),
                // Writing what is listed takes a minute of each store.
                Measured::Listed(count) if count > LISTED[0] && !plan.is_first() => {}
                Measured::Listed(count) => listed(plan, group, &stores, count),
                Measured::Compacted => compacted(plan, group, &stores),
                Measured::Watched(watchers) => watched(plan, group, &stores, watchers),
            }
        }
        Ok(())
    }
}

/// Opens it, and writes what there is to read.
fn open(store: &dyn KeyValueStore, name: String) -> Result<Open, ProbeError> {
    let objects = Objects::pods("read", SIZE);
    let live = store.open()?;
    fill(live.client()?.as_mut(), &objects, FILLED)?;
    Ok(Open { name, identity: store.identity().clone(), live: Rc::from(live), objects })
}

fn workload(operation: Operation, size: usize) -> String {
    match size {
        0..1024 => format!("{operation}-{size}B"),
        _ => format!("{operation}-{}KiB", size >> 10),
    }
}

impl Open {
    fn figure(&self, indicator: Indicator, workload: &str) -> Figure {
        Figure::new(indicator, &self.identity, workload)
    }

    fn asker(&self, operation: Operation, size: usize) -> Result<Asker, LaneError> {
        asker(self.live.as_ref(), &self.objects, operation, size)
    }
}

/// The stores of which the caller wants that group.
fn asked<'s>(plan: &Plan, group: &str, stores: &'s [Open]) -> Vec<&'s Open> {
    stores.iter().filter(|store| plan.wants(group, &store.name)).collect()
}

fn asker(live: &dyn LiveStore, objects: &Objects, operation: Operation, size: usize) -> Result<Asker, LaneError> {
    let client = live.client()?;
    Ok(match operation {
        Operation::Read => Asker::reader(client, objects.clone(), FILLED),
        Operation::Create | Operation::Update => Asker::writer(client, operation, size)?,
    })
}

fn one_at_a_time(plan: &mut Plan, group: String, stores: &[Open], operation: Operation, size: usize) {
    let workload = workload(operation, size);
    let mut lanes = Vec::new();
    for store in asked(plan, &group, stores) {
        let figure = store.figure(Indicator::StorageLatency, &workload);
        match store.asker(operation, size) {
            Ok(mut asker) => {
                #[cfg(feature = "store")]
                if operation == Operation::Read {
                    let there = (&store.objects, FILLED);
                    lanes.extend(by_hand::reads(plan, &group, &store.name, store.live.as_ref(), &figure, there));
                }
                lanes.push(Lane::single(store.name.clone(), figure, BOTH, move || asker.timed()));
            }
            Err(error) => plan.not_made(store.identity.subject.as_str(), error.as_ref(), &[figure.indicator]),
        }
    }
    if operation == Operation::Create && plan.wants(&group, "disk") {
        match DiskSync::of(size) {
            Ok(mut sync) => {
                let figure =
                    Figure::new(Indicator::StorageLatency, sync.identity(), format!("append-{}", &workload[7..]));
                lanes.push(Lane::single("disk", figure, BOTH, move || sync.timed()));
            }
            Err(error) => plan.not_made("disk/fdatasync", &error, &[Indicator::StorageLatency]),
        }
    }
    let quick = match operation {
        Operation::Create => 800,
        Operation::Update => 500,
        Operation::Read => 300,
    };
    plan.group(group, turns(plan, 4 * quick, quick), lanes);
}

fn many_at_once(plan: &mut Plan, group: String, stores: &[Open], operation: Operation, clients: usize) {
    let workload = workload(operation, SIZE);
    let concurrency = u32::try_from(clients).unwrap_or(u32::MAX);
    let time = Duration::from_millis(plan.pass().of([300, 100, 1]));
    let mut lanes = Vec::new();
    for store in asked(plan, &group, stores) {
        let figure = store.figure(Indicator::StorageLatency, &workload).concurrent(concurrency, LOAD);
        let (live, objects) = (Rc::clone(&store.live), store.objects.clone());
        let lane = Lane::new(store.name.clone(), move |taken: &mut Taken| {
            let askers = (0..clients).map(|_| asker(live.as_ref(), &objects, operation, SIZE));
            let latency = together(askers.collect::<Result<_, _>>()?, time)?;
            evenly(taken, 0, &latency);
            Ok::<_, LaneError>(())
        });
        lanes.push(lane.of(figure, BOTH));
    }
    plan.group(group, Turns::rounds(plan.pass().of([3, 1, 1])), lanes);
}

fn list_of(count: u64) -> String {
    format!("list-{count}x{}KiB", SIZE >> 10)
}

fn listed(plan: &mut Plan, group: String, stores: &[Open], count: u64) {
    let mut lanes = Vec::new();
    for store in asked(plan, &group, stores) {
        // A part, as what no claim about one write or read is about.
        let figure = store.figure(Indicator::StorageLatency, &list_of(count)).of_part("a whole list");
        // Written when it is listed for the first time: declaring a plan takes no minutes.
        let (live, mut lister) = (Rc::clone(&store.live), None);
        lanes.push(Lane::single(store.name.clone(), figure, BOTH, move || {
            let lister = match &mut lister {
                Some(lister) => lister,
                none => {
                    let objects = Objects::pods(format!("listed-{count}"), SIZE);
                    let mut first = Lister::of(live.as_ref(), &objects, count)?;
                    // The first list alone finds nothing in any cache.
                    first.timed()?;
                    none.insert(first)
                }
            };
            lister.timed()
        }));
    }
    let rounds = plan.pass().of([if count > LISTED[0] { 6 } else { 3 }, 3, 1]);
    plan.group(group, Turns::rounds(rounds), lanes);
}

/// An API server asks for it every five minutes. Here it never ceases, so that every update meets it or waits behind it.
fn compacted(plan: &mut Plan, group: String, stores: &[Open]) {
    const EVERY: Duration = Duration::from_millis(20);
    let time = Duration::from_millis(plan.pass().of([1_000, 200, 1]));
    let mut lanes = Vec::new();
    for store in asked(plan, &group, stores) {
        let figure = store.figure(Indicator::StorageLatency, &workload(Operation::Update, SIZE));
        let figure = figure
            .of_part("while it is compacted")
            .with_setting("compaction", format!("every {} ms", EVERY.as_millis()));
        let (live, objects) = (Rc::clone(&store.live), store.objects.clone());
        let lane = Lane::new(store.name.clone(), move |taken: &mut Taken| {
            let mut asker = asker(live.as_ref(), &objects, Operation::Update, SIZE)?;
            let (latency, times) = while_compacted(&mut asker, live.client()?.as_mut(), EVERY, time)?;
            evenly(taken, 0, &latency);
            taken.observe(0, "compactions", times);
            taken.observe(0, "bytes_on_disk", live.bytes_on_disk()?);
            Ok::<_, LaneError>(())
        });
        lanes.push(lane.of(figure, BOTH));
    }
    plan.group(group, Turns::rounds(plan.pass().of([3, 1, 1])), lanes);
}

fn watched(plan: &mut Plan, group: String, stores: &[Open], watchers: usize) {
    const WRITES_PER_SECOND: f64 = 100.0;
    // A thousand watchers are told as much of a few.
    let writes = plan.pass().of([if watchers < 1_000 { 300 } else { 100 }, 60, 3]);
    let load = Load { watchers, writes_per_second: WRITES_PER_SECOND, writes, size: SIZE };
    let concurrency = u32::try_from(watchers).unwrap_or(u32::MAX);
    let mut lanes = Vec::new();
    for store in asked(plan, &group, stores) {
        let figure = |indicator| {
            let figure = store.figure(indicator, "watch-1KiB").concurrent(concurrency, WATCHED);
            figure.with_setting("writes_per_second", WRITES_PER_SECOND)
        };
        if !matches!(store.live.cpu_time(), Ok(Some(_))) {
            let reason = "it works in its callers' process, so that it has no CPU time of its own";
            plan.unavailable(
                figure(Indicator::ListWatchPressure).unavailable(reason, "kine is SQLite behind a server"),
            );
            continue;
        }
        let live = Rc::clone(&store.live);
        let lane = Lane::new(store.name.clone(), move |taken: &mut Taken| {
            let pressed = press(live.as_ref(), load)?;
            if let Some(seconds) = pressed.cpu_seconds {
                taken.push(0, seconds);
            }
            evenly(taken, 1, &pressed.lag);
            taken.observe(0, "writes_a_second", format!("{:.0}", pressed.writes_per_second));
            taken.observe(0, "bytes_on_disk", live.bytes_on_disk()?);
            if let Some(held) = pressed.memory {
                taken.observe(0, "pss_bytes", held);
            }
            Ok::<_, LaneError>(())
        });
        let lag = figure(Indicator::StorageLatency).of_part("from a write's call to its event");
        lanes.push(lane.of(figure(Indicator::ListWatchPressure), &[Statistic::Median]).of(lag, BOTH));
    }
    plan.group(group, Turns::rounds(plan.pass().of([2, 1, 1])), lanes);
}

/// Some of the values, evenly over all.
fn evenly(taken: &mut Taken, figure: usize, values: &[u64]) {
    let step = (values.len() / LATENCIES).max(1);
    values.iter().step_by(step).for_each(|value| taken.push(figure, *value as f64));
}
