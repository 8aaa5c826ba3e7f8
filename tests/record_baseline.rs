//! The stored form: pinned to the letter, lossless, and whole whatever happens to it.

mod record_support;

use std::fs;

use proptest::prelude::*;
use record_support::golden::{GOLDEN, WRITTEN, golden, names};
use runtime_baseline::{Baseline, BaselineError};
use tempfile::tempdir;

#[test]
fn the_stored_form_is_this_to_the_letter() {
    let directory = tempdir().unwrap();
    let path = directory.path().join("baseline.json");
    golden().save(&path).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), WRITTEN);
    assert_eq!(Baseline::load(&path).unwrap(), golden());
    assert_eq!(names(directory.path()), ["baseline.json"]);
    fs::write(&path, GOLDEN).unwrap();
    assert_eq!(Baseline::load(&path).unwrap(), golden(), "however it is laid out");
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
    assert!(golden().merge_into(&path).is_err());
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
        format!("b.json: schema {found}: this release reads 1 and 2; update runtime-baseline, or move the file away")
    };
    assert_eq!(error(r#"{"schema": 3, "metrics": {"by": "name"}}"#).1, schema("3"));
    assert_eq!(error(GOLDEN.replace("\"schema\": 2", "\"schema\": 7")).1, schema("7"));
    assert_eq!(error(GOLDEN.replace("\"schema\": 2", "\"schema\": 0")).1, schema("0"));
    assert_eq!(error(GOLDEN.replace("\"schema\": 2", "\"schema\": \"1\"")).1, schema("\"1\""));
    assert_eq!(error(r#"{"metrics": []}"#).1, schema("missing"));
    assert_eq!(error("schema = 1\n").1, "b.json:1:1: the baseline is not JSON: expected value");
    // What breaks off or is no JSON further down is that, whatever the schema.
    assert_eq!(error(r#"{"schema": 3, "metrics": ]}"#).1, "b.json:1:26: the baseline is not JSON: expected value");
    assert_eq!(error(b"{\n\"schema\": \"\xff\"").1, "b.json:2:12: the baseline is not JSON: not UTF-8");
    assert_eq!(
        error(r#"{"schema": 1, "metrics": 5}"#).1,
        "b.json:1:26: not a baseline: invalid type: integer `5`, expected a sequence"
    );
    for text in ["[]", r#"[2, [], []]"#, r#" [{"schema": 2}]"#] {
        assert_eq!(error(text).1, "b.json:1:1: not a baseline: an array, and a baseline is an object");
    }
    assert!(error(r#"{"schema": 2, "metrics": [], "metrics": []}"#).1.contains("duplicate field `metrics`"));
    assert!(error(r#"{"schema": 2, "unavailable": []}"#).1.contains("missing field `metrics`"));
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
    assert_eq!(line(11), (11, "    {"));
    assert_eq!(
        message("21450", "-21450"),
        format!("b.json:11:5: {metric}-21450 ns is out of range: a quantity is finite and not negative")
    );
    assert_eq!(
        message("21450", "21450.5"),
        format!("b.json:11:5: {metric}21450.5 is not a whole number of ns, or does not fit 64 bits")
    );
    assert_eq!(message("21450", "NaN"), "b.json:17:16: the baseline is not JSON: expected value");
    assert_eq!(
        message("\"ns\"", "\"bytes\""),
        format!("b.json:11:5: {metric}startup_time is not measured in bytes; it takes ns")
    );
    assert!(
        message("\"date\": \"2026-11-23\"", "\"date\": \"2026-02-30\"")
            .contains("metrics[0] (startup_time of wasmtime, ready, precompiled)")
    );
    assert!(message("\"date\": \"2026-11-23\"", "\"date\": \"2026-02-30\"").contains("\"2026-02-30\" is no date"));
    assert!(message("48.0.8", "latest").contains("wasmtime has no exact version (\"latest\")"));
    assert!(message("\"value\"", "\"worth\"").contains("missing field `value`"));
    assert!(message("\"run\": \"0", "\"run\": \"1").contains("is not among the runs of the baseline"));
    assert!(message("\"id\": \"0", "\"id\": \"x").contains("runs[0]"));
    assert!(message("2026-11-23T10:07", "2026-11-23T25:07").contains("is no instant"));
    assert!(message("\"count\": 5000", "\"count\": -1").contains(metric));
    assert!(message("\"low\": 21010", "\"low\": 31010").contains("not an interval"));
    assert!(message("2025-01", "2025-13").contains("metrics[1] (cpu_baseline of container/alpine): "));
    assert!(message("\"remedy\"", "\"cure\"").contains("unavailable[0] (startup_time of wasmedge, ready, cold): "));
    assert!(message("0.5,", "1e999,").contains("number out of range"));
    assert!(error(r#"{"schema": 2, "metrics": [[]]}"#).1.contains("an array, and an entry is an object"));
    // The first of two thousand entries on one line, and the last.
    let rows = vec![r#"{"subject":"a","indicator":"density","reason":"","remedy":""}"#; 1999].join(",");
    let text = format!(r#"{{"schema":1,"metrics":[],"unavailable":[{rows},7]}}"#);
    let (error, _) = error(&text);
    let BaselineError::Entry { index, line, column, .. } = error else { panic!("{error:?}") };
    assert_eq!((index, line, column), (1999, 1, text.len() - 2));
}

/// Of so many that several threads read them.
#[test]
fn a_large_baseline_keeps_its_order_and_names_its_first_fault() {
    let count = 20_000;
    let text = |wrong: &[usize]| {
        let figure = |index: usize| {
            let statistic = if wrong.contains(&index) { "5" } else { "\"median\"" };
            format!(
                "{{\"indicator\":\"startup_time\",\"subject\":\"noop\",\"workload\":\"w{index}\",\"statistic\":{statistic},\
                 \"value\":{index},\"unit\":\"ns\",\"later\":{index},\"provenance\":{{\"source\":{{\"kind\":\"benchmark\",\
                 \"reference\":\"a bench\"}},\"components\":[{{\"name\":\"noop\",\"version\":\"0.1.0\"}}],\
                 \"date\":\"2026-11-23\"}}}}"
            )
        };
        let figures: Vec<String> = (0..count).map(figure).collect();
        format!("{{\"schema\":2,\"metrics\":[{}]}}", figures.join(","))
    };
    let directory = tempdir().unwrap();
    let path = directory.path().join("b.json");
    fs::write(&path, text(&[])).unwrap();
    let read = Baseline::load(&path).unwrap();
    let values: Vec<u64> = read.metrics().iter().map(|metric| metric.quantity().as_f64() as u64).collect();
    assert!(values.iter().copied().eq(0..count as u64) && read.unknown().len() == count);
    let (error, _) = error(text(&[count / 4, count - 1]));
    assert!(matches!(error, BaselineError::Entry { index, .. } if index == count / 4), "{error}");
}
