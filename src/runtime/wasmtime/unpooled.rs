//! Warm, and without a pool: the module is compiled and its imports are resolved before; a start allocates what the instance
//! needs, and frees it when that ends. What a pool is worth shows beside it.

use std::collections::BTreeMap;

use wasmtime::Module;

use super::{
    budget,
    guest::{Job, Prepared, message},
    host,
};
use crate::runtime::{Artifact, Instance, RuntimeError};

pub(super) struct Unpooled {
    job: Job,
    prepared: Prepared,
}

impl Unpooled {
    pub(super) fn new(job: Job, wasm: &[u8]) -> Result<Self, RuntimeError> {
        let module = Module::from_binary(&job.plain, wasm).map_err(|error| job.invalid(message(&error)))?;
        let linker = host::linker(&job.plain).map_err(|error| job.engine(&error))?;
        let prepared = job.link(&linker, &module)?;
        Ok(Self { job, prepared })
    }
}

impl Artifact for Unpooled {
    fn reserve(&self, concurrent: usize) -> Result<(), RuntimeError> {
        self.job.reserve(concurrent)
    }

    fn settings(&self) -> BTreeMap<String, String> {
        budget::settings(&self.job.plain)
    }

    fn start(&self) -> Result<Box<dyn Instance>, RuntimeError> {
        self.job.start(&self.job.plain, &self.prepared, self.job.seat()?)
    }
}
