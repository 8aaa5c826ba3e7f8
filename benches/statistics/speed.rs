//! How long the record half takes with much to do.

use std::{hint::black_box, time::Instant};

use runtime_baseline::{
    Baseline, Component, Indicator, Interval, Language, Metric, Provenance, Quantity, Source, SourceKind, Statistic,
    compare::Gate,
    report::Report,
    stats::{Summary, warnings},
};

/// Summaries and warnings of so many samples.
pub fn summaries(count: usize) {
    let mut state = 1u64;
    let mut uniform = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    let tailed: Vec<u64> = (0..count).map(|_| (20_000.0 * (1.0 - uniform()).powf(-0.4)) as u64).collect();
    let mut sorted = tailed.clone();
    sorted.sort_unstable();
    for (name, samples) in [("heavy-tailed", &tailed), ("sorted", &sorted)] {
        let start = Instant::now();
        let summary = Summary::of(black_box(samples)).expect("samples");
        let interval = summary.median_interval(0.95).zip(summary.quantile_interval(0.99, 0.95));
        black_box((&summary, interval));
        println!("summary of {count} {name} samples: {:.0} ms (goal: under 1 s)", start.elapsed().as_secs_f64() * 1e3);
    }
    let start = Instant::now();
    black_box(warnings(&tailed.iter().map(|time| *time as f64).collect::<Vec<_>>()));
    println!("their warnings: {:.0} ms", start.elapsed().as_secs_f64() * 1e3);
}

/// Gate, report and verdicts of so many metrics.
pub fn baselines(count: usize) {
    let baseline = |factor: u64| {
        let source = Source::new(SourceKind::Benchmark, "runtime-baseline, benches/statistics").expect("a source");
        let component = Component::new("noop", "0.1.0").expect("a component");
        let provenance = Provenance::new(source, component, "2026-11-23".parse().expect("a date"));
        let mut baseline = Baseline::new();
        for i in 0..count as u64 {
            let ns = |n: u64| Quantity::nanoseconds(n * factor);
            let metric = Metric::new(
                Indicator::StartupTime,
                "noop".parse().expect("a subject"),
                ns(1000 + i),
                provenance.clone(),
            );
            let interval = Interval::new(0.95, ns(990 + i), ns(1010 + i)).expect("an interval");
            let metric =
                metric.expect("a time").with_workload(format!("workload-{i}")).with_statistic(Statistic::Median);
            baseline.push(metric.with_interval(interval).expect("one unit"));
        }
        baseline
    };
    let (old, new) = (baseline(100), baseline(110));
    let start = Instant::now();
    let report = Gate::new().compare(&[&old], &new).expect("no limits");
    let (rows, outcome) = (report.rows.len(), report.outcome().as_str());
    println!("gate of {rows} series: {:.0} ms, {outcome} (goal: under 2 s)", start.elapsed().as_secs_f64() * 1e3);
    let report = Report::of(&new);
    let timed = |name: &str, write: &dyn Fn() -> String| {
        let start = Instant::now();
        let bytes = write().len();
        let took = start.elapsed().as_secs_f64() * 1e3;
        println!("report of {count} metrics as {name}: {took:.0} ms, {bytes} bytes (goal: under 2 s)");
    };
    timed("markdown", &|| report.markdown(Language::English));
    #[cfg(feature = "html")]
    timed("a page", &|| report.html(Language::English));
    let peak = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = peak.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("unknown").trim();
    println!("peak memory of all of this, two baselines and their gate among it: {peak}");
}
