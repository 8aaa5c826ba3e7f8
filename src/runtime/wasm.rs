//! What every runtime of Wasm modules has in common, whatever its engine: which workloads it takes, what is asked of a
//! module, what its limits mean for memories and tables, and how its errors and settings are named.

use std::borrow::Cow;

use super::{Limits, Runtime, RuntimeError, Workload};
use crate::{Subject, Temperature};

/// A page of Wasm memory, in bytes.
pub(in crate::runtime) const PAGE: u64 = 64 << 10;

/// What a 32-bit memory can be at most, in bytes.
pub(in crate::runtime) const MEMORY_MAX: u64 = 4 << 30;

/// What the tables of an instance may hold together, whatever its memory limit: rustc and clang make tables of some hundred
/// entries.
const TABLE_ELEMENTS: usize = 10_000;

/// Bytes of the memory limit that allow for one more element of a table.
const BYTES_AN_ELEMENT: u64 = 4 << 10;

/// The most bytes of an instance's memory.
pub(in crate::runtime) fn memory_limit(limits: &Limits) -> u64 {
    limits.memory.min(MEMORY_MAX)
}

/// The most elements of all tables of an instance together: 10,000, and where more memory is allowed, one for each 4 KiB.
pub(in crate::runtime) fn table_limit(limits: &Limits) -> usize {
    TABLE_ELEMENTS.max((memory_limit(limits) / BYTES_AN_ELEMENT) as usize)
}

/// The settings that every such runtime states, under these names.
pub(in crate::runtime) fn settings(limits: &Limits) -> [(&'static str, String); 3] {
    [
        ("time_limit", format!("{:?}", limits.time)),
        ("memory_limit_bytes", limits.memory.to_string()),
        ("wasi", "preview1, the adapter's own".to_owned()),
    ]
}

/// Whether a module has what the ready protocol asks of it.
#[derive(Debug, Clone, Copy)]
pub(in crate::runtime) struct Shape {
    /// It exports `_start`, a function without parameters and results.
    pub start: bool,
    /// It exports a memory named `memory`.
    pub memory: bool,
    /// It imports something of WASI.
    pub wasi: bool,
}

/// One workload on one runtime: the names and limits that its errors tell.
#[derive(Debug, Clone)]
pub(in crate::runtime) struct Job {
    pub subject: Subject,
    pub workload: String,
    pub limits: Limits,
}

impl Job {
    /// The job, and the module as binary: what every `prepare` does first.
    pub fn of<'a>(
        runtime: &dyn Runtime,
        limits: Limits,
        workload: &'a Workload,
        temperature: Temperature,
    ) -> Result<(Self, Cow<'a, [u8]>), RuntimeError> {
        let (subject, name) = (runtime.identity().subject.clone(), workload.name.clone());
        if !runtime.temperatures().contains(&temperature) {
            return Err(RuntimeError::UnsupportedTemperature { subject, temperature });
        }
        let Some(module) = &workload.wasm else {
            let reason = "it has no Wasm module".to_owned();
            return Err(RuntimeError::UnsupportedWorkload { subject, workload: name, reason });
        };
        let job = Self { subject, workload: name, limits };
        let wasm = wat::parse_bytes(module).map_err(|error| job.invalid(error.to_string()))?;
        Ok((job, wasm))
    }

    /// Refuses a module that could never say ready.
    pub fn check(&self, shape: Shape) -> Result<(), RuntimeError> {
        if !shape.start {
            return Err(self.invalid("it exports no function _start without parameters and results"));
        }
        if shape.wasi && !shape.memory {
            return Err(self.invalid("it imports WASI and exports no memory named \"memory\""));
        }
        Ok(())
    }

    pub fn invalid(&self, reason: impl Into<String>) -> RuntimeError {
        RuntimeError::Invalid { workload: self.workload.clone(), reason: reason.into() }
    }

    pub fn failed(&self, reason: impl Into<String>) -> RuntimeError {
        RuntimeError::Failed { workload: self.workload.clone(), reason: reason.into() }
    }

    pub fn exit(&self, status: i32) -> RuntimeError {
        self.failed(format!("exit status {status}"))
    }

    pub fn time_limit(&self) -> RuntimeError {
        RuntimeError::TimeLimit { workload: self.workload.clone(), limit: self.limits.time }
    }

    pub fn memory_limit(&self) -> RuntimeError {
        RuntimeError::MemoryLimit { workload: self.workload.clone(), limit: self.limits.memory }
    }

    pub fn not_ready(&self) -> RuntimeError {
        RuntimeError::NotReady { workload: self.workload.clone() }
    }

    /// An error of the engine itself.
    pub fn engine(&self, reason: impl Into<String>) -> RuntimeError {
        RuntimeError::Engine { subject: self.subject.clone(), reason: reason.into() }
    }
}
