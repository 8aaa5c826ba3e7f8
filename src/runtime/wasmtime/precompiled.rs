//! Precompiled: machine code on disk; a start maps it, links and runs. Engine and linker are shared, and made before.
//!
//! The one place of this adapter with unsafe code: Wasmtime trusts what it maps.

use std::collections::BTreeMap;

use wasmtime::{Linker, Module, Result};

use super::{
    budget,
    guest::{Job, message},
    host::{self, Host},
};
use crate::{
    Phase, disk, marks,
    runtime::{Artifact, Instance, Refusal, RefusalKind, RuntimeError},
};

pub(super) struct Precompiled {
    job: Job,
    linker: Linker<Host>,
    code: disk::Artifact,
}

impl Precompiled {
    pub(super) fn new(job: Job, wasm: &[u8]) -> Result<Self, RuntimeError> {
        let code = job.plain.precompile_module(wasm).map_err(|error| job.invalid(message(&error)))?;
        let code = disk::Artifact::write(&code)?;
        let linker = host::linker(&job.plain).map_err(|error| job.engine(&error))?;
        let artifact = Self { job, linker, code };
        // Whether it can be mapped and linked at all shows here, and not in a timed start. It was compiled a moment ago:
        // what stands in the way is this machine.
        let module = artifact.load().map_err(|error| {
            let reason =
                format!("machine code in {} cannot be mapped: {}", disk::directory().display(), message(&error));
            let remedy = "set TMPDIR to a directory on a file system that is not mounted noexec";
            Refusal::new(&artifact.job.of.subject, RefusalKind::NotPermitted, reason, remedy)
        })?;
        artifact.job.link(&artifact.linker, &module)?;
        Ok(artifact)
    }

    fn load(&self) -> Result<Module> {
        // SAFETY: `deserialize_file` asks for two things. The content must come from this engine's compiler, unaltered:
        // `new`, the only constructor, wrote what `precompile_module` of this very engine returned. And the file must
        // not change while the module lives: it has no name in any directory, its one writable descriptor was closed before
        // `disk::Artifact` existed, and this crate opens `path` but to read. Who else could open it, through the links of
        // /proc/PID/fd, has from the kernel the right to trace this process, and is trusted with its memory anyway.
        // The mapping keeps the file's content alive after `code` is dropped.
        unsafe { Module::deserialize_file(&self.job.plain, self.code.path()) }
    }
}

impl Artifact for Precompiled {
    fn reserve(&self, concurrent: usize) -> Result<(), RuntimeError> {
        self.job.reserve(concurrent)
    }

    fn settings(&self) -> BTreeMap<String, String> {
        budget::settings(&self.job.plain)
    }

    fn artifact_bytes(&self) -> Option<u64> {
        Some(self.code.length())
    }

    fn start(&self) -> Result<Box<dyn Instance>, RuntimeError> {
        let seat = self.job.seat()?;
        marks::begin(Phase::Load);
        let module = self.load().map_err(|error| self.job.engine(&error))?;
        marks::begin(Phase::Link);
        let prepared = self.job.link(&self.linker, &module)?;
        self.job.start(&self.job.plain, &prepared, seat)
    }
}
