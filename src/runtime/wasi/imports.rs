//! What a guest can import, as a table that knows no engine. An adapter loops over [`IMPORTS`], makes each a host function of
//! its engine, and gives it the guest's memory: a table with one more line is one more import in every engine.

use super::{Errno, Wasi, code};

/// The type of a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::runtime) enum Type {
    I32,
    I64,
}
use Type::{I32, I64};

/// What a call gives back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::runtime) enum Answer {
    /// WASI's error number, or 0.
    Number(i32),
    /// The guest ends with this status. The import has no result.
    Exit(i32),
}

impl From<Result<(), Errno>> for Answer {
    fn from(outcome: Result<(), Errno>) -> Self {
        Self::Number(code(outcome))
    }
}

/// The arguments of a call, in the order of the parameters. An i32 has no bits above the lower 32.
pub(in crate::runtime) type Arguments = [u64; 4];

/// A host function.
#[derive(Debug, Clone, Copy)]
pub(in crate::runtime) struct Import {
    pub name: &'static str,
    pub parameters: &'static [Type],
    /// Whether it has a result, an i32.
    pub result: bool,
    /// Called with the guest's state, its memory (empty where it has none), and as many arguments as `parameters` has; the
    /// rest are 0.
    pub call: fn(&mut Wasi, &mut [u8], &Arguments) -> Answer,
}

const fn import(
    name: &'static str,
    parameters: &'static [Type],
    call: fn(&mut Wasi, &mut [u8], &Arguments) -> Answer,
) -> Import {
    Import { name, parameters, result: true, call }
}

/// Every import, of the module [`MODULE`](super::MODULE).
pub(in crate::runtime) static IMPORTS: [Import; 11] = [
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guest_without_memory_gets_an_error_number_from_each() {
        for import in &IMPORTS {
            assert!(import.parameters.len() <= Arguments::default().len(), "{}", import.name);
            let answer = (import.call)(&mut Wasi::default(), &mut [], &[1, 2, 3, 4]);
            match answer {
                Answer::Exit(status) => assert!(!import.result && status == 1, "{}", import.name),
                Answer::Number(number) => assert!(import.result && number >= 0, "{}: {number}", import.name),
            }
        }
        let mut names: Vec<_> = IMPORTS.iter().map(|import| import.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), IMPORTS.len(), "a name twice");
    }
}
