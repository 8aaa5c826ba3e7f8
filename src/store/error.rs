//! What can go wrong with a store.

use std::{io, path::PathBuf, time::Duration};

use super::Revision;
#[cfg(feature = "store")]
use crate::disk;
use crate::{Subject, adapter::Refusal};

/// Why a store did not do what it was asked. The same case gives the same variant from every store.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The store cannot run here; the value says what to do about it.
    #[error(transparent)]
    Unavailable(#[from] Refusal),
    /// There is an object at that key already: update it, by its present revision.
    #[error("{key} exists already")]
    Exists {
        /// The key.
        key: String,
    },
    /// The object was changed since, or there is none: read it again.
    #[error("{key} was last changed at {}, not at {expected}", present.map_or("no revision".to_owned(), |at| at.to_string()))]
    Stale {
        /// The key.
        key: String,
        /// The revision that was expected.
        expected: Revision,
        /// The present one; nothing where there is no object.
        present: Option<Revision>,
    },
    /// Another program listens at the port that the server wants: end it, or name another port.
    #[error("{subject}: port {port} of 127.0.0.1 is in use: {said}")]
    PortInUse {
        /// The store.
        subject: Subject,
        /// The port.
        port: u16,
        /// What the server said.
        said: String,
    },
    /// The directory cannot hold the store's files: name one that this user can write.
    #[error("{subject}: its data cannot be kept in {}: {source}", path.display())]
    Directory {
        /// The store.
        subject: Subject,
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The server could not be started.
    #[error("{subject}: {} does not start: {source}", path.display())]
    Start {
        /// The store.
        subject: Subject,
        /// The program.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The server ended.
    #[error("{subject}: its server ended: {said}")]
    Ended {
        /// The store.
        subject: Subject,
        /// The last that it said.
        said: String,
    },
    /// The server does not answer so long after it was started.
    #[error("{subject}: no answer within {patience:?} after its start; the last that it said: {said}")]
    NotReady {
        /// The store.
        subject: Subject,
        /// How long it was waited for.
        patience: Duration,
        /// The last that it said.
        said: String,
    },
    /// A request took longer than it may: raise [`Limits::time`](crate::adapter::Limits::time) if it needs longer.
    #[error("{subject}: no answer within {limit:?}")]
    TimeLimit {
        /// The store.
        subject: Subject,
        /// The limit.
        limit: Duration,
    },
    /// The store answered that it cannot, or what is no answer to the request.
    #[error("{subject}: {reason}")]
    Failed {
        /// The store.
        subject: Subject,
        /// What it said.
        reason: String,
    },
}

impl StoreError {
    /// What somebody at a shell does about it, where there is something of its own to do.
    pub(crate) fn remedy(&self) -> Option<&'static str> {
        match self {
            Self::PortInUse { .. } => Some("end what listens there"),
            Self::Directory { .. } => Some("free space there, or name a directory that this user can write in TMPDIR"),
            _ => None,
        }
    }
}

#[cfg(feature = "store")]
impl StoreError {
    /// That the directory of a store cannot be made.
    pub(super) fn directory(subject: &Subject, error: disk::Error) -> Self {
        Self::Directory { subject: subject.clone(), path: error.directory, source: error.source }
    }
}
