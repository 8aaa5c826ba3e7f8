//! What github-action-benchmark, google-benchmark, Go and pyperf write: what is read of it, what is named, what is refused.

use std::{fs, path::Path, process::Command};

use runtime_baseline::{
    Component, Indicator, Metric, Provenance, Source, SourceKind,
    exchange::{ExchangeError, Format, Import, Imported},
};

fn import(indicator: Indicator) -> Import {
    let source = Source::new(SourceKind::Benchmark, "parser 2.1.0, benches").unwrap();
    let provenance = Provenance::new(source, Component::new("parser", "2.1.0").unwrap(), "2026-11-23".parse().unwrap());
    Import::new(indicator, provenance).unwrap()
}

fn fixture(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/exchange").join(name)
}

/// A text in a file, read as that format.
fn of(format: Format, indicator: Indicator, text: &str) -> Result<Imported, ExchangeError> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("file");
    fs::write(&path, text).unwrap();
    import(indicator).read(&path, format)
}

fn figures(imported: &Imported) -> Vec<String> {
    let figure = |metric: &Metric| {
        let count = metric.count().map(|n| format!(" of {n}")).unwrap_or_default();
        let interval = metric.interval().map(|i| format!(" ({} … {})", i.low(), i.high())).unwrap_or_default();
        format!("{} {} {}{interval}{count}", metric.workload().unwrap(), metric.statistic(), metric.quantity())
    };
    imported.baseline.metrics().iter().map(figure).collect()
}

fn notes(imported: &Imported) -> Vec<String> {
    imported.notes.iter().map(ToString::to_string).collect()
}

fn rows(imported: &Imported) -> Vec<(&str, &str)> {
    imported.baseline.unavailable().iter().map(|row| (row.workload().unwrap(), row.reason())).collect()
}

#[test]
fn github_action_benchmark_gives_the_last_run_of_each_suite() {
    let read = import(Indicator::EvaluationLatency).read(fixture("data.js"), Format::GithubActionBenchmark).unwrap();
    assert_eq!(figures(&read), ["Parser: parse_small median 1.254 µs", "Parser: parse_large median 34.0015 ms"]);
    assert_eq!(read.baseline.metrics()[0].subject().as_str(), "parse_small");
    let expected = [
        "1 other runs of \"Parser\" are left out: the one of commit 9b21c07e44 is imported",
        "\"tokens\" was measured in \"tokens\", which evaluation_latency is not: left out, import it under an indicator \
         that is",
        "\"requests\" is left out: its tool says that more is better, and of evaluation_latency it is the other way round",
        "left out 2 times: the range, which is words, of which no evaluation_latency is made",
    ];
    assert_eq!(notes(&read), expected);
    let rate = import(Indicator::EvaluationRate).read(fixture("data.js"), Format::GithubActionBenchmark).unwrap();
    assert_eq!(figures(&rate), ["Server: requests single 1234.5/s"]);
    let before = import(Indicator::EvaluationLatency).with_commit("1f0e");
    let before = before.read(fixture("data.js"), Format::GithubActionBenchmark).unwrap();
    assert_eq!(figures(&before), ["Parser: parse_small median 1.29 µs"]);
    assert!(notes(&before).contains(&"none of the 1 runs of \"Server\" is of the commit asked for".to_owned()));
    let none = import(Indicator::EvaluationLatency).with_commit("ffff");
    let error = none.read(fixture("data.js"), Format::GithubActionBenchmark).unwrap_err();
    assert!(matches!(&error, ExchangeError::NoFigure { .. }), "{error}");
}

#[test]
fn github_action_benchmark_takes_values_of_one_name_as_samples() {
    let bench = |value: &str| format!(r#"{{"name":"BenchmarkX","value":{value},"unit":"ns/op"}}"#);
    let file = |benches: &[String]| {
        let benches = benches.join(",");
        let run = format!(r#"{{"commit":{{"id":"a"}},"date":1,"tool":"go","benches":[{benches}]}}"#);
        format!("window.BENCHMARK_DATA = {{\"entries\":{{\"S\":[{run}]}}}};\n")
    };
    let of = |benches: &[String]| of(Format::GithubActionBenchmark, Indicator::EvaluationLatency, &file(benches));
    let values: Vec<String> = (100..110).map(|n| bench(&n.to_string())).collect();
    let read = of(&values).unwrap();
    assert!(figures(&read)[0].starts_with("BenchmarkX median 104 ns (") || figures(&read)[0].contains("median 10"));
    assert_eq!(read.baseline.metrics()[0].count(), Some(10));
    let odd = of(&[bench("\"12\"")]).unwrap();
    assert_eq!(rows(&odd), [("BenchmarkX", "its value is no number: \"12\"")]);
    let gone = of(&[bench("0")]).unwrap();
    assert!(rows(&gone)[0].1.contains("took no time at all"));
}

#[test]
fn google_benchmark_s_repetitions_are_samples_and_the_rest_is_named() {
    let read = import(Indicator::StartupTime).read(fixture("google-benchmark.json"), Format::GoogleBenchmark).unwrap();
    let expected = [
        "BM_Parse/8 median 140.21 µs of 3",
        "BM_Parse/8 mean 140.417 µs of 3",
        "BM_Start mean 5.6 ms of 12",
        "BM_Quiet median 725 ns of 9",
    ];
    assert_eq!(figures(&read), expected);
    assert_eq!(rows(&read), [("BM_Broken", "the benchmark did not run to its end: no such file")]);
    let expected = [
        "left out 3 times: bytes_per_second, of which no startup_time is made",
        "left out 4 times: cpu_time, of which no startup_time is made",
        "left out once: the aggregate \"BigO\", of which no startup_time is made",
        "left out once: the aggregate \"cv\", of which no startup_time is made",
        "left out once: the aggregate \"mean\", of which no startup_time is made",
    ];
    assert_eq!(notes(&read), expected);
    let twice = r#"{"context":{},"benchmarks":[
        {"name":"a","run_name":"a","run_type":"iteration","repetition_index":0,"real_time":5,"time_unit":"ns"},
        {"name":"a","run_name":"a","run_type":"iteration","repetition_index":0,"real_time":6,"time_unit":"ns"}]}"#;
    let error = of(Format::GoogleBenchmark, Indicator::StartupTime, twice).unwrap_err();
    assert!(matches!(&error, ExchangeError::Duplicate { name, .. } if name == "a"), "{error}");
    let skipped =
        twice.replace("\"real_time\":5", "\"skipped\":{},\"skip_message\":\"not here\"").replacen("6", "7", 1);
    let skipped = skipped.replacen("\"repetition_index\":0", "\"repetition_index\":1", 1);
    let read = of(Format::GoogleBenchmark, Indicator::StartupTime, &skipped).unwrap();
    assert!(rows(&read)[0].1.ends_with("not here"), "{:?}", rows(&read));
    let counted = twice.replace("\"time_unit\":\"ns\"", "\"time_unit\":\"cycles\"").replacen("x\":0", "x\":1", 1);
    let error = of(Format::GoogleBenchmark, Indicator::StartupTime, &counted).unwrap_err();
    assert!(error.to_string().contains("was measured in \"cycles\""), "{error}");
}

#[test]
fn go_s_repetitions_are_samples_of_the_unit_that_the_indicator_has() {
    let read = import(Indicator::EvaluationLatency).read(fixture("go-bench.txt"), Format::GoBench).unwrap();
    let expected =
        ["Parse/small-4 median 1.254 µs of 3", "Parse/small-4 mean 1.255 µs of 3", "Start-4 mean 10.512345 ms of 100"];
    assert_eq!(figures(&read), expected);
    assert_eq!(rows(&read)[0].0, "Broken-4");
    let expected = [
        "left out 3 times: B/op, of which no evaluation_latency is made",
        "left out 3 times: allocs/op, of which no evaluation_latency is made",
        "left out once: req/s, of which no evaluation_latency is made",
    ];
    assert_eq!(notes(&read), expected);
    let rate = import(Indicator::EvaluationRate).read(fixture("go-bench.txt"), Format::GoBench).unwrap();
    assert_eq!(figures(&rate), ["Start-4 mean 95.13/s of 100"]);
    let memory = import(Indicator::EngineMemory).read(fixture("go-bench.txt"), Format::GoBench).unwrap();
    assert!(figures(&memory).iter().all(|figure| figure.contains("512 B")), "{:?}", figures(&memory));
    let two = "pkg: a\nBenchmarkX-4 1 5 ns/op\npkg: b\nBenchmarkX-4 1 7 ns/op\n";
    let read = of(Format::GoBench, Indicator::EvaluationLatency, two).unwrap();
    assert_eq!(figures(&read), ["a.X-4 mean 5 ns of 1", "b.X-4 mean 7 ns of 1"], "two packages have one of that name");
    for (line, message) in [
        (
            "BenchmarkX-4 100 12",
            "line 2: a result is a name, a count, and values each with its unit: \"BenchmarkX-4 100 12\"",
        ),
        ("BenchmarkX-4 100 12 ns/op 5", "line 2"),
        ("BenchmarkX-4 100 fast ns/op", "line 2"),
        ("BenchmarkX-4 100", "line 2"),
    ] {
        let error = of(Format::GoBench, Indicator::EvaluationLatency, &format!("goos: linux\n{line}\n")).unwrap_err();
        assert!(error.to_string().contains(message), "{line}: {error}");
    }
    let odd = of(Format::GoBench, Indicator::EvaluationLatency, "BenchmarkX-4 100 NaN ns/op\n").unwrap();
    assert!(rows(&odd)[0].1.contains("no number"));
    let none = of(Format::GoBench, Indicator::EvaluationLatency, "PASS\nBenchmarkX-4\nBenchmarking 1 2\n").unwrap_err();
    assert!(matches!(none, ExchangeError::Nothing(_)));
}

#[test]
fn pyperf_s_runs_are_processes() {
    let read = import(Indicator::EvaluationLatency).read(fixture("pyperf.json"), Format::Pyperf).unwrap();
    assert_eq!(figures(&read), ["parse median 913 µs (903 µs … 923 µs) of 9", "parse mean 913 µs of 9"]);
    let evidence = read.baseline.metrics()[0].evidence().unwrap();
    assert_eq!((evidence.samples, evidence.processes), (9, 3));
    let expected = [
        "\"resident\" was measured in \"byte\", which evaluation_latency is not: left out, import it under an indicator \
         that is",
        "left out once: a run that calibrated, of which no evaluation_latency is made",
    ];
    assert_eq!(notes(&read), expected);
    let bytes = import(Indicator::MemoryPeak).read(fixture("pyperf.json"), Format::Pyperf).unwrap();
    assert_eq!(figures(&bytes), ["resident mean 1.048576 MB"]);
    let file = |benchmarks: &str| format!(r#"{{"version":"1.0","benchmarks":[{benchmarks}]}}"#);
    let of = |text: &str| of(Format::Pyperf, Indicator::EvaluationLatency, text);
    let one = r#"{"metadata":{"name":"a"},"runs":[{"values":[0.1]}]}"#;
    assert!(matches!(of(&file(&format!("{one},{one}"))), Err(ExchangeError::Duplicate { .. })));
    assert!(of(&file(r#"{"runs":[{"values":[0.1]}]}"#)).unwrap_err().to_string().contains("has no name"));
    assert!(of(&file(one).replace("1.0\"", "6\"")).unwrap_err().to_string().contains("only \"1.0\" is read"));
    let odd = of(&file(r#"{"metadata":{"name":"a"},"runs":[{"values":[0.1,null,-1]}]}"#)).unwrap();
    assert_eq!(rows(&odd), [("a", "2 of 3 values are no number, below zero, or too large for one")]);
    let none = of(&file(r#"{"metadata":{"name":"a"},"runs":[{"warmups":[[1,0.1]]}]}"#)).unwrap();
    assert_eq!(rows(&none), [("a", "no run of it has a value")]);
}

/// What a tool writes in place of a number takes its own benchmark out, and no other.
#[test]
fn one_value_that_is_none_is_a_row() {
    let latency = |format, text: &str| of(format, Indicator::EvaluationLatency, text).unwrap();
    let row = |name: &str, time: &str| {
        format!(r#"{{"name":"{name}","run_type":"iteration","real_time":{time},"time_unit":"ns","x":-Infinity}}"#)
    };
    // A name may hold the word, and a quote.
    let rows_of = [row(r#"a \" NaN"#, "NaN"), row("b", "5"), row("c", "1e300"), row("d", "-0.2")].join(",");
    let google = format!(r#"{{"context":{{"load":NaN}},"benchmarks":[{rows_of}]}}"#);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("file");
    fs::write(&path, &google).unwrap();
    assert_eq!(Format::of(&path).unwrap(), Format::GoogleBenchmark);
    let read = latency(Format::GoogleBenchmark, &google);
    assert_eq!(figures(&read), ["b mean 5 ns"]);
    let names: Vec<&str> = rows(&read).iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["a \" NaN", "c", "d"]);
    let one =
        |name: &str, value: &str| format!(r#"{{"metadata":{{"name":"{name}"}},"runs":[{{"values":[{value}]}}]}}"#);
    let pyperf = format!(r#"{{"version":"1.0","benchmarks":[{},{}]}}"#, one("a", "0.1, NaN"), one("b", "0.1"));
    let read = latency(Format::Pyperf, &pyperf);
    assert_eq!((figures(&read), rows(&read)[0].0), (vec!["b mean 100 ms".to_owned()], "a"));
    let go = latency(Format::GoBench, "BenchmarkA-4 1 1e300 ns/op\nBenchmarkB-4 1 5 ns/op\n");
    assert_eq!((figures(&go), rows(&go)[0].0), (vec!["B-4 mean 5 ns of 1".to_owned()], "A-4"));
    let run = r#"{"commit":{"id":"a"},"tool":"cargo","benches":[{"name":"a","unit":"ns"},{"name":"b","value":1e300,"unit":"ns"},
        {"name":"c","value":5},{"name":"d","value":5,"unit":"ns"}]}"#;
    let read =
        latency(Format::GithubActionBenchmark, &format!("window.BENCHMARK_DATA = {{\"entries\":{{\"S\":[{run}]}}}}"));
    assert_eq!(figures(&read), ["d median 5 ns"]);
    assert_eq!(rows(&read).len(), 2);
    assert!(notes(&read)[0].starts_with("\"c\" was measured in \"\""), "{:?}", notes(&read));
}

/// A spread is no time, and what lost its name or its unit is no figure: nothing of it is left out in silence.
#[test]
fn what_would_be_a_wrong_figure_is_none() {
    let latency = |format, text: &str| of(format, Indicator::EvaluationLatency, text);
    let bench = |name: &str, value: &str| format!(r#"{{"name":"{name}","value":{value},"unit":"us/iter"}}"#);
    let benches = [bench("A", "5"), bench("A_mean", "5"), bench("A_stddev", "0.1"), bench("A_cv", "0.02")].join(",");
    let run = format!(r#"{{"commit":{{"id":"a"}},"tool":"googlecpp","benches":[{benches}]}}"#);
    let read = latency(Format::GithubActionBenchmark, &format!(r#"{{"entries":{{"S":[{run}]}}}}"#)).unwrap();
    assert_eq!(figures(&read), ["A mean 5 µs", "A_mean mean 5 µs"]);
    assert_eq!(
        notes(&read),
        ["left out 2 times: an aggregate that is no time of the benchmark, of which no evaluation_latency is made"]
    );
    let lost = "BenchmarkA\nwhat it prints\n     100\t 12 ns/op\nBenchmarkB-4 1 5 ns/op\n";
    let read = latency(Format::GoBench, lost).unwrap();
    assert_eq!(notes(&read), ["left out once: a result without its name, of which no evaluation_latency is made"]);
    let old = r#"{"context":{},"benchmarks":[{"name":"A","real_time":5},{"name":"A_stddev","real_time":0.1}]}"#;
    let error = latency(Format::GoogleBenchmark, old).unwrap_err();
    assert!(error.to_string().contains("benchmarks[0] has no run_type"), "{error}");
    let row = |unit: &str| format!(r#"{{"name":"A","run_type":"iteration","real_time":5,"time_unit":"{unit}"}}"#);
    let two = format!(r#"{{"context":{{}},"benchmarks":[{},{}]}}"#, row("ns"), row("us"));
    let read = latency(Format::GoogleBenchmark, &two).unwrap();
    assert!(rows(&read)[0].1.starts_with("1 of 2 values are no number"), "{:?}", rows(&read));
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("file.json.gz");
    fs::write(&path, [0x1f, 0x8b, 8, 0]).unwrap();
    assert!(Format::of(&path).unwrap_err().to_string().contains("it is compressed"));
}

#[test]
fn each_format_is_recognised_by_what_its_files_hold() {
    for (name, format) in [
        ("criterion", Format::Criterion),
        ("hyperfine.json", Format::Hyperfine),
        ("opa-bench.json", Format::OpaBench),
        ("data.js", Format::GithubActionBenchmark),
        ("google-benchmark.json", Format::GoogleBenchmark),
        ("go-bench.txt", Format::GoBench),
        ("pyperf.json", Format::Pyperf),
    ] {
        assert_eq!(Format::of(fixture(name)).unwrap(), format, "{name}");
        assert!(import(Indicator::EvaluationLatency).read(fixture(name), format).is_ok(), "{name}");
    }
    for format in Format::ALL {
        assert_eq!(format.as_str().parse(), Ok(format));
        assert_eq!(format.as_str().replace('-', "_").parse(), Ok(format));
    }
    assert!("gungraun".parse::<Format>().unwrap_err().to_string().contains("go-bench, pyperf"));
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("file");
    for text in ["", "{}", "a line\nand another", "[1, 2]", r#"{"rows":[]}"#] {
        fs::write(&path, text).unwrap();
        let error = Format::of(&path).unwrap_err();
        assert!(matches!(error, ExchangeError::Unrecognised(_)), "{text}: {error}");
        assert!(error.to_string().contains("hyperfine, opa-bench, github-action-benchmark"), "{error}");
    }
    fs::write(&path, r#"{"results": [{"command""#).unwrap();
    assert!(Format::of(&path).unwrap_err().to_string().contains("ends in the middle"));
}

/// Every format, with whatever somebody may hand to it: an error that has a type, and names the file.
#[test]
fn hostile_files_are_errors() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("file");
    let files = Format::ALL.into_iter().filter(|format| *format != Format::Criterion);
    let names = ["hyperfine.json", "opa-bench.json", "data.js", "google-benchmark.json", "go-bench.txt", "pyperf.json"];
    for (format, name) in files.zip(names) {
        let read = || import(Indicator::EvaluationLatency).read(&path, format);
        let good = fs::read_to_string(fixture(name)).unwrap();
        // Cut off anywhere: an error, or less of it, and never a panic.
        for at in (0..good.len()).step_by(7).filter(|at| good.is_char_boundary(*at)) {
            fs::write(&path, &good[..at]).unwrap();
            if let Err(error) = read() {
                assert!(error.to_string().contains("file"), "{format} at {at}: {error}");
            }
        }
        for (old, new) in
            [("1", "NaN"), ("1", "1e999"), ("1", "-1"), ("1", "\"1\""), ("1", "[]"), ("1", "null"), ("\"", "")]
        {
            fs::write(&path, good.replace(old, new)).unwrap();
            if let Ok(read) = read() {
                assert!(read.baseline.metrics().iter().all(|m| m.quantity().as_f64().is_finite()), "{format}: {new}");
            }
        }
        let deep = "[".repeat(100_000);
        for text in ["", "{}", "null", "\u{feff}", "{\"a\":1}", &deep, &format!("{{\"benchmarks\":{deep}")] {
            fs::write(&path, text).unwrap();
            assert!(read().is_err(), "{format}: {:.20}", text);
        }
        fs::write(&path, b"\xff\xfe\x00").unwrap();
        assert!(read().unwrap_err().to_string().contains("not UTF-8"), "{format}");
        // A file without an end on disk.
        fs::File::create(&path).unwrap().set_len(1 << 40).unwrap();
        assert!(matches!(read(), Err(ExchangeError::TooLarge { .. })), "{format}");
        fs::remove_file(&path).unwrap();
        assert!(matches!(read(), Err(ExchangeError::Read { .. })), "{format}");
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        assert!(matches!(read(), Err(ExchangeError::NotAFile(_))), "{format}");
        assert!(matches!(Format::of(&path), Err(ExchangeError::NotAFile(_))));
        fs::remove_file(&path).unwrap();
    }
}
