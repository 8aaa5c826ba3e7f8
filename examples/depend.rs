//! The record half alone, as another tool depends on it: build a metric, merge it into a baseline, query it, cite it,
//! and see what it still owes its reader.
//!
//! `cargo run --no-default-features --example depend`

use std::process::ExitCode;

use runtime_baseline::{
    Baseline, Citation, Component, Date, Host, Indicator, Language, Metric, Provenance, Quantity, Source, SourceKind,
    Statistic, Temperature,
};

fn main() -> ExitCode {
    let directory = std::env::temp_dir().join(format!("runtime-baseline-depend-{}", std::process::id()));
    let result = run(&directory.join("baseline.json"));
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

fn run(path: &std::path::Path) -> Result<(), Box<dyn std::error::Error>> {
    // What your own tool measured; the type wants a source, a component with its version, and a date.
    let source = Source::new(SourceKind::Benchmark, "my-tool 1.2.0, benches/start")?;
    let component = Component::new("wasmtime", "48.0.8")?;
    let mut environment = Host::here().capture(".");
    environment.conditions.concurrency = Some(1);
    environment.conditions.load = Some("idle".to_owned());
    let provenance = Provenance::new(source, component, Date::today()).with_environment(environment);
    let metric = Metric::new(Indicator::StartupTime, "wasmtime".parse()?, Quantity::nanoseconds(21_450), provenance)?
        .with_temperature(Temperature::Warm)
        .with_statistic(Statistic::Median)
        .with_count(5000);

    let mut run = Baseline::new();
    run.push(metric);
    let merged = run.merge_into(path)?;
    println!("merged into {}, {} superseded", path.display(), merged.superseded.len());

    let baseline = merged.whole;
    let query = baseline.find(Indicator::StartupTime, "wasmtime").temperature(Temperature::Warm);
    let Some(metric) = query.latest() else { return Err("the metric just saved is not there".into()) };
    println!("{}", Citation::of(metric).display(Language::English).rounded());
    println!("{}", metric.provenance().environment().block(Language::English).rounded());
    for shortfall in metric.audit() {
        println!("falls short of {shortfall}");
    }
    Ok(())
}
