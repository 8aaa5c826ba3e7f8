//! A control plane that is up: its store, and the processes of the rest, in the order in which they were started.

use std::{
    io::{BufRead, BufReader},
    thread,
    time::Duration,
};

use procfs::process::Process;

use super::{
    Answer, ClusterError, Entrance, LiveControlPlane, Started,
    component::{Component, LOOK},
    place::Directory,
    request::Requests,
};
use crate::{
    Subject, clock,
    process::{listening, supervised::let_die},
    store::{KeyValueStore, LiveStore, Place, StoreError},
};

/// How long a component that was asked to end may take.
const GRACE: Duration = Duration::from_secs(20);

/// How long one whose connection broke may take to be seen to have ended.
const FAREWELL: Duration = Duration::from_secs(1);

/// A store that is a server of its own.
struct OwnStore {
    name: &'static str,
    live: Box<dyn LiveStore>,
}

/// A control plane.
pub(super) struct Live {
    subject: Subject,
    requests: Requests,
    /// The port of the API server.
    port: u16,
    patience: Duration,
    /// Whether its keys are of this library's making, those for a node among them.
    takes_nodes: bool,
    // In the order in which each is dropped: nobody writes into the directory any more when it goes.
    components: Vec<Component>,
    store: Option<OwnStore>,
    started: Vec<Started>,
    directory: Directory,
}

impl Live {
    /// One of which nothing was started yet. Each component may take so long until it is ready.
    pub fn new(subject: &Subject, directory: Directory, requests: Requests, port: u16, patience: Duration) -> Self {
        Self {
            subject: subject.clone(),
            requests,
            port,
            patience,
            takes_nodes: false,
            components: Vec::new(),
            store: None,
            started: Vec::new(),
            directory,
        }
    }

    /// The same, which a node may join: it has keys for one.
    pub fn for_nodes(self) -> Self {
        Self { takes_nodes: true, ..self }
    }

    /// Opens the store at that place, and waits until it answers.
    pub fn open_store(
        &mut self,
        name: &'static str,
        store: &dyn KeyValueStore,
        place: &Place,
    ) -> Result<(), ClusterError> {
        let began = clock::monotonic();
        let live = store.open_at(place).map_err(|error| self.of_store(error))?;
        self.started.push(Started { component: name, began, ready: clock::monotonic() });
        self.store = Some(OwnStore { name, live });
        Ok(())
    }

    /// Waits until these are ready, one after the other; they were started before.
    pub fn add(&mut self, components: Vec<Component>) -> Result<(), ClusterError> {
        let before = self.components.len();
        self.components.extend(components);
        for at in before..self.components.len() {
            let others = || {
                self.directory.has_room(&self.subject)?;
                self.store_lives()?;
                self.components.iter().enumerate().filter(|(i, _)| *i != at).try_for_each(|(_, other)| other.lives())
            };
            let ready = self.components[at].wait_until_ready(&self.requests, self.patience, others);
            // What broke it may be what it needs.
            self.started.extend(ready.map_err(|error| self.cause().unwrap_or(error))?);
        }
        Ok(())
    }

    fn of_store(&self, error: StoreError) -> ClusterError {
        let said = self.components.first().map(Component::last_words);
        ClusterError::Store { subject: self.subject.clone(), source: Box::new(error), said }
    }

    /// That the store's process lives, which takes no request.
    fn store_lives(&self) -> Result<(), ClusterError> {
        let Some(store) = &self.store else { return Ok(()) };
        let runs = |pid: u32| {
            let stat = Process::new(pid as i32).and_then(|process| process.stat());
            stat.is_ok_and(|stat| !['Z', 'X'].contains(&stat.state))
        };
        if store.live.process().is_none_or(runs) {
            return Ok(());
        }
        // It says itself how it ended.
        match store.live.client().and_then(|mut client| client.read("/registry/ended")) {
            Ok(_) => Ok(()),
            Err(error) => Err(self.of_store(error)),
        }
    }

    /// What the others need and have not: room, and the first that has ended. Their failures are its.
    fn cause(&self) -> Option<ClusterError> {
        self.processes().into_iter().for_each(|(_, pid)| let_die(pid));
        let room = self.directory.has_room(&self.subject);
        let store = room.and_then(|()| self.store_lives());
        store.and_then(|()| self.components.iter().try_for_each(Component::lives)).err()
    }

    /// What the error of a request means: that something ended, or what `reason` says.
    fn broken(&self, component: &'static str, reason: String) -> ClusterError {
        let begun = std::time::Instant::now();
        loop {
            if let Some(cause) = self.cause() {
                return cause;
            }
            if begun.elapsed() > FAREWELL {
                return ClusterError::Failed { subject: self.subject.clone(), component, reason };
            }
            thread::sleep(LOOK);
        }
    }
}

impl LiveControlPlane for Live {
    fn started(&self) -> &[Started] {
        &self.started
    }

    fn processes(&self) -> Vec<(&'static str, u32)> {
        let store = self.store.iter().filter_map(|store| Some((store.name, store.live.process()?)));
        store.chain(self.components.iter().map(|component| (component.name, component.id()))).collect()
    }

    fn check(&self) -> Result<(), ClusterError> {
        self.cause().map_or(Ok(()), Err)?;
        self.components.iter().try_for_each(|component| component.is_ready(&self.requests)).map_err(|error| {
            // A connection breaks a moment before its process is seen to have ended.
            match error {
                ClusterError::Failed { component, reason, .. } => self.broken(component, reason),
                other => other,
            }
        })
    }

    fn ask(&self, method: &str, path: &str, body: Option<&str>) -> Result<Answer, ClusterError> {
        let answer = self.requests.ask(self.port, method, path, body);
        answer.map_err(|error| self.broken("kube-apiserver", error.to_string()))
    }

    fn watch(&self, path: &str) -> Result<Box<dyn BufRead + Send>, ClusterError> {
        let answer = self.requests.stream(self.port, path);
        let answer = answer.map_err(|error| self.broken("kube-apiserver", error.to_string()))?;
        Ok(Box::new(BufReader::new(answer)))
    }

    fn entrance(&self) -> Option<Entrance> {
        self.takes_nodes.then(|| Entrance { directory: self.directory.path().to_owned(), port: self.port })
    }

    fn stop(mut self: Box<Self>) -> Result<(), ClusterError> {
        let mut outcome = Ok(());
        // What hung up on the API server no longer keeps it waiting.
        while let Some(component) = self.components.pop() {
            outcome = outcome.and(component.stop(GRACE));
        }
        outcome
    }
}

/// Starts it, again where another program took a free port meanwhile.
pub(super) fn with_free_ports<T>(
    place: &Place,
    start: impl FnMut() -> Result<T, ClusterError>,
) -> Result<T, ClusterError> {
    let is_taken = |error: &ClusterError| match error {
        _ if place.port.is_some() => false,
        ClusterError::PortInUse { .. } => true,
        ClusterError::Store { source, .. } => matches!(**source, StoreError::PortInUse { .. }),
        _ => false,
    };
    listening::with_free_ports(is_taken, start)
}
