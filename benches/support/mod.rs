//! What the benches share: how they are called, and how interleaved samples reach criterion.

#![allow(dead_code, reason = "each bench uses its part")]

use std::{
    env,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    path::{Path, PathBuf},
    process::exit,
    time::Duration,
};

use criterion::{Criterion, SamplingMode};
use runtime_baseline::{
    Language, Statistic, UnavailableRow,
    probe::{Interleaved, SampleCost, sample_cost},
    report,
    session::{Figure, Session, SessionError},
    stats::{Change, Summary},
};

/// How the bench was called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// `cargo bench`.
    Full,
    /// `cargo bench -- --quick`.
    Quick,
    /// `cargo test --benches` or `-- --test`: everything runs once, nothing is recorded.
    Test,
}

impl Mode {
    /// As criterion decides it: without `--bench` it is a test.
    pub fn of_this_run() -> Self {
        let has = |flag: &str| env::args().any(|argument| argument == flag);
        match () {
            () if !has("--bench") || has("--test") || has("--list") => Self::Test,
            () if has("--quick") => Self::Quick,
            () => Self::Full,
        }
    }

    /// One of three values: for a measurement, a quick pass, and a test.
    pub fn of<T: Copy>(self, [full, quick, test]: [T; 3]) -> T {
        match self {
            Self::Full => full,
            Self::Quick => quick,
            Self::Test => test,
        }
    }

    /// One of two values: for a measurement, and for a test or a quick pass.
    pub fn choose<T>(self, full: T, less: T) -> T {
        if self == Self::Full { full } else { less }
    }
}

/// Whether the command line names this subject, by a part of it: what it names none of, it asks all for.
pub fn is_asked_for(subject: &str) -> bool {
    env::args().skip(1).find(|argument| !argument.starts_with('-')).is_none_or(|part| subject.contains(&part))
}

/// Criterion, with what the command line says. A quick pass takes a sixth of the time: every lane's turn takes all the
/// others' along.
pub fn criterion(mode: Mode, warm_up: Duration, measurement: Duration) -> Criterion {
    let measurement = mode.choose(measurement, measurement / 6);
    Criterion::default()
        .warm_up_time(warm_up)
        .measurement_time(measurement)
        .sample_size(20)
        .without_plots()
        .configure_from_args()
}

/// Where a run is recorded: `target/baseline`, wherever the target directory is. A test's is removed afterwards.
pub enum Place {
    Kept(PathBuf),
    Scratch(tempfile::TempDir),
}

impl Place {
    pub fn of(mode: Mode) -> Self {
        let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from);
        match mode {
            Mode::Test => Self::Scratch(tempfile::tempdir().expect("a temporary directory")),
            _ => Self::Kept(target.join("baseline")),
        }
    }

    pub fn path(&self) -> &Path {
        match self {
            Self::Kept(path) => path,
            Self::Scratch(directory) => directory.path(),
        }
    }
}

/// A benchmark for each lane. Criterion asks for one lane after the other; all take turns all the same. A lane that
/// fails ends alone, and its failure is a row of the report.
pub fn measure(criterion: &mut Criterion, name: &str, lanes: &mut Interleaved<'_>) {
    struct LaneFailed;
    let mut group = criterion.benchmark_group(name);
    group.sampling_mode(SamplingMode::Flat);
    for lane in 0..lanes.lanes().len() {
        // What other lanes' turns left would be taken in no time, and criterion would plan for that speed.
        lanes.skip_untaken(lane);
        let id = lanes.lanes()[lane].name().to_owned();
        let failed = catch_unwind(AssertUnwindSafe(|| {
            group.bench_function(id, |bencher| {
                bencher.iter_custom(|iterations| match lanes.take(lane, iterations) {
                    Some(duration) => duration,
                    None => resume_unwind(Box::new(LaneFailed)),
                });
            });
        }));
        match failed {
            Err(payload) if payload.is::<LaneFailed>() => {
                let lane = &lanes.lanes()[lane];
                let why = lane.failure().map(ToString::to_string).unwrap_or_default();
                eprintln!("{name}/{}: failed: {why}", lane.name());
            }
            Err(other) => resume_unwind(other),
            Ok(()) => {}
        }
    }
    group.finish();
}

/// The harness's own cost, for the foot of the table.
pub fn print_cost() {
    match sample_cost(1_000_000) {
        Ok(SampleCost { inside, whole, .. }) => println!(
            "harness: one sample costs {whole:.0} ns in all, {inside} ns of them inside the figure (measured with noop)"
        ),
        Err(error) => println!("harness: its cost is unknown: {error}"),
    }
}

/// Records each lane's samples, or why it failed. A lane without a figure is there for comparison alone.
pub fn record(
    session: &mut Session,
    lanes: &Interleaved<'_>,
    figures: &[Option<Figure>],
    statistics: &[Statistic],
) -> Result<(), SessionError> {
    for (lane, figure) in lanes.lanes().iter().zip(figures) {
        let Some(figure) = figure else { continue };
        match lane.failure() {
            Some(error) => session.unavailable(failed(figure, error)),
            // A filter on the command line leaves lanes without a sample.
            None if lane.samples().is_empty() => {}
            None => session.record(figure, lane.samples(), statistics)?,
        }
    }
    Ok(())
}

/// The row of a measurement that failed.
pub fn failed(figure: &Figure, error: &dyn std::fmt::Display) -> UnavailableRow {
    let subject = figure.identity.subject.clone();
    let row = UnavailableRow::new(subject, figure.indicator, error.to_string(), "the measurement failed: run it again")
        .with_workload(&figure.workload);
    match figure.temperature {
        Some(temperature) => row.with_temperature(temperature),
        None => row,
    }
}

/// Prints by how much one lane's median is off another's, with its interval: the cost of an adapter over the calls
/// written by hand.
pub fn print_overhead(lanes: &Interleaved<'_>, adapter: &str, by_hand: &str) {
    let samples = |name: &str| lanes.lanes().iter().find(|lane| lane.name() == name).map(|lane| lane.samples());
    let (Some(adapter_samples), Some(hand_samples)) = (samples(adapter), samples(by_hand)) else { return };
    let summary = |samples: &[u64]| Summary::of(samples).ok();
    let (Some(ours), Some(bare)) = (summary(adapter_samples), summary(hand_samples)) else { return };
    let Some(change) = Change::between(&bare, &ours, 0.95) else { return };
    let percent = |ratio: f64| (ratio - 1.0) * 100.0;
    println!(
        "{adapter} against {by_hand}: {:+.1} % (95 % interval {:+.1} … {:+.1} %), medians {} and {} ns",
        percent(change.ratio.value),
        percent(change.ratio.low),
        percent(change.ratio.high),
        ours.median(),
        bare.median(),
    );
}

/// Merges the run into the baseline, and prints it.
pub fn finish(session: Session, place: &Place, mode: Mode) {
    let failures =
        session.baseline().unavailable().iter().filter(|row| row.remedy().starts_with("the measurement failed"));
    let failures = failures.count();
    let run = match session.finish() {
        Ok(run) => run,
        Err(error) => {
            eprintln!("the run could not be recorded: {error}");
            exit(1);
        }
    };
    if mode == Mode::Test {
        println!("{} figures, {failures} failures, {} rows unavailable", run.metrics().len(), run.unavailable().len());
        // In a measurement a failure is a row and the rest counts; in a test it is a failure.
        exit(i32::from(failures > 0));
    }
    println!("\n{}", report::table(&run, Language::English));
    print_cost();
    let file = |name: &str| place.path().join(name).display().to_string();
    println!("recorded in {}, report in {}", file("baseline.json"), file("report.html"));
}
