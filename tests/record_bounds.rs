//! No file takes more than a gigabyte to read, whatever it holds: each is read by a process that may have no more.

mod record_support;

use std::{fmt::Write, fs, path::Path, process::Command};

use record_support::golden::GOLDEN;
use runtime_baseline::{
    Baseline, Claims, Component, Indicator, Provenance, Source, SourceKind, compare::Limits, exchange::Import,
    samples::Recorded,
};
use serde_json::Value;

/// What a process may have of memory, in KiB.
const MOST_KIB: u64 = 1 << 20;

/// The bound on recorded files; that on files of other tools; that on what people write.
const RECORDED: usize = 32 << 20;
const FOREIGN: usize = 8 << 20;
const WRITTEN: usize = 1 << 20;

/// Has another process read a file of this text, and returns what it said of it.
fn said(kind: &str, text: &str) -> String {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("file");
    fs::write(&path, text).unwrap();
    let output = Command::new("sh")
        .args(["-c", &format!("ulimit -d {MOST_KIB}; exec \"$0\" --exact child_that_reads --nocapture --ignored")])
        .arg(std::env::current_exe().unwrap())
        .env("KIND_UNDER_TEST", kind)
        .env("FILE_UNDER_TEST", &path)
        .output()
        .unwrap();
    let out = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{kind}: {}: {}", output.status, String::from_utf8_lossy(&output.stderr));
    let line = out.lines().find_map(|line| line.split_once("said: ")).expect(&out).1;
    line.chars().take(300).collect()
}

#[test]
#[ignore = "run by the other tests, in a process with little memory"]
fn child_that_reads() {
    let (Some(kind), Some(path)) = (std::env::var_os("KIND_UNDER_TEST"), std::env::var_os("FILE_UNDER_TEST")) else {
        return;
    };
    let path = Path::new(&path);
    let result = match kind.to_str().unwrap() {
        "baseline" => Baseline::load(path)
            .map(|read| format!("{} metrics, {} not known", read.metrics().len(), read.unknown().len()))
            .map_err(|error| error.to_string()),
        "samples" => Recorded::load(path).map(|_| "samples".to_owned()).map_err(|error| error.to_string()),
        "claims" => Claims::load(path).map(|read| format!("{} claims", read.len())).map_err(|error| error.to_string()),
        "limits" => Limits::load(path).map(|read| format!("{} limits", read.len())).map_err(|error| error.to_string()),
        "hyperfine" => {
            let source = Source::new(SourceKind::Benchmark, "hyperfine 1.20.0").unwrap();
            let tool = Component::new("tool", "1.0.0").unwrap();
            let provenance = Provenance::new(source, tool, "2026-11-23".parse().unwrap());
            let import = Import::new(Indicator::LifecycleTime, provenance).unwrap();
            import.hyperfine(path).map(|_| "figures".to_owned()).map_err(|error| error.to_string())
        }
        other => panic!("{other}"),
    };
    let (Ok(text) | Err(text)) = result;
    println!("said: {}", text.chars().take(2000).collect::<String>().replace('\n', " "));
}

/// `before`, then as many `item`s as `bytes` hold, with commas between them, then `after`.
fn filled(before: &str, item: &str, after: &str, bytes: usize) -> String {
    let count = (bytes - before.len() - after.len()) / (item.len() + 1);
    let mut text = String::with_capacity(bytes);
    text.push_str(before);
    for index in 0..count {
        let comma = if index == 0 { "" } else { "," };
        let _ = write!(text, "{comma}{item}");
    }
    text.push_str(after);
    text
}

#[test]
fn a_baseline_of_nothings_takes_no_more_than_it_may() {
    let nothings = filled("{\"schema\":2,\"metrics\":[", "0", "]}", RECORDED);
    assert!(said("baseline", &nothings).contains("metrics[0]"));
    let unknown = filled("{\"schema\":2,\"metrics\":[", "{\"indicator\":\"q\"}", "]}", RECORDED);
    assert!(said("baseline", &unknown).contains("0 metrics, 1"), "each is kept");
    let mut fields = String::from("{\"schema\":2,\"metrics\":[]");
    (0..1001).for_each(|index| drop(write!(fields, ",\"{index}\":0")));
    fields.push('}');
    assert!(said("baseline", &fields).contains("more than 1000 fields"));
}

#[test]
fn what_is_not_known_of_an_entry_takes_no_more_than_it_may() {
    let golden: Value = serde_json::from_str(GOLDEN).unwrap();
    let metric = golden["metrics"][2].to_string();
    // A megabyte each, which is ninety as values.
    let later = filled("\"later\":[", "{\"\":0}", "],", 1_000_000);
    let entry = metric.replacen('{', &format!("{{{later}"), 1);
    let text = filled("{\"schema\":2,\"metrics\":[", &entry, "]}", RECORDED);
    let found = said("baseline", &text);
    assert!(found.contains(" metrics, ") && !found.starts_with("0 ") && !found.contains(" 0 not known"), "{found}");
    let entry = metric.replacen('{', &format!("{{\"later\":\"{}\",", "x".repeat(1 << 20)), 1);
    let text = format!("{{\"schema\":2,\"metrics\":[{entry}]}}");
    assert!(said("baseline", &text).contains("more than 1024 KiB"));
}

#[test]
fn runs_that_only_entries_which_are_not_known_name_are_found_at_once() {
    // Each run was looked for in all that is not known: tens of thousands of times sixteen megabytes.
    let golden: Value = serde_json::from_str(GOLDEN).unwrap();
    let run = golden["runs"][0].to_string();
    let id = golden["runs"][0]["id"].as_str().unwrap();
    let mut runs = String::new();
    for index in 0.. {
        if runs.len() > RECORDED / 2 - 1000 {
            break;
        }
        let comma = if index == 0 { "" } else { "," };
        let _ = write!(runs, "{comma}{}", run.replace(id, &format!("{index:032x}")));
    }
    let text =
        filled(&format!("{{\"schema\":2,\"runs\":[{runs}],\"metrics\":["), "{\"indicator\":\"q\"}", "]}", RECORDED);
    assert!(said("baseline", &text).contains("0 metrics"));
}

#[test]
fn what_is_larger_than_its_kind_is_not_read() {
    for (kind, most, text) in [
        ("baseline", RECORDED, "32 MiB"),
        ("samples", RECORDED, "32 MiB"),
        ("hyperfine", FOREIGN, "8 MiB"),
        ("claims", WRITTEN, "1 MiB"),
        ("limits", WRITTEN, "1 MiB"),
    ] {
        let found = said(kind, &" ".repeat(most + 1));
        assert!(found.contains(&format!("larger than {text}")), "{kind}: {found}");
    }
}

#[test]
fn samples_and_files_of_others_take_no_more_than_they_may() {
    assert_eq!(said("samples", &format!("startup_time_ns\n{}", "0\n".repeat((RECORDED - 16) / 2))), "samples");
    let turns = format!("process,turn,startup_time_ns\n{}", "0,0,0\n".repeat((RECORDED - 29) / 6));
    assert_eq!(said("samples", &turns), "samples");
    for item in ["{\"\":0}", "[0]", "0", "{}"] {
        let text = filled("{\"results\":[{\"command\":\"x\",\"parameters\":{\"a\":[", item, "]}}]}", FOREIGN);
        let found = said("hyperfine", &text);
        assert!(!found.is_empty(), "{item}: {found}");
    }
}

#[test]
fn claims_and_limits_take_no_more_than_they_may() {
    let limit = "[[limit]]\nseries=\"a\"\nignore=true\n";
    let text = limit.repeat(WRITTEN / limit.len());
    assert!(said("limits", &text).contains("at most 1000 limits"));
    let long = format!("[[limit]]\nseries=\"{}\"\nignore=true\n", "a*".repeat(WRITTEN / 2 - 50));
    assert!(said("limits", &long).contains("one pattern has"));
    let found = said("claims", &filled("schema=1\nx=[", "{a=0}", "]", WRITTEN));
    assert!(found.contains("x"), "{found}");
}
