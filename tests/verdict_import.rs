//! What other tools' files hold in the field: names that collide, figures that are none, units, signals, pipes.

use std::{fs, path::Path, process::Command};

use runtime_baseline::{
    Baseline, Component, Indicator, Metric, Provenance, Quantity, Shortfall, Source, SourceKind, Statistic,
    exchange::{ExchangeError, Import, ImportNote, Imported, to_csv},
};
use serde_json::{Value, json};

fn import(indicator: Indicator) -> Import {
    let source = Source::new(SourceKind::Benchmark, "hyperfine 1.20.0, bench.sh").unwrap();
    let provenance = Provenance::new(source, Component::new("tool", "1.2.3").unwrap(), "2026-11-23".parse().unwrap());
    Import::new(indicator, provenance).unwrap()
}

fn hyperfine_of(import: &Import, text: &str) -> Result<Imported, ExchangeError> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("runs.json");
    fs::write(&path, text).unwrap();
    import.hyperfine(&path)
}

fn hyperfine(results: Value) -> Result<Imported, ExchangeError> {
    hyperfine_of(&import(Indicator::LifecycleTime), &json!({ "results": results }).to_string())
}

/// Ten runs of about ten milliseconds, with more fields.
fn runs(command: &str, more: Value) -> Value {
    let times: Vec<f64> = (0..10).map(|i| 0.010 + f64::from(i) / 10_000.0).collect();
    let mut run = json!({ "command": command, "mean": 0.0104, "median": 0.0104, "times": times, "exit_codes": [0,0,0,0,0,0,0,0,0,0] });
    for (key, value) in more.as_object().unwrap() {
        run[key] = value.clone();
    }
    run
}

fn workloads(baseline: &Baseline) -> Vec<&str> {
    let mut names: Vec<&str> = baseline.metrics().iter().filter_map(Metric::workload).collect();
    names.dedup();
    names
}

/// A benchmark of criterion's in `directory`, in the baseline `name`.
fn criterion(directory: &Path, place: &str, name: &str, description: Value, sample: Value) {
    let result = directory.join(place).join(name);
    fs::create_dir_all(&result).unwrap();
    fs::write(result.join("benchmark.json"), description.to_string()).unwrap();
    fs::write(result.join("sample.json"), sample.to_string()).unwrap();
}

fn id(full: &str) -> Value {
    json!({ "group_id": full, "function_id": null, "value_str": null, "throughput": null, "full_id": full })
}

/// Twenty batches in which each operation takes so much.
fn each(amount: f64) -> Value {
    let iters: Vec<f64> = (1..=20).map(|i| f64::from(i) * 1000.0).collect();
    let times: Vec<f64> = iters.iter().map(|n| n * amount).collect();
    json!({ "sampling_mode": "Linear", "iters": iters, "times": times })
}

#[test]
fn parameters_belong_to_the_name() {
    let scan = |n: u32| runs("sh bench.sh", json!({ "parameters": { "size": n.to_string(), "a": "x" } }));
    let baseline = hyperfine(json!([scan(1), scan(2)])).unwrap().baseline;
    assert_eq!(workloads(&baseline), ["sh bench.sh (a=x, size=1)", "sh bench.sh (a=x, size=2)"]);
    assert_eq!(baseline.latest().len(), 4, "two figures of each");
    assert!(baseline.metrics().iter().all(|metric| metric.subject().as_str() == "sh-bench.sh"));
}

#[test]
fn two_benchmarks_of_one_name_are_an_error_that_names_both() {
    let error = hyperfine(json!([runs("x", json!({})), runs("y", json!({})), runs("x", json!({}))])).unwrap_err();
    let expected = "two benchmarks are called \"x\", results[0] and results[2]: rename one, or import each by itself";
    assert_eq!(error.to_string(), expected);
    let directory = tempfile::tempdir().unwrap();
    criterion(directory.path(), "sum", "new", id("sum"), each(1e3));
    criterion(directory.path(), "sum_2", "new", id("sum"), each(2e3));
    let error = import(Indicator::EvaluationLatency).criterion(directory.path()).unwrap_err();
    assert!(
        matches!(&error, ExchangeError::Duplicate { first, second, .. } if first == "sum/new" && second == "sum_2/new")
    );
}

#[test]
fn what_was_imported_is_the_same_once_it_is_stored() {
    let times: Vec<f64> = (0..10).map(|i| 0.01 + f64::from(i) / 10_000.0).collect();
    let memory = vec![1 << 20; 10];
    let read =
        hyperfine(json!([{ "command": "parse", "times": times, "memory_usage_byte": memory }])).unwrap().baseline;
    assert!(read.metrics().iter().any(|metric| metric.indicator() == Indicator::MemoryPeak));
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("b.json");
    read.save(&path).unwrap();
    assert_eq!(Baseline::load(&path).unwrap(), read);
}

#[test]
fn a_figure_above_zero_never_becomes_zero() {
    let directory = tempfile::tempdir().unwrap();
    for (name, ns) in [("load", 0.24), ("none", 0.0), ("add", 1.4)] {
        criterion(directory.path(), name, "new", id(name), each(ns));
    }
    let baseline = import(Indicator::EvaluationLatency).criterion(directory.path()).unwrap().baseline;
    assert_eq!(workloads(&baseline), ["add"]);
    assert!(baseline.metrics().iter().all(|metric| metric.quantity() == Quantity::nanoseconds(1)));
    let rows: Vec<_> = baseline.unavailable().iter().map(|row| (row.workload().unwrap(), row.reason())).collect();
    assert!(rows[0].0 == "load" && rows[0].1.contains("less than the smallest ns"), "{rows:?}");
    assert!(rows[1].0 == "none" && rows[1].1.contains("took no time at all"), "{rows:?}");
    let tiny =
        json!([{ "command": "x", "mean": 2e-10, "median": 2e-10, "times": [2e-10, 2e-10], "exit_codes": [0, 0] }]);
    let read = hyperfine(tiny).unwrap().baseline;
    assert!(read.metrics().is_empty() && read.unavailable().len() == 1);
}

#[test]
fn the_unit_is_read_where_it_stands() {
    let directory = tempfile::tempdir().unwrap();
    let raw = |unit: &str| {
        format!(
            "group,function,value,throughput_num,throughput_type,sample_measured_value,unit,iteration_count\n\
             \"a, b\",,,,,8.0,{unit},1\n\"a, b\",,,,,16.0,{unit},2\n"
        )
    };
    let of = |unit: &str, indicator| {
        criterion(directory.path(), "alloc", "new", id("alloc"), each(8.0));
        fs::write(directory.path().join("alloc/new/raw.csv"), raw(unit)).unwrap();
        import(indicator).criterion(directory.path())
    };
    let error = of("b", Indicator::EvaluationLatency).unwrap_err();
    assert!(matches!(error, ExchangeError::NoFigure { .. }));
    assert!(error.to_string().contains("\"alloc\" was measured in \"b\", which evaluation_latency is not"), "{error}");
    assert!(of("cycles", Indicator::EvaluationLatency).is_err() && of("ns", Indicator::MemoryPeak).is_err());
    for unit in ["b", "B", "bytes"] {
        let bytes = of(unit, Indicator::MemoryPeak).unwrap().baseline;
        assert!(bytes.metrics().iter().all(|metric| metric.quantity() == Quantity::bytes(8)), "{unit}");
    }
    for (unit, ns) in [("ns", 8), ("us", 8_000), ("µs", 8_000), ("ms", 8_000_000)] {
        let time = of(unit, Indicator::EvaluationLatency).unwrap().baseline;
        assert!(time.metrics().iter().all(|metric| metric.quantity() == Quantity::nanoseconds(ns)), "{unit}");
    }
    // One of another unit is left out and named, and the rest goes in.
    of("b", Indicator::MemoryPeak).unwrap();
    criterion(directory.path(), "time", "new", id("time"), each(5.0));
    let both = import(Indicator::EvaluationLatency).criterion(directory.path()).unwrap();
    assert_eq!(workloads(&both.baseline), ["time"]);
    assert!(matches!(&both.notes[..], [ImportNote::Unit { benchmark, .. }] if benchmark == "alloc"));
    fs::write(directory.path().join("alloc/new/raw.csv"), raw("b") + "x,,,,,1.0,ns,1\n").unwrap();
    assert!(import(Indicator::MemoryPeak).criterion(directory.path()).is_err(), "two units of one benchmark");
}

#[test]
fn what_is_left_out_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let mut described = id("rx");
    described["throughput"] = json!({ "Bytes": 1500 });
    criterion(directory.path(), "rx", "new", described, each(10.0));
    fs::create_dir_all(directory.path().join("broken/new")).unwrap();
    let read = import(Indicator::EvaluationLatency).criterion(directory.path()).unwrap();
    let notes: Vec<String> = read.notes.iter().map(ToString::to_string).collect();
    assert_eq!(workloads(&read.baseline), ["rx"]);
    assert!(notes[0].starts_with("1 without a result skipped: ") && notes[0].ends_with("broken/new"), "{notes:?}");
    assert_eq!(notes[1], "the throughput of \"rx\" (1500 bytes an iteration) is left out: its time is imported");
    assert_eq!(notes.len(), 2);
    let mut both = id("rx");
    both["throughput"] = json!({ "ElementsAndBytes": { "elements": 10, "bytes": 1500 } });
    criterion(directory.path(), "rx", "new", both, each(10.0));
    let read = import(Indicator::EvaluationLatency).criterion(directory.path()).unwrap();
    assert!(read.notes[1].to_string().contains("(1500 bytes, 10 elements an iteration)"), "{}", read.notes[1]);
}

#[test]
fn what_is_no_number_is_a_row_and_the_rest_goes_in() {
    let directory = tempfile::tempdir().unwrap();
    criterion(directory.path(), "fast", "new", id("fast"), json!({ "iters": [1.0, 1.0], "times": [null, 5.0] }));
    criterion(directory.path(), "sound", "new", id("sound"), each(10.0));
    let baseline = import(Indicator::EvaluationLatency).criterion(directory.path()).unwrap().baseline;
    assert_eq!(workloads(&baseline), ["sound"]);
    assert_eq!(baseline.unavailable()[0].reason(), "1 of 2 batches hold no number");

    let none = runs("a", json!({ "times": [0.01, null, 0.01] }));
    let nothing = json!({ "command": "b", "mean": null, "median": null });
    let read = hyperfine(json!([none, nothing, runs("c", json!({ "exit_codes": null, "stddev": null }))])).unwrap();
    assert_eq!(workloads(&read.baseline), ["c"], "codes that are not stated say nothing of failure");
    let reasons: Vec<&str> = read.baseline.unavailable().iter().map(|row| row.reason()).collect();
    assert_eq!(reasons, ["1 of 3 times are no number", "the file has neither its times nor a mean"]);
}

#[test]
fn baselines_of_other_names_are_named_and_can_be_taken() {
    let directory = tempfile::tempdir().unwrap();
    criterion(directory.path(), "start", "main", id("start"), each(10.0));
    criterion(directory.path(), "start", "v2", id("start"), each(20.0));
    let latency = import(Indicator::EvaluationLatency);
    let error = latency.criterion(directory.path()).unwrap_err().to_string();
    assert!(
        error.contains(
            "no results named new here, but baselines named main, v2: take one with --criterion-baseline main"
        )
    );
    let taken = latency.with_criterion_baseline("v2").criterion(directory.path()).unwrap().baseline;
    assert_eq!(taken.metrics()[0].quantity(), Quantity::nanoseconds(20));
}

#[test]
fn letters_of_any_script_are_kept() {
    let directory = tempfile::tempdir().unwrap();
    for name in ["中国/a", "日本/a", "Größe"] {
        criterion(directory.path(), &name.replace('/', "_"), "new", id(name), each(10.0));
    }
    let baseline = import(Indicator::EvaluationLatency).criterion(directory.path()).unwrap().baseline;
    let mut subjects: Vec<&str> = baseline.metrics().iter().map(|metric| metric.subject().as_str()).collect();
    subjects.dedup();
    assert_eq!(subjects, ["größe", "中国_a", "日本_a"]);
    // A subject of them is stored and read again.
    baseline.save(directory.path().join("baseline.json")).unwrap();
    assert_eq!(Baseline::load(directory.path().join("baseline.json")).unwrap(), baseline);
    let read = hyperfine(json!([runs("日本語 コマンド", json!({}))])).unwrap().baseline;
    assert_eq!(read.metrics()[0].subject().as_str(), "日本語-コマンド");
}

#[test]
fn the_parts_of_a_name_stay_apart() {
    let directory = tempfile::tempdir().unwrap();
    let description = json!({ "group_id": "g", "function_id": "f/x", "value_str": "1000", "full_id": "g/f/x/1000" });
    criterion(directory.path(), "g/f_x/1000", "new", description, each(10.0));
    let baseline = import(Indicator::EvaluationLatency).criterion(directory.path()).unwrap().baseline;
    let metric = &baseline.metrics()[0];
    assert_eq!((metric.subject().as_str(), metric.workload()), ("g/f_x/1000", Some("g/f/x/1000")));
}

#[test]
fn a_count_that_is_not_stated_is_none_and_the_audit_says_so() {
    let summary = json!([{ "command": "x", "mean": 0.0123, "median": 0.0122 }]);
    let baseline = hyperfine(summary).unwrap().baseline;
    assert_eq!(baseline.metrics().len(), 2);
    for metric in baseline.metrics() {
        assert_eq!(metric.count(), None);
        assert!(metric.audit_on("2026-11-24".parse().unwrap()).contains(&Shortfall::Count));
    }
    let one = hyperfine(json!([{ "command": "x", "mean": 1.0, "median": 1.0, "times": [1.001], "exit_codes": [0] }]));
    assert!(one.unwrap().baseline.metrics().iter().all(|metric| metric.count() == Some(1)));
}

#[test]
fn memory_is_a_second_indicator() {
    let bytes: Vec<u64> = (0..10).map(|i| 1_750_000 + i).collect();
    let read = hyperfine(json!([runs("crun run x", json!({ "memory_usage_byte": bytes }))])).unwrap();
    let peaks: Vec<_> = read.baseline.metrics().iter().filter(|m| m.indicator() == Indicator::MemoryPeak).collect();
    let largest = peaks.iter().find(|metric| metric.statistic() == Statistic::Max).unwrap();
    assert_eq!((peaks.len(), largest.quantity(), largest.count()), (2, Quantity::bytes(1_750_009), Some(10)));
    assert!(largest.provenance().environment().conditions.method.as_ref().unwrap().contains("resident set"));
    let holes = hyperfine(json!([runs("x", json!({ "memory_usage_byte": [1, null] }))])).unwrap();
    assert!(matches!(&holes.notes[..], [ImportNote::Memory { .. }]));
    assert!(holes.baseline.metrics().iter().all(|metric| metric.indicator() == Indicator::LifecycleTime));
}

#[test]
fn signals_and_accepted_codes() {
    let killed = runs("kill", json!({ "exit_codes": [null, null, 0, 0, 0, 0, 0, 0, 0, 0] }));
    let three = runs("three", json!({ "exit_codes": [3, 3, 0, 0, 0, 0, 0, 0, 0, 0] }));
    let both = runs("both", json!({ "exit_codes": [3, null, 0, 0, 0, 0, 0, 0, 0, 0] }));
    let text = json!({ "results": [killed, three, both] }).to_string();
    let reasons = |import: &Import| -> Vec<String> {
        let baseline = hyperfine_of(import, &text).unwrap().baseline;
        baseline.unavailable().iter().map(|row| row.reason().to_owned()).collect()
    };
    let plain = import(Indicator::LifecycleTime);
    let expected = [
        "2 of 10 runs were ended by a signal",
        "2 of 10 runs did not exit with 0, but with 3",
        "1 of 10 runs were ended by a signal, and 1 of 10 runs did not exit with 0, but with 3",
    ];
    assert_eq!(reasons(&plain), expected);
    let accepting = plain.with_accepted_exit_codes(&[3]);
    assert_eq!(reasons(&accepting), ["2 of 10 runs were ended by a signal", "1 of 10 runs were ended by a signal"]);
}

#[test]
fn names_are_one_line_and_secrets_are_warned_of() {
    let script = "while sleep 1; do\n  true\ndone";
    let read =
        hyperfine(json!([runs(script, json!({})), runs("curl -H 'Authorization: Bearer x' http://h", json!({}))]));
    let read = read.unwrap();
    assert_eq!(workloads(&read.baseline)[0], "while sleep 1; do true done");
    assert_eq!(to_csv(&read.baseline).lines().count(), 1 + read.baseline.metrics().len());
    assert!(matches!(&read.notes[..], [ImportNote::Secret { benchmark }] if benchmark.starts_with("curl")));
    assert!(read.notes[0].to_string().contains("--command-name"));
}

#[test]
fn what_is_beside_the_json_is_named_with_its_line() {
    let good = json!({ "results": [runs("x", json!({}))] });
    let read = |text: &str| hyperfine_of(&import(Indicator::LifecycleTime), text);
    assert!(read(&format!("\u{feff}{good:#}")).is_ok(), "a byte order mark");
    for (text, message) in [
        (
            format!("{good}\nwarning: noise\n"),
            "runs.json: line 2: there is something beside the JSON, or it is none: \"warning: noise\"",
        ),
        (
            format!("Benchmark 1: x\n{good}"),
            "runs.json: line 1: there is something beside the JSON, or it is none: \"Benchmark 1: x\"",
        ),
        ("{\"results\": [\n".to_owned(), "runs.json: line 2: the file ends in the middle"),
        ("[[]]".to_owned(), "an object was expected, as the tool writes it, and this is an array"),
        ("3".to_owned(), "this is a number"),
    ] {
        let error = read(&text).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("o.json");
    let opa = |text: &[u8]| {
        fs::write(&path, text).unwrap();
        import(Indicator::EvaluationLatency).opa_bench(&path, "x").map(|read| read.baseline.metrics().len())
    };
    let error = opa(b"{\"N\": 1}\n\nnot json\n").unwrap_err().to_string();
    assert!(
        error.contains("o.json: line 3: there is something beside the JSON, or it is none: \"not json\""),
        "{error}"
    );
    assert_eq!(opa("\u{feff}{\"N\": 10, \"T\": 1000}".as_bytes()).unwrap(), 1);
    let error = opa(b"{\"N\": 1,\n\"T\": \xff}").unwrap_err().to_string();
    assert!(error.contains("line 2: not UTF-8"), "{error}");
    for (text, message) in [
        (&b"{\"N\": 18446744073709551615, \"T\": -5}"[..], "cannot have taken -5 ns"),
        (b"{\"N\": 5, \"T\": 0}", "cannot have taken 0 ns"),
        (b"{\"N\": -1, \"T\": 5}", "invalid value"),
        (b"[1, 2]", "this is an array"),
    ] {
        let error = opa(text).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }
    fs::write(&path, "{\"N\": 18446744073709551615, \"T\": 5}").unwrap();
    let read = import(Indicator::EvaluationLatency).opa_bench(&path, "x").unwrap().baseline;
    assert!(read.metrics().is_empty() && read.unavailable().len() == 1, "less than a nanosecond is no figure");
}

#[test]
fn an_array_is_no_baseline() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("baseline.json");
    let provenance = json!({
        "source": { "kind": "benchmark", "reference": "x" }, "components": [{ "name": "a", "version": "1.0" }], "date": "2026-01",
    });
    let entry = json!(["startup_time", "a", null, null, "median", 1, "ns", "exact", null, 3, null, provenance]);
    for text in [
        "[1,[],[]]".to_owned(),
        " [1]".to_owned(),
        json!({ "schema": 1, "metrics": [entry], "unavailable": [] }).to_string(),
    ] {
        fs::write(&path, &text).unwrap();
        let error = Baseline::load(&path).unwrap_err().to_string();
        assert!(error.contains("an array, and"), "{text}: {error}");
    }
}

#[test]
fn a_pipe_that_nobody_writes_into_is_refused_and_not_waited_for() {
    let directory = tempfile::tempdir().unwrap();
    let pipe = directory.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let time = import(Indicator::LifecycleTime);
    for read in [time.hyperfine(&pipe), time.opa_bench(&pipe, "x")] {
        assert!(read.unwrap_err().to_string().contains("nothing was written into it"));
    }
    for path in [Path::new("/dev/zero"), directory.path()] {
        for read in [time.hyperfine(path), time.opa_bench(path, "x")] {
            assert!(matches!(read, Err(ExchangeError::NotAFile(_))), "{}", path.display());
        }
    }
}
