//! The sentences of the first screen: true of every combination of verdicts, in both languages.

use std::collections::BTreeMap;

use runtime_baseline::{
    Baseline, Claims, Component, Environment, Indicator, Interval, Isolation, Language, Metric, Provenance, Quantity,
    Source, SourceKind, Statistic, report::Report,
};

/// Three claims on one pair: each says that crun is twice as good as runc.
const CLAIMS: &str = r#"
schema = 1
[[table]]
section = "a page"
source = { kind = "benchmark", reference = "example.org/page" }
date = "2026-01"
components = ["runc 1.0.0", "crun 1.0.0"]
reference = { subject = "runc" }
contender = { subject = "crun" }
[[table.claim]]
id = "start"
indicator = "startup_time"
reference = { value = "20 ms" }
contender = { value = "10 ms" }
factor = "2"
sense = "faster"
[[table.claim]]
id = "peak"
indicator = "memory_peak"
reference = { value = "20 MB" }
contender = { value = "10 MB" }
factor = "2"
sense = "smaller"
[[table.claim]]
id = "live"
indicator = "density"
reference = { value = "100 instances" }
contender = { value = "200 instances" }
factor = "2"
sense = "higher"
"#;

const INDICATORS: [Indicator; 3] = [Indicator::StartupTime, Indicator::MemoryPeak, Indicator::Density];

/// What may become of a claim: the factor that is measured with its interval, or why there is none.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Outcome {
    Holds,
    Less,
    Alike,
    Worse,
    Undecided,
    WithoutInterval,
    Unmeasured,
}

use Outcome::{Alike, Holds, Less, Undecided, Unmeasured, WithoutInterval, Worse};

const ALL: [Outcome; 7] = [Holds, Less, Alike, Worse, Undecided, WithoutInterval, Unmeasured];

fn figure(indicator: Indicator, subject: &str, isolation: Isolation, value: u64, spread: Option<f64>) -> Metric {
    let source = Source::new(SourceKind::Benchmark, "my-tool 1.0.0, benches/start").unwrap();
    let component = Component::new(subject, "1.0.0").unwrap();
    let mut environment = Environment::default();
    environment.hardware.cpu = Some("a CPU".into());
    environment.conditions.isolation = Some(isolation);
    environment.conditions.concurrency = Some(1);
    let provenance = Provenance::new(source, component, "2026-11-23".parse().unwrap()).with_environment(environment);
    let quantity = |n: f64| Quantity::whole(n.round() as u64, indicator.units()[0]);
    let metric = Metric::new(indicator, subject.parse().unwrap(), quantity(value as f64), provenance).unwrap();
    let metric = metric.with_statistic(Statistic::Median).with_workload("ready");
    match spread {
        None => metric,
        Some(spread) => {
            let (low, high) = (quantity(value as f64 / spread), quantity(value as f64 * spread));
            metric.with_interval(Interval::new(0.95, low, high).unwrap()).unwrap()
        }
    }
}

/// Both sides of a claim, so that it comes out so.
fn sides(indicator: Indicator, outcome: Outcome) -> Vec<Metric> {
    let (gain, spread) = match outcome {
        Holds => (2.5, Some(1.01)),
        Less => (1.2, Some(1.01)),
        Alike => (1.05, Some(1.05)),
        Worse => (0.5, Some(1.01)),
        Undecided => (1.5, Some(1.5)),
        WithoutInterval => (2.5, None),
        Unmeasured => return Vec::new(),
    };
    let more_is_better = indicator == Indicator::Density;
    let reference = 1_000_000.0;
    let contender = if more_is_better { reference * gain } else { reference / gain };
    let of = |subject, value: f64| figure(indicator, subject, Isolation::Container, value.round() as u64, spread);
    vec![of("runc", reference), of("crun", contender)]
}

fn baseline(outcomes: [Outcome; 3]) -> Baseline {
    let mut baseline = Baseline::new();
    for (indicator, outcome) in INDICATORS.into_iter().zip(outcomes) {
        sides(indicator, outcome).into_iter().for_each(|metric| baseline.push(metric));
    }
    baseline
}

/// The sentence about crun and runc, and the loud one above it.
fn said(baseline: &Baseline, language: Language) -> [String; 2] {
    let claims = Claims::from_toml(CLAIMS).unwrap();
    let text = Report::of(baseline).with_claims(&claims).summary(language);
    let line = |start: &str| text.lines().find(|line| line.starts_with(start)).unwrap_or_default().to_owned();
    let name = language.pick_name();
    let own = [line(&format!("- **{name}** – ")), line("- **")];
    [own.into_iter().find(|line| !line.is_empty()).unwrap_or_default(), line("**")]
}

trait PickName {
    fn pick_name(self) -> &'static str;
}

impl PickName for Language {
    fn pick_name(self) -> &'static str {
        match self {
            Language::English => "crun against runc",
            Language::Chinese => "crun 对 runc",
        }
    }
}

/// What must be said of a claim, and nothing else that a clause may say.
fn clause(indicator: Indicator, outcome: Outcome, language: Language) -> String {
    let (what, better, worse, zh_better, zh_worse) = match indicator {
        Indicator::StartupTime => ("startup time", "faster", "slower", "更快", "更慢"),
        Indicator::MemoryPeak => ("memory peak", "smaller", "larger", "更小", "更大"),
        _ => ("density", "higher", "lower", "更高", "更低"),
    };
    let label = indicator.label_zh();
    match (outcome, language) {
        (Holds, Language::English) => format!("{what} is 2.50× {better} (2.47 … 2.54), published 2× {better}"),
        (Less, Language::English) => format!("{what} is 1.20× {better} (1.18 … 1.22), not 2× {better}"),
        (Alike, Language::English) => {
            format!("{what} shows no difference (1.05× {better}, 0.98 … 1.13), not 2× {better}")
        }
        (Worse, Language::English) => format!("{what} is 2.00× {worse} (1.97 … 2.03), not 2× {better}"),
        (Undecided, Language::English) => {
            format!(
                "{what} shows no difference (1.50× {better}, 0.85 … 2.66), which does not decide a published 2× {better}"
            )
        }
        (WithoutInterval, Language::English) => format!("{what} has no verdict: too few samples for an interval"),
        (Unmeasured, Language::English) => what.to_owned(),
        (Holds, _) => format!("{label}2.50× {zh_better}（2.47 … 2.54），发布为2× {zh_better}"),
        (Less, _) => format!("{label}1.20× {zh_better}（1.18 … 1.22），而非2× {zh_better}"),
        (Alike, _) => format!("{label}未见差异（1.05× {zh_better}，0.98 … 1.13），而非2× {zh_better}"),
        (Worse, _) => format!("{label}2.00× {zh_worse}（1.97 … 2.03），而非2× {zh_better}"),
        (Undecided, _) => {
            format!("{label}未见差异（1.50× {zh_better}，0.85 … 2.66），不足以判定所发布的2× {zh_better}")
        }
        (WithoutInterval, _) => format!("{label}无法判断：样本不足以给出区间"),
        (Unmeasured, _) => label.to_owned(),
    }
}

/// How many of each are said, by the words that say it.
fn counted(sentence: &str, language: Language) -> BTreeMap<&'static str, usize> {
    let words: [(&str, &[&str], &str); 5] = [
        ("holds", &[" holds here", " hold here"], " 个在本机成立"),
        ("fails", &[" does not", " do not"], " 个不成立"),
        ("undecided", &[" is undecided", " are undecided"], " 个未定"),
        ("open", &[" has no verdict", " have no verdict"], " 个无法判断"),
        ("unmeasured", &[" was not measured", " were not measured"], " 个未测量"),
    ];
    let colon = if language == Language::English { ": " } else { "：" };
    let lead = sentence.split(colon).next().unwrap();
    let mut found = BTreeMap::new();
    for part in lead.split([',', '，']).map(|part| part.trim_end_matches(['.', '。', '*'])) {
        for (key, english, chinese) in words {
            let end = english.iter().chain([&chinese]).find(|end| part.contains(**end));
            // "5 do not hold here" holds "hold here" as well.
            let is_it = key != "holds" || !part.contains(" not ");
            if let Some(number) = end.filter(|_| is_it).and_then(|end| part.split(*end).next()?.split(' ').next_back())
            {
                found.insert(key, number.parse().unwrap_or_else(|_| panic!("{number:?} in {sentence}")));
            }
        }
    }
    found
}

#[test]
fn the_sentence_is_true_of_every_combination_of_verdicts() {
    for language in Language::ALL {
        for a in ALL {
            for b in ALL {
                for c in ALL {
                    check([a, b, c], language);
                }
            }
        }
    }
}

fn check(outcomes: [Outcome; 3], language: Language) {
    let [sentence, loud] = said(&baseline(outcomes), language);
    if outcomes == [Unmeasured; 3] {
        assert!(sentence.contains("crun") && !sentence.contains('×'), "{sentence}");
        return;
    }
    // Groups that have no verdict at all share a line, with the reason of each.
    if outcomes.iter().all(|outcome| [WithoutInterval, Unmeasured].contains(outcome)) {
        let why = if language == Language::English { "too few samples" } else { "样本不足" };
        let said = sentence.contains(language.pick_name()) && sentence.contains(why);
        assert!(said && !sentence.contains('×'), "{outcomes:?}: {sentence}");
        return;
    }
    for (indicator, outcome) in INDICATORS.into_iter().zip(outcomes) {
        let clause = clause(indicator, outcome, language);
        assert_eq!(sentence.matches(&clause).count(), 1, "{outcomes:?}: {clause}\n{sentence}");
        let lead = if language == Language::English { "not measured: " } else { "未测量：" };
        let listed = sentence.rsplit_once(lead).is_some_and(|(_, names)| names.contains(&clause));
        assert_eq!(outcome == Unmeasured, listed, "{outcomes:?}: {clause}\n{sentence}");
    }
    let count = |of: &[Outcome]| outcomes.iter().filter(|outcome| of.contains(outcome)).count();
    let expected = [
        ("holds", count(&[Holds])),
        ("fails", count(&[Less, Alike, Worse])),
        ("undecided", count(&[Undecided])),
        ("open", count(&[WithoutInterval])),
        ("unmeasured", count(&[Unmeasured])),
    ];
    let expected: BTreeMap<_, _> = expected.into_iter().filter(|(_, count)| *count > 0).collect();
    let lead = sentence.split(" – ").nth(1).unwrap();
    assert_eq!(counted(lead, language), expected, "{outcomes:?}: {sentence}");
    assert_eq!(counted(loud.split(['；', ';']).next().unwrap(), language), expected, "{outcomes:?}: {loud}");
    for wrong in ["  ", " ,", ",,", ";;", "()", "（）", " .", "；；", "。。"] {
        assert!(!sentence.contains(wrong), "{wrong:?} in {sentence}");
    }
    assert!(sentence.ends_with(['.', '。']), "{sentence}");
}

#[test]
fn a_published_factor_is_named_where_it_appears() {
    let mut baseline = baseline([Alike, Holds, Unmeasured]);
    let beside = |subject, isolation, value| figure(Indicator::StartupTime, subject, isolation, value, Some(1.02));
    let english = |baseline: &Baseline| said(baseline, Language::English)[0].clone();
    assert!(!english(&baseline).contains("The published factor"), "nothing else was measured");

    baseline.push(beside("slow-engine", Isolation::InProcess, 900_000));
    let nowhere = "The published factor of startup time does not appear in the one other figure of that run.";
    assert!(english(&baseline).ends_with(nowhere), "{}", english(&baseline));

    baseline.push(beside("fast-engine", Isolation::InProcess, 1_000));
    baseline.push(beside("engine", Isolation::InProcess, 300_000));
    // Another container is no other layer.
    baseline.push(beside("other-container", Isolation::Container, 400_000));
    let text = english(&baseline);
    let expected = "The published factor of startup time appears between a container (runc) and a module in an engine's own \
                    process (engine): 3.33× faster (3.16 … 3.51).";
    assert!(text.ends_with(expected), "{text}");
    let chinese = said(&baseline, Language::Chinese)[0].clone();
    assert!(chinese.contains("启动时间的已发布倍数出现在 容器（runc） 与引擎进程内的模块（engine）之间"), "{chinese}");
}

#[test]
fn a_verdict_at_a_load_that_is_too_high_says_so() {
    let claims = Claims::from_toml(CLAIMS).unwrap();
    let loaded = |average: &str| {
        let mut baseline = Baseline::new();
        for metric in sides(Indicator::StartupTime, Holds) {
            let mut environment = metric.provenance().environment().clone();
            environment.conditions.noise =
                vec![format!("load average {average} on 2 cores: end what else runs, and wait a minute")];
            let provenance = metric.provenance().clone().with_environment(environment);
            let (indicator, subject) = (metric.indicator(), metric.subject().clone());
            let again = Metric::new(indicator, subject, metric.quantity(), provenance).unwrap();
            let again = again.with_statistic(Statistic::Median).with_workload("ready");
            baseline.push(again.with_interval(metric.interval().unwrap()).unwrap());
        }
        Report::of(&baseline).with_claims(&claims).markdown(Language::English)
    };
    let quiet = loaded("0.60");
    assert!(!quiet.contains("too high"), "{quiet}");
    let loud = loaded("6.90");
    assert!(loud.contains("| **reproduced** (at load 6.90) |"), "{loud}");
    assert!(loud.contains("taken at a load of 6.90 on 2 cores, which is too high"), "{loud}");
    assert!(loud.contains("Mind: the load average was up to 6.90 on 2 cores"), "{loud}");
}

#[test]
fn the_first_line_says_where_it_ran() {
    let line = |language, change: &dyn Fn(&mut Environment)| {
        let mut baseline = Baseline::new();
        for metric in sides(Indicator::StartupTime, Holds) {
            let mut environment = metric.provenance().environment().clone();
            change(&mut environment);
            baseline.push(metric.with_environment(environment));
        }
        let text = Report::of(&baseline).markdown(language);
        text.lines().find(|line| line.contains("a CPU")).unwrap().to_owned()
    };
    let limited = |environment: &mut Environment| {
        let (hardware, software) = (&mut environment.hardware, &mut environment.software);
        (hardware.cpu_quota_millis, hardware.memory_limit_bytes) = (Some(1500), Some(2 << 30));
        hardware.cpuset = Some("0,3".into());
        (software.container, software.user_namespace) = (Some("podman".into()), Some(true));
        environment.conditions.noise = [0.4, 3.2]
            .map(|seconds| {
                format!(
                    "throttled for {seconds} s, summed over the CPUs, in 2 of 40 periods of the CPU quota during the run: raise \
                     the quota (cpu.max), or take its figures as those of a slower machine"
                )
            })
            .into();
    };
    let english = line(Language::English, &limited);
    let expected = "On a CPU, limited to 1.5 CPUs and 2 GiB of memory, on CPUs 0,3 alone, in a container (podman), in a user \
                    namespace, throttled for 3.2 s during the run; ";
    assert!(english.starts_with(expected), "{english}");
    let chinese = line(Language::Chinese, &limited);
    let expected = "a CPU，限于 1.5 个 CPU 和 2 GiB 内存，只用 CPU 0,3，在容器中（podman），在用户命名空间中，测量期间被限制 3.2 秒；";
    assert!(chinese.starts_with(expected), "{chinese}");
    // Neither a container nor a user namespace: nothing to say.
    let free = line(Language::English, &|environment| {
        (environment.software.container, environment.software.user_namespace) = (Some("none".into()), Some(false));
    });
    assert!(free.starts_with("On a CPU; "), "{free}");
    let half = line(Language::English, &|environment| environment.hardware.cpu_quota_millis = Some(500));
    assert!(half.starts_with("On a CPU, limited to 0.5 CPU; "), "{half}");
}
