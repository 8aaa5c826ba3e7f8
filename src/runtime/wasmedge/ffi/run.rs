//! A start: what runs a guest, and what stays of it.

use std::{
    ffi::{CStr, c_void},
    ptr,
    sync::{Arc, OnceLock},
};

use wasmedge_sys::ffi::{self, WasmEdge_ErrCode_Success};

use super::{Config, Executor, Fault, Imports, Instance, Module, Store, Vm, check, host, log, string};
use crate::{Phase, marks, runtime::wasmedge::watch::Stop};

/// How a guest ended.
#[derive(Debug)]
pub(in crate::runtime::wasmedge) struct End {
    /// The status it left through `proc_exit`, if it did.
    pub(in crate::runtime::wasmedge) exit: Option<i32>,
    /// The reading it wrote, if all of it came.
    pub(in crate::runtime::wasmedge) reading: Option<u64>,
    /// Whether it was refused memory on the way.
    pub(in crate::runtime::wasmedge) memory: bool,
}

/// What runs one guest.
#[derive(Debug)]
pub(in crate::runtime::wasmedge) enum Engine {
    /// Links and runs modules.
    Executor(Executor),
    /// The same, and compiles just in time: nothing else of the API does.
    Vm(Vm),
}

impl Engine {
    pub(in crate::runtime::wasmedge) fn executor(config: &Config) -> Result<Arc<Self>, Fault> {
        // SAFETY: the configuration is alive, and copied; there are no statistics.
        let executor = unsafe { ffi::WasmEdge_ExecutorCreate(config.as_ptr(), ptr::null_mut()) };
        Executor::own(executor).map(|executor| Arc::new(Self::Executor(executor)))
    }

    pub(in crate::runtime::wasmedge) fn vm(config: &Config) -> Result<Arc<Self>, Fault> {
        // SAFETY: the configuration is alive, and copied; the VM makes a store of its own.
        let vm = unsafe { ffi::WasmEdge_VMCreate(config.as_ptr(), ptr::null_mut()) };
        Vm::own(vm).map(|vm| Arc::new(Self::Vm(vm)))
    }

    pub(super) fn executor_ptr(&self) -> *mut ffi::WasmEdge_ExecutorContext {
        match self {
            Self::Executor(executor) => executor.as_ptr(),
            // SAFETY: the VM is alive, and so is its executor, as long as `self`.
            Self::Vm(vm) => unsafe { ffi::WasmEdge_VMGetExecutorContext(vm.as_ptr()) },
        }
    }

    /// Calls `_start` of `instance` on this thread.
    fn call(&self, instance: *const ffi::WasmEdge_ModuleInstanceContext) -> Result<(), Fault> {
        // SAFETY: engine and instance are alive; `_start` has neither parameters nor results, which was checked before
        // the module came here, so no value is read or written.
        unsafe {
            let start = ffi::WasmEdge_ModuleInstanceFindFunction(instance, string("_start"));
            check(ffi::WasmEdge_ExecutorInvoke(self.executor_ptr(), start, ptr::null(), 0, ptr::null_mut(), 0))
        }
    }
}

impl Stop for Engine {
    /// The API can stop what runs in an executor only through a call that it started itself, on another thread, and then
    /// stops whatever runs there: so a call that does nothing is started, waited for, and cancelled.
    fn stop(&self) {
        static NOTHING: OnceLock<usize> = OnceLock::new();
        // SAFETY: the type is copied and freed; the function is never freed, and needs neither module nor data. Executors
        // may run several calls at once. The call has ended when it is cancelled and deleted.
        unsafe {
            let nothing = *NOTHING.get_or_init(|| {
                let ty = ffi::WasmEdge_FunctionTypeCreate(ptr::null(), 0, ptr::null(), 0);
                let function = ffi::WasmEdge_FunctionInstanceCreate(ty, Some(nothing), ptr::null_mut(), 0);
                ffi::WasmEdge_FunctionTypeDelete(ty);
                function.expose_provenance()
            });
            let function = ptr::with_exposed_provenance(nothing);
            let call = ffi::WasmEdge_ExecutorAsyncInvoke(self.executor_ptr(), function, ptr::null(), 0);
            if !call.is_null() {
                ffi::WasmEdge_AsyncWait(call);
                ffi::WasmEdge_AsyncCancel(call);
                ffi::WasmEdge_AsyncDelete(call);
            }
        }
    }
}

unsafe extern "C" fn nothing(
    _: *mut c_void,
    _: *const ffi::WasmEdge_CallingFrameContext,
    _: *const ffi::WasmEdge_Value,
    _: *mut ffi::WasmEdge_Value,
) -> ffi::WasmEdge_Result {
    ffi::WasmEdge_Result { Code: WasmEdge_ErrCode_Success }
}

/// Host functions, linked.
#[derive(Debug)]
pub(in crate::runtime::wasmedge) struct Linked {
    store: Store,
    _imports: Imports,
}

impl Linked {
    /// What `module` imports.
    pub(in crate::runtime::wasmedge) fn new(engine: &Engine, module: &Module) -> Result<Self, Fault> {
        let imports = Imports::new(Some(module))?;
        // SAFETY: all three are alive. The store forgets a module that is freed, and the module a store.
        unsafe {
            let store = Store::own(ffi::WasmEdge_StoreCreate())?;
            let registered =
                ffi::WasmEdge_ExecutorRegisterImport(engine.executor_ptr(), store.as_ptr(), imports.as_ptr());
            check(registered).map(|()| Self { store, _imports: imports })
        }
    }
}

/// An instance that has ended its `_start`, and all that it needs to live. The fields are dropped in this order: the
/// instance before what it was linked against, the engine last.
#[derive(Debug)]
pub(in crate::runtime::wasmedge) struct Live {
    instance: Option<Instance>,
    _linked: Option<Arc<Linked>>,
    engine: Arc<Engine>,
    _imports: Option<Imports>,
}

impl Live {
    /// Whether its memory can be read, or without one, its function be called.
    pub(in crate::runtime::wasmedge) fn is_alive(&self) -> bool {
        // SAFETY: the instance, or the VM that owns it, is alive as long as `self`. The memory belongs to the guest, which
        // does not run; its first byte is read through a pointer that the engine gives for one byte, or null.
        unsafe {
            let instance = match (&self.instance, &*self.engine) {
                (Some(instance), _) => instance.as_ptr().cast_const(),
                (None, Engine::Vm(vm)) => ffi::WasmEdge_VMGetActiveModule(vm.as_ptr()),
                (None, Engine::Executor(_)) => return false,
            };
            if instance.is_null() {
                return false;
            }
            let memory = ffi::WasmEdge_ModuleInstanceFindMemory(instance, string("memory"));
            if memory.is_null() {
                return !ffi::WasmEdge_ModuleInstanceFindFunction(instance, string("_start")).is_null();
            }
            let first: *const u8 = ffi::WasmEdge_MemoryInstanceGetPointerConst(memory, 0, 1);
            if !first.is_null() {
                std::hint::black_box(first.read_volatile());
            }
            !first.is_null()
        }
    }
}

/// Instantiates `module` and runs it to its end.
pub(in crate::runtime::wasmedge) fn run(
    engine: Arc<Engine>,
    linked: Arc<Linked>,
    module: &Module,
) -> Result<(Live, End), Fault> {
    marks::begin(Phase::Instantiate);
    begin();
    let mut instance = ptr::null_mut();
    // SAFETY: engine, store and module are alive; the instance is owned once it is made.
    let made = unsafe {
        let store = linked.store.as_ptr();
        ffi::WasmEdge_ExecutorInstantiate(engine.executor_ptr(), &mut instance, store, module.as_ptr())
    };
    end(check(made))?;
    let instance = Instance::own(instance)?;
    marks::begin(Phase::Run);
    let end = end(engine.call(instance.as_ptr()))?;
    Ok((Live { instance: Some(instance), _linked: Some(linked), engine, _imports: None }, end))
}

/// Loads, validates, compiles, instantiates the module in `path` and runs it to its end, all in the VM that `engine` is.
pub(in crate::runtime::wasmedge) fn run_in_vm(engine: Arc<Engine>, path: &CStr) -> Result<(Live, End), Fault> {
    let Engine::Vm(vm) = &*engine else { return Err(Fault::new("a VM")) };
    begin();
    marks::begin(Phase::Link);
    let imports = Imports::new(None)?;
    // SAFETY: VM and host functions are alive, and stay so together in `Live`, the VM dropped first. The active module is
    // the VM's own.
    let instance = unsafe {
        check(ffi::WasmEdge_VMRegisterModuleFromImport(vm.as_ptr(), imports.as_ptr()))?;
        marks::begin(Phase::Load);
        check(ffi::WasmEdge_VMLoadWasmFromFile(vm.as_ptr(), path.as_ptr()))?;
        // The VM compiles when it is asked for an instance.
        marks::begin(Phase::Compile);
        check(ffi::WasmEdge_VMValidate(vm.as_ptr()))?;
        end(check(ffi::WasmEdge_VMInstantiate(vm.as_ptr())))?;
        ffi::WasmEdge_VMGetActiveModule(vm.as_ptr())
    };
    if let Some(message) = log::not_compiled() {
        return Err(Fault::of_compiler(message));
    }
    marks::begin(Phase::Run);
    let end = end(engine.call(instance))?;
    Ok((Live { instance: None, _linked: None, engine, _imports: Some(imports) }, end))
}

fn begin() {
    log::take();
    host::begin();
}

/// What there is to say when the engine is back. A guest that left through `proc_exit` did not fail.
fn end(outcome: Result<(), Fault>) -> Result<End, Fault> {
    outcome?;
    let (exit, reading) = host::end();
    Ok(End { exit, reading, memory: log::memory_refused() })
}
