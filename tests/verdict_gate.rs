//! The gate on baselines: what each row comes to, and the whole.

use std::path::Path;

use runtime_baseline::{
    Baseline, Bound, Component, Environment, Hardware, Indicator, Interval, Isolation, Language, Metric, Provenance,
    Quantity, Source, SourceKind, Statistic, UnavailableRow, Unit,
    compare::{
        Doubt, Evidence, Gate, GateReport, GateRow, GroupRuling, Limits, LimitsError, Measured, Outcome, Ruling,
    },
    samples::Samples,
};

/// On a CPU that has a name: of machines without one nothing is known.
fn provenance(mut environment: Environment) -> Provenance {
    environment.hardware.cpu.get_or_insert_with(|| "a CPU".to_owned());
    let source = Source::new(SourceKind::Benchmark, "runtime-baseline 0.1.0, benches/startup").unwrap();
    let component = Component::new("noop", "0.1.0").unwrap();
    Provenance::new(source, component, "2026-01-01".parse().unwrap()).with_environment(environment)
}

/// A median time of `subject` with an interval of so many per cent to either side, by six units of evidence.
fn time(subject: &str, ns: f64, percent: f64) -> Metric {
    figure(Indicator::StartupTime, subject, ns, percent, Environment::default())
}

fn figure(indicator: Indicator, subject: &str, value: f64, percent: f64, environment: Environment) -> Metric {
    let unit = indicator.units()[0];
    let of = |value: f64| Quantity::new(if unit.is_integer() { value.round() } else { value }, unit).unwrap();
    let interval =
        Interval::new(0.95, of(value / (1.0 + percent / 100.0)), of(value * (1.0 + percent / 100.0))).unwrap();
    let metric = Metric::new(indicator, subject.parse().unwrap(), of(value), provenance(environment)).unwrap();
    metric.with_statistic(Statistic::Median).with_interval(interval).unwrap().with_count(6)
}

fn baseline(metrics: impl IntoIterator<Item = Metric>) -> Baseline {
    let mut baseline = Baseline::new();
    metrics.into_iter().for_each(|metric| baseline.push(metric));
    baseline
}

fn one(metric: Metric) -> Baseline {
    baseline([metric])
}

fn compare(old: &Baseline, new: &Baseline) -> GateReport {
    Gate::new().compare(&[old], new).unwrap()
}

fn row(old: Metric, new: Metric) -> GateRow {
    compare(&one(old), &one(new)).rows.remove(0)
}

/// Times of thirty lanes that took turns, each moved a little of its own, and `all` of them by a factor; `which` of them by
/// another.
fn lanes(all: f64, which: usize, slower: f64) -> Baseline {
    baseline((0..30).map(|i| {
        let own = 1.0 + ((i * 7 % 11) as f64 - 5.0) * 0.0005 * (all * 10.0).fract();
        let factor = if i == which { slower } else { 1.0 };
        time(&format!("lane-{i}"), 1e6 * (1 + i) as f64 * own * all * factor, 1.0)
    }))
}

#[test]
fn what_the_machine_did_to_all_is_taken_out_and_a_slower_lane_is_found() {
    let old = lanes(1.0, 0, 1.0);
    let rerun = compare(&old, &lanes(1.123, 0, 1.0));
    assert_eq!((rerun.outcome(), rerun.counts().fine, rerun.comparisons), (Outcome::Fine, 30, 30), "{rerun:?}");
    assert_eq!(
        rerun.headline(Language::English),
        "fine: 0 worse, 0 better, 30 fine, 0 could not be seen, of 30 series; Holm at 1 % over 30 comparisons"
    );
    assert_eq!(rerun.groups.len(), 1);
    assert_eq!(
        rerun.groups[0].to_string(),
        "startup_time/median: all 30 moved by +12.3 %: the machine, or all of them (--absolute counts it)"
    );
    assert_eq!(rerun.groups[0].ruling, GroupRuling::Moved);
    let absolute = Gate::new().absolute().compare(&[&old], &lanes(1.123, 0, 1.0)).unwrap();
    assert_eq!((absolute.outcome(), absolute.counts().worse), (Outcome::Worse, 30));

    let slower = compare(&old, &lanes(1.123, 3, 1.2));
    let worse: Vec<&GateRow> = slower.rows.iter().filter(|row| row.ruling == Ruling::Worse).collect();
    assert_eq!((worse.len(), worse[0].series.as_str()), (1, "startup_time/lane-3/-/-/median"));
    let change = worse[0].change.unwrap();
    assert!((change.ratio.value - 1.2).abs() < 0.01 && (change.measured - 1.3476).abs() < 0.01, "{change:?}");
    assert!(change.probability.unwrap() < 0.01 && change.least < 0.2);
    assert_eq!((slower.outcome(), slower.outcome().exit_code()), (Outcome::Worse, 1));
    let lenient = Gate::new().max_regression(0.25).compare(&[&old], &lanes(1.123, 3, 1.2)).unwrap();
    assert_eq!(lenient.outcome(), Outcome::Fine);
    assert_eq!(compare(&old, &lanes(1.0, 3, 0.8)).counts().better, 1);
}

#[test]
fn a_lane_by_hand_tells_the_machine_from_the_code() {
    let by_hand = |percent: f64| {
        let mut environment = Environment::default();
        environment.conditions.part = Some("by hand".to_owned());
        figure(Indicator::StartupTime, "lane-0", 1e6 * (1.0 + percent / 100.0), 1.0, environment)
    };
    let run = |all: f64, hand: f64| {
        let mut baseline = lanes(all, 0, 1.0);
        baseline.push(by_hand(hand));
        baseline
    };
    let old = run(1.0, 0.0);
    let code = compare(&old, &run(1.2, 0.0));
    assert_eq!((code.outcome(), code.groups[0].ruling), (Outcome::Worse, GroupRuling::Worse));
    assert!(
        code.headline(Language::English).contains("1 of its groups worse as wholes"),
        "{}",
        code.headline(Language::English)
    );
    let machine = compare(&old, &run(1.2, 20.0));
    assert_eq!((machine.outcome(), machine.groups[0].ruling), (Outcome::Fine, GroupRuling::Chance));
    assert!(machine.groups[0].to_string().contains("those by hand by +20.0 %"));
}

#[test]
fn few_series_are_judged_by_what_their_samples_say() {
    assert_eq!(row(time("noop", 1e6, 1.0), time("noop", 1e6, 1.0)).ruling, Ruling::Fine);
    let slow = row(time("noop", 1e6, 1.0), time("noop", 1.1e6, 1.0));
    assert_eq!((slow.ruling, slow.evidence), (Ruling::Worse, Evidence::Intervals));
    assert_eq!(row(time("noop", 1e6, 1.0), time("noop", 9e5, 1.0)).ruling, Ruling::Better);
    // A change that could hide, and the least that could not.
    let noisy = row(time("noop", 1e6, 10.0), time("noop", 1e6, 10.0));
    assert_eq!(noisy.ruling, Ruling::Unseen(Doubt::Noise));
    assert!((0.15..0.5).contains(&noisy.change.unwrap().least), "{noisy:?}");
    // A figure whose interval reaches zero may be anything.
    let of = |low: u64| {
        let interval = Interval::new(0.95, Quantity::nanoseconds(low), Quantity::nanoseconds(100)).unwrap();
        time("noop", 50.0, 1.0).with_interval(interval).unwrap()
    };
    let open = row(of(0), of(0));
    assert_eq!((open.ruling, open.change.unwrap().least), (Ruling::Unseen(Doubt::Noise), f64::INFINITY));
}

#[test]
fn what_could_not_be_seen_says_why_and_fails_a_strict_gate_alone() {
    let fine = || time("other", 1e6, 1.0);
    let check = |old: Option<Metric>, new: Baseline, expected: Doubt| {
        let old = baseline(old.into_iter().chain([fine()]));
        let report = compare(&old, &new);
        let doubts: Vec<&Ruling> =
            report.rows.iter().map(|row| &row.ruling).filter(|r| matches!(r, Ruling::Unseen(_))).collect();
        assert_eq!(doubts, [&Ruling::Unseen(expected)]);
        assert_eq!((report.outcome(), report.counts().unseen), (Outcome::Fine, 1));
        let strict = Gate::new().strict().compare(&[&old], &new).unwrap();
        assert_eq!((strict.outcome(), strict.outcome().exit_code()), (Outcome::Unseen, 2));
    };
    let plain = |quantity, statistic| {
        let metric =
            Metric::new(Indicator::StartupTime, "noop".parse().unwrap(), quantity, provenance(Environment::default()));
        metric.unwrap().with_statistic(statistic)
    };
    let both = |old: Metric, new: Metric, doubt| check(Some(old), baseline([new, fine()]), doubt);
    let ns = Quantity::nanoseconds;
    both(plain(ns(10), Statistic::Mean), plain(ns(20), Statistic::Mean), Doubt::NoInterval);
    both(plain(ns(10), Statistic::P99), time("noop", 1e6, 1.0).with_statistic(Statistic::P99), Doubt::NoInterval);
    both(plain(ns(0), Statistic::Median), plain(ns(20), Statistic::Median), Doubt::Zero);
    both(plain(ns(20), Statistic::Median), plain(ns(0), Statistic::Median), Doubt::Zero);
    both(plain(ns(0), Statistic::Median), plain(ns(0), Statistic::Median), Doubt::Zero);
    both(time("noop", 1e6, 1.0), time("noop", 2e6, 1.0).with_bound(Bound::Below), Doubt::Bound);
    check(Some(time("noop", 1e6, 1.0)), one(fine()), Doubt::Gone(None));
    let mut refused = one(fine());
    refused.push_unavailable(UnavailableRow::new(
        "noop".parse().unwrap(),
        Indicator::StartupTime,
        "no root",
        "run as root",
    ));
    check(Some(time("noop", 1e6, 1.0)), refused, Doubt::Gone(Some("no root".into())));
}

#[test]
fn another_machine_is_named_and_nothing_in_common_is_not_fine() {
    let mut environment = Environment::default();
    environment.hardware.cores = Some(64);
    let elsewhere = one(figure(Indicator::StartupTime, "noop", 1e6, 1.0, environment));
    let report = compare(&one(time("noop", 1e6, 1.0)), &elsewhere);
    assert_eq!((report.outcome(), report.outcome().exit_code()), (Outcome::Unseen, 2));
    let Ruling::Unseen(Doubt::Elsewhere(differences)) = &report.rows[1].ruling else { panic!("{report:?}") };
    assert!(differences.iter().any(|d| d.to_string() == "cores: not stated / 64"), "{differences:?}");
    assert_eq!(report.rows[0].ruling, Ruling::New);
    // Both have the same name, and what differs tells them apart.
    assert_eq!(report.rows[0].series, "startup_time/noop/-/-/median/cores=64");
    assert_eq!(compare(&Baseline::new(), &Baseline::new()).outcome(), Outcome::Unseen);
    // So does another unit, which has no ratio.
    let unit = |unit| {
        let metric = Metric::new(
            Indicator::ListWatchPressure,
            "k3s".parse().unwrap(),
            Quantity::whole(2, unit),
            provenance(Environment::default()),
        );
        one(metric.unwrap())
    };
    let report = compare(&unit(Unit::Percent), &unit(Unit::CpuSeconds));
    let Ruling::Unseen(Doubt::Elsewhere(differences)) = &report.rows[1].ruling else { panic!("{report:?}") };
    assert!(differences.iter().any(|d| d.to_string() == "unit: percent / cpu_s"), "{differences:?}");
}

#[test]
fn the_direction_follows_the_indicator_and_sizes_are_exact() {
    let size = |bytes| {
        let subject = "noop".parse().unwrap();
        one(Metric::new(Indicator::ImageSize, subject, Quantity::bytes(bytes), provenance(Environment::default()))
            .unwrap())
    };
    let ruling = |old: &Baseline, new: &Baseline| compare(old, new).rows[0].ruling.clone();
    assert_eq!(ruling(&size(1000), &size(1051)), Ruling::Worse);
    assert_eq!(ruling(&size(1000), &size(1050)), Ruling::Fine);
    assert_eq!(ruling(&size(1000), &size(900)), Ruling::Better);
    assert_eq!(ruling(&size(0), &size(0)), Ruling::Fine);
    assert_eq!(ruling(&size(0), &size(1)), Ruling::Unseen(Doubt::Zero));
    assert_eq!(ruling(&size(1), &size(0)), Ruling::Better);
    assert_eq!(ruling(&Baseline::new(), &size(1)), Ruling::New);
    assert_eq!(compare(&size(1000), &size(1000)).comparisons, 0, "nothing by chance");

    let rate = |n| figure(Indicator::StartRate, "noop", n, 0.5, Environment::default());
    assert_eq!(row(rate(1000.0), rate(900.0)).ruling, Ruling::Worse);
    assert_eq!(row(rate(1000.0), rate(1100.0)).ruling, Ruling::Better);
}

/// A run whose processes have these medians, its samples saved below `directory`.
fn sampled(directory: &Path, medians: &[f64]) -> Baseline {
    let mut samples = Samples::new(Indicator::StartupTime, Unit::Nanoseconds).unwrap();
    for (process, median) in (0..).zip(medians) {
        for turn in 0..40 {
            samples.push(process, turn / 4, (median + f64::from(turn % 4) - 1.0).round()).unwrap();
        }
    }
    let path = samples.save(directory, "noop").unwrap();
    let metric =
        samples.metric("noop".parse().unwrap(), Statistic::Median, provenance(Environment::default())).unwrap();
    one(metric.with_samples(path))
}

#[test]
fn processes_are_the_evidence_where_their_samples_are_at_hand() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path();
    let gate = |old: &Baseline, new: &Baseline| {
        let [old, new] = [old, new].map(|baseline| Measured::with_samples(baseline, dir));
        Gate::new().compare(&[old], new).unwrap().rows.remove(0)
    };
    // Processes that differ by a tenth, each of which knows its own median to a millionth.
    let wide = [1.0e6, 1.1e6, 0.95e6, 1.05e6, 0.9e6, 1.0e6];
    let moved = gate(&sampled(dir, &wide), &sampled(dir, &wide.map(|x| x * 1.1)));
    assert_eq!((moved.ruling, moved.evidence), (Ruling::Unseen(Doubt::Noise), Evidence::Processes));
    let narrow = [1.0e6, 1.001e6, 0.999e6, 1.002e6, 0.998e6, 1.0e6];
    let (old, slow) = (sampled(dir, &narrow), sampled(dir, &narrow.map(|x| x * 1.1)));
    assert_eq!((gate(&old, &slow).ruling, gate(&old, &slow).evidence), (Ruling::Worse, Evidence::Processes));
    assert_eq!(gate(&old, &old).ruling, Ruling::Fine);
    // Three processes have no interval at 95 %, and say something all the same.
    let (three, slow_three) = (sampled(dir, &narrow[..3]), sampled(dir, &narrow.map(|x| x * 1.2)[..3]));
    assert_eq!((gate(&three, &slow_three).ruling, gate(&three, &three).evidence), (Ruling::Worse, Evidence::Processes));
    // A file that is not there, is of another figure, or lies elsewhere is no evidence; the stored interval is.
    let other = slow.metrics()[0].samples().unwrap().to_owned();
    for path in [Path::new("missing.csv"), Path::new("../noop.csv"), Path::new("/dev/zero"), &other] {
        let mistaken = one(old.metrics()[0].clone().with_samples(path));
        assert_eq!(gate(&old, &mistaken).evidence, Evidence::Intervals, "{}", path.display());
    }
    assert_eq!(compare(&old, &slow).rows[0].evidence, Evidence::Intervals, "no directory");
}

#[test]
fn of_three_old_runs_the_run_is_the_unit() {
    // Each run states an interval of 0.1 %, and runs differ by some 4 %.
    let run = |factor: f64| one(time("noop", 1e6 * factor, 0.1));
    let olds = [run(1.0), run(1.04), run(0.97), run(1.02), run(0.99)];
    let of = |new: &Baseline, count: usize| {
        let olds: Vec<&Baseline> = olds.iter().take(count).collect();
        Gate::new().compare(&olds, new).unwrap().rows.remove(0)
    };
    let slower = run(1.06);
    assert_eq!(of(&slower, 1).ruling, Ruling::Worse, "one run against one knows nothing of that");
    let several = of(&slower, 5);
    assert_eq!((several.ruling, several.evidence), (Ruling::Unseen(Doubt::Noise), Evidence::Runs));
    assert_eq!(several.old, Some(Quantity::nanoseconds(1_000_000)), "the one in the middle");
    assert_eq!(of(&run(1.5), 5).ruling, Ruling::Worse);
    // A series that only the last of them has.
    let mut olds = [run(1.0), run(1.0), run(1.0)];
    olds[2].push(time("late", 1e6, 1.0));
    let mut new = run(1.0);
    new.push(time("late", 1e6, 1.0));
    let report = Gate::new().compare(&olds.each_ref(), &new).unwrap();
    assert_eq!(report.rows[1].ruling, Ruling::Unseen(Doubt::FewRuns));
}

#[test]
fn pairs_of_runs_cancel_what_the_machine_did_meanwhile() {
    // The machine's speed varies threefold from pair to pair.
    let speeds = [1.0, 3.0, 1.5, 2.0, 1.2, 2.7, 1.1, 1.9];
    let wobble = |i: usize| 1.0 + 0.004 * ((i * 5 % 7) as f64 - 3.0);
    let pairs = |slower: f64| -> Vec<(Baseline, Baseline)> {
        let run = |ns: f64| one(time("noop", ns, 20.0));
        let all = speeds.iter().enumerate();
        all.map(|(i, speed)| (run(1e6 * speed), run(1e6 * speed * slower * wobble(i)))).collect()
    };
    let of = |slower: f64| Gate::new().compare_pairs(&pairs(slower)).unwrap().rows.remove(0);
    assert_eq!((of(1.0).ruling, of(1.0).evidence), (Ruling::Fine, Evidence::Pairs));
    assert_eq!(of(1.1).ruling, Ruling::Worse);
    assert_eq!(of(0.9).ruling, Ruling::Better);

    let times = |slower: f64| -> Vec<(u64, u64)> {
        let all = speeds.iter().enumerate();
        all.map(|(i, speed)| ((1e6 * speed) as u64, (1e6 * speed * slower * wobble(i)) as u64)).collect()
    };
    let of = |times: &[(u64, u64)]| Gate::new().compare_times("wall time", times).unwrap().rows.remove(0).ruling;
    assert_eq!(of(&times(1.0)), Ruling::Fine);
    assert_eq!(of(&times(1.1)), Ruling::Worse);
    assert_eq!(of(&[]), Ruling::Unseen(Doubt::FewRuns));
    assert_eq!(of(&[(0, 5), (5, 0), (1, 1)]), Ruling::Unseen(Doubt::FewRuns));
}

#[test]
fn limits_hold_for_the_series_that_they_name() {
    let (old, new) =
        (baseline([time("a", 1e6, 1.0), time("b", 1e6, 1.0)]), baseline([time("a", 1.2e6, 1.0), time("b", 1e6, 1.0)]));
    let with = |text: &str| Gate::new().limits(Limits::from_toml(text).unwrap()).compare(&[&old], &new);
    let entry = |pattern: &str, rest: &str| format!("[[limit]]\nseries = \"{pattern}\"\n{rest}\n");
    assert_eq!(with("").unwrap().outcome(), Outcome::Worse);
    let ignored = with(&entry("startup_time/a/*", "ignore = true")).unwrap();
    assert_eq!((ignored.outcome(), ignored.counts().ignored, ignored.comparisons), (Outcome::Fine, 1, 1));
    let loose = with(&entry("*/a/*", "max_regression = \"30%\"")).unwrap();
    assert_eq!((loose.outcome(), loose.rows[0].limit, loose.rows[1].limit), (Outcome::Fine, 0.3, 0.05));
    let turned = with(&entry("*", "direction = \"more\"")).unwrap();
    assert_eq!(turned.rows[0].ruling, Ruling::Better);
    let first = entry("*/a/*", "max_regression = \"30%\"") + &entry("*", "max_regression = \"1%\"");
    assert_eq!(with(&first).unwrap().outcome(), Outcome::Fine);
    let unknown = with(&entry("startup_time/gone/*", "ignore = true")).unwrap_err();
    assert!(matches!(&unknown, LimitsError::Unmatched(pattern) if pattern == "startup_time/gone/*"), "{unknown}");
}

#[test]
fn lanes_that_did_not_take_turns_are_not_peers() {
    // Four containers and four in-process lanes of one bench: the machine moved the former alone.
    let run = |factor: f64| {
        let lane = |isolation, i: usize, factor: f64| {
            let mut environment = Environment::default();
            environment.hardware = Hardware::default();
            environment.conditions.isolation = Some(isolation);
            figure(Indicator::StartupTime, &format!("{isolation}-{i}"), 1e6 * factor, 1.0, environment)
        };
        let contained = (0..4).map(|i| lane(Isolation::Container, i, factor));
        baseline(contained.chain((0..4).map(|i| lane(Isolation::InProcess, i, 1.0))))
    };
    let report = compare(&run(1.0), &run(1.3));
    assert_eq!((report.counts().fine, report.groups.len()), (8, 2), "{report:?}");
    let moved: Vec<_> =
        report.groups.iter().filter(|g| g.ruling == GroupRuling::Moved).map(|g| g.name.as_str()).collect();
    assert_eq!(moved, ["startup_time/median, container"]);
}
