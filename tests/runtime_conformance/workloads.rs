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

/// Ends with status 3 before it is ready.
pub fn ends_with_a_status() -> Workload {
    fixture!("exit-3")
}

/// Each wants more memory than the default limit.
pub fn beyond_its_memory() -> [Workload; 2] {
    [fixture!("memory-minimum"), fixture!("memory-grow")]
}

/// None says ready, and each says why in its own way.
pub fn bad() -> Vec<(Workload, Verdict)> {
    let ready = wat::parse_bytes(include_bytes!("../../fixtures/workloads/ready.wat")).expect("a fixture");
    let mut cases = vec![
        (fixture!("trap"), Verdict::Failed),
        (fixture!("silent"), Verdict::NotReady),
        (fixture!("half-ready"), Verdict::NotReady),
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

/// The text of the workload that says ready, and nothing else.
pub const READY: &str = include_str!("../../fixtures/workloads/ready.wat");

/// The same with more in the module.
pub fn ready_and(name: &str, more: &str) -> Workload {
    let body = READY.trim_end().strip_suffix(')').expect("a module");
    Workload::wasm(name, format!("{body}\n{more})"))
}

/// Says ready when every import has answered as WASI says: what C and Rust programs import, each with arguments that are wrong
/// or right. The last, `proc_exit`, ends it with status 0.
pub fn every_import() -> Workload {
    let import = |(name, parameters, result): (&str, &str, &str)| {
        format!("(import \"wasi_snapshot_preview1\" \"{name}\" (func ${name} (param {parameters}) {result}))")
    };
    const NUMBER: &str = "(result i32)";
    let imports = [
        ("clock_time_get", "i32 i64 i32", NUMBER),
        ("fd_write", "i32 i32 i32 i32", NUMBER),
        ("fd_close", "i32", NUMBER),
        ("fd_fdstat_get", "i32 i32", NUMBER),
        ("fd_seek", "i32 i64 i32 i32", NUMBER),
        ("args_sizes_get", "i32 i32", NUMBER),
        ("args_get", "i32 i32", NUMBER),
        ("environ_sizes_get", "i32 i32", NUMBER),
        ("environ_get", "i32 i32", NUMBER),
        ("random_get", "i32 i32", NUMBER),
        ("proc_exit", "i32", ""),
    ];
    let is = |call: &str, answer: i32| format!("(if (i32.ne (call {call}) (i32.const {answer})) (then unreachable))");
    let calls = [
        is("$fd_fdstat_get (i32.const 1) (i32.const 128)", 0),
        is("$fd_fdstat_get (i32.const 9) (i32.const 128)", 8),
        is("$fd_seek (i32.const 1) (i64.const 0) (i32.const 0) (i32.const 128)", 70),
        is("$args_sizes_get (i32.const 128) (i32.const 132)", 0),
        is("$args_sizes_get (i32.const 128) (i32.const 65533)", 21),
        is("$args_get (i32.const 128) (i32.const 132)", 0),
        is("$environ_sizes_get (i32.const 128) (i32.const 132)", 0),
        is("$environ_get (i32.const 128) (i32.const 132)", 0),
        is("$random_get (i32.const 128) (i32.const 8)", 0),
        is("$random_get (i32.const -1) (i32.const 8)", 21),
        is("$clock_time_get (i32.const 7) (i64.const 1) (i32.const 16)", 28),
        is("$clock_time_get (i32.const 1) (i64.const 1) (i32.const 16)", 0),
        is("$fd_write (i32.const 1) (i32.const 65535) (i32.const 1) (i32.const 8)", 21),
        is("$fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)", 0),
        is("$fd_close (i32.const 2)", 0),
        is("$fd_close (i32.const 2)", 8),
        "(call $proc_exit (i32.const 0)) unreachable".to_owned(),
    ];
    let module = format!(
        "(module {} (memory (export \"memory\") 1) (data (i32.const 0) \"\\10\\00\\00\\00\\08\\00\\00\\00\")
         (func (export \"_start\") {}))",
        imports.map(import).join("\n"),
        calls.join("\n")
    );
    Workload::wasm("every import", module)
}
