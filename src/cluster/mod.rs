//! Control planes: what a cluster is run by. An adapter is a file that implements [`ControlPlane`] and [`LiveControlPlane`], and
//! a line of the table in `registry`; no adapter knows a probe.
//!
//! A control plane is a store, an API server, a controller manager and a scheduler, in one process or in several. Each is
//! started when what it needs says that it is ready, on 127.0.0.1 alone, with certificates and keys that are made for it. All of
//! it is in one directory of this user alone, which is gone when the control plane is dropped, and a moment after this process
//! was killed: see `place`.
//!
//! **Which programs.** Those in the directory `KUBERNETES_BIN_DIR`; else the set-up's in `bin` of `$RUNTIME_BASELINE_TOOLS`, or of
//! `target/tools` of the working directory; else those on `PATH`. `tools/setup.sh cluster` brings them, `tools/setup.sh stores` the
//! stores.
//!
//! **What differs from a cluster's.** Usually there are three of each on three machines, with TLS between the API server and
//! etcd. There is no node, so that nothing runs, unless one joins (module `node`); of the components' settings only those are set that say where things are, and
//! that one of each is enough (no leader is elected).

#[cfg(feature = "cluster")]
mod certificates;
#[cfg(feature = "cluster")]
mod component;
mod error;
#[cfg(feature = "cluster")]
mod live;
#[cfg(feature = "cluster")]
mod place;
#[cfg(feature = "cluster")]
mod programs;
mod registry;
#[cfg(feature = "cluster")]
mod request;

#[cfg(feature = "cluster")]
pub mod k3s;
#[cfg(feature = "cluster")]
pub mod kubernetes;
#[cfg(feature = "cluster")]
pub mod node;
#[cfg(feature = "cluster")]
pub mod one_process;

pub use crate::store::Place;
pub use error::ClusterError;
pub use registry::Registry;

use std::{io::BufRead, path::PathBuf};

use crate::adapter::Identity;

/// A control plane that can be started on this machine.
pub trait ControlPlane: Send + Sync {
    /// Who it is, with exact versions.
    fn identity(&self) -> &Identity;

    /// The executables that it needs.
    fn executables(&self) -> Vec<PathBuf>;

    /// Starts it, empty: below the directory and at the port of the API server that `place` names, or where nothing else is. Waits
    /// until each of its components says that it is ready.
    ///
    /// # Errors
    /// [`ClusterError::Store`], [`ClusterError::PortInUse`], [`ClusterError::Ended`], [`ClusterError::NotReady`] tell apart which
    /// component kept it from being ready, and how.
    fn start_at(&self, place: &Place) -> Result<Box<dyn LiveControlPlane>, ClusterError>;

    /// Starts it where nothing else is.
    ///
    /// # Errors
    /// As of [`start_at`](Self::start_at).
    fn start(&self) -> Result<Box<dyn LiveControlPlane>, ClusterError> {
        self.start_at(&Place::default())
    }
}

/// A control plane that is up. Dropped, its processes are killed and its directory is gone.
pub trait LiveControlPlane: Send + Sync {
    /// When each of its components was started, and ready. The last one that was ready makes the control plane so.
    fn started(&self) -> &[Started];

    /// Its processes: the name of a component, or of several in one, and the process's number.
    fn processes(&self) -> Vec<(&'static str, u32)>;

    /// That every component lives, and says that it is ready.
    ///
    /// # Errors
    /// [`ClusterError::Store`] or [`ClusterError::Ended`] when one has ended, the one that the others need before those;
    /// [`ClusterError::Failed`] when one says that it is not ready.
    fn check(&self) -> Result<(), ClusterError>;

    /// Asks the API server as the administrator: a method such as `GET`, a path such as `/api/v1/nodes`, and JSON where
    /// something is sent.
    ///
    /// # Errors
    /// [`ClusterError`] when there is no answer. An answer that is a refusal is none: see its status.
    fn ask(&self, method: &str, path: &str, body: Option<&str>) -> Result<Answer, ClusterError>;

    /// Asks for that path as [`ask`](Self::ask) does, and gives the answer as it comes: a watch has a line of JSON for each event.
    /// The API server ends it some time, and may at any: whoever wants to miss nothing lists again. A refusal is a line that is no
    /// event.
    ///
    /// # Errors
    /// [`ClusterError`] when there is no answer.
    fn watch(&self, path: &str) -> Result<Box<dyn BufRead + Send>, ClusterError>;

    /// What a node needs to join it; none where it takes none of this library's.
    fn entrance(&self) -> Option<Entrance> {
        None
    }

    /// Ends it in good order: each component is asked to end, the last that was started first, and killed where it does not. A
    /// store that is a process of its own is killed then, since nothing of it is kept.
    ///
    /// # Errors
    /// [`ClusterError::Failed`] when a component had to be killed.
    fn stop(self: Box<Self>) -> Result<(), ClusterError>;
}

/// Where a node of this library joins a control plane.
#[derive(Debug, Clone)]
pub struct Entrance {
    /// Of the control plane, with its keys.
    #[cfg(feature = "cluster")]
    directory: PathBuf,
    /// Of the API server.
    #[cfg(feature = "cluster")]
    port: u16,
}

/// When a component was started, and ready. `CLOCK_MONOTONIC`, in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Started {
    /// Its name, such as `kube-apiserver`.
    pub component: &'static str,
    /// When its process was started; of several components in one, when that was.
    pub began: u64,
    /// When it said that it was ready.
    pub ready: u64,
}

/// What an API server answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status: 200 for what was read, 201 for what was created.
    pub status: u16,
    /// JSON, or a text.
    pub body: String,
}
