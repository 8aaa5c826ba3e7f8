//! The calls of the C API for a guest whose exports the host calls: one that imports its memory, and functions of 32-bit
//! integers alone, from a module `env`.

use std::{
    cell::{Cell, OnceCell},
    ffi::{CStr, c_void},
    panic::{AssertUnwindSafe, catch_unwind},
    ptr::{self, NonNull},
    slice,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::SeqCst},
    },
};

use wasmedge_sys::ffi::{self, WasmEdge_ErrCode_HostFuncError, WasmEdge_ErrCode_Success};

use super::{Config, Engine, Fault, Imports, Instance, Module, Store, check, log, string};
use crate::runtime::wasmedge::{Mode, PAGE};

/// The module that guests import from, and the name of the memory in it.
const ENV: &str = "env";
const MEMORY: &str = "memory";

/// Below this, LLVM's linker puts nothing, so that a null pointer points to nothing: no text lies there, and the word that
/// [`Env::set_word`] sets does.
const LOWEST: u32 = 1024;

/// As many arguments as any call has.
const MOST_ARGUMENTS: usize = 8;

/// A function that the host provides: its parameters are 32-bit integers, and so is its result.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Provided {
    pub(crate) name: &'static str,
    pub(crate) parameters: usize,
    pub(crate) result: bool,
}

/// Ends the guest: the host keeps the reason for itself.
#[derive(Debug)]
pub(crate) struct Refused;

/// What a guest meets.
pub(crate) trait Host: Send {
    /// The functions of the module `env`.
    const PROVIDED: &'static [Provided];

    /// The guest called one of them. The guest can be called meanwhile, and may call again.
    fn call(&self, function: usize, arguments: &[i32], guest: &View<'_>) -> Result<i32, Refused>;
}

impl Module {
    /// The pages that it wants at least of the memory that it imports, and at most.
    pub(crate) fn imported_memory(&self) -> Option<(u64, Option<u64>)> {
        // SAFETY: the list has as many entries as were asked for and filled; they, the names and the types belong to the
        // module. The type of an import is null where it is no memory.
        unsafe {
            let length = ffi::WasmEdge_ASTModuleListImportsLength(self.as_ptr());
            let mut imports = vec![ptr::null(); length as usize];
            ffi::WasmEdge_ASTModuleListImports(self.as_ptr(), imports.as_mut_ptr(), length);
            let ty = imports.into_iter().find_map(|import| {
                let named = ffi::WasmEdge_StringIsEqual(ffi::WasmEdge_ImportTypeGetModuleName(import), string(ENV))
                    && ffi::WasmEdge_StringIsEqual(ffi::WasmEdge_ImportTypeGetExternalName(import), string(MEMORY));
                let ty = named.then(|| ffi::WasmEdge_ImportTypeGetMemoryType(self.as_ptr(), import))?;
                (!ty.is_null()).then_some(ty)
            })?;
            let limit = ffi::WasmEdge_MemoryTypeGetLimit(ty);
            let most = ffi::WasmEdge_LimitHasMax(limit).then(|| ffi::WasmEdge_LimitGetMax(limit));
            Some((ffi::WasmEdge_LimitGetMin(limit), most))
        }
    }
}

impl Config {
    /// For guests that are asked to stop with atomic operations.
    pub(in crate::runtime::wasmedge) fn with_atomics(mode: Mode, pages: u64) -> Result<Self, Fault> {
        let config = Self::new(mode, pages)?;
        // SAFETY: the context was just made, and no other thread has it yet.
        unsafe { ffi::WasmEdge_ConfigureAddProposal(config.as_ptr(), ffi::WasmEdge_Proposal_Threads) };
        Ok(config)
    }
}

/// The module `env`, with the memory that it owns.
pub(crate) struct Env {
    imports: Imports,
    memory: *mut ffi::WasmEdge_MemoryInstanceContext,
    /// Where the memory begins.
    base: *mut u8,
}

// SAFETY: the C API ties neither to a thread. Only the guest's owner uses the memory, but for `set_word`.
unsafe impl Send for Env {}
// SAFETY: as above.
unsafe impl Sync for Env {}

impl Env {
    /// A memory of one page at least, and so many at least and at most.
    pub(crate) fn new((least, most): (u64, u64)) -> Result<Arc<Self>, Fault> {
        log::take();
        // SAFETY: limit and type are copied by the calls that take them, and freed here. The module owns the memory once it
        // is added, so the pointer is valid as long as the module.
        unsafe {
            let imports = Imports::own(ffi::WasmEdge_ModuleInstanceCreate(string(ENV)))?;
            let limit = ffi::WasmEdge_LimitCreateWithMax(least.max(1), most, false, false);
            let ty = ffi::WasmEdge_MemoryTypeCreate(limit);
            ffi::WasmEdge_LimitDelete(limit);
            let memory = ffi::WasmEdge_MemoryInstanceCreate(ty);
            ffi::WasmEdge_MemoryTypeDelete(ty);
            if memory.is_null() {
                return Err(Fault::new("a memory"));
            }
            ffi::WasmEdge_ModuleInstanceAddMemory(imports.as_ptr(), string(MEMORY), memory);
            let base = ffi::WasmEdge_MemoryInstanceGetPointer(memory, 0, PAGE);
            if base.is_null() {
                return Err(Fault::new("the first page of a memory"));
            }
            Ok(Arc::new(Self { imports, memory, base }))
        }
    }

    /// Sets a word of the first 1,024 bytes, while the guest may run on another thread.
    pub(crate) fn set_word(&self, address: u32, value: u32) {
        let address = (address & !3).min(LOWEST - 4) as usize;
        // SAFETY: within the first page, aligned, and alive as long as `self`. The engine reserves the addresses of a whole
        // 32-bit memory when it makes one, and grows it in place, so that `base` stays (a test shows it). The guest reads
        // the word atomically, and `View` has no slice of it.
        unsafe { AtomicU32::from_ptr(self.base.add(address).cast()) }.store(value, SeqCst);
    }
}

/// What the functions of the host and the owner of the guest share. It stays where it is: the functions point to it.
struct Shared<H> {
    host: H,
    executor: Cell<*mut ffi::WasmEdge_ExecutorContext>,
    memory: *mut ffi::WasmEdge_MemoryInstanceContext,
    /// By the number that the owner gave them; null where the guest has none of that name.
    exports: OnceCell<Vec<*const ffi::WasmEdge_FunctionInstanceContext>>,
}

/// The data of one function of the host.
struct Slot<H> {
    function: usize,
    shared: NonNull<Shared<H>>,
}

/// A box that others point into.
struct Pinned<T>(NonNull<T>);

impl<T> Pinned<T> {
    fn new(value: T) -> Self {
        Self(NonNull::from(Box::leak(Box::new(value))))
    }

    fn get(&self) -> &T {
        // SAFETY: it came from a box and is freed with `self`; nobody has it exclusively.
        unsafe { self.0.as_ref() }
    }
}

impl<T> Drop for Pinned<T> {
    fn drop(&mut self) {
        // SAFETY: it came from a box, and is freed once.
        drop(unsafe { Box::from_raw(self.0.as_ptr()) });
    }
}

/// An instance, its memory, and the host's functions. The fields are dropped in this order: what is pointed to, last.
pub(crate) struct Guest<H: Host> {
    instance: Instance,
    _store: Store,
    _env: Arc<Env>,
    _engine: Arc<Engine>,
    _slots: Vec<Pinned<Slot<H>>>,
    shared: Pinned<Shared<H>>,
}

// SAFETY: the C API ties none of it to a thread, and what the pointers lead to is reached through the guest alone, which is
// not `Sync`: by one thread at a time.
unsafe impl<H: Host> Send for Guest<H> {}

impl<H: Host> Guest<H> {
    /// Links and instantiates; a start function runs. `exports` are the functions that will be called, by their place in
    /// the list.
    pub(crate) fn new(
        engine: Arc<Engine>,
        module: &Module,
        env: Arc<Env>,
        host: H,
        exports: &[&'static str],
    ) -> Result<Self, Fault> {
        log::take();
        let executor = engine.executor_ptr();
        let shared = Shared { host, executor: Cell::new(executor), memory: env.memory, exports: OnceCell::new() };
        let shared = Pinned::new(shared);
        let mut slots = Vec::with_capacity(H::PROVIDED.len());
        for (function, provided) in H::PROVIDED.iter().enumerate() {
            let slot = Pinned::new(Slot { function, shared: shared.0 });
            add::<H>(&env.imports, provided, &slot)?;
            slots.push(slot);
        }
        // SAFETY: all are alive. The store forgets a module that is freed, and the module a store; the instance is owned
        // once it is made.
        let (store, instance) = unsafe {
            let store = Store::own(ffi::WasmEdge_StoreCreate())?;
            check(ffi::WasmEdge_ExecutorRegisterImport(executor, store.as_ptr(), env.imports.as_ptr()))?;
            let mut instance = ptr::null_mut();
            check(ffi::WasmEdge_ExecutorInstantiate(executor, &mut instance, store.as_ptr(), module.as_ptr()))?;
            (store, Instance::own(instance)?)
        };
        let find = |name: &&'static str| {
            // SAFETY: the instance is alive; it owns the function, or there is none.
            unsafe { ffi::WasmEdge_ModuleInstanceFindFunction(instance.as_ptr(), string(name)).cast_const() }
        };
        // A start function had none of them to call.
        let _ = shared.get().exports.set(exports.iter().map(find).collect());
        Ok(Self { instance, _store: store, _env: env, _engine: engine, _slots: slots, shared })
    }

    /// The value of an exported global that is a 32-bit integer.
    pub(crate) fn global(&self, name: &'static str) -> Option<i32> {
        // SAFETY: the instance is alive; it owns the global, or there is none. The value has the type that was asked.
        unsafe {
            let global = ffi::WasmEdge_ModuleInstanceFindGlobal(self.instance.as_ptr(), string(name));
            if global.is_null() {
                return None;
            }
            let value = ffi::WasmEdge_GlobalInstanceGetValue(global);
            ffi::WasmEdge_ValTypeIsI32(value.Type).then(|| ffi::WasmEdge_ValueGetI32(value))
        }
    }

    pub(crate) fn host(&self) -> &H {
        &self.shared.get().host
    }

    /// Has another executor run it: one that was stopped may stop its next call too.
    pub(crate) fn set_engine(&mut self, engine: Arc<Engine>) {
        self.shared.get().executor.set(engine.executor_ptr());
        self._engine = engine;
    }

    /// The guest, to be called.
    pub(crate) fn view(&mut self) -> View<'_> {
        self.shared.get().view()
    }
}

impl<H> Shared<H> {
    fn view(&self) -> View<'_> {
        View {
            executor: self.executor.get(),
            memory: self.memory,
            exports: self.exports.get().map_or(&[], Vec::as_slice),
        }
    }
}

/// Adds a function of the host to the module `env`.
fn add<H: Host>(imports: &Imports, provided: &Provided, slot: &Pinned<Slot<H>>) -> Result<(), Fault> {
    // SAFETY: the lists have the lengths that are stated, and the type is copied and freed. The module owns the function
    // once it is added; the slot lives as long as the module, and is what `called` expects.
    unsafe {
        let parameters = [ffi::WasmEdge_ValTypeGenI32(); MOST_ARGUMENTS];
        let result = [ffi::WasmEdge_ValTypeGenI32()];
        let ty = ffi::WasmEdge_FunctionTypeCreate(
            parameters.as_ptr(),
            provided.parameters.min(MOST_ARGUMENTS) as u32,
            result.as_ptr(),
            u32::from(provided.result),
        );
        let function = ffi::WasmEdge_FunctionInstanceCreate(ty, Some(called::<H>), slot.0.as_ptr().cast(), 0);
        ffi::WasmEdge_FunctionTypeDelete(ty);
        if function.is_null() {
            return Err(Fault::new(provided.name));
        }
        ffi::WasmEdge_ModuleInstanceAddFunction(imports.as_ptr(), string(provided.name), function);
    }
    Ok(())
}

/// What the engine calls for every function of the host.
unsafe extern "C" fn called<H: Host>(
    data: *mut c_void,
    _: *const ffi::WasmEdge_CallingFrameContext,
    parameters: *const ffi::WasmEdge_Value,
    results: *mut ffi::WasmEdge_Value,
) -> ffi::WasmEdge_Result {
    // SAFETY: `data` is the slot that `add` gave, and what it points to outlives the guest, which runs now. The engine
    // checked the types when it linked the guest, so as many values stand behind `parameters` as the function has, and
    // there is room for a result if it has one. A panic ends here.
    unsafe {
        let slot = &*data.cast_const().cast::<Slot<H>>();
        let (shared, provided) = (slot.shared.as_ref(), &H::PROVIDED[slot.function]);
        let mut arguments = [0; MOST_ARGUMENTS];
        let arguments = &mut arguments[..provided.parameters.min(MOST_ARGUMENTS)];
        for (index, argument) in arguments.iter_mut().enumerate() {
            *argument = ffi::WasmEdge_ValueGetI32(*parameters.add(index));
        }
        let call = || shared.host.call(slot.function, arguments, &shared.view());
        match catch_unwind(AssertUnwindSafe(call)) {
            Ok(Ok(number)) => {
                if provided.result {
                    *results = ffi::WasmEdge_ValueGenI32(number);
                }
                ffi::WasmEdge_Result { Code: WasmEdge_ErrCode_Success }
            }
            Ok(Err(Refused)) | Err(_) => ffi::WasmEdge_Result { Code: WasmEdge_ErrCode_HostFuncError },
        }
    }
}

/// A guest that can be called, from its host's functions too.
pub(crate) struct View<'a> {
    executor: *mut ffi::WasmEdge_ExecutorContext,
    memory: *mut ffi::WasmEdge_MemoryInstanceContext,
    exports: &'a [*const ffi::WasmEdge_FunctionInstanceContext],
}

impl View<'_> {
    /// Whether the guest exports the function of that number.
    pub(crate) fn has(&self, export: usize) -> bool {
        self.exports.get(export).is_some_and(|function| !function.is_null())
    }

    /// Calls an exported function of 32-bit integers; 0 where it has no result.
    pub(in crate::runtime::wasmedge) fn invoke(&self, export: usize, arguments: &[i32]) -> Result<i32, Fault> {
        let function = self.exports.get(export).copied().unwrap_or(ptr::null());
        let count = arguments.len().min(MOST_ARGUMENTS);
        // SAFETY: executor, instance and memory live as long as the view. The engine refuses arguments of the wrong number
        // or type, and a function that is null; it writes at most as many results as there is room for.
        unsafe {
            let mut values = [ffi::WasmEdge_ValueGenI32(0); MOST_ARGUMENTS];
            for (value, argument) in values.iter_mut().zip(arguments) {
                *value = ffi::WasmEdge_ValueGenI32(*argument);
            }
            let mut result = ffi::WasmEdge_ValueGenI32(0);
            check(ffi::WasmEdge_ExecutorInvoke(
                self.executor,
                function,
                values.as_ptr(),
                count as u32,
                &mut result,
                1,
            ))?;
            Ok(ffi::WasmEdge_ValueGetI32(result))
        }
    }

    /// The bytes up to the next zero.
    pub(crate) fn text(&self, address: i32) -> Option<Vec<u8>> {
        // SAFETY: the slice is not used after this function, in which nobody writes and no guest is called.
        let bytes = unsafe { self.bytes(address as u32) };
        CStr::from_bytes_until_nul(bytes?).ok().map(|text| text.to_bytes().to_vec())
    }

    /// Writes to the guest's memory, which grows where it ends too early; says whether it may.
    pub(crate) fn write(&self, address: i32, bytes: &[u8]) -> bool {
        let start = address as u32 as usize;
        let end = start + bytes.len();
        if start < LOWEST as usize {
            return false;
        }
        // SAFETY: the memory is alive, and nobody has a slice of it, as `bytes` asks.
        unsafe {
            let there = ffi::WasmEdge_MemoryInstanceGetPageSize(self.memory);
            let needed = (end as u64).div_ceil(PAGE);
            if there < needed && check(ffi::WasmEdge_MemoryInstanceGrowPage(self.memory, needed - there)).is_err() {
                return false;
            }
            check(ffi::WasmEdge_MemoryInstanceSetData(self.memory, bytes.as_ptr(), start as u64, bytes.len() as u64))
                .is_ok()
        }
    }

    /// The memory from `address`.
    ///
    /// # Safety
    /// The slice must not be used after the next call of [`write`](Self::write) or of the guest: they change the memory, and
    /// may move it.
    unsafe fn bytes(&self, address: u32) -> Option<&[u8]> {
        // SAFETY: the memory is alive and has that many bytes at that place until it grows, which only `write` and the
        // guest do: the caller keeps the slice over neither. Another thread writes below `LOWEST` alone.
        unsafe {
            let length = ffi::WasmEdge_MemoryInstanceGetPageSize(self.memory) * PAGE;
            let length = length.checked_sub(u64::from(address)).filter(|left| *left > 0 && address >= LOWEST)?;
            let start = ffi::WasmEdge_MemoryInstanceGetPointerConst(self.memory, u64::from(address), length);
            (!start.is_null()).then(|| slice::from_raw_parts(start, length as usize))
        }
    }
}

#[cfg(test)]
mod tests;
