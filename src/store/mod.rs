//! Stores of API objects: what a control plane keeps its state in. An adapter is a file, or a folder, that implements
//! [`KeyValueStore`], [`LiveStore`] and [`Client`], and a line of the table in `registry`; no adapter knows a probe.
//!
//! What is asked of a store is what Kubernetes' API server asks of etcd: objects under keys such as
//! `/registry/pods/default/web-1`; a **create** that fails where the key exists; an update by **compare-and-swap** on the
//! revision of the object's last change, which answers the present object where another was faster; a linearizable **read**;
//! a **list** of all below a prefix at one revision; and a **watch** that delivers each change below a prefix once, in the
//! order of the revisions. Every change gives the whole store its next revision.
//!
//! **Which client.** `etcd` and `kine` are spoken to in etcd's own protocol, gRPC, by [tonic](https://docs.rs/tonic) and the
//! nine messages that this takes, written down in `etcd/messages.rs`. The crate `etcd-client` has all of the protocol, but
//! its build calls `protoc`, which a machine with a Rust toolchain alone does not have. etcd's JSON gateway would need no new
//! dependency, but it is a proxy within etcd that is a gRPC client itself, so that its figures would be those of the proxy,
//! and kine has none. Each client has a connection and an event loop of its own on its thread, so that no waking of another
//! thread is inside a figure.
//!
//! **Durability** is a setting of each figure. etcd answers a write after it was synced to disk (`fsync`). SQLite in WAL mode
//! syncs each commit with `synchronous=FULL`, its own default, and none with `NORMAL`, which is kine's: after a power failure
//! the last commits may be missing then. `sqlite` and `kine/full` are as durable as etcd, `sqlite/normal` and `kine` are not.

mod error;
mod object;
#[cfg(feature = "store")]
mod place;
#[cfg(feature = "store")]
mod program;
mod registry;
#[cfg(feature = "store")]
mod server;

#[cfg(feature = "store")]
pub mod etcd;
#[cfg(feature = "store")]
pub mod kine;
#[cfg(feature = "store")]
pub mod sqlite;

pub use error::StoreError;
pub use object::{Event, Listing, Object, Objects, Revision};
pub use registry::Registry;

use std::{path::PathBuf, time::Duration};

use crate::adapter::Identity;

/// Where a store is opened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// The directory that holds its data, which must exist and be empty. One of its own, where none is named: below `TMPDIR`,
    /// or `/var/tmp`, and gone with the store.
    pub directory: Option<PathBuf>,
    /// The TCP port on loopback at which a server listens. A free one, where none is named.
    pub port: Option<u16>,
}

/// A store that can be opened on this machine.
pub trait KeyValueStore: Send + Sync {
    /// Who it is, with exact versions, and how durable its writes are.
    fn identity(&self) -> &Identity;

    /// Opens it, empty: starts its server, and waits until that answers a read.
    ///
    /// # Errors
    /// [`StoreError::PortInUse`], [`StoreError::Directory`], [`StoreError::Ended`], [`StoreError::NotReady`] tell apart why
    /// it does not open.
    fn open_at(&self, place: &Place) -> Result<Box<dyn LiveStore>, StoreError>;

    /// Opens it where nothing else is.
    ///
    /// # Errors
    /// As of [`open_at`](Self::open_at).
    fn open(&self) -> Result<Box<dyn LiveStore>, StoreError> {
        self.open_at(&Place::default())
    }
}

/// A store that is open. Dropped, its server is ended and its own directory is gone.
pub trait LiveStore: Send + Sync {
    /// A client with a connection of its own.
    ///
    /// # Errors
    /// [`StoreError`] when there is no connection.
    fn client(&self) -> Result<Box<dyn Client>, StoreError>;

    /// The CPU time that the store's own processes took since they began, in nanoseconds; nothing where it has none, since it
    /// works in its caller's.
    ///
    /// # Errors
    /// [`StoreError::Ended`] when its process is gone.
    fn cpu_time(&self) -> Result<Option<u64>, StoreError>;

    /// The bytes that its files take on disk now.
    ///
    /// # Errors
    /// [`StoreError::Directory`] when they cannot be read.
    fn bytes_on_disk(&self) -> Result<u64, StoreError>;

    /// The process of its server, where it has one.
    fn process(&self) -> Option<u32>;

    /// The port of 127.0.0.1 at which its server listens, where it has one: for other programs that speak its protocol.
    fn port(&self) -> Option<u16>;
}

/// One connection to a store. One request at a time; open more for more at a time.
pub trait Client: Send {
    /// Writes a new object. Returns the revision that this gave the store.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when there is one at that key; others when the store fails.
    fn create(&mut self, key: &str, value: &[u8]) -> Result<Revision, StoreError>;

    /// Replaces an object whose last change was at `expected`. Returns the revision that this gave the store.
    ///
    /// # Errors
    /// [`StoreError::Stale`] when its last change is another, or there is none; others when the store fails.
    fn update(&mut self, key: &str, expected: Revision, value: &[u8]) -> Result<Revision, StoreError>;

    /// Reads an object, after all writes that were answered before.
    ///
    /// # Errors
    /// [`StoreError`] when the store fails.
    fn read(&mut self, key: &str) -> Result<Option<Object>, StoreError>;

    /// All objects whose keys begin with `prefix`, which ends in `/`, in the order of their keys, as they were at one
    /// revision: `at`, or the present one.
    ///
    /// # Errors
    /// [`StoreError`] when the store fails, or has not come to that revision.
    fn list(&mut self, prefix: &str, at: Option<Revision>) -> Result<Listing, StoreError>;

    /// Forgets the changes up to that revision which later ones replaced, as an API server has it done every five minutes. A list at
    /// an earlier revision fails from then on. kine keeps the last 1,000 changes, whatever it is asked.
    ///
    /// # Errors
    /// [`StoreError`] when the store fails, has not come to that revision, or has forgotten what was before it already.
    fn compact(&mut self, before: Revision) -> Result<(), StoreError>;

    /// Each change below `prefix`, which ends in `/`, after the revision `after`, on a connection of its own.
    ///
    /// # Errors
    /// [`StoreError`] when there is no connection.
    fn watch(&mut self, prefix: &str, after: Revision) -> Result<Box<dyn Watch>, StoreError>;
}

/// A watch.
pub trait Watch: Send {
    /// The next change, or nothing where there was none within `patience`.
    ///
    /// # Errors
    /// [`StoreError`] when the store fails, or has cancelled the watch.
    fn next(&mut self, patience: Duration) -> Result<Option<Event>, StoreError>;
}
