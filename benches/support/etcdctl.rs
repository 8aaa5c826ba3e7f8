//! The rate at which etcd takes writes of this crate's clients, beside that of `etcdctl check perf` under the same load.

use std::{
    error::Error,
    process::{Command, ExitCode},
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use runtime_baseline::{
    adapter::Limits,
    stats::Summary,
    store::{Client, KeyValueStore, StoreError, etcd::Etcd},
};

/// A load of `etcdctl check perf`, as its source has it: keys of 256 bytes, values of 1 KiB.
struct Load {
    name: &'static str,
    clients: usize,
    /// The most writes a second.
    limit: u32,
    seconds: u32,
}

/// One that two cores keep up with, and one of which `etcdctl` makes three quarters there: it loses an instant at which a write is due
/// while it sleeps past it.
const LOADS: [Load; 2] = [
    Load { name: "m", clients: 200, limit: 1_000, seconds: 60 },
    Load { name: "l", clients: 500, limit: 8_000, seconds: 60 },
];

/// The key without its number.
const KEY: usize = 256 - 16;
const VALUE: [u8; 1024] = [0; 1024];

/// What a side has to say.
#[derive(Debug, Clone, Copy)]
struct Seen {
    /// Writes in a second.
    rate: f64,
    /// The standard deviation of the latency, in seconds.
    deviation: f64,
}

/// Where `ETCDCTL` says how many turns: compares, and says how it ended.
pub fn asked() -> Option<ExitCode> {
    let turns = crate::support::number("ETCDCTL", "3").transpose()?;
    // Without the feature `hook` nothing did so before: servers are started by helpers.
    runtime_baseline::become_helper();
    let compared = turns.map_err(Into::into).and_then(|turns: usize| compare(turns.max(1)));
    Some(compared.map_or_else(
        |error| {
            eprintln!("benches/store: {error}");
            ExitCode::FAILURE
        },
        |()| ExitCode::SUCCESS,
    ))
}

/// Takes `turns` turns of each side, each with an etcd of its own, and prints how far they are apart. This side's load is what the
/// other side made of its own.
fn compare(turns: usize) -> Result<(), Box<dyn Error>> {
    for load in LOADS {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..turns {
            let seen = etcdctl(&load)?;
            theirs.push(seen);
            ours.push(here(&load, seen.rate)?);
        }
        let [here, there] = [&ours, &theirs].map(|turns| median(turns.iter().map(|seen| seen.rate)));
        let [deviation, their_deviation] =
            [&ours, &theirs].map(|turns| median(turns.iter().map(|seen| seen.deviation)));
        println!(
            "etcd, {} clients, at most {} writes a second for {} s, medians of {turns} turns: {here:.0} writes a second here, \
             {there:.0} by etcdctl check perf --load={}: {:+.1} %; the latency's standard deviation {:.1} ms here, {:.1} there",
            load.clients,
            load.limit,
            load.seconds,
            load.name,
            (here / there - 1.0) * 100.0,
            deviation * 1e3,
            their_deviation * 1e3,
        );
    }
    Ok(())
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    values[(values.len() - 1) / 2]
}

fn here(load: &Load, rate: f64) -> Result<Seen, Box<dyn Error>> {
    let etcd = Etcd::new(Limits::default())?.open()?;
    let clients = (0..load.clients).map(|_| etcd.client()).collect::<Result<Vec<_>, _>>()?;
    // The instants at which writes are due, which whoever is free takes one after another.
    let due = AtomicU64::new(0);
    let began = Instant::now();
    let latencies = thread::scope(|scope| {
        let due = &due;
        let writing: Vec<_> =
            clients.into_iter().map(|client| scope.spawn(move || write(client, load, rate, due, began))).collect();
        writing.into_iter().map(|thread| thread.join().expect("it does not panic")).collect::<Result<Vec<_>, _>>()
    })?;
    let (seconds, latencies) = (began.elapsed().as_secs_f64(), Summary::of(&latencies.concat())?);
    Ok(Seen { rate: latencies.count() as f64 / seconds, deviation: latencies.deviation() / 1e9 })
}

/// Writes whenever one is due, until the load's time is over. Returns the latencies in nanoseconds.
fn write(
    mut client: Box<dyn Client>,
    load: &Load,
    rate: f64,
    due: &AtomicU64,
    began: Instant,
) -> Result<Vec<u64>, StoreError> {
    let end = Duration::from_secs(load.seconds.into());
    let mut latencies = Vec::new();
    while began.elapsed() < end {
        let number = due.fetch_add(1, Ordering::Relaxed);
        let at = Duration::from_secs_f64(number as f64 / rate);
        if at >= end {
            break;
        }
        thread::sleep(at.saturating_sub(began.elapsed()));
        let asked = Instant::now();
        client.create(&format!("/{:0<KEY$}{number:015}", "check-perf/"), &VALUE)?;
        latencies.push(u64::try_from(asked.elapsed().as_nanos()).unwrap_or(u64::MAX));
    }
    Ok(latencies)
}

fn etcdctl(load: &Load) -> Result<Seen, Box<dyn Error>> {
    let etcd = Etcd::new(Limits::default())?.open()?;
    let port = etcd.port().ok_or("etcd has no port")?;
    let mut command = Command::new("etcdctl");
    command.arg(format!("--endpoints=http://127.0.0.1:{port}")).args(["check", "perf"]);
    // It ends with 1 where a rate is not reached.
    let said = command.arg(format!("--load={}", load.name)).output();
    let said = said
        .map_err(|error| format!("etcdctl on PATH: {error}; tools/setup.sh stores builds target/tools/bin/etcdctl"))?
        .stdout;
    let said = String::from_utf8_lossy(&said);
    let number = |before: &str| {
        let after = said.split(before).nth(1)?;
        let after = after.trim_start_matches(|c: char| !c.is_ascii_digit());
        after.split(|c: char| !c.is_ascii_digit() && c != '.').next()?.parse::<f64>().ok()
    };
    let rate = number("Throughput").ok_or_else(|| format!("etcdctl said no rate: {said}"))?;
    let deviation = number("Stddev").ok_or_else(|| format!("etcdctl said no standard deviation: {said}"))?;
    Ok(Seen { rate, deviation })
}
