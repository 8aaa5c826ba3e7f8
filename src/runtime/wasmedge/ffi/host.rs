//! The host functions, and the state of the guest that calls them.

use std::{cell::RefCell, ffi::c_void, ptr, slice, sync::OnceLock};

use wasmedge_sys::ffi::{self, WasmEdge_ErrCode_Success, WasmEdge_ErrCode_Terminated};

use super::{Fault, Imports, Module, string};
use crate::runtime::{
    wasi::{
        self, Wasi,
        imports::{Answer, Arguments, IMPORTS, Import, Type},
    },
    wasm::PAGE,
};

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
    pub(super) fn new(module: Option<&Module>) -> Result<Self, Fault> {
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
        let length = if context.is_null() { 0 } else { ffi::WasmEdge_MemoryInstanceGetPageSize(context) * PAGE };
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

/// Before a guest runs on this thread.
pub(super) fn begin() {
    GUEST.set(Guest::default());
}

/// How the guest that ran on this thread left, and what it wrote: the status of its `proc_exit`, and its reading.
pub(super) fn end() -> (Option<i32>, Option<u64>) {
    GUEST.with_borrow(|guest| (guest.exit, guest.wasi.reading()))
}
