//! Compilation ahead of time, with the SDK's compiler: a module in, the bytes of a shared library out.

use std::{fs, path::Path, sync::Once};

use wasmedge_sdk::{
    Compiler, CompilerOptimizationLevel, CompilerOutputFormat,
    config::{CommonConfigOptions, CompilerConfigOptions, Config, ConfigBuilder},
};

use super::{
    ffi::{self, Fault},
    signals,
};

/// The optimisation level of both compilers, ahead of time and just in time: the engine's default.
const LEVEL_NAME: &str = "O3";

/// How a guest that takes too long is ended, which its machine code must allow for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// By the engine, which the code asks at every loop and call.
    ByEngine,
    /// With its process: the code asks nobody.
    #[cfg_attr(not(feature = "container"), allow(dead_code, reason = "containers end so"))]
    WithProcess,
    /// By itself: it was written to ask, with atomic operations.
    ByItself,
}

impl Ended {
    /// What bears on the figures of what was compiled so. Asking the engine costs a compute kernel several times its time.
    pub(super) const fn settings(self) -> [(&'static str, &'static str); 3] {
        let interruptible = if matches!(self, Self::ByEngine) { "true" } else { "false" };
        [("compiler", "llvm"), ("opt_level", LEVEL_NAME), ("interruptible", interruptible)]
    }
}

/// Compiles `wasm`; works in `directory`.
pub(super) fn ahead_of_time(wasm: &[u8], directory: &Path, ended: Ended) -> Result<Vec<u8>, Fault> {
    // LLVM takes its signals with the first file that it writes in a process, and only then (`RegisterHandlers` in its
    // lib/Support/Unix/Signals.inc). A module without anything makes that a matter of milliseconds: meanwhile another
    // engine's traps are not its own.
    static FIRST: Once = Once::new();
    FIRST.call_once(|| {
        let _kept = signals::keep_for_compiler();
        // Where this fails, so does what follows.
        drop(compiled_at_once(b"\0asm\x01\0\0\0", directory, ended));
    });
    compiled_at_once(wasm, directory, ended).map_err(Fault::of_compiler)
}

fn compiled_at_once(wasm: &[u8], directory: &Path, ended: Ended) -> Result<Vec<u8>, String> {
    ffi::capture_log();
    let compiler = Compiler::new(Some(&config(ended)?)).map_err(|error| error.to_string())?;
    let path = compiler.compile_from_bytes(wasm, "module", directory).map_err(|error| error.to_string())?;
    fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))
}

fn config(ended: Ended) -> Result<Config, String> {
    let common = CommonConfigOptions::default().multi_memories(false).threads(ended == Ended::ByItself);
    let compiler = CompilerConfigOptions::default()
        .out_format(CompilerOutputFormat::Native)
        .optimization_level(CompilerOptimizationLevel::O3)
        .interruptible(ended == Ended::ByEngine);
    ConfigBuilder::new(common).with_compiler_config(compiler).build().map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(feature = "wasmtime")]
    fn another_engine_still_catches_its_traps() {
        let wasm = wat::parse_str("(module (func (export \"_start\")))").unwrap();
        let directory = tempfile::tempdir().unwrap();
        ahead_of_time(&wasm, directory.path(), Ended::ByEngine).unwrap();
        let engine = ::wasmtime::Engine::default();
        let trap = wat::parse_str("(module (func (export \"_start\") unreachable))").unwrap();
        let trap = ::wasmtime::Module::new(&engine, trap).unwrap();
        let mut store = ::wasmtime::Store::new(&engine, ());
        let instance = ::wasmtime::Instance::new(&mut store, &trap, &[]).unwrap();
        let start = instance.get_typed_func::<(), ()>(&mut store, "_start").unwrap();
        // Without its handler, the trap would end this process.
        assert!(start.call(&mut store, ()).is_err());
    }

    #[test]
    fn gives_a_library_or_an_error() {
        let directory = tempfile::tempdir().unwrap();
        let wasm = wat::parse_str("(module (func (export \"_start\")))").unwrap();
        assert!(ahead_of_time(&wasm, directory.path(), Ended::ByEngine).unwrap().starts_with(b"\x7fELF"));
        ahead_of_time(b"\0asm", directory.path(), Ended::ByEngine).unwrap_err();
    }
}
