//! What the guest meets: its WASI imports, and the limits of its time, memory and tables.

use rustix::time::{ClockId, clock_gettime};
use wasmi::{Caller, Engine, Error, Linker, Memory, ResourceLimiter, TrapCode};
use wasmi_core::LimiterError;

use crate::{
    clock,
    runtime::{
        Limits,
        wasi::{
            self, Wasi,
            imports::{
                Answer, Arguments, IMPORTS, Import,
                Type::{I32, I64},
            },
        },
        wasm,
    },
};

/// When a guest has to be over, by `CLOCK_MONOTONIC`, in nanoseconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deadline(u64);

impl Deadline {
    /// So long from now. No machine's clock reaches the end of an endless limit.
    pub(super) fn after(limit: std::time::Duration) -> Self {
        Self(clock::monotonic().saturating_add(limit.as_nanos().try_into().unwrap_or(u64::MAX)))
    }

    pub(super) fn is_over(self) -> bool {
        clock::monotonic() >= self.0
    }

    /// The same by a clock that costs a fifth of the other, and is some milliseconds behind it.
    fn is_long_over(self) -> bool {
        let now = clock_gettime(ClockId::MonotonicCoarse);
        now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64 >= self.0
    }
}

/// The data of one store.
pub(super) struct Host {
    pub(super) wasi: Wasi,
    /// Where the guest's memory is, so that no call looks it up by name. Known once it is instantiated, before its code runs.
    pub(super) memory: Option<Memory>,
    pub(super) deadline: Deadline,
    memory_limit: usize,
    /// Elements that its tables may still take, together.
    table_left: usize,
    /// What was taken of them last.
    table_taken: usize,
}

impl Host {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            wasi: Wasi::default(),
            memory: None,
            deadline: Deadline::after(limits.time),
            memory_limit: wasm::memory_limit(limits) as usize,
            table_left: wasm::table_limit(limits),
            table_taken: 0,
        }
    }
}

/// What exceeds a limit ends the guest: a refusal that it may survive would make the verdict depend on the guest.
impl ResourceLimiter for Host {
    fn memory_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> Result<bool, LimiterError> {
        if desired > self.memory_limit { Err(LimiterError::ResourceLimiterDeniedAllocation) } else { Ok(true) }
    }

    fn table_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> Result<bool, LimiterError> {
        // What the module's own maximum refuses is not taken.
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        self.table_taken = desired.saturating_sub(current);
        let left = self.table_left.checked_sub(self.table_taken);
        self.table_left = left.ok_or(LimiterError::ResourceLimiterDeniedAllocation)?;
        Ok(true)
    }

    /// A table that was allowed to grow did not: for want of fuel, and it will ask again, or of the machine's memory.
    fn table_grow_failed(&mut self, _: &LimiterError) {
        self.table_left += std::mem::take(&mut self.table_taken);
    }

    fn instances(&self) -> usize {
        1
    }

    /// As many as a valid module has: what they hold is counted.
    fn tables(&self) -> usize {
        usize::MAX
    }

    fn memories(&self) -> usize {
        1
    }
}

/// A linker with [`IMPORTS`].
pub(super) fn linker(engine: &Engine) -> Result<Linker<Host>, Error> {
    let mut linker = Linker::new(engine);
    // By types that are known when this is compiled, so that a call converts nothing.
    macro_rules! define {
        ($import:expr; $($argument:ident: $type:ty),* => $result:ty) => {
            linker.func_wrap(wasi::MODULE, $import.name, |guest: Caller<'_, Host>, $($argument: $type),*| {
                let mut arguments = Arguments::default();
                for (slot, value) in arguments.iter_mut().zip([$(u64::from($argument)),*]) {
                    *slot = value;
                }
                <$result>::from_answer(answer(guest, $import, &arguments))
            })
        };
    }
    for import in &IMPORTS {
        match (import.parameters, import.result) {
            ([I32], false) => define!(import; a: u32 => Result<(), Error>),
            ([I32], true) => define!(import; a: u32 => Result<i32, Error>),
            ([I32, I32], true) => define!(import; a: u32, b: u32 => Result<i32, Error>),
            ([I32, I64, I32], true) => define!(import; a: u32, b: u64, c: u32 => Result<i32, Error>),
            ([I32, I64, I32, I32], true) => define!(import; a: u32, b: u64, c: u32, d: u32 => Result<i32, Error>),
            ([I32, I32, I32, I32], true) => define!(import; a: u32, b: u32, c: u32, d: u32 => Result<i32, Error>),
            _ => return Err(Error::new(format!("{} has types that no import had: add them here", import.name))),
        }?;
    }
    Ok(linker)
}

/// Calls an import with the guest's memory.
fn answer(mut guest: Caller<'_, Host>, import: &Import, arguments: &Arguments) -> Result<i32, Error> {
    let answer = match guest.data().memory {
        Some(memory) => {
            let (bytes, host) = memory.data_and_store_mut(&mut guest);
            (import.call)(&mut host.wasi, bytes, arguments)
        }
        None => (import.call)(&mut guest.data_mut().wasi, &mut [], arguments),
    };
    match answer {
        Answer::Exit(status) => Err(Error::i32_exit(status)),
        // A call costs as much fuel as an instruction, and may take longer than a million of them.
        Answer::Number(_) if guest.data().deadline.is_long_over() => Err(TrapCode::OutOfFuel.into()),
        Answer::Number(number) => Ok(number),
    }
}

/// What a host function returns to the engine.
trait FromAnswer: Sized {
    fn from_answer(answer: Result<i32, Error>) -> Self;
}

impl FromAnswer for Result<i32, Error> {
    fn from_answer(answer: Result<i32, Error>) -> Self {
        answer
    }
}

impl FromAnswer for Result<(), Error> {
    fn from_answer(answer: Result<i32, Error>) -> Self {
        answer.map(drop)
    }
}
