//! A run from samples to the report, with the runtime that runs nothing; and what probes refuse.

#![cfg(feature = "measure")]

use std::{fs, time::Duration};

use runtime_baseline::{
    Baseline, BaselineError, Indicator, Isolation, Quantity, Statistic, Temperature, UnavailableRow, Unit,
    policy::{Evaluator, Policy, PolicyError},
    probe::{Interleaved, Lane, ProbeError, burst, evaluate, lifecycle, sample_cost, startup},
    runtime::{Artifact, Instance, Runtime, RuntimeError, Workload, noop::Noop},
    samples::Samples,
    session::{Figure, Session, SessionError},
};

fn noop() -> Box<dyn Artifact> {
    Noop::new().prepare(&Workload::ready(), Temperature::Warm).unwrap()
}

fn figure(indicator: Indicator) -> Figure {
    Figure::new(indicator, Noop::new().identity(), "ready").at(Temperature::Warm)
}

#[test]
fn a_run_leaves_samples_metrics_and_reports_and_a_second_run_replaces_its_own_series() {
    let directory = tempfile::tempdir().unwrap();
    for values in [[7_u64, 9, 8, 7, 7, 8], [5, 6, 5, 5, 6, 5]] {
        let mut session = Session::begin("tests/session", directory.path()).unwrap();
        session.record(&figure(Indicator::StartupTime), &values, &[Statistic::Median, Statistic::P99]).unwrap();
        let rate = Quantity::new(1234.5, Unit::PerSecond).unwrap();
        session
            .record_value(&figure(Indicator::StartRate).concurrent(100, "cold start"), Statistic::Rate, rate, 100)
            .unwrap();
        session.unavailable(UnavailableRow::new(
            "wasmedge".parse().unwrap(),
            Indicator::StartupTime,
            "not here",
            "get it",
        ));
        session.finish().unwrap();
    }
    let baseline = Baseline::load(directory.path().join("baseline.json")).unwrap();
    assert_eq!(baseline.metrics().len(), 2, "median and rate, each series once; six samples have no 99th percentile");
    let median = baseline.find(Indicator::StartupTime, "noop").statistic(Statistic::Median).latest().unwrap();
    assert_eq!(median.quantity(), Quantity::nanoseconds(5));
    assert_eq!(median.count(), Some(6));
    let interval = median.interval().unwrap();
    assert_eq!((interval.low(), interval.high()), (Quantity::nanoseconds(5), Quantity::nanoseconds(6)));
    let samples = Samples::load(directory.path().join(median.samples().unwrap())).unwrap();
    assert_eq!(samples.values(), [5.0, 6.0, 5.0, 5.0, 6.0, 5.0], "raw, in the order taken");

    let conditions = &median.provenance().environment().conditions;
    assert_eq!((conditions.concurrency, conditions.isolation), (Some(1), Some(Isolation::None)));
    assert!(median.provenance().environment().hardware.cores.is_some_and(|cores| cores > 0));

    let english = fs::read_to_string(directory.path().join("report.md")).unwrap();
    let row = "| noop (warm) | 5 ns (5 … 6 ns) | none | 6 | runtime-baseline 0.1.0";
    assert!(english.contains("### startup time, ready\n") && english.contains(row), "{english}");
    assert!(!english.contains("**few samples**"), "six samples are enough for a median: {english}");
    assert!(english.contains("| wasmedge | startup time | not here | get it |"), "{english}");
    let chinese = fs::read_to_string(directory.path().join("report.zh.md")).unwrap();
    assert!(chinese.contains("### 启动时间，ready\n") && chinese.contains(row), "{chinese}");
    for (page, plot) in [("report.html", "<svg"), ("report.zh.html", "<svg")] {
        let page = fs::read_to_string(directory.path().join(page)).unwrap();
        assert!(page.ends_with("</html>") && page.contains(plot), "the page, with the run's own samples drawn");
    }
    let reference = median.provenance().source().reference();
    assert!(reference.starts_with("runtime-baseline 0.1.0") && reference.ends_with(", tests/session"), "{reference}");
}

#[test]
fn a_baseline_that_cannot_be_read_is_not_overwritten() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("baseline.json");
    fs::write(&path, r#"{"schema": 2, "metrics": [], "unavailable": []}"#).unwrap();
    let mut session = Session::begin("tests/session", directory.path()).unwrap();
    session.record(&figure(Indicator::StartupTime), &[1], &[Statistic::Single]).unwrap();
    assert!(matches!(session.finish(), Err(SessionError::Baseline(BaselineError::Schema { .. }))));
    assert!(fs::read_to_string(&path).unwrap().contains("\"schema\": 2"));
}

#[test]
fn no_samples_are_no_figure() {
    let directory = tempfile::tempdir().unwrap();
    let mut session = Session::begin("tests/session", directory.path()).unwrap();
    assert!(session.record(&figure(Indicator::StartupTime), &[], &[Statistic::Median]).is_err());
    assert!(session.baseline().is_empty());
}

#[test]
fn every_probe_runs_on_nothing() {
    let artifact = noop();
    let mut lanes = Interleaved::new(vec![
        Lane::new("startup", || startup(artifact.as_ref())),
        Lane::new("lifecycle", || lifecycle(artifact.as_ref())),
        Lane::new("burst", || burst(artifact.as_ref(), 3).map(|burst| burst.elapsed)),
    ]);
    lanes.warm_up(Duration::from_micros(10));
    lanes.rounds(2);
    for lane in lanes.lanes() {
        assert!(lane.samples().len() >= 2, "{}", lane.name());
    }
    assert!(sample_cost(100).unwrap().whole > 0.0);
    assert!(matches!(sample_cost(0), Err(ProbeError::Empty { .. })));
}

/// A workload that reports another clock.
struct Liar(u64);

impl Artifact for Liar {
    fn start(&self) -> Result<Box<dyn Instance>, RuntimeError> {
        Ok(Box::new(Liar(self.0)))
    }
}

impl Instance for Liar {
    fn ready_at(&self) -> u64 {
        self.0
    }

    fn is_alive(&mut self) -> bool {
        true
    }

    fn stop(self: Box<Self>) -> Result<(), RuntimeError> {
        Ok(())
    }
}

#[test]
fn a_reading_outside_the_call_is_no_sample() {
    for reading in [0, u64::MAX] {
        assert!(matches!(startup(&Liar(reading)), Err(ProbeError::Clock { .. })));
        assert!(matches!(lifecycle(&Liar(reading)), Err(ProbeError::Clock { .. })));
        assert!(matches!(burst(&Liar(reading), 3), Err(ProbeError::Clock { .. })));
    }
}

/// Decides `true`, spelled with white space, until it has been asked twice.
struct Fickle(u32);

impl Evaluator for Fickle {
    fn evaluate(&mut self, _: &str) -> Result<String, PolicyError> {
        self.0 += 1;
        Ok(if self.0 > 2 { "false" } else { " true" }.to_owned())
    }
}

#[test]
fn a_wrong_decision_is_no_sample_even_after_right_ones() {
    let policy = Policy::new("fickle", "package p", "p/allow").with_case("only", "{}", "true");
    let mut samples = evaluate(Box::new(Fickle(0)), &policy).unwrap();
    assert!(samples().is_ok() && samples().is_ok());
    match samples() {
        Err(ProbeError::Decision { case, found, expected, .. }) => {
            assert_eq!((case.as_str(), found.as_str(), expected.as_str()), ("only", "false", "true"));
        }
        other => panic!("{other:?}"),
    }
    let without_cases = Policy::new("empty", "package p", "p/allow");
    assert!(matches!(evaluate(Box::new(Fickle(0)), &without_cases), Err(ProbeError::Empty { .. })));
}
