//! The stored form: pinned to the letter, lossless, and whole whatever happens to it.

mod record_support;

use std::{
    fs, io,
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
    thread,
};

use proptest::prelude::*;
use runtime_baseline::{
    Baseline, BaselineError, Component, Environment, Indicator, Interval, Isolation, Metric, Provenance, Quantity,
    Source, SourceKind, Statistic, Temperature, UnavailableRow, Unit,
};
use tempfile::tempdir;

const GOLDEN: &str = r#"{
  "schema": 1,
  "metrics": [
    {
      "indicator": "startup_time",
      "subject": "wasmtime",
      "workload": "ready",
      "temperature": "precompiled",
      "statistic": "median",
      "value": 21450,
      "unit": "ns",
      "interval": {
        "level": 0.95,
        "low": 21010,
        "high": 21960
      },
      "count": 5000,
      "samples": "samples/startup.csv",
      "provenance": {
        "source": {
          "kind": "benchmark",
          "reference": "runtime-baseline 0.1.0, benches/startup"
        },
        "components": [
          {
            "name": "wasmtime",
            "version": "48.0.8"
          }
        ],
        "date": "2026-11-23",
        "environment": {
          "hardware": {
            "cpu": "AMD EPYC",
            "cores": 2,
            "memory_bytes": 25149030400,
            "storage": "ext4 on vda"
          },
          "software": {
            "os": "Debian GNU/Linux 12",
            "kernel": "6.18.44",
            "rustc": "1.95.0"
          },
          "conditions": {
            "concurrency": 1,
            "load": "idle",
            "isolation": "in-process",
            "engine": {
              "allocator": "pooling",
              "compiler": "cranelift"
            },
            "noise": [
              "no cpufreq: frequency unknown"
            ]
          }
        }
      }
    },
    {
      "indicator": "cpu_baseline",
      "subject": "container/alpine",
      "statistic": "single",
      "value": 0.5,
      "unit": "percent",
      "bound": "about",
      "provenance": {
        "source": {
          "kind": "official_docs",
          "reference": "a page"
        },
        "components": [
          {
            "name": "alpine",
            "version": "3.20"
          }
        ],
        "date": "2025-01",
        "environment": {
          "hardware": {},
          "software": {},
          "conditions": {}
        }
      }
    }
  ],
  "unavailable": [
    {
      "subject": "wasmedge",
      "indicator": "startup_time",
      "workload": "ready",
      "temperature": "cold",
      "reason": "libwasmedge 0.17.1 not found",
      "remedy": "set WASMEDGE_DIR"
    }
  ]
}
"#;

fn golden() -> Baseline {
    let mut environment = Environment::default();
    let hardware = &mut environment.hardware;
    hardware.cpu = Some("AMD EPYC".into());
    hardware.cores = Some(2);
    hardware.memory_bytes = Some(25_149_030_400);
    hardware.storage = Some("ext4 on vda".into());
    let software = &mut environment.software;
    software.os = Some("Debian GNU/Linux 12".into());
    software.kernel = Some("6.18.44".into());
    software.rustc = Some("1.95.0".into());
    let conditions = &mut environment.conditions;
    conditions.concurrency = Some(1);
    conditions.load = Some("idle".into());
    conditions.isolation = Some(Isolation::InProcess);
    conditions.engine = [("compiler", "cranelift"), ("allocator", "pooling")].map(|(k, v)| (k.into(), v.into())).into();
    conditions.noise = vec!["no cpufreq: frequency unknown".into()];
    let source = Source::new(SourceKind::Benchmark, "runtime-baseline 0.1.0, benches/startup").unwrap();
    let provenance =
        Provenance::new(source, Component::new("wasmtime", "48.0.8").unwrap(), "2026-11-23".parse().unwrap())
            .with_environment(environment);
    let [value, low, high] = [21_450, 21_010, 21_960].map(Quantity::nanoseconds);
    let measured = Metric::new(Indicator::StartupTime, "wasmtime".parse().unwrap(), value, provenance)
        .unwrap()
        .with_workload("ready")
        .with_temperature(Temperature::Precompiled)
        .with_statistic(Statistic::Median)
        .with_interval(Interval::new(0.95, low, high).unwrap())
        .unwrap()
        .with_count(5000)
        .with_samples("samples/startup.csv");

    let source = Source::new(SourceKind::OfficialDocs, "a page").unwrap();
    let provenance = Provenance::new(source, Component::new("alpine", "3.20").unwrap(), "2025-01".parse().unwrap());
    let half = Quantity::new(0.5, Unit::Percent).unwrap();
    let published = Metric::new(Indicator::CpuBaseline, "container/alpine".parse().unwrap(), half, provenance)
        .unwrap()
        .with_bound(runtime_baseline::Bound::About);

    let mut baseline = Baseline::new();
    baseline.push(measured);
    baseline.push(published);
    let subject = "wasmedge".parse().unwrap();
    baseline.push_unavailable(
        UnavailableRow::new(subject, Indicator::StartupTime, "libwasmedge 0.17.1 not found", "set WASMEDGE_DIR")
            .with_workload("ready")
            .with_temperature(Temperature::Cold),
    );
    baseline
}

fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(directory).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn the_stored_form_is_this_to_the_letter() {
    let directory = tempdir().unwrap();
    let path = directory.path().join("baseline.json");
    golden().save(&path).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), GOLDEN);
    assert_eq!(Baseline::load(&path).unwrap(), golden());
    assert_eq!(names(directory.path()), ["baseline.json"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_was_saved_is_what_is_loaded(baseline in record_support::baseline()) {
        let directory = tempdir().unwrap();
        let path = directory.path().join("b.json");
        baseline.save(&path).unwrap();
        prop_assert_eq!(Baseline::load(&path).unwrap(), baseline);
    }

    #[test]
    fn a_file_of_anything_is_an_error_and_no_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let directory = tempdir().unwrap();
        let path = directory.path().join("b.json");
        fs::write(&path, bytes).unwrap();
        prop_assert!(Baseline::load(&path).is_err());
    }
}

/// The error of loading `text`, with the path cut out of its message.
fn error(text: impl AsRef<[u8]>) -> (BaselineError, String) {
    let directory = tempdir().unwrap();
    let path = directory.path().join("b.json");
    fs::write(&path, text).unwrap();
    let error = Baseline::load(&path).unwrap_err();
    let message = error.to_string();
    let path = path.display().to_string();
    assert!(message.contains(&path), "{message}");
    // No run may replace what it could not read.
    let before = fs::read(&path).unwrap();
    assert!(Baseline::merge_into(&path, golden()).is_err());
    assert_eq!(fs::read(&path).unwrap(), before);
    (error, message.replace(&path, "b.json"))
}

#[test]
fn a_file_cut_off_anywhere_says_so() {
    let directory = tempdir().unwrap();
    let path = directory.path().join("b.json");
    for end in 0..GOLDEN.trim_end().len() {
        // Not truncated and written again: file systems sync that.
        let _ = fs::remove_file(&path);
        fs::write(&path, &GOLDEN[..end]).unwrap();
        let error = Baseline::load(&path).unwrap_err();
        assert!(matches!(error, BaselineError::Truncated { .. }), "{end}: {error:?}");
    }
    assert_eq!(error("{\n  \"sch").1, "b.json:2:6: the baseline ends in the middle: copy it again, or restore it");
}

#[test]
fn errors_say_what_where_and_what_to_do() {
    let schema = |found| {
        format!(
            "b.json: the baseline has schema {found}, and this version reads 1: use the version of runtime-baseline \
             that wrote it, or move the file away and measure again"
        )
    };
    assert_eq!(error(r#"{"schema": 2, "metrics": {"by": "name"}}"#).1, schema("2"));
    assert_eq!(error(GOLDEN.replace("\"schema\": 1", "\"schema\": 7")).1, schema("7"));
    assert_eq!(error(GOLDEN.replace("\"schema\": 1", "\"schema\": \"1\"")).1, schema("\"1\""));
    assert_eq!(error(r#"{"metrics": []}"#).1, schema("missing"));
    assert_eq!(error("schema = 1\n").1, "b.json:1:1: the baseline is not JSON: expected value");
    // What breaks off or is no JSON further down is that, whatever the schema.
    assert_eq!(error(r#"{"schema": 2, "metrics": ]}"#).1, "b.json:1:26: the baseline is not JSON: expected value");
    assert_eq!(error(b"{\n\"schema\": \"\xff\"").1, "b.json:2:12: the baseline is not JSON: not UTF-8");
    assert_eq!(
        error(r#"{"schema": 1, "metrics": 5}"#).1,
        "b.json:1:26: not a baseline: invalid type: integer `5`, expected a sequence"
    );
    assert_eq!(
        error(r#"{"schema": 1, "metrics": [], "unavailabel": []}"#).1,
        "b.json:1:42: not a baseline: unknown field `unavailabel`, expected one of `schema`, `metrics`, `unavailable`"
    );
    assert!(matches!(Baseline::load("/nonexistent/b.json").unwrap_err(), BaselineError::Read { .. }));
}

#[test]
fn a_bad_entry_is_named_with_its_place() {
    let message = |from: &str, to: &str| {
        let text = GOLDEN.replacen(from, to, 1);
        assert_ne!(text, GOLDEN);
        error(text).1
    };
    let metric = "metrics[0] (startup_time of wasmtime, ready, precompiled): ";
    let line = |n: usize| (n, GOLDEN.lines().nth(n - 1).unwrap());
    assert_eq!(line(4), (4, "    {"));
    assert_eq!(
        message("21450", "-21450"),
        format!("b.json:4:5: {metric}-21450 ns is out of range: a quantity is finite and not negative")
    );
    assert_eq!(
        message("21450", "21450.5"),
        format!("b.json:4:5: {metric}21450.5 is not a whole number of ns, or does not fit 64 bits")
    );
    assert_eq!(message("21450", "NaN"), "b.json:10:16: the baseline is not JSON: expected value");
    assert!(message("\"ns\"", "\"parsecs\"").starts_with(&format!("b.json:11:23: {metric}unknown variant `parsecs`")));
    assert_eq!(
        message("\"ns\"", "\"bytes\""),
        format!("b.json:4:5: {metric}startup_time is not measured in bytes; it takes ns")
    );
    assert!(message("2026-11-23", "2026-02-30").contains("metrics[0] (startup_time of wasmtime, ready, precompiled)"));
    assert!(message("2026-11-23", "2026-02-30").contains("\"2026-02-30\" is no date"));
    assert!(message("48.0.8", "latest").contains("wasmtime has no exact version (\"latest\")"));
    assert!(message("\"temperature\"", "\"temprature\"").contains("unknown field `temprature`"));
    assert!(
        message("\"startup_time\"", "\"speed\"")
            .contains("metrics[0] (speed of wasmtime, ready, precompiled): unknown")
    );
    assert!(message("\"count\": 5000", "\"count\": -1").contains(metric));
    assert!(message("\"low\": 21010", "\"low\": 31010").contains("not an interval"));
    assert!(message("2025-01", "2025-13").contains("metrics[1] (cpu_baseline of container/alpine): "));
    assert!(message("\"remedy\"", "\"cure\"").contains("unavailable[0] (startup_time of wasmedge, ready, cold): "));
    assert!(message("0.5,", "1e999,").contains("number out of range"));
    // The first of two thousand entries on one line, and the last.
    let rows = vec![r#"{"subject":"a","indicator":"density","reason":"","remedy":""}"#; 1999].join(",");
    let text = format!(r#"{{"schema":1,"metrics":[],"unavailable":[{rows},7]}}"#);
    let (error, _) = error(&text);
    let BaselineError::Entry { index, line, column, .. } = error else { panic!("{error:?}") };
    assert_eq!((index, line, column), (1999, 1, text.len() - 2));
}

#[test]
fn saving_keeps_permissions_and_links() {
    let directory = tempdir().unwrap();
    let (path, link) = (directory.path().join("real.json"), directory.path().join("link.json"));
    Baseline::new().save(&path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    symlink("real.json", &link).unwrap();
    golden().save(&link).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o640);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(Baseline::load(&path).unwrap(), golden());
    assert_eq!(names(directory.path()), ["link.json", "real.json"]);
}

#[test]
fn a_failed_save_leaves_the_old_file_and_nothing_else() {
    use std::os::unix::ffi::OsStringExt;

    let directory = tempdir().unwrap();
    let path = directory.path().join("b.json");
    golden().save(&path).unwrap();

    let samples = std::ffi::OsString::from_vec(b"samples/\xff".to_vec());
    let mut unstorable = golden();
    unstorable.push(golden().metrics()[0].clone().with_samples(samples));
    let error = unstorable.save(&path).unwrap_err();
    assert!(matches!(error, BaselineError::Unstorable { index: 2, .. }), "{error:?}");
    assert_eq!(fs::read_to_string(&path).unwrap(), GOLDEN);
    assert_eq!(names(directory.path()), ["b.json"]);

    // A directory cannot be replaced by a file: the last step fails.
    fs::create_dir(directory.path().join("d.json")).unwrap();
    let error = golden().save(directory.path().join("d.json")).unwrap_err();
    assert!(matches!(error, BaselineError::Write { action: "replace", .. }), "{error:?}");
    assert_eq!(names(directory.path()), ["b.json", "d.json"]);

    // Below a file there is no directory.
    let error = golden().save(path.join("c.json")).unwrap_err();
    assert!(matches!(error, BaselineError::Write { .. }), "{error:?}");
    assert!(matches!(golden().save("/").unwrap_err(), BaselineError::Write { .. }));
    assert!(matches!(golden().save("").unwrap_err(), BaselineError::Write { .. }));
}

#[test]
fn a_full_disk_is_an_error_that_keeps_the_old_file() {
    // /dev/full cannot be renamed over; a tiny limit on the file's size stands for a full disk, in a child of its own.
    let directory = tempdir().unwrap();
    let path = directory.path().join("b.json");
    golden().save(&path).unwrap();
    let status = std::process::Command::new("sh")
        .args(["-c", "ulimit -f 0; trap '' XFSZ; exec \"$0\" --exact child_that_cannot_write --nocapture --ignored"])
        .arg(std::env::current_exe().unwrap())
        .env("BASELINE_UNDER_TEST", &path)
        .stdout(std::process::Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
    assert_eq!(fs::read_to_string(&path).unwrap(), GOLDEN);
    assert_eq!(names(directory.path()), ["b.json"]);
}

#[test]
#[ignore = "run by a_full_disk_is_an_error_that_keeps_the_old_file, in a process that may not write"]
fn child_that_cannot_write() {
    let Some(path) = std::env::var_os("BASELINE_UNDER_TEST") else { return };
    let error = Baseline::merge_into(path, golden()).unwrap_err();
    let BaselineError::Write { source, .. } = &error else { panic!("{error:?}") };
    assert_eq!(source.kind(), io::ErrorKind::FileTooLarge);
}

#[test]
fn what_a_killed_run_left_behind_is_replaced() {
    let directory = tempdir().unwrap();
    let victim = directory.path().join("victim");
    fs::write(&victim, "mine").unwrap();
    symlink(&victim, directory.path().join(".b.json.new")).unwrap();
    golden().save(directory.path().join("b.json")).unwrap();
    assert_eq!(names(directory.path()), ["b.json", "victim"]);
    assert_eq!(fs::read_to_string(&victim).unwrap(), "mine");
}

#[test]
fn runs_that_end_together_lose_nothing() {
    let directory = tempdir().unwrap();
    let path = directory.path().join("deep/er/b.json");
    let (writers, rounds) = (8, 10);
    thread::scope(|scope| {
        for writer in 0..writers {
            let path = &path;
            scope.spawn(move || {
                for round in 0..rounds {
                    let mut run = Baseline::new();
                    run.push(golden().metrics()[0].clone().with_workload(format!("{writer}-{round}")));
                    assert!(Baseline::merge_into(path, run).unwrap().is_empty());
                }
            });
        }
    });
    assert_eq!(Baseline::load(&path).unwrap().metrics().len(), writers * rounds);
}

#[test]
fn an_update_returns_what_its_closure_returns() {
    let directory = tempdir().unwrap();
    let path = directory.path().join("b.json");
    let count = Baseline::update_file(&path, |baseline| {
        baseline.merge(golden());
        baseline.metrics().len()
    });
    assert_eq!(count.unwrap(), 2);
    assert_eq!(Baseline::load(&path).unwrap(), golden());
}
