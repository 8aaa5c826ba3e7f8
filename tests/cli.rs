//! The command line tool, run as people and machines run it.
#![cfg(feature = "cli")]

use std::{
    path::Path,
    process::{Command, Output, Stdio},
};

use runtime_baseline::{
    Baseline, Component, Indicator, Provenance, Source, SourceKind, Statistic, Unit, samples::Samples,
};
use serde_json::Value;

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_runtime-baseline"));
    command.args(args);
    command
}

fn run(args: &[&str]) -> Output {
    command(args).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A baseline of one startup time about `centre`, with its samples, in a directory of its own.
fn baseline(root: &Path, name: &str, centre: u64) -> String {
    let directory = root.join(name);
    std::fs::create_dir_all(&directory).unwrap();
    let values = (0..400).map(|i| (centre + centre * (i * 7919 % 21) / 1000) as f64);
    let samples = Samples::of_one_process(Indicator::StartupTime, Unit::Nanoseconds, values).unwrap();
    let path = samples.save(&directory, "startup").unwrap();
    let source = Source::new(SourceKind::Benchmark, "runtime-baseline 0.1.0, benches/startup").unwrap();
    let provenance = Provenance::new(source, Component::new("noop", "0.1.0").unwrap(), "2026-01-02".parse().unwrap());
    let mut baseline = Baseline::new();
    for statistic in [Statistic::Median, Statistic::P99, Statistic::Max] {
        let metric = samples.metric("noop".parse().unwrap(), statistic, provenance.clone()).unwrap();
        baseline.push(metric.with_samples(&path));
    }
    baseline.save(directory.join("baseline.json")).unwrap();
    directory.to_str().unwrap().to_owned()
}

#[test]
fn errors_go_to_stderr_and_name_the_file() {
    let output = run(&["cite", "no/such/file.json"]);
    assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(2), ""));
    assert!(text(&output.stderr).contains("no/such/file.json"));
}

#[test]
fn claims_are_listed_judged_and_checked() {
    let listed = text(&run(&["claims"]).stdout);
    assert_eq!(listed.lines().count(), runtime_baseline::claims().len());
    assert!(listed.contains("container/alpine 1.2 s") && !listed.contains('\u{1b}'));
    let root = tempfile::tempdir().unwrap();
    let measured = baseline(root.path(), "measured", 1_000_000);
    let judged: Value = serde_json::from_slice(&run(&["claims", &measured, "--json"]).stdout).unwrap();
    assert_eq!(judged[0]["verdict"], "not comparable");
    assert_eq!(judged[0]["missing"][0], "container/alpine: not measured");
    assert!(text(&run(&["claims", "--check"]).stdout).contains("13 places"));
    let own = root.path().join("own.toml");
    std::fs::write(&own, "schema = 1\n[[table]]\n").unwrap();
    let refused = run(&["claims", "--file", own.to_str().unwrap()]);
    assert!(refused.status.code() == Some(2) && text(&refused.stderr).contains("missing field"));
}

#[test]
fn cite_and_audit_speak_two_languages() {
    let root = tempfile::tempdir().unwrap();
    let measured = baseline(root.path(), "measured", 1_000_000);
    let english = text(&run(&["cite", &measured, "--indicator", "startup_time"]).stdout);
    assert!(
        english.starts_with("# startup time of noop, median of 400\n[startup time]: [1.01 ms] | source: [benchmark]"),
        "{english}"
    );
    let chinese = text(&run(&["cite", &measured, "--language", "zh"]).stdout);
    assert!(chinese.contains("来源: [基准测试] | 版本: [noop 0.1.0] | 日期: [2026-01-02]"), "{chinese}");
    let audit = text(&run(&["audit", &measured, "--date", "2026-02-01"]).stdout);
    assert!(audit.contains("14.6.3 no CPU model") && audit.contains("0 of 3 records are complete."), "{audit}");
    let audit = text(&run(&["audit", &measured, "--date", "2026-02-01", "--language", "zh"]).stdout);
    assert!(
        audit.starts_with("noop 的 startup_time，2026-01-02\n") && audit.contains("3 条记录中有 0 条完整。"),
        "{audit}"
    );
    let claims: Value = serde_json::from_slice(&run(&["audit", "--published", "--json"]).stdout).unwrap();
    assert_eq!(claims.as_array().unwrap().len(), 2 * runtime_baseline::claims().len());
}

#[test]
fn recompute_fails_where_a_figure_is_not_that_of_its_samples() {
    let root = tempfile::tempdir().unwrap();
    let directory = baseline(root.path(), "run", 1_000_000);
    let output = run(&["recompute", &directory]);
    let expected = "3 figures: 3 are those of their samples, 0 are not, 0 name no samples\n";
    assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(0), expected));
    let file = root.path().join("run/baseline.json");
    let whole = std::fs::read_to_string(&file).unwrap();
    // Somebody improved a median.
    std::fs::write(&file, whole.replacen("\"value\":1010000", "\"value\":1000001", 1)).unwrap();
    let output = run(&["recompute", &directory]);
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stdout);
    assert!(
        said.starts_with("median startup_time of noop, 1.000001 ms (") && said.contains("the samples give 1.01 ms (")
    );
    std::fs::remove_dir_all(root.path().join("run/samples")).unwrap();
    let output = run(&["recompute", &directory]);
    assert!(output.status.code() == Some(1) && text(&output.stdout).contains("3 are not"));
    assert_eq!(run(&["recompute", "no/such/file.json"]).status.code(), Some(2));
}

#[test]
fn what_is_imported_can_be_exported() {
    let root = tempfile::tempdir().unwrap();
    let into = root.path().join("imported");
    let fixture = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/exchange/hyperfine.json");
    let import = [
        "import",
        "hyperfine",
        fixture,
        "--into",
        into.to_str().unwrap(),
        "--indicator",
        "lifecycle_time",
        "--component",
        "coreutils 9.1",
        "--source",
        "hyperfine 1.15.0, demo.sh",
        "--date",
        "2026-11-23",
        "--concurrency",
        "1",
    ];
    let output = run(&import);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&run(&import).stdout).contains("4 metrics"), "a second time changes nothing");
    let into = into.to_str().unwrap();
    assert_eq!(text(&run(&["export", "csv", into]).stdout).lines().count(), 5);
    let file = root.path().join("bmf.json");
    assert!(run(&["export", "bencher", into, "-o", file.to_str().unwrap()]).status.success());
    let bencher: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert_eq!(bencher["true true mean concurrency=1"]["lifecycle-time"]["value"], 1_773_758);
    assert!(text(&run(&["export", "openmetrics", into]).stdout).ends_with("# EOF\n"));
    let mut no_version = import.to_vec();
    no_version[8] = "coreutils latest";
    let refused = run(&no_version);
    assert!(refused.status.code() == Some(2) && text(&refused.stderr).contains("no exact version"));
}

#[test]
fn a_closed_pipe_is_no_error_and_every_shell_has_completions() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(text(&run(&["completions", shell]).stdout).contains("max-regression"), "{shell}");
    }
    let mut child = command(&["claims", "--json"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""));
}

#[test]
fn help_names_every_command_and_the_exit_codes() {
    let help = text(&run(&["--help"]).stdout);
    for name in [
        "compare",
        "gate",
        "claims",
        "cite",
        "audit",
        "recompute",
        "import",
        "export",
        "completions",
        "NO_COLOR",
        "Exit codes",
    ] {
        assert!(help.contains(name), "{name}");
    }
}

#[test]
fn a_report_is_written_in_each_form_and_marks_what_is_stale() {
    let root = tempfile::tempdir().unwrap();
    let directory = baseline(root.path(), "run", 1_000_000);
    let markdown = text(&run(&["report", &directory]).stdout);
    assert!(markdown.contains("<b>startup time") && !markdown.contains("stale"), "{markdown}");
    let stale = text(&run(&["report", &directory, "--max-age", "30d", "--language", "zh"]).stdout);
    assert!(stale.contains("- **过期** – 测于 2026-01-02"), "{stale}");
    let upgraded = text(&run(&["report", &directory, "--here", "noop 0.2.0"]).stdout);
    assert!(upgraded.contains("measured on noop 0.1.0, and 0.2.0 is here now"), "{upgraded}");

    let page = root.path().join("page.html");
    let output = run(&["report", &directory, "--format", "html", "--output", page.to_str().unwrap()]);
    assert!(output.status.success() && output.stdout.is_empty());
    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("<svg"), "drawn from the samples beside the baseline");
    assert_eq!(text(&run(&["report", &directory, "--format", "html", "-o", "-"]).stdout), page);

    for wrong in [&["report", &directory, "--max-age", "30"][..], &["report", &directory, "-o", "/no/such/file"]] {
        let output = run(wrong);
        assert_eq!(output.status.code(), Some(2));
        assert!(!output.stderr.is_empty());
    }
}
