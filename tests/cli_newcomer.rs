//! The command line tool in the hands of somebody who has not seen it before.
#![cfg(feature = "cli")]

mod cli_support;

use std::fs;

use cli_support::{checkout, crun, done, err, file, metric, out, refused, run_in};
use runtime_baseline::{
    Baseline, Citation, Claims, Environment, Indicator, Source, SourceKind, Statistic, UnavailableRow,
};
use serde_json::Value;

#[test]
fn every_command_takes_the_same_baseline_where_none_is_named() {
    let here = checkout([crun()]);
    let directory = here.path();
    for args in [&["report"][..], &["cite"], &["audit"], &["export", "csv"], &["recompute"]] {
        let with = [args, &["target/baseline"]].concat();
        let (without, with) = (run_in(directory, args), run_in(directory, &with));
        assert!(!without.stdout.is_empty(), "{args:?}: {}", err(&without));
        assert_eq!((without.status.code(), out(&without)), (with.status.code(), out(&with)), "{args:?}");
    }
    done(directory, &["edit", "--all", "--load", "idle"]);
    for command in ["report", "cite", "audit", "recompute", "edit", "import", "export"] {
        let help = done(directory, &[command, "--help"]);
        assert!(help.contains("[default: target/baseline]"), "{command}: {help}");
    }
}

#[test]
fn without_a_baseline_it_is_said_what_to_run() {
    let empty = tempfile::tempdir().unwrap();
    for args in [&["report"][..], &["cite"], &["audit"], &["export", "csv"], &["edit", "--all", "--load", "idle"]] {
        let text = refused(empty.path(), args);
        assert!(text.contains("there is no baseline at target/baseline"), "{text}");
        assert!(text.contains("make bench") && text.contains("import --help"), "{text}");
    }
    assert_eq!(fs::read_dir(empty.path()).unwrap().count(), 0, "nothing was made");
}

#[test]
fn what_matches_nothing_is_an_error_that_names_what_is_there() {
    let here = checkout([crun(), metric(Indicator::StartupTime, "runc", "13 ms")]);
    for command in ["cite", "audit"] {
        let text = refused(here.path(), &[command, "--subject", "nope"]);
        assert!(text.contains("has no figure of nope; it has crun (lifecycle_time), runc (startup_time)"), "{text}");
        let text = refused(here.path(), &[command, "--subject", "crun", "--indicator", "startup_time"]);
        assert!(text.contains("no figure of startup_time of crun"), "{text}");
        refused(here.path(), &[command, "--subject", "nope", "--json"]);
    }
    let empty = checkout([]);
    assert!(refused(empty.path(), &["cite"]).contains("it holds no figure, and 0 rows"));
}

#[test]
fn what_could_not_be_measured_is_audited_without_a_figure() {
    let here = checkout([]);
    let (reason, remedy) = ("this build has no adapter for it", "install it");
    let row = UnavailableRow::new("wasmedge".parse().unwrap(), Indicator::StartupTime, reason, remedy);
    let mut run = Baseline::new();
    run.push_unavailable(row);
    run.save(file(here.path())).unwrap();
    let text = done(here.path(), &["audit", "--subject", "wasmedge"]);
    assert!(text.contains(&format!("not measured: startup_time of wasmedge: {reason} ({remedy})")), "{text}");
    let text = done(here.path(), &["audit", "--subject", "wasmedge", "--language", "zh"]);
    assert!(text.contains("未测得：wasmedge 的 startup_time：") && !text.contains("adapter"), "{text}");
}

#[test]
fn figures_are_printed_as_people_do_and_exact_where_asked() {
    let here = checkout([crun()]);
    let text = done(here.path(), &["cite"]);
    assert!(text.contains("[lifecycle time]: [20.4 ms] |") && text.contains("[AMD EPYC] 2C 25.3G"), "{text}");
    let exact = done(here.path(), &["cite", "--exact"]);
    assert!(exact.contains("[20.390797 ms]") && exact.contains(" 25.276510208G"), "{exact}");
    let json: Value = serde_json::from_str(&done(here.path(), &["cite", "--json"])).unwrap();
    assert!(json[0]["citation"].as_str().unwrap().contains("[20.390797 ms]"));
    assert!(json[0]["environment"].as_str().unwrap().contains("25.276510208G"));
    let report = done(here.path(), &["report"]);
    assert!(report.contains("\\[AMD EPYC\\] 2C 25.3G") || report.contains("[AMD EPYC] 2C 25.3G"), "{report}");
    assert!(!report.contains("25.276510208"), "{report}");
}

#[test]
fn citations_can_be_told_apart_and_parse_below_their_headings() {
    let of = |statistic| crun().with_workload("sleep 1;\necho done").with_statistic(statistic);
    let here = checkout([of(Statistic::Median), of(Statistic::Mean)]);
    let text = done(here.path(), &["cite"]);
    let headings: Vec<&str> = text.lines().filter(|line| line.starts_with('#')).collect();
    let expected = [
        "# lifecycle time of crun, workload \"sleep 1; echo done\", median of 400",
        "# lifecycle time of crun, workload \"sleep 1; echo done\", mean of 400",
    ];
    assert_eq!(headings, expected);
    for cited in text.split("\n\n") {
        let lines: Vec<&str> = cited.trim().lines().filter(|line| !line.starts_with('#')).collect();
        assert!(
            lines[0].parse::<Citation>().is_ok() && lines[1..].join("\n").parse::<Environment>().is_ok(),
            "{cited}"
        );
    }
    let chinese = done(here.path(), &["cite", "--language", "zh"]);
    assert!(
        chinese.starts_with("# crun 的生命周期时间，工作负载 \"sleep 1; echo done\"，median（400 个样本）\n"),
        "{chinese}"
    );
    let json: Value = serde_json::from_str(&done(here.path(), &["cite", "--json"])).unwrap();
    assert_eq!((&json[0]["statistic"], &json[1]["statistic"]), (&"median".into(), &"mean".into()));
    assert_eq!((&json[0]["subject"], &json[0]["count"]), (&"crun".into(), &400.into()));
}

#[test]
fn own_claims_come_before_the_published_ones_in_a_report() {
    let here = checkout([crun(), metric(Indicator::LifecycleTime, "runc", "52 ms")]);
    let own = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/own-claims.toml");
    let report = done(here.path(), &["report", "--claims", own]);
    let place = |text: &str| report.find(text).unwrap_or_else(|| panic!("{text}\n{report}"));
    let order = [
        place("**Your claim has no verdict; of 6 published figures, 2 have no verdict, 4 were not measured.**"),
        place("## Each figure and its verdict"),
        place("352 ms → ~154 ms"),
        place("352 ms → 198 ms"),
        place("Not about this baseline: 50 of the published figures"),
        place("## Startup"),
    ];
    assert!(order.is_sorted(), "{order:?}\n{report}");
    assert!(report.contains("**README** – https://example.org/fastbox, README"), "{report}");
    let text = refused(here.path(), &["report", "--claims", "no/such.toml"]);
    assert!(text.contains("no/such.toml"), "{text}");
}

#[test]
fn a_report_of_something_else_does_not_open_with_published_claims() {
    let here = checkout([metric(Indicator::EvaluationLatency, "my-parser", "3 µs")]);
    let report = done(here.path(), &["report"]);
    let place = |text: &str| report.find(text).unwrap_or_else(|| panic!("{text}\n{report}"));
    assert!(place("my-parser") < place("Not about this baseline: 56 of the published figures"), "{report}");
    assert!(!report.contains("container/alpine") && !report.contains("Published records"), "{report}");
    assert!(report.contains("report --claims FILE"), "{report}");
    let chinese = done(here.path(), &["report", "--language", "zh"]);
    assert!(chinese.contains("与此基线无关") && !chinese.contains("已发布的记录"), "{chinese}");
}

#[test]
fn names_with_an_underscore_or_a_dash_are_both_taken() {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/own-claims.toml")).unwrap();
    let dash = text.replace("official_docs", "official-docs");
    assert_ne!(dash, text);
    assert_eq!(Claims::from_toml(&dash).unwrap(), Claims::from_toml(&text).unwrap());
    for name in ["official_docs", "official-docs", "official docs"] {
        let citation = format!("startup time: 6 ms | source: {name} | version: crun 1.8.1 | date: 2026-01");
        assert_eq!(citation.parse::<Citation>().unwrap().kind(), SourceKind::OfficialDocs);
    }
    let json = serde_json::json!({ "kind": "official-docs", "reference": "a page" });
    assert_eq!(serde_json::from_value::<Source>(json).unwrap().kind(), SourceKind::OfficialDocs);
    assert_eq!("in_process".parse(), "in-process".parse::<runtime_baseline::Isolation>());
}

#[cfg(not(feature = "measure"))]
#[test]
fn a_build_without_runtimes_says_which_build_has_them() {
    let here = checkout([crun()]);
    let text = refused(here.path(), &["report", "--all-here"]);
    assert!(text.contains("--features cli") && text.contains("--here"), "{text}");
}

#[test]
fn files_are_written_whole_and_errors_are_sentences() {
    let here = checkout([crun()]);
    done(here.path(), &["export", "csv", "--output", "figures.csv"]);
    let written = fs::read_to_string(here.path().join("figures.csv")).unwrap();
    assert_eq!(written, done(here.path(), &["export", "csv"]));
    for args in [&["export", "csv", "-o", "no/such/file.csv"][..], &["report", "-o", "no/such/file.md"]] {
        let text = refused(here.path(), args);
        assert!(text.contains("no/such/file") && text.contains("No such file or directory"), "{text}");
        assert!(!text.contains("Os {") && !text.contains("kind:"), "{text}");
    }
    let names: Vec<_> = fs::read_dir(here.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 2, "nothing is left beside the file: {names:?}");
}

#[test]
fn what_is_no_regular_file_is_not_replaced_and_a_mode_is_kept() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let here = checkout([crun()]);
    let at = |name: &str| here.path().join(name);
    assert!(std::process::Command::new("mkfifo").arg(at("fifo")).status().unwrap().success());
    symlink("/dev/null", at("null")).unwrap();
    for path in ["fifo", "null", "target"] {
        for args in [&["report", "-o", path][..], &["export", "csv", "-o", path]] {
            assert!(refused(here.path(), args).contains("name a regular file"), "{args:?}");
        }
    }
    assert!(fs::symlink_metadata(at("null")).unwrap().is_symlink());
    fs::write(at("private.csv"), "old").unwrap();
    fs::set_permissions(at("private.csv"), fs::Permissions::from_mode(0o600)).unwrap();
    symlink("private.csv", at("link.csv")).unwrap();
    done(here.path(), &["export", "csv", "-o", "link.csv"]);
    assert!(fs::symlink_metadata(at("link.csv")).unwrap().is_symlink());
    let meta = fs::metadata(at("private.csv")).unwrap();
    assert_eq!((meta.permissions().mode() & 0o777, meta.len() > 10), (0o600, true));
    // No file may grow beyond what the limit allows, as on a full disk: the old one stays.
    let before = fs::read(at("private.csv")).unwrap();
    let limited = "trap '' XFSZ; ulimit -f 0; exec \"$0\" export csv --output private.csv";
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", limited, env!("CARGO_BIN_EXE_runtime-baseline")]).current_dir(here.path());
    let output = shell.output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", err(&output));
    assert_eq!(fs::read(at("private.csv")).unwrap(), before);
}

#[test]
fn samples_behind_a_link_are_not_read() {
    let here = checkout([crun().with_samples("samples/x.csv")]);
    fs::write(here.path().join("secret"), "a secret line\n").unwrap();
    let samples = here.path().join("target/baseline/samples");
    fs::create_dir(&samples).unwrap();
    std::os::unix::fs::symlink(here.path().join("secret"), samples.join("x.csv")).unwrap();
    let report = done(here.path(), &["report"]);
    assert!(report.contains("links are not followed") && !report.contains("a secret line"), "{report}");
    let output = run_in(here.path(), &["recompute"]);
    assert!(output.status.code() == Some(1) && !out(&output).contains("a secret line"), "{}", out(&output));
}

#[test]
fn one_wide_name_does_not_widen_all_rows_of_a_comparison() {
    let named = |name: String| crun().with_workload(name);
    let wide = named("w".repeat(200_000));
    let here = checkout((0..500).map(|i| named(format!("w{i}"))).chain([wide]));
    let text = done(here.path(), &["compare", "target/baseline", "target/baseline", "--all"]);
    assert!(text.lines().count() > 501, "a row for each");
    // Where a name is the example of a doubt it stands whole, but not beside every row.
    assert!(text.len() < 2_000_000, "{}", text.len());
}
