//! Other tools' files in, and exports read back by readers that know nothing of this crate.

#[path = "support/need.rs"]
mod need;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use runtime_baseline::{
    Baseline, Component, Environment, Indicator, Interval, Metric, Provenance, Quantity, Source, SourceKind, Statistic,
    Unit,
    compare::Direction,
    exchange::{ExchangeError, Import, to_bencher, to_csv, to_github_action_benchmark, to_openmetrics},
};

fn provenance() -> Provenance {
    let source = Source::new(SourceKind::Benchmark, "a project, \"its\" benches").unwrap();
    Provenance::new(source, Component::new("project", "1.2.3").unwrap(), "2026-11-23".parse().unwrap())
}

fn import(indicator: Indicator) -> Import {
    Import::new(indicator, provenance()).unwrap()
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/exchange").join(name)
}

fn figures(baseline: &Baseline) -> Vec<String> {
    let figure = |m: &Metric| {
        let interval = m.interval().map_or(String::new(), |i| format!(" {}..{}", i.low(), i.high()));
        let (workload, count) = (m.workload().unwrap_or("-"), m.count().unwrap());
        format!("{} {workload:?} {} {}{interval} of {count}", m.subject(), m.statistic(), m.quantity())
    };
    baseline.metrics().iter().map(figure).collect()
}

#[test]
fn criterion_gives_means_and_no_percentiles_of_operations() {
    let baseline = import(Indicator::EvaluationLatency).criterion(fixture("criterion")).unwrap().baseline;
    let metrics = baseline.metrics();
    assert_eq!(metrics.len(), 4);
    assert_eq!((metrics[0].subject().as_str(), metrics[0].workload()), ("grp/plain", Some("grp/plain")));
    assert_eq!((metrics[2].subject().as_str(), metrics[2].workload()), ("grp/sum-of/1000", Some("grp/sum of/1000")));
    for pair in metrics.chunks(2) {
        assert_eq!((pair[0].statistic(), pair[1].statistic()), (Statistic::Mean, Statistic::Median));
        assert_eq!((pair[0].interval(), pair[1].count()), (None, Some(20)));
        let interval = pair[1].interval().unwrap();
        assert!(interval.low().as_f64() <= pair[1].quantity().as_f64());
    }
    // What criterion itself printed of this run: grp/plain between 87.886 ns and 103.89 ns.
    let median = metrics[1].quantity().as_f64();
    assert!((80.0..110.0).contains(&median), "{median}");
    let subject = "mine".parse().unwrap();
    let named =
        import(Indicator::EvaluationLatency).with_subject(subject).criterion(fixture("criterion")).unwrap().baseline;
    assert!(named.metrics().iter().all(|m| m.subject().as_str() == "mine"));
    assert_eq!(named.latest().len(), 4, "one subject, and still four series");
}

#[test]
fn a_broken_criterion_directory_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let read = || import(Indicator::StartupTime).criterion(dir.path()).map(|imported| imported.baseline);
    assert!(matches!(read(), Err(ExchangeError::Nothing(_))));
    let new = dir.path().join("a/new");
    fs::create_dir_all(&new).unwrap();
    for (sample, message) in [
        ("{", "EOF"),
        (r#"{"iters":[1.0]}"#, "missing field `times`"),
        (r#"{"iters":[1.0],"times":[]}"#, "the same number"),
        (r#"{"iters":[],"times":[]}"#, "at least one"),
        (r#"{"iters":[0.0],"times":[1.0]}"#, "one iteration or more"),
        (r#"{"iters":[1.0],"times":[-1.0]}"#, "not negative"),
    ] {
        fs::write(new.join("sample.json"), sample).unwrap();
        let error = read().unwrap_err().to_string();
        assert!(error.contains(message), "{sample}: {error}");
    }
    fs::write(new.join("sample.json"), r#"{"iters":[1.0],"times":[1e300]}"#).unwrap();
    let row = read().unwrap().unavailable()[0].reason().to_owned();
    assert!(row.contains("does not fit"), "{row}");
    fs::write(new.join("sample.json"), r#"{"iters":[2.0],"times":[10.0]}"#).unwrap();
    std::os::unix::fs::symlink(dir.path(), dir.path().join("a/loop")).unwrap();
    assert_eq!(figures(&read().unwrap()), ["a \"a\" mean 5 ns of 2", "a \"a\" median 5 ns of 1"]);
    assert!(matches!(Import::new(Indicator::Density, provenance()), Err(ExchangeError::NoSuchUnit(_))));
    let sizes = import(Indicator::ImageSize);
    assert!(matches!(sizes.hyperfine(fixture("hyperfine.json")), Err(ExchangeError::NotATime(_))));
    assert!(matches!(sizes.opa_bench(fixture("opa-bench.json"), "x"), Err(ExchangeError::NotATime(_))));
}

#[test]
fn hyperfine_s_own_figures_are_recomputed_from_its_times() {
    let path = fixture("hyperfine.json");
    let baseline = import(Indicator::LifecycleTime).hyperfine(&path).unwrap().baseline;
    let json: serde_json::Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(baseline.metrics().len(), 4, "twelve runs have no 99th percentile");
    for (result, metrics) in json["results"].as_array().unwrap().iter().zip(baseline.metrics().chunks(2)) {
        assert_eq!(metrics[0].workload(), result["command"].as_str());
        assert_eq!(metrics[0].count(), Some(12));
        let mean = metrics[1].quantity().as_f64() / 1e9;
        assert!((mean - result["mean"].as_f64().unwrap()).abs() < 1e-9);
        // Twelve runs: hyperfine takes the middle of the two in the middle, this crate the lower one.
        let mut times: Vec<f64> = result["times"].as_array().unwrap().iter().map(|t| t.as_f64().unwrap()).collect();
        times.sort_by(f64::total_cmp);
        assert!((metrics[0].quantity().as_f64() / 1e9 - times[5]).abs() < 1e-9);
        assert!(metrics[0].interval().is_some() && metrics[1].interval().is_none());
    }
}

#[test]
fn many_runs_have_a_tail() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("h.json");
    let times: Vec<f64> = (1..=1000).map(|i| f64::from(i) / 1000.0).collect();
    let json = serde_json::json!({"results": [{"command": "x", "mean": 0.5, "median": 0.5, "times": times, "exit_codes": [0]}]});
    fs::write(&path, json.to_string()).unwrap();
    let baseline = import(Indicator::LifecycleTime).hyperfine(&path).unwrap().baseline;
    let expected = [
        "x \"x\" median 500 ms 469 ms..532 ms of 1000",
        "x \"x\" p99 990 ms 983 ms..997 ms of 1000",
        "x \"x\" mean 500.5 ms of 1000",
    ];
    assert_eq!(figures(&baseline), expected);
}

#[test]
fn a_command_that_failed_is_no_figure() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("h.json");
    let read = |text: &str| {
        fs::write(&path, text).unwrap();
        import(Indicator::LifecycleTime).hyperfine(&path).map(|imported| imported.baseline)
    };
    let failed = read(
        r#"{"results":[{"command":"crun run","mean":0.001,"median":0.001,"times":[0.001,0.001],"exit_codes":[0,1]},
            {"command":"x","mean":0.002,"median":0.001,"exit_codes":[0,0,0]}]}"#,
    )
    .unwrap();
    assert_eq!(failed.unavailable()[0].reason(), "1 of 2 runs did not exit with 0, but with 1");
    assert_eq!(figures(&failed), ["x \"x\" mean 2 ms of 3", "x \"x\" median 1 ms of 3"]);
    assert!(matches!(read(r#"{"results":[]}"#), Err(ExchangeError::Nothing(_))));
    for text in ["", "[]", r#"{"results":[{"command":"x","mean":-1,"median":1}]}"#] {
        let error = read(text).unwrap_err().to_string();
        assert!(error.contains("h.json"), "{error}");
    }
    fs::remove_file(&path).unwrap();
    assert!(matches!(import(Indicator::LifecycleTime).hyperfine(&path), Err(ExchangeError::Read { .. })));
}

#[test]
fn opa_bench_gives_its_mean_and_its_histogram() {
    let import = import(Indicator::EvaluationLatency).with_subject("opa".parse().unwrap());
    let baseline = import.opa_bench(fixture("opa-bench.json"), "rbac").unwrap().baseline;
    let expected = [
        "opa \"rbac\" mean 75 µs of 20000",
        "opa \"rbac\" median 61 µs of 20000",
        "opa \"rbac\" p90 71.001 µs of 20000",
        "opa \"rbac\" p99 210 µs of 20000",
        "opa \"rbac\" min 52 µs of 20000",
        "opa \"rbac\" max 390 µs of 20000",
    ];
    assert_eq!(figures(&baseline), expected);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("o.json");
    let read = |text: &str| {
        fs::write(&path, text).unwrap();
        import.opa_bench(&path, "rbac").map(|imported| imported.baseline)
    };
    let twice = read("{\"N\":10,\"T\":1000}\n{\"N\":10,\"T\":2000}\n").unwrap();
    assert_eq!(figures(&twice), ["opa \"rbac\" mean 100 ns of 10", "opa \"rbac #2\" mean 200 ns of 10"]);
    let failed = read(r#"{"errors":[{"message":"undefined result"}]}"#).unwrap_err();
    assert!(
        matches!(&failed, ExchangeError::Failed { message, .. } if message.contains("undefined result")),
        "{failed}"
    );
    assert!(matches!(read(r#"{"N":0,"T":0}"#), Err(ExchangeError::Nothing(_))));
    assert!(matches!(read(""), Err(ExchangeError::Nothing(_))));
    assert!(matches!(read(r#"{"N":1"#), Err(ExchangeError::Form { .. })));
}

/// Every unit, an interval or none, two machines, and text that needs escaping.
fn everything() -> Baseline {
    let mut baseline = Baseline::new();
    for indicator in Indicator::ALL {
        for unit in indicator.units() {
            let quantity = |n: u64| Quantity::whole(n, *unit);
            let interval = Interval::new(0.95, quantity(40), quantity(44)).unwrap();
            let metric = Metric::new(*indicator, "a/b+c".parse().unwrap(), quantity(42), provenance()).unwrap();
            baseline.push(metric.with_workload("with \"quotes\", \\ and\nlines").with_interval(interval).unwrap());
        }
    }
    let mut environment = Environment::default();
    environment.hardware.cores = Some(64);
    environment.hardware.cpu = Some("a CPU, fast".into());
    environment.conditions.engine.insert("compiler".into(), "cranelift".into());
    for cores in [2, 4] {
        environment.hardware.cores = Some(cores);
        let from = provenance().with_environment(environment.clone());
        let metric =
            Metric::new(Indicator::StartupTime, "noop".parse().unwrap(), Quantity::nanoseconds(u64::from(cores)), from);
        baseline.push(metric.unwrap().with_statistic(Statistic::P99));
    }
    baseline
}

#[test]
fn csv_is_read_by_another_reader() {
    let baseline = everything();
    let text = to_csv(&baseline);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let headers = reader.headers().unwrap().clone();
    let rows: Vec<BTreeMap<String, String>> = reader
        .records()
        .map(|r| headers.iter().map(str::to_owned).zip(r.unwrap().iter().map(str::to_owned)).collect())
        .collect();
    assert_eq!(rows.len(), baseline.metrics().len());
    for (row, metric) in rows.iter().zip(baseline.metrics()) {
        assert_eq!(row["indicator"], metric.indicator().as_str());
        assert_eq!(row["workload"], metric.workload().unwrap_or_default());
        assert_eq!(row["value"].parse::<f64>().unwrap(), metric.quantity().as_f64());
        assert_eq!(row["unit"], metric.quantity().unit().as_str());
        assert_eq!(row["source_kind"], "benchmark");
        assert_eq!(row["source_reference"], "a project, \"its\" benches");
        assert_eq!(row["bound"], "exact");
    }
    assert_eq!(rows.last().unwrap()["engine"], "compiler=cranelift");
    assert_eq!(rows.last().unwrap()["cpu"], "a CPU, fast");
}

#[test]
fn bencher_s_schema_is_kept() {
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Figure {
        value: f64,
        lower_value: Option<f64>,
        upper_value: Option<f64>,
    }
    let baseline = everything();
    let read: BTreeMap<String, BTreeMap<String, Figure>> = serde_json::from_str(&to_bencher(&baseline)).unwrap();
    assert!(read.contains_key("noop p99 compiler=cranelift") && read.contains_key("noop p99 compiler=cranelift #2"));
    let figure = &read["a/b+c with \"quotes\", \\ and\nlines single"]["image-size"];
    assert_eq!((figure.value, figure.lower_value, figure.upper_value), (42.0, Some(40.0), Some(44.0)));
    assert!(read.values().flat_map(BTreeMap::keys).all(|measure| measure.len() <= 64));
    assert_eq!(read.values().map(BTreeMap::len).sum::<usize>(), baseline.latest().len());
}

#[test]
fn github_action_benchmark_gets_each_direction_apart() {
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Entry {
        name: String,
        unit: String,
        value: f64,
        range: Option<String>,
        extra: String,
    }
    let baseline = everything();
    let read =
        |direction| -> Vec<Entry> { serde_json::from_str(&to_github_action_benchmark(&baseline, direction)).unwrap() };
    let (smaller, bigger) = (read(Direction::LessIsBetter), read(Direction::MoreIsBetter));
    assert_eq!(smaller.len() + bigger.len(), baseline.latest().len());
    assert!(
        bigger.iter().any(|e| e.name.starts_with("density")) && !smaller.iter().any(|e| e.name.starts_with("density"))
    );
    let names: BTreeSet<&str> = smaller.iter().map(|e| e.name.as_str()).collect();
    assert_eq!(names.len(), smaller.len(), "the action keeps one series for each name");
    let size = smaller.iter().find(|e| e.name.starts_with("image_size")).unwrap();
    assert_eq!((size.unit.as_str(), size.value, size.range.as_deref()), ("bytes", 42.0, Some("40..44")));
    assert!(size.extra.contains("project 1.2.3"));
}

#[test]
fn openmetrics_text_follows_its_specification() {
    let text = to_openmetrics(&everything());
    assert!(text.ends_with("\n# EOF\n") && text.matches("# EOF").count() == 1);
    let (mut families, mut samples) = (BTreeSet::new(), BTreeSet::new());
    let mut current = String::new();
    for line in text.lines().filter(|line| *line != "# EOF") {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            current = rest.strip_suffix(" gauge").unwrap().to_owned();
            assert!(current.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'), "{current}");
            assert!(families.insert(current.clone()), "{current} stands twice");
        } else if let Some(rest) = line.strip_prefix("# UNIT ") {
            let (name, unit) = rest.split_once(' ').unwrap();
            assert!(name == current && name.ends_with(&format!("_{unit}")), "{rest}");
        } else if let Some(rest) = line.strip_prefix("# HELP ") {
            assert!(rest.starts_with(&current));
        } else {
            let (series, value) = line.rsplit_once(' ').unwrap();
            assert!(series.starts_with(&format!("{current}{{")) && series.ends_with('}'), "{line}");
            assert!(value.parse::<f64>().unwrap().is_finite());
            assert!(samples.insert(series.to_owned()), "{series} stands twice");
        }
    }
    assert!(text.contains("runtime_baseline_total_objects{"));
    assert!(text.contains("workload=\"with \\\"quotes\\\", \\\\ and\\nlines\""));
    assert!(text.contains("runtime_baseline_startup_time_seconds{subject=\"noop\",statistic=\"p99\""));
    assert_eq!(to_openmetrics(&Baseline::new()), "# EOF\n");
}

/// The published schema and the format's own reference parser, in Python. Name an interpreter that has the packages
/// jsonschema and prometheus-client in RUNTIME_BASELINE_PYTHON; without it there is nothing to run.
#[test]
fn readers_that_others_wrote_accept_the_exports() {
    let Ok(python) = std::env::var("RUNTIME_BASELINE_PYTHON") else {
        return need::skip(
            "python",
            &"RUNTIME_BASELINE_PYTHON names no interpreter with jsonschema and prometheus-client",
        );
    };
    let baseline = everything();
    let ends = baseline.latest().iter().filter(|m| m.interval().is_some()).count() * 2;
    for (format, export, count) in [
        ("bencher", to_bencher(&baseline), baseline.latest().len()),
        ("openmetrics", to_openmetrics(&baseline), baseline.latest().len() + ends),
    ] {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exchange_readers.py");
        let mut command = Command::new(&python);
        let mut child = command.arg(script).arg(format).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(export.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{format}");
        assert_eq!(String::from_utf8(output.stdout).unwrap().trim(), count.to_string(), "{format}");
    }
}

#[test]
fn units_are_all_exported() {
    let units: BTreeSet<Unit> = everything().metrics().iter().map(|m| m.quantity().unit()).collect();
    assert!(units.len() >= 8, "{units:?}");
}
