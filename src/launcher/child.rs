//! A worker's child: when it is ready, and how it ended.

use std::{
    io,
    os::fd::OwnedFd,
    time::{Duration, Instant},
};

use rustix::{
    io::Errno,
    process::{Pid, PidfdFlags, WaitOptions, WaitStatus, pidfd_open, waitpid},
};

use super::protocol::{Failure, readable};

/// Waits for a child's end.
pub(super) fn wait_within(pid: Pid, limit: Duration) -> Result<WaitStatus, Failure> {
    let failed = |e: io::Error| Failure::engine("wait", e);
    let ended = pidfd_open(pid, PidfdFlags::empty()).map_err(|e| failed(e.into()))?;
    let limit = (limit < Duration::MAX).then_some(limit);
    if !readable(&ended, limit).map_err(failed)? {
        return Err(Failure::TimeLimit);
    }
    loop {
        match waitpid(Some(pid), WaitOptions::empty()) {
            Err(Errno::INTR) | Ok(None) => {}
            Ok(Some((_, status))) => return Ok(status),
            Err(e) => return Err(failed(e.into())),
        }
    }
}

/// Reads the payload's 8 bytes from its standard output. A deadline beyond what a clock can tell is none.
pub(super) fn read_ready(stdout: &OwnedFd, deadline: Option<Instant>) -> Result<u64, Failure> {
    let mut reading = [0; 8];
    let mut filled = 0;
    while filled < reading.len() {
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        if !readable(stdout, left).map_err(|e| Failure::engine("wait for ready", e))? {
            return Err(Failure::TimeLimit);
        }
        match rustix::io::read(stdout, &mut reading[filled..]) {
            Ok(0) => return Err(Failure::NotReady),
            Ok(read) => filled += read,
            Err(Errno::INTR) => {}
            Err(e) => return Err(Failure::engine("read ready", e)),
        }
    }
    Ok(u64::from_le_bytes(reading))
}

pub(super) fn describe(status: WaitStatus) -> String {
    match (status.exit_status(), status.terminating_signal()) {
        (Some(code), _) => format!("exit status {code}"),
        (None, Some(signal)) => format!("killed by signal {signal}"),
        (None, None) => "ended in an unknown way".to_owned(),
    }
}
