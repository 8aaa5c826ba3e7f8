//! Warm, and without a pool: the module is compiled and its imports are resolved before; a start allocates what the instance
//! needs, and frees it when that ends. What a pool is worth shows beside it.

use std::{collections::BTreeMap, sync::Arc};

use wasmtime::Module;

use super::{
    budget, cold,
    guest::{Job, Prepared, message},
    host,
    room::{Need, ROOM},
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

    /// A cold start's instance holds no less.
    fn need(&self) -> Need {
        Need { mappings: cold::MAPPINGS, addresses: budget::reserved(&self.job.plain) }
    }
}

impl Artifact for Unpooled {
    fn reserve(&self, concurrent: usize) -> Result<(), RuntimeError> {
        ROOM.take(self.need().times(concurrent), &self.job.of.subject).map(drop)
    }

    fn settings(&self) -> BTreeMap<String, String> {
        budget::settings(&self.job.plain)
    }

    fn start(&self) -> Result<Box<dyn Instance>, RuntimeError> {
        let seat = Arc::new(ROOM.take(self.need(), &self.job.of.subject)?);
        self.job.start(&self.job.plain, &self.prepared, seat)
    }
}
