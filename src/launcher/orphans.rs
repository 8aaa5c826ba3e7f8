//! Ends the processes that a helper inherited from one that died.

use std::{
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};

/// How long a killed process may take to end. It takes milliseconds; one that hangs in a driver must not hang us.
const PATIENCE: Duration = Duration::from_secs(5);

/// Kills and reaps every child of this process but the ones to keep.
pub(super) fn end_children_except(keep: &[Pid]) {
    let deadline = Instant::now() + PATIENCE;
    // One that was just being forked may appear behind the scan: look until nothing is left.
    while Instant::now() < deadline {
        let orphans = children_except(keep);
        if orphans.is_empty() {
            return;
        }
        for &pid in &orphans {
            let _ = kill_process(pid, Signal::KILL);
        }
        thread::sleep(Duration::from_millis(1));
        for &pid in &orphans {
            let _ = waitpid(Some(pid), WaitOptions::NOHANG);
        }
    }
}

fn children_except(keep: &[Pid]) -> Vec<Pid> {
    let own = std::process::id() as i32;
    let Ok(processes) = procfs::process::all_processes() else { return Vec::new() };
    let stats = processes.flatten().filter_map(|process| process.stat().ok());
    let children = stats.filter(|stat| stat.ppid == own).filter_map(|stat| Pid::from_raw(stat.pid));
    children.filter(|pid| !keep.contains(pid)).collect()
}
