//! What was measured near a subject that was not: shown with its factor, and no answer to the claim.

use runtime_baseline::{
    Baseline, Component, Environment, Indicator, Interval, Isolation, Language, Metric, Provenance, Quantity, Source,
    SourceKind, Statistic, UnavailableRow, claims,
    compare::{Verdict, judge},
};

const MB: u64 = 1_000_000;

/// The memory of a control plane, with its interval at 95 %.
fn memory(subject: &str, date: &str, [low, value, high]: [u64; 3]) -> Metric {
    let source = Source::new(SourceKind::Benchmark, "runtime-baseline 0.1.0, benches/cluster").unwrap();
    let mut environment = Environment::default();
    environment.conditions.isolation = Some(Isolation::Process);
    // Of machines without a name nothing is known.
    environment.hardware.cpu = Some("a CPU".to_owned());
    let component = Component::new("kubernetes", "1.37.2").unwrap();
    let provenance = Provenance::new(source, component, date.parse().unwrap()).with_environment(environment);
    let interval = Interval::new(0.95, Quantity::bytes(low * MB), Quantity::bytes(high * MB)).unwrap();
    Metric::new(Indicator::ControlPlaneMemory, subject.parse().unwrap(), Quantity::bytes(value * MB), provenance)
        .unwrap()
        .with_statistic(Statistic::Median)
        .with_workload("empty")
        .with_interval(interval)
        .unwrap()
}

fn baseline(metrics: impl IntoIterator<Item = Metric>) -> Baseline {
    let mut baseline = Baseline::new();
    metrics.into_iter().for_each(|metric| baseline.push(metric));
    let row = UnavailableRow::new(
        "k3s".parse().unwrap(),
        Indicator::ControlPlaneMemory,
        "there is no k3s",
        "name one in K3S_BIN",
    );
    baseline.push_unavailable(row);
    baseline
}

fn missing(baseline: &Baseline, language: Language) -> Vec<String> {
    let judgement = judge(claims().get("control-plane-memory").unwrap(), baseline);
    let Verdict::NotComparable(missing) = judgement.verdict else { panic!("{:?}", judgement.verdict) };
    assert!(judgement.comparison.is_none());
    missing.iter().map(|missing| missing.describe(language)).collect()
}

#[test]
fn only_k3s_is_missing_and_what_is_near_it_stands_beside() {
    let today = "2026-11-27";
    let kubernetes = memory("kubernetes", today, [490, 500, 510]);
    let kine = memory("kubernetes+kine", today, [500, 505, 510]);
    let one = memory("kubernetes/one-process", today, [340, 350, 360]);
    let all = baseline([kubernetes.clone(), kine, one]);
    assert_eq!(
        missing(&all, Language::English),
        [
            "k3s: there is no k3s (name one in K3S_BIN); measured here, and not k3s: kubernetes/one-process is 1.43× better than \
          kubernetes (1.38 to 1.48), kubernetes+kine is 1.01× worse than kubernetes (0.99 to 1.03)"
        ]
    );
    assert_eq!(
        missing(&all, Language::Chinese),
        [
            "k3s：there is no k3s（name one in K3S_BIN）；在此测得、但并非 k3s：kubernetes/one-process 优于 kubernetes 1.43 倍\
          （1.38 至 1.48），kubernetes+kine 劣于 kubernetes 1.01 倍（0.99 至 1.03）"
        ]
    );
    let alone = ["k3s: there is no k3s (name one in K3S_BIN)"];
    assert_eq!(missing(&baseline([kubernetes.clone()]), Language::English), alone);
    // Another day's is no peer.
    let earlier = memory("kubernetes/one-process", "2026-11-01", [340, 350, 360]);
    assert_eq!(missing(&baseline([kubernetes, earlier]), Language::English), alone);
}

#[test]
fn k3s_itself_answers_alone() {
    let today = "2026-11-27";
    let one = memory("kubernetes/one-process", today, [99, 100, 101]);
    let measured = baseline([memory("kubernetes", today, [490, 500, 510]), memory("k3s", today, [390, 400, 410]), one]);
    let judgement = judge(claims().get("control-plane-memory").unwrap(), &measured);
    assert_eq!(judgement.verdict, Verdict::Refuted);
    assert_eq!(judgement.comparison.unwrap().contender().subject().as_str(), "k3s");
}
