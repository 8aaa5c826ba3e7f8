//! The module on disk, as OPA made it or compiled for this machine.
//!
//! The one place of this adapter with unsafe code: Wasmtime trusts what it maps.

use wasmtime::Module;

use super::Asked;
use crate::{
    disk::{self, Artifact},
    policy::{PolicyError, read_bytes},
};

/// A module on disk.
pub(super) enum Code {
    /// OPA's Wasm, compiled when it is loaded.
    Wasm(Artifact),
    /// Machine code, mapped when it is loaded.
    Machine(Machine),
}

/// Made by [`Code::machine`] alone.
pub(super) struct Machine(Artifact);

impl Code {
    pub(super) fn wasm(bytes: &[u8]) -> Result<Self, PolicyError> {
        Ok(Self::Wasm(Artifact::write(bytes)?))
    }

    pub(super) fn machine(module: &Module) -> wasmtime::Result<Result<Self, PolicyError>> {
        let bytes = module.serialize()?;
        Ok(Artifact::write(&bytes).map(|artifact| Self::Machine(Machine(artifact))).map_err(PolicyError::from))
    }

    /// The module, on the engine of `asked`, which must be the one that [`Code::machine`]'s module was compiled by.
    pub(super) fn load(&self, asked: &Asked) -> Result<Module, PolicyError> {
        match self {
            Self::Wasm(artifact) => {
                let wasm = read_bytes(artifact)?;
                Module::from_binary(&asked.engine, &wasm).map_err(|e| asked.invalid(format!("{e:#}")))
            }
            Self::Machine(Machine(artifact)) => {
                // SAFETY: `deserialize_file` asks for two things. The content must come from Wasmtime's compiler,
                // unaltered: `Code::machine`, the only constructor of `Machine`, wrote what `Module::serialize` returned;
                // that it was compiled for another configuration is checked by Wasmtime itself. And the file must not
                // change while the module lives: it has no name in any directory, its one writable descriptor was closed
                // before the `Artifact` existed, and this crate opens its path but to read. Who else could open it,
                // through /proc/PID/fd, has from the kernel the right to trace this process, and is trusted with its
                // memory anyway.
                // The mapping keeps the file's content alive after the artifact is dropped.
                let module = unsafe { Module::deserialize_file(&asked.engine, artifact.path()) };
                module.map_err(|e| {
                    asked.trouble(format!(
                        "machine code in {} could not be mapped: {e:#}; if that file system is mounted noexec, set TMPDIR \
                         to a directory on one that is not",
                        disk::directory().display()
                    ))
                })
            }
        }
    }
}
