//! The server of a store: its process, its directory, its port, and how it ended.

use std::{
    path::Path,
    process::{Command, Stdio},
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use super::{Place, StoreError, place::Directory};
use crate::{
    Subject,
    process::{
        listening::{self, free_ports, with_free_ports},
        program::Program,
        supervised::{NotReady, Supervised},
    },
    resource::process_clock,
};

/// How often a server that starts is looked at.
const LOOK: Duration = Duration::from_millis(2);

/// A server that does not answer after this will not.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long a server whose connection broke may take to be seen to have ended.
const FAREWELL: Duration = Duration::from_secs(1);

/// A server that runs. Dropped, it is gone, and its own directory with it.
#[derive(Debug)]
pub(super) struct Server {
    subject: Subject,
    // Before the directory, so that nothing writes there any more when it is removed.
    process: Mutex<Supervised>,
    directory: Directory,
    port: u16,
}

impl Server {
    /// Starts it by what `command` makes of its directory and port, and waits until `answers` says that it answers there.
    pub fn start(
        subject: &Subject,
        program: &Program,
        place: &Place,
        command: impl Fn(&mut Command, &Path, u16) -> std::io::Result<()>,
        answers: impl Fn(u16) -> bool,
    ) -> Result<Self, StoreError> {
        let once = || {
            let directory = Directory::of(subject, place)?;
            let failed = |source| StoreError::Start { subject: subject.clone(), path: program.path.clone(), source };
            let port = place.port.map_or_else(|| free_ports().map(|[port]| port), Ok).map_err(failed)?;
            let mut line = Command::new(&program.path);
            command(&mut line, directory.path(), port).map_err(failed)?;
            // Its directory is its working directory too: what it writes beside its data goes with it.
            line.current_dir(directory.path()).stdin(Stdio::null()).stdout(Stdio::null());
            let mut process = Supervised::start(line, None).map_err(failed)?;
            // Another server may answer at that port: ours listens there, or it is not ready.
            let ready = process.wait_until(PATIENCE, LOOK, |process| {
                (listening::ports(process.id()).contains(&port) && answers(port)).then_some(())
            });
            let (subject, said) = (subject.clone(), last_words(&process));
            match ready {
                Ok(()) => Ok(Self { subject, process: Mutex::new(process), directory, port }),
                Err(NotReady::Late) => Err(StoreError::NotReady { subject, patience: PATIENCE, said }),
                Err(NotReady::Ended) if said.contains("address already in use") => {
                    Err(StoreError::PortInUse { subject, port, said })
                }
                Err(NotReady::Ended) => Err(StoreError::Ended { subject, said }),
            }
        };
        let is_taken = |error: &StoreError| place.port.is_none() && matches!(error, StoreError::PortInUse { .. });
        with_free_ports(is_taken, once)
    }

    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn id(&self) -> u32 {
        self.process().id()
    }

    pub fn bytes_on_disk(&self) -> Result<u64, StoreError> {
        self.directory.bytes(&self.subject)
    }

    pub fn cpu_time(&self) -> Result<u64, StoreError> {
        process_clock::of(self.id() as i32)
            .map_err(|error| self.end().unwrap_or_else(|| self.failed(format!("its CPU time: {error}"))))
    }

    /// What the error of a request means: that the server ended, or what `reason` says.
    pub fn broken(&self, reason: String) -> StoreError {
        // A connection breaks a moment before its process is seen to have ended.
        let begun = Instant::now();
        loop {
            if let Some(end) = self.end() {
                return end;
            }
            if begun.elapsed() > FAREWELL {
                return self.failed(reason);
            }
            thread::sleep(LOOK);
        }
    }

    pub fn failed(&self, reason: String) -> StoreError {
        StoreError::Failed { subject: self.subject.clone(), reason }
    }

    fn end(&self) -> Option<StoreError> {
        let mut process = self.process();
        let ended = process.ended();
        ended.then(|| StoreError::Ended { subject: self.subject.clone(), said: last_words(&process) })
    }

    fn process(&self) -> MutexGuard<'_, Supervised> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn last_words(process: &Supervised) -> String {
    let said = without_colours(&process.said());
    if said.is_empty() { "it said nothing".to_owned() } else { said }
}

/// kine colours what it says, whoever reads it.
fn without_colours(said: &str) -> String {
    let mut parts = said.split("\u{1b}[");
    let first = parts.next().unwrap_or_default().to_owned();
    // A sequence ends with its letter.
    parts.fold(first, |text, part| {
        text + part.trim_start_matches(|c: char| !c.is_ascii_alphabetic()).get(1..).unwrap_or_default()
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn colours_are_left_out() {
        let said = "\u{1b}[31mFATA\u{1b}[0m[2026] creating listener: address already in use";
        assert_eq!(super::without_colours(said), "FATA[2026] creating listener: address already in use");
        assert_eq!(super::without_colours("plain [words]"), "plain [words]");
    }
}
