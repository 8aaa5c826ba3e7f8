//! The wall time of an external process as this crate takes it, beside hyperfine's of the same command.

use std::{fs, process::Command};

use runtime_baseline::{
    probe::process,
    stats::{Change, Summary},
};
use serde_json::Value;

/// Runs of a turn: short enough that a machine that changes speed does it to both.
const RUNS: usize = 50;

/// A process without much of its own: what differs between the two tools would show.
const COMMAND: &str = "/bin/true";

/// Takes `turns` turns of each, and prints how far the medians are apart.
pub fn cross_check(turns: usize) {
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..turns {
        match hyperfine() {
            Ok(times) => theirs.extend(times),
            Err(reason) => return println!("hyperfine: {reason}; on Debian, apt-get install hyperfine"),
        }
        // As many unrecorded runs first as hyperfine was told to make.
        let times: Result<Vec<u64>, _> = (0..RUNS + 5).map(|_| process(&mut Command::new(COMMAND))).collect();
        match times {
            Ok(times) => ours.extend(&times[5..]),
            Err(error) => return println!("the process could not be timed: {error}"),
        }
    }
    let summary = |times: &[u64]| Summary::of(times).expect("a turn has runs");
    let (ours, theirs) = (summary(&ours), summary(&theirs));
    let interval = Change::between(&theirs, &ours, 0.95).map_or_else(String::new, |change| {
        let percent = |ratio: f64| (ratio - 1.0) * 100.0;
        let ratio = change.ratio;
        format!(
            ": {:+.1} % (95 % interval {:+.1} … {:+.1})",
            percent(ratio.value),
            percent(ratio.low),
            percent(ratio.high)
        )
    });
    println!(
        "{COMMAND}, {} runs each in turns of {RUNS}: median {} µs here, {} µs by hyperfine{interval} (goal: within 5 %)",
        ours.count(),
        ours.median() / 1000,
        theirs.median() / 1000,
    );
}

/// Wall times in nanoseconds.
fn hyperfine() -> Result<Vec<u64>, String> {
    let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
    let export = directory.path().join("times.json");
    let runs = RUNS.to_string();
    let output = Command::new("hyperfine")
        .args(["--shell=none", "--warmup=5", "--style=none", "--runs", &runs, "--export-json"])
        .args([export.as_os_str(), COMMAND.as_ref()])
        .output()
        .map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned());
    }
    let text = fs::read_to_string(&export).map_err(|error| error.to_string())?;
    let report: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let times = report["results"][0]["times"].as_array().ok_or("its report has no times")?;
    times.iter().map(|time| time.as_f64().map(|s| (s * 1e9) as u64).ok_or("a time is no number".to_owned())).collect()
}
