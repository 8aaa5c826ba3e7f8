//! What the guest meets: its WASI imports, and the limits of its memory.

use wasmtime::{Caller, Engine, Error, Extern, Linker, ModuleExport, ResourceLimiter, Result};

use super::budget::Budget;
use crate::runtime::wasi::{self, Errno, Wasi};

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

/// The guest's memory and the host side of its calls.
fn parts<'a>(caller: &'a mut Caller<'_, Host>) -> Result<(&'a mut [u8], &'a mut Wasi), Errno> {
    let export = caller.data().memory.ok_or(Errno::Fault)?;
    let Some(Extern::Memory(memory)) = caller.get_module_export(&export) else {
        return Err(Errno::Fault);
    };
    let (bytes, host) = memory.data_and_store_mut(caller);
    Ok((bytes, &mut host.wasi))
}

/// A linker with the imports of [`wasi`].
pub(super) fn linker(engine: &Engine) -> Result<Linker<Host>> {
    type Guest<'a> = Caller<'a, Host>;
    let mut linker = Linker::new(engine);
    linker.func_wrap(
        wasi::MODULE,
        "clock_time_get",
        |mut guest: Guest<'_>, clock: u32, _precision: u64, out: u32| {
            wasi::code(parts(&mut guest).and_then(|(memory, _)| Wasi::clock_time_get(memory, clock, out)))
        },
    )?;
    linker.func_wrap(
        wasi::MODULE,
        "fd_write",
        |mut guest: Guest<'_>, fd: u32, vectors: u32, count: u32, out: u32| {
            wasi::code(parts(&mut guest).and_then(|(memory, wasi)| wasi.fd_write(memory, fd, vectors, count, out)))
        },
    )?;
    linker.func_wrap(wasi::MODULE, "fd_close", |mut guest: Guest<'_>, fd: u32| {
        wasi::code(guest.data_mut().wasi.fd_close(fd))
    })?;
    linker.func_wrap(wasi::MODULE, "fd_fdstat_get", |mut guest: Guest<'_>, fd: u32, out: u32| {
        wasi::code(parts(&mut guest).and_then(|(memory, wasi)| wasi.fd_fdstat_get(memory, fd, out)))
    })?;
    linker.func_wrap(
        wasi::MODULE,
        "fd_seek",
        |mut guest: Guest<'_>, fd: u32, _offset: i64, _whence: u32, _out: u32| {
            wasi::code(guest.data_mut().wasi.fd_seek(fd))
        },
    )?;
    for name in ["args_sizes_get", "environ_sizes_get"] {
        linker.func_wrap(wasi::MODULE, name, |mut guest: Guest<'_>, count: u32, size: u32| {
            wasi::code(parts(&mut guest).and_then(|(memory, _)| Wasi::no_sizes(memory, count, size)))
        })?;
    }
    // There are none, so nothing is written.
    for name in ["args_get", "environ_get"] {
        linker.func_wrap(wasi::MODULE, name, |_pointers: u32, _buffer: u32| 0)?;
    }
    linker.func_wrap(wasi::MODULE, "random_get", |mut guest: Guest<'_>, out: u32, length: u32| {
        wasi::code(parts(&mut guest).and_then(|(memory, _)| Wasi::random_get(memory, out, length)))
    })?;
    linker.func_wrap(wasi::MODULE, "proc_exit", |status: i32| -> Result<()> { Err(Error::new(Stop::Exit(status))) })?;
    Ok(linker)
}
