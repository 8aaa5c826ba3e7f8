//! Decisions by several threads at the same time: latency at as many as the machine has cores, and the rate at one and at
//! so many, whose ratio shows what the engines of a process share.

use std::{error::Error, time::Duration};

use runtime_baseline::{
    Indicator, Quantity, Statistic, Temperature, Unit,
    policy::{Policy, PolicyEngine, Registry},
    probe::{Throughput, throughput},
    runtime::Limits,
    session::{Figure, Session},
};

use crate::{lanes, support, support::Mode};

/// What the threads do, in the stored form.
const LOAD: &str = "decisions without pause";

/// Every engine of the machine on one policy.
pub fn measure(session: &mut Session, registry: &Registry, policy: &Policy, mode: Mode) -> Result<(), Box<dyn Error>> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let counts = if cores > 1 { vec![1, cores] } else { vec![1] };
    let (rounds, time) = match mode {
        Mode::Full => (5, Duration::from_millis(400)),
        Mode::Quick => (1, Duration::from_millis(60)),
        Mode::Test => (1, Duration::from_millis(1)),
    };
    let mut prepared = Vec::new();
    for engine in registry.engines() {
        let Some(form) = engine.forms().last().copied() else { continue };
        match engine.prepare(policy, form, Limits::default()) {
            Ok(loader) => prepared.push((engine, loader, vec![Vec::new(); counts.len()])),
            Err(error) => {
                session.unavailable(lanes::refused(&figure(Indicator::EvaluationRate, engine, policy, 1), error));
            }
        }
    }
    for _ in 0..rounds {
        for (engine, loader, seen) in &mut prepared {
            for (threads, seen) in counts.iter().zip(seen) {
                match throughput(loader.as_ref(), policy, *threads, time) {
                    Ok(whole) => seen.push(whole),
                    Err(error) => {
                        let figure = figure(Indicator::EvaluationRate, *engine, policy, *threads);
                        session.unavailable(support::failed(&figure, &error));
                    }
                }
            }
        }
    }
    for (engine, _, seen) in prepared {
        for (threads, seen) in counts.iter().zip(seen) {
            record(session, engine, policy, *threads, seen)?;
        }
    }
    Ok(())
}

fn figure(indicator: Indicator, engine: &dyn PolicyEngine, policy: &Policy, threads: usize) -> Figure {
    let threads = u32::try_from(threads).unwrap_or(u32::MAX);
    Figure::new(indicator, engine.identity(), &policy.name).at(Temperature::Warm).concurrent(threads, LOAD)
}

/// The median of the rounds' rates; the latencies of all of them, where several threads asked: one thread's are measured
/// in turns with its peers'.
fn record(
    session: &mut Session,
    engine: &dyn PolicyEngine,
    policy: &Policy,
    threads: usize,
    mut seen: Vec<Throughput>,
) -> Result<(), Box<dyn Error>> {
    if seen.is_empty() {
        return Ok(());
    }
    seen.sort_by(|a, b| a.rate.total_cmp(&b.rate));
    let rate = Quantity::new(seen[seen.len() / 2].rate, Unit::PerSecond)?;
    let decisions = seen.iter().map(|whole| whole.decisions).sum();
    session.record_value(
        &figure(Indicator::EvaluationRate, engine, policy, threads),
        Statistic::Rate,
        rate,
        decisions,
    )?;
    if threads > 1 {
        let latency: Vec<u64> = seen.into_iter().flat_map(|whole| whole.latency).collect();
        let figure = figure(Indicator::EvaluationLatency, engine, policy, threads);
        session.record(&figure, &latency, &[Statistic::Median, Statistic::P99])?;
    }
    Ok(())
}
