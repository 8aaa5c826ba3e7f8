//! The audit: each requirement of sections 14.6.1 to 14.6.3, met and not met.

use runtime_baseline::{
    Component, Date, Environment, Indicator, Language, Metric, Provenance, Quantity, Shortfall, Source, SourceKind,
    Statistic,
};

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

fn complete() -> Environment {
    "硬件: AMD EPYC 4C 8G; 存储=NVMe\n软件: Debian 12 6.1.0\n条件: 100 并发, 冷启动".parse().unwrap()
}

fn provenance(kind: SourceKind, reference: &str, component: (&str, &str), day: &str) -> Provenance {
    let source = Source::new(kind, reference).unwrap();
    Provenance::new(source, Component::new(component.0, component.1).unwrap(), date(day)).with_environment(complete())
}

fn benchmark() -> Provenance {
    provenance(SourceKind::Benchmark, "runtime-baseline 0.1.0, benches/startup", ("wasmtime", "48.0.8"), "2026-11-23")
}

fn metric(indicator: Indicator, subject: &str, provenance: Provenance) -> Metric {
    let quantity = Quantity::whole(1, indicator.units()[0]);
    Metric::new(indicator, subject.parse().unwrap(), quantity, provenance).unwrap()
}

fn today() -> Date {
    date("2026-11-23")
}

#[test]
fn a_complete_record_falls_short_of_nothing() {
    assert_eq!(benchmark().audit_on(today()), []);
    assert_eq!(metric(Indicator::StartupTime, "wasmtime", benchmark()).audit_on(today()), []);
}

#[test]
fn an_empty_environment_falls_short_of_all_of_14_6_3() {
    let bare = benchmark().with_environment(Environment::default()).audit_on(today());
    let all = [
        Shortfall::Cpu,
        Shortfall::Cores,
        Shortfall::Memory,
        Shortfall::Storage,
        Shortfall::OperatingSystem,
        Shortfall::Kernel,
        Shortfall::Concurrency,
        Shortfall::Load,
    ];
    assert_eq!(bare, all);
    assert!(bare.iter().all(|s| s.section() == "14.6.3"));
    // Each field answers its own requirement.
    for (missing, shortfall) in all.iter().enumerate() {
        let mut environment = complete();
        match missing {
            0 => environment.hardware.cpu = Some(" ".into()),
            1 => environment.hardware.cores = Some(0),
            2 => environment.hardware.memory_bytes = None,
            3 => environment.hardware.storage = None,
            4 => environment.software.os = None,
            5 => environment.software.kernel = None,
            6 => environment.conditions.concurrency = None,
            _ => environment.conditions.load = Some(String::new()),
        }
        assert_eq!(benchmark().with_environment(environment).audit_on(today()), std::slice::from_ref(shortfall));
    }
}

#[test]
fn dates() {
    let on = |day: &str, today: &str| {
        provenance(SourceKind::Benchmark, "hyperfine 1.18.0, /bench", ("wasmtime", "48.0.8"), day).audit_on(date(today))
    };
    assert_eq!(on("2026-11", "2026-11-23"), [Shortfall::TestDay(date("2026-11"))]);
    assert_eq!(on("2025-11-23", "2026-11-23"), []);
    let old = Shortfall::Outdated { date: date("2025-11-22"), days: 366 };
    assert_eq!(on("2025-11-22", "2026-11-23"), [old]);
    assert_eq!(on("2026-11-24", "2026-11-23"), []);
    assert_eq!(on("2026-11-25", "2026-11-23"), [Shortfall::FutureDate(date("2026-11-25"))]);
}

#[test]
fn sources_and_tools() {
    let audit = |kind, reference: &str| provenance(kind, reference, ("k3s", "1.30.4"), "2026-11-23").audit_on(today());
    let both = [Shortfall::SourceLocation, Shortfall::ToolVersion];
    assert_eq!(audit(SourceKind::Benchmark, "somebody's blog"), both);
    assert_eq!(audit(SourceKind::Production, "our cluster"), [Shortfall::ToolVersion]);
    assert_eq!(audit(SourceKind::OfficialDocs, "https://docs.k3s.io/v1.30"), [Shortfall::ToolVersion]);
    // The version of what was measured is not the tool's.
    assert_eq!(audit(SourceKind::OfficialDocs, "k3s 1.30.4 docs"), [Shortfall::ToolVersion]);
    assert_eq!(audit(SourceKind::Benchmark, "criterion v0.8.2 (bench.rs)"), []);
    let with = |reference| {
        provenance(SourceKind::Benchmark, reference, ("k3s", "1.30.4"), "2026-11-23")
            .with_component(Component::new("kperf", "0.1.2").unwrap())
            .audit_on(today())
    };
    assert_eq!(with("kperf, https://example.org"), []);
    assert_eq!(with("https://example.org"), [Shortfall::ToolVersion]);
}

#[test]
fn what_only_the_figure_can_tell() {
    let k3s = || provenance(SourceKind::Benchmark, "kperf 0.1.2", ("K3s", "1.30.4"), "2026-11-23");
    let audit = |indicator, subject, provenance| metric(indicator, subject, provenance).audit_on(today());
    assert_eq!(audit(Indicator::ControlPlaneMemory, "k3s", k3s()), []);
    assert_eq!(audit(Indicator::MaxNodes, "cluster", benchmark()), [Shortfall::KubernetesVersion]);
    assert_eq!(audit(Indicator::StartupTime, "kubernetes", benchmark()), [Shortfall::KubernetesVersion]);
    assert_eq!(audit(Indicator::StorageLatency, "etcd", benchmark()), []);
    let harness = || {
        let own = ("runtime-baseline", "0.1.0");
        provenance(SourceKind::Benchmark, "runtime-baseline 0.1.0, benches/startup", own, "2026-11-23")
    };
    assert_eq!(audit(Indicator::StartupTime, "noop", harness()), []);
    assert_eq!(audit(Indicator::StartupTime, "wasmtime", harness()), [Shortfall::TechnologyVersion]);
}

#[test]
fn a_statistic_of_nobody_knows_how_many_runs() {
    let of = |statistic| metric(Indicator::StartupTime, "wasmtime", benchmark()).with_statistic(statistic);
    for statistic in [Statistic::Mean, Statistic::Median, Statistic::P99] {
        assert_eq!(of(statistic).audit_on(today()), [Shortfall::Count]);
        assert_eq!(of(statistic).with_count(0).audit_on(today()), [Shortfall::Count]);
        assert_eq!(of(statistic).with_count(1).audit_on(today()), []);
    }
    assert_eq!(of(Statistic::Single).audit_on(today()), []);
}

#[test]
fn idle_is_what_was_not_busy() {
    let with = |load: &str, noise: &str| {
        let mut environment = complete();
        environment.conditions.load = Some(load.into());
        environment.conditions.noise = vec!["only 2 cores".into(), noise.into()];
        benchmark().with_environment(environment).audit_on(today())
    };
    let two = "load average 124.00 on 2 cores: end what else runs, and wait a minute";
    let not_idle = |load_average: &str, cores| Shortfall::NotIdle { load_average: load_average.into(), cores };
    assert_eq!(with("idle", two), [not_idle("124.00", 2)]);
    assert_eq!(with(" Idle", two), [not_idle("124.00", 2)]);
    assert_eq!(with("空闲", two), [not_idle("124.00", 2)]);
    let one = "load average 1.00 on 1 core: end what else runs, and wait a minute";
    assert_eq!(with("idle", one), [not_idle("1.00", 1)]);
    assert_eq!(with("idle", one).len(), 1);
    assert_eq!(with("cold start", two), []);
    assert_eq!(with("idle", "load average 0.90 on 2 cores: end what else runs, and wait a minute"), []);
    assert_eq!(with("idle", "somebody's own words: load average 124"), []);
}

#[test]
fn a_quota_that_was_met_is_said() {
    let with = |noise: &str| {
        let mut environment = complete();
        environment.conditions.noise = vec!["only 2 cores".into(), noise.into()];
        benchmark().with_environment(environment).audit_on(today())
    };
    let throttled = "throttled for 3.2 s, summed over the CPUs, in 2 of 40 periods of the CPU quota during the run: raise the \
                     quota (cpu.max), or take its figures as those of a slower machine";
    assert_eq!(with(throttled), [Shortfall::Throttled("3.2".into())]);
    let said = with(throttled)[0].to_string();
    assert_eq!(said, "14.6.3 throttled for 3.2 s by a CPU quota during the run: raise the quota and measure again");
    assert_eq!(with("throttled, I think"), []);
}

#[test]
fn each_shortfall_says_its_section_and_what_to_add_in_both_languages() {
    let bare = Provenance::new(
        Source::new(SourceKind::Benchmark, "a blog").unwrap(),
        Component::new("runtime-baseline", "0.1.0").unwrap(),
        date("2023-01"),
    );
    let all = metric(Indicator::MaxNodes, "k3s", bare).audit_on(today());
    assert_eq!(all.len(), 13);
    assert!(all.is_sorted_by_key(|s| s.section()));
    for shortfall in &all {
        let (chinese, english) = (shortfall.describe(Language::Chinese), shortfall.describe(Language::English));
        assert!(chinese.starts_with(shortfall.section()) && chinese.contains('：'), "{chinese}");
        assert!(english.starts_with(shortfall.section()) && english.contains(": "), "{english}");
        assert_eq!(shortfall.to_string(), english);
    }
    assert_eq!(
        Shortfall::Outdated { date: date("2023-01"), days: 1392 }.describe(Language::Chinese),
        "14.6.2 数据已过 1392 天（2023-01），有效期为 365 天：请重新测量"
    );
}
