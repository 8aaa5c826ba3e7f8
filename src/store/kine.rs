//! kine, which answers etcd's protocol out of an SQL database: a server of its own on loopback, over SQLite in a directory of
//! its own. It is what K3s keeps its state in, where it runs within K3s's own process.
//!
//! **Which kine.** `KINE_BIN`; else `bin/kine` in `$RUNTIME_BASELINE_TOOLS`, or in `target/tools` of the working directory;
//! else `kine` on `PATH`. `tools/setup.sh stores` brings one.
//!
//! The parameters of the database are kine's own defaults, but for `_synchronous` in `kine/full`.

use std::{path::Path, process::Command, sync::Arc, time::Duration};

use super::{
    KeyValueStore, LiveStore, Place, StoreError,
    etcd::{DURABILITY, Live, client::answers},
    program,
    server::Server,
};
use crate::{
    Isolation, Subject,
    adapter::{Identity, Limits},
    disk::{self, STORAGE},
    process::program::Program,
};

/// kine over SQLite. Subject `kine` as it comes, `kine/full` with every commit synced to disk.
#[derive(Debug)]
pub struct Kine {
    identity: Identity,
    program: Program,
    limit: Duration,
    synchronous: &'static str,
}

impl Kine {
    /// With `synchronous=NORMAL`, its own default: a commit is not synced to disk. Each request may take the limits' time.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when there is none.
    pub fn normal(limits: Limits) -> Result<Self, StoreError> {
        Self::new("kine", "NORMAL", limits)
    }

    /// With `synchronous=FULL`: a commit is synced to disk before it is answered, as etcd's.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when there is none.
    pub fn full(limits: Limits) -> Result<Self, StoreError> {
        Self::new("kine/full", "FULL", limits)
    }

    fn new(subject: &str, synchronous: &'static str, limits: Limits) -> Result<Self, StoreError> {
        let subject: Subject = subject.parse().expect("a valid constant");
        let program = program::find(&subject, "kine", "KINE_BIN", version)?;
        let mut identity = Identity::new(subject, program.component.clone(), Isolation::Process).via("grpc-loopback");
        for (name, value) in settings(synchronous) {
            identity = identity.with_setting(name, value);
        }
        Ok(Self { identity, program, limit: limits.finite_time(), synchronous })
    }
}

#[allow(dead_code, reason = "what runs kine otherwise uses them")]
impl Kine {
    /// Its executable.
    pub(crate) fn program(&self) -> &Path {
        &self.program.path
    }
}

/// How durable its writes are, and where they are kept.
pub(crate) fn settings(synchronous: &str) -> [(&'static str, String); 4] {
    let [durability, database, journal] = [synchronous, "sqlite", "wal"].map(str::to_owned);
    [(DURABILITY, durability), ("database", database), ("journal", journal), (STORAGE, disk::storage())]
}

/// What `kine --version` says: `kine version v0.17.5 (HEAD)`.
fn version(said: &str) -> Option<&str> {
    let version = said.trim().strip_prefix("kine version v")?;
    version.split_whitespace().next()
}

impl KeyValueStore for Kine {
    fn identity(&self) -> &Identity {
        &self.identity
    }

    fn open_at(&self, place: &Place) -> Result<Box<dyn LiveStore>, StoreError> {
        let arguments = |command: &mut Command, directory: &Path, port: u16| {
            arguments(command, directory, port, self.synchronous);
            Ok(())
        };
        let server = Server::start(&self.identity.subject, &self.program, place, arguments, answers)?;
        Ok(Box::new(Live { server: Arc::new(server), limit: self.limit }))
    }
}

fn arguments(command: &mut Command, directory: &Path, port: u16, synchronous: &str) {
    // It listens at every address where nothing else is said, and with a path of one's own all parameters are one's own.
    command.arg(format!("--listen-address=tcp://127.0.0.1:{port}")).arg("--metrics-bind-address=0");
    command.arg(endpoint(directory, synchronous));
}

/// Where its database is.
pub(crate) fn endpoint(directory: &Path, synchronous: &str) -> String {
    format!(
        "--endpoint=sqlite://{}?_journal_mode=WAL&_busy_timeout=30000&_synchronous={synchronous}&_txlock=immediate\
         &_stmt_cache_size=20&cache=shared",
        directory.join("state.db").display()
    )
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_version_is_kines_own_word() {
        assert_eq!(super::version("kine version v0.17.5 (HEAD)\n"), Some("0.17.5"));
        assert_eq!(super::version("etcd Version: 3.7.3\n"), None);
    }
}
