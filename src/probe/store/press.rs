//! `list_watch_pressure`: watchers who are all told of every write.

use std::{
    thread,
    time::{Duration, Instant},
};

use super::ask::namespace;
use crate::{
    clock,
    probe::{
        ProbeError,
        gate::{self, Gate, join},
    },
    resource::memory::Usage,
    store::{Event, LiveStore, Objects, Revision, Watch},
};

/// How long a watcher waits for an event that was written before it says that it was lost.
const LOST: Duration = Duration::from_secs(10);

/// How long one that has all waits for one too many.
const DOUBLED: Duration = Duration::from_millis(20);

/// What is done to a store.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Load {
    /// How many watch one prefix, each on a connection of its own.
    pub watchers: usize,
    /// How many objects are created below it each second, by one client.
    pub writes_per_second: f64,
    /// How many in all.
    pub writes: u64,
    /// The size of each, in bytes.
    pub size: usize,
}

/// What it took.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Pressure {
    /// CPU time of the store's processes for each 1,000 events that it delivered, in seconds; its writes are in it. Nothing
    /// where the store has no process of its own.
    pub cpu_seconds: Option<f64>,
    /// From the call of each write to its delivery to each watcher, in nanoseconds.
    pub lag: Vec<u64>,
    /// Proportional set size of the store's process with all its watchers, before the first write, in bytes. Nothing where the store
    /// has none.
    pub memory: Option<u64>,
    /// How many writes a second there were.
    pub writes_per_second: f64,
}

/// Writes as the load says while the watchers watch. That no event was lost, doubled or out of order is checked when all is over.
///
/// # Errors
/// [`ProbeError::Empty`] when the load is none, [`ProbeError::Stored`] when an event was lost, doubled or wrong,
/// [`ProbeError::Store`] when the store fails.
pub fn press(store: &dyn LiveStore, load: Load) -> Result<Pressure, ProbeError> {
    if load.watchers == 0 || load.writes == 0 {
        return Err(ProbeError::Empty { what: "list-watch pressure", of: "watcher and write" });
    }
    let objects = Objects::pods(namespace("watched"), load.size);
    let mut client = store.client()?;
    let after = client.list(&objects.prefix(), None)?.revision;
    let watches = (0..load.watchers).map(|_| client.watch(&objects.prefix(), after)).collect::<Result<Vec<_>, _>>()?;
    let gate = Gate::default();
    let cpu = || -> Result<Option<u64>, ProbeError> { Ok(store.cpu_time()?) };
    let (written, heard, memory, before, after, took) = thread::scope(|scope| {
        let heard = watches.into_iter().map(|watch| || hear(watch, load.writes, &gate));
        let watching = gate::threads(scope, &gate, heard)
            .map_err(|source| ProbeError::Reading { what: "a thread for each watcher", source })?;
        gate.wait_for(load.watchers);
        let memory = store.process().map(Usage::of_process).transpose();
        let before = cpu();
        gate.open();
        let begun = Instant::now();
        let mut written = Vec::with_capacity(load.writes as usize);
        let mut wrote = Ok(());
        for number in 0..load.writes {
            let (key, value) = (objects.key(number), objects.value(number, 0));
            let due = Duration::from_secs_f64(number as f64 / load.writes_per_second.max(0.001));
            thread::sleep(due.saturating_sub(begun.elapsed()));
            let called = clock::monotonic();
            match client.create(&key, &value) {
                Ok(revision) => written.push((called, revision)),
                Err(error) => {
                    wrote = Err(ProbeError::from(error));
                    break;
                }
            }
        }
        let took = begun.elapsed();
        let heard: Vec<Result<Vec<Heard>, ProbeError>> = watching.into_iter().map(join).collect();
        let after = cpu();
        wrote?;
        let heard = heard.into_iter().collect::<Result<Vec<_>, _>>()?;
        let memory = memory.map_err(|source| ProbeError::Reading { what: "memory of the store's process", source })?;
        Ok::<_, ProbeError>((written, heard, memory, before?, after?, took))
    })?;
    let mut lag = Vec::with_capacity(heard.len() * written.len());
    for events in &heard {
        check(&objects, &written, events)?;
        lag.extend(events.iter().zip(&written).map(|(event, (called, _))| event.at.saturating_sub(*called)));
    }
    let delivered = (heard.len() * written.len()) as f64;
    let used = before.zip(after).map(|(before, after)| after.saturating_sub(before) as f64 / 1e9);
    Ok(Pressure {
        cpu_seconds: used.map(|seconds| seconds / delivered * 1000.0),
        lag,
        memory: memory.map(|usage| usage.pss),
        writes_per_second: written.len() as f64 / took.as_secs_f64(),
    })
}

/// An event, as it came.
struct Heard {
    at: u64,
    key: String,
    value: Vec<u8>,
    revision: Revision,
}

impl Heard {
    fn now(event: Event) -> Self {
        Self { at: clock::monotonic(), key: event.key, value: event.value, revision: event.revision }
    }
}

fn hear(mut watch: Box<dyn Watch>, writes: u64, gate: &Gate) -> Result<Vec<Heard>, ProbeError> {
    let mut heard = Vec::with_capacity(writes as usize);
    if gate.pass().is_none() {
        return Ok(heard);
    }
    while (heard.len() as u64) < writes {
        // What is missing then is told when all is over.
        let Some(event) = watch.next(LOST)? else { break };
        heard.push(Heard::now(event));
    }
    // One that is told twice at the end.
    heard.extend(watch.next(DOUBLED)?.map(Heard::now));
    Ok(heard)
}

/// That these are the events of what was written, each once and in order.
fn check(objects: &Objects, written: &[(u64, Revision)], heard: &[Heard]) -> Result<(), ProbeError> {
    for (number, (_, revision)) in written.iter().enumerate() {
        let number = number as u64;
        let key = objects.key(number);
        let event = heard.get(number as usize);
        let right = event.is_some_and(|event| {
            event.key == key && event.revision == *revision && event.value == objects.value(number, 0)
        });
        if !right {
            let found = event.map_or_else(
                || format!("{} events", heard.len()),
                |event| format!("the event of {} at revision {}", event.key, event.revision),
            );
            let expected = format!("event {number} of {}, at revision {revision},", written.len());
            return Err(ProbeError::Stored { key, found, expected });
        }
    }
    if heard.len() > written.len() {
        let (found, expected) = (format!("{} events", heard.len()), format!("{}", written.len()));
        return Err(ProbeError::Stored { key: objects.prefix(), found, expected });
    }
    Ok(())
}
