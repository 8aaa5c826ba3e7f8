//! What the guest meets: its WASI imports, as a table that knows no engine.

use crate::runtime::wasi::{self, Errno, Wasi};

/// The types of a parameter.
#[derive(Debug, Clone, Copy)]
pub(super) enum Type {
    I32,
    I64,
}
use Type::{I32, I64};

/// What a call gives back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// WASI's error number, or 0.
    Number(i32),
    /// The guest ends with this status. The import has no result.
    Exit(i32),
}

impl From<Result<(), Errno>> for Answer {
    fn from(outcome: Result<(), Errno>) -> Self {
        Self::Number(wasi::code(outcome))
    }
}

/// A host function: called with the guest's state, its memory, and as many arguments as `parameters` has.
pub(super) struct Import {
    pub(super) name: &'static str,
    pub(super) parameters: &'static [Type],
    /// Whether it has a result, an i32.
    pub(super) result: bool,
    pub(super) call: fn(&mut Wasi, &mut [u8], &Arguments) -> Answer,
}

/// As many arguments as any import has.
pub(super) type Arguments = [u64; 5];

const fn import(
    name: &'static str,
    parameters: &'static [Type],
    call: fn(&mut Wasi, &mut [u8], &Arguments) -> Answer,
) -> Import {
    Import { name, parameters, result: true, call }
}

// Each argument is read as the type that `parameters` states: an i32 has no bits above the lower 32.
pub(super) static IMPORTS: [Import; 11] = [
    import("clock_time_get", &[I32, I64, I32], |_, memory, a| {
        Wasi::clock_time_get(memory, a[0] as u32, a[2] as u32).into()
    }),
    import("fd_write", &[I32, I32, I32, I32], |wasi, memory, a| {
        wasi.fd_write(memory, a[0] as u32, a[1] as u32, a[2] as u32, a[3] as u32).into()
    }),
    import("fd_close", &[I32], |wasi, _, a| wasi.fd_close(a[0] as u32).into()),
    import("fd_fdstat_get", &[I32, I32], |wasi, memory, a| wasi.fd_fdstat_get(memory, a[0] as u32, a[1] as u32).into()),
    import("fd_seek", &[I32, I64, I32, I32], |wasi, _, a| wasi.fd_seek(a[0] as u32).into()),
    import("args_sizes_get", &[I32, I32], no_sizes),
    import("environ_sizes_get", &[I32, I32], no_sizes),
    // There are none, so nothing is written.
    import("args_get", &[I32, I32], |_, _, _| Answer::Number(0)),
    import("environ_get", &[I32, I32], |_, _, _| Answer::Number(0)),
    import("random_get", &[I32, I32], |_, memory, a| Wasi::random_get(memory, a[0] as u32, a[1] as u32).into()),
    Import { name: "proc_exit", parameters: &[I32], result: false, call: |_, _, a| Answer::Exit(a[0] as i32) },
];

fn no_sizes(_: &mut Wasi, memory: &mut [u8], a: &Arguments) -> Answer {
    Wasi::no_sizes(memory, a[0] as u32, a[1] as u32).into()
}
