//! What the guest meets: its WASI imports, and the limits of its memory.

use wasmtime::{Caller, Engine, Error, Extern, Linker, ModuleExport, ResourceLimiter, Result};

use super::budget::Budget;
use crate::runtime::wasi::{
    self, Wasi,
    imports::{
        Answer, Arguments, IMPORTS, Import,
        Type::{I32, I64},
    },
};

/// The data of one store.
pub(super) struct Host {
    pub(super) wasi: Wasi,
    /// Where the guest's memory is, so that no call looks it up by name.
    memory: Option<ModuleExport>,
    memory_limit: usize,
    /// Elements that its tables may still take, together.
    table_left: usize,
}

impl Host {
    pub(super) fn new(memory: Option<ModuleExport>, budget: &Budget) -> Self {
        Self { wasi: Wasi::default(), memory, memory_limit: budget.memory, table_left: budget.table_elements }
    }
}

/// Why the host stopped a guest. Travels through the engine as its error.
#[derive(Debug, thiserror::Error)]
pub(super) enum Stop {
    #[error("exit status {0}")]
    Exit(i32),
    #[error("more memory than the limit")]
    Memory,
}

/// What exceeds a limit ends the guest: a refusal that it may survive would make the verdict depend on the guest.
impl ResourceLimiter for Host {
    fn memory_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> Result<bool> {
        if desired > self.memory_limit { Err(Error::new(Stop::Memory)) } else { Ok(true) }
    }

    fn table_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> Result<bool> {
        let left = self.table_left.checked_sub(desired.saturating_sub(current)).ok_or(Stop::Memory)?;
        // What the module's own maximum refuses is not taken.
        let granted = maximum.is_none_or(|maximum| desired <= maximum);
        if granted {
            self.table_left = left;
        }
        Ok(granted)
    }
}

/// A linker with [`IMPORTS`].
pub(super) fn linker(engine: &Engine) -> Result<Linker<Host>> {
    let mut linker = Linker::new(engine);
    // By types that are known when this is compiled, so that a call converts nothing.
    macro_rules! define {
        ($import:expr; $($argument:ident: $type:ty),* => $result:ty) => {
            linker.func_wrap(wasi::MODULE, $import.name, |mut guest: Caller<'_, Host>, $($argument: $type),*| {
                let mut arguments = Arguments::default();
                for (slot, value) in arguments.iter_mut().zip([$(u64::from($argument)),*]) {
                    *slot = value;
                }
                <$result>::from_answer(answer(&mut guest, $import, &arguments))
            })
        };
    }
    for import in &IMPORTS {
        match (import.parameters, import.result) {
            ([I32], false) => define!(import; a: u32 => Result<()>),
            ([I32], true) => define!(import; a: u32 => Result<i32>),
            ([I32, I32], true) => define!(import; a: u32, b: u32 => Result<i32>),
            ([I32, I64, I32], true) => define!(import; a: u32, b: u64, c: u32 => Result<i32>),
            ([I32, I64, I32, I32], true) => define!(import; a: u32, b: u64, c: u32, d: u32 => Result<i32>),
            ([I32, I32, I32, I32], true) => define!(import; a: u32, b: u32, c: u32, d: u32 => Result<i32>),
            _ => Err(Error::msg(format!("{} has types that no import had: add them here", import.name))),
        }?;
    }
    Ok(linker)
}

/// Calls an import with the guest's memory.
fn answer(guest: &mut Caller<'_, Host>, import: &Import, arguments: &Arguments) -> Answer {
    let memory = guest.data().memory.and_then(|memory| guest.get_module_export(&memory));
    match memory {
        Some(Extern::Memory(memory)) => {
            let (bytes, host) = memory.data_and_store_mut(guest);
            (import.call)(&mut host.wasi, bytes, arguments)
        }
        _ => (import.call)(&mut guest.data_mut().wasi, &mut [], arguments),
    }
}

/// What a host function returns to the engine.
trait FromAnswer: Sized {
    fn from_answer(answer: Answer) -> Self;
}

impl FromAnswer for Result<i32> {
    fn from_answer(answer: Answer) -> Self {
        match answer {
            Answer::Number(number) => Ok(number),
            Answer::Exit(status) => Err(Error::new(Stop::Exit(status))),
        }
    }
}

impl FromAnswer for Result<()> {
    fn from_answer(answer: Answer) -> Self {
        Result::<i32>::from_answer(answer).map(drop)
    }
}
