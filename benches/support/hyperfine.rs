//! The wall time of an external process as this crate takes it, beside hyperfine's of the same command.

use std::{fs, process::Command};

use runtime_baseline::{
    probe::process,
    stats::{Change, Summary},
};
use serde_json::Value;

/// Runs of a turn: short enough that a machine that changes speed does it to both.
const RUNS: usize = 50;

/// A process as the peers here are, of some milliseconds, and one without anything of its own: there hyperfine's median is
/// some 50 µs longer. Both spawn in the same way and wait for the exit, but it works between two runs and forgets its caches.
const COMMANDS: [(&[&str], &str); 2] = [
    (&["/bin/sh", "-c", "i=0; while [ $i -lt 30000 ]; do i=$((i+1)); done"], "goal: within 5 %"),
    (&["/bin/true"], "the floor of both tools"),
];

/// Takes `turns` turns of each, and prints how far the medians are apart.
pub fn cross_check(turns: usize) {
    COMMANDS.iter().for_each(|(words, goal)| one(words, goal, turns));
}

/// The command in one line, as hyperfine takes it without a shell.
fn line(words: &[&str]) -> String {
    let quoted = |word: &&str| if word.contains(' ') { format!("'{word}'") } else { (*word).to_owned() };
    words.iter().map(quoted).collect::<Vec<_>>().join(" ")
}

fn one(words: &[&str], goal: &str, turns: usize) {
    let command = line(words);
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..turns {
        match hyperfine(&command) {
            Ok(times) => theirs.extend(times),
            Err(reason) => return println!("hyperfine: {reason}; on Debian, apt-get install hyperfine"),
        }
        // As many unrecorded runs first as hyperfine was told to make.
        let times: Result<Vec<u64>, _> =
            (0..RUNS + 5).map(|_| process(Command::new(words[0]).args(&words[1..]))).collect();
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
        "{command}, {} runs each in turns of {RUNS}: median {} µs here, {} µs by hyperfine{interval} ({goal})",
        ours.count(),
        ours.median() / 1000,
        theirs.median() / 1000,
    );
}

/// Wall times in nanoseconds.
fn hyperfine(command: &str) -> Result<Vec<u64>, String> {
    let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
    let export = directory.path().join("times.json");
    let runs = RUNS.to_string();
    let output = Command::new("hyperfine")
        .args(["--shell=none", "--warmup=5", "--style=none", "--runs", &runs, "--export-json"])
        .args([export.as_os_str(), command.as_ref()])
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
