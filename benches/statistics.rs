//! Whether the statistics can be trusted on this machine, and how long they take.
//!
//! An A/A experiment compares a piece of work with itself, interleaved; a second compares it with 5 % more of the same work.
//! Each is repeated 200 times. The first should raise an alarm in at most 1 % of the repetitions, the second in at
//! least 95 %. Run it on the machine and under the load that the measurements are made on:
//!
//! ```text
//! cargo bench --no-default-features --bench statistics
//! ```
//!
//! With the measurement half, and where hyperfine is, the wall time of an external process is taken by both in turns.

#[cfg(feature = "measure")]
#[path = "support/hyperfine.rs"]
mod hyperfine;

use std::{hint::black_box, time::Instant};

use runtime_baseline::{
    Baseline, Component, Indicator, Interval, Language, Metric, Provenance, Quantity, Source, SourceKind, Statistic,
    claims,
    compare::{Gate, judge},
    report::Report,
    stats::{Change, Decision, Summary, warnings},
};

/// Rounds of an experiment, one sample of each side in each.
const PAIRS: usize = 200;
/// The level and the least change that matters: above the first, below the injected one.
const LEVEL: f64 = 0.99;
const LEAST: f64 = 0.02;
/// Steps of the work: about 0.1 ms.
const STEPS: u64 = 100_000;

fn main() {
    // `cargo test` runs this as well, without the argument that `cargo bench` gives: then once, to see that it works.
    let has = |flag: &str| std::env::args().any(|arg| arg == flag);
    let (experiments, samples, metrics) = match () {
        () if !has("--bench") || has("--test") => (2, 10_000, 100),
        () if has("--quick") => (40, 10_000_000, 100_000),
        () => (200, 10_000_000, 100_000),
    };

    let (same, alarms) = experiment(experiments, STEPS);
    println!("A/A, {experiments} experiments of {PAIRS} interleaved pairs:");
    println!("  false alarms: {} (goal: at most 1 %); undecided {}", share(alarms, experiments), same.undecided);
    println!("  the same samples taken as unpaired: {} false alarms", share(same.unpaired, experiments));
    let (slower, _) = experiment(experiments, STEPS + STEPS / 20);
    println!("5 % slowdown, {experiments} experiments:");
    println!("  found: {} (goal: at least 95 %); undecided {}", share(slower.higher, experiments), slower.undecided);
    println!("  the same samples taken as unpaired: {} found", share(slower.unpaired, experiments));
    println!("  median of the measured changes: {:+.2} %", (slower.median_ratio - 1.0) * 100.0);

    summaries(samples);
    baselines(metrics);
    #[cfg(feature = "measure")]
    hyperfine::cross_check(if experiments > 2 { 20 } else { 1 });
}

fn share(count: usize, of: usize) -> String {
    format!("{count} of {of}, {:.1} %", count as f64 * 100.0 / of as f64)
}

#[derive(Default)]
struct Tally {
    higher: usize,
    lower: usize,
    undecided: usize,
    unpaired: usize,
    median_ratio: f64,
}

/// Compares [`STEPS`] of work with `steps`, and returns the tally and the number of alarms in either direction.
fn experiment(repetitions: usize, steps: u64) -> (Tally, usize) {
    let mut tally = Tally::default();
    let mut ratios = Vec::new();
    for _ in 0..repetitions {
        let (mut old, mut new) = (Vec::with_capacity(PAIRS), Vec::with_capacity(PAIRS));
        for round in 0..PAIRS {
            // Which side goes first alternates, so that an effect of the order falls on both.
            if round % 2 == 0 {
                old.push(timed(STEPS));
                new.push(timed(steps));
            } else {
                new.push(timed(steps));
                old.push(timed(STEPS));
            }
        }
        let change = Change::paired(&old, &new, LEVEL).expect("pairs").expect("enough pairs, none zero");
        ratios.push(change.ratio.value);
        match change.decide(LEAST) {
            Decision::Higher => tally.higher += 1,
            Decision::Lower => tally.lower += 1,
            Decision::Undecided => tally.undecided += 1,
            Decision::Same => {}
        }
        let apart = Change::between(&Summary::of(&old).expect("samples"), &Summary::of(&new).expect("samples"), LEVEL);
        let decision = apart.map(|change| change.decide(LEAST));
        tally.unpaired += usize::from(matches!(decision, Some(Decision::Higher | Decision::Lower)));
    }
    ratios.sort_by(f64::total_cmp);
    tally.median_ratio = ratios[ratios.len() / 2];
    let alarms = tally.higher + tally.lower;
    (tally, alarms)
}

/// Nanoseconds of real work on the CPU.
fn timed(steps: u64) -> u64 {
    let start = Instant::now();
    let mut state = 1u64;
    for i in 0..steps {
        state = black_box(state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(i));
    }
    black_box(state);
    u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX).max(1)
}

fn summaries(count: usize) {
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

fn baselines(count: usize) {
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
    let start = Instant::now();
    let judged = claims().iter().map(|claim| judge(claim, &new)).collect::<Vec<_>>().len();
    println!("{judged} claims judged by {count} metrics: {:.0} ms", start.elapsed().as_secs_f64() * 1e3);
}
