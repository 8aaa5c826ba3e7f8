//! A program that runs beside this process and does not outlive it: a server, or one that is asked once. It is found when it is
//! ready, heard when it fails, and gone when it is dropped.

use std::{
    fs::File,
    io,
    os::unix::fs::FileExt,
    process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio},
    sync::{
        OnceLock,
        mpsc::{self, Sender},
    },
    thread,
    time::{Duration, Instant},
};

use procfs::process::Process;
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
    process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open},
};

use super::child::bind;

/// What is told of either end of what a program said, in bytes: the cause is often named first, and stacks follow.
const SHOWN: u64 = 1024;

/// How long one that was killed may take until it has ended: it gives back its memory first.
const DYING: Duration = Duration::from_secs(5);

/// A program that runs.
#[derive(Debug)]
pub(crate) struct Supervised {
    child: Child,
    /// Its standard error: a file without a name, so that it never waits for a reader.
    said: File,
}

/// Why a program is not ready.
#[derive(Debug)]
pub(crate) enum NotReady {
    /// It ended.
    Ended,
    /// It took longer than it may.
    Late,
}

impl Supervised {
    /// Starts it, with at most so many bytes of data where `memory` is given. Its standard input and output are as the command
    /// says.
    pub(crate) fn start(mut command: Command, memory: Option<u64>) -> io::Result<Self> {
        let said = tempfile::tempfile_in(crate::disk::directory())?;
        command.stderr(Stdio::from(said.try_clone()?));
        bind(&mut command, memory);
        Ok(Self { child: spawn(command)?, said })
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The pipes to its standard input and from its standard output, once, where the command made them.
    pub(crate) fn pipes(&mut self) -> Option<(ChildStdin, ChildStdout)> {
        self.child.stdin.take().zip(self.child.stdout.take())
    }

    /// Whether it has ended.
    pub(crate) fn ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// Looks again and again until `ready` finds what makes it ready, for at most `patience`. When it became ready is known to
    /// within `look`.
    pub(crate) fn wait_until<T>(
        &mut self,
        patience: Duration,
        look: Duration,
        mut ready: impl FnMut(&Self) -> Option<T>,
    ) -> Result<T, NotReady> {
        let deadline = Instant::now() + patience;
        loop {
            if let Some(found) = ready(self) {
                return Ok(found);
            }
            if self.ended() {
                return Err(NotReady::Ended);
            }
            if Instant::now() >= deadline {
                return Err(NotReady::Late);
            }
            thread::sleep(look);
        }
    }

    /// Waits for its end.
    pub(crate) fn wait(&mut self) -> io::Result<ExitStatus> {
        self.child.wait()
    }

    /// Waits for its end, for at most `patience`. Whether it has ended.
    pub(crate) fn wait_within(&mut self, patience: Duration) -> io::Result<bool> {
        let Some(pid) = Pid::from_raw(self.child.id() as i32).filter(|_| !self.ended()) else { return Ok(true) };
        // It was not reaped, so the number is still its own.
        Ok(end_within(pid, patience)?)
    }

    /// Asks it to end, by SIGTERM, and kills it if it has not ended after `grace`.
    pub(crate) fn stop(mut self, grace: Duration) -> io::Result<ExitStatus> {
        if let Some(pid) = Pid::from_raw(self.child.id() as i32).filter(|_| !self.ended()) {
            kill_process(pid, Signal::TERM)?;
            if !self.wait_within(grace)? {
                self.child.kill()?;
            }
        }
        self.child.wait()
    }

    /// The beginning and the end of what it has said so far.
    pub(crate) fn said(&self) -> String {
        both_ends(&self.said)
    }
}

impl Drop for Supervised {
    fn drop(&mut self) {
        // One that has ended already is only reaped; there is nobody to tell of another failure.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits for a process that was killed and has not ended yet: whoever needs it may fail and end before.
pub(crate) fn let_die(pid: u32) {
    let Some(pid) = Pid::from_raw(pid as i32).filter(|pid| is_dying(*pid)) else { return };
    // It may be gone by now.
    let _ = end_within(pid, DYING);
}

/// Whether a process ends, or will as soon as it has a turn.
fn is_dying(pid: Pid) -> bool {
    // Of include/linux/sched.h, and of a set of signals.
    const EXITING: u32 = 0x4;
    const KILL: u64 = 1 << (Signal::KILL.as_raw() - 1);
    let Ok(process) = Process::new(pid.as_raw_nonzero().get()) else { return false };
    process.stat().is_ok_and(|stat| stat.flags & EXITING != 0)
        || process.status().is_ok_and(|status| (status.sigpnd | status.shdpnd) & KILL != 0)
}

/// Waits for the end of a process, for at most `patience`. Whether it has ended.
fn end_within(pid: Pid, patience: Duration) -> rustix::io::Result<bool> {
    let process = pidfd_open(pid, PidfdFlags::empty())?;
    let deadline = Instant::now() + patience;
    loop {
        let left = Timespec::try_from(deadline.saturating_duration_since(Instant::now())).ok();
        match poll(&mut [PollFd::new(&process, PollFlags::IN)], left.as_ref()) {
            Err(Errno::INTR) => {}
            seen => return Ok(seen? > 0),
        }
    }
}

/// The beginning and the end of what a program said to a file.
pub(crate) fn both_ends(said: &File) -> String {
    let read = || {
        let length = said.metadata()?.len();
        if length <= 2 * SHOWN {
            return read_at(said, 0, length);
        }
        Ok(format!("{}\n...\n{}", read_at(said, 0, SHOWN)?, read_at(said, length - SHOWN, SHOWN)?))
    };
    read().unwrap_or_else(|e: io::Error| format!("(its log could not be read: {e})"))
}

/// Reads without moving the offset, at which the program writes.
fn read_at(file: &File, offset: u64, length: u64) -> io::Result<String> {
    let mut bytes = vec![0; length as usize];
    file.read_exact_at(&mut bytes, offset)?;
    Ok(String::from_utf8_lossy(&bytes).trim().to_owned())
}

type Request = (Command, Sender<io::Result<Child>>);

/// Starts a program from a thread that lives as long as this process: the signal of [`bind`] is sent when the *thread* that
/// started the child ends, and a program may be started in one thread and used in another.
fn spawn(command: Command) -> io::Result<Child> {
    static SPAWNER: OnceLock<Option<Sender<Request>>> = OnceLock::new();
    let spawner = SPAWNER.get_or_init(|| {
        let (sender, requests) = mpsc::channel::<Request>();
        let serve = move || {
            for (mut command, reply) in requests {
                // The asker waits; were it gone, dropping a `Child` would leave it running.
                if let Err(mpsc::SendError(Ok(mut orphan))) = reply.send(command.spawn()) {
                    let _ = orphan.kill();
                    let _ = orphan.wait();
                }
            }
        };
        thread::Builder::new().name("spawner".to_owned()).spawn(serve).ok().map(|_| sender)
    });
    let gone = || io::Error::other("the thread that starts programs could not be started");
    let (reply, child) = mpsc::channel();
    spawner.as_ref().ok_or_else(gone)?.send((command, reply)).map_err(|_| gone())?;
    child.recv().map_err(|_| gone())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::ExitStatusExt;

    const LONG: Duration = Duration::from_secs(60);
    const LOOK: Duration = Duration::from_millis(1);

    fn shell(script: &str) -> Supervised {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]).stdin(Stdio::null()).stdout(Stdio::null());
        Supervised::start(command, None).unwrap()
    }

    /// Once it has said that much.
    fn when_it_said(program: &mut Supervised, words: &str) {
        program.wait_until(LONG, LOOK, |program| program.said().contains(words).then_some(())).unwrap();
    }

    #[test]
    fn it_is_asked_to_end_before_it_is_killed() {
        let mut gentle = shell("trap 'exit 7' TERM; echo up >&2; while :; do sleep 0.01; done");
        when_it_said(&mut gentle, "up");
        assert_eq!(gentle.stop(LONG).unwrap().code(), Some(7));
        let mut deaf = shell("trap '' TERM; echo up >&2; while :; do sleep 0.01; done");
        when_it_said(&mut deaf, "up");
        assert_eq!(deaf.stop(Duration::from_millis(50)).unwrap().signal(), Some(9));
        let mut over = shell("exit 3");
        assert!(over.wait_within(LONG).unwrap());
        assert_eq!(over.stop(Duration::ZERO).unwrap().code(), Some(3));
    }

    #[test]
    fn who_was_killed_has_ended() {
        for _ in 0..20 {
            let mut program = shell("exec sleep 600");
            assert!(!program.ended());
            kill_process(Pid::from_raw(program.id() as i32).unwrap(), Signal::KILL).unwrap();
            let_die(program.id());
            assert!(program.ended());
        }
    }

    #[test]
    fn what_ends_or_is_late_is_not_ready_and_what_is_dropped_is_gone() {
        let never = |_: &Supervised| None::<()>;
        let mut ends = shell("echo no such file >&2; exit 1");
        assert!(matches!(ends.wait_until(LONG, LOOK, never), Err(NotReady::Ended)));
        assert_eq!(ends.said(), "no such file");
        let mut hangs = shell("exec sleep 600");
        assert!(matches!(hangs.wait_until(Duration::ZERO, LOOK, never), Err(NotReady::Late)));
        assert!(!hangs.wait_within(Duration::from_millis(1)).unwrap());
        let process = format!("/proc/{}", hangs.id());
        drop(hangs);
        assert!(!std::path::Path::new(&process).exists());
    }

    #[test]
    fn it_outlives_the_thread_that_started_it_and_tells_both_ends_of_much() {
        let said = "echo begin >&2; i=0; while [ $i -lt 200 ]; do echo 0123456789 >&2; i=$((i+1)); done; echo end >&2";
        let mut program = thread::spawn(move || shell(&format!("{said}; exec sleep 600"))).join().unwrap();
        when_it_said(&mut program, "end");
        let said = program.said();
        assert!(said.starts_with("begin") && said.contains("\n...\n") && said.ends_with("end"), "{said}");
        assert!(!program.ended());
    }
}
