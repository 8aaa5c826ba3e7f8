//! A worker's child: when it is ready, and when it has ended.

use std::{
    io,
    os::fd::OwnedFd,
    time::{Duration, Instant},
};

use procfs::process::Process;
use rustix::{
    io::Errno,
    process::{Pid, PidfdFlags, WaitId, WaitIdOptions, WaitStatus, getpid, pidfd_open, waitid},
};

use super::protocol::{Failure, readable, shorten};
use crate::{clock::monotonic, process::reap::reap};

/// Waits for a child's end.
pub(super) fn wait_within(pid: Pid, limit: Duration) -> Result<WaitStatus, Failure> {
    let failed = |e: io::Error| Failure::engine("wait", e);
    let ended = pidfd_open(pid, PidfdFlags::empty()).map_err(|e| failed(e.into()))?;
    let limit = (limit < Duration::MAX).then_some(limit);
    if !readable(&ended, limit).map_err(failed)? {
        return Err(Failure::TimeLimit);
    }
    reap(pid).map_err(|e| failed(e.into()))
}

/// Waits until a descendant is this process's child, so that it can be waited for: what started it may have left processes
/// in between, which are about to end.
pub(super) fn adopt(pid: Pid, deadline: Option<Instant>) -> Result<(), Failure> {
    let failed = |e: io::Error| Failure::engine("wait for its parent", e);
    loop {
        if is_running(pid)?.is_some() {
            return Ok(());
        }
        let parent = Process::new(pid.as_raw_nonzero().get()).and_then(|process| process.stat()).map(|stat| stat.ppid);
        let parent = Pid::from_raw(parent.map_err(|e| failed(io::Error::other(e)))?);
        let parent = parent.ok_or_else(|| failed(io::Error::other("it is no descendant")))?;
        if parent == getpid() {
            // It became this process's own since it was looked at.
            continue;
        }
        let ended = match pidfd_open(parent, PidfdFlags::empty()) {
            Err(Errno::SRCH) => continue,
            opened => opened.map_err(|e| failed(e.into()))?,
        };
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        if !readable(&ended, left).map_err(failed)? {
            return Err(Failure::TimeLimit);
        }
    }
}

/// Whether a child runs, seen without reaping it. None if it is no child.
pub(super) fn is_running(pid: Pid) -> Result<Option<bool>, Failure> {
    let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    loop {
        match waitid(WaitId::Pid(pid), look) {
            Err(Errno::INTR) => {}
            Err(Errno::CHILD) => return Ok(None),
            seen => return seen.map(|ended| Some(ended.is_none())).map_err(|e| Failure::engine("wait", e)),
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

/// More than any engine says of what went wrong.
const MOST_SAID: usize = 2 << 10;

/// How long what has begun to say something may take to end.
const PATIENCE: Duration = Duration::from_secs(1);

/// As [`read_ready`], of what may write text in place of a reading: a reading lies between `since` and now.
pub(super) fn read_ready_or_text(stdout: &OwnedFd, since: u64, deadline: Option<Instant>) -> Result<u64, Failure> {
    let reading = read_ready(stdout, deadline)?;
    if (since..=monotonic()).contains(&reading) {
        return Ok(reading);
    }
    let mut text = reading.to_le_bytes().to_vec();
    let end = Instant::now() + PATIENCE;
    let mut part = [0; 512];
    while text.len() < MOST_SAID
        && readable(stdout, Some(end.saturating_duration_since(Instant::now()))).unwrap_or(false)
    {
        match rustix::io::read(stdout, &mut part) {
            Ok(0) => break,
            Ok(read) => text.extend_from_slice(&part[..read]),
            Err(Errno::INTR) => {}
            Err(_) => break,
        }
    }
    Err(Failure::Said(shorten(String::from_utf8_lossy(&text).trim().to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        io::{BufRead, BufReader},
        process::{Command, Stdio},
    };

    #[test]
    fn a_grandchild_is_no_child_while_its_parent_lives() {
        let mut child = Command::new("/bin/sh")
            .args(["-c", "sleep 1000 & echo $!; read line; kill $!; wait; exit 0"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let own = Pid::from_child(&child);
        let grandchild = Pid::from_raw(line.trim().parse().unwrap()).unwrap();
        let soon = || Instant::now().checked_add(Duration::from_millis(20));
        assert_eq!((is_running(own), is_running(grandchild)), (Ok(Some(true)), Ok(None)));
        assert_eq!((adopt(own, soon()), adopt(grandchild, soon())), (Ok(()), Err(Failure::TimeLimit)));
        drop(child.stdin.take());
        assert!(child.wait().unwrap().success());
        assert!(matches!(adopt(grandchild, soon()), Err(Failure::Engine(_))), "it is gone");
    }

    #[test]
    fn what_is_no_reading_of_now_is_text() {
        let read = |bytes: &[u8], since: u64| {
            let (ours, theirs) = rustix::pipe::pipe().unwrap();
            rustix::io::write(&theirs, bytes).unwrap();
            drop(theirs);
            read_ready_or_text(&ours, since, None)
        };
        let now = monotonic();
        assert_eq!(read(&now.to_le_bytes(), now), Ok(now));
        assert!(matches!(read(&now.to_le_bytes(), now + 1), Err(Failure::Said(_))), "before its start");
        let log = "[2026-11-27 22:44:10.177] [error] unreachable, Code: 0x40a\n";
        assert_eq!(read(log.as_bytes(), now), Err(Failure::Said(log.trim().to_owned())));
        assert_eq!(read(b"[error]", now), Err(Failure::NotReady));
    }
}
