//! What is made before a start: the configuration, and the module.

use std::{ffi::CStr, ptr};

use wasmedge_sys::ffi::{self, WasmEdge_String};

use super::{Config, Fault, Module, check, log, string};
use crate::{
    Phase, marks,
    runtime::{wasi, wasmedge::Mode},
};

impl Config {
    /// For guests that run in `mode` and have at most `pages` of memory.
    pub(in crate::runtime::wasmedge) fn new(mode: Mode, pages: u64) -> Result<Self, Fault> {
        log::capture();
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
    pub(in crate::runtime::wasmedge) fn load(config: &Config, path: &CStr) -> Result<Self, Fault> {
        log::take();
        let mut module = ptr::null_mut();
        // SAFETY: every context is alive during the calls; the loader and the validator are freed here, the module is
        // owned once the loader has made it. The path ends with a zero.
        unsafe {
            let loader = ffi::WasmEdge_LoaderCreate(config.as_ptr());
            let loaded = check(ffi::WasmEdge_LoaderParseFromFile(loader, &mut module, path.as_ptr()));
            ffi::WasmEdge_LoaderDelete(loader);
            loaded?;
            let module = Self::own(module)?;
            marks::begin(Phase::Compile);
            let validator = ffi::WasmEdge_ValidatorCreate(config.as_ptr());
            let valid = check(ffi::WasmEdge_ValidatorValidate(validator, module.as_ptr()));
            ffi::WasmEdge_ValidatorDelete(validator);
            valid.map(|()| module)
        }
    }

    /// The names of what it imports from WASI.
    pub(super) fn wasi_imports(&self) -> Vec<WasmEdge_String> {
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
    pub(in crate::runtime::wasmedge) fn imports_wasi(&self) -> bool {
        !self.wasi_imports().is_empty()
    }

    /// Whether it exports a function `_start` without parameters and results, and whether a memory `memory`.
    pub(in crate::runtime::wasmedge) fn exports(&self) -> (bool, bool) {
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
