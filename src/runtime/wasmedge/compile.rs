//! Compilation ahead of time, with the SDK's compiler: a module in, the bytes of a shared library out.

use std::{
    fs,
    path::{Path, PathBuf},
};

use wasmedge_sdk::{
    Compiler, CompilerOptimizationLevel, CompilerOutputFormat,
    config::{CommonConfigOptions, CompilerConfigOptions, Config, ConfigBuilder},
};

/// The optimisation level of both compilers, ahead of time and just in time: the engine's default.
pub(super) const LEVEL_NAME: &str = "O3";

/// The names of the directories in which the compiler works, before the process's id.
const PREFIX: &str = "runtime-baseline-aot-";

/// Compiles `wasm`; works in a directory of its own in `parent`.
pub(super) fn ahead_of_time(wasm: &[u8], parent: &Path) -> Result<Vec<u8>, String> {
    let directory = tempfile::Builder::new()
        .prefix(&format!("{PREFIX}{}-", std::process::id()))
        .tempdir_in(parent)
        .map_err(|error| format!("{}: {error}", parent.display()))?;
    let compiler = Compiler::new(Some(&config()?)).map_err(|error| error.to_string())?;
    let path = compiler.compile_from_bytes(wasm, "module", directory.path()).map_err(|error| error.to_string())?;
    fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))
}

fn config() -> Result<Config, String> {
    let common = CommonConfigOptions::default().multi_memories(false);
    let compiler = CompilerConfigOptions::default()
        .out_format(CompilerOutputFormat::Native)
        .optimization_level(CompilerOptimizationLevel::O3)
        .interruptible(true);
    ConfigBuilder::new(common).with_compiler_config(compiler).build().map_err(|error| error.to_string())
}

/// Removes what compilers of processes that are gone left in `parent`.
pub(super) fn sweep(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let process = name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.split('-').next()?.parse::<u32>().ok());
        if process.is_some_and(|id| !PathBuf::from(format!("/proc/{id}")).exists()) {
            // Another process may do the same, and win.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_no_directory_behind_whether_it_compiles_or_not() {
        let parent = tempfile::tempdir().unwrap();
        let wasm = wat::parse_str("(module (func (export \"_start\")))").unwrap();
        assert!(ahead_of_time(&wasm, parent.path()).unwrap().starts_with(b"\x7fELF"));
        ahead_of_time(b"\0asm", parent.path()).unwrap_err();
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_a_killed_process_left_is_swept_and_nothing_else() {
        let parent = tempfile::tempdir().unwrap();
        let make = |name: String| fs::create_dir(parent.path().join(name)).unwrap();
        // No process has this id: it is beyond the kernel's largest.
        make(format!("{PREFIX}4194305-x"));
        make(format!("{PREFIX}{}-x", std::process::id()));
        make("other-4194305-x".to_owned());
        sweep(parent.path());
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 2);
    }
}
