//! What counts as one machine, where two figures are compared.

use runtime_baseline::{
    Baseline, Component, Environment, Hardware, Indicator, Interval, Language, Lineage, Metric, Provenance, Quantity,
    Run, Series, Source, SourceKind, Statistic,
    compare::{Aspect, Difference, Doubt, Gate, GateReport, Outcome, Ruling, differences},
};

/// A median time with an interval of 1 %, on this hardware.
fn time(ns: u64, change: impl FnOnce(&mut Hardware)) -> Metric {
    let mut environment = Environment::default();
    let hardware = &mut environment.hardware;
    (hardware.cpu, hardware.cores) = (Some("ARM Neoverse-N1".into()), Some(4));
    hardware.memory_bytes = Some(16_116_152 * 1024);
    change(hardware);
    let source = Source::new(SourceKind::Benchmark, "runtime-baseline 0.1.0, benches/startup").unwrap();
    let component = Component::new("noop", "0.1.0").unwrap();
    let provenance = Provenance::new(source, component, "2026-01-01".parse().unwrap()).with_environment(environment);
    let interval = Interval::new(0.95, Quantity::nanoseconds(ns * 99 / 100), Quantity::nanoseconds(ns * 101 / 100));
    Metric::new(Indicator::StartupTime, "noop".parse().unwrap(), Quantity::nanoseconds(ns), provenance)
        .unwrap()
        .with_statistic(Statistic::Median)
        .with_interval(interval.unwrap())
        .unwrap()
        .with_count(6)
}

fn gate(old: Metric, new: Metric) -> GateReport {
    let of = |metric| {
        let mut baseline = Baseline::new();
        baseline.push(metric);
        baseline
    };
    Gate::new().compare(&[&of(old)], &of(new)).unwrap()
}

#[test]
fn another_boot_is_the_same_machine() {
    let (before, after) = (time(1_000_000, |_| ()), time(1_001_000, |h| h.memory_bytes = Some(15_944_120 * 1024)));
    assert_eq!(differences(&before, &after), []);
    assert_eq!((Lineage::of(&before), Series::of(&before)), (Lineage::of(&after), Series::of(&after)));
    assert_eq!(gate(before.clone(), after.clone()).outcome(), Outcome::Fine);
    let merged = |first: Metric, then: Metric| {
        let (mut baseline, mut next) = (Baseline::new(), Baseline::new());
        baseline.push(first);
        next.push(then);
        baseline.merge(next);
        baseline.metrics().len()
    };
    assert_eq!(merged(before.clone(), after), 1, "measured again");
    let doubled = time(1_000_000, |h| h.memory_bytes = Some(32_232_304 * 1024));
    assert_eq!(merged(before.clone(), doubled.clone()), 2);
    assert_eq!(differences(&before, &doubled)[0].to_string(), "memory: 16.5 GB / 33 GB");
    assert_eq!(gate(before, doubled).outcome(), Outcome::Unseen);
}

#[test]
fn a_quota_or_a_limit_is_another_machine_and_is_said_in_both_languages() {
    let free = time(1_000_000, |_| ());
    let limited = time(1_000_000, |h| (h.cpu_quota_millis, h.memory_limit_bytes) = (Some(1500), Some(1 << 31)));
    let said = |language| differences(&free, &limited).iter().map(|d| d.describe(language)).collect::<Vec<_>>();
    assert_eq!(said(Language::English), ["CPU quota: not stated / 1.5", "memory limit: not stated / 2 GiB"]);
    assert_eq!(said(Language::Chinese), ["CPU 配额：未注明 / 1.5", "内存限额：未注明 / 2 GiB"]);
    assert_ne!(Lineage::of(&free), Lineage::of(&limited));
    let report = gate(free.clone(), limited);
    assert_eq!(report.outcome(), Outcome::Unseen);
    assert!(matches!(&report.rows[1].ruling, Ruling::Unseen(Doubt::Elsewhere(_))), "{report:?}");
    assert_eq!(report.rows[0].series, "startup_time/noop/-/-/median/cpu_quota=1.5/memory_limit=2147483648");
    let page = time(1_000_000, |h| (h.cpu_quota_millis, h.memory_limit_bytes) = (Some(1500), Some(7_999_995_904)));
    let next = time(1_000_000, |h| (h.cpu_quota_millis, h.memory_limit_bytes) = (Some(1500), Some(8_000_000_000)));
    assert_eq!(differences(&page, &next)[0].to_string(), "memory limit: 7999995904 B / 8000000000 B");
    // Another CPU of one machine is named, and continues the series.
    let pinned = time(1_000_000, |h| h.cpuset = Some("2-5".into()));
    assert_eq!(differences(&free, &pinned)[0].to_string(), "cpuset: not stated / 2-5");
    assert_eq!(gate(free, pinned).outcome(), Outcome::Fine);
}

#[test]
fn two_cpus_without_a_name_are_not_one() {
    for name in [None, Some(String::new())] {
        let (old, new) = (time(1_000_000, |h| h.cpu = name.clone()), time(1_001_000, |h| h.cpu = None));
        let unnamed = Difference { aspect: Aspect::Cpu, left: None, right: None };
        assert!(differences(&old, &new).contains(&unnamed), "{name:?}");
    }
    let nameless = |ns| time(ns, |h| h.cpu = None);
    let report = gate(nameless(1_000_000), nameless(1_001_000));
    let Ruling::Unseen(doubt) = &report.rows[0].ruling else { panic!("{report:?}") };
    assert!(
        doubt
            .to_string()
            .starts_with("neither side names its CPU, so they may be of two machines: say it (edit --cpu)")
    );
    // What was taken in one run was taken on one machine.
    let run = Run::begin();
    let of_run = |ns| {
        let metric = nameless(ns);
        let provenance = metric.provenance().clone().with_run(run.clone());
        Metric::new(metric.indicator(), metric.subject().clone(), metric.quantity(), provenance).unwrap()
    };
    assert_eq!(differences(&of_run(1), &of_run(2)), []);
    // The size of a file is the same on any machine.
    let size = |bytes| {
        let metric = nameless(1);
        let quantity = Quantity::bytes(bytes);
        Metric::new(Indicator::ImageSize, metric.subject().clone(), quantity, metric.provenance().clone()).unwrap()
    };
    assert_eq!(gate(size(1000), size(1000)).outcome(), Outcome::Fine);
}
