//! A process that does not outlive whoever started it: killed and reaped at its time limit and when it is dropped, killed
//! by the kernel when the thread that started it is gone.

use std::{
    ffi::OsString,
    fs::File,
    io::{self, Read, Seek},
    os::fd::AsFd,
    process::{Child, ChildStdout, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    fs::{MemfdFlags, memfd_create},
};

use crate::process::child::bind;

/// At most this much of what a process says is kept.
const TEXT: u64 = 64 << 10;

/// A running process with nothing on standard input.
#[derive(Debug)]
pub(super) struct Spawned {
    child: Child,
    stdout: ChildStdout,
    stderr: File,
    deadline: Option<Instant>,
}

/// How a process ended.
#[derive(Debug)]
pub(super) struct Output {
    pub(super) status: ExitStatus,
    /// Standard output, then standard error.
    pub(super) text: String,
}

impl Output {
    /// The status and what it said, on one line.
    pub(super) fn said(&self) -> String {
        let text = self.text.split_whitespace().collect::<Vec<_>>().join(" ");
        if text.is_empty() { self.status.to_string() } else { format!("{}: {text}", self.status) }
    }
}

impl Spawned {
    /// Starts the program `words[0]`, which has `limit` from now on.
    pub(super) fn new(words: &[OsString], limit: Duration) -> io::Result<Self> {
        let (program, arguments) = words.split_first().ok_or(io::ErrorKind::InvalidInput)?;
        let stderr = File::from(memfd_create("stderr", MemfdFlags::CLOEXEC)?);
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(stderr.try_clone()?);
        bind(&mut command, None);
        let mut child = command.spawn()?;
        let stdout = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        Ok(Self { child, stdout, stderr, deadline: Instant::now().checked_add(limit) })
    }

    /// The first 8 bytes of standard output, and how many came before its end. `None`: it was killed at its limit.
    pub(super) fn read(&mut self) -> Option<([u8; 8], usize)> {
        let (mut bytes, mut length) = ([0; 8], 0);
        while length < bytes.len() && self.wait_for_output()? {
            match self.stdout.read(&mut bytes[length..]) {
                Ok(0) => break,
                Ok(more) => length += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
        Some((bytes, length))
    }

    /// Whether it still runs.
    pub(super) fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Waits for its end. `first` is what was read before. `None`: it was killed at its limit.
    pub(super) fn end(&mut self, first: &[u8]) -> Option<Output> {
        let mut text = first.to_vec();
        let mut chunk = [0; 4096];
        while self.wait_for_output()? {
            match self.stdout.read(&mut chunk) {
                Ok(0) => break,
                Ok(more) if (text.len() as u64) < TEXT => text.extend(&chunk[..more]),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
        let status = self.wait()?;
        if self.stderr.rewind().is_ok() {
            let _ = (&self.stderr).take(TEXT).read_to_end(&mut text);
        }
        Some(Output { status, text: String::from_utf8_lossy(&text).into_owned() })
    }

    /// Whether standard output can be read or is at its end; `None` when the limit came first.
    fn wait_for_output(&mut self) -> Option<bool> {
        loop {
            let left = self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            let timeout = left.and_then(|left| Timespec::try_from(left).ok());
            let ready = poll(&mut [PollFd::new(&self.stdout.as_fd(), PollFlags::IN)], timeout.as_ref());
            match ready {
                Ok(0) => {
                    self.kill();
                    return None;
                }
                Ok(_) => return Some(true),
                Err(rustix::io::Errno::INTR) => {}
                Err(_) => return Some(false),
            }
        }
    }

    /// It closed standard output, so its end is near: looked for every millisecond, until the limit.
    fn wait(&mut self) -> Option<ExitStatus> {
        loop {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Some(status);
            }
            if self.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                self.kill();
                return None;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    fn kill(&mut self) {
        // Both do nothing to a process that was reaped.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Spawned {
    fn drop(&mut self) {
        self.kill();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spawn(words: &[&str], limit: Duration) -> Spawned {
        Spawned::new(&words.iter().map(OsString::from).collect::<Vec<_>>(), limit).unwrap()
    }

    fn lives(id: u32) -> bool {
        std::path::Path::new(&format!("/proc/{id}")).exists()
    }

    #[test]
    fn its_words_and_its_status_come_back() {
        let mut process =
            spawn(&["sh", "-c", "printf 12345678; echo more; echo error >&2; exit 3"], Duration::from_secs(10));
        assert_eq!(process.read(), Some((*b"12345678", 8)));
        let output = process.end(b"").unwrap();
        assert_eq!((output.status.code(), output.text.as_str()), (Some(3), "more\nerror\n"));
    }

    #[test]
    fn is_killed_and_reaped_at_its_limit_and_when_it_is_dropped() {
        let mut late = spawn(&["sleep", "600"], Duration::from_millis(50));
        let id = late.child.id();
        assert!(late.end(b"").is_none());
        assert!(!lives(id));
        let dropped = spawn(&["sleep", "600"], Duration::from_secs(600));
        let id = dropped.child.id();
        assert!(lives(id));
        drop(dropped);
        assert!(!lives(id));
    }

    #[test]
    fn one_that_closes_its_output_and_stays_is_killed_at_its_limit() {
        let mut process = spawn(&["sh", "-c", "exec >&-; sleep 600"], Duration::from_millis(100));
        let id = process.child.id();
        assert!(process.end(b"").is_none());
        assert!(!lives(id));
    }

    #[test]
    fn ends_with_the_thread_that_started_it() {
        let process = std::thread::spawn(|| spawn(&["sleep", "600"], Duration::from_secs(600))).join().unwrap();
        let mut process = std::mem::ManuallyDrop::new(process);
        use std::os::unix::process::ExitStatusExt;
        assert_eq!(process.child.wait().unwrap().signal(), Some(9));
    }

    #[test]
    fn a_program_that_is_not_there_is_an_error() {
        assert!(Spawned::new(&["/nonexistent".into()], Duration::from_secs(1)).is_err());
        assert!(Spawned::new(&[], Duration::from_secs(1)).is_err());
    }
}
