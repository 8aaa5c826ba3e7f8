//! Cold: the module on disk; a start reads it, makes an engine, compiles, links and runs.

use std::{collections::BTreeMap, fs, sync::Arc};

use wasmtime::{Engine, Module};

use super::{
    budget,
    guest::Job,
    guest::message,
    host,
    room::{Need, ROOM},
};
use crate::{
    Phase, disk, marks,
    runtime::{Artifact, Instance, RuntimeError},
};

/// The most memory mappings that a live instance with an engine of its own was seen to hold, and some.
pub(super) const MAPPINGS: u64 = 8;

pub(super) struct Cold {
    job: Job,
    module: disk::Artifact,
}

impl Cold {
    pub(super) fn new(job: Job, wasm: &[u8]) -> Result<Self, RuntimeError> {
        Ok(Self { job, module: disk::Artifact::write(wasm)? })
    }

    fn need(&self) -> Need {
        Need { mappings: MAPPINGS, addresses: budget::reserved(&self.job.plain) }
    }
}

impl Artifact for Cold {
    fn reserve(&self, concurrent: usize) -> Result<(), RuntimeError> {
        ROOM.take(self.need().times(concurrent), &self.job.of.subject).map(drop)
    }

    fn settings(&self) -> BTreeMap<String, String> {
        budget::settings(&self.job.plain)
    }

    fn artifact_bytes(&self) -> Option<u64> {
        Some(self.module.length())
    }

    fn start(&self) -> Result<Box<dyn Instance>, RuntimeError> {
        let job = &self.job;
        let seat = Arc::new(ROOM.take(self.need(), &job.of.subject)?);
        marks::begin(Phase::Load);
        let path = self.module.path();
        let wasm = fs::read(path).map_err(|source| RuntimeError::Io { path: path.to_owned(), source })?;
        marks::begin(Phase::Engine);
        let engine = Engine::new(&budget::on_demand()).map_err(|error| job.engine(&error))?;
        job.tick(&engine);
        marks::begin(Phase::Compile);
        let module = Module::from_binary(&engine, &wasm).map_err(|error| job.invalid(message(&error)))?;
        marks::begin(Phase::Link);
        let linker = host::linker(&engine).map_err(|error| job.engine(&error))?;
        let prepared = job.link(&linker, &module)?;
        job.start(&engine, &prepared, seat)
    }
}
