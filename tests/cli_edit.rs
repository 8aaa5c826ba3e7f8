//! What the command line tool adds to records and to files of claims, and what it refuses to.
#![cfg(feature = "cli")]

mod cli_support;

use std::fs;

use cli_support::{checkout, crun, done, environment, err, file, loaded, metric, refused, run_in};
use runtime_baseline::{Baseline, Claims, Date, Host, Indicator, Quantity};

#[test]
fn a_claim_is_added_by_flags_and_judged() {
    let here = checkout([crun(), metric(Indicator::LifecycleTime, "runc", "52 ms")]);
    let add = |more: &[&'static str]| {
        let all = [
            "claims",
            "add",
            "mine.toml",
            "--indicator",
            "lifecycle_time",
            "--reference",
            "runc",
            "--reference-value",
            "1,352 ms",
            "--contender",
            "crun",
            "--contender-value",
            "~154 ms",
            "--component",
            "crun 1.20",
            "--source",
            "a \"page\"\nof mine",
            "--source-kind",
            "official_docs",
            "--date",
            "2026-03",
            "--concurrency",
            "1",
            "--load",
            "idle",
        ];
        [&all[..], more].concat()
    };
    let text = done(here.path(), &add(&["--id", "one", "--factor", "8.8", "--sense", "faster"]));
    assert_eq!(text, "one, 8.8× faster added to mine.toml, which has 1 claims now\n");
    let text = done(here.path(), &add(&["--id", "two", "--sense", "faster", "--workload", "ready"]));
    assert!(text.contains("two, 8.78× faster") && text.contains("2 claims"), "{text}");
    let claims = Claims::load(here.path().join("mine.toml")).unwrap();
    let claim = claims.get("one").unwrap();
    assert_eq!(claim.reference().metric().quantity(), Quantity::nanoseconds(1_352_000_000));
    assert_eq!(claim.reference().metric().provenance().source().reference(), "a \"page\"\nof mine");
    assert_eq!(claims.get("two").unwrap().reference().metric().workload(), Some("ready"));
    assert!(done(here.path(), &["claims", "target/baseline", "--file", "mine.toml"]).contains("one: "));

    let before = fs::read_to_string(here.path().join("mine.toml")).unwrap();
    for (wrong, message) in [
        (&["--id", "one"][..], "two claims have the id \"one\""),
        (&["--id", "three", "--reference-component", "runc latest"], "no exact version"),
        (&["--id", "three", "--factor", "fast", "--sense", "faster"], "is no factor"),
        (&["--id", " "], "write a short name"),
        (&["--id", "three", "--sense", "slower"], "faster, smaller, lower, higher or reduction"),
    ] {
        let output = run_in(here.path(), &add(wrong));
        assert_eq!(output.status.code(), Some(2), "{wrong:?}");
        assert!(err(&output).contains(message), "{}", err(&output));
    }
    let output = run_in(here.path(), &add(&["--id", "three", "--factor", "2"]));
    assert!(output.status.code() == Some(2) && err(&output).contains("--sense"), "{}", err(&output));
    assert_eq!(fs::read_to_string(here.path().join("mine.toml")).unwrap(), before);
    fs::write(here.path().join("broken.toml"), "schema = 1\n[[table]]\n").unwrap();
    let mut broken = add(&["--id", "x", "--sense", "faster"]);
    broken[2] = "broken.toml";
    assert!(refused(here.path(), &broken).contains("broken.toml"));
    assert_eq!(fs::read_to_string(here.path().join("broken.toml")).unwrap(), "schema = 1\n[[table]]\n");
}

#[test]
fn what_a_record_lacks_is_said_afterwards() {
    let here = checkout([crun(), metric(Indicator::LifecycleTime, "runc", "52 ms")]);
    let text = done(here.path(), &["audit", "--subject", "crun"]);
    assert!(text.contains("no load: add conditions.load, such as idle (edit --load)"), "{text}");
    let all = [
        "edit",
        "--subject",
        "crun",
        "--load",
        "idle",
        "--concurrency",
        "1",
        "--workload",
        "ready",
        "--temperature",
        "cold",
        "--isolation",
        "wasm_in_container",
        "--transport",
        "process",
        "--cpu",
        "AMD EPYC",
        "--cores",
        "2",
        "--memory",
        "25,276,510,208 B",
        "--storage",
        "ext4",
        "--os",
        "Debian 12",
        "--kernel",
        "6.1.0",
    ];
    let text = done(here.path(), &all);
    assert!(text.starts_with("1 of the records in target/baseline"), "{text}");
    let baseline = loaded(here.path());
    let [changed, other] = baseline.metrics() else { panic!("{baseline:?}") };
    assert_eq!((changed.workload(), changed.temperature().map(|t| t.as_str())), (Some("ready"), Some("cold")));
    assert_eq!(changed.audit_on("2026-11-24".parse().unwrap()), []);
    assert_eq!(other, &metric(Indicator::LifecycleTime, "runc", "52 ms"), "nothing else changed");
    assert!(done(here.path(), &all).starts_with("0 of the records"), "a second time changes nothing");
}

#[test]
fn what_contradicts_a_record_is_refused_and_changes_nothing() {
    let busy = "hardware: -\nsoftware: -\nconditions: -; noise=[load average 124.00 on 2 cores: end what else runs, and wait a minute]";
    let here = checkout([
        crun().with_workload("a"),
        metric(Indicator::LifecycleTime, "runc", "52 ms").with_environment(environment(busy)),
        metric(Indicator::LifecycleTime, "runc", "53 ms").with_workload("b"),
    ]);
    let before = fs::read(file(here.path())).unwrap();
    let text = refused(here.path(), &["edit", "--subject", "crun", "--workload", "b", "--load", "idle"]);
    assert!(text.contains("lifecycle_time of crun, a, median: workload is a, not b (--replace"), "{text}");
    for replace in [&[][..], &["--replace"]] {
        let text = refused(here.path(), &[&["edit", "--all", "--load", "idle"], replace].concat());
        assert!(text.contains("said to be idle at a load average of 124.00 on 2 cores"), "{text}");
    }
    let text = refused(here.path(), &["edit", "--subject", "nope", "--load", "idle"]);
    assert!(text.contains("it has crun"), "{text}");
    assert_eq!(fs::read(file(here.path())).unwrap(), before);

    let output = run_in(here.path(), &["edit", "--load", "idle"]);
    assert!(output.status.code() == Some(2) && err(&output).contains("--subject"), "which ones: {}", err(&output));
    let output = run_in(here.path(), &["edit", "--all"]);
    assert!(output.status.code() == Some(2) && err(&output).contains("--load"), "what: {}", err(&output));

    done(here.path(), &["edit", "--subject", "crun", "--workload", "b", "--replace"]);
    assert_eq!(loaded(here.path()).metrics()[0].workload(), Some("b"));
    let twins = checkout([crun(), crun().with_workload("a")]);
    let text = refused(twins.path(), &["edit", "--all", "--workload", "a"]);
    assert!(text.contains("would be the same figure as another one of that day"), "{text}");
}

#[test]
fn an_idle_machine_with_a_load_average_of_124_fails_the_audit() {
    let of = |load: &str, average: &str| {
        let noise = format!("load average {average} on 2 cores: end what else runs, and wait a minute");
        let text = format!("hardware: -\nsoftware: -\nconditions: 1 concurrent, [{load}]; noise=[{noise}]");
        let here = checkout([crun().with_environment(environment(&text))]);
        (done(here.path(), &["audit"]), done(here.path(), &["audit", "--language", "zh"]))
    };
    let (english, chinese) = of("idle", "124.00");
    assert!(
        english.contains("14.6.3 said to be idle at a load average of 124.00 on 2 cores: measure again"),
        "{english}"
    );
    assert!(chinese.contains("14.6.3 负载标为空闲，而平均负载为 124.00（2 核）"), "{chinese}");
    assert!(!of("cold start", "124.00").0.contains("said to be idle"));
    assert!(!of("idle", "0.70").0.contains("said to be idle"));
}

const HYPERFINE: &str = r#"{"results": [{"command": "crun run x", "mean": 0.02, "median": 0.02,
    "times": [0.019, 0.02, 0.021], "exit_codes": [0, 0, 0]}]}"#;

#[test]
fn what_happens_today_is_not_recorded_of_an_earlier_day() {
    let here = tempfile::tempdir().unwrap();
    fs::write(here.path().join("h.json"), HYPERFINE).unwrap();
    let import = |date: &str| {
        let args = [
            "import",
            "hyperfine",
            "h.json",
            "--indicator",
            "lifecycle_time",
            "--subject",
            "crun",
            "--component",
            "crun 1.8.1",
            "--source",
            "hyperfine 1.20.0, x.sh",
            "--measured-here",
            "--source-kind",
            "official_docs",
            "--date",
            date,
            "--into",
        ];
        let into = format!("{date}.json");
        let output = run_in(here.path(), &[&args[..], &[&into]].concat());
        assert!(output.status.success(), "{}", err(&output));
        (Baseline::load(here.path().join(into)).unwrap().metrics()[0].provenance().environment().clone(), err(&output))
    };
    let (earlier, note) = import("2024-01-02");
    assert!(earlier.conditions.noise.is_empty() && earlier.hardware.cores.is_some());
    assert!(note.contains("note: what makes this machine noisy is known of today alone"), "{note}");
    let today = Date::today().to_string();
    let (now, note) = import(&today);
    assert_eq!((now.hardware, note.as_str()), (earlier.hardware, ""));
    // The same sentences as the machine itself gives, whatever they are; the load may change in between.
    let without_load = |noise: Vec<String>| noise.into_iter().filter(|s| !s.starts_with("load")).collect::<Vec<_>>();
    let captured = Host::here().capture(here.path());
    assert_eq!(without_load(now.conditions.noise), without_load(captured.conditions.noise));
}
