//! Claims against baselines made by hand, so that every branch of the rule is seen.

use runtime_baseline::{
    Baseline, Bound, Component, Environment, Indicator, Interval, Isolation, Metric, Provenance, Quantity, Run, Source,
    SourceKind, Statistic, Subject, Temperature, UnavailableRow, Unit, claims,
    claims::Claims,
    compare::{Aspect, Missing, Verdict, judge},
};

/// A measured figure: median and its 95 % interval, under the conditions that the claims ask for.
struct Measured {
    subject: &'static str,
    indicator: Indicator,
    ns: [u64; 3],
    date: &'static str,
    environment: Environment,
    temperature: Option<Temperature>,
    statistic: Statistic,
    interval: bool,
}

fn startup(subject: &'static str, isolation: Isolation, ns: [u64; 3]) -> Measured {
    let mut environment = Environment::default();
    environment.hardware.cores = Some(2);
    environment.hardware.cpu = Some("a CPU".into());
    environment.conditions.concurrency = Some(100);
    environment.conditions.isolation = Some(isolation);
    Measured {
        subject,
        indicator: Indicator::StartupTime,
        ns,
        date: "2026-11-23",
        environment,
        temperature: Some(Temperature::Cold),
        statistic: Statistic::Median,
        interval: true,
    }
}

impl Measured {
    fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    fn metric(self) -> Metric {
        let source = Source::new(SourceKind::Benchmark, "runtime-baseline 0.1.0, benches/startup").unwrap();
        let component =
            Component::new(if self.subject.contains("wasmedge") { "wasmedge" } else { "libcontainer" }, "0.17.1");
        let provenance =
            Provenance::new(source, component.unwrap(), self.date.parse().unwrap()).with_environment(self.environment);
        let [low, value, high] = self.ns.map(Quantity::nanoseconds);
        let mut metric = Metric::new(self.indicator, self.subject.parse().unwrap(), value, provenance)
            .unwrap()
            .with_statistic(self.statistic);
        if let Some(temperature) = self.temperature {
            metric = metric.with_temperature(temperature);
        }
        match self.interval {
            true => metric.with_interval(Interval::new(0.95, low, high).unwrap()).unwrap(),
            false => metric,
        }
    }
}

fn baseline(metrics: impl IntoIterator<Item = Measured>) -> Baseline {
    let mut baseline = Baseline::new();
    metrics.into_iter().for_each(|m| baseline.push(m.metric()));
    baseline
}

fn container(ns: [u64; 3]) -> Measured {
    startup("container/alpine", Isolation::Container, ns)
}

fn wasm(ns: [u64; 3]) -> Measured {
    startup("container+wasmedge", Isolation::WasmInContainer, ns)
}

/// The verdict on "200× faster".
fn verdict(baseline: &Baseline) -> Verdict {
    judge(claims().get("startup-time").unwrap(), baseline).verdict
}

const MS: u64 = 1_000_000;

#[test]
fn the_interval_decides_not_the_point() {
    let slow = [1190 * MS, 1200 * MS, 1210 * MS];
    // 1200 / 6 = 200, inside the interval.
    assert_eq!(verdict(&baseline([container(slow), wasm([58 * MS / 10, 6 * MS, 62 * MS / 10])])), Verdict::Reproduced);
    // The point is 194, but the interval reaches 199.5, from which 200 may have been rounded.
    let rounded = baseline([container(slow), wasm([60 * MS / 10, 618 * MS / 100, 63 * MS / 10])]);
    assert_eq!(verdict(&rounded), Verdict::Reproduced);
    // Far better than claimed.
    assert_eq!(verdict(&baseline([container(slow), wasm([9 * MS / 10, MS, 12 * MS / 10])])), Verdict::Reproduced);
    // The point is 190, and even the upper end is below 199.5: less than a tenth of the claimed difference is missing.
    let nearly = baseline([container(slow), wasm([625 * MS / 100, 63 * MS / 10, 635 * MS / 100])]);
    assert_eq!(verdict(&nearly), Verdict::Reproduced);
    // The point is 174.
    let short = baseline([container(slow), wasm([68 * MS / 10, 69 * MS / 10, 7 * MS])]);
    assert_eq!(verdict(&short), Verdict::Refuted);
    // The claim lies inside, but so would any other.
    let wide = verdict(&baseline([container([100 * MS, 1000 * MS, 9000 * MS]), wasm([MS, 6 * MS, 60 * MS])]));
    let Verdict::Undecided(open) = wide else { panic!("{wide:?}") };
    assert!(open.measured.low < 200.0 && open.measured.high > 200.0 && open.more_runs.unwrap() > 10.0, "{open}");
}

/// A claim of "1.29×", as a page has one, on an interval that holds it and "no difference" as well.
#[test]
fn an_interval_that_holds_the_claim_reproduces_nothing_by_that_alone() {
    let claims = Claims::from_toml(
        r#"
schema = 1
[[table]]
section = "a page"
source = { kind = "benchmark", reference = "a page" }
date = "2026-01"
components = ["noop 1"]
reference = { subject = "container/alpine" }
contender = { subject = "container+wasmedge" }
[[table.claim]]
id = "near"
indicator = "startup_time"
reference = { value = "129 ms" }
contender = { value = "100 ms" }
factor = "1.29"
sense = "faster"
"#,
    )
    .unwrap();
    // The reference is known exactly, so that the interval is that of the contender.
    let judged = |low: u64, value: u64, high: u64| {
        let measured = baseline([container([100_000; 3]), wasm([low, value, high])]);
        judge(claims.get("near").unwrap(), &measured).verdict
    };
    let open = judged(74_074, 105_263, 133_333);
    assert_eq!(open.as_str(), "undecided");
    let Verdict::Undecided(open) = open else { panic!() };
    assert!(open.holds_none && (open.measured.value - 0.95).abs() < 1e-3 && (open.claimed - 1.285).abs() < 1e-9);
    assert_eq!(judged(70_000, 78_000, 84_000), Verdict::Reproduced);
    assert_eq!(judged(80_000, 90_000, 95_000), Verdict::Refuted);
}

#[test]
fn what_is_missing_is_named() {
    let slow = [1190 * MS, 1200 * MS, 1210 * MS];
    let fast = [5 * MS, 6 * MS, 7 * MS];
    let missing = |a: Measured, b: Measured| match verdict(&baseline([a, b])) {
        Verdict::NotComparable(missing) => missing.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "),
        other => panic!("{other:?}"),
    };
    let conditions = [
        (
            missing(container(slow).with(|m| m.environment.conditions.concurrency = Some(1)), wasm(fast)),
            "container/alpine under the claimed condition (concurrency: 100 / 1)",
        ),
        (
            missing(container(slow), wasm(fast).with(|m| m.environment.conditions.concurrency = None)),
            "container+wasmedge under the claimed condition (concurrency: 100 / not stated)",
        ),
        (
            missing(
                container(slow),
                wasm(fast).with(|m| m.environment.conditions.isolation = Some(Isolation::InProcess)),
            ),
            "container+wasmedge under the claimed condition (isolation: wasm-in-container / in-process)",
        ),
        (
            missing(container(slow), wasm(fast).with(|m| m.temperature = Some(Temperature::Warm))),
            "container+wasmedge under the claimed condition (temperature: cold start / warm)",
        ),
        (missing(container(slow), wasm(fast).with(|m| m.environment.hardware.cores = Some(64))), "cores: 2 / 64"),
        (missing(container(slow), wasm(fast).with(|m| m.date = "2026-11-24")), "date: 2026-11-23 / 2026-11-24"),
        (missing(container(slow).with(|m| m.interval = false), wasm(fast)), "interval of container/alpine"),
        (missing(container(slow), wasm([0, 0, 0])), "a figure of container+wasmedge above zero"),
    ];
    for (found, expected) in conditions {
        assert!(found.contains(expected), "{found}");
    }
}

#[test]
fn an_absent_side_names_the_reason_of_the_run() {
    let mut measured = baseline([container([1190 * MS, 1200 * MS, 1210 * MS])]);
    let reason = "libwasmedge 0.17.1 not found";
    let subject = "container+wasmedge".parse().unwrap();
    measured.push_unavailable(UnavailableRow::new(subject, Indicator::StartupTime, reason, "set WASMEDGE_DIR"));
    let judgement = judge(claims().get("startup-time").unwrap(), &measured);
    let Verdict::NotComparable(missing) = judgement.verdict else { panic!() };
    assert_eq!(missing.len(), 1);
    assert_eq!(missing[0].to_string(), "container+wasmedge: libwasmedge 0.17.1 not found (set WASMEDGE_DIR)");
    assert!(judgement.comparison.is_none());
}

#[test]
fn a_stand_in_answers_and_is_listed() {
    let scratch = startup("container/scratch", Isolation::Container, [1190 * MS, 1200 * MS, 1210 * MS]);
    let measured = baseline([scratch, wasm([5 * MS, 55 * MS / 10, 6 * MS])]);
    let judgement = judge(claims().get("startup-time").unwrap(), &measured);
    assert_eq!(judgement.verdict, Verdict::Reproduced);
    let listed: Vec<String> = judgement.differences.iter().map(ToString::to_string).collect();
    assert_eq!(
        listed,
        [
            "subject: container/alpine / container/scratch",
            "cores: 4 / 2",
            "subject: crun+wasmedge / container+wasmedge",
            "version of wasmedge: 0.14.0 / 0.17.1"
        ]
    );
    assert!(judgement.differences.iter().any(|d| d.aspect == Aspect::Subject));
    // Alpine itself wins over its stand-in, even when it is another day's.
    let alpine = container([20 * MS, 20 * MS, 20 * MS]).with(|m| m.date = "2026-11-01");
    let scratch = startup("container/scratch", Isolation::Container, [1190 * MS, 1200 * MS, 1210 * MS]);
    let measured = baseline([alpine, scratch, wasm([5 * MS, 55 * MS / 10, 6 * MS])]);
    assert!(matches!(judge(claims().get("startup-time").unwrap(), &measured).verdict, Verdict::NotComparable(_)));
}

#[test]
fn tails_do_not_answer_for_the_typical_start_and_other_temperatures_are_kept() {
    let slow = [1190 * MS, 1200 * MS, 1210 * MS];
    let measured = baseline([
        container(slow),
        wasm([MS, MS, MS]).with(|m| m.statistic = Statistic::P99),
        wasm([3 * MS, 3 * MS, 3 * MS]).with(|m| m.temperature = Some(Temperature::Precompiled)),
        wasm([60 * MS, 60 * MS, 60 * MS]),
    ]);
    let judgement = judge(claims().get("startup-time").unwrap(), &measured);
    assert_eq!(judgement.verdict, Verdict::Refuted);
    assert_eq!(judgement.comparison.unwrap().contender().temperature(), Some(Temperature::Cold));
    assert_eq!(judgement.others.len(), 1);
    assert_eq!(judgement.others[0].contender().temperature(), Some(Temperature::Precompiled));
}

#[test]
fn workloads_that_contradict_each_other_give_no_verdict() {
    let mut measured = Baseline::new();
    let mut push = |m: Measured, workload: &str| measured.push(m.metric().with_workload(workload));
    for (workload, ns) in [("large", 60 * MS), ("small", 2 * MS)] {
        push(container([1190 * MS, 1200 * MS, 1210 * MS]), workload);
        push(wasm([ns; 3]), workload);
    }
    let claim = claims().get("startup-time").unwrap();
    let Verdict::NotComparable(missing) = judge(claim, &measured).verdict else { panic!() };
    let expected = ["large: refuted", "small: reproduced"].map(str::to_owned).to_vec();
    assert_eq!(missing, [Missing::Agreement(expected)]);
    // A later day's figures are not contradicted by an older day's.
    let later = |m: Measured| m.with(|m| m.date = "2026-11-30").metric().with_workload("small");
    measured.push(later(container([1190 * MS, 1200 * MS, 1210 * MS])));
    measured.push(later(wasm([2 * MS; 3])));
    assert_eq!(judge(claim, &measured).verdict, Verdict::Reproduced);
}

#[test]
fn two_units_are_not_compared() {
    let claim = claims().get("list-watch-pressure").unwrap();
    let side = |subject, unit| {
        let from = startup(subject, Isolation::None, [1; 3]).metric().provenance().clone();
        Metric::new(Indicator::ListWatchPressure, claim_subject(subject), Quantity::whole(2, unit), from).unwrap()
    };
    let mut measured = Baseline::new();
    measured.push(side("kubernetes", Unit::Percent));
    measured.push(side("k3s", Unit::CpuSeconds));
    assert_eq!(judge(claim, &measured).verdict, Verdict::NotComparable(vec![Missing::Unit]));
}

fn claim_subject(name: &str) -> Subject {
    name.parse().unwrap()
}

#[test]
fn sizes_need_no_interval_and_nothing_stands_in_for_an_image() {
    let claim = claims().get("image-size").unwrap();
    let size = |subject, bytes| {
        let mut m = startup(subject, Isolation::Container, [1, 1, 1]);
        m.environment.conditions.isolation =
            Some(if subject == "container+wasmedge" { Isolation::WasmInContainer } else { Isolation::Container });
        let metric = m.metric();
        Metric::new(Indicator::ImageSize, metric.subject().clone(), Quantity::bytes(bytes), metric.provenance().clone())
            .unwrap()
    };
    let mut measured = Baseline::new();
    measured.push(size("container/alpine", 8_000_000));
    measured.push(size("container+wasmedge", 1_000_000));
    assert_eq!(judge(claim, &measured).verdict, Verdict::Refuted);
    measured = Baseline::new();
    measured.push(size("container/scratch", 80_000_000));
    measured.push(size("container+wasmedge", 1_000_000));
    assert!(matches!(judge(claim, &measured).verdict, Verdict::NotComparable(_)));
}

#[test]
fn a_claim_without_a_factor_and_a_user_s_own_claim() {
    let Verdict::NotComparable(missing) = judge(claims().get("max-nodes").unwrap(), &Baseline::new()).verdict else {
        panic!()
    };
    assert_eq!(missing[0], Missing::Factor);
    let own = r#"
schema = 1
[[table]]
section = "a blog"
source = { kind = "benchmark", reference = "a blog" }
date = "2026-01"
components = ["noop 1"]
reference = { subject = "container/alpine" }
contender = { subject = "container+wasmedge" }
[[table.claim]]
id = "half"
indicator = "startup_time"
reference = { value = "2 ms" }
contender = { value = "1 ms" }
factor = "50"
sense = "reduction"
"#;
    let own = Claims::from_toml(own).unwrap();
    let judged = |ns: u64| {
        judge(&own.iter().next().unwrap().clone(), &baseline([container([100, 100, 100]), wasm([ns; 3])])).verdict
    };
    assert_eq!((judged(50), judged(60), judged(10)), (Verdict::Reproduced, Verdict::Refuted, Verdict::Reproduced));
}

#[test]
fn nothing_is_compared_with_itself_in_a_claim_about_an_upgrade() {
    let claims = Claims::from_toml(
        r#"
schema = 1
[[table]]
section = "upgrade"
source = { kind = "production", reference = "a page" }
date = "2026-01-29"
reference = { subject = "container/alpine", components = ["libcontainer 0.16.0"] }
contender = { subject = "container/alpine", components = ["libcontainer 0.17.1"] }
[[table.claim]]
id = "upgrade"
indicator = "startup_time"
reference = { value = "2 s" }
contender = { value = "1 s" }
sense = "faster"
"#,
    )
    .unwrap();
    let measured = baseline([container([1_000, 1_010, 1_020])]);
    let judgement = judge(claims.get("upgrade").unwrap(), &measured);
    let Verdict::NotComparable(missing) = judgement.verdict else { panic!("one version was measured") };
    assert!(missing[0].to_string().contains("no figure of libcontainer 0.16.0"), "{}", missing[0]);
    assert!(missing.len() == 1 && judgement.comparison.is_none());
}

#[test]
fn a_figure_of_a_part_answers_for_no_whole() {
    let part = |m: &mut Measured| m.environment.conditions.part = Some("host".to_owned());
    let whole = [container([1_000_000, 1_010_000, 1_020_000]), wasm([1_000, 1_010, 1_020])];
    let parts = [container([10, 11, 12]).with(part), wasm([1_000_000, 1_010_000, 1_020_000]).with(part)];
    let claim = claims().get("startup-time").unwrap();
    assert_eq!(judge(claim, &baseline(whole.into_iter().chain(parts))).verdict, Verdict::Reproduced);
}

/// A figure taken in a run, whatever its date.
fn in_run(measured: Measured, run: &Run) -> Metric {
    let metric = measured.metric();
    let provenance = metric.provenance().clone().with_run(run.clone());
    Metric::new(metric.indicator(), metric.subject().clone(), metric.quantity(), provenance)
        .unwrap()
        .with_statistic(metric.statistic())
        .with_temperature(metric.temperature().unwrap())
        .with_interval(metric.interval().unwrap())
        .unwrap()
}

#[test]
fn peers_are_of_one_run_and_not_of_one_day() {
    let (morning, evening) = (Run::begin(), Run::begin());
    let slow = || container([1190 * MS, 1200 * MS, 1210 * MS]);
    let fast = || wasm([5 * MS, 55 * MS / 10, 6 * MS]);
    let of = |metrics: [Metric; 2]| {
        let mut baseline = Baseline::new();
        metrics.into_iter().for_each(|metric| baseline.push(metric));
        verdict(&baseline)
    };
    // A run that lasted over midnight.
    let late = in_run(fast().with(|m| m.date = "2026-11-24"), &morning);
    assert_eq!(of([in_run(slow(), &morning), late]), Verdict::Reproduced);
    // Two runs of one day.
    let Verdict::NotComparable(missing) = of([in_run(slow(), &morning), in_run(fast(), &evening)]) else { panic!() };
    assert!(missing[0].to_string().contains(&format!("run: {} / {}", morning.id(), evening.id())), "{}", missing[0]);
    // One of them was recorded before runs were.
    assert!(matches!(of([slow().metric(), in_run(fast(), &evening)]), Verdict::NotComparable(_)));
}

#[test]
fn two_bounds_have_no_factor() {
    let mut measured = Baseline::new();
    measured.push(container([1_000_000, 1_010_000, 1_020_000]).metric().with_bound(Bound::Below));
    measured.push(wasm([1_000, 1_010, 1_020]).metric());
    let Verdict::NotComparable(missing) = verdict(&measured) else { panic!("one side is a bound") };
    let said = missing.iter().map(Missing::to_string).collect::<String>();
    assert!(said.contains("container/alpine: < 1.01 ms was measured (1.2 s is published), which is less"), "{said}");
}
