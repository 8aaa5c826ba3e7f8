//! Every schema is read for ever, and what a later release wrote is kept.

mod record_support;

use std::fs;

use record_support::golden::{GOLDEN, WRITTEN, golden};
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
    let text =
        WRITTEN.replace("queue_depth", "queue_length").replace("requests", "calls").replace("less_is", "more_is");
    let other = &load(&text).metrics()[2].clone();
    assert_eq!(other.indicator().direction(), Direction::MoreIsBetter);
    assert_eq!(
        other.indicator(),
        Indicator::other("queue_length", Unit::other("calls").unwrap(), Direction::MoreIsBetter).unwrap()
    );
    assert_eq!(other.statistic(), Statistic::quantile(999_000).unwrap());
    assert_eq!(rewritten(&text), text);
}

/// A baseline of one figure of the golden file's first, with a run of its own, and the list of runs that is given.
fn with_runs(runs: Value, run: Value) -> String {
    let mut value: Value = serde_json::from_str(GOLDEN).unwrap();
    value["runs"] = runs;
    value["metrics"] = serde_json::json!([value["metrics"][0]]);
    value["metrics"][0]["provenance"]["run"] = run;
    serde_json::to_string_pretty(&value).unwrap()
}

#[test]
fn runs_of_one_id_are_not_taken_for_each_other() {
    let id = "0123456789abcdef0123456789abcdef";
    let run = |began: &str| serde_json::json!({ "id": id, "began": began });
    let (morning, evening) = (run("2026-11-23T10:00:00.000Z"), run("2026-11-23T20:00:00.000Z"));
    // A figure that brought its own run along, beside the list's.
    let mut value: Value = serde_json::from_str(&with_runs(serde_json::json!([morning]), evening.clone())).unwrap();
    let mut other = value["metrics"][0].clone();
    other["workload"] = "other".into();
    other["provenance"]["run"] = id.into();
    value["metrics"].as_array_mut().unwrap().push(other);
    let text = value.to_string();
    let baseline = load(&text);
    let began = |baseline: &Baseline| -> Vec<String> {
        baseline.metrics().iter().map(|metric| metric.provenance().run().unwrap().began().to_string()).collect()
    };
    assert_eq!(began(&baseline), ["2026-11-23T20:00:00.000Z", "2026-11-23T10:00:00.000Z"]);
    assert_eq!(load(&rewritten(&text)), baseline);
    // Two in the list are an error, unless they say the same.
    let directory = tempdir().unwrap();
    let path = directory.path().join("b.json");
    fs::write(&path, with_runs(serde_json::json!([morning, evening]), id.into())).unwrap();
    let error = Baseline::load(&path).unwrap_err().to_string();
    assert!(error.contains("runs[1]") && error.contains("another run has the same id"), "{error}");
    fs::write(&path, with_runs(serde_json::json!([morning, morning]), id.into())).unwrap();
    Baseline::load(&path).unwrap();
}

#[test]
fn what_is_not_known_of_a_run_is_kept_wherever_the_run_stands() {
    let id = "0123456789abcdef0123456789abcdef";
    let run = serde_json::json!({ "id": id, "began": "2026-11-23T10:00:00.000Z", "later": [1] });
    for text in [
        // Within its figure; and of a run that no figure names.
        with_runs(serde_json::json!([]), run.clone()),
        with_runs(
            serde_json::json!([run]),
            serde_json::json!({ "id": "f".repeat(32), "began": "2026-11-23T10:00:00Z" }),
        ),
    ] {
        let baseline = load(&text);
        assert_eq!(baseline.unknown().len(), 1, "{text}");
        let again = load(&rewritten(&text));
        assert_eq!((again.unknown(), &again), (baseline.unknown(), &baseline), "{text}");
    }
    // A whole run that is not known.
    let text = with_runs(serde_json::json!([run, { "indicator": "speed" }]), id.into());
    let (baseline, again) = (load(&text), load(&rewritten(&text)));
    assert_eq!((again.unknown(), baseline.unknown().len()), (baseline.unknown(), 2));
}

#[test]
fn an_instant_that_could_not_be_read_again_is_refused() {
    for began in ["9999-12-31T23:59:59-01:00", "0000-01-01T00:00:00+01:00"] {
        let directory = tempdir().unwrap();
        let path = directory.path().join("b.json");
        let run = serde_json::json!({ "id": "f".repeat(32), "began": began });
        fs::write(&path, with_runs(serde_json::json!([]), run)).unwrap();
        assert!(Baseline::load(&path).unwrap_err().to_string().contains("no instant"), "{began}");
    }
}

#[test]
fn the_order_of_fields_that_are_not_known_is_no_difference() {
    let mut value: Value = serde_json::from_str(GOLDEN).unwrap();
    let metric = &mut value["metrics"][0];
    metric["a"] = 1.into();
    metric["provenance"]["environment"]["conditions"]["later"] = 2.into();
    let first = value.to_string();
    // The same field before and behind the rest, and once more.
    let last = first.replacen("{\"a\":1,", "{", 1).replacen(",\"workload\":", ",\"a\":0,\"a\":1,\"workload\":", 1);
    assert_ne!(last, first);
    assert_eq!(load(&last), load(&first));
    assert_eq!(load(&rewritten(&last)), load(&first));
}
