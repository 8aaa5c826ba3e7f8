//! Tests that see a process end: one of the same file in a process of its own, and whether another is gone.

use std::{
    env,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// Set in the process that a test starts to see it end.
pub const INNER: &str = "RUNTIME_BASELINE_TEST_INNER";

/// One test of this file in a process of its own.
pub fn inner(test: &str) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture"]).env(INNER, "1");
    command
}

/// Whether that process is gone, within ten seconds.
pub fn gone(pid: u32) -> bool {
    let begun = Instant::now();
    while Path::new(&format!("/proc/{pid}")).exists() {
        if begun.elapsed() > Duration::from_secs(10) {
            return false;
        }
        thread::sleep(Duration::from_millis(5));
    }
    true
}

/// Starts a process that says `serving`, and which servers it has: their ids.
pub fn serving(command: &mut Command) -> (Child, Vec<u32>) {
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let said = lines.find_map(|line| line.strip_prefix("serving ").map(str::to_owned)).expect("it serves");
    (child, said.split(' ').map(|pid| pid.parse().unwrap()).collect())
}
