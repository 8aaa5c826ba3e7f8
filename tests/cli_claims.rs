//! Claims of one's own, and other tools' files, in the hands of somebody who follows the README.
#![cfg(feature = "cli")]

mod cli_support;

use std::{fs, path::Path, process::Command};

use cli_support::{checkout, done, err, file, loaded, metric, refused, run_in};
use runtime_baseline::{Indicator, Interval, Isolation, Metric, Quantity, SourceKind};
use serde_json::Value;

/// The block of shell commands of the README that has this in it.
fn block(with: &str) -> String {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let blocks = readme.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    blocks.filter(|block| block.contains(with)).map(str::to_owned).next().unwrap_or_else(|| panic!("{with}"))
}

/// Runs commands as they stand, with this build's program first in PATH.
fn shell(directory: &Path, commands: &str) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_runtime-baseline"));
    let path = format!("{}:{}", program.parent().unwrap().display(), std::env::var("PATH").unwrap());
    let output = Command::new("sh").args(["-euc", commands]).env("PATH", path).current_dir(directory).output().unwrap();
    assert!(output.status.success(), "{commands}: {}", err(&output));
    cli_support::out(&output)
}

/// A life of so many milliseconds, with an interval, one at a time, in a container.
fn life(subject: &str, ms: f64) -> Metric {
    let ns = |ms: f64| Quantity::nanoseconds((ms * 1e6) as u64);
    let mut environment = cli_support::environment("hardware: [AMD EPYC] 2C 25.276510208G\nsoftware: -\nconditions: -");
    environment.conditions.concurrency = Some(1);
    environment.conditions.load = Some("idle".to_owned());
    environment.conditions.isolation = Some(Isolation::Container);
    metric(Indicator::LifecycleTime, subject, &format!("{ms} ms"))
        .with_interval(Interval::new(0.95, ns(ms * 0.99), ns(ms * 1.01)).unwrap())
        .unwrap()
        .with_environment(environment)
}

#[test]
fn the_readme_s_way_to_a_claims_file_ends_in_a_verdict() {
    let here = checkout([life("runc", 15.4), life("crun", 5.9)]);
    let said = shell(here.path(), &block("claims add mine.toml"));
    assert!(said.contains("crun-blog, 2–3× faster added to mine.toml, which has 1 claims now"), "{said}");
    assert!(
        said.contains("crun-blog: reproduced\n  claimed: runc 300 ms – 400 ms, crun ~154 ms: 2–3× faster"),
        "{said}"
    );
    assert!(said.contains("## Each figure and its verdict"), "{said}");
    let claims = runtime_baseline::Claims::load(here.path().join("mine.toml")).unwrap();
    let source = claims.get("crun-blog").unwrap().reference().metric().provenance().source();
    assert_eq!(source.kind(), SourceKind::ThirdParty);
    let json: Value = serde_json::from_str(&done(here.path(), &["claims", "--file", "mine.toml", "--json"])).unwrap();
    assert_eq!(json[0]["reference"]["range"], serde_json::json!([300_000_000, 400_000_000]));
}

#[test]
fn own_claims_come_first_in_every_form_of_the_report() {
    let here = checkout([life("runc", 15.4), life("crun", 5.9)]);
    let own = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/own-claims.toml");
    for form in ["md", "html", "summary"] {
        for language in ["en", "zh"] {
            let report = done(here.path(), &["report", "--claims", own, "--format", form, "--language", language]);
            let first = |texts: &[&str]| texts.iter().filter_map(|text| report.find(text)).min();
            let mine = first(&["2.3× faster", "2.3× 更快"]).unwrap_or_else(|| panic!("{report}"));
            // youki's page has crun at 153.5 ms and runc at 352.3 ms: 2.30.
            let others = first(&["2.30× faster", "2.30× 更快"]).unwrap_or_else(|| panic!("{report}"));
            assert!(mine < others, "{form} {language}: {mine} {others}");
        }
    }
    // One that was not measured is not folded away.
    let other = here.path().join("other.toml");
    fs::write(&other, fs::read_to_string(own).unwrap().replace("\"crun\"", "\"kata\"")).unwrap();
    let page = done(here.path(), &["report", "--claims", "other.toml", "--format", "html"]);
    assert!(page.find("kata").unwrap() < page.find("<details").unwrap(), "before the first fold");
}

#[test]
fn what_claims_add_refuses_says_what_to_write() {
    let here = checkout([]);
    let add = |value: &str, factor: &str| {
        let args = ["claims", "add", "mine.toml", "--id", "x", "--indicator", "startup_time", "--sense", "faster"];
        let sides = ["--reference", "a", "--reference-value", value, "--contender", "b", "--contender-value", "1 ms"];
        let rest = ["--component", "a 1.0", "--source", "a page", "--date", "2026-03", "--factor", factor];
        [&args[..], &sides[..], &rest[..]].concat().iter().map(|arg| (*arg).to_owned()).collect::<Vec<_>>()
    };
    for (value, factor, message) in [
        ("1.2", "2", "has no unit"),
        ("1.2-0.8 s", "2", "write the smaller end first"),
        ("5 parsecs", "2", "unknown unit \"parsecs\": use ns"),
        ("1,5 s", "2", "groups of three digits"),
        ("5 MB", "2", "startup_time is not measured in bytes"),
        ("5 ms", "ten", "write a number above zero, such as \"8.5\" or \"200x\""),
    ] {
        let args = add(value, factor);
        let text = refused(here.path(), &args.iter().map(String::as_str).collect::<Vec<_>>());
        assert!(text.contains(message) && text.contains("was not changed"), "{value} {factor}: {text}");
    }
    assert!(!here.path().join("mine.toml").exists());
    for (number, (value, factor)) in
        [("1,200 ms", "10x to 12x"), ("0.8-1.2 s", "200x"), ("~ 1.5 min", "90")].into_iter().enumerate()
    {
        let mut args = add(value, factor);
        args[4] = format!("x{number}");
        done(here.path(), &args.iter().map(String::as_str).collect::<Vec<_>>());
    }
}

#[test]
fn a_file_is_imported_by_what_it_is() {
    let fixture = |name: &str| format!("{}/fixtures/exchange/{name}", env!("CARGO_MANIFEST_DIR"));
    let args = |what: &[&str]| {
        let rest = [
            "--indicator",
            "evaluation_latency",
            "--component",
            "parser 2.1.0",
            "--source",
            "parser, benches",
            "--date",
            "2026-11-23",
        ];
        [&["import"], what, &rest].concat().iter().map(|arg| (*arg).to_owned()).collect::<Vec<_>>()
    };
    let import = |what: &[&str]| {
        let here = tempfile::tempdir().unwrap();
        let args = args(what);
        let output = run_in(here.path(), &args.iter().map(String::as_str).collect::<Vec<_>>());
        let metrics = file(here.path()).exists().then(|| loaded(here.path()).metrics().len());
        (output, metrics)
    };
    for (name, format, metrics) in [
        ("hyperfine.json", "hyperfine", 4),
        ("opa-bench.json", "opa-bench", 6),
        ("data.js", "github-action-benchmark", 2),
        ("google-benchmark.json", "google-benchmark", 4),
        ("go-bench.txt", "go-bench", 3),
        ("pyperf.json", "pyperf", 2),
        ("criterion", "criterion", 4),
    ] {
        let path = fixture(name);
        let (seen, found) = import(&[&path]);
        assert_eq!(found, Some(metrics), "{name}: {}", err(&seen));
        assert!(err(&seen).contains(&format!("{name} is read as {format}")), "{}", err(&seen));
        for what in [&["--format", format, &path][..], &[format, &path]] {
            let (named, found) = import(what);
            assert_eq!(found, Some(metrics), "{name}: {}", err(&named));
            assert!(!err(&named).contains("is read as"), "{}", err(&named));
        }
    }
    let (wrong, none) = import(&["pyperf", &fixture("go-bench.txt")]);
    assert!(none.is_none() && err(&wrong).contains("go-bench.txt: line 1"), "{}", err(&wrong));
    let (both, _) = import(&["--format", "pyperf", "go-bench", &fixture("go-bench.txt")]);
    assert!(err(&both).contains("it cannot be both go-bench and pyperf"), "{}", err(&both));
    let (unknown, _) = import(&["gungraun", &fixture("go-bench.txt")]);
    assert!(err(&unknown).contains("\"gungraun\" is no format: use criterion, hyperfine"), "{}", err(&unknown));
    let (other, _) = import(&[concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")]);
    assert!(err(&other).contains("Cargo.toml is none of criterion, hyperfine"), "{}", err(&other));
    let help = done(tempfile::tempdir().unwrap().path(), &["import", "--help"]);
    for format in runtime_baseline::exchange::Format::ALL {
        assert!(help.contains(format.as_str()), "{help}");
    }
}

/// Figures that differ in one thing each.
#[test]
fn no_two_citations_have_one_heading() {
    let with = |change: &dyn Fn(&mut runtime_baseline::Environment)| {
        let metric = life("crun", 5.9);
        let mut environment = metric.provenance().environment().clone();
        change(&mut environment);
        metric.with_environment(environment)
    };
    let mut all = vec![life("crun", 5.9), life("runc", 15.4), life("crun", 5.9).with_workload("ready")];
    all.push(life("crun", 5.9).with_statistic(runtime_baseline::Statistic::P99));
    all.push(life("crun", 5.9).with_temperature(runtime_baseline::Temperature::Cold));
    all.push(with(&|e| e.conditions.part = Some("by hand".into())));
    all.push(with(&|e| e.conditions.concurrency = Some(100)));
    all.push(with(&|e| e.conditions.load = Some("busy".into())));
    all.push(with(&|e| e.conditions.isolation = None));
    all.push(with(&|e| e.conditions.transport = Some("process".into())));
    all.push(with(&|e| e.conditions.set("cgroup", "host")));
    all.push(with(&|e| e.conditions.method = Some("wall".into())));
    all.push(with(&|e| e.hardware.cpu = Some("another".into())));
    all.push(with(&|e| e.software.kernel = Some("6.1".into())));
    for place in 0..20 {
        all.push(with(&|e| e.conditions.set("lane", place.to_string())));
    }
    let count = all.len();
    let here = checkout(all);
    for language in ["en", "zh"] {
        let cited = done(here.path(), &["cite", "--language", language]);
        let mut headings: Vec<&str> = cited.lines().filter(|line| line.starts_with("# ")).collect();
        assert_eq!(headings.len(), count);
        headings.sort_unstable();
        headings.dedup();
        assert_eq!(headings.len(), count, "{cited}");
        let json: Value =
            serde_json::from_str(&done(here.path(), &["cite", "--language", language, "--json"])).unwrap();
        let of: std::collections::BTreeSet<&str> =
            json.as_array().unwrap().iter().map(|one| one["of"].as_str().unwrap()).collect();
        assert_eq!(of.len(), count);
    }
    let cited = done(here.path(), &["cite"]);
    assert!(cited.contains("# lifecycle time of crun, its by hand, median"), "{cited}");
    assert!(cited.contains("# lifecycle time of crun, 100 at the same time, median"), "{cited}");
    assert!(cited.contains(", engine's lane 7"), "{cited}");
    assert!(cited.contains("# lifecycle time of runc, median\n"), "one of a kind needs no more: {cited}");
}
