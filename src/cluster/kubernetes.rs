//! Kubernetes' control plane as its own components are run: a store, the API server, the controller manager and the scheduler as a
//! process each. Subject `kubernetes` over etcd, `kubernetes+kine` the same over kine and SQLite, which is what K3s keeps its
//! state in.
//!
//! The store is opened first; then comes the API server; when that is ready the other two, together.

use std::{path::PathBuf, time::Duration};

use super::{
    ClusterError, ControlPlane, LiveControlPlane, Place,
    certificates::Certificates,
    component::{Component, PATIENCE},
    live::{Live, with_free_ports},
    place::Directory,
    programs::{API_SERVER, Arguments, CONTROLLER_MANAGER, Ports, Programs, SCHEDULER},
    request::Requests,
};
use crate::{
    Isolation, Subject,
    adapter::{Identity, Limits},
    store::{KeyValueStore, StoreError, etcd::Etcd, kine::Kine},
};

/// The control plane of Kubernetes, in four processes.
///
/// ```
/// use runtime_baseline::{adapter::Limits, cluster::{ClusterError, ControlPlane, kubernetes::Kubernetes}};
///
/// let kubernetes = match Kubernetes::over_etcd(Limits::default()) {
///     Err(ClusterError::Unavailable(reason)) => return Ok(println!("{reason}")),
///     other => other?.start()?,
/// };
/// assert_eq!(kubernetes.processes().len(), 4);
/// assert_eq!(kubernetes.ask("GET", "/readyz", None)?.body, "ok");
/// kubernetes.stop()?;
/// # Ok::<(), ClusterError>(())
/// ```
pub struct Kubernetes {
    identity: Identity,
    programs: Programs,
    store: Box<dyn KeyValueStore>,
    store_name: &'static str,
    store_program: PathBuf,
    limits: Limits,
    patience: Duration,
}

impl Kubernetes {
    /// Over etcd. Each request to the API server may take the limits' time; memory is not limited.
    ///
    /// # Errors
    /// [`ClusterError::Unavailable`] when a program is missing.
    pub fn over_etcd(limits: Limits) -> Result<Self, ClusterError> {
        let subject = Subject::new("kubernetes").expect("a valid constant");
        let programs = Programs::find(&subject)?;
        let etcd = Etcd::new(limits).map_err(|error| missing(&subject, error))?;
        let program = etcd.program().to_owned();
        Ok(Self::new(subject, programs, Box::new(etcd), "etcd", program, limits))
    }

    /// Over kine and SQLite, as kine comes: a commit is not synced to disk.
    ///
    /// # Errors
    /// [`ClusterError::Unavailable`] when a program is missing.
    pub fn over_kine(limits: Limits) -> Result<Self, ClusterError> {
        let subject = Subject::new("kubernetes+kine").expect("a valid constant");
        let programs = Programs::find(&subject)?;
        let kine = Kine::normal(limits).map_err(|error| missing(&subject, error))?;
        let program = kine.program().to_owned();
        Ok(Self::new(subject, programs, Box::new(kine), "kine", program, limits))
    }

    fn new(
        subject: Subject,
        programs: Programs,
        store: Box<dyn KeyValueStore>,
        store_name: &'static str,
        store_program: PathBuf,
        limits: Limits,
    ) -> Self {
        let of_store = store.identity();
        let mut identity =
            Identity::new(subject, programs.component.clone(), Isolation::Process).with_setting("processes", 4);
        for component in &of_store.components {
            identity = identity.with_component(component.clone());
        }
        for (name, value) in &of_store.settings {
            identity = identity.with_setting(name, value);
        }
        Self { identity, programs, store, store_name, store_program, limits, patience: PATIENCE }
    }

    /// The same, where each component may take so long until it is ready. It is three minutes where nothing is said.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    fn start_once(&self, place: &Place) -> Result<Live, ClusterError> {
        let subject = &self.identity.subject;
        let Ground { mut live, ports, arguments, data, at } = Ground::lay(subject, place, self.limits, self.patience)?;
        let place = Place { directory: Some(data), port: Some(ports.store) };
        live.open_store(self.store_name, self.store.as_ref(), &place)?;
        let [api_server, controller_manager, scheduler] = ports.doors();
        let start = |name, program: &PathBuf, arguments: &[String], door| {
            Component::start(subject, name, program, arguments, &at, vec![door])
        };
        let programs = &self.programs;
        live.add(vec![start(API_SERVER, &programs.api_server, &arguments.api_server, api_server)?])?;
        live.add(vec![
            start(CONTROLLER_MANAGER, &programs.controller_manager, &arguments.controller_manager, controller_manager)?,
            start(SCHEDULER, &programs.scheduler, &arguments.scheduler, scheduler)?,
        ])?;
        Ok(live)
    }
}

impl ControlPlane for Kubernetes {
    fn identity(&self) -> &Identity {
        &self.identity
    }

    fn executables(&self) -> Vec<PathBuf> {
        let Programs { api_server, controller_manager, scheduler, .. } = &self.programs;
        [&self.store_program, api_server, controller_manager, scheduler].map(Clone::clone).into()
    }

    fn start_at(&self, place: &Place) -> Result<Box<dyn LiveControlPlane>, ClusterError> {
        Ok(Box::new(with_free_ports(place, || self.start_once(place))?))
    }
}

impl std::fmt::Debug for Kubernetes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kubernetes").field("identity", &self.identity).finish_non_exhaustive()
    }
}

/// What Kubernetes' own components stand on: where they listen, their arguments, with keys that are made for them, and the
/// control plane that they become.
pub(super) struct Ground {
    pub live: Live,
    pub ports: Ports,
    pub arguments: Arguments,
    /// For the store.
    pub data: PathBuf,
    /// Where they work.
    pub at: PathBuf,
}

impl Ground {
    pub fn lay(subject: &Subject, place: &Place, limits: Limits, patience: Duration) -> Result<Self, ClusterError> {
        let directory = Directory::of(subject, place)?;
        let ports = Ports::free(place.port).map_err(|source| no_port(subject, source))?;
        let keys = Certificates::make(subject, &directory.make(subject, "keys")?, ports.api_server)?;
        let arguments = Arguments::of(subject, &keys, ports, directory.path())?;
        let requests = Requests::of(&keys.client, limits.finite_time()).map_err(|error| no_client(subject, &error))?;
        let data = directory.make(subject, "store")?;
        let at = directory.path().to_owned();
        let live = Live::new(subject, directory, requests, ports.api_server, patience).for_nodes();
        Ok(Self { live, ports, arguments, data, at })
    }
}

/// A store that is not here is what the control plane lacks.
fn missing(subject: &Subject, error: StoreError) -> ClusterError {
    match error {
        StoreError::Unavailable(mut refusal) => {
            refusal.subject = subject.clone();
            ClusterError::Unavailable(refusal)
        }
        source => ClusterError::Store { subject: subject.clone(), source: Box::new(source), said: None },
    }
}

pub(super) fn no_port(subject: &Subject, source: std::io::Error) -> ClusterError {
    ClusterError::Failed {
        subject: subject.clone(),
        component: API_SERVER,
        reason: format!("no free port of 127.0.0.1: {source}"),
    }
}

pub(super) fn no_client(subject: &Subject, error: &ureq::Error) -> ClusterError {
    ClusterError::Certificates { subject: subject.clone(), reason: error.to_string() }
}
