//! What can go wrong with a control plane.

use std::{io, path::PathBuf, time::Duration};

use crate::{Subject, adapter::Refusal, store::StoreError};

/// Why a control plane did not do what it was asked. The same case gives the same variant from every one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClusterError {
    /// The control plane cannot run here; the value says what to do about it.
    #[error(transparent)]
    Unavailable(#[from] Refusal),
    /// Its store failed; the value says how. What the API server said of it is told apart.
    #[error("{subject}: its store: {source}{}", of_api_server(.said))]
    Store {
        /// The control plane.
        subject: Subject,
        /// What the store said.
        source: Box<StoreError>,
        /// The last that the API server said, where it had been started.
        said: Option<String>,
    },
    /// The directory cannot hold its files, or no more of them: name one that this user can write, with room.
    #[error("{subject}: its files cannot be kept in {}: {source}", path.display())]
    Directory {
        /// The control plane.
        subject: Subject,
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Its keys and certificates could not be made, which is a bug.
    #[error("{subject}: no certificates: {reason}")]
    Certificates {
        /// The control plane.
        subject: Subject,
        /// Why.
        reason: String,
    },
    /// A program could not be started.
    #[error("{subject}: {} does not start: {source}", path.display())]
    Start {
        /// The control plane.
        subject: Subject,
        /// The program.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another program listens at the port that a component wants: end it, or name another port.
    #[error("{subject}: port {port} of 127.0.0.1, which {component} wants, is in use: {said}")]
    PortInUse {
        /// The control plane.
        subject: Subject,
        /// The component.
        component: &'static str,
        /// The port.
        port: u16,
        /// The last that it said.
        said: String,
    },
    /// A component ended.
    #[error("{subject}: {component} ended: {said}")]
    Ended {
        /// The control plane.
        subject: Subject,
        /// The component.
        component: &'static str,
        /// The last that it said.
        said: String,
    },
    /// A component does not say that it is ready so long after it was started.
    #[error("{subject}: {component} is not ready {patience:?} after its start; the last that it said: {said}")]
    NotReady {
        /// The control plane.
        subject: Subject,
        /// The component.
        component: &'static str,
        /// How long it was waited for.
        patience: Duration,
        /// The last that it said.
        said: String,
    },
    /// A component answered that it cannot, or not at all.
    #[error("{subject}: {component}: {reason}")]
    Failed {
        /// The control plane.
        subject: Subject,
        /// The component.
        component: &'static str,
        /// What it said.
        reason: String,
    },
}

impl ClusterError {
    /// What somebody at a shell does about it, where there is something of its own to do.
    pub(crate) fn remedy(&self) -> Option<&'static str> {
        match self {
            Self::Store { source, .. } => source.remedy(),
            Self::PortInUse { .. } => Some("end what listens there"),
            Self::Directory { .. } => Some("free space there, or name a directory that this user can write in TMPDIR"),
            _ => None,
        }
    }
}

fn of_api_server(said: &Option<String>) -> String {
    said.as_ref().map_or_else(String::new, |said| format!("; the last that kube-apiserver said: {said}"))
}
