//! Every schema is read for ever, and what a later release wrote is kept.

mod record_support;

use std::fs;

use record_support::golden::{GOLDEN, golden};
use runtime_baseline::{
    Baseline, Bound, Direction, Evidence, Indicator, Lineage, Metric, Quantity, Statistic, Unit, Unknown,
    samples::IntervalMethod,
};
use serde_json::Value;
use tempfile::tempdir;

/// As the release that wrote schema 1 left it.
const SCHEMA_1: &str = include_str!("golden/baseline.schema-1.json");

fn load(text: &str) -> Baseline {
    let directory = tempdir().unwrap();
    let path = directory.path().join("b.json");
    fs::write(&path, text).unwrap();
    Baseline::load(&path).unwrap()
}

/// The text that loading and saving makes of a file.
fn rewritten(text: &str) -> String {
    let directory = tempdir().unwrap();
    let path = directory.path().join("b.json");
    fs::write(&path, text).unwrap();
    Baseline::load(&path).unwrap().save(&path).unwrap();
    fs::read_to_string(&path).unwrap()
}

#[test]
fn schema_1_is_read_and_what_stood_in_its_strings_has_fields() {
    let baseline = load(SCHEMA_1);
    assert_eq!(baseline.unknown(), []);
    let [measured, published] = baseline.metrics() else { panic!("{baseline:?}") };
    assert_eq!((measured.workload(), measured.part()), (Some("ready"), Some("gzip")));
    let conditions = &measured.provenance().environment().conditions;
    assert_eq!((conditions.load.as_deref(), conditions.around), (Some("fill"), Some(100)));
    assert_eq!((conditions.method.as_deref(), conditions.pool), (Some("by hand"), Some(64)));
    assert_eq!(conditions.engine.keys().collect::<Vec<_>>(), ["allocator", "compiler"]);
    assert_eq!(conditions.observed["stopped_by"], "nothing");
    assert_eq!(measured.quantity(), Quantity::nanoseconds(21_450));
    assert_eq!(
        (measured.interval().map(|i| i.low()), measured.count()),
        (Some(Quantity::nanoseconds(21_010)), Some(5000))
    );
    assert_eq!((measured.evidence(), measured.provenance().run()), (None, None), "nobody recorded them");
    assert_eq!((published.bound(), published.part()), (Bound::About, None));
    assert_eq!(baseline.unavailable()[0].reason(), "libwasmedge 0.17.1 not found");
    // Saved, it is of schema 2, and the same.
    let text = rewritten(SCHEMA_1);
    assert!(text.starts_with("{\n  \"schema\": 2,\n  \"runs\": [],\n"), "{text}");
    assert_eq!(load(&text), baseline);
    // What a later release records of the same figure continues it.
    let mut now = measured.clone();
    now = now.with_evidence(Evidence::new(6, 6, 6, IntervalMethod::None));
    assert_eq!(Lineage::of(&now), Lineage::of(measured));
}

#[test]
fn a_run_stands_once_and_its_figures_are_peers() {
    let mut baseline = golden();
    baseline.push(golden().metrics()[0].clone().with_workload("other"));
    let directory = tempdir().unwrap();
    let path = directory.path().join("b.json");
    baseline.save(&path).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(text.matches("\"built_from\"").count(), 1, "{text}");
    let loaded = Baseline::load(&path).unwrap();
    assert_eq!(loaded, baseline);
    let run = loaded.metrics()[0].provenance().run().unwrap();
    assert_eq!(Some(run), loaded.metrics()[3].provenance().run());
    assert_eq!((run.revision(), run.began().date().to_string().as_str()), (Some("2e18a61f9c40-dirty"), "2026-11-23"));
    // A figure alone has its whole run.
    let alone = serde_json::to_string(&loaded.metrics()[0]).unwrap();
    assert_eq!(&serde_json::from_str::<Metric>(&alone).unwrap(), &loaded.metrics()[0]);
}

#[test]
fn an_unknown_field_is_kept_wherever_it_stands() {
    let mut value: Value = serde_json::from_str(GOLDEN).unwrap();
    let places = [
        ("", "of the baseline"),
        ("/runs/0", "of run 0"),
        ("/metrics/0", "of a metric"),
        ("/metrics/0/interval", "of an interval"),
        ("/metrics/0/evidence", "of evidence"),
        ("/metrics/0/provenance", "of a provenance"),
        ("/metrics/0/provenance/source", "of a source"),
        ("/metrics/0/provenance/components/0", "of a component"),
        ("/metrics/0/provenance/environment", "of an environment"),
        ("/metrics/0/provenance/environment/hardware", "of hardware"),
        ("/metrics/0/provenance/environment/software", "of software"),
        ("/metrics/0/provenance/environment/conditions", "of conditions"),
        ("/unavailable/0", "of a row"),
    ];
    for (place, what) in places {
        let Some(Value::Object(object)) = value.pointer_mut(place) else { panic!("{place}") };
        object.insert("a/b~c".to_owned(), serde_json::json!({ "what": what, "list": [1, null, 2.5] }));
    }
    let text = serde_json::to_string_pretty(&value).unwrap();
    let baseline = load(&text);
    assert_eq!(baseline.unknown().len(), places.len());
    assert!(baseline.unknown().iter().all(|unknown| unknown.to_string().contains("unknown field /")));
    assert_eq!(baseline.metrics().len(), 3, "the figures are read all the same");
    let again: Value = serde_json::from_str(&rewritten(&text)).unwrap();
    assert_eq!(again, value);
    // They stay with their entry when another run is merged, and go with it when it is superseded.
    let directory = tempdir().unwrap();
    let path = directory.path().join("b.json");
    fs::write(&path, &text).unwrap();
    let mut run = Baseline::new();
    run.push(golden().metrics()[1].clone());
    let whole = run.merge_into(&path).unwrap().whole;
    assert_eq!(whole.unknown().len(), places.len());
    let whole = golden().merge_into(&path).unwrap().whole;
    assert!(whole.unknown().len() < places.len() && !whole.unknown().is_empty());
}

#[test]
fn an_entry_of_unknown_words_is_kept_to_the_letter_and_the_rest_is_read() {
    for (from, to, word) in [
        (
            "\"startup_time\",\n      \"subject\": \"wasmtime\"",
            "\"speed\",\n      \"subject\": \"wasmtime\"",
            "indicator \"speed\"",
        ),
        ("\"unit\": \"ns\"", "\"unit\": \"parsecs\"", "unit \"parsecs\""),
        ("\"median\"", "\"mode\"", "statistic \"mode\""),
        ("\"precompiled\"", "\"restored\"", "temperature \"restored\""),
        ("\"benchmark\"", "\"rumour\"", "kind of source \"rumour\""),
        ("\"in-process\"", "\"microvm\"", "isolation \"microvm\""),
    ] {
        let text = GOLDEN.replacen(from, to, 1);
        assert_ne!(text, GOLDEN, "{from}");
        let baseline = load(&text);
        assert_eq!((baseline.metrics().len(), baseline.unavailable().len()), (2, 1), "{to}");
        let [Unknown::Entry { list: "metrics", reason, .. }] = &baseline.unknown()[..] else { panic!("{to}") };
        assert!(reason.contains(word), "{reason}");
        let again = rewritten(&text);
        let entry = |text: &str| {
            let start = text.find("    {\n      \"indicator\": \"s").unwrap();
            text[start..][..text[start..].find("\n    }").unwrap()].to_owned()
        };
        assert_eq!(entry(&again), entry(&text), "unchanged to the letter");
        assert!(again.contains("\"built_from\""), "the run that it names is kept");
        assert_eq!(load(&again), baseline);
        // Somebody else's run is merged, and the entry stays, once.
        let directory = tempdir().unwrap();
        let path = directory.path().join("b.json");
        fs::write(&path, &text).unwrap();
        assert_eq!(load(&text).merge_into(&path).unwrap().whole.unknown().len(), 1);
    }
    let row = GOLDEN.replacen(
        "\"subject\": \"wasmedge\",\n      \"indicator\": \"startup_time\"",
        "\"subject\": \"wasmedge\",\n      \"indicator\": \"speed\"",
        1,
    );
    let baseline = load(&row);
    assert_eq!((baseline.unavailable().len(), baseline.unknown().len()), (0, 1));
    assert_eq!(
        baseline.unknown()[0].to_string(),
        "unavailable: speed of wasmedge, ready, cold: unknown indicator \"speed\""
    );
    assert!(rewritten(&row).contains("\"cure\"") || rewritten(&row).contains("\"remedy\": \"set WASMEDGE_DIR\""));
}

#[test]
fn an_indicator_of_one_s_own_is_read_by_whoever_never_heard_of_it() {
    let own = &load(GOLDEN).metrics()[2].clone();
    let (indicator, unit) = (own.indicator(), own.quantity().unit());
    assert_eq!((indicator.as_str(), unit.as_str()), ("queue_depth", "requests"));
    assert_eq!((indicator.direction(), own.statistic().to_string().as_str()), (Direction::LessIsBetter, "p99.9"));
    assert_eq!(own.quantity().to_string(), "2.5 requests");
    // Another process has another table of names: the file says all that must be known.
    let text = GOLDEN.replace("queue_depth", "queue_length").replace("requests", "calls").replace("less_is", "more_is");
    let other = &load(&text).metrics()[2].clone();
    assert_eq!(other.indicator().direction(), Direction::MoreIsBetter);
    assert_eq!(
        other.indicator(),
        Indicator::other("queue_length", Unit::other("calls").unwrap(), Direction::MoreIsBetter).unwrap()
    );
    assert_eq!(other.statistic(), Statistic::quantile(999_000).unwrap());
    assert_eq!(rewritten(&text), text);
}
