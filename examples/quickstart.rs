//! Measures one thing and prints its citation: `cargo run --release --example quickstart`.

use std::{path::Path, process::ExitCode};

use runtime_baseline::{
    Citation, Indicator, Language, Statistic, Temperature,
    experiment::{Experiment, Figure, Lane, Plan, Turns},
    probe::startup,
    runtime::{Runtime, Workload, wasmtime::Wasmtime},
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
    // Six processes, one after the other, each started from this program: what differs from process to process is in the
    // interval. A directory of one's own; `cargo bench` records in target/baseline.
    let experiment = Experiment::new("examples/quickstart");
    let (_, baseline) = experiment.run_and_record(Path::new("target/quickstart"), |plan: &mut Plan| {
        let wasmtime = Wasmtime::new()?;
        let workload = Workload::ready();
        let artifact = wasmtime.prepare(&workload, Temperature::Warm)?;
        let figure = Figure::new(Indicator::StartupTime, wasmtime.identity(), &workload.name)
            .at(Temperature::Warm)
            .with_settings(artifact.settings());
        let statistics = [Statistic::Median, Statistic::P99];
        let lane = Lane::single("wasmtime/warm", figure, &statistics, move || startup(artifact.as_ref()));
        plan.group("startup_time", Turns::rounds(20).of(10).warmed_up(), vec![lane]);
        Ok(())
    })?;

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
