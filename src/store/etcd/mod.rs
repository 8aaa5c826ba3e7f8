//! etcd, the store of Kubernetes: a server of its own on loopback, in a directory of its own, with one member.
//!
//! **Which etcd.** `ETCD_BIN`; else `bin/etcd` in `$RUNTIME_BASELINE_TOOLS`, or in `target/tools` of the working directory;
//! else `etcd` on `PATH`. `tools/setup.sh stores` brings one.
//!
//! **What differs from a cluster's.** A real one has three or five members, so that a write waits for a round trip to another
//! machine and for that one's disk; and TLS. Nothing of it is in these figures: they are the least that an etcd takes.
//!
//! Everything but the addresses is at etcd's default: each write is synced to disk before it is answered.

pub(super) mod client;
mod connection;
mod messages;

use std::{path::Path, process::Command, sync::Arc, time::Duration};

use super::{Client, KeyValueStore, LiveStore, Place, StoreError, program, server::Server};
use crate::{
    Isolation, Subject,
    adapter::{Identity, Limits},
    disk::{self, STORAGE},
    process::{listening::free_ports, program::Program},
};
use client::GrpcClient;

/// The name of the setting that says whether a write is on disk when it is answered.
pub(super) const DURABILITY: &str = "synchronous";

/// etcd. Subject `etcd`.
///
/// ```
/// use runtime_baseline::{adapter::Limits, store::{KeyValueStore, StoreError, etcd::Etcd}};
///
/// let etcd = match Etcd::new(Limits::default()) {
///     Err(StoreError::Unavailable(reason)) => return Ok(println!("{reason}")),
///     other => other?.open()?,
/// };
/// let mut client = etcd.client()?;
/// let revision = client.create("/registry/pods/default/web-1", b"a pod")?;
/// let pod = client.read("/registry/pods/default/web-1")?.expect("just written");
/// assert_eq!((pod.value.as_slice(), pod.revision), (b"a pod".as_slice(), revision));
/// # Ok::<(), StoreError>(())
/// ```
#[derive(Debug)]
pub struct Etcd {
    identity: Identity,
    program: Program,
    limit: Duration,
}

impl Etcd {
    /// The etcd of this machine. Each request may take the limits' time; its memory is not limited.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when there is none.
    pub fn new(limits: Limits) -> Result<Self, StoreError> {
        let subject: Subject = "etcd".parse().expect("a valid constant");
        let program = program::find(&subject, "etcd", "ETCD_BIN", version)?;
        let identity = Identity::new(subject, program.component.clone(), Isolation::Process)
            .via("grpc-loopback")
            .with_setting(DURABILITY, "fsync")
            .with_setting("members", 1)
            .with_setting(STORAGE, disk::storage());
        Ok(Self { identity, program, limit: limits.finite_time() })
    }
}

#[allow(dead_code, reason = "what runs etcd otherwise uses it")]
impl Etcd {
    /// Its executable.
    pub(crate) fn program(&self) -> &Path {
        &self.program.path
    }
}

/// What `etcd --version` says.
fn version(said: &str) -> Option<&str> {
    said.lines().find_map(|line| line.strip_prefix("etcd Version:")).map(str::trim)
}

impl KeyValueStore for Etcd {
    fn identity(&self) -> &Identity {
        &self.identity
    }

    fn open_at(&self, place: &Place) -> Result<Box<dyn LiveStore>, StoreError> {
        let server = Server::start(&self.identity.subject, &self.program, place, arguments, client::answers)?;
        Ok(Box::new(Live { server: Arc::new(server), limit: self.limit }))
    }
}

fn arguments(command: &mut Command, directory: &Path, port: u16) -> std::io::Result<()> {
    let clients = format!("http://127.0.0.1:{port}");
    // Nobody asks there, and it listens all the same.
    let [peer] = free_ports()?;
    let peers = format!("http://127.0.0.1:{peer}");
    command.args(["--name=one", "--log-level=error"]);
    command.arg(format!("--data-dir={}", directory.join("etcd").display()));
    command.arg(format!("--listen-client-urls={clients}")).arg(format!("--advertise-client-urls={clients}"));
    command.arg(format!("--listen-peer-urls={peers}")).arg(format!("--initial-advertise-peer-urls={peers}"));
    command.arg(format!("--initial-cluster=one={peers}"));
    Ok(())
}

/// A server that speaks etcd's protocol.
pub(super) struct Live {
    pub(super) server: Arc<Server>,
    pub(super) limit: Duration,
}

impl LiveStore for Live {
    fn client(&self) -> Result<Box<dyn Client>, StoreError> {
        Ok(Box::new(GrpcClient::of(&self.server, self.limit)?))
    }

    fn cpu_time(&self) -> Result<Option<u64>, StoreError> {
        self.server.cpu_time().map(Some)
    }

    fn bytes_on_disk(&self) -> Result<u64, StoreError> {
        self.server.bytes_on_disk()
    }

    fn process(&self) -> Option<u32> {
        Some(self.server.id())
    }

    fn port(&self) -> Option<u16> {
        Some(self.server.port())
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_version_is_etcds_own_word() {
        let said =
            "etcd Version: 3.7.3\nGit SHA: Not provided (use ./build instead of go build)\nGo Version: go1.26.8\n";
        assert_eq!(super::version(said), Some("3.7.3"));
        assert_eq!(super::version("kine version v0.17.5\n"), None);
    }
}
