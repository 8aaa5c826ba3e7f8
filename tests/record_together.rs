//! Two runs that end in one directory lose nothing: each writes samples, merges its figures and writes the report anew, as a
//! bench does at its end, fifty times.

mod record_support;

use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
};

use record_support::golden::golden;
use runtime_baseline::{
    Baseline, Indicator, Language, Unit,
    report::{self, Report},
    samples::{Samples, recompute},
};
use tempfile::tempdir;

const ROUNDS: u32 = 50;

fn start(directory: &Path, writer: u32) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child_that_ends_fifty_runs", "--nocapture", "--ignored"])
        .env("DIRECTORY_UNDER_TEST", directory)
        .env("WRITER_UNDER_TEST", writer.to_string())
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn two_runs_in_one_directory_lose_nothing_in_fifty_rounds() {
    let directory = tempdir().unwrap();
    let children: Vec<Child> = (0..2).map(|writer| start(directory.path(), writer)).collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "a run failed because of the other: {}", output.status);
    }
    let baseline = Baseline::load(directory.path().join("baseline.json")).unwrap();
    assert_eq!(baseline.metrics().len(), 2 * ROUNDS as usize);
    for metric in baseline.metrics() {
        let again = recompute(metric, directory.path()).unwrap();
        assert!(again.is_of(metric), "{:?} has the samples of another", metric.workload());
    }
    let report = fs::read_to_string(directory.path().join("report.md")).unwrap();
    assert!(report.ends_with('\n') && report.len() > 1000, "a whole report");
    let mut names: Vec<_> = fs::read_dir(directory.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["baseline.json", "report.md", "samples"], "nothing is left beside them");
    let left = fs::read_dir(directory.path().join("samples")).unwrap();
    assert_eq!(left.count(), 2 * ROUNDS as usize);
}

#[test]
#[ignore = "run twice at once by two_runs_in_one_directory_lose_nothing_in_fifty_rounds"]
fn child_that_ends_fifty_runs() {
    let Some(directory) = std::env::var_os("DIRECTORY_UNDER_TEST") else { return };
    let directory = Path::new(&directory);
    let writer: u32 = std::env::var("WRITER_UNDER_TEST").unwrap().parse().unwrap();
    for round in 0..ROUNDS {
        let mut samples = Samples::new(Indicator::StartupTime, Unit::Nanoseconds).unwrap();
        for turn in 0..20 {
            samples.push(0, turn, f64::from(1_000_000 * writer + 1000 * round + turn)).unwrap();
        }
        // All under one stem: the content alone tells them apart.
        let path = samples.save(directory, "startup_time.noop").unwrap();
        let provenance = golden().metrics()[0].provenance().clone();
        let metric = samples.metric("noop".parse().unwrap(), runtime_baseline::Statistic::Median, provenance).unwrap();
        let mut run = Baseline::new();
        run.push(metric.with_workload(format!("{writer}-{round}")).with_samples(path));
        let whole = run.merge_into(directory.join("baseline.json")).unwrap().whole;
        let text = Report::of(&whole).with_raw_data(directory).markdown(Language::English);
        report::save(directory.join("report.md"), &text).unwrap();
    }
}
