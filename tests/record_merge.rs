//! What merging promises: no series and no metric is ever lost, and doing it twice is doing it once.

mod record_support;

use std::collections::{HashMap, HashSet};

use proptest::prelude::*;
use record_support::{crowded, metric};
use runtime_baseline::{
    Baseline, Component, Indicator, Lineage, Metric, Provenance, Quantity, Series, Source, SourceKind, Statistic,
    Temperature, UnavailableRow,
};

proptest! {
    #[test]
    fn no_metric_is_lost_and_the_latest_of_a_series_stays(a in crowded(), b in crowded()) {
        let mut merged = a.clone();
        let superseded = merged.merge(b.clone());

        let both: Vec<&Metric> = a.metrics().iter().chain(b.metrics()).collect();
        let kept: HashSet<Series<'_>> = merged.metrics().iter().map(Series::of).collect();
        prop_assert_eq!(kept.len(), merged.metrics().len(), "one metric a series");
        for metric in &both {
            prop_assert!(kept.contains(&Series::of(metric)));
            prop_assert!(merged.metrics().contains(metric) || superseded.contains(metric));
        }
        for metric in merged.metrics().iter().chain(&superseded) {
            prop_assert!(both.contains(&metric), "nothing is made up");
        }
        let kept: HashMap<_, _> = merged.metrics().iter().map(|m| (Series::of(m), m)).collect();
        for metric in &both {
            prop_assert!(kept[&Series::of(metric)].provenance().date() >= metric.provenance().date());
        }
        for metric in &superseded {
            prop_assert!(kept[&Series::of(metric)] != metric);
        }
    }

    #[test]
    fn merging_is_idempotent(a in crowded(), b in crowded()) {
        let mut once = a;
        once.merge(b.clone());
        let mut twice = once.clone();
        let superseded = twice.merge(b.clone());
        prop_assert_eq!(&once, &twice);
        prop_assert!(superseded.iter().all(|m| b.metrics().contains(m)), "what the first merge kept stays");
        let mut with_itself = once.clone();
        prop_assert!(with_itself.merge(once.clone()).is_empty());
        prop_assert_eq!(&with_itself, &once);
    }

    #[test]
    fn rows_stay_until_a_metric_answers_them(a in crowded(), b in crowded()) {
        let about = |r: &UnavailableRow| {
            (r.indicator(), r.subject().clone(), r.workload().map(str::to_owned), r.temperature())
        };
        let answers = |m: &Metric, r: &UnavailableRow| {
            m.indicator() == r.indicator()
                && m.subject() == r.subject()
                && r.workload().is_none_or(|w| m.workload() == Some(w))
                && r.temperature().is_none_or(|t| m.temperature() == Some(t))
        };
        let mut merged = a.clone();
        merged.merge(b.clone());
        let kept: HashMap<_, _> = merged.unavailable().iter().map(|r| (about(r), r.reason())).collect();
        prop_assert_eq!(kept.len(), merged.unavailable().len(), "one row for one thing");
        let mut expected = HashMap::new();
        for row in a.unavailable() {
            if !b.metrics().iter().any(|m| answers(m, row)) {
                expected.insert(about(row), row.reason());
            }
        }
        expected.extend(b.unavailable().iter().map(|row| (about(row), row.reason())));
        prop_assert_eq!(kept, expected);
    }

    #[test]
    fn a_series_is_of_one_lineage(a in metric(), b in metric()) {
        let again = a.clone();
        prop_assert_eq!(Series::of(&a), Series::of(&again));
        prop_assert!(Series::of(&a) != Series::of(&b) || Lineage::of(&a) == Lineage::of(&b));
    }
}

fn start(version: &str, date: &str, ns: u64, setting: Option<&str>) -> Metric {
    let source = Source::new(SourceKind::Benchmark, "benches/startup").unwrap();
    let mut environment = runtime_baseline::Environment::default();
    environment.conditions.engine.extend(setting.map(|s| ("epoch".to_owned(), s.to_owned())));
    environment.conditions.noise.push(format!("load {ns}"));
    environment.conditions.observed.insert("elapsed_ns".to_owned(), ns.to_string());
    let provenance = Provenance::new(source, Component::new("wasmtime", version).unwrap(), date.parse().unwrap());
    let subject = "wasmtime".parse().unwrap();
    let provenance = provenance.with_environment(environment);
    Metric::new(Indicator::StartupTime, subject, Quantity::nanoseconds(ns), provenance)
        .unwrap()
        .with_temperature(Temperature::Warm)
        .with_statistic(Statistic::Median)
}

fn baseline(metrics: impl IntoIterator<Item = Metric>) -> Baseline {
    let mut baseline = Baseline::new();
    metrics.into_iter().for_each(|metric| baseline.push(metric));
    baseline
}

#[test]
fn an_older_metric_does_not_replace_a_newer_one_and_is_returned() {
    let (old, new) = (start("48.0.8", "2026-11-22", 1, None), start("48.0.8", "2026-11-23", 2, None));
    let mut merged = baseline([new.clone()]);
    assert_eq!(merged.merge(baseline([old.clone()])), [old]);
    assert_eq!(merged.metrics(), [new]);
}

#[test]
fn a_run_of_the_same_day_replaces_the_earlier_one_and_what_differs_by_chance_makes_no_series() {
    let (first, second) = (start("48.0.8", "2026-11-23", 1, None), start("48.0.8", "2026-11-23", 2, None));
    let mut merged = baseline([first.clone()]);
    assert_eq!(merged.merge(baseline([second.clone()])), [first]);
    assert_eq!(merged.metrics(), [second]);
}

#[test]
fn versions_and_engine_settings_make_series_of_their_own() {
    let metrics = [
        start("48.0.8", "2026-11-22", 1, None),
        start("49.0.0", "2026-11-23", 2, None),
        start("48.0.8", "2026-11-22", 3, Some("1 ms")),
    ];
    let mut merged = Baseline::new();
    assert!(merged.merge(baseline(metrics.clone())).is_empty());
    assert_eq!(merged.metrics(), metrics);
    // The upgrade supersedes its predecessor in the latest view; another setting is another thing.
    assert_eq!(merged.latest(), [&metrics[1], &metrics[2]]);
    let warm = merged.find(Indicator::StartupTime, "wasmtime").temperature(Temperature::Warm);
    assert_eq!(warm.latest(), Some(&metrics[1]));
    assert_eq!(warm.iter().count(), 3);
    assert_eq!(warm.statistic(Statistic::P99).latest(), None);
    assert_eq!(warm.workload("ready").iter().count(), 0);
    assert_eq!(warm.concurrency(100).iter().count(), 0);
    assert_eq!(merged.find(Indicator::StartupTime, "noop").latest(), None);
    assert_eq!(merged.find(Indicator::StartupP99, "wasmtime").latest(), None);
}

#[test]
fn what_cannot_be_measured_any_more_is_said_beside_the_older_figure() {
    let row = UnavailableRow::new("wasmtime".parse().unwrap(), Indicator::StartupTime, "gone", "install it");
    let mut merged = baseline([start("48.0.8", "2026-11-22", 1, None)]);
    let mut run = Baseline::new();
    run.push_unavailable(row.clone());
    merged.merge(run);
    assert_eq!((merged.metrics().len(), merged.unavailable()), (1, &[row][..]));
    merged.merge(baseline([start("48.0.8", "2026-11-23", 1, None)]));
    assert!(merged.unavailable().is_empty());
}
