//! The calls of WasmEdge's C API that a start makes, as types that free what they own. The one place of this adapter with
//! unsafe code.
//!
//! wasmedge-sdk is not enough for three of them: it never compiles just in time (only the C API's VM does, and the SDK's
//! `Vm` is another thing of the same name: it interprets, whatever the mode says); its time limit leaves C++ frames by
//! `siglongjmp`; and it lends the host functions for as long as a store lives, so that no instance can own both.

pub(super) mod callable;

use std::{
    cell::RefCell,
    ffi::{CStr, c_void},
    ptr::{self, NonNull},
    slice,
    sync::{Arc, OnceLock},
};

use wasmedge_sys::ffi::{
    self, WasmEdge_ErrCode_Interrupted, WasmEdge_ErrCode_Success, WasmEdge_ErrCode_Terminated, WasmEdge_String,
};

use super::{
    Mode,
    imports::{Answer, Arguments, IMPORTS, Import, Type},
    watch::Stop,
};
use crate::runtime::wasi::{self, Wasi};

/// Why a call of the engine failed.
#[derive(Debug)]
pub(super) struct Fault {
    /// One of `WasmEdge_ErrCode_*`; 0 where an object could not be made.
    code: u32,
    /// The engine's message and what it logged on the way, on one line.
    pub(super) message: String,
    /// Whether the guest was refused memory.
    pub(super) memory: bool,
}

impl Fault {
    /// Whether [`Stop::stop`] ended the guest.
    pub(super) fn interrupted(&self) -> bool {
        self.code == WasmEdge_ErrCode_Interrupted
    }

    /// Whether the module is wrong, or asks for what is not there: the codes of loading, validation and linking.
    pub(super) fn invalid(&self) -> bool {
        (0x100..0x400).contains(&self.code)
    }

    /// Whether the guest trapped.
    pub(super) fn trapped(&self) -> bool {
        (0x400..0x500).contains(&self.code)
    }

    fn new(what: &str) -> Self {
        Self { code: 0, message: format!("{what} could not be made"), memory: false }
    }
}

/// An object of the C API that is freed when dropped.
macro_rules! owned {
    ($(#[$doc:meta])* $name:ident, $context:ident, $delete:ident, $share:literal) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub(super) struct $name(NonNull<ffi::$context>);

        impl $name {
            fn own(pointer: *mut ffi::$context) -> Result<Self, Fault> {
                NonNull::new(pointer).map(Self).ok_or_else(|| Fault::new(stringify!($name)))
            }

            fn as_ptr(&self) -> *mut ffi::$context {
                self.0.as_ptr()
            }
        }

        impl Drop for $name {
            fn drop(&mut self) {
                // SAFETY: the pointer came from the creating call, which gave the ownership away, and is freed once.
                unsafe { ffi::$delete(self.as_ptr()) }
            }
        }

        // SAFETY: the C API ties no object to a thread, and the SDK declares its wrappers of all of these Send and Sync.
        // Sharing: $share.
        #[doc = concat!("Shared between threads: ", $share, ".")]
        unsafe impl Send for $name {}
        // SAFETY: as above.
        unsafe impl Sync for $name {}
    };
}

owned!(
    /// The configuration of whatever is made with it.
    Config, WasmEdge_ConfigureContext, WasmEdge_ConfigureDelete, "read alone once `new` has returned"
);
owned!(
    /// A module that was loaded and validated. An artifact compiled ahead of time brings its machine code along.
    Module, WasmEdge_ASTModuleContext, WasmEdge_ASTModuleDelete, "read alone once validated"
);
owned!(
    /// What modules are linked against.
    Store, WasmEdge_StoreContext, WasmEdge_StoreDelete, "the engine locks it"
);
owned!(Executor, WasmEdge_ExecutorContext, WasmEdge_ExecutorDelete, "its calls are documented as thread-safe");
owned!(Vm, WasmEdge_VMContext, WasmEdge_VMDelete, "used by one start, and by `stop` through its executor");
owned!(
    /// The host functions of a guest.
    Imports, WasmEdge_ModuleInstanceContext, WasmEdge_ModuleInstanceDelete, "read alone once `new` has returned"
);
owned!(Instance, WasmEdge_ModuleInstanceContext, WasmEdge_ModuleInstanceDelete, "one start has it");

fn string(text: &'static str) -> WasmEdge_String {
    // SAFETY: the pointer and the length are those of a string that lives for ever; the API copies or compares it.
    unsafe { ffi::WasmEdge_StringWrap(text.as_ptr().cast(), text.len() as u32) }
}

fn check(result: ffi::WasmEdge_Result) -> Result<(), Fault> {
    // SAFETY: it takes a plain value.
    let code = unsafe { ffi::WasmEdge_ResultGetCode(result) };
    if code == WasmEdge_ErrCode_Success || code == WasmEdge_ErrCode_Terminated {
        return Ok(());
    }
    // SAFETY: the message is a constant of the library, ended by a zero.
    let text = unsafe { CStr::from_ptr(ffi::WasmEdge_ResultGetMessage(result)) };
    let mut message = text.to_string_lossy().into_owned();
    let log = LOG.take();
    // Lines of context, and one of advice, say no more than the message does.
    let says = |line: &&str| !["At AST node", "This may be the import"].iter().any(|word| line.contains(word));
    for line in log.iter().map(|line| line.trim()).filter(says) {
        if !line.contains(text.to_string_lossy().as_ref()) {
            message.push_str("; ");
            message.push_str(&line.split_whitespace().collect::<Vec<_>>().join(" "));
        }
    }
    Err(Fault { code, message, memory: log.iter().any(|line| refuses_memory(line)) })
}

// ---- the log: the engine says there, and only there, which import is missing and that memory was refused -----------

thread_local! {
    static LOG: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// At most this many lines are kept of one start.
const LINES: usize = 32;

/// Keeps what the engine logs away from the process's standard streams.
pub(super) fn capture_log() {
    static ONCE: OnceLock<()> = OnceLock::new();
    ONCE.get_or_init(|| {
        // SAFETY: the function has the type asked for and lives for ever.
        unsafe {
            ffi::WasmEdge_LogSetLevel(ffi::WasmEdge_LogLevel_Warn);
            ffi::WasmEdge_LogSetCallback(Some(log));
        }
    });
}

unsafe extern "C" fn log(message: *const ffi::WasmEdge_LogMessage) {
    // SAFETY: the engine passes a message that is valid during the call.
    let text = unsafe { (*message).Message };
    if text.Buf.is_null() {
        return;
    }
    // SAFETY: not null, and the engine's text has that length and is valid during the call.
    let text = unsafe { slice::from_raw_parts(text.Buf.cast::<u8>(), text.Length as usize) };
    // The engine logs on the thread that runs the guest. A thread that is ending has no log any more.
    let _ = LOG.try_with(|log| {
        let mut log = log.borrow_mut();
        if log.len() < LINES {
            log.push(String::from_utf8_lossy(text).into_owned());
        }
    });
}

/// What 0.17.1 logs when a guest asks for more than `WasmEdge_ConfigureSetMaxMemoryPage` allows.
fn refuses_memory(line: &str) -> bool {
    line.contains("Memory grow page failed, exceeded limited") || line.contains("Memory Instance: Limited")
}

/// What 0.17.1 logs when it cannot compile and goes on without.
fn interprets_instead(line: &str) -> bool {
    line.contains("use interpreter mode instead") || line.contains("falling back to interpreter")
}

// ---- before a start -----------------------------------------------------------------------------------------------

impl Config {
    /// For guests that run in `mode` and have at most `pages` of memory.
    pub(super) fn new(mode: Mode, pages: u64) -> Result<Self, Fault> {
        capture_log();
        let run_mode = match mode {
            Mode::Interpreter => ffi::WasmEdge_RunMode_Interpreter,
            Mode::Jit => ffi::WasmEdge_RunMode_JIT,
            Mode::Aot => ffi::WasmEdge_RunMode_AOT,
        };
        // SAFETY: the context was just made, and no other thread has it yet.
        unsafe {
            let config = Self::own(ffi::WasmEdge_ConfigureCreate())?;
            ffi::WasmEdge_ConfigureSetRunMode(config.as_ptr(), run_mode);
            ffi::WasmEdge_ConfigureSetMaxMemoryPage(config.as_ptr(), pages);
            // The memory limit is the instance's and not each memory's.
            ffi::WasmEdge_ConfigureRemoveProposal(config.as_ptr(), ffi::WasmEdge_Proposal_MultiMemories);
            ffi::WasmEdge_ConfigureCompilerSetOptimizationLevel(
                config.as_ptr(),
                ffi::WasmEdge_CompilerOptimizationLevel_O3,
            );
            ffi::WasmEdge_ConfigureCompilerSetInterruptible(config.as_ptr(), true);
            Ok(config)
        }
    }
}

impl Module {
    /// Loads and validates the module, or the artifact, in the file `path`.
    pub(super) fn load(config: &Config, path: &CStr) -> Result<Self, Fault> {
        LOG.take();
        let mut module = ptr::null_mut();
        // SAFETY: every context is alive during the calls; the loader and the validator are freed here, the module is
        // owned once the loader has made it. The path ends with a zero.
        unsafe {
            let loader = ffi::WasmEdge_LoaderCreate(config.as_ptr());
            let loaded = check(ffi::WasmEdge_LoaderParseFromFile(loader, &mut module, path.as_ptr()));
            ffi::WasmEdge_LoaderDelete(loader);
            loaded?;
            let module = Self::own(module)?;
            let validator = ffi::WasmEdge_ValidatorCreate(config.as_ptr());
            let valid = check(ffi::WasmEdge_ValidatorValidate(validator, module.as_ptr()));
            ffi::WasmEdge_ValidatorDelete(validator);
            valid.map(|()| module)
        }
    }

    /// The names of what it imports from WASI.
    fn wasi_imports(&self) -> Vec<WasmEdge_String> {
        // SAFETY: the list has as many entries as were asked for and filled; they and the names belong to the module.
        unsafe {
            let length = ffi::WasmEdge_ASTModuleListImportsLength(self.as_ptr());
            let mut imports = vec![ptr::null(); length as usize];
            ffi::WasmEdge_ASTModuleListImports(self.as_ptr(), imports.as_mut_ptr(), length);
            let wasi = |import: &*const ffi::WasmEdge_ImportTypeContext| {
                ffi::WasmEdge_StringIsEqual(ffi::WasmEdge_ImportTypeGetModuleName(*import), string(wasi::MODULE))
            };
            imports.retain(wasi);
            imports.into_iter().map(|import| ffi::WasmEdge_ImportTypeGetExternalName(import)).collect()
        }
    }

    /// Whether it imports WASI.
    pub(super) fn imports_wasi(&self) -> bool {
        !self.wasi_imports().is_empty()
    }

    /// Whether it exports a function `_start` without parameters and results, and whether a memory `memory`.
    pub(super) fn exports(&self) -> (bool, bool) {
        let (mut start, mut memory) = (false, false);
        // SAFETY: as for the imports; a function's type belongs to the module too, and is null where it is none.
        unsafe {
            let length = ffi::WasmEdge_ASTModuleListExportsLength(self.as_ptr());
            let mut exports = vec![ptr::null(); length as usize];
            ffi::WasmEdge_ASTModuleListExports(self.as_ptr(), exports.as_mut_ptr(), length);
            for export in exports {
                let name = ffi::WasmEdge_ExportTypeGetExternalName(export);
                match ffi::WasmEdge_ExportTypeGetExternalType(export) {
                    ffi::WasmEdge_ExternalType_Function if ffi::WasmEdge_StringIsEqual(name, string("_start")) => {
                        let ty = ffi::WasmEdge_ExportTypeGetFunctionType(self.as_ptr(), export);
                        start = !ty.is_null()
                            && ffi::WasmEdge_FunctionTypeGetParametersLength(ty) == 0
                            && ffi::WasmEdge_FunctionTypeGetReturnsLength(ty) == 0;
                    }
                    ffi::WasmEdge_ExternalType_Memory => {
                        memory |= ffi::WasmEdge_StringIsEqual(name, string("memory"));
                    }
                    _ => {}
                }
            }
        }
        (start, memory)
    }
}

// ---- the host functions -------------------------------------------------------------------------------------------

/// The state of the guest that runs on this thread.
#[derive(Default)]
struct Guest {
    wasi: Wasi,
    exit: Option<i32>,
}

thread_local! {
    static GUEST: RefCell<Guest> = RefCell::default();
}

impl Imports {
    /// Those that `module` asks for; all of them where it is not known yet.
    fn new(module: Option<&Module>) -> Result<Self, Fault> {
        let asked = module.map(Module::wasi_imports);
        // SAFETY: the module owns each function once it is added; the data of each is an entry of a static table. The
        // names that are compared live as long as the module that asks.
        unsafe {
            let module = Self::own(ffi::WasmEdge_ModuleInstanceCreate(string(wasi::MODULE)))?;
            for (import, ty) in IMPORTS.iter().zip(&types().0) {
                let name = string(import.name);
                if asked.as_ref().is_some_and(|asked| !asked.iter().any(|ask| ffi::WasmEdge_StringIsEqual(*ask, name)))
                {
                    continue;
                }
                let data = ptr::from_ref(import).cast_mut().cast();
                let function = ffi::WasmEdge_FunctionInstanceCreate(*ty, Some(call), data, 0);
                if function.is_null() {
                    return Err(Fault::new(import.name));
                }
                ffi::WasmEdge_ModuleInstanceAddFunction(module.as_ptr(), name, function);
            }
            Ok(module)
        }
    }
}

/// The types of the imports, made once and never freed.
struct Types([*const ffi::WasmEdge_FunctionTypeContext; IMPORTS.len()]);

// SAFETY: they are read alone once made.
unsafe impl Send for Types {}
// SAFETY: as above.
unsafe impl Sync for Types {}

fn types() -> &'static Types {
    static TYPES: OnceLock<Types> = OnceLock::new();
    TYPES.get_or_init(|| {
        Types(std::array::from_fn(|index| {
            let import = &IMPORTS[index];
            // SAFETY: the lists have the lengths that are stated; the call copies them.
            unsafe {
                let of = |ty: &Type| match ty {
                    Type::I32 => ffi::WasmEdge_ValTypeGenI32(),
                    Type::I64 => ffi::WasmEdge_ValTypeGenI64(),
                };
                let parameters: Vec<_> = import.parameters.iter().map(of).collect();
                let result = [ffi::WasmEdge_ValTypeGenI32()];
                let results = u32::from(import.result);
                ffi::WasmEdge_FunctionTypeCreate(parameters.as_ptr(), parameters.len() as u32, result.as_ptr(), results)
                    .cast_const()
            }
        }))
    })
}

/// What the engine calls for every import.
unsafe extern "C" fn call(
    data: *mut c_void,
    frame: *const ffi::WasmEdge_CallingFrameContext,
    parameters: *const ffi::WasmEdge_Value,
    results: *mut ffi::WasmEdge_Value,
) -> ffi::WasmEdge_Result {
    let success = ffi::WasmEdge_Result { Code: WasmEdge_ErrCode_Success };
    // SAFETY: `data` is what `Imports::new` gave: an entry of `IMPORTS`. The engine checked the import's type when it
    // linked the guest, so there are as many values behind `parameters`, of the types that the entry states, and room for
    // a result behind `results` if it has one. The memory belongs to the guest, which does not run during the call, and
    // nothing else has it: memories are neither shared nor exported by this host. It has no bytes where the guest has no
    // memory.
    unsafe {
        let import = &*data.cast_const().cast::<Import>();
        let mut arguments: Arguments = Default::default();
        for (index, (argument, ty)) in arguments.iter_mut().zip(import.parameters).enumerate() {
            let value = *parameters.add(index);
            *argument = match ty {
                Type::I32 => u64::from(ffi::WasmEdge_ValueGetI32(value) as u32),
                Type::I64 => ffi::WasmEdge_ValueGetI64(value) as u64,
            };
        }
        let context = ffi::WasmEdge_CallingFrameGetMemoryInstance(frame, 0);
        let length = if context.is_null() { 0 } else { ffi::WasmEdge_MemoryInstanceGetPageSize(context) * super::PAGE };
        let start =
            if length == 0 { ptr::null_mut() } else { ffi::WasmEdge_MemoryInstanceGetPointer(context, 0, length) };
        let memory = if start.is_null() { &mut [] } else { slice::from_raw_parts_mut(start, length as usize) };
        GUEST.with_borrow_mut(|guest| match (import.call)(&mut guest.wasi, memory, &arguments) {
            Answer::Number(number) => {
                *results = ffi::WasmEdge_ValueGenI32(number);
                success
            }
            Answer::Exit(status) => {
                guest.exit = Some(status);
                ffi::WasmEdge_Result { Code: WasmEdge_ErrCode_Terminated }
            }
        })
    }
}

// ---- a start ------------------------------------------------------------------------------------------------------

/// How a guest ended.
#[derive(Debug)]
pub(super) struct End {
    /// The status it left through `proc_exit`, if it did.
    pub(super) exit: Option<i32>,
    /// The reading it wrote, if all of it came.
    pub(super) reading: Option<u64>,
    /// Whether it was refused memory on the way.
    pub(super) memory: bool,
}

/// What runs one guest.
#[derive(Debug)]
pub(super) enum Engine {
    /// Links and runs modules.
    Executor(Executor),
    /// The same, and compiles just in time: nothing else of the API does.
    Vm(Vm),
}

impl Engine {
    pub(super) fn executor(config: &Config) -> Result<Arc<Self>, Fault> {
        // SAFETY: the configuration is alive, and copied; there are no statistics.
        let executor = unsafe { ffi::WasmEdge_ExecutorCreate(config.as_ptr(), ptr::null_mut()) };
        Executor::own(executor).map(|executor| Arc::new(Self::Executor(executor)))
    }

    pub(super) fn vm(config: &Config) -> Result<Arc<Self>, Fault> {
        // SAFETY: the configuration is alive, and copied; the VM makes a store of its own.
        let vm = unsafe { ffi::WasmEdge_VMCreate(config.as_ptr(), ptr::null_mut()) };
        Vm::own(vm).map(|vm| Arc::new(Self::Vm(vm)))
    }

    fn executor_ptr(&self) -> *mut ffi::WasmEdge_ExecutorContext {
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
pub(super) struct Linked {
    store: Store,
    _imports: Imports,
}

impl Linked {
    /// What `module` imports.
    pub(super) fn new(engine: &Engine, module: &Module) -> Result<Self, Fault> {
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
pub(super) struct Live {
    _instance: Option<Instance>,
    _linked: Option<Arc<Linked>>,
    _engine: Arc<Engine>,
    _imports: Option<Imports>,
}

/// Instantiates `module` and runs it to its end.
pub(super) fn run(engine: Arc<Engine>, linked: Arc<Linked>, module: &Module) -> Result<(Live, End), Fault> {
    begin();
    let mut instance = ptr::null_mut();
    // SAFETY: engine, store and module are alive; the instance is owned once it is made.
    let made = unsafe {
        let store = linked.store.as_ptr();
        ffi::WasmEdge_ExecutorInstantiate(engine.executor_ptr(), &mut instance, store, module.as_ptr())
    };
    end(check(made))?;
    let instance = Instance::own(instance)?;
    let end = end(engine.call(instance.as_ptr()))?;
    Ok((Live { _instance: Some(instance), _linked: Some(linked), _engine: engine, _imports: None }, end))
}

/// Loads, validates, compiles, instantiates the module in `path` and runs it to its end, all in the VM that `engine` is.
pub(super) fn run_in_vm(engine: Arc<Engine>, path: &CStr) -> Result<(Live, End), Fault> {
    let Engine::Vm(vm) = &*engine else { return Err(Fault::new("a VM")) };
    begin();
    let imports = Imports::new(None)?;
    // SAFETY: VM and host functions are alive, and stay so together in `Live`, the VM dropped first. The active module is
    // the VM's own.
    let instance = unsafe {
        check(ffi::WasmEdge_VMRegisterModuleFromImport(vm.as_ptr(), imports.as_ptr()))?;
        check(ffi::WasmEdge_VMLoadWasmFromFile(vm.as_ptr(), path.as_ptr()))?;
        check(ffi::WasmEdge_VMValidate(vm.as_ptr()))?;
        end(check(ffi::WasmEdge_VMInstantiate(vm.as_ptr())))?;
        ffi::WasmEdge_VMGetActiveModule(vm.as_ptr())
    };
    if let Some(line) = LOG.with_borrow(|log| log.iter().find(|line| interprets_instead(line)).cloned()) {
        return Err(Fault { code: 0, message: line, memory: false });
    }
    let end = end(engine.call(instance))?;
    Ok((Live { _instance: None, _linked: None, _engine: engine, _imports: Some(imports) }, end))
}

fn begin() {
    LOG.take();
    GUEST.set(Guest::default());
}

/// What there is to say when the engine is back. A guest that left through `proc_exit` did not fail.
fn end(outcome: Result<(), Fault>) -> Result<End, Fault> {
    outcome?;
    let memory = LOG.with_borrow(|log| log.iter().any(|line| refuses_memory(line)));
    Ok(GUEST.with_borrow(|guest| End { exit: guest.exit, reading: guest.wasi.reading(), memory }))
}
