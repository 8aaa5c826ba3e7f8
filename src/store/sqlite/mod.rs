//! SQLite in this process, as the least that a store of API objects can be: function calls into a library, and a file.
//!
//! Every change is a row of one table, and its number the revision of the store, as kine has it too. That a key's change
//! follows on the one that its writer knew is a uniqueness of the table, so that each write is one statement, and one
//! transaction. Each client has a connection of its own; SQLite lets one write at a time, and the others wait by its own busy
//! handler, for 30 s at most. A watch is woken by the writers of this process, and reads what is new.
//!
//! The journal is a write-ahead log. `synchronous` is a setting: see the module [`store`](super).

mod client;
mod watch;

use std::{
    path::PathBuf,
    sync::{Arc, atomic::AtomicI64},
};

use rusqlite::Connection;

use self::{client::SqliteClient, watch::Bell};
use super::{Client, KeyValueStore, LiveStore, Place, StoreError, etcd::DURABILITY, place::Directory};
use crate::{
    Component, Isolation, Subject,
    adapter::{Identity, Refusal, RefusalKind},
    disk::{self, STORAGE},
};

/// How long SQLite waits for another writer, in milliseconds; kine has it so.
const BUSY: u32 = 30_000;

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS change (
        revision INTEGER PRIMARY KEY,
        key TEXT NOT NULL,
        previous INTEGER NOT NULL,
        value BLOB NOT NULL,
        UNIQUE (key, previous)
    )";

/// SQLite. Subject `sqlite` with every commit synced to disk, `sqlite/normal` without.
///
/// ```
/// use runtime_baseline::store::{KeyValueStore, StoreError, sqlite::Sqlite};
///
/// let sqlite = Sqlite::full()?.open()?;
/// let mut client = sqlite.client()?;
/// let first = client.create("/registry/pods/default/web-1", b"a pod")?;
/// let second = client.update("/registry/pods/default/web-1", first, b"another")?;
/// let stale = client.update("/registry/pods/default/web-1", first, b"too late").unwrap_err();
/// assert!(matches!(stale, StoreError::Stale { present, .. } if present == Some(second)));
/// # Ok::<(), StoreError>(())
/// ```
#[derive(Debug)]
pub struct Sqlite {
    identity: Identity,
    synchronous: &'static str,
}

impl Sqlite {
    /// With `synchronous=FULL`, SQLite's own default: a commit is synced to disk before it is answered.
    ///
    /// # Errors
    /// None but a version of SQLite that is none.
    pub fn full() -> Result<Self, StoreError> {
        Self::new("sqlite", "FULL")
    }

    /// With `synchronous=NORMAL`: a commit is not synced, and may be lost with the machine's power.
    ///
    /// # Errors
    /// None but a version of SQLite that is none.
    pub fn normal() -> Result<Self, StoreError> {
        Self::new("sqlite/normal", "NORMAL")
    }

    fn new(subject: &str, synchronous: &'static str) -> Result<Self, StoreError> {
        let subject: Subject = subject.parse().expect("a valid constant");
        let component = Component::new("sqlite", rusqlite::version()).map_err(|error| {
            let remedy = "report it: SQLite is built into this program";
            Refusal::new(&subject, RefusalKind::Failed, error.to_string(), remedy)
        })?;
        let identity = Identity::new(subject, component, Isolation::None)
            .with_setting(DURABILITY, synchronous)
            .with_setting("journal", "wal")
            .with_setting(STORAGE, disk::storage());
        Ok(Self { identity, synchronous })
    }
}

impl KeyValueStore for Sqlite {
    fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The port of the place means nothing: there is no server.
    fn open_at(&self, place: &Place) -> Result<Box<dyn LiveStore>, StoreError> {
        let subject = self.identity.subject.clone();
        let directory = Directory::of(&subject, place)?;
        let path = directory.path().join("state.db");
        let database = Database {
            subject,
            path,
            synchronous: self.synchronous,
            bell: Bell::default(),
            compacted: AtomicI64::new(0),
        };
        let connection = database.connect()?;
        connection.execute_batch(SCHEMA).map_err(|error| database.failed(&error))?;
        Ok(Box::new(Live { _first: std::sync::Mutex::new(connection), database: Arc::new(database), directory }))
    }
}

/// A database that connections are made to.
#[derive(Debug)]
struct Database {
    subject: Subject,
    path: PathBuf,
    synchronous: &'static str,
    bell: Bell,
    /// What was replaced up to this revision is forgotten.
    compacted: AtomicI64,
}

impl Database {
    fn connect(&self) -> Result<Connection, StoreError> {
        let connect = || {
            let connection = Connection::open(&self.path)?;
            connection.execute_batch(&format!(
                "PRAGMA busy_timeout = {BUSY}; PRAGMA journal_mode = WAL; PRAGMA synchronous = {};",
                self.synchronous
            ))?;
            Ok(connection)
        };
        connect().map_err(|error: rusqlite::Error| self.failed(&error))
    }

    fn failed(&self, error: &rusqlite::Error) -> StoreError {
        StoreError::Failed { subject: self.subject.clone(), reason: error.to_string() }
    }
}

struct Live {
    // Before the directory, so that nothing is open in it when it is removed. The last connection that closes empties the log:
    // this one keeps that out of what clients do.
    _first: std::sync::Mutex<Connection>,
    database: Arc<Database>,
    directory: Directory,
}

impl LiveStore for Live {
    fn client(&self) -> Result<Box<dyn Client>, StoreError> {
        Ok(Box::new(SqliteClient::of(&self.database)?))
    }

    fn cpu_time(&self) -> Result<Option<u64>, StoreError> {
        Ok(None)
    }

    fn bytes_on_disk(&self) -> Result<u64, StoreError> {
        self.directory.bytes(&self.database.subject)
    }

    fn process(&self) -> Option<u32> {
        None
    }

    fn port(&self) -> Option<u16> {
        None
    }
}
