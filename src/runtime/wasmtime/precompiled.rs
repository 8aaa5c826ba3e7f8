//! Precompiled: machine code on disk; a start maps it, links and runs. Engine and linker are shared, and made before.
//!
//! The one place of this adapter with unsafe code: Wasmtime trusts what it maps.

use std::{collections::BTreeMap, sync::Arc};

use wasmtime::{Linker, Module};

use super::{
    budget,
    guest::{Job, message},
    host::{self, Host},
    room::Room,
};
use crate::{
    disk,
    runtime::{Artifact, Instance, RuntimeError},
};

/// The most memory mappings that a live instance with a mapped module of its own was seen to hold, and some.
const MAPPINGS: usize = 12;

pub(super) struct Precompiled {
    job: Job,
    room: Arc<Room>,
    linker: Linker<Host>,
    code: disk::Artifact,
}

impl Precompiled {
    pub(super) fn new(job: Job, room: Arc<Room>, wasm: &[u8]) -> Result<Self, RuntimeError> {
        let code = job.plain.precompile_module(wasm).map_err(|error| job.invalid(message(&error)))?;
        let code = disk::Artifact::write(&code)?;
        let linker = host::linker(&job.plain).map_err(|error| job.engine(&error))?;
        let artifact = Self { job, room, linker, code };
        // Whether it can be mapped and linked at all shows here, and not in a timed start.
        artifact.job.link(&artifact.linker, &artifact.load()?)?;
        Ok(artifact)
    }

    fn load(&self) -> Result<Module, RuntimeError> {
        // SAFETY: `deserialize_file` asks for two things. The content must come from this engine's compiler, unaltered:
        // `new`, the only constructor, wrote what `precompile_module` of this very engine returned. And the file must
        // not change while the module lives: it never had a name under which another process could open it, its one
        // writable descriptor was closed before `disk::Artifact` existed, and nothing opens `path` but to read.
        // The mapping keeps the file's content alive after `code` is dropped.
        let module = unsafe { Module::deserialize_file(&self.job.plain, self.code.path()) };
        module.map_err(|error| RuntimeError::Engine {
            subject: self.job.subject.clone(),
            reason: format!(
                "machine code in {} could not be mapped: {}; if that file system is mounted noexec, set TMPDIR to a \
                 directory on one that is not",
                disk::directory().display(),
                message(&error)
            ),
        })
    }
}

impl Artifact for Precompiled {
    fn reserve(&self, concurrent: usize) -> Result<(), RuntimeError> {
        self.room.take(concurrent.saturating_mul(MAPPINGS), &self.job.subject).map(drop)
    }

    fn settings(&self) -> BTreeMap<String, String> {
        budget::settings(&self.job.plain)
    }

    fn artifact_bytes(&self) -> Option<u64> {
        Some(self.code.length())
    }

    fn start(&self) -> Result<Box<dyn Instance>, RuntimeError> {
        let seat = Arc::new(self.room.take(MAPPINGS, &self.job.subject)?);
        let prepared = self.job.link(&self.linker, &self.load()?)?;
        self.job.start(&self.job.plain, &prepared, seat)
    }
}
