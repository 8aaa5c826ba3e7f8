//! The wall time of an external process as this crate takes it, beside hyperfine's of the same command.

use std::{error::Error, fs, process::Command};

use runtime_baseline::{
    probe::process,
    stats::{Change, Summary},
};
use serde_json::Value;

/// Runs of a turn: short enough that a machine that changes speed does it to both.
const RUNS: usize = 50;

/// So many runs before each turn are not kept.
const WARM_UP: usize = 5;

/// A process of some milliseconds, as the peers here are, that waits for nothing: within 5 % of hyperfine is the goal. Of one
/// without anything of its own hyperfine's median is some 50 µs longer: it works between two runs and forgets its caches.
const COMMAND: [&str; 5] = ["dd", "if=/dev/zero", "of=/dev/null", "bs=1M", "count=300"];

/// Takes `turns` turns of each, and prints how far the medians are apart.
pub fn cross_check(turns: usize) {
    if let Err(error) = compare(turns) {
        println!("hyperfine: {error}; make setup brings it");
    }
}

fn compare(turns: usize) -> Result<(), Box<dyn Error>> {
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..turns {
        theirs.extend(hyperfine()?);
        for run in 0..RUNS + WARM_UP {
            let time = process(Command::new(COMMAND[0]).args(&COMMAND[1..]).stderr(std::process::Stdio::null()))?;
            ours.extend((run >= WARM_UP).then_some(time));
        }
    }
    let (ours, theirs) = (Summary::of(&ours)?, Summary::of(&theirs)?);
    let (command, runs) = (COMMAND.join(" "), ours.count());
    let [here, there] = [&ours, &theirs].map(|summary| summary.median() / 1000);
    print!("{command}, {runs} runs each in turns of {RUNS}: median {here} µs here, {there} µs by hyperfine");
    if let Some(Change { ratio, .. }) = Change::between(&theirs, &ours, 0.95) {
        let [value, low, high] = [ratio.value, ratio.low, ratio.high].map(|ratio| (ratio - 1.0) * 100.0);
        print!(": {value:+.1} % (95 % interval {low:+.1} … {high:+.1})");
    }
    println!();
    Ok(())
}

/// Wall times in nanoseconds.
fn hyperfine() -> Result<Vec<u64>, Box<dyn Error>> {
    let directory = tempfile::tempdir()?;
    let export = directory.path().join("times.json");
    let numbers = [format!("--warmup={WARM_UP}"), format!("--runs={RUNS}")];
    let mut command = Command::new("hyperfine");
    command.args(["--shell=none", "--style=none", "--export-json"]).arg(&export).args(numbers).arg(COMMAND.join(" "));
    let output = command.output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned().into());
    }
    let report: Value = serde_json::from_str(&fs::read_to_string(&export)?)?;
    let times = report["results"][0]["times"].as_array().ok_or("its report has no times")?;
    times.iter().map(|time| Ok((time.as_f64().ok_or("a time is no number")? * 1e9) as u64)).collect()
}
