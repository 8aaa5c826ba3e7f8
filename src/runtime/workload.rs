//! What a runtime is given to run.

use serde::{Deserialize, Serialize};

/// A workload in the forms that runtimes take. The project's own are in `fixtures/workloads`.
///
/// **The ready protocol**: when it is ready, the workload reads `CLOCK_MONOTONIC` and writes it to standard output as 8
/// bytes, little endian, nanoseconds. A native workload then waits until its standard input ends, and exits with 0. A
/// Wasm workload returns from `_start`, or ends through `proc_exit(0)`; its instance stays alive until it is dropped.
///
/// The reading is the first 8 bytes of standard output, in however many writes they come: a pipe knows no writes. What
/// follows them is ordinary output, and dropped. Who ends with fewer was never ready. That the reading lies within the
/// start is for the caller to check, outside the timed span.
///
/// A Wasm workload exports `_start`, without parameters and results, and its memory as `memory`, and imports nothing but
/// WASI preview1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Workload {
    /// The name in the stored form.
    pub name: String,
    /// The Wasm module, binary or text.
    pub wasm: Option<Vec<u8>>,
    /// Whether a native form exists that the container images carry (`/ready`).
    pub native: bool,
}

impl Workload {
    /// The workload that says ready, and nothing else.
    #[must_use]
    pub fn ready() -> Self {
        let wat = include_bytes!("../../fixtures/workloads/ready.wat");
        Self { name: "ready".to_owned(), wasm: Some(wat.to_vec()), native: true }
    }

    /// A Wasm module of one's own, binary or text. It follows the ready protocol.
    #[must_use]
    pub fn wasm(name: impl Into<String>, module: impl Into<Vec<u8>>) -> Self {
        Self { name: name.into(), wasm: Some(module.into()), native: false }
    }
}
