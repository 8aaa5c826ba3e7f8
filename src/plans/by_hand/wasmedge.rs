//! Starts as one would write them by hand with wasmedge-sdk alone: no trait, no adapter, no time limit (the SDK's own
//! would add four system calls). What the adapter costs is the difference. The SDK lends host functions to a store, so a
//! start here includes the end of its instance: compare with `start` and `stop` of the adapter.

use std::{
    collections::HashMap,
    fs::{self, File},
    io::{self, Write},
    os::fd::AsRawFd,
    path::PathBuf,
};

use wasmedge_sdk::{
    CallingFrame, Compiler, CompilerOptimizationLevel, CompilerOutputFormat, ImportObject, ImportObjectBuilder,
    Instance, Module, RunMode, Store, Vm, WasmEdgeResult, WasmValue,
    config::{CommonConfigOptions, CompilerConfigOptions, Config, ConfigBuilder, RuntimeConfigOptions},
    error::{CoreError, CoreExecutionError},
};

use crate::disk::workplace;

/// The ready workload; the same file that `Workload::ready` carries.
const READY: &str = include_str!("../../../fixtures/workloads/ready.wat");

/// Pages of the memory limit: what `Limits::default` says.
const PAGES: u32 = 4096;

/// What the guest's calls leave.
#[derive(Default)]
struct Host {
    ready: [u8; 8],
}

/// A module on disk, in a file without a name as the adapter has it.
pub struct Bare {
    config: Config,
    path: PathBuf,
    _file: File,
}

impl Bare {
    /// The ready workload, to be interpreted.
    pub fn interpreted() -> Result<Self, Box<dyn std::error::Error>> {
        Self::of(&wat::parse_str(READY)?, RunMode::Interpreter)
    }

    /// The ready workload, compiled as the adapter does it.
    pub fn compiled() -> Result<Self, Box<dyn std::error::Error>> {
        let options = CompilerConfigOptions::default()
            .out_format(CompilerOutputFormat::Native)
            .optimization_level(CompilerOptimizationLevel::O3)
            .interruptible(true);
        let config = ConfigBuilder::new(CommonConfigOptions::default()).with_compiler_config(options).build()?;
        let directory = workplace().map_err(|error| error.source)?;
        let path =
            Compiler::new(Some(&config))?.compile_from_bytes(wat::parse_str(READY)?, "ready", directory.path())?;
        Self::of(&fs::read(path)?, RunMode::Aot)
    }

    fn of(content: &[u8], mode: RunMode) -> Result<Self, Box<dyn std::error::Error>> {
        let config = ConfigBuilder::new(CommonConfigOptions::default().run_mode(mode))
            .with_runtime_config(RuntimeConfigOptions::default().max_memory_pages(PAGES))
            .build()?;
        let file = on_disk(content)?;
        Ok(Self { config, path: format!("/proc/self/fd/{}", file.as_raw_fd()).into(), _file: file })
    }

    /// The module, validated: what a warm start has. A library stays loaded as long as it lives.
    pub fn load(&self) -> WasmEdgeResult<Module> {
        Module::from_file(Some(&self.config), &self.path)
    }

    /// Links, instantiates and runs it: the instance's reading of the clock.
    pub fn start(&self, module: Module) -> WasmEdgeResult<u64> {
        let mut imports = ImportObjectBuilder::new("wasi_snapshot_preview1", Host::default())?;
        imports.with_func::<(i32, i64, i32), i32>("clock_time_get", clock_time_get)?;
        imports.with_func::<(i32, i32, i32, i32), i32>("fd_write", fd_write)?;
        let mut imports: ImportObject<Host> = imports.build();
        {
            let linked = HashMap::from([("wasi_snapshot_preview1".to_owned(), &mut imports)]);
            let mut vm = Vm::new(Store::new(Some(&self.config), linked)?);
            vm.register_module(None, module)?;
            vm.run_func(None, "_start", [])?;
        }
        Ok(u64::from_le_bytes(imports.get_host_data().ready))
    }
}

fn on_disk(content: &[u8]) -> io::Result<File> {
    let mut file = tempfile::tempfile_in("/var/tmp")?;
    file.write_all(content)?;
    // A descriptor that can write keeps the loader from mapping the file as code.
    File::open(format!("/proc/self/fd/{}", file.as_raw_fd()))
}

fn fault() -> CoreError {
    CoreError::Execution(CoreExecutionError::MemoryOutOfBounds)
}

fn clock_time_get(
    _: &mut Host,
    _: &mut Instance,
    frame: &mut CallingFrame,
    arguments: Vec<WasmValue>,
) -> Result<Vec<WasmValue>, CoreError> {
    let mut memory = frame.memory_mut(0).ok_or_else(fault)?;
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    let now = now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64;
    memory.set_data(now.to_le_bytes(), arguments[2].to_i32() as u32).map_err(|_| fault())?;
    Ok(vec![WasmValue::from_i32(0)])
}

fn fd_write(
    host: &mut Host,
    _: &mut Instance,
    frame: &mut CallingFrame,
    arguments: Vec<WasmValue>,
) -> Result<Vec<WasmValue>, CoreError> {
    let mut memory = frame.memory_mut(0).ok_or_else(fault)?;
    let word = |memory: &wasmedge_sys::Memory, at: u32| {
        let bytes = memory.get_data(at, 4).map_err(|_| fault())?;
        bytes.try_into().map(u32::from_le_bytes).map_err(|_| fault())
    };
    let vector = arguments[1].to_i32() as u32;
    let (start, length) = (word(&memory, vector)?, word(&memory, vector + 4)?);
    let content = memory.get_data(start, length).map_err(|_| fault())?;
    host.ready.copy_from_slice(content.get(..8).ok_or_else(fault)?);
    memory.set_data(length.to_le_bytes(), arguments[3].to_i32() as u32).map_err(|_| fault())?;
    Ok(vec![WasmValue::from_i32(0)])
}
