//! One process of a control plane, with the components in it: how it is started, when it is ready, and how it ended.

use std::{
    os::unix::process::ExitStatusExt,
    path::Path,
    process::{Command, Stdio},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::{ClusterError, Started, request::Requests};
use crate::{
    Subject, clock,
    process::{
        listening,
        supervised::{NotReady, Supervised},
    },
};

/// How often a component that starts is looked at: what it takes is known to within this. More often, and the looking itself
/// would take its part of the machine.
pub(super) const LOOK: Duration = Duration::from_millis(10);

/// One that is not ready after this will not be, however busy the machine.
pub(super) const PATIENCE: Duration = Duration::from_secs(180);

/// How many lines of one component are told where another is to blame.
const LAST_LINES: usize = 3;

/// Where a component says that it is ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Door {
    pub component: &'static str,
    pub port: u16,
    /// What is asked for: `/readyz`.
    pub path: &'static str,
    /// Whether its certificate is of the authority that is trusted. One that makes itself a certificate at its start cannot be
    /// known by it; that the port is its own is known otherwise.
    pub verified: bool,
}

/// A process that runs. Dropped, it is killed.
#[derive(Debug)]
pub(super) struct Component {
    subject: Subject,
    /// By what it is called: its one component, or what the several in it are together.
    pub name: &'static str,
    process: Mutex<Supervised>,
    doors: Vec<Door>,
    began: u64,
}

impl Component {
    /// Starts it in `directory`.
    pub fn start(
        subject: &Subject,
        name: &'static str,
        program: &Path,
        arguments: &[String],
        directory: &Path,
        doors: Vec<Door>,
    ) -> Result<Self, ClusterError> {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(directory).stdin(Stdio::null()).stdout(Stdio::null());
        let began = clock::monotonic();
        let process = Supervised::start(command, None).map_err(|source| ClusterError::Start {
            subject: subject.clone(),
            path: program.to_owned(),
            source,
        })?;
        Ok(Self { subject: subject.clone(), name, process: Mutex::new(process), doors, began })
    }

    /// Waits until each of its components says that it is ready. `others` is asked meanwhile whether what it needs still lives.
    pub fn wait_until_ready(
        &self,
        requests: &Requests,
        patience: Duration,
        others: impl Fn() -> Result<(), ClusterError>,
    ) -> Result<Vec<Started>, ClusterError> {
        let mut started: Vec<Started> = Vec::new();
        let mut broken = Ok(());
        let waited = self.process().wait_until(patience, LOOK, |process| {
            broken = others();
            if broken.is_err() {
                return Some(());
            }
            for door in &self.doors {
                let is_known = started.iter().any(|known| known.component == door.component);
                if is_known || !requests.says_ready(door) {
                    continue;
                }
                let ready = clock::monotonic();
                // Nothing that another program says at the port counts.
                if listening::ports(process.id()).contains(&door.port) {
                    started.push(Started { component: door.component, began: self.began, ready });
                }
            }
            (started.len() == self.doors.len()).then_some(())
        });
        broken?;
        let waits_for = self.doors.iter().find(|door| started.iter().all(|known| known.component != door.component));
        let component = waits_for.map_or(self.name, |door| door.component);
        let (subject, said) = (self.subject.clone(), self.said());
        match waited {
            Ok(()) => Ok(started),
            Err(NotReady::Late) => Err(ClusterError::NotReady { subject, component, patience, said }),
            Err(NotReady::Ended) => Err(self.end_of(component, said)),
        }
    }

    /// Waits until `find` finds what it leaves behind while it starts.
    pub fn wait_for<T>(&self, patience: Duration, mut find: impl FnMut() -> Option<T>) -> Result<T, ClusterError> {
        let found = self.process().wait_until(patience, LOOK, |_| find());
        let (subject, component, said) = (self.subject.clone(), self.name, self.said());
        found.map_err(|why| match why {
            NotReady::Late => ClusterError::NotReady { subject, component, patience, said },
            NotReady::Ended => self.end_of(component, said),
        })
    }

    /// What its end means.
    fn end_of(&self, component: &'static str, said: String) -> ClusterError {
        let subject = self.subject.clone();
        if said.contains("address already in use") {
            // The one whose port it names, if it does.
            let door = self.doors.iter().find(|door| said.contains(&format!(":{}", door.port))).or(self.doors.first());
            if let Some(Door { component, port, .. }) = door.copied() {
                return ClusterError::PortInUse { subject, component, port, said };
            }
        }
        ClusterError::Ended { subject, component, said }
    }

    /// That it lives.
    pub fn lives(&self) -> Result<(), ClusterError> {
        let ended = self.process().ended();
        if ended { Err(self.end_of(self.name, self.said())) } else { Ok(()) }
    }

    /// That its components say that they are ready.
    pub fn is_ready(&self, requests: &Requests) -> Result<(), ClusterError> {
        for door in &self.doors {
            let answer = requests.knock(door);
            let reason = match answer {
                Ok(answer) if answer.status == 200 => continue,
                Ok(answer) => format!("it is not ready: {}", answer.body.trim()),
                Err(error) => format!("it does not answer: {error}"),
            };
            return Err(ClusterError::Failed { subject: self.subject.clone(), component: door.component, reason });
        }
        Ok(())
    }

    pub fn id(&self) -> u32 {
        self.process().id()
    }

    /// Asks it to end, and waits for that. Whether it did.
    pub fn stop(self, grace: Duration) -> Result<(), ClusterError> {
        let (subject, component) = (self.subject, self.name);
        let process = self.process.into_inner().unwrap_or_else(PoisonError::into_inner);
        let failed = |reason: String| ClusterError::Failed { subject, component, reason };
        match process.stop(grace) {
            Ok(status) if status.signal() == Some(9) => {
                Err(failed(format!("it had not ended {grace:?} after it was asked to, and was killed")))
            }
            Ok(_) => Ok(()),
            Err(error) => Err(failed(error.to_string())),
        }
    }

    /// The beginning and the end of what it said.
    pub fn said(&self) -> String {
        let said = self.process().said();
        if said.is_empty() { "it said nothing".to_owned() } else { said }
    }

    /// The last lines that it said.
    pub fn last_words(&self) -> String {
        let said = self.said();
        let lines: Vec<_> = said.lines().collect();
        lines[lines.len().saturating_sub(LAST_LINES)..].join("\n")
    }

    fn process(&self) -> MutexGuard<'_, Supervised> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
