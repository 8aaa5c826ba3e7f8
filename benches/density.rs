//! How many ready instances live at the same time on the node of the published figures (8 GiB), what stopped the next, and
//! how fast they start meanwhile: every runtime of this machine, at the warmest temperature that it has. Each fill is in fresh
//! processes of its own, one fill after the other.
//!
//! `cargo bench --bench density` records; `-- --quick` fills less; `DENSITY=100000` fills that far, or as far as it goes.
//! `DENSITY=all` fills to the end of the node's memory, which takes some ten minutes and 8 GiB: *how many fit*, in place of *at
//! least 3,000*. A word that is no flag names a subject, and only fills whose subject contains it are made.

mod support;

use std::{env, error::Error, fs, thread, time::Duration};

use runtime_baseline::{
    Bound, Indicator, Quantity, Statistic, Subject, Temperature, UnavailableRow, Unit,
    probe::{self, Budget, Density, Described, Fill, Filled, FreshError, ProbeError, Stop, Target, fill},
    runtime::{Registry, Workload},
    samples::{Axis, Curve, CurveError},
    session::{Figure, Session},
};
use support::{Mode, Place};

/// The memory of the published figures' node.
const MEMORY: u64 = 8 << 30;

/// How long a fill without a number may take until its last start.
const TIME: Duration = Duration::from_secs(240);

/// Wasmtime with dense pools: recorded as `wasmtime`, whose settings tell it apart.
const DENSE: &str = "wasmtime/dense";

/// One fill: with what, how far, and in how many processes.
struct Case {
    /// The runtime's name.
    runtime: String,
    temperature: Temperature,
    budget: Budget,
    processes: usize,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mode = Mode::of_this_run();
    let extent = Extent::asked(mode)?;
    let place = Place::of(mode);
    let mut session = Session::begin("benches/density", place.path())?;
    let runtimes = Registry::subjects().into_iter().chain([DENSE.to_owned()]);
    for runtime in runtimes.filter(|runtime| support::is_asked_for(runtime)) {
        match Described::of(&runtime) {
            Ok(described) => {
                for case in extent.cases(&runtime, &described) {
                    case.run(&described, &mut session, &place)?;
                }
            }
            Err(error) => {
                let subject = error.refusal().map(|refusal| refusal.subject.clone());
                let subject = subject.map_or_else(|| runtime.parse(), Ok)?;
                session.unavailable(row(subject, &error));
            }
        }
    }
    support::finish(session, &place, mode);
    Ok(())
}

/// How far the fills go.
enum Extent {
    Mode(Mode),
    Count(usize),
    /// Until the memory is used up.
    All,
}

impl Extent {
    fn asked(mode: Mode) -> Result<Self, String> {
        match env::var("DENSITY") {
            Ok(text) if mode != Mode::Test && text == "all" => Ok(Self::All),
            Ok(text) if mode != Mode::Test => {
                let count = text.parse().map_err(|_| format!("DENSITY={text}: a number such as 3000, or all"))?;
                Ok(Self::Count(count))
            }
            _ => Ok(Self::Mode(mode)),
        }
    }

    /// The fills of one runtime.
    fn cases(&self, runtime: &str, described: &Described) -> Vec<Case> {
        let Some(&temperature) = described.temperatures.last() else { return Vec::new() };
        let contained = described.identity.isolation.is_contained();
        // A container's start waits for the kernel as much as it computes. In one process, starts wait for each other: all
        // change its mappings.
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let budget = Budget::default().memory(MEMORY).threads(if contained { 2 * cores } else { 1 });
        let case = |budget, processes| Case { runtime: runtime.to_owned(), temperature, budget, processes };
        let counted = |count: usize, processes| case(budget.count(count), processes);
        match (self, runtime) {
            // 900,000 fit, and an engine makes room for 131,072 at most.
            (Self::All, DENSE) => vec![case(budget.time(TIME), 16)],
            (Self::All, "container/scratch" | "container/alpine" | "container+wasmedge" | "container+wasmtime") => {
                vec![case(budget.time(TIME), 1)]
            }
            (Self::All, _) => Vec::new(),
            (Self::Count(count), DENSE) => vec![counted(*count, 1), counted(*count, 4)],
            (Self::Count(count), _) => vec![counted(*count, 1)],
            (Self::Mode(mode), DENSE) => {
                vec![counted(mode.of([30_000, 3_000, 50]), 1), counted(mode.of([100_000, 4_000, 80]), 4)]
            }
            (Self::Mode(mode), _) => {
                let counts = match (runtime, contained, temperature) {
                    ("container/scratch", ..) => [3_000, 300, 8],
                    // What differs from image to image shows early.
                    (_, true, Temperature::Cold) => [3_000, 100, 4],
                    (_, true, _) => [3_000, 300, 8],
                    // Each start compiles.
                    (_, _, Temperature::Cold) => [3_000, 100, 4],
                    _ => [30_000, 3_000, 50],
                };
                vec![counted(mode.of(counts), 1)]
            }
        }
    }
}

impl Case {
    /// Fills, and records what it came to. A fill that failed is a row, and the run goes on.
    fn run(&self, described: &Described, session: &mut Session, place: &Place) -> Result<(), Box<dyn Error>> {
        let target = Target::new(&self.runtime, Workload::ready(), self.temperature);
        match fill(&Fill::new(target, self.budget).processes(self.processes)) {
            Ok(filled) => {
                print(self, &filled.density);
                save(place, self, &filled.density)?;
                let threads = self.budget.thread_count() * self.processes;
                let mut figure = Figure::new(Indicator::Density, &filled.identity, "ready")
                    .at(self.temperature)
                    .concurrent(threads as u32, "fill");
                figure.settings.insert("budget".to_owned(), self.budget.to_string());
                if self.processes > 1 {
                    figure.settings.insert("processes".to_owned(), self.processes.to_string());
                }
                record(session, figure, filled)?;
            }
            Err(error) => {
                eprintln!("{}: {error}", self.name());
                let row = row(described.identity.subject.clone(), &error);
                session.unavailable(row.with_workload("ready").with_temperature(self.temperature));
            }
        }
        Ok(())
    }

    fn name(&self) -> String {
        let processes = if self.processes > 1 { format!(".{}-processes", self.processes) } else { String::new() };
        format!("{}.{}{processes}", self.runtime.replace('/', "-"), self.temperature)
    }
}

/// What cannot run here, or holds nothing, says what to do; a process that the kernel killed met a limit; all else failed.
fn row(subject: Subject, error: &ProbeError) -> UnavailableRow {
    let (reason, remedy) = match (error.refusal(), error) {
        (Some(refusal), _) => (refusal.reason.clone(), refusal.remedy.as_str()),
        (None, ProbeError::Fresh(FreshError::OutOfMemory { .. })) => (
            format!("limit: memory: {error}"),
            "raise the memory limit of the run's cgroup, or fill less: DENSITY=1000",
        ),
        _ => (error.to_string(), "the measurement failed: run it again"),
    };
    UnavailableRow::new(subject, Indicator::Density, reason, remedy)
}

/// The raw readings, before they are summarised.
fn save(place: &Place, case: &Case, density: &Density) -> Result<(), Box<dyn Error>> {
    let path = place.path().join("samples").join(format!("density.{}.json", case.name()));
    fs::write(&path, serde_json::to_vec(density)?).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(())
}

/// The count, and the start rates and the memory of each as figures of their own. What was seen besides stands with the count.
fn record(session: &mut Session, figure: Figure, filled: Filled) -> Result<(), Box<dyn Error>> {
    let Filled { density, settings, .. } = filled;
    let mut figure = figure.with_settings(settings);
    figure.settings.insert("memory_method".to_owned(), density.memory_method.clone());
    let started = density.ready_after.len() as u64;
    let rates = [
        ("fill", density.rate()),
        ("fill, around 100 live", density.rate_at(100)),
        ("fill, the last of them", density.rate_at_end()),
    ];
    for (load, rate) in rates {
        let Some(rate) = rate else { continue };
        let mut of_rate = figure.clone();
        (of_rate.indicator, of_rate.load) = (Indicator::StartRate, load.to_owned());
        let rate = Quantity::new(rate, Unit::PerSecond)?;
        if load == "fill" {
            let points = density.rates(POINTS).into_iter().map(|(live, rate)| (live as f64, rate)).collect();
            let curve = Curve::new(live()?, Axis::new("start rate", Unit::PerSecond)?, points)?;
            session.record_curve(&of_rate, Statistic::Rate, rate, &curve)?;
        } else {
            session.record_value(&of_rate, Statistic::Rate, rate, started)?;
        }
    }
    if let Some(line) = density.memory_line() {
        let mut held = figure.clone();
        held.indicator = Indicator::MemoryBaseline;
        let points = density.memory.iter().map(|reading| (reading.live as f64, reading.bytes as f64)).collect();
        let curve = Curve::new(live()?, Axis::new("memory", Unit::Bytes)?, points)?;
        session.record_curve(&held, Statistic::Slope, Quantity::bytes(line.slope.max(0.0).round() as u64), &curve)?;
    }
    let mut figure = figure
        .observed("stopped_by", &density.stopped_by)
        .observed("elapsed_ns", density.elapsed())
        .observed("check_ns", density.check)
        .observed("teardown_ns", density.teardown);
    if let Some(reason) = density.stopped_by.reason() {
        figure = figure.observed("stop_reason", reason);
    }
    let ready = Quantity::whole(density.ready as u64, Unit::Instances);
    // What its own budget ended says no more than that as many fit.
    let bound = match density.stopped_by {
        Stop::Budget(probe::Bound::Count | probe::Bound::Time) => Bound::Above,
        _ => Bound::Exact,
    };
    Ok(session.record_bound(&figure, Statistic::Single, ready, bound, None, 1)?)
}

/// At most so many points of a curve of rates.
const POINTS: usize = 60;

fn live() -> Result<Axis, CurveError> {
    Axis::new("live instances", Unit::Instances)
}

fn print(case: &Case, density: &Density) {
    let rate = |rate: Option<f64>| rate.map_or_else(|| "-".to_owned(), |rate| format!("{rate:.0}"));
    let slope = density.memory_line().map_or_else(|| "-".to_owned(), |line| format!("{:.1} KiB", line.slope / 1024.0));
    let seconds = |nanoseconds: u64| nanoseconds as f64 / 1e9;
    eprintln!(
        "{}: {} live in {:.2} s, {}; {}/s (at 100: {}, at the end: {}); {slope} each; stopped in {:.2} s",
        case.name(),
        density.ready,
        seconds(density.elapsed()),
        density.stopped_by,
        rate(density.rate()),
        rate(density.rate_at(100)),
        rate(density.rate_at_end()),
        seconds(density.teardown),
    );
}
