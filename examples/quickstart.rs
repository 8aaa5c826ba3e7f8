//! Measures one thing and prints its citation: `cargo run --release --example quickstart`.

use std::process::ExitCode;

use runtime_baseline::{
    Citation, Indicator, Language, Statistic, Temperature,
    probe::startup,
    runtime::{Runtime, Workload, wasmtime::Wasmtime},
    session::{Figure, Session},
};

fn main() -> ExitCode {
    match measured() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measured() -> Result<(), Box<dyn std::error::Error>> {
    let wasmtime = Wasmtime::new()?;
    let workload = Workload::ready();
    let artifact = wasmtime.prepare(&workload, Temperature::Warm)?;

    // The first starts pay for what is done once.
    for _ in 0..100 {
        startup(artifact.as_ref())?;
    }
    let samples = (0..1_000).map(|_| startup(artifact.as_ref())).collect::<Result<Vec<u64>, _>>()?;

    // A directory of one's own; `cargo bench` records in target/baseline.
    let mut session = Session::begin("examples/quickstart", "target/quickstart")?;
    let figure = Figure::new(Indicator::StartupTime, wasmtime.identity(), &workload.name)
        .at(Temperature::Warm)
        .with_settings(artifact.settings());
    session.record(&figure, &samples, &[Statistic::Median, Statistic::P99])?;
    let baseline = session.finish()?;

    for metric in baseline.metrics() {
        println!("{} of {} starts", metric.statistic(), metric.count().unwrap_or_default());
        println!("{}", Citation::of(metric).display(Language::English).rounded());
        println!("{}\n", Citation::of(metric).display(Language::Chinese).rounded());
    }
    if let Some(metric) = baseline.metrics().first() {
        println!("{}", metric.provenance().environment().block(Language::English).rounded());
    }
    Ok(())
}
