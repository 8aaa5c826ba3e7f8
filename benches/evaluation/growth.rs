//! How a decision grows with the data: RBAC with 10 to 100,000 bindings, the user found by key and by scanning, and the
//! slope of a line through the four.
//!
//! Cases differ more than sizes do (some need no scan), so a sample is a whole round of the policy's cases: the mean
//! decision of a round, and the median of the rounds.

use std::{cell::RefCell, collections::BTreeMap, error::Error, time::Duration};

use runtime_baseline::{
    Indicator, Quantity, Statistic, Temperature, UnavailableRow, Unit,
    clock::monotonic,
    policy::{Evaluator, Policy, PolicyEngine, PolicyError, Registry},
    probe::{Interleaved, Lane, LaneError, evaluate},
    runtime::Limits,
    samples::{Axis, Curve},
    session::{Figure, Session},
    stats::{Line, Summary},
};

use crate::{lanes, support, support::Mode};

const SIZES: [u64; 4] = [10, 1_000, 10_000, LARGEST];

/// 13 MB of data; the other sizes are among the policies that are measured anyway.
const LARGEST: u64 = 100_000;

/// A slope is stored in whole nanoseconds: of one binding it would be none.
const PER: f64 = 1_000.0;

/// Measures and records both ways of finding the user.
pub fn measure(session: &mut Session, registry: &Registry, mode: Mode) -> Result<(), Box<dyn Error>> {
    for rule in ["", "-allow_any_case"] {
        let mut engines: Vec<_> = registry.engines().map(|engine| Growing::new(engine, rule)).collect();
        for size in SIZES {
            let policy = Policy::by_name(&format!("rbac-{size}{rule}"))?;
            one_size(session, &policy, size, &mut engines, mode)?;
        }
        println!();
        for engine in engines {
            engine.record(session, mode)?;
        }
    }
    Ok(())
}

/// One engine at growing sizes.
struct Growing<'a> {
    engine: &'a dyn PolicyEngine,
    workload: String,
    /// Bindings, and the mean decision in nanoseconds.
    points: Vec<(u64, u64)>,
    /// What the last size took to load, and for a round.
    took: (Duration, Duration),
    /// Why it went no farther.
    ended: Option<String>,
}

impl<'a> Growing<'a> {
    fn new(engine: &'a dyn PolicyEngine, rule: &str) -> Self {
        // Such a figure would be that of its startup.
        let process = engine.identity().transport.as_deref() == Some("process");
        let ended = process.then(|| "it loads the data for each decision".to_owned());
        let workload = format!("rbac{rule}-per-1000-bindings");
        Self { engine, workload, points: Vec::new(), took: Default::default(), ended }
    }

    fn figure(&self, workload: &str) -> Figure {
        Figure::new(Indicator::EvaluationLatency, self.engine.identity(), workload).at(Temperature::Warm)
    }

    fn load(&mut self, policy: &Policy) -> Result<Box<dyn Evaluator>, PolicyError> {
        let form = self.engine.forms().last().copied().unwrap_or(crate::SOURCE);
        let loader = self.engine.prepare(policy, form, room())?;
        let begin = monotonic();
        let loaded = loader.load()?;
        self.took.0 = Duration::from_nanos(monotonic() - begin);
        Ok(loaded)
    }

    /// Ten times the data may take ten times as long: known before it is tried.
    fn would_take_too_long(&mut self, size: u64, mode: Mode) -> bool {
        let (load, round) = (60, 20);
        let (expected_load, expected_round) = (self.took.0 * 10, self.took.1 * 10);
        if self.ended.is_none() && size == LARGEST {
            if mode == Mode::Quick {
                self.ended = Some(format!("a quick pass stops below {size} bindings"));
            } else if expected_load > Duration::from_secs(load) {
                self.ended = Some(format!("{size} bindings would take {expected_load:.0?} to load"));
            } else if expected_round > Duration::from_secs(round) {
                self.ended = Some(format!("a round of decisions on {size} bindings would take {expected_round:.1?}"));
            }
        }
        self.ended.is_some()
    }

    /// The row of a size, or a slope, that there is not.
    fn row(&self, figure: &Figure, why: &str, mode: Mode) -> UnavailableRow {
        if self.engine.identity().transport.as_deref() != Some("process") {
            return lanes::too_long(figure, why, mode);
        }
        let remedy = "its startup at each size says what that costs; the same engine as a server has a slope";
        UnavailableRow::new(figure.identity.subject.clone(), figure.indicator, why, remedy)
            .with_workload(&figure.workload)
            .with_temperature(Temperature::Warm)
    }

    /// Records the slope, which a line through three sizes and more has. One below zero, which is noise, is stored as 0.
    fn record(self, session: &mut Session, mode: Mode) -> Result<(), Box<dyn Error>> {
        let figure = self.figure(&self.workload);
        let line = match Line::fit(&self.points, 0.95) {
            Ok(line) => line,
            Err(error) => {
                let why = self.ended.clone().unwrap_or_else(|| error.to_string());
                session.unavailable(self.row(&figure, &why, mode));
                return Ok(());
            }
        };
        let sizes: Vec<_> = self.points.iter().map(|(bindings, _)| bindings.to_string()).collect();
        println!(
            "{}: {:+.2} ns a binding (95 % interval {:+.2} … {:+.2}), sizes {}",
            lanes::title(&figure),
            line.slope,
            line.low,
            line.high,
            sizes.join(" ")
        );
        let settings = BTreeMap::from([("sizes".to_owned(), sizes.join(" "))]);
        let slope = Quantity::new((line.slope * PER).round().max(0.0), Unit::Nanoseconds)?;
        let (x, y) = (Axis::new("bindings", Unit::Objects)?, Axis::new("evaluation latency", Unit::Nanoseconds)?);
        let points = self.points.iter().map(|(bindings, taken)| (*bindings as f64, *taken as f64)).collect();
        let curve = Curve::new(x, y, points)?;
        session.record_curve(&figure.with_settings(settings), Statistic::Slope, slope, &curve)?;
        Ok(())
    }
}

/// One size, all engines in turns. The largest is recorded by itself too: nothing else measures it.
fn one_size(
    session: &mut Session,
    policy: &Policy,
    size: u64,
    engines: &mut [Growing<'_>],
    mode: Mode,
) -> Result<(), Box<dyn Error>> {
    let cases = policy.cases.len().max(1) as u64;
    let seen: Vec<RefCell<Vec<u64>>> = engines.iter().map(|_| RefCell::default()).collect();
    let (mut lanes, mut places) = (Vec::new(), Vec::new());
    for (place, engine) in engines.iter_mut().enumerate() {
        if engine.would_take_too_long(size, mode) {
            if let Some(why) = engine.ended.as_ref().filter(|_| size == LARGEST) {
                session.unavailable(engine.row(&engine.figure(&policy.name), why, mode));
            }
            continue;
        }
        match engine.load(policy) {
            Ok(loaded) => {
                let (mut decide, seen) = (evaluate(loaded, policy)?, &seen[place]);
                lanes.push(Lane::new(lanes::title(&engine.figure(&policy.name)), move || {
                    let round = (0..cases).map(|_| decide()).collect::<Result<Vec<_>, _>>()?;
                    let whole = round.iter().sum();
                    seen.borrow_mut().extend(round);
                    Ok::<_, LaneError>(whole)
                }));
                places.push(place);
            }
            Err(error) => {
                engine.ended = Some(error.to_string());
                session.unavailable(lanes::refused(&engine.figure(&policy.name), error));
            }
        }
    }
    let mut lanes = Interleaved::new(lanes);
    // Kept apart: the first round pays for what is done once.
    lanes.rounds(1);
    seen.iter().for_each(|seen| seen.borrow_mut().clear());
    lanes.rounds(mode.choose(20, 3));
    for (place, lane) in places.into_iter().zip(lanes.lanes()) {
        let engine = &mut engines[place];
        let figure = engine.figure(&policy.name);
        match (lane.failure(), Summary::of(lane.samples().get(1..).unwrap_or_default())) {
            (None, Ok(rounds)) => {
                engine.took.1 = Duration::from_nanos(rounds.median());
                engine.points.push((size, rounds.median() / cases));
                if size == LARGEST {
                    session.record(&figure, &seen[place].borrow(), &[Statistic::Median, Statistic::P99])?;
                }
            }
            (failure, _) => {
                let why = failure.map_or_else(|| "no round".to_owned(), ToString::to_string);
                session.unavailable(support::failed(&figure, &why));
                engine.ended = Some(why);
            }
        }
    }
    Ok(())
}

/// Limits that 100,000 bindings fit into: the real OPA takes several times their text.
fn room() -> Limits {
    let mut limits = Limits::default();
    limits.time = Duration::from_secs(60);
    limits.memory = 1 << 30;
    limits
}
