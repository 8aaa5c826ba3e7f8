//! The processes that measure: this program, started again, which declares the same plan and measures it.
//!
//! What differs from process to process (where it was loaded, which pages it got) is no property of what is measured, and
//! only several processes show it. A program therefore reaches [`Experiment::run`](super::Experiment::run) a second time in
//! each of them, and never comes back from it there.

use std::{
    env,
    io::{self, BufRead, BufReader, Write},
    os::{
        fd::OwnedFd,
        unix::{net::UnixStream, process::CommandExt},
    },
    path::Path,
    process::{Child, Command, Stdio, exit},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Signal, getppid, set_parent_process_death_signal};

use super::{
    ExperimentError,
    wire::{Order, Said},
};
use crate::disk;

/// Tells a process that it measures: `<version of this crate> <process id of who asked> <experiment>`.
const VARIABLE: &str = "RUNTIME_BASELINE_MEASURES";

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// How long a process may say nothing before it counts as hung: a fill to the end of a node's memory takes four minutes.
const SILENCE: Duration = Duration::from_secs(900);

/// Whether this process was started to measure.
pub(super) fn is_inside() -> bool {
    let parent = getppid().map(|id| id.as_raw_nonzero().to_string());
    let asked = env::var(VARIABLE).unwrap_or_default();
    let mut words = asked.split(' ');
    // Somebody else's variable, inherited, names another parent.
    words.next() == Some(VERSION) && words.next().map(str::to_owned) == parent && parent.is_some()
}

/// What a process that measures is asked, and where it answers.
#[derive(Debug)]
pub(super) struct Inside {
    pub order: Order,
    answers: UnixStream,
}

impl Inside {
    /// Where this process was started to measure the experiment of that name.
    ///
    /// # Errors
    /// [`ExperimentError::OfAnother`] where it was started to measure another one, [`ExperimentError::Start`] where it
    /// cannot hear what it is asked.
    pub fn of(name: &str) -> Result<Option<Self>, ExperimentError> {
        if !is_inside() {
            return Ok(None);
        }
        let value = env::var(VARIABLE).unwrap_or_default();
        let asked = value.splitn(3, ' ').nth(2).unwrap_or_default();
        if asked != name {
            return Err(ExperimentError::OfAnother { asked: asked.to_owned(), reached: name.to_owned() });
        }
        Self::begin().map(Some).map_err(ExperimentError::Start)
    }

    fn begin() -> io::Result<Self> {
        // Whatever ends the process that asked, ends this one.
        set_parent_process_death_signal(Some(Signal::KILL))?;
        let control = rustix::io::dup(rustix::stdio::stdin())?;
        rustix::stdio::dup2_stdin(std::fs::File::open("/dev/null")?)?;
        let answers = UnixStream::from(control);
        let mut line = String::new();
        BufReader::new(answers.try_clone()?).read_line(&mut line)?;
        Ok(Self { order: serde_json::from_str(&line)?, answers })
    }

    /// Says something to the process that asked. If it is gone, so is this one.
    pub fn say(&mut self, said: &Said) {
        let said = serde_json::to_string(said).map(|line| self.answers.write_all(format!("{line}\n").as_bytes()));
        if !matches!(said, Ok(Ok(()))) {
            exit(71);
        }
    }

    /// Ends this process: what it was started for is done.
    pub fn end(mut self) -> ! {
        self.say(&Said::Done);
        exit(0)
    }
}

/// A process that measures, from outside. Dropped, it ends.
#[derive(Debug)]
pub(super) struct Outside {
    child: Child,
    answers: BufReader<UnixStream>,
}

impl Outside {
    pub fn begin(name: &str, order: &Order, shared: &Path) -> io::Result<Self> {
        let (mut ours, theirs) = UnixStream::pair()?;
        let mut command = Command::new("/proc/self/exe");
        if let Some(own) = env::args_os().next() {
            command.arg0(own);
        }
        command.args(env::args_os().skip(1));
        command.env(VARIABLE, format!("{VERSION} {} {name}", std::process::id()));
        command.env(disk::SHARED, shared);
        command.stdin(Stdio::from(OwnedFd::from(theirs)));
        let child = command.spawn()?;
        // It holds the other end, whose last copy must go with the process.
        drop(command);
        // A process that ended at once does not hear it, and its end is what is heard next.
        let _ = ours.write_all(format!("{}\n", serde_json::to_string(order)?).as_bytes());
        ours.set_read_timeout(Some(SILENCE))?;
        Ok(Self { child, answers: BufReader::new(ours) })
    }

    /// What it says next; nothing when it ended or fell silent before it was done.
    pub fn hear(&mut self) -> Option<Said> {
        let mut line = String::new();
        match self.answers.read_line(&mut line) {
            Ok(n) if n > 0 && line.ends_with('\n') => serde_json::from_str(&line).ok(),
            _ => None,
        }
    }

    /// How it ended, in words. One that is still there is ended.
    pub fn ended(&mut self) -> String {
        let deadline = Instant::now() + Duration::from_secs(5);
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) => return status.to_string(),
                Ok(None) if Instant::now() < deadline => thread::sleep(Duration::from_millis(5)),
                _ => {
                    let _ = self.child.kill();
                    let _ = self.child.wait();
                    return "it fell silent, and was ended".to_owned();
                }
            }
        }
    }
}

impl Drop for Outside {
    fn drop(&mut self) {
        if !matches!(self.child.try_wait(), Ok(Some(_))) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}
