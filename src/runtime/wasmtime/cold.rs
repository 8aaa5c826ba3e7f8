//! Cold: the module on disk; a start reads it, makes an engine, compiles, links and runs.

use std::{collections::BTreeMap, fs};

use wasmtime::{Engine, Module};

use super::{budget, guest::Job, guest::message, host};
use crate::{
    Phase, disk, marks,
    runtime::{Artifact, Instance, RuntimeError},
};

pub(super) struct Cold {
    job: Job,
    module: disk::Artifact,
}

impl Cold {
    pub(super) fn new(job: Job, wasm: &[u8]) -> Result<Self, RuntimeError> {
        Ok(Self { job, module: disk::Artifact::write(wasm)? })
    }
}

impl Artifact for Cold {
    fn reserve(&self, concurrent: usize) -> Result<(), RuntimeError> {
        self.job.reserve(concurrent)
    }

    fn settings(&self) -> BTreeMap<String, String> {
        budget::settings(&self.job.plain)
    }

    fn artifact_bytes(&self) -> Option<u64> {
        Some(self.module.length())
    }

    fn start(&self) -> Result<Box<dyn Instance>, RuntimeError> {
        let job = &self.job;
        let seat = job.seat()?;
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
