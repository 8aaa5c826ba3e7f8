//! The shared Wasm workloads, good and bad, and what each bad one must give.

use runtime_baseline::runtime::{RuntimeError, Workload};

/// The variants of [`RuntimeError`] that a workload can cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Invalid,
    Failed,
    TimeLimit,
    MemoryLimit,
    NotReady,
    /// One that no workload may cause.
    Other,
}

impl From<&RuntimeError> for Verdict {
    fn from(error: &RuntimeError) -> Self {
        match error {
            RuntimeError::Invalid { .. } => Self::Invalid,
            RuntimeError::Failed { .. } => Self::Failed,
            RuntimeError::TimeLimit { .. } => Self::TimeLimit,
            RuntimeError::MemoryLimit { .. } => Self::MemoryLimit,
            RuntimeError::NotReady { .. } => Self::NotReady,
            _ => Self::Other,
        }
    }
}

macro_rules! fixture {
    ($name:literal) => {
        Workload::wasm($name, *include_bytes!(concat!("../../fixtures/workloads/", $name, ".wat")))
    };
}

/// Each says ready.
pub fn good() -> Vec<Workload> {
    let fixtures = [fixture!("ready"), fixture!("ready-in-parts"), fixture!("ready-exit-0"), fixture!("compute")];
    fixtures.into_iter().chain([Workload::http_handler(), Workload::compute_kernel()]).collect()
}

/// Stopped by its time limit alone.
pub fn endless() -> Workload {
    fixture!("loop")
}

/// None says ready, and each says why in its own way.
pub fn bad() -> Vec<(Workload, Verdict)> {
    let ready = wat::parse_bytes(include_bytes!("../../fixtures/workloads/ready.wat")).expect("a fixture");
    let mut cases = vec![
        (fixture!("trap"), Verdict::Failed),
        (fixture!("exit-3"), Verdict::Failed),
        (fixture!("silent"), Verdict::NotReady),
        (fixture!("half-ready"), Verdict::NotReady),
        (fixture!("memory-minimum"), Verdict::MemoryLimit),
        (fixture!("memory-grow"), Verdict::MemoryLimit),
        (fixture!("missing-import"), Verdict::Invalid),
        (Workload::wasm("empty", []), Verdict::Invalid),
        (Workload::wasm("header only", &ready[..8]), Verdict::Invalid),
        (Workload::wasm("text", "(module"), Verdict::Invalid),
        (Workload::wasm("no text", [0xff, 0xfe, 0xfd]), Verdict::Invalid),
        (Workload::wasm("no start", "(module (memory (export \"memory\") 1))"), Verdict::Invalid),
        (Workload::wasm("start with a parameter", "(module (func (export \"_start\") (param i32)))"), Verdict::Invalid),
    ];
    // A prefix can be a module of its own only where a section ends, and none of those says ready.
    for length in [1, 4, 9, ready.len() / 2, ready.len() - 1] {
        cases.push((Workload::wasm(format!("first {length} bytes"), &ready[..length]), Verdict::Invalid));
    }
    cases
}
