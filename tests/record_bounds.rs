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

/// The bound on baselines, in bytes, in values and in what is not known; that on samples; that on files of other tools; that on what people write.
const BASELINE: usize = 160 << 20;
const VALUES: usize = 12_000_000;
const UNKNOWN: usize = 400_000;
const SAMPLES: usize = 32 << 20;
const FOREIGN: usize = 32 << 20;
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
        "rewritten baseline" => Baseline::load(path)
            .and_then(|read| {
                read.save(path)?;
                Baseline::load(path)
            })
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

/// `before`, then as many `item`s as `bytes` and the bound on values allow, with commas between them, then `after`.
fn filled(before: &str, item: impl Fn(usize) -> String, after: &str, bytes: usize) -> String {
    let values = |text: &str| text.bytes().filter(|byte| matches!(byte, b',' | b':')).count();
    let mut left = VALUES - values(before) - values(after);
    let mut text = before.to_owned();
    for index in 0.. {
        let item = item(index);
        let taken = values(&item) + 1;
        if text.len() + item.len() + 1 + after.len() > bytes || taken > left {
            break;
        }
        left -= taken;
        if index > 0 {
            text.push(',');
        }
        text.push_str(&item);
    }
    text + after
}

fn baseline_of(item: impl Fn(usize) -> String) -> String {
    filled("{\"schema\":2,\"metrics\":[", item, "]}", BASELINE)
}

fn golden_metric() -> String {
    let golden: Value = serde_json::from_str(GOLDEN).unwrap();
    golden["metrics"][2].to_string()
}

/// Some bytes below the bound on an entry.
const ENTRY: usize = 250_000;

#[test]
fn a_hundred_thousand_figures_are_read_and_written() {
    let source = "{\"kind\":\"benchmark\",\"reference\":\"runtime-baseline, benches/statistics\"}";
    let figure = |index: usize| {
        format!(
            "{{\"indicator\":\"startup_time\",\"subject\":\"noop\",\"workload\":\"workload-{index}\",\"statistic\":\"median\",\
             \"value\":{},\"unit\":\"ns\",\"interval\":{{\"level\":0.95,\"low\":1,\"high\":900000}},\"count\":100,\
             \"provenance\":{{\"source\":{source},\"components\":[{{\"name\":\"noop\",\"version\":\"0.1.0\"}}],\
             \"date\":\"2026-11-23\"}}}}",
            110_000 + index
        )
    };
    let figures: Vec<String> = (0..100_000).map(figure).collect();
    let text = format!("{{\"schema\":2,\"metrics\":[{}]}}", figures.join(","));
    assert_eq!(said("rewritten baseline", &text), "100000 metrics, 0 not known");
}

#[test]
fn a_baseline_of_nothings_takes_no_more_than_it_may() {
    assert!(said("baseline", &baseline_of(|_| "0".to_owned())).contains("metrics[0]"));
    let of =
        |count: usize| format!("{{\"schema\":2,\"metrics\":[{}]}}", vec!["{\"indicator\":\"q\"}"; count].join(","));
    assert_eq!(said("baseline", &of(UNKNOWN)), format!("0 metrics, {UNKNOWN} not known"));
    assert!(said("baseline", &of(UNKNOWN + 1)).contains("are not known: use the release that wrote them"));
    let mut fields = String::from("{\"schema\":2,\"metrics\":[]");
    for index in 0..1001 {
        write!(fields, ",\"{index}\":0").unwrap();
    }
    fields.push('}');
    assert!(said("baseline", &fields).contains("more than 1000 fields"));
    let more = format!("{{\"schema\":2,\"metrics\":[{}0]}}", "0,".repeat(VALUES));
    assert!(said("baseline", &more).contains("more than 12 million values"));
}

#[test]
fn what_is_not_known_of_an_entry_takes_no_more_than_it_may() {
    let metric = golden_metric();
    // As values these take ninety times as much.
    let nested = filled("\"later\":[", |_| "{\"\":0}".to_owned(), "],", ENTRY);
    let entry = metric.replacen('{', &format!("{{{nested}"), 1);
    let found = said("baseline", &baseline_of(|_| entry.clone()));
    assert!(found.contains(" metrics, ") && !found.starts_with("0 ") && !found.contains(" 0 not known"), "{found}");
    let fields = filled("", |index| format!("\"{index}\":0"), ",", ENTRY);
    let entry = metric.replacen('{', &format!("{{{fields}"), 1);
    assert!(said("baseline", &baseline_of(|_| entry.clone())).contains("are not known"));
    let entry = metric.replacen('{', &format!("{{\"later\":\"{}\",", "x".repeat(256 << 10)), 1);
    let text = format!("{{\"schema\":2,\"metrics\":[{entry}]}}");
    assert!(said("baseline", &text).contains("more than 256 KiB"));
}

#[test]
fn what_is_known_of_an_entry_takes_no_more_than_it_may() {
    let row = |reason: &str| {
        format!("{{\"subject\":\"noop\",\"indicator\":\"startup_time\",\"reason\":\"{reason}\",\"remedy\":\"none\"}}")
    };
    let long = row(&"x".repeat(ENTRY));
    let text = filled("{\"schema\":2,\"metrics\":[],\"unavailable\":[", |_| long.clone(), "]}", BASELINE);
    assert_eq!(said("baseline", &text), "0 metrics, 0 not known");
    // A map of short texts takes the most for its size.
    let mut metric: Value = serde_json::from_str(&golden_metric()).unwrap();
    let settings: Value = (0..ENTRY / 14).map(|index| (index.to_string(), Value::from("a"))).collect::<Value>();
    metric["provenance"]["environment"]["conditions"]["observed"] = settings;
    let entry = metric.to_string();
    let found = said("baseline", &baseline_of(|_| entry.clone()));
    assert!(found.contains(" 0 not known") && !found.starts_with("0 "), "{found}");
}

#[test]
fn runs_that_only_entries_which_are_not_known_name_are_found_at_once() {
    // Each run was looked for in all that is not known: tens of thousands of times sixteen megabytes.
    let golden: Value = serde_json::from_str(GOLDEN).unwrap();
    let run = golden["runs"][0].to_string();
    let id = golden["runs"][0]["id"].as_str().unwrap();
    let runs: Vec<String> = (0..100_000).map(|index| run.replace(id, &format!("{index:032x}"))).collect();
    let before = format!("{{\"schema\":2,\"runs\":[{}],\"metrics\":[", runs.join(","));
    let unknown: Vec<String> =
        (0..UNKNOWN).map(|index| format!("{{\"indicator\":\"q\",\"x\":\"{index:032x}\"}}")).collect();
    assert!(said("baseline", &format!("{before}{}]}}", unknown.join(","))).contains("0 metrics"));
}

#[test]
fn what_is_larger_than_its_kind_is_not_read() {
    for (kind, most, text) in [
        ("baseline", BASELINE, "160 MiB"),
        ("samples", SAMPLES, "32 MiB"),
        ("hyperfine", FOREIGN, "32 MiB"),
        ("claims", WRITTEN, "1 MiB"),
        ("limits", WRITTEN, "1 MiB"),
    ] {
        let found = said(kind, &" ".repeat(most + 1));
        assert!(found.contains(&format!("larger than {text}")), "{kind}: {found}");
    }
}

#[test]
fn samples_and_files_of_others_take_no_more_than_they_may() {
    assert_eq!(said("samples", &format!("startup_time_ns\n{}", "0\n".repeat((SAMPLES - 16) / 2))), "samples");
    let turns = format!("process,turn,startup_time_ns\n{}", "0,0,0\n".repeat((SAMPLES - 29) / 6));
    assert_eq!(said("samples", &turns), "samples");
    for item in ["{\"\":0}", "[0]", "0", "{}"] {
        let text =
            filled("{\"results\":[{\"command\":\"x\",\"parameters\":{\"a\":[", |_| item.to_owned(), "]}}]}", FOREIGN);
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
    let found = said("claims", &filled("schema=1\nx=[", |_| "{a=0}".to_owned(), "]", WRITTEN));
    assert!(found.contains("x"), "{found}");
}
