//! Plans in one process: turns, what fails and what is refused, and what is recorded.

#![cfg(feature = "measure")]

use std::{
    cell::{Cell, RefCell},
    fs,
    rc::Rc,
    thread,
    time::Duration,
};

use runtime_baseline::{
    Baseline, BaselineError, Bound, Indicator, Isolation, Statistic, Temperature, UnavailableRow, Unit,
    adapter::{Refusal, RefusalKind},
    experiment::{
        Experiment, ExperimentError, Failure, Figure, Filter, Lane, LaneError, Outcome, Pass, Plan, RecordError,
        Recorder, Taken, Turns,
    },
    probe::ProbeError,
    runtime::{Runtime, noop::Noop},
    samples::{Axis, Curve, Samples, recompute},
};

fn figure(workload: &str) -> Figure {
    Figure::new(Indicator::StartupTime, Noop::new().identity(), workload).at(Temperature::Warm)
}

/// A lane that samples 1, 2, 3, …
fn counting(name: &str) -> Lane {
    let mut next = 0;
    Lane::single(name, figure(name), &[Statistic::Median], move || {
        next += 1;
        Ok::<_, LaneError>(next)
    })
}

fn run(declare: impl FnOnce(&mut Plan) -> Result<(), LaneError>) -> Outcome {
    Experiment::new("tests/experiment").run_here(declare).unwrap()
}

#[test]
fn a_sample_knows_its_turn() {
    let outcome = run(|plan| {
        plan.group("times", Turns::rounds(4).of(3), vec![counting("a"), counting("b")]);
        Ok(())
    });
    for name in ["a", "b"] {
        let samples = &outcome.lane("times", name).unwrap().figures[0].samples;
        assert_eq!((samples.len(), samples.turns(), samples.processes()), (12, 4, 1));
        let turns: Vec<_> = samples.iter().map(|sample| (sample.turn, sample.value)).collect();
        assert_eq!(turns[..4], [(0, 1.0), (0, 2.0), (0, 3.0), (1, 4.0)]);
    }
}

#[test]
fn the_order_of_turns_is_random_and_its_seed_repeats_it() {
    let order = |seed| {
        let seen = Rc::new(RefCell::new(String::new()));
        let lane = |name: &'static str| {
            let seen = Rc::clone(&seen);
            Lane::single(name, figure(name), &[Statistic::Median], move || {
                seen.borrow_mut().push_str(name);
                Ok::<_, LaneError>(1)
            })
        };
        let experiment = Experiment::new("tests/experiment").with_seed(seed);
        let declared = |plan: &mut Plan| {
            plan.group("times", Turns::rounds(20), vec![lane("a"), lane("b"), lane("c")]);
            Ok(())
        };
        assert_eq!(experiment.run_here(declared).unwrap().seed, seed);
        seen.take()
    };
    assert_eq!(order(7), order(7));
    assert_ne!(order(7), order(8));
    for round in order(7).as_bytes().chunks(3) {
        let mut round = round.to_vec();
        round.sort_unstable();
        assert_eq!(round, b"abc", "every lane has one turn in each round");
    }
}

#[test]
fn what_fails_is_a_failure_what_is_refused_is_unavailable_and_the_others_go_on() {
    let outcome = run(|plan| {
        let mut left = 2;
        let failing = Lane::single("failing", figure("failing"), &[Statistic::Median], move || {
            left -= 1;
            if left < 0 { Err(LaneError::from("gone")) } else { Ok(1) }
        });
        let refused = Lane::single("refused", figure("refused"), &[Statistic::Median], || {
            let subject = "noop".parse().unwrap();
            Err::<u64, _>(ProbeError::from(Refusal::new(&subject, RefusalKind::NotFound, "not here", "get it")))
        });
        let partly = Lane::new("partly", |taken: &mut Taken| {
            taken.push(0, 5.0);
            let refusal = Refusal::new(&"noop".parse()?, RefusalKind::NotSupported, "no such counter", "none");
            taken.lacks(1, &refusal);
            Ok::<_, LaneError>(())
        });
        let partly = partly.of(figure("partly"), &[Statistic::Median]);
        let partly = partly.of(figure("partly").of_part("charge"), &[Statistic::Median]);
        let between = Lane::new("between", |taken: &mut Taken| {
            taken.push(0, 1.5);
            Ok::<_, LaneError>(())
        });
        let between = between.of(figure("between"), &[Statistic::Median]);
        plan.group("times", Turns::rounds(4), vec![failing, counting("going"), refused, partly, between]);
        plan.refused(&figure("unmade"), &Failure::failed("a bug"));
        Ok(())
    });
    assert_eq!(outcome.lane("times", "going").unwrap().figures[0].samples.len(), 4);
    assert!(outcome.lane("times", "failing").unwrap().figures.is_empty(), "a failed lane has no figure");
    let reasons = |rows: &[UnavailableRow]| rows.iter().map(|row| row.reason().to_owned()).collect::<Vec<_>>();
    let no_sample = "1.5 is no sample in ns: give a whole number of at most 2^53";
    assert_eq!(reasons(&outcome.failed), ["a bug", "gone", no_sample]);
    assert_eq!(reasons(&outcome.unavailable), ["not here", "no such counter"]);
    assert_eq!(outcome.lane("times", "partly").unwrap().figures.len(), 1);
}

#[test]
fn a_lane_that_is_too_slow_for_the_pass_says_so() {
    let outcome = run(|plan| {
        let slow = Lane::single("slow", figure("slow"), &[Statistic::Median], || {
            thread::sleep(Duration::from_millis(20));
            Ok::<_, LaneError>(1)
        });
        let turns = Turns::rounds(1).warmed_up().with_patience(Duration::from_millis(1));
        plan.group("times", turns, vec![slow]);
        Ok(())
    });
    let [row] = &outcome.unavailable[..] else { panic!("{outcome:?}") };
    assert!(row.reason().starts_with("one sample takes"), "{}", row.reason());
}

#[test]
fn a_filter_leaves_lanes_out_and_nothing_is_prepared_for_them() {
    let prepared = Rc::new(Cell::new(0));
    let experiment = Experiment::new("tests/experiment").only(Filter::part("times/a").unwrap()).pass(Pass::Quick);
    let outcome = experiment.run_here(|plan| {
        assert_eq!(plan.pass(), Pass::Quick);
        let mut lanes = Vec::new();
        for name in ["a", "b"] {
            if plan.wants("times", name) {
                prepared.set(prepared.get() + 1);
                lanes.push(counting(name));
            }
        }
        plan.group("times", Turns::rounds(1), lanes);
        plan.compare("times", "a", "b");
        Ok(())
    });
    let outcome = outcome.expect("a comparison with a lane that nobody asked for is no error");
    assert_eq!((prepared.get(), outcome.lanes.len()), (1, 1));
}

#[test]
fn a_comparison_with_a_lane_that_is_not_there_is_an_error() {
    let error = Experiment::new("tests/experiment").run_here(|plan| {
        plan.group("times", Turns::rounds(1), vec![counting("a")]);
        plan.compare("times", "a", "a by hand");
        Ok(())
    });
    assert!(matches!(error, Err(ExperimentError::NoLane { lane, .. }) if lane == "a by hand"));
}

#[test]
fn a_run_leaves_samples_and_metrics_and_a_second_run_replaces_its_own_series() {
    let directory = tempfile::tempdir().unwrap();
    for more in [0, 10] {
        let outcome = run(|plan| {
            let mut next = more;
            let lane = Lane::new("two figures", move |taken: &mut Taken| {
                next += 1;
                taken.push(0, f64::from(next));
                taken.push(1, 0.5 + f64::from(next));
                taken.observe(0, "beside", next);
                let (x, y) = (Axis::new("instances", Unit::Instances)?, Axis::new("time", Unit::Nanoseconds)?);
                let points = [1.0, 2.0, 3.0].map(|x| (x, f64::from(next) * x + 5.0)).to_vec();
                taken.curve(0, Statistic::Slope, &Curve::new(x, y, points)?);
                Ok::<_, LaneError>(())
            });
            let rate = figure("ready").of(Indicator::StartRate).concurrent(100, "cold start");
            let statistics = [Statistic::Median, Statistic::P99];
            let lane = lane.of(figure("ready"), &statistics).of(rate, &[Statistic::Median]);
            plan.group("times", Turns::rounds(7), vec![lane]);
            plan.unavailable(figure("ready").of(Indicator::MemoryPeak).unavailable("not here", "get it"));
            Ok(())
        });
        let mut recorder = Recorder::begin("tests/experiment", directory.path()).unwrap();
        recorder.outcome(&outcome).unwrap();
        recorder.finish().unwrap();
    }
    let baseline = Baseline::load(directory.path().join("baseline.json")).unwrap();
    // Each series once; seven samples have no 99th percentile.
    assert_eq!(baseline.metrics().len(), 3, "a median, a rate and the slope of a curve");
    let slope = baseline.find(Indicator::StartupTime, "noop").statistic(Statistic::Slope).latest().unwrap();
    assert_eq!(slope.quantity().as_u64(), Some(17), "of the last curve");
    let median = baseline.find(Indicator::StartupTime, "noop").statistic(Statistic::Median).latest().unwrap();
    assert_eq!((median.quantity().as_u64(), median.count()), (Some(14), Some(7)));
    let interval = median.interval().unwrap();
    assert_eq!((interval.low().as_u64(), interval.high().as_u64()), (Some(11), Some(17)));
    let conditions = &median.provenance().environment().conditions;
    assert_eq!((conditions.concurrency, conditions.isolation), (Some(1), Some(Isolation::None)));
    assert_eq!(conditions.observed.get("beside").map(String::as_str), Some("17"));
    let reference = median.provenance().source().reference();
    assert!(
        reference.starts_with("runtime-baseline 0.1.0") && reference.ends_with(", tests/experiment"),
        "{reference}"
    );
    for metric in baseline.metrics() {
        let again = recompute(metric, directory.path()).unwrap();
        assert_eq!(again.value, metric.quantity().as_f64(), "every figure can be computed again from its samples");
        assert_eq!(again.interval.is_some(), metric.interval().is_some());
    }
    assert_eq!(baseline.unavailable().len(), 1);
}

#[test]
fn figures_read_in_two_ways_stand_beside_each_other_and_a_bound_stays_one() {
    let outcome = run(|plan| {
        let memory = |method: &str| figure("ready").of(Indicator::MemoryBaseline).by_method(method);
        let lane = Lane::new("both", |taken: &mut Taken| {
            taken.push(0, 100.0);
            taken.push(1, 300.0);
            taken.push(2, 0.002);
            taken.bound(2, Bound::Below);
            Ok::<_, LaneError>(())
        });
        let lane = lane.of(memory("pss-slope"), &[Statistic::Median]);
        let lane = lane.of(memory("cgroup-v1 memory.usage_in_bytes, slope"), &[Statistic::Median]);
        let lane = lane.of(figure("ready").of(Indicator::CpuBaseline), &[Statistic::Median]);
        plan.fresh("memory", Turns::rounds(6), vec![lane]);
        Ok(())
    });
    let directory = tempfile::tempdir().unwrap();
    let mut recorder = Recorder::begin("tests/experiment", directory.path()).unwrap();
    recorder.outcome(&outcome).unwrap();
    let baseline = recorder.finish().unwrap();
    let memory = baseline.metrics().iter().filter(|metric| metric.indicator() == Indicator::MemoryBaseline);
    let mut values: Vec<_> = memory
        .map(|metric| Samples::load(directory.path().join(metric.samples().unwrap())).unwrap().values()[0])
        .collect();
    values.sort_unstable_by(f64::total_cmp);
    assert_eq!(values, [100.0, 300.0], "neither set of samples replaced the other");
    let idle = baseline.find(Indicator::CpuBaseline, "noop").latest().unwrap();
    assert_eq!((idle.bound(), idle.quantity().as_f64()), (Bound::Below, 0.002));
    assert!(idle.interval().is_some(), "six fresh processes bound a median");
}

#[test]
fn two_lanes_of_one_figure_are_refused() {
    let outcome = run(|plan| {
        let twin = Lane::single("twin", figure("a"), &[Statistic::Median], || Ok::<_, LaneError>(1));
        plan.group("times", Turns::rounds(1), vec![counting("a"), twin]);
        Ok(())
    });
    let directory = tempfile::tempdir().unwrap();
    let mut recorder = Recorder::begin("tests/experiment", directory.path()).unwrap();
    assert!(matches!(recorder.outcome(&outcome), Err(RecordError::Twice { .. })));
}

#[test]
fn a_baseline_that_cannot_be_read_is_not_overwritten() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("baseline.json");
    fs::write(&path, r#"{"schema": 9, "metrics": [], "unavailable": []}"#).unwrap();
    let outcome = run(|plan| {
        plan.group("times", Turns::rounds(1), vec![counting("a")]);
        Ok(())
    });
    let mut recorder = Recorder::begin("tests/experiment", directory.path()).unwrap();
    recorder.outcome(&outcome).unwrap();
    assert!(matches!(recorder.finish(), Err(RecordError::Baseline(BaselineError::Schema { .. }))));
    assert!(fs::read_to_string(&path).unwrap().contains("\"schema\": 9"));
}

/// Cases cost up to thirty times each other, so a median of some of them would say which came up.
#[cfg(feature = "regorus")]
#[test]
fn a_turn_of_decisions_asks_every_case() {
    use runtime_baseline::{plans::Evaluation, policy::Policy};

    let policy = Policy::by_name("http_authz").unwrap();
    let cases = policy.cases.len();
    let only = Filter::part("evaluation_latency/http_authz/regorus").unwrap();
    let experiment = Experiment::new("tests/experiment").only(only).pass(Pass::Quick);
    let outcome = experiment.run_here(|plan| Evaluation::of(vec![policy]).declare(plan)).unwrap();
    let lane = outcome.lane("evaluation_latency/http_authz", "regorus").unwrap();
    let turns: Vec<_> = lane.figures[0].samples.iter().map(|sample| sample.turn).collect();
    assert!(turns.chunk_by(|a, b| a == b).all(|turn| turn.len() == cases), "{turns:?}, {cases} cases");
}
