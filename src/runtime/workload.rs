//! What a runtime is given to run.

use serde::{Deserialize, Serialize};

/// The native side of how a program of `fixtures/workloads` begins and ends.
#[cfg_attr(not(feature = "container"), allow(dead_code, reason = "only containers take native programs"))]
pub(super) const START: &str = include_str!("../../fixtures/workloads/start/native.rs");

/// A native program, which is built where it is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(feature = "container"), allow(dead_code, reason = "only containers take native programs"))]
pub(super) enum Program {
    /// In every image.
    Ready,
    HttpHandler,
    ComputeKernel,
    /// What runs in a pod.
    #[cfg_attr(not(feature = "cluster"), allow(dead_code, reason = "only nodes have pods"))]
    Pod,
}

#[cfg_attr(not(feature = "container"), allow(dead_code, reason = "as above"))]
impl Program {
    /// The crate's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::HttpHandler => "http_handler",
            Self::ComputeKernel => "compute_kernel",
            Self::Pod => "pod",
        }
    }

    /// The source, which finds [`START`] in `start/native.rs`.
    pub const fn source(self) -> &'static str {
        match self {
            Self::Ready => include_str!("../../fixtures/workloads/ready.rs"),
            Self::HttpHandler => include_str!("../../fixtures/workloads/http_handler.rs"),
            Self::ComputeKernel => include_str!("../../fixtures/workloads/compute_kernel.rs"),
            Self::Pod => include_str!("../../fixtures/workloads/pod.rs"),
        }
    }
}

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
    /// What an image carries as `/ready`.
    #[cfg_attr(not(feature = "container"), allow(dead_code, reason = "as above"))]
    pub(super) program: Option<Program>,
}

impl Workload {
    /// The workload that says ready, and nothing else.
    #[must_use]
    pub fn ready() -> Self {
        let wat = include_bytes!("../../fixtures/workloads/ready.wat");
        Self { name: "ready".to_owned(), wasm: Some(wat.to_vec()), native: true, program: Some(Program::Ready) }
    }

    /// A request handler: before it says ready it has parsed, routed and answered 200 HTTP/1.1 requests that lie in its
    /// memory (no sockets), and checked the answers to the last byte. So its start is that of a program with code and
    /// work, native and Wasm from one source: `fixtures/workloads/http_handler.rs`.
    #[must_use]
    pub fn http_handler() -> Self {
        let wasm = include_bytes!("../../fixtures/workloads/http_handler.wasm");
        Self {
            name: "http-handler".to_owned(),
            wasm: Some(wasm.to_vec()),
            native: true,
            program: Some(Program::HttpHandler),
        }
    }

    /// A compute kernel: before it says ready it has multiplied two 64 by 64 matrices of `f64` and checked the product to
    /// the last bit. Native and Wasm from one source: `fixtures/workloads/compute_kernel.rs`.
    #[must_use]
    pub fn compute_kernel() -> Self {
        let wasm = include_bytes!("../../fixtures/workloads/compute_kernel.wasm");
        let name = "compute-kernel".to_owned();
        Self { name, wasm: Some(wasm.to_vec()), native: true, program: Some(Program::ComputeKernel) }
    }

    /// A Wasm module of one's own, binary or text. It follows the ready protocol.
    #[must_use]
    pub fn wasm(name: impl Into<String>, module: impl Into<Vec<u8>>) -> Self {
        Self { name: name.into(), wasm: Some(module.into()), native: false, program: None }
    }
}
