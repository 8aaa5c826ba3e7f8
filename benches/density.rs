//! How many ready instances live at the same time on the node of the published figures (8 GiB), what stopped the next, and
//! how fast they start meanwhile. Each fill is in a fresh process of this program, one after the other; the last is in
//! several processes at the same time.
//!
//! `cargo bench --bench density` records; `-- --quick` fills less; `DENSITY=100000` fills that far in each process, or as far as
//! it goes. A word that is no flag names a subject, and only fills whose subject contains it are made.

#[path = "support/fill.rs"]
mod fill;
mod support;

use std::{env, error::Error, fs, thread};

use fill::{Filled, Order};
use runtime_baseline::{
    Bound, Indicator, Quantity, Statistic, Temperature, UnavailableRow, Unit,
    probe::{self, Budget, Density, Stop},
    runtime::{Registry, Runtime},
    session::{Figure, Session},
    stats::{Axis, Curve, CurveError},
};
use support::{Mode, Place};

/// The memory of the published figures' node.
const MEMORY: u64 = 8 << 30;

/// One fill: with what, how far (in a full pass, a quick one and a test), and in how many processes.
struct Case {
    subject: &'static str,
    temperature: Temperature,
    dense: bool,
    counts: [usize; 3],
    processes: usize,
}

const fn case(subject: &'static str, temperature: Temperature, counts: [usize; 3]) -> Case {
    Case { subject, temperature, dense: false, counts, processes: 1 }
}

/// Wasmtime's goal is 30,000 in a process, the others' 3,000; WasmEdge goes as far as it does.
const CASES: [Case; 10] = [
    Case { dense: true, ..case("wasmtime", Temperature::Warm, [30_000, 3_000, 50]) },
    case("wasmtime", Temperature::Warm, [30_000, 3_000, 50]),
    case("wasmedge/interpreter", Temperature::Warm, [30_000, 3_000, 50]),
    case("wasmedge/aot", Temperature::Warm, [30_000, 3_000, 50]),
    case("wasmedge/jit", Temperature::Cold, [3_000, 100, 4]),
    case("container/scratch", Temperature::Cold, [3_000, 300, 8]),
    // What the published figures are of.
    case("container/alpine", Temperature::Cold, [3_000, 300, 4]),
    case("container+wasmtime", Temperature::Precompiled, [3_000, 300, 8]),
    case("container+wasmedge", Temperature::Precompiled, [3_000, 300, 8]),
    // The counts are those of each process.
    Case { dense: true, processes: 4, ..case("wasmtime", Temperature::Warm, [25_000, 1_000, 20]) },
];

fn main() -> Result<(), Box<dyn Error>> {
    fill::serve_if_asked();
    let mode = Mode::of_this_run();
    let place = Place::of(mode);
    let registry = Registry::of_this_machine();
    let mut session = Session::begin("benches/density", place.path())?;
    let asked = env::args().skip(1).find(|argument| !argument.starts_with('-'));
    for case in CASES.iter().filter(|case| asked.as_ref().is_none_or(|asked| case.subject.contains(asked.as_str()))) {
        let named = |runtime: &&dyn Runtime| runtime.identity().subject.as_str() == case.subject;
        // One that cannot run here is a row already.
        let Some(runtime) = registry.runtimes().find(named) else { continue };
        let order = case.order(mode)?;
        let figure = case.figure(runtime, &order);
        match fill::fill(&order, case.processes, &[]) {
            Ok(filled) => {
                print(case, &filled.density);
                save(&place, case, &filled.density)?;
                record(&mut session, figure, filled)?;
            }
            Err(error) => session.unavailable(support::failed(&figure, &error)),
        }
    }
    let filled = |subject: &str| CASES.iter().any(|case| case.subject == subject);
    for refusal in registry.unavailable().iter().filter(|refusal| filled(refusal.subject.as_str())) {
        let (subject, reason, remedy) = (refusal.subject.clone(), refusal.reason.clone(), refusal.remedy.clone());
        session.unavailable(UnavailableRow::new(subject, Indicator::Density, reason, remedy));
    }
    drop(registry);
    support::finish(session, &place, mode);
    Ok(())
}

impl Case {
    fn order(&self, mode: Mode) -> Result<Order, String> {
        let [full, quick, test] = self.counts;
        let count = match (mode, env::var("DENSITY")) {
            (Mode::Test, _) => test,
            (_, Ok(text)) => {
                text.parse().map_err(|_| format!("DENSITY={text}: a number of instances, such as 3000"))?
            }
            (Mode::Full, Err(_)) => full,
            (Mode::Quick, Err(_)) => quick,
        };
        let budget = Budget::default().count(count).memory(MEMORY).threads(self.threads());
        let subject = self.subject.to_owned();
        Ok(Order { subject, temperature: self.temperature, dense: self.dense, budget, group: None })
    }

    /// A container's start waits for the kernel as much as it computes. In one process, starts wait for each other: all
    /// change its mappings.
    fn threads(&self) -> usize {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        if self.subject.starts_with("container") { 2 * cores } else { 1 }
    }

    fn figure(&self, runtime: &dyn Runtime, order: &Order) -> Figure {
        let concurrency = (self.threads() * self.processes) as u32;
        let mut figure = Figure::new(Indicator::Density, runtime.identity(), "ready")
            .at(self.temperature)
            .concurrent(concurrency, "fill");
        figure.settings.insert("budget".to_owned(), order.budget.to_string());
        if self.processes > 1 {
            figure.settings.insert("processes".to_owned(), self.processes.to_string());
        }
        figure
    }

    fn name(&self) -> String {
        let dense = if self.dense { ".dense" } else { "" };
        let processes = if self.processes > 1 { format!(".{}-processes", self.processes) } else { String::new() };
        format!("{}.{}{dense}{processes}", self.subject.replace('/', "-"), self.temperature)
    }
}

/// The raw readings, before they are summarised.
fn save(place: &Place, case: &Case, density: &Density) -> Result<(), Box<dyn Error>> {
    let path = place.path().join("samples").join(format!("density.{}.json", case.name()));
    fs::write(&path, serde_json::to_vec(density)?).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(())
}

/// The count, and the start rates as figures of their own. What was seen besides stands with the count.
fn record(session: &mut Session, figure: Figure, filled: Filled) -> Result<(), Box<dyn Error>> {
    let Filled { density, settings } = filled;
    let mut figure = figure.with_settings(settings);
    figure.settings.insert("memory_method".to_owned(), density.memory_method.clone());
    let started = density.ready_after.len() as u64;
    let rates = [
        ("start_rate", "fill", density.rate()),
        ("start_rate_at_100", "fill, around 100 live", density.rate_at(100)),
        ("start_rate_at_end", "fill, the last 100", density.rate_at_end()),
    ];
    for (_, load, rate) in rates {
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
    for (name, _, rate) in rates {
        figure.observed.extend(rate.map(|rate| (name.to_owned(), format!("{rate:.0}"))));
    }
    if let Some(line) = density.memory_line() {
        figure = figure.observed("slope_bytes", format!("{:.0}", line.slope));
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
