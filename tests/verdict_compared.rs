//! Claims that compare one subject with itself: at two temperatures, at two concurrencies, with two settings; and the
//! published ones of which both sides are measured here.

use runtime_baseline::{
    Baseline, Component, Environment, Indicator, Interval, Isolation, Metric, Provenance, Quantity, Source, SourceKind,
    Statistic, Temperature, claims,
    claims::Claims,
    compare::{Missing, Verdict, judge},
};

/// A figure of 2026-11-23 on a machine of two cores, with an interval of two per cent around it.
fn measured(indicator: Indicator, subject: &str, value: f64, change: impl FnOnce(&mut Environment)) -> Metric {
    let source = Source::new(SourceKind::Benchmark, "runtime-baseline 0.1.0, benches/evaluation").unwrap();
    let component = Component::new(subject.split('/').next().unwrap(), "9.9.9").unwrap();
    let mut environment = Environment::default();
    environment.hardware.cpu = Some("AMD EPYC".to_owned());
    environment.hardware.cores = Some(2);
    change(&mut environment);
    let provenance = Provenance::new(source, component, "2026-11-23".parse().unwrap()).with_environment(environment);
    let unit = indicator.units()[0];
    let quantity = |x: f64| Quantity::new(if unit.is_integer() { x.round() } else { x }, unit).unwrap();
    let metric = Metric::new(indicator, subject.parse().unwrap(), quantity(value), provenance).unwrap();
    let interval = Interval::new(0.95, quantity(value * 0.99), quantity(value * 1.01)).unwrap();
    metric.with_statistic(Statistic::Median).with_interval(interval).unwrap()
}

fn baseline(metrics: impl IntoIterator<Item = Metric>) -> Baseline {
    let mut baseline = Baseline::new();
    metrics.into_iter().for_each(|metric| baseline.push(metric));
    baseline
}

fn rate(threads: u32, value: f64) -> Metric {
    let threads = |e: &mut Environment| e.conditions.concurrency = Some(threads);
    measured(Indicator::EvaluationRate, "regorus", value, threads).with_workload("admission")
}

fn missing(verdict: &Verdict) -> String {
    let Verdict::NotComparable(missing) = verdict else { panic!("{verdict:?}") };
    missing.iter().map(Missing::to_string).collect::<Vec<_>>().join("; ")
}

#[test]
fn threads_are_compared_where_so_many_were_measured() {
    let claim = |id| claims().get(id).unwrap();
    let verdict = |id, baseline: &Baseline| judge(claim(id), baseline).verdict;
    // 423 over 412 is a factor of 1.03: two threads together do a little less than one.
    let slower = baseline([rate(1, 100_000.0), rate(2, 97_500.0)]);
    assert_eq!(verdict("regorus-2-threads", &slower), Verdict::Reproduced);
    let twice = baseline([rate(1, 100_000.0), rate(2, 190_000.0)]);
    assert_eq!(verdict("regorus-2-threads", &twice), Verdict::Refuted);
    let judgement = judge(claim("regorus-2-threads"), &twice);
    let pair = judgement.comparison.unwrap();
    let concurrency = |metric: &Metric| metric.provenance().environment().conditions.concurrency;
    assert_eq!((concurrency(pair.reference()), concurrency(pair.contender())), (Some(1), Some(2)));
    let text = missing(&verdict("regorus-16-threads", &twice));
    assert_eq!(text, "regorus: not measured with concurrency 16");
    let one = baseline([rate(1, 100_000.0)]);
    assert_eq!(missing(&verdict("regorus-2-threads", &one)), "regorus: not measured with concurrency 2");
    let clone = missing(&verdict("regorus-clone", &twice));
    assert_eq!(clone, "regorus/fresh-engine: not measured");
}

#[test]
fn temperatures_are_compared_of_one_subject() {
    let claims = Claims::from_toml(
        r#"
schema = 1
[[table]]
section = "a page"
source = { kind = "third_party", reference = "a page" }
date = "2026-01"
components = ["wasmtime 48.0.0"]
reference = { subject = "wasmtime", temperature = "cold" }
contender = { subject = "wasmtime", temperature = "precompiled" }
[[table.claim]]
id = "cached"
indicator = "startup_time"
reference = { value = "8-12 ms" }
contender = { value = "1 ms" }
factor = "10x to 12x"
sense = "faster"
"#,
    )
    .unwrap();
    let start = |temperature, value| {
        measured(Indicator::StartupTime, "wasmtime", value, |_| ()).with_temperature(temperature).with_workload("ready")
    };
    let verdict = |cold, precompiled| {
        let all = [
            start(Temperature::Warm, 1e3),
            start(Temperature::Cold, cold),
            start(Temperature::Precompiled, precompiled),
        ];
        judge(claims.get("cached").unwrap(), &baseline(all)).verdict
    };
    assert_eq!(verdict(11e6, 1e6), Verdict::Reproduced);
    assert_eq!(verdict(5e6, 1e6), Verdict::Refuted);
    let alone = baseline([start(Temperature::Cold, 1e6)]);
    let text = missing(&judge(claims.get("cached").unwrap(), &alone).verdict);
    assert_eq!(text, "wasmtime: not measured with temperature precompiled");
}

#[test]
fn one_figure_is_no_comparison_of_two_subjects_that_it_stands_in_for() {
    let claim = claims().get("runwasi-wasmtime-precompiled").unwrap();
    let conditions = |e: &mut Environment| {
        e.conditions.concurrency = Some(1);
        e.conditions.isolation = Some(Isolation::WasmInContainer);
    };
    let cold = measured(Indicator::LifecycleTime, "container+wasmtime", 20e6, conditions);
    let cold = baseline([cold.with_temperature(Temperature::Cold)]);
    let judgement = judge(claim, &cold);
    assert!(missing(&judgement.verdict).contains("temperature: precompiled / cold"), "{:?}", judgement.verdict);
    assert_eq!(judgement.comparison, None);
}

#[test]
fn two_versions_under_two_conditions_are_two_versions() {
    let text = r#"
schema = 1
[[table]]
section = "a page"
source = { kind = "third_party", reference = "a page" }
date = "2026-01"
reference = { subject = "wasmtime", temperature = "cold", components = ["wasmtime 47.0.0"] }
contender = { subject = "wasmtime", temperature = "precompiled", components = ["wasmtime 48.0.0"] }
[[table.claim]]
id = "cached"
indicator = "startup_time"
reference = { value = "10 ms" }
contender = { value = "1 ms" }
sense = "faster"
"#;
    let claims = Claims::from_toml(text).unwrap();
    let start = |temperature, value| {
        measured(Indicator::StartupTime, "wasmtime", value, |_| ()).with_temperature(temperature).with_workload("ready")
    };
    let all = baseline([start(Temperature::Cold, 10e6), start(Temperature::Precompiled, 1e6)]);
    assert!(matches!(judge(claims.get("cached").unwrap(), &all).verdict, Verdict::NotComparable(_)), "of one version");
    let same = text.replace("47.0.0", "48.0.0").replace("\"cold\"", "\"precompiled\"");
    let error = Claims::from_toml(&same).unwrap_err().to_string();
    assert!(error.contains("claim \"cached\", contender: it is the reference again"), "{error}");
}

#[test]
fn settings_are_compared_of_one_subject() {
    let text = r#"
schema = 1
[[table]]
section = "a blog"
source = { kind = "benchmark", reference = "a blog" }
date = "2021-05-12"
components = ["wasmtime 0.26.0"]
conditions = { concurrency = 1 }
reference = { subject = "wasmtime", temperature = "warm", settings = { allocator = "on-demand" } }
contender = { subject = "wasmtime", temperature = "warm", settings = { allocator = "pooling" } }
[[table.claim]]
id = "pooling"
indicator = "startup_time"
reference = { value = "9.90 us" }
contender = { value = "5.34 us" }
sense = "faster"
"#;
    let own = Claims::from_toml(text).unwrap();
    let claim = own.get("pooling").unwrap();
    let start = |allocator: &str, temperature, value| {
        let settings = |e: &mut Environment| {
            e.conditions.concurrency = Some(1);
            e.conditions.set("allocator", allocator);
        };
        measured(Indicator::StartupTime, "wasmtime", value, settings)
            .with_temperature(temperature)
            .with_workload("ready")
    };
    // A start that has no pool, and reads its module from disk.
    let today =
        baseline([start("pooling", Temperature::Warm, 5e3), start("on-demand", Temperature::Precompiled, 90e3)]);
    let text = missing(&judge(claim, &today).verdict);
    assert!(text.contains("wasmtime under the claimed condition (temperature: warm / precompiled)"), "{text}");
    let pool = baseline([start("pooling", Temperature::Warm, 5e3)]);
    assert_eq!(missing(&judge(claim, &pool).verdict), "wasmtime: not measured with engine's allocator on-demand");
    let both = baseline([start("pooling", Temperature::Warm, 5e3), start("on-demand", Temperature::Warm, 10e3)]);
    assert_eq!(judge(claim, &both).verdict, Verdict::Reproduced);
}

/// With figures of the subjects that the adapters have, these claims have verdicts.
#[test]
fn where_both_sides_are_measured_there_is_a_verdict() {
    let life = |subject, isolation, temperature, ms: f64| {
        let conditions = |e: &mut Environment| {
            e.conditions.concurrency = Some(1);
            e.conditions.isolation = Some(isolation);
        };
        measured(Indicator::LifecycleTime, subject, ms * 1e6, conditions).with_temperature(temperature)
    };
    let size = |subject: &str, bytes: f64| {
        let isolation = |e: &mut Environment| e.conditions.isolation = Some(Isolation::Container);
        measured(Indicator::ImageSize, subject, bytes, isolation).with_statistic(Statistic::Single)
    };
    let decided = |subject: &str, ns: f64| {
        let one = |e: &mut Environment| e.conditions.concurrency = Some(1);
        measured(Indicator::EvaluationLatency, subject, ns, one).with_workload("admission")
    };
    let (container, contained) = (Isolation::Container, Isolation::WasmInContainer);
    let all = baseline([
        life("runc", container, Temperature::Cold, 20.0),
        life("crun", container, Temperature::Cold, 6.0),
        life("container/scratch", container, Temperature::Cold, 5.0),
        life("container+wasmtime", contained, Temperature::Cold, 20.0),
        life("container+wasmtime", contained, Temperature::Precompiled, 6.0),
        life("container+wasmedge", contained, Temperature::Cold, 7.0),
        size("container/debian", 130e6),
        size("container/alpine", 8e6),
        size("container/busybox", 2e6),
        rate(1, 100e3),
        rate(2, 150e3),
        decided("opa/bench", 30e3),
        decided("opa-wasm/wasmtime", 60e3),
    ]);
    let ids: Vec<&str> = claims()
        .iter()
        .filter(|claim| !matches!(judge(claim, &all).verdict, Verdict::NotComparable(_)))
        .map(|claim| claim.id())
        .collect();
    let expected = [
        "youki-against-runc",
        "crun-against-runc",
        "crun-against-youki",
        "youki-033-against-runc",
        "crun-115-against-runc",
        "crun-115-against-youki",
        "alpine-against-debian",
        "busybox-against-debian",
        "busybox-against-alpine",
        "regorus-2-threads",
        "opa-wasm-against-rego",
        "runwasi-wasmedge-against-wasmtime",
        "runwasi-wasmtime-precompiled",
    ];
    assert_eq!(ids, expected);
}

#[test]
fn the_median_of_the_bursts_own_tails_answers_for_a_claimed_tail() {
    let of = |subject, value, isolation| {
        measured(Indicator::StartupP99, subject, value, |environment| {
            environment.conditions.concurrency = Some(100);
            environment.conditions.load = Some("cold start".to_owned());
            environment.conditions.isolation = Some(isolation);
        })
    };
    let figures = baseline([
        of("container/alpine", 600e6, Isolation::Container).with_temperature(Temperature::Cold),
        of("crun+wasmedge", 2_300e6, Isolation::WasmInContainer).with_temperature(Temperature::Precompiled),
    ]);
    let judgement = judge(claims().get("startup-p99").unwrap(), &figures);
    assert_eq!(judgement.verdict, Verdict::Refuted, "{:?}", judgement.verdict);
}
