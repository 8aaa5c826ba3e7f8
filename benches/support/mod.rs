//! What the benches share: a plan is measured and recorded by the library; criterion, which is what people type and see,
//! gets the samples that were measured, and makes its estimates and its own baselines of them.

#![allow(dead_code, reason = "each bench uses its part")]

use std::{
    collections::HashSet,
    env,
    error::Error,
    hint,
    process::ExitCode,
    time::{Duration, Instant},
};

use criterion::{Criterion, SamplingMode};
use runtime_baseline::{
    Baseline, Language, Unit,
    experiment::{Experiment, Filter, LaneError, Outcome, Pass, Plan, Sampled, usual_directory},
    probe::{SampleCost, sample_cost},
    report::{self, Report},
};

type Declared = Result<(), LaneError>;

/// Measures a plan as the command line says, shows it, records it in `target/baseline`, and writes the reports.
pub fn bench(name: &str, declare: impl Fn(&mut Plan) -> Declared) -> ExitCode {
    // Six processes are the fewest whose median has an interval at 95 %.
    bench_in(name, Pass::of_this_bench().of([12, 6, 1]), declare)
}

/// The same in so many processes: in one, where each sample is of a fresh process of its own.
pub fn bench_in(name: &str, processes: u32, declare: impl Fn(&mut Plan) -> Declared) -> ExitCode {
    // Without the feature `hook` nothing did so before.
    runtime_baseline::become_helper();
    measure(name, processes, declare).unwrap_or_else(|error| {
        eprintln!("{name}: {error}");
        ExitCode::FAILURE
    })
}

fn measure(name: &str, processes: u32, declare: impl Fn(&mut Plan) -> Declared) -> Result<ExitCode, Box<dyn Error>> {
    let pass = Pass::of_this_bench();
    let experiment = Experiment::new(name).pass(pass).only(Filter::of_this_bench()?).in_processes(processes);
    let scratch = tempfile::tempdir()?;
    let directory = if pass == Pass::Test { scratch.path().to_owned() } else { usual_directory() };
    let (outcome, run) = experiment.run_and_record(&directory, declare)?;
    show(&outcome, pass);
    for row in &outcome.failed {
        eprintln!("failed: {}, {}: {}", row.subject(), row.indicator(), row.reason());
    }
    let failures = outcome.failed.len();
    // A failure is a row and the rest counts; but something is broken, and the bench says so at its end. What merely is not
    // here, is no failure.
    let ending = if failures > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS };
    if pass == Pass::Test {
        let (figures, unavailable) = (run.metrics().len(), outcome.unavailable.len());
        println!("{figures} figures, {failures} failures, {unavailable} rows unavailable");
        return Ok(ending);
    }
    print(&outcome, &run);
    let whole = Baseline::load(directory.join("baseline.json"))?;
    Report::of(&whole).with_raw_data(&directory).save(&directory)?;
    let file = |name: &str| directory.join(name).display().to_string();
    println!("recorded in {}, report in {}", file("baseline.json"), file("report.html"));
    Ok(ending)
}

/// Criterion's estimates, of the samples that were measured.
fn show(outcome: &Outcome, pass: Pass) {
    let mut criterion = criterion(pass);
    let mut seen = HashSet::new();
    for name in outcome.lanes.iter().map(|lane| lane.group.as_str()).filter(|name| seen.insert(*name)) {
        let lanes = outcome.lanes.iter().filter(|lane| lane.group == name);
        let lanes: Vec<_> = lanes.filter_map(|lane| Some((lane, nanoseconds(lane, pass)?))).collect();
        if lanes.is_empty() {
            continue;
        }
        let mut group = criterion.benchmark_group(name);
        group.sampling_mode(SamplingMode::Flat).warm_up_time(Duration::from_nanos(1));
        for (lane, samples) in lanes {
            // Criterion plans by the wall time of its first call, which is not told well below some microseconds.
            let mean = (samples.iter().sum::<u64>() / samples.len() as u64).max(20_000);
            let size = (samples.len() / 2).clamp(10, 100);
            // Half an iteration less, since criterion rounds up.
            let iterations = (samples.len() / size).max(1) as f64 - 0.5;
            group
                .sample_size(size)
                .measurement_time(Duration::from_nanos((size as f64 * iterations * mean as f64).ceil() as u64));
            let (mut at, mut is_first) = (0, true);
            group.bench_function(lane.name.as_str(), |bencher| {
                bencher.iter_custom(|iterations| {
                    // As long as one sample took.
                    if std::mem::take(&mut is_first) {
                        spin(Duration::from_nanos(mean));
                    }
                    let sum = (0..iterations).map(|i| samples[(at + i as usize) % samples.len()]).sum();
                    at += iterations as usize;
                    Duration::from_nanos(sum)
                });
            });
        }
        group.finish();
    }
    criterion.final_summary();
}

/// Criterion as the command line says. A quick pass is quick already: criterion's own `--quick` would go on asking for
/// samples until a tenth of a second is over, and there are no more.
fn criterion(pass: Pass) -> Criterion {
    let criterion = Criterion::default().without_plots().nresamples(2_000);
    if pass != Pass::Quick {
        return criterion.configure_from_args();
    }
    let value = |flag: &str| {
        let after = env::args().skip_while(|argument| argument != flag).nth(1);
        let within = |argument: String| Some(argument.strip_prefix(flag)?.strip_prefix('=')?.to_owned());
        after.or_else(|| env::args().find_map(within))
    };
    match (value("--save-baseline"), value("--baseline")) {
        (Some(name), _) => criterion.save_baseline(name),
        (_, Some(name)) => criterion.retain_baseline(name, true),
        _ => criterion,
    }
}

/// The samples of a lane's time; a handful of them is no matter for criterion.
fn nanoseconds(lane: &Sampled, pass: Pass) -> Option<Vec<u64>> {
    let samples = &lane.figures.first()?.samples;
    let enough = if pass == Pass::Test { 1 } else { 20 };
    let is_time = samples.unit() == Unit::Nanoseconds && samples.len() >= enough;
    is_time.then(|| samples.values().iter().map(|value| *value as u64).collect())
}

fn spin(time: Duration) {
    let begin = Instant::now();
    while begin.elapsed() < time {
        hint::spin_loop();
    }
}

/// The comparisons that the plan asked for, the figures of the run, and what the harness costs.
fn print(outcome: &Outcome, run: &Baseline) {
    for comparison in &outcome.comparisons {
        let what = format!("{} against {}", comparison.lane, comparison.with);
        match outcome.factor(comparison, 0.95).map(|change| change.map(|change| change.ratio)) {
            Ok(Some(ratio)) => {
                let [value, low, high] = [ratio.value, ratio.low, ratio.high].map(|ratio| (ratio - 1.0) * 100.0);
                println!("{what}: {value:+.1} % (95 % interval {low:+.1} … {high:+.1} %)");
            }
            Ok(None) => println!("{what}: not both were measured"),
            Err(error) => println!("{what}: {error}"),
        }
    }
    println!("\n{}", report::table(run, Language::English));
    match sample_cost(1_000_000) {
        Ok(SampleCost { inside, whole, .. }) => println!(
            "harness: one sample costs {whole:.0} ns in all, {inside} ns of them inside the figure (measured with noop)"
        ),
        Err(error) => println!("harness: its cost is unknown: {error}"),
    }
}

/// A number from the environment, or what it has to be.
pub fn number<T: std::str::FromStr>(variable: &str, example: &str) -> Result<Option<T>, String> {
    let parsed = |text: String| text.parse().map_err(|_| format!("{variable}={text}: a number such as {example}"));
    env::var(variable).ok().map(parsed).transpose()
}
