//! The example `fleet`: baselines of several nodes become one, in which the machines are kept apart and stand beside each other.

#[path = "../examples/fleet/merge.rs"]
mod merge;

use std::{fs, path::Path};

use merge::{Node, merge};
use runtime_baseline::{
    Baseline, Component, Environment, Indicator, Language, Provenance, Source, SourceKind, Statistic, Unit,
    report::Report, samples::Samples,
};

/// A node's baseline: the start of two subjects there, with samples.
fn node(directory: &Path, cpu: &str, date: &str, starts: [(&str, f64); 2]) {
    let mut baseline = Baseline::new();
    for (subject, nanoseconds) in starts {
        let mut samples = Samples::new(Indicator::StartupTime, Unit::Nanoseconds).unwrap();
        (0..8).for_each(|process| samples.push(process, 0, nanoseconds + f64::from(process)).unwrap());
        let source = Source::new(SourceKind::Benchmark, "fleet").unwrap();
        let mut environment = Environment::default();
        environment.hardware.cpu = Some(cpu.to_owned());
        environment.hardware.cores = Some(4);
        environment.hardware.memory_bytes = Some(16_000_000_000);
        environment.conditions.concurrency = Some(1);
        let component = Component::new(subject, "1.0.0").unwrap();
        let provenance = Provenance::new(source, component, date.parse().unwrap()).with_environment(environment);
        let path = samples.save(directory, subject).unwrap();
        let metric = samples.metric(subject.parse().unwrap(), Statistic::Median, provenance).unwrap();
        baseline.push(metric.with_workload("ready").with_samples(path));
    }
    baseline.save(directory.join("baseline.json")).unwrap();
}

#[test]
fn machines_are_kept_apart_and_stand_beside_each_other() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    node(&at("a"), "a slow CPU", "2026-11-20", [("wasmtime", 40_000.0), ("wasmi", 90_000.0)]);
    node(&at("b"), "a fast CPU", "2026-11-21", [("wasmtime", 10_000.0), ("wasmi", 30_000.0)]);
    // Of the same type as the second, and measured later.
    node(&at("c"), "a fast CPU", "2026-11-22", [("wasmtime", 12_000.0), ("opa", 5_000.0)]);
    let nodes: Vec<String> = ["a", "b", "c"].map(|name| at(name).display().to_string()).into();
    let nodes: Vec<&str> = nodes.iter().map(String::as_str).collect();
    let together = at("together");
    let merged = merge(&together, &nodes).unwrap();
    let brought = |superseded| Node { figures: 2, superseded };
    assert_eq!(merged, [brought(0), brought(0), brought(1)]);
    let whole = Baseline::load(together.join("baseline.json")).unwrap();
    assert_eq!(whole.metrics().len(), 5);
    for metric in whole.metrics() {
        assert!(together.join(metric.samples().unwrap()).exists(), "the samples came along");
    }
    // Again, and nothing changes.
    merge(&together, &nodes).unwrap();
    assert_eq!(Baseline::load(together.join("baseline.json")).unwrap(), whole);

    let report = Report::of(&whole);
    let text = report.markdown(Language::English);
    let table = text.split_once("## The same figure on each machine").expect("a table of machines").1;
    let table = table.split("\n## ").next().unwrap();
    for words in [
        "**1** – a slow CPU, 4 cores",
        "**2** – a fast CPU, 4 cores",
        "| 40 µs |",
        "| 12 µs (3.33× faster) |",
        "| 90 µs |",
        "| 30 µs (3.00× faster) |",
    ] {
        assert!(table.contains(words), "{words}: {table}");
    }
    assert!(!table.contains("opa"), "one machine alone has it: {table}");
    assert!(report.markdown(Language::Chinese).contains("同一数据在各台机器上"));
    assert!(fs::read_to_string(together.join("report.md")).unwrap().contains("## The same figure on each machine"));
}

#[test]
fn one_machine_is_compared_with_none() {
    let directory = tempfile::tempdir().unwrap();
    node(directory.path(), "a CPU", "2026-11-20", [("wasmtime", 40_000.0), ("wasmi", 90_000.0)]);
    let baseline = Baseline::load(directory.path().join("baseline.json")).unwrap();
    assert!(!Report::of(&baseline).markdown(Language::English).contains("The same figure on each machine"));
}

#[test]
fn a_node_without_a_baseline_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let error = merge(&directory.path().join("together"), &["/no/such/node"]).unwrap_err();
    assert!(error.to_string().contains("/no/such/node"), "{error}");
}
