//! `recompute`: every figure of a baseline made again from its samples.

use runtime_baseline::{
    Metric,
    samples::{RecomputeError, recompute},
};

use crate::{Failure, args, directory_of, load, output::Output};

/// The exit code where a figure is not that of its samples.
const DIFFERS: u8 = 1;

pub fn recompute_all(args: &args::Recompute) -> Result<Output, Failure> {
    let (baseline, directory) = (load(&args.baseline)?, directory_of(&args.baseline));
    let (mut same, mut without, mut failures) = (0, Vec::new(), Vec::new());
    for metric in baseline.metrics() {
        match recompute(metric, &directory) {
            Ok(found) if found.is_of(metric) => same += 1,
            Ok(found) => failures.push(format!("{}: the samples give {}", name(metric), given(metric, &found))),
            Err(error @ (RecomputeError::NoSamples | RecomputeError::Curve(_))) => {
                without.push(format!("{}: {error}", name(metric)));
            }
            Err(error) => failures.push(format!("{}: {error}", name(metric))),
        }
    }
    let mut text = String::new();
    for line in failures.iter().chain(args.all.then_some(&without).into_iter().flatten()) {
        text.push_str(line);
        text.push('\n');
    }
    text.push_str(&format!(
        "{} figures: {same} are those of their samples, {} are not, {} name no samples\n",
        baseline.metrics().len(),
        failures.len(),
        without.len()
    ));
    Ok(Output { text, code: if failures.is_empty() { 0 } else { DIFFERS } })
}

/// `median startup_time of wasmtime, ready, warm: 21.45 µs`.
fn name(metric: &Metric) -> String {
    let mut name = format!("{} {} of {}", metric.statistic(), metric.indicator(), metric.subject());
    let temperature = metric.temperature().map(|temperature| temperature.to_string());
    for part in [metric.workload(), temperature.as_deref()].into_iter().flatten() {
        name.push_str(", ");
        name.push_str(part);
    }
    name + &format!(", {}", with_interval(metric.quantity().to_string(), metric.interval()))
}

fn given(metric: &Metric, found: &runtime_baseline::samples::Estimated) -> String {
    let unit = metric.quantity().unit();
    let value = found.quantity(unit).map_or_else(|error| error.to_string(), |quantity| quantity.to_string());
    with_interval(value, found.quantities(unit).ok().flatten())
}

fn with_interval(value: String, interval: Option<runtime_baseline::Interval>) -> String {
    match interval {
        Some(interval) => format!("{value} ({} … {})", interval.low(), interval.high()),
        None => value,
    }
}
