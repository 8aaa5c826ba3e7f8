//! The helper of a node as the library holds it, and the programs that it runs there.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Read, Seek},
    os::fd::OwnedFd,
    path::{Path, PathBuf},
    process::Child,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::{
    helper::{Asked, ROLE, Said},
    view::hierarchies,
};
use crate::{
    disk,
    launcher::{
        self,
        protocol::{Channel, Obstacle, readable},
    },
    process::{hook, supervised::both_ends},
    resource::scope,
};

/// How long the helper may take to make the view. It takes milliseconds.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// How long it may take to remove what there is: some hundred pods end in a second or two.
const FAREWELL: Duration = Duration::from_secs(60);

/// Why there is no helper.
#[derive(Debug)]
pub(super) enum NotMade {
    /// This machine refuses what it needs.
    Obstacle(Obstacle),
    /// It did not answer.
    Failed(io::Error),
}

/// The helper. Dropped, it ends, and all that it started.
#[derive(Debug)]
pub(super) struct Helper {
    keeper: Child,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// None once it was hung up.
    control: Option<Channel>,
    next: u64,
    /// How programs ended: whether well, and how else.
    ended: BTreeMap<u64, (bool, String)>,
}

/// A program that the helper runs.
#[derive(Debug)]
pub(super) struct Process {
    number: u64,
    /// What it says: a file without a name, so that it never waits for a reader.
    says: File,
}

impl Helper {
    /// Starts it, in the directory of a control plane.
    pub fn start(directory: &Path) -> Result<Self, NotMade> {
        let (control, theirs) = Channel::pair().map_err(NotMade::Failed)?;
        let mut command = hook::command(ROLE, theirs.into_fd());
        let keeper = command.spawn().map_err(NotMade::Failed)?;
        // The command holds the helper's end, whose last copy must go with the helper.
        drop(command);
        // From here on it is hung up before it is waited for.
        let state = State { control: Some(control), next: 0, ended: BTreeMap::new() };
        let helper = Self { keeper, state: Mutex::new(state) };
        let answer = helper.state().control().and_then(|control| {
            control.send(&Asked::In(directory.to_owned()))?;
            control.receive_within::<Said>(HANDSHAKE)
        });
        match answer.map_err(NotMade::Failed)? {
            Some(Said::Made) => Ok(helper),
            Some(Said::Not(obstacle)) => Err(NotMade::Obstacle(obstacle)),
            other => Err(NotMade::Failed(io::Error::other(format!("it answered {other:?}")))),
        }
    }

    /// The process that all of the node descends from.
    pub fn id(&self) -> u32 {
        self.keeper.id()
    }

    /// Starts a program.
    pub fn run(
        &self,
        program: &Path,
        arguments: Vec<String>,
        environment: Vec<(String, String)>,
    ) -> io::Result<Process> {
        let says = tempfile::tempfile_in(disk::directory())?;
        let fd: OwnedFd = says.try_clone()?.into();
        let mut state = self.state();
        state.next += 1;
        let number = state.next;
        let asked = Asked::Run { number, program: program.to_owned(), arguments, environment };
        state.control()?.send_with(&asked, Some(&fd))?;
        Ok(Process { number, says })
    }

    /// How it ended, if it has by then.
    pub fn end_within(&self, process: &Process, patience: Duration) -> io::Result<Option<(bool, String)>> {
        let deadline = Instant::now() + patience;
        let mut state = self.state();
        loop {
            if let Some(ended) = state.ended.get(&process.number) {
                return Ok(Some(ended.clone()));
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if !readable(state.control()?, Some(left))? {
                return Ok(None);
            }
            match state.control()?.receive::<Said>()? {
                Some(Said::Ended { number, well, how }) => drop(state.ended.insert(number, (well, how))),
                Some(Said::NotRun { number, reason }) => drop(state.ended.insert(number, (false, reason))),
                Some(_) => {}
                None => {
                    state.control = None;
                    return Err(gone());
                }
            }
        }
    }

    /// Ends it. Whether it removed all that there was, so far as it knows.
    pub fn end(&mut self) -> bool {
        self.state().control = None;
        let status = launcher::end(&mut self.keeper, FAREWELL);
        let ended = status.is_some_and(|status| status.success());
        if !ended {
            // One that was killed could not remove its cgroups.
            scope::remove_left_by(self.keeper.id(), &parents());
        }
        ended
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn control(&self) -> io::Result<&Channel> {
        self.control.as_ref().ok_or_else(gone)
    }
}

fn gone() -> io::Error {
    io::Error::new(io::ErrorKind::BrokenPipe, "the helper process of the node ended")
}

impl Drop for Helper {
    fn drop(&mut self) {
        self.end();
    }
}

/// Where the helper makes groups.
fn parents() -> Vec<PathBuf> {
    let found = hierarchies().map(|(_, found)| found).unwrap_or_default();
    found.into_iter().map(|(_, directory)| directory).collect()
}

impl Process {
    /// The beginning and the end of what it said.
    pub fn said(&self) -> String {
        let said = both_ends(&self.says);
        if said.is_empty() { "it said nothing".to_owned() } else { said }
    }

    /// All that it said.
    pub fn all(&self) -> io::Result<String> {
        let mut file = self.says.try_clone()?;
        file.rewind()?;
        let mut said = String::new();
        file.read_to_string(&mut said)?;
        Ok(said)
    }
}
