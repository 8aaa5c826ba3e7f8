//! `runtime-baseline gate`, run as people and machines run it.
#![cfg(feature = "cli")]

use std::{
    fs,
    io::{BufRead, BufReader},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use runtime_baseline::{
    Baseline, Component, Environment, Indicator, Interval, Metric, Provenance, Quantity, Source, SourceKind, Statistic,
};
use serde_json::Value;

fn gate(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_runtime-baseline")).arg("gate").args(args).output().unwrap()
}

fn code(args: &[&str]) -> Option<i32> {
    gate(args).status.code()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn metric(subject: &str, ns: u64) -> Metric {
    let source = Source::new(SourceKind::Benchmark, "runtime-baseline 0.1.0, benches/startup").unwrap();
    let provenance = Provenance::new(source, Component::new("noop", "0.1.0").unwrap(), "2026-01-02".parse().unwrap());
    let mut environment = Environment::default();
    environment.hardware.cpu = Some("a CPU".to_owned());
    let provenance = provenance.with_environment(environment);
    let interval =
        Interval::new(0.95, Quantity::nanoseconds(ns * 99 / 100), Quantity::nanoseconds(ns * 101 / 100)).unwrap();
    Metric::new(Indicator::StartupTime, subject.parse().unwrap(), Quantity::nanoseconds(ns), provenance)
        .unwrap()
        .with_statistic(Statistic::Median)
        .with_interval(interval)
        .unwrap()
        .with_count(6)
}

/// A baseline of one series.
fn baseline(root: &Path, name: &str, ns: u64) -> String {
    let mut baseline = Baseline::new();
    baseline.push(metric("noop", ns));
    let path = root.join(format!("{name}.json"));
    baseline.save(&path).unwrap();
    path.to_str().unwrap().to_owned()
}

/// Every sentence, not the first alone: of a row that got worse, one that could not be seen, and one that is gone.
#[test]
fn a_gate_is_chinese_where_it_is_asked_to_be() {
    let root = tempfile::tempdir().unwrap();
    let [mut old, mut new] = [Baseline::new(), Baseline::new()];
    for (baseline, ns) in [(&mut old, 1_000_000), (&mut new, 1_200_000)] {
        baseline.push(metric("noop", ns));
        baseline.push(metric("crun", 0));
    }
    old.push(metric("runc", 1_000));
    let [old, new] = [("old", old), ("new", new)].map(|(name, baseline)| {
        let path = root.path().join(format!("{name}.json"));
        baseline.save(&path).unwrap();
        path.to_str().unwrap().to_owned()
    });
    let foreign = ["startup_time/", "noop", "crun", "runc", "median", "Holm", "ms", "µs", "ns", "| |"];
    for format in ["text", "markdown"] {
        let said = text(&gate(&[&old, &new, "--language", "zh", "--all", "--format", format]).stdout);
        assert!(said.starts_with("变差：") || said.starts_with("**变差："), "{said}");
        let mut rest = foreign.iter().fold(said.clone(), |rest, name| rest.replace(name, ""));
        rest.retain(|c| c.is_ascii_alphabetic());
        assert!(said.contains("无法判断") && said.contains("未再测得") && rest.is_empty(), "{rest}: {said}");
    }
    let pairs = gate(&["--run", "true", "true", "--pairs", "5", "--language", "zh"]);
    assert!(text(&pairs.stdout).contains("成对运行 5 次"), "{}", text(&pairs.stdout));
}

#[test]
fn the_exit_code_is_the_outcome() {
    let root = tempfile::tempdir().unwrap();
    let old = baseline(root.path(), "old", 1_000_000);
    let same = baseline(root.path(), "same", 1_001_000);
    let slow = baseline(root.path(), "slow", 1_100_000);
    let empty = root.path().join("empty.json");
    Baseline::new().save(&empty).unwrap();
    let empty = empty.to_str().unwrap();
    assert_eq!(code(&[&old, &same]), Some(0));
    assert_eq!(code(&[&old, &slow]), Some(1));
    assert_eq!(code(&[&old, &slow, "--max-regression", "20%"]), Some(0));
    assert_eq!(code(&[&old, empty]), Some(2), "nothing could be compared");
    assert_eq!(code(&[&old, &old, &old, &same, "--strict"]), Some(0));
    for wrong in [
        &[&old, "no/such/file.json"][..],
        &[&old],
        &[&old, &slow, "--max-regression", "5"],
        &[&old, &slow, "--false-alarms", "0%"],
        &[&old, &slow, "--pairs", "9"],
        &[&old, &slow, "--run", "true", "true"],
        &[&old, &slow, "--limits", "no/such/gate.toml"],
    ] {
        let output = gate(wrong);
        assert!(output.status.code() == Some(2) && !output.stderr.is_empty() && output.stdout.is_empty(), "{wrong:?}");
    }
    let compared =
        Command::new(env!("CARGO_BIN_EXE_runtime-baseline")).args(["compare", &old, &slow]).output().unwrap();
    assert_eq!(compared.status.code(), Some(0));
    assert!(text(&gate(&["--help"]).stdout).contains("2  could not decide"));
}

#[test]
fn the_first_line_says_all_and_every_format_the_same() {
    let root = tempfile::tempdir().unwrap();
    let (old, slow) = (baseline(root.path(), "old", 1_000_000), baseline(root.path(), "slow", 1_100_000));
    let headline = "worse: 1 worse, 0 better, 0 fine, 0 could not be seen, of 1 series; Holm at 1 % over 1 comparisons";
    let plain = text(&gate(&[&old, &slow]).stdout);
    assert_eq!(plain.lines().next(), Some(headline));
    assert!(plain.contains("startup_time/noop/-/-/median  1 ms  1.1 ms  +10.0% ("), "{plain}");
    let markdown = text(&gate(&[&old, &slow, "--format", "markdown"]).stdout);
    assert!(markdown.starts_with(&format!("**{headline}**\n")), "{markdown}");
    assert!(markdown.contains("| startup_time/noop/-/-/median | 1 ms | 1.1 ms | +10.0% ("), "{markdown}");
    let report: Value = serde_json::from_slice(&gate(&[&old, &slow, "--json"]).stdout).unwrap();
    assert_eq!(report["headline"], headline);
    assert_eq!((&report["outcome"], &report["counts"]["worse"]), (&"worse".into(), &1.into()));
    let row = &report["rows"][0];
    assert_eq!(
        (&row["ruling"], &row["evidence"], &row["new"]),
        (&"worse".into(), &"intervals".into(), &1_100_000.into())
    );
    assert!((row["change"]["ratio"].as_f64().unwrap() - 1.1).abs() < 1e-9);
    assert!(!text(&gate(&[&old, &old]).stdout).contains("startup_time/noop"), "what is fine is not listed");
    assert!(text(&gate(&[&old, &old, "--all"]).stdout).contains("startup_time/noop/-/-/median"));
}

#[test]
fn a_page_is_enough_for_a_thousand_series() {
    let root = tempfile::tempdir().unwrap();
    let run = |name: &str, worse: u64| {
        let mut baseline = Baseline::new();
        (0..1000).for_each(|i| {
            baseline.push(metric(&format!("lane-{i}"), if i < 60 { 1_000_000 * worse } else { 1_000_000 }))
        });
        baseline.push(metric(name, 1_000_000));
        let path = root.path().join(format!("{name}.json"));
        baseline.save(&path).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let output = text(&gate(&[&run("old", 1), &run("new", 2)]).stdout);
    assert!(output.lines().count() <= 40, "{output}");
    assert!(output.contains("worse: 60 worse") && output.contains("… and 44 more"), "{output}");
    assert!(
        output.contains("1 could not be seen, gone; such as startup_time/old/-/-/median: not measured again"),
        "{output}"
    );
}

#[test]
fn a_limit_that_names_no_series_is_an_error() {
    let root = tempfile::tempdir().unwrap();
    let (old, slow) = (baseline(root.path(), "old", 1_000_000), baseline(root.path(), "slow", 1_100_000));
    let with = |text: &str| {
        let path = root.path().join("gate.toml");
        fs::write(&path, text).unwrap();
        gate(&[&old, &slow, "--limits", path.to_str().unwrap()])
    };
    assert_eq!(with("[[limit]]\nseries = \"startup_time/*\"\nmax_regression = \"20%\"").status.code(), Some(0));
    let unknown = with("[[limit]]\nseries = \"start_time/*\"\nignore = true");
    assert_eq!(unknown.status.code(), Some(2));
    assert!(text(&unknown.stderr).contains("no series fits \"start_time/*\""), "{}", text(&unknown.stderr));
}

#[test]
fn two_commands_are_run_in_pairs_of_random_order() {
    let root = tempfile::tempdir().unwrap();
    let log = root.path().join("log");
    let side = |name: &str| format!("echo {name} >> '{}'", log.display());
    let args = ["--run", &side("base"), &side("head"), "--pairs", "8", "--seed", "7", "--json"];
    let output = gate(&args);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", text(&output.stderr)));
    assert!(
        report["note"].as_str().unwrap().contains("8 pairs") && report["note"].as_str().unwrap().ends_with("seed 7")
    );
    assert_eq!((&report["rows"][0]["series"], &report["rows"][0]["evidence"]), (&"wall time".into(), &"pairs".into()));
    let order = fs::read_to_string(&log).unwrap();
    let order: Vec<&str> = order.lines().collect();
    assert_eq!(order.len(), 18, "one of each before, untimed, and eight pairs");
    let first: Vec<&str> = order[2..].chunks(2).map(|pair| pair[0]).collect();
    assert!(order.chunks(2).all(|pair| pair[0] != pair[1]), "{order:?}");
    assert_eq!(first.iter().filter(|side| **side == "head").count(), 4, "{first:?}");
    // The same seed, the same order.
    fs::remove_file(&log).unwrap();
    gate(&args);
    assert_eq!(fs::read_to_string(&log).unwrap().lines().collect::<Vec<_>>(), order);
}

#[test]
fn a_command_that_fails_is_no_time() {
    for (base, head, expected) in [
        ("true", "false", "head (false) exited with 1"),
        ("kill -9 $$", "true", "base (kill -9 $$) was ended by signal 9"),
        ("true", "no-such-program-here", "cannot start head (no-such-program-here)"),
    ] {
        let output = gate(&["--run", base, head]);
        assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(2), ""));
        assert!(text(&output.stderr).contains(expected), "{}", text(&output.stderr));
    }
}

#[test]
fn commands_may_leave_baselines() {
    let root = tempfile::tempdir().unwrap();
    let at = root.path().join("out.json");
    let path = at.to_str().unwrap();
    let (old, slow) = (baseline(root.path(), "old", 1_000_000), baseline(root.path(), "slow", 1_100_000));
    let copy = |from: &str| format!("cp {from} {path}");
    let run = |base: &str, head: &str| gate(&["--run", base, head, "--pairs", "6", "--baseline-at", path]);
    assert_eq!(run(&copy(&old), &copy(&old)).status.code(), Some(0));
    let worse = run(&copy(&old), &copy(&slow));
    assert_eq!(worse.status.code(), Some(1), "{}", text(&worse.stderr));
    assert!(text(&worse.stdout).contains("startup_time/noop/-/-/median") && !at.exists());
    // The other side's baseline does not stand in for one that was not written.
    let none = run(&copy(&old), "true");
    assert!(none.status.code() == Some(2) && text(&none.stderr).contains("head (true) left no baseline"));
    // A user's own is neither read nor removed.
    fs::copy(&old, &at).unwrap();
    let there = run(&copy(&old), &copy(&old));
    assert!(there.status.code() == Some(2) && text(&there.stderr).contains("is there already"));
    assert!(at.exists());
}

/// The processes that have `mark` among their arguments.
fn running(mark: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path());
    let has =
        |path: &PathBuf| fs::read(path.join("cmdline")).is_ok_and(|line| String::from_utf8_lossy(&line).contains(mark));
    entries
        .filter(|path| path.file_name().is_some_and(|name| name.as_encoded_bytes()[0].is_ascii_digit()) && has(path))
        .collect()
}

#[test]
fn an_interrupt_from_the_terminal_ends_the_command_too() {
    // A length of sleep that nothing else on this machine has.
    let mark = format!("98{}.{}", std::process::id(), 731);
    let first = format!("sh -c 'echo begun >&2; exec sleep {mark}'");
    // A terminal interrupts the whole group in the foreground; here the gate leads one of its own. A shell starts what runs in
    // its background with interrupts ignored: the tests may, the gate must not.
    let mut child = Command::new("env")
        .args(["--default-signal=INT", env!("CARGO_BIN_EXE_runtime-baseline"), "gate", "--run", &first, "true"])
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "begun");
    let group = format!("-{}", child.id());
    // A shell has `kill`; not every machine has the program.
    assert!(Command::new("sh").args(["-c", "kill -s INT -- \"$0\"", &group]).status().unwrap().success());
    assert!(!child.wait().unwrap().success());
    // The pipe ends when the last process that holds it does.
    assert_eq!(lines.count(), 0);
    assert_eq!(running(&mark), Vec::<PathBuf>::new());
}
