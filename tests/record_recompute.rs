//! Any figure of a baseline can be computed again from its samples.

use std::{fs, path::Path};

use runtime_baseline::{
    Baseline, Component, Indicator, Metric, Provenance, Quantity, Source, SourceKind, Statistic, Unit,
    samples::{Axis, Curve, RecomputeError, Samples, recompute},
};

fn provenance() -> Provenance {
    let source = Source::new(SourceKind::Benchmark, "runtime-baseline 0.1.0, tests/record_recompute").unwrap();
    Provenance::new(source, Component::new("noop", "0.1.0").unwrap(), "2026-11-23".parse().unwrap())
}

/// Samples of so many processes and turns, deterministic and unlike each other.
fn samples(indicator: Indicator, unit: Unit, (processes, turns, each): (u32, u32, u32)) -> Samples {
    let mut samples = Samples::new(indicator, unit).unwrap();
    for process in 0..processes {
        for turn in 0..turns {
            for i in 0..each {
                let value = f64::from(1000 + 37 * process + 11 * turn + i * 7919 % 101);
                samples.push(process, turn, if unit.is_integer() { value } else { value / 7.0 }).unwrap();
            }
        }
    }
    samples
}

/// A baseline of every kind of figure: times, tails, rates, slopes, densities, shares, and sizes.
fn complete(directory: &Path) -> Baseline {
    let mut baseline = Baseline::new();
    let kinds = [
        (Indicator::StartupTime, Unit::Nanoseconds, Statistic::Median),
        (Indicator::StartupTime, Unit::Nanoseconds, Statistic::P90),
        (Indicator::StartupP99, Unit::Nanoseconds, Statistic::P99),
        (Indicator::StartupTime, Unit::Nanoseconds, Statistic::Mean),
        (Indicator::StartupTime, Unit::Nanoseconds, Statistic::Max),
        (Indicator::StartRate, Unit::PerSecond, Statistic::Rate),
        (Indicator::MemoryBaseline, Unit::Bytes, Statistic::Slope),
        (Indicator::CpuBaseline, Unit::Percent, Statistic::Median),
        (Indicator::Density, Unit::Instances, Statistic::Single),
        (Indicator::ListWatchPressure, Unit::CpuSeconds, Statistic::Median),
        (Indicator::ImageSize, Unit::Bytes, Statistic::Single),
    ];
    for (indicator, unit, statistic) in kinds {
        let tail = matches!(statistic, Statistic::P90 | Statistic::P99);
        let shapes = if tail { [(8, 4, 50), (2, 7, 101)] } else { [(8, 1, 1), (1, 9, 3)] };
        for shape in shapes.into_iter().chain([(1, 1, if tail { 300 } else { 1 })]) {
            let samples = samples(indicator, unit, shape);
            let path = samples.save(directory, &format!("{indicator}.noop")).unwrap();
            let metric = samples.metric("noop".parse().unwrap(), statistic, provenance()).unwrap();
            baseline.push(metric.with_workload(format!("{shape:?}")).with_samples(path));
        }
    }
    baseline
}

#[test]
fn a_whole_baseline_is_computed_again() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("baseline.json");
    complete(directory.path()).save(&path).unwrap();
    let baseline = Baseline::load(&path).unwrap();
    assert_eq!(baseline.metrics().len(), 33);
    for metric in baseline.metrics() {
        let found = recompute(metric, directory.path()).unwrap();
        assert!(found.is_of(metric), "{metric:?}\n{found:?}");
        let enough = metric.workload() != Some("(1, 1, 1)") && metric.workload() != Some("(1, 1, 300)");
        let bounded = !matches!(metric.statistic(), Statistic::Max) && enough;
        // Eight single samples have a mean without an interval.
        let mean_of_singles = metric.statistic() == Statistic::Mean && metric.workload() == Some("(8, 1, 1)");
        assert_eq!(metric.interval().is_some(), bounded && !mean_of_singles, "{metric:?}");
    }
}

#[test]
fn what_is_not_the_metric_s_own_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let own = samples(Indicator::StartupTime, Unit::Nanoseconds, (6, 1, 1));
    let path = own.save(directory.path(), "own").unwrap();
    let metric = own.metric("noop".parse().unwrap(), Statistic::Median, provenance()).unwrap();
    let again = |metric: &Metric| recompute(metric, directory.path());
    assert!(matches!(again(&metric), Err(RecomputeError::NoSamples)));
    let with = |path: &Path| metric.clone().with_samples(path);
    assert!(again(&with(&path)).unwrap().is_of(&metric));
    let improved = Metric::new(Indicator::StartupTime, "noop".parse().unwrap(), Quantity::nanoseconds(1), provenance());
    let improved = improved.unwrap().with_statistic(Statistic::Median).with_samples(&path);
    assert!(!again(&improved).unwrap().is_of(&improved), "another value");
    for outside in ["../x.csv", "/dev/zero", ".", "samples"] {
        assert!(matches!(again(&with(Path::new(outside))), Err(RecomputeError::Outside(_))), "{outside}");
    }
    let other = samples(Indicator::ImageSize, Unit::Bytes, (6, 1, 1)).save(directory.path(), "x").unwrap();
    assert!(matches!(again(&with(&other)), Err(RecomputeError::Other { .. })));
    let axis = || Axis::new("data size", Unit::Bytes).unwrap();
    let curve = Curve::new(axis(), axis(), vec![(1.0, 2.0)]).unwrap().save(directory.path(), "curve").unwrap();
    assert!(matches!(again(&with(&curve)), Err(RecomputeError::Curve(_))));
    fs::write(directory.path().join("damaged.csv"), "startup_time_ns\nx\n").unwrap();
    let error = again(&with(Path::new("damaged.csv"))).unwrap_err().to_string();
    assert!(error.starts_with("line 2"), "{error}");
    assert!(matches!(again(&with(Path::new("missing.csv"))), Err(RecomputeError::Recorded(_))));
}
