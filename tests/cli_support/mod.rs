//! Runs the command line tool in a directory that is laid out as a checkout is.

#![allow(dead_code, reason = "each test file uses its own part")]

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

use runtime_baseline::{
    Baseline, Component, Environment, Indicator, Metric, Provenance, Quantity, Source, SourceKind, Statistic,
};

pub fn run_in(directory: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_runtime-baseline")).args(args).current_dir(directory).output().unwrap()
}

pub fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Standard output of a command that succeeds.
pub fn done(directory: &Path, args: &[&str]) -> String {
    let output = run_in(directory, args);
    assert!(output.status.success(), "{args:?}: {}", err(&output));
    out(&output)
}

/// Standard error of a command that is refused.
pub fn refused(directory: &Path, args: &[&str]) -> String {
    let output = run_in(directory, args);
    assert_eq!(output.status.code(), Some(2), "{args:?}: {}{}", out(&output), err(&output));
    assert_eq!(out(&output), "", "{args:?}");
    let text = err(&output);
    assert!(text.starts_with("error: "), "{text}");
    text
}

pub fn metric(indicator: Indicator, subject: &str, quantity: &str) -> Metric {
    let source = Source::new(SourceKind::Benchmark, "my-tool 1.2.0, benches/start").unwrap();
    let provenance = Provenance::new(source, Component::new("crun", "1.8.1").unwrap(), "2026-11-23".parse().unwrap());
    let quantity: Quantity = quantity.parse().unwrap();
    Metric::new(indicator, subject.parse().unwrap(), quantity, provenance).unwrap().with_statistic(Statistic::Median)
}

pub fn environment(text: &str) -> Environment {
    text.parse().unwrap()
}

/// A directory in which `target/baseline` holds these.
pub fn checkout(metrics: impl IntoIterator<Item = Metric>) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let mut baseline = Baseline::new();
    metrics.into_iter().for_each(|metric| baseline.push(metric));
    baseline.save(file(directory.path())).unwrap();
    directory
}

pub fn file(directory: &Path) -> PathBuf {
    directory.join("target/baseline/baseline.json")
}

pub fn loaded(directory: &Path) -> Baseline {
    Baseline::load(file(directory)).unwrap()
}

pub fn crun() -> Metric {
    let environment = environment("hardware: [AMD EPYC] 2C 25.276510208G\nsoftware: -\nconditions: -");
    metric(Indicator::LifecycleTime, "crun", "20.390797 ms").with_count(400).with_environment(environment)
}
