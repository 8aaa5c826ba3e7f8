//! From raw samples to a verdict, with what one's own tool measured: samples that know their turn, figures with an
//! interval, a baseline beside its samples, and a claim judged by it.
//!
//! `cargo run --release --no-default-features --example record`

use std::{hint::black_box, path::Path, process::ExitCode, time::Instant};

use runtime_baseline::{
    Baseline, Citation, Claims, Component, Date, Host, Indicator, Isolation, Language, Provenance, Source, SourceKind,
    Statistic, Unit, compare::judge, samples::Samples,
};

/// What somebody says of the two sorts of Rust's standard library.
const CLAIM: &str = r#"
schema = 1
[[table]]
section = "example"
source = { kind = "official_docs", reference = "https://doc.rust-lang.org/std/primitive.slice.html" }
date = "2026-01"
components = ["rust 1.95.0"]
conditions = { concurrency = 1 }
reference = { subject = "sort", isolation = "none" }
contender = { subject = "sort_unstable", isolation = "none" }
[[table.claim]]
id = "unstable-is-faster"
indicator = "evaluation_latency"
reference = { value = "20 µs" }
contender = { value = "18 µs" }
sense = "faster"
"#;

fn main() -> ExitCode {
    let directory = std::env::temp_dir().join(format!("runtime-baseline-record-{}", std::process::id()));
    let result = run(&directory);
    // Nothing is left behind, whatever happened.
    let _ = std::fs::remove_dir_all(&directory);
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(directory: &Path) -> Result<(), Box<dyn std::error::Error>> {
    // The peers take turns, so that a machine that changes does it to both.
    let mut stable = Samples::new(Indicator::EvaluationLatency, Unit::Nanoseconds)?;
    let mut unstable = stable.clone();
    for turn in 0..40 {
        for _ in 0..25 {
            stable.push(0, turn, timed(|numbers| numbers.sort()))?;
            unstable.push(0, turn, timed(|numbers| numbers.sort_unstable()))?;
        }
    }

    let mut environment = Host::here().capture(directory);
    environment.conditions.concurrency = Some(1);
    environment.conditions.isolation = Some(Isolation::None);
    let source = Source::new(SourceKind::Benchmark, "my-tool 1.2.0, examples/record.rs")?;
    let provenance =
        Provenance::new(source, Component::new("rust", "1.95.0")?, Date::today()).with_environment(environment);

    let mut baseline = Baseline::new();
    for (subject, samples) in [("sort", &stable), ("sort_unstable", &unstable)] {
        // The samples lie beside the baseline, so that anybody can compute the figures again.
        let file = samples.save(directory, subject)?;
        for statistic in [Statistic::Median, Statistic::P90] {
            // The interval is one of the turns' medians: a figure without an interval carries no verdict.
            let metric = samples.metric(subject.parse()?, statistic, provenance.clone())?;
            baseline.push(metric.with_workload("1,000 numbers").with_samples(&file));
        }
    }
    baseline.save(directory.join("baseline.json"))?;

    for metric in baseline.metrics() {
        let interval = metric.interval().map(|i| format!(", {} … {}", i.low().rounded(), i.high().rounded()));
        println!("{} of {}{}", metric.statistic(), metric.subject(), interval.unwrap_or_default());
        println!("{}", Citation::of(metric).display(Language::English).rounded());
    }
    for claim in &Claims::from_toml(CLAIM)? {
        println!("\n{}: {}", claim.id(), judge(claim, &baseline).verdict.as_str());
    }
    Ok(())
}

/// Nanoseconds that `sort` takes for the same thousand numbers.
fn timed(sort: impl Fn(&mut [u64])) -> f64 {
    let mut numbers: Vec<u64> = (0..1_000_u64).map(|i| i.wrapping_mul(0x9e37_79b9_7f4a_7c15)).collect();
    let start = Instant::now();
    sort(black_box(&mut numbers));
    start.elapsed().as_nanos() as f64
}
