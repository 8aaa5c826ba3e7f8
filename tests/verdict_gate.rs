//! The gate: two baselines, with raw samples, with intervals, and with neither.

use std::path::Path;

use runtime_baseline::{
    Baseline, Bound, Component, Indicator, Interval, Metric, Provenance, Quantity, Source, SourceKind, Statistic,
    UnavailableRow, Unit,
    compare::{Doubt, Evidence, Gate, Outcome, Ruling},
    samples::Samples,
};

fn provenance(date: &str) -> Provenance {
    let source = Source::new(SourceKind::Benchmark, "runtime-baseline 0.1.0, benches/startup").unwrap();
    Provenance::new(source, Component::new("noop", "0.1.0").unwrap(), date.parse().unwrap())
}

/// `count` samples about `centre`, spread by some per cent.
fn around(centre: u64, count: u64) -> Vec<f64> {
    (0..count).map(|i| (centre + centre * (i * 7919 % 21) / 1000) as f64).collect()
}

/// A run of one subject, its samples saved below `directory` and named by the metric.
fn run(directory: &Path, date: &str, statistic: Statistic, values: Vec<f64>) -> Baseline {
    let samples = Samples::of_one_process(Indicator::StartupTime, Unit::Nanoseconds, values).unwrap();
    let file = samples.save(directory, &format!("{date}-{statistic}")).unwrap();
    let metric = samples.metric("noop".parse().unwrap(), statistic, provenance(date)).unwrap().with_samples(file);
    let mut baseline = Baseline::new();
    baseline.push(metric);
    baseline
}

fn gate(directory: &Path) -> Gate {
    let directory = Some(directory.to_owned());
    Gate { old_directory: directory.clone(), new_directory: directory, ..Gate::default() }
}

#[test]
fn a_slowdown_is_found_and_a_rerun_passes() {
    let dir = tempfile::tempdir().unwrap();
    let old = run(dir.path(), "2026-01-01", Statistic::Median, around(1_000_000, 200));
    for (centre, ruling, outcome) in [
        (1_000_000, Ruling::Same, Outcome::Fine),
        (1_030_000, Ruling::Same, Outcome::Fine),
        (1_100_000, Ruling::Worse, Outcome::Regression),
        (900_000, Ruling::Better, Outcome::Fine),
    ] {
        let new = run(dir.path(), "2026-01-02", Statistic::Median, around(centre, 200));
        let report = gate(dir.path()).compare(&old, &new);
        assert_eq!((&report.rows[0].ruling, report.rows[0].evidence), (&ruling, Evidence::Samples), "{centre}");
        assert_eq!(report.outcome(), outcome);
    }
    let slow = run(dir.path(), "2026-01-02", Statistic::Median, around(1_100_000, 200));
    assert_eq!(Gate { max_regression: 0.2, ..gate(dir.path()) }.compare(&old, &slow).outcome(), Outcome::Fine);
}

#[test]
fn without_the_files_the_stored_intervals_are_used() {
    let dir = tempfile::tempdir().unwrap();
    let old = run(dir.path(), "2026-01-01", Statistic::Median, around(1_000_000, 200));
    let new = run(dir.path(), "2026-01-02", Statistic::Median, around(1_100_000, 200));
    let report = Gate::default().compare(&old, &new);
    assert_eq!((&report.rows[0].ruling, report.rows[0].evidence), (&Ruling::Worse, Evidence::Intervals));
    // A file that belongs to another figure, or lies outside the baseline's directory, is no evidence.
    let other = Samples::of_one_process(Indicator::StartupTime, Unit::Nanoseconds, around(5, 200)).unwrap();
    let mut mistaken = Baseline::new();
    mistaken.push(new.metrics()[0].clone().with_samples(other.save(dir.path(), "other").unwrap()));
    assert_eq!(gate(dir.path()).compare(&old, &mistaken).rows[0].evidence, Evidence::Intervals);
    for path in ["../2026-01-02-median.csv", "/dev/zero", "missing.csv"] {
        let mut elsewhere = Baseline::new();
        elsewhere.push(new.metrics()[0].clone().with_samples(path));
        assert_eq!(gate(dir.path()).compare(&old, &elsewhere).rows[0].evidence, Evidence::Intervals, "{path}");
    }
}

#[test]
fn what_cannot_be_decided_says_why() {
    let dir = tempfile::tempdir().unwrap();
    let old = run(dir.path(), "2026-01-01", Statistic::Median, around(1_000_000, 200));
    let doubt = |old: &Baseline, new: &Baseline| {
        let report = gate(dir.path()).compare(old, new);
        assert_eq!((report.outcome(), report.outcome().exit_code()), (Outcome::Undecided, 2));
        report.rows.iter().find_map(|row| match &row.ruling {
            Ruling::Undecided(doubt) => Some(doubt.clone()),
            _ => None,
        })
    };
    // Noise: samples all over the place, more than the limit apart.
    let noisy = (0..200).map(|i| f64::from(500_000 + i * 7919 % 200 * 6_000)).collect();
    assert_eq!(doubt(&old, &run(dir.path(), "2026-01-02", Statistic::Median, noisy)), Some(Doubt::Noise));
    // 200 samples have no interval of their 99th percentile; the mean never has one, and is not judged.
    let both = |statistic| {
        let old = run(dir.path(), "2026-01-01", statistic, around(1_000_000, 200));
        (old, run(dir.path(), "2026-01-02", statistic, around(1_100_000, 200)))
    };
    let (tail, slower_tail) = both(Statistic::P99);
    assert_eq!(doubt(&tail, &slower_tail), Some(Doubt::NoInterval));
    let (mean, slower_mean) = both(Statistic::Mean);
    assert_eq!(doubt(&mean, &slower_mean), None);
    assert_eq!(gate(dir.path()).compare(&mean, &slower_mean).rows[0].ruling, Ruling::NotJudged);
    // Gone, with and without a reason.
    assert_eq!(doubt(&old, &Baseline::new()), Some(Doubt::Gone(None)));
    let mut refused = Baseline::new();
    refused.push_unavailable(UnavailableRow::new(
        "noop".parse().unwrap(),
        Indicator::StartupTime,
        "no root",
        "run as root",
    ));
    assert_eq!(doubt(&old, &refused), Some(Doubt::Gone(Some("no root".into()))));
    // Another machine.
    let mut environment = runtime_baseline::Environment::default();
    environment.hardware.cores = Some(64);
    let mut elsewhere = Baseline::new();
    let new = Metric::new(
        Indicator::StartupTime,
        "noop".parse().unwrap(),
        Quantity::nanoseconds(1),
        provenance("2026-01-01").with_environment(environment),
    );
    elsewhere.push(new.unwrap().with_statistic(Statistic::Median));
    let Some(Doubt::Elsewhere(differences)) = doubt(&old, &elsewhere) else { panic!() };
    assert!(differences.iter().any(|d| d.to_string() == "cores: not stated / 64"), "{differences:?}");
}

#[test]
fn the_direction_follows_the_indicator_and_sizes_are_exact() {
    let one = |indicator, quantity| {
        let mut baseline = Baseline::new();
        let metric: Metric =
            Metric::new(indicator, "noop".parse().unwrap(), quantity, provenance("2026-01-01")).unwrap();
        baseline.push(metric);
        baseline
    };
    let ruling = |old: &Baseline, new: &Baseline| Gate::default().compare(old, new).rows[0].ruling.clone();
    let size = |bytes| one(Indicator::ImageSize, Quantity::bytes(bytes));
    assert_eq!(ruling(&size(1000), &size(1051)), Ruling::Worse);
    assert_eq!(ruling(&size(1000), &size(1050)), Ruling::Same);
    assert_eq!(ruling(&size(1000), &size(900)), Ruling::Better);
    assert_eq!(ruling(&size(0), &size(0)), Ruling::Same);
    assert_eq!(ruling(&size(0), &size(1)), Ruling::Undecided(Doubt::Zero));
    assert_eq!(ruling(&Baseline::new(), &size(1)), Ruling::New);

    let density = |n| {
        let samples = Samples::of_one_process(Indicator::Density, Unit::Instances, [f64::from(n); 10]).unwrap();
        let mut baseline = Baseline::new();
        baseline.push(samples.metric("noop".parse().unwrap(), Statistic::Median, provenance("2026-01-01")).unwrap());
        baseline
    };
    assert_eq!(ruling(&density(1000), &density(900)), Ruling::Worse);
    assert_eq!(ruling(&density(1000), &density(1100)), Ruling::Better);
}

#[test]
fn a_bound_is_no_value_that_could_get_worse() {
    let idle = |percent: f64| {
        let of = |percent: f64| Quantity::new(percent, Unit::Percent).unwrap();
        let metric =
            Metric::new(Indicator::CpuBaseline, "noop".parse().unwrap(), of(percent), provenance("2026-01-01"));
        let interval = Interval::new(0.95, of(percent * 0.99), of(percent * 1.01)).unwrap();
        metric.unwrap().with_statistic(Statistic::Median).with_interval(interval).unwrap()
    };
    let baseline = |metric: Metric| {
        let mut baseline = Baseline::new();
        baseline.push(metric);
        baseline
    };
    let gate = Gate::default();
    let (old, new) = (baseline(idle(0.001)), baseline(idle(0.002)));
    assert_eq!(gate.compare(&old, &new).rows[0].ruling, Ruling::Worse);
    let new = baseline(idle(0.002).with_bound(Bound::Below));
    assert_eq!(gate.compare(&old, &new).rows[0].ruling, Ruling::NotJudged);
}
