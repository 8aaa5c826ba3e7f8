//! The calls of the `opa-wasm/wasmedge` adapters, written by hand against WasmEdge's C API: what the adapters must not cost
//! more than. Nothing ends a decision that takes too long here, and nobody gets their signal handlers back: that is what
//! the adapters add.

use std::{
    collections::{BTreeMap, HashMap},
    error::Error,
    ffi::{CStr, CString, c_void},
    os::unix::ffi::OsStrExt,
    ptr,
    rc::Rc,
};

use serde::Deserialize;
use serde_json::value::RawValue;
use wasmedge_sdk::{
    Compiler, CompilerOptimizationLevel, CompilerOutputFormat,
    config::{CommonConfigOptions, CompilerConfigOptions, ConfigBuilder},
};
use wasmedge_sys::ffi;

use crate::disk::{Owned, workplace};

const PAGE: u64 = 65_536;

/// What OPA's Wasm imports besides its memory: names and parameters. Its builtins have a result.
const IMPORTS: [(&str, u32); 7] = [
    ("opa_abort", 1),
    ("opa_println", 1),
    ("opa_builtin0", 2),
    ("opa_builtin1", 3),
    ("opa_builtin2", 4),
    ("opa_builtin3", 5),
    ("opa_builtin4", 6),
];

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Machine code that was made, by the Wasm it was made of: policies that differ in their data alone share it.
#[derive(Default)]
pub struct Compiled(HashMap<Vec<u8>, Rc<Owned>>);

impl Compiled {
    /// As the adapter does it, but for the questions whether to stop.
    fn of(&mut self, wasm: &[u8]) -> Outcome<Rc<Owned>> {
        if let Some(there) = self.0.get(wasm) {
            return Ok(Rc::clone(there));
        }
        let options = CompilerConfigOptions::default()
            .out_format(CompilerOutputFormat::Native)
            .optimization_level(CompilerOptimizationLevel::O3)
            .interruptible(false);
        let config = ConfigBuilder::new(CommonConfigOptions::default()).with_compiler_config(options).build()?;
        let directory = Rc::new(workplace().map_err(|error| error.source)?);
        let made = Compiler::new(Some(&config))?.compile_from_bytes(wasm, "policy", directory.path())?;
        std::fs::rename(made, directory.path().join("module"))?;
        self.0.insert(wasm.to_vec(), Rc::clone(&directory));
        Ok(directory)
    }
}

/// A policy, loaded.
pub struct Loaded {
    config: *mut ffi::WasmEdge_ConfigureContext,
    executor: *mut ffi::WasmEdge_ExecutorContext,
    store: *mut ffi::WasmEdge_StoreContext,
    imports: *mut ffi::WasmEdge_ModuleInstanceContext,
    memory: *mut ffi::WasmEdge_MemoryInstanceContext,
    module: *mut ffi::WasmEdge_ASTModuleContext,
    instance: *mut ffi::WasmEdge_ModuleInstanceContext,
    eval: *const ffi::WasmEdge_FunctionInstanceContext,
    entrypoint: i32,
    data: i32,
    heap: i32,
    _file: Rc<Owned>,
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    result: &'a RawValue,
}

/// Loads a policy, to be interpreted. `None` where it needs builtins of the host, which are not written here.
pub fn interpreted(wasm: &[u8], data: &str, entrypoint: &str, memory: u64) -> Outcome<Option<Loaded>> {
    let directory = workplace().map_err(|error| error.source)?;
    std::fs::write(directory.path().join("module"), wasm)?;
    Loaded::of(Rc::new(directory), ffi::WasmEdge_RunMode_Interpreter, data, entrypoint, memory)
}

/// The same, compiled ahead of time.
pub fn compiled(
    compiled: &mut Compiled,
    wasm: &[u8],
    data: &str,
    entrypoint: &str,
    memory: u64,
) -> Outcome<Option<Loaded>> {
    Loaded::of(compiled.of(wasm)?, ffi::WasmEdge_RunMode_AOT, data, entrypoint, memory)
}

impl Loaded {
    fn of(
        file: Rc<Owned>,
        mode: ffi::WasmEdge_RunMode,
        data: &str,
        entrypoint: &str,
        memory: u64,
    ) -> Outcome<Option<Self>> {
        let path = CString::new(file.path().join("module").as_os_str().as_bytes())?;
        let mut loaded = Self {
            config: ptr::null_mut(),
            executor: ptr::null_mut(),
            store: ptr::null_mut(),
            imports: ptr::null_mut(),
            memory: ptr::null_mut(),
            module: ptr::null_mut(),
            instance: ptr::null_mut(),
            eval: ptr::null(),
            entrypoint: 0,
            data: 0,
            heap: 0,
            _file: file,
        };
        // SAFETY: what is made is stored before it is used, and freed when `loaded` is dropped; the API takes null for what
        // could not be made and says so. Types, limits, loader and validator are copied or only borrowed, and freed here.
        unsafe {
            let pages = memory / PAGE;
            loaded.config = ffi::WasmEdge_ConfigureCreate();
            ffi::WasmEdge_ConfigureSetRunMode(loaded.config, mode);
            ffi::WasmEdge_ConfigureSetMaxMemoryPage(loaded.config, pages);
            let loader = ffi::WasmEdge_LoaderCreate(loaded.config);
            let parsed = ffi::WasmEdge_LoaderParseFromFile(loader, &mut loaded.module, path.as_ptr());
            ffi::WasmEdge_LoaderDelete(loader);
            check(parsed)?;
            let validator = ffi::WasmEdge_ValidatorCreate(loaded.config);
            let valid = ffi::WasmEdge_ValidatorValidate(validator, loaded.module);
            ffi::WasmEdge_ValidatorDelete(validator);
            check(valid)?;
            loaded.imports = ffi::WasmEdge_ModuleInstanceCreate(string("env"));
            // As much as OPA's Wasm asks for at least.
            let limit = ffi::WasmEdge_LimitCreateWithMax(2, pages, false, false);
            let ty = ffi::WasmEdge_MemoryTypeCreate(limit);
            ffi::WasmEdge_LimitDelete(limit);
            loaded.memory = ffi::WasmEdge_MemoryInstanceCreate(ty);
            ffi::WasmEdge_MemoryTypeDelete(ty);
            ffi::WasmEdge_ModuleInstanceAddMemory(loaded.imports, string("memory"), loaded.memory);
            for (name, count) in IMPORTS {
                let (parameters, result) = ([ffi::WasmEdge_ValTypeGenI32(); 6], [ffi::WasmEdge_ValTypeGenI32()]);
                let results = u32::from(name.starts_with("opa_builtin"));
                let ty = ffi::WasmEdge_FunctionTypeCreate(parameters.as_ptr(), count, result.as_ptr(), results);
                let function = ffi::WasmEdge_FunctionInstanceCreate(ty, Some(refuse), ptr::null_mut(), 0);
                ffi::WasmEdge_FunctionTypeDelete(ty);
                ffi::WasmEdge_ModuleInstanceAddFunction(loaded.imports, string(name), function);
            }
            loaded.store = ffi::WasmEdge_StoreCreate();
            loaded.executor = ffi::WasmEdge_ExecutorCreate(loaded.config, ptr::null_mut());
            check(ffi::WasmEdge_ExecutorRegisterImport(loaded.executor, loaded.store, loaded.imports))?;
            check(ffi::WasmEdge_ExecutorInstantiate(
                loaded.executor,
                &mut loaded.instance,
                loaded.store,
                loaded.module,
            ))?;
        }
        let table = loaded.json("builtins")?;
        if !table.is_empty() {
            return Ok(None);
        }
        loaded.entrypoint = *loaded.json("entrypoints")?.get(entrypoint).ok_or("no such entrypoint")?;
        loaded.data = loaded.parse(data)?;
        loaded.heap = loaded.call(loaded.export("opa_heap_ptr_get"), &[])?;
        loaded.eval = loaded.export("opa_eval");
        Ok(Some(loaded))
    }

    fn json(&mut self, table: &'static str) -> Outcome<BTreeMap<String, i32>> {
        let value = self.call(self.export(table), &[])?;
        let text = self.call(self.export("opa_json_dump"), &[value])?;
        Ok(serde_json::from_slice(self.text(text)?.to_bytes())?)
    }

    fn parse(&mut self, json: &str) -> Outcome<i32> {
        let length = i32::try_from(json.len())?;
        let text = self.call(self.export("opa_malloc"), &[length])?;
        self.write(text, json.as_bytes())?;
        let value = self.call(self.export("opa_json_parse"), &[text, length])?;
        self.call(self.export("opa_free"), &[text])?;
        if value == 0 { Err("OPA's parser refuses it".into()) } else { Ok(value) }
    }

    fn export(&self, name: &'static str) -> *const ffi::WasmEdge_FunctionInstanceContext {
        // SAFETY: the instance is alive, and so is the function, which belongs to it, or there is none.
        unsafe { ffi::WasmEdge_ModuleInstanceFindFunction(self.instance, string(name)).cast_const() }
    }

    fn call(&mut self, function: *const ffi::WasmEdge_FunctionInstanceContext, arguments: &[i32]) -> Outcome<i32> {
        // SAFETY: the executor is alive; the engine refuses a function that is null, and arguments that do not fit. It
        // writes one result at most.
        unsafe {
            let mut values = [ffi::WasmEdge_ValueGenI32(0); 7];
            for (value, argument) in values.iter_mut().zip(arguments) {
                *value = ffi::WasmEdge_ValueGenI32(*argument);
            }
            let (values, count) = (values.as_ptr(), arguments.len() as u32);
            let mut result = ffi::WasmEdge_ValueGenI32(0);
            check(ffi::WasmEdge_ExecutorInvoke(self.executor, function, values, count, &mut result, 1))?;
            Ok(ffi::WasmEdge_ValueGetI32(result))
        }
    }

    fn write(&mut self, address: i32, bytes: &[u8]) -> Outcome<()> {
        // An address is 32 bits without a sign.
        let address = u64::from(address as u32);
        let needed = (address + bytes.len() as u64).div_ceil(PAGE);
        // SAFETY: the memory is alive, and nobody has a slice of it: a text borrows `self`.
        unsafe {
            let there = ffi::WasmEdge_MemoryInstanceGetPageSize(self.memory);
            if there < needed {
                check(ffi::WasmEdge_MemoryInstanceGrowPage(self.memory, needed - there))?;
            }
            check(ffi::WasmEdge_MemoryInstanceSetData(self.memory, bytes.as_ptr(), address, bytes.len() as u64))
        }
    }

    fn text(&self, address: i32) -> Outcome<&CStr> {
        let address = u64::from(address as u32);
        // SAFETY: the memory is alive and has that many bytes there: an address beyond its end is refused before they are
        // counted, since the engine's own check would take a number that wraps. It neither moves nor changes while the text
        // borrows `self`, for `call` and `write`, which alone change it, take `self` exclusively.
        let bytes = unsafe {
            let length = (ffi::WasmEdge_MemoryInstanceGetPageSize(self.memory) * PAGE).checked_sub(address);
            let length = length.filter(|left| *left > 0).ok_or("a text leaves the memory")?;
            let start = ffi::WasmEdge_MemoryInstanceGetPointerConst(self.memory, address, length);
            if start.is_null() {
                return Err("a text leaves the memory".into());
            }
            std::slice::from_raw_parts(start, length as usize)
        };
        Ok(CStr::from_bytes_until_nul(bytes)?)
    }
}

/// One decision.
pub fn decide(loaded: &mut Loaded, input: &str) -> String {
    let input: &RawValue = serde_json::from_str(input).expect("valid JSON");
    let (heap, length) = (loaded.heap, input.get().len() as i32);
    loaded.write(heap, input.get().as_bytes()).expect("room");
    let arguments = [0, loaded.entrypoint, loaded.data, heap, length, heap + length, 0];
    let answer = loaded.call(loaded.eval, &arguments).expect("a decision");
    let text = loaded.text(answer).expect("a text");
    let answers: Vec<Answer<'_>> = serde_json::from_slice(text.to_bytes()).expect("an answer");
    answers.last().map_or_else(|| "null".to_owned(), |answer| answer.result.get().to_owned())
}

impl Drop for Loaded {
    fn drop(&mut self) {
        // SAFETY: each was made for this alone, is freed once, and before what it points to; null is left alone.
        unsafe {
            ffi::WasmEdge_ModuleInstanceDelete(self.instance);
            ffi::WasmEdge_StoreDelete(self.store);
            ffi::WasmEdge_ModuleInstanceDelete(self.imports);
            ffi::WasmEdge_ExecutorDelete(self.executor);
            ffi::WasmEdge_ASTModuleDelete(self.module);
            ffi::WasmEdge_ConfigureDelete(self.config);
        }
    }
}

/// A function that a policy without builtins calls only to say that it failed.
unsafe extern "C" fn refuse(
    _: *mut c_void,
    _: *const ffi::WasmEdge_CallingFrameContext,
    _: *const ffi::WasmEdge_Value,
    _: *mut ffi::WasmEdge_Value,
) -> ffi::WasmEdge_Result {
    ffi::WasmEdge_Result { Code: ffi::WasmEdge_ErrCode_HostFuncError }
}

fn string(text: &'static str) -> ffi::WasmEdge_String {
    // SAFETY: a string that lives for ever, which the API copies or compares.
    unsafe { ffi::WasmEdge_StringWrap(text.as_ptr().cast(), text.len() as u32) }
}

fn check(result: ffi::WasmEdge_Result) -> Outcome<()> {
    // SAFETY: plain values; the message is a constant of the library, ended by a zero.
    unsafe {
        if ffi::WasmEdge_ResultOK(result) {
            return Ok(());
        }
        Err(CStr::from_ptr(ffi::WasmEdge_ResultGetMessage(result)).to_string_lossy().into())
    }
}
