//! One baseline and its stored form.

use std::{fs, path::Path};

use runtime_baseline::{
    Baseline, Component, Direction, Environment, Indicator, Interval, Isolation, Metric, Provenance, Quantity, Run,
    Source, SourceKind, Statistic, Temperature, UnavailableRow, Unit,
    samples::{Evidence, IntervalMethod},
};

/// The stored form of [`golden`], indented, as it was written before an entry was a line.
pub const GOLDEN: &str = include_str!("../golden/baseline.schema-2.json");

/// The same as it is written, to the letter.
#[allow(dead_code, reason = "not every test writes")]
pub const WRITTEN: &str = include_str!("../golden/baseline.schema-2.lines.json");

pub fn golden() -> Baseline {
    let mut environment = Environment::default();
    let hardware = &mut environment.hardware;
    hardware.cpu = Some("AMD EPYC".into());
    hardware.cores = Some(2);
    hardware.memory_bytes = Some(25_149_030_400);
    hardware.storage = Some("ext4 on vda".into());
    let software = &mut environment.software;
    software.os = Some("Debian GNU/Linux 12".into());
    software.kernel = Some("6.18.44".into());
    software.rustc = Some("1.95.0".into());
    let conditions = &mut environment.conditions;
    conditions.concurrency = Some(1);
    conditions.load = Some("fill".into());
    (conditions.part, conditions.method) = (Some("gzip".into()), Some("by hand".into()));
    (conditions.around, conditions.pool, conditions.budget) = (Some(100), Some(64), Some("8 GiB".into()));
    conditions.isolation = Some(Isolation::InProcess);
    conditions.engine = [("compiler", "cranelift"), ("allocator", "pooling")].map(|(k, v)| (k.into(), v.into())).into();
    conditions.noise = vec!["no cpufreq: frequency unknown".into()];
    let source = Source::new(SourceKind::Benchmark, "runtime-baseline 0.1.0, benches/startup").unwrap();
    let provenance =
        Provenance::new(source, Component::new("wasmtime", "48.0.8").unwrap(), "2026-11-23".parse().unwrap())
            .with_run(run())
            .with_environment(environment);
    let [value, low, high] = [21_450, 21_010, 21_960].map(Quantity::nanoseconds);
    let measured = Metric::new(Indicator::StartupTime, "wasmtime".parse().unwrap(), value, provenance)
        .unwrap()
        .with_workload("ready")
        .with_temperature(Temperature::Precompiled)
        .with_statistic(Statistic::Median)
        .with_interval(Interval::new(0.95, low, high).unwrap())
        .unwrap()
        .with_count(5000)
        .with_evidence(Evidence::new(
            5000,
            80,
            8,
            IntervalMethod::Processes { processes: 8, statistic: Statistic::Median },
        ))
        .with_samples("samples/startup.csv")
        .with_curve("samples/curve.csv");

    let source = Source::new(SourceKind::OfficialDocs, "a page").unwrap();
    let provenance = Provenance::new(source, Component::new("alpine", "3.20").unwrap(), "2025-01".parse().unwrap());
    let half = Quantity::new(0.5, Unit::Percent).unwrap();
    let published = Metric::new(Indicator::CpuBaseline, "container/alpine".parse().unwrap(), half, provenance)
        .unwrap()
        .with_bound(runtime_baseline::Bound::About);

    let source = Source::new(SourceKind::Production, "a cluster").unwrap();
    let provenance = Provenance::new(source, Component::new("k3s", "1.30.4").unwrap(), "2026-11-23".parse().unwrap());
    let unit = Unit::other("requests").unwrap();
    let depth = Indicator::other("queue_depth", unit, Direction::LessIsBetter).unwrap();
    let own = Metric::new(depth, "k3s".parse().unwrap(), Quantity::new(2.5, unit).unwrap(), provenance).unwrap();

    let mut baseline = Baseline::new();
    baseline.push(measured);
    baseline.push(published);
    baseline.push(own.with_statistic(Statistic::quantile(999_000).unwrap()));
    let subject = "wasmedge".parse().unwrap();
    baseline.push_unavailable(
        UnavailableRow::new(subject, Indicator::StartupTime, "libwasmedge 0.17.1 not found", "set WASMEDGE_DIR")
            .with_workload("ready")
            .with_part("page tables")
            .with_temperature(Temperature::Cold),
    );
    baseline
}

/// The run of the golden baseline.
pub fn run() -> Run {
    let began = "2026-11-23T10:07:57.123Z".parse().unwrap();
    Run::recorded("0123456789abcdef0123456789abcdef", began).unwrap().built_from("2e18a61f9c40-dirty")
}

/// The names of a directory's entries, in order.
pub fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(directory).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
