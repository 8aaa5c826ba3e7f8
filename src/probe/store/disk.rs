//! What the disk itself takes of a durable write: as much appended to a file, and synced.

use std::{fs::File, io::Write};

use crate::{
    Component, Host, Isolation, Subject,
    adapter::{Identity, Refusal, RefusalKind},
    clock,
    disk::{self, STORAGE},
    probe::ProbeError,
};

/// A file on the disk on which stores keep their data where nothing else is said, to which records are appended.
#[derive(Debug)]
pub struct DiskSync {
    identity: Identity,
    file: File,
    record: Vec<u8>,
}

impl DiskSync {
    /// Records of `size` bytes. Subject `disk/fdatasync`.
    ///
    /// # Errors
    /// [`ProbeError::Reading`] when there is no such file, [`ProbeError::Unavailable`] when the kernel does not say which it is.
    pub fn of(size: usize) -> Result<Self, ProbeError> {
        let subject: Subject = "disk/fdatasync".parse().expect("a valid constant");
        let kernel = Host::here().kernel().unwrap_or_default();
        let component = Component::new("linux", kernel)
            .map_err(|error| Refusal::new(&subject, RefusalKind::NotSupported, error.to_string(), "mount /proc"))?;
        let identity = Identity::new(subject, component, Isolation::None).with_setting(STORAGE, disk::storage());
        let file = tempfile::tempfile_in(disk::directory());
        let file = file.map_err(|source| ProbeError::Reading { what: "a file to sync", source })?;
        let mut record = vec![0; size];
        fastrand::Rng::with_seed(1).fill(&mut record);
        Ok(Self { identity, file, record })
    }

    /// What it is of.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// How long the next record takes until it is on disk, in nanoseconds.
    ///
    /// # Errors
    /// [`ProbeError::Reading`] when the disk refuses it.
    pub fn timed(&mut self) -> Result<u64, ProbeError> {
        let begin = clock::monotonic();
        let synced = self.file.write_all(&self.record).and_then(|()| self.file.sync_data());
        let took = clock::monotonic() - begin;
        synced.map_err(|source| ProbeError::Reading { what: "a write that is synced", source })?;
        Ok(took)
    }
}
