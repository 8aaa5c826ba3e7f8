//! One table: engines × policies × startup, memory, decision, rate.

use runtime_baseline::{Baseline, Family, Indicator, Metric, Statistic, Temperature};

const HEADER: [&str; 11] = [
    "policy",
    "engine",
    "transport",
    "start, source",
    "start, precompiled",
    "memory",
    "decision",
    "p99",
    "decisions/s",
    "with N threads",
    "p99",
];

/// Prints it, engines in that order. A transport's cost is inside the figures of its row.
pub fn print(run: &Baseline, engines: &[String]) {
    let mut keys: Vec<(&str, &str)> = Vec::new();
    let whole = |metric: &&&Metric| metric.provenance().environment().conditions.part().is_none();
    for metric in run.latest().iter().filter(|m| m.indicator().family() == Family::Policy).filter(whole) {
        let Some(workload) = metric.workload() else { continue };
        if !workload.ends_with("bindings") && !keys.contains(&(workload, metric.subject().as_str())) {
            keys.push((workload, metric.subject().as_str()));
        }
    }
    // By policy, in the order in which they were measured; who is no engine of the registry comes last.
    let policies: Vec<&str> = keys.iter().map(|(policy, _)| *policy).collect();
    keys.sort_by_key(|(policy, engine)| {
        let place = engines.iter().position(|other| other == engine).unwrap_or(engines.len());
        (policies.iter().position(|other| other == policy), place)
    });
    let rows: Vec<[String; 11]> = keys.iter().map(|(policy, engine)| row(run, policy, engine)).collect();
    let header = HEADER.map(str::to_owned);
    let width = |column: usize| rows.iter().chain([&header]).map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..HEADER.len()).map(width).collect();
    println!();
    for row in [&header].into_iter().chain(&rows) {
        let cells: Vec<_> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        println!("{}", cells.join("  ").trim_end());
    }
}

fn row(run: &Baseline, policy: &str, engine: &str) -> [String; 11] {
    let of_this = |metric: &&Metric| metric.workload() == Some(policy) && metric.subject().as_str() == engine;
    let find = |indicator: Indicator, statistic: Statistic, temperature: Temperature, several: bool| {
        let found = run.metrics().iter().filter(of_this).find(|metric| {
            let concurrency = metric.provenance().environment().conditions.concurrency.unwrap_or(1);
            metric.indicator() == indicator
                && metric.statistic() == statistic
                && metric.temperature() == Some(temperature)
                && (concurrency > 1) == several
        });
        found.map_or_else(|| "–".to_owned(), |metric| metric.quantity().rounded())
    };
    let mut memory =
        run.metrics().iter().filter(of_this).filter(|metric| metric.indicator() == Indicator::EngineMemory);
    let memory = memory.find(|metric| metric.statistic() == Statistic::Median);
    let transport = run.metrics().iter().find(of_this);
    let transport = transport.and_then(|metric| metric.provenance().environment().conditions.transport.clone());
    use Indicator::{EngineStartup as Start, EvaluationLatency as Decision, EvaluationRate as Rate};
    [
        policy.to_owned(),
        engine.to_owned(),
        transport.unwrap_or_else(|| "in-process".to_owned()),
        find(Start, Statistic::Median, Temperature::Cold, false),
        find(Start, Statistic::Median, Temperature::Precompiled, false),
        memory.map_or_else(|| "–".to_owned(), |metric| metric.quantity().rounded()),
        find(Decision, Statistic::Median, Temperature::Warm, false),
        find(Decision, Statistic::P99, Temperature::Warm, false),
        find(Rate, Statistic::Rate, Temperature::Warm, false),
        find(Rate, Statistic::Rate, Temperature::Warm, true),
        find(Decision, Statistic::P99, Temperature::Warm, true),
    ]
}
