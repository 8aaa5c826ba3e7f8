//! What is prepared before a start, and what a start does, for each mode and temperature.

use std::{ffi::CString, os::unix::ffi::OsStrExt, path::Path, sync::Arc};

use super::{
    Mode, callable, compile,
    ffi::{self, Config, End, Engine, Fault, Linked, Live, Module},
    room::{Need, ROOM, Seat},
    signals,
    watch::Watch,
};
use crate::{
    Phase, Temperature, disk, marks,
    runtime::{
        Artifact, Instance, RuntimeError,
        wasm::{self, Shape},
    },
};

/// The addresses that the engine reserves for a memory, whatever its size.
const RESERVED: u64 = 12 << 30;

/// The most memory mappings that a live instance was seen to hold, and some. One compiled just in time has its code too.
const fn mappings(mode: Mode) -> u64 {
    match mode {
        Mode::Interpreter | Mode::Aot => 3,
        Mode::Jit => 8,
    }
}

/// What the artifacts of one workload share.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) of: wasm::Job,
    pub(super) config: Arc<Config>,
    /// None where somebody else keeps the time limit.
    pub(super) watch: Option<Arc<Watch>>,
    pub(super) mode: Mode,
}

impl Job {
    pub(super) fn engine(&self, reason: impl Into<String>) -> RuntimeError {
        self.of.engine(reason)
    }

    /// What the engine's error means.
    pub(super) fn judge(&self, fault: Fault) -> RuntimeError {
        if fault.memory {
            self.of.memory_limit()
        } else if fault.interrupted() {
            self.of.time_limit()
        } else if fault.invalid() {
            self.of.invalid(fault.message)
        } else if fault.trapped() {
            self.of.failed(fault.message)
        } else {
            self.engine(fault.message)
        }
    }

    /// Runs a guest under the time limit; it is ready then.
    fn run(
        &self,
        engine: Arc<Engine>,
        seat: Seat,
        file: Option<Arc<File>>,
        guest: impl FnOnce(Arc<Engine>) -> Result<(Live, End), Fault>,
    ) -> Result<Box<dyn Instance>, RuntimeError> {
        let watched = self.watch.as_ref().map(|watch| watch.over(Arc::clone(&engine) as _, self.of.limits.time));
        let signals = (self.mode != Mode::Interpreter).then(signals::keep);
        let outcome = guest(engine);
        drop((watched, signals));
        let (ready_at, live) = self.ready(outcome)?;
        Ok(Box::new(Ready { ready_at, live, _file: file, _seat: seat }))
    }

    /// What the end of a guest means: its reading, if all went well.
    pub(super) fn ready(&self, outcome: Result<(Live, End), Fault>) -> Result<(u64, Live), RuntimeError> {
        let (live, end) = outcome.map_err(|fault| self.judge(fault))?;
        if end.memory {
            return Err(self.of.memory_limit());
        }
        if let Some(status) = end.exit.filter(|status| *status != 0) {
            return Err(self.of.exit(status));
        }
        let ready_at = end.reading.ok_or_else(|| self.of.not_ready())?;
        Ok((ready_at, live))
    }

    /// Checks what the ready protocol asks of a module.
    pub(super) fn check_exports(&self, module: &Module) -> Result<(), RuntimeError> {
        let (start, memory) = module.exports();
        self.of.check(Shape { start, memory, wasi: module.imports_wasi() })
    }

    fn load(&self, file: &File) -> Result<Module, RuntimeError> {
        Module::load(&self.config, &file.path).map_err(|fault| self.judge(fault))
    }

    fn seat(&self, concurrent: usize) -> Result<Seat, RuntimeError> {
        ROOM.take(Need { mappings: mappings(self.mode), addresses: RESERVED }.times(concurrent), &self.of.subject)
    }

    /// A fresh executor links, instantiates and runs `module`.
    fn start(&self, module: &Module, file: Option<Arc<File>>, seat: Seat) -> Result<Box<dyn Instance>, RuntimeError> {
        marks::begin(Phase::Engine);
        let engine = Engine::executor(&self.config).map_err(|fault| self.engine(fault.message))?;
        marks::begin(Phase::Link);
        let linked = Linked::new(&engine, module).map_err(|fault| self.engine(fault.message))?;
        self.run(engine, seat, file, |engine| ffi::run(engine, Arc::new(linked), module))
    }
}

/// A file without a name, as the engine takes it.
#[derive(Debug)]
struct File {
    path: CString,
    content: disk::Artifact,
}

impl File {
    fn write(content: &[u8]) -> Result<Arc<Self>, RuntimeError> {
        let content = disk::Artifact::write(content)?;
        let path = CString::new(content.path().as_os_str().as_bytes()).unwrap_or_default();
        Ok(Arc::new(Self { path, content }))
    }
}

/// Does what comes before the clock starts. A module that could never run is refused here.
pub(super) fn prepare(job: Job, temperature: Temperature, wasm: &[u8]) -> Result<Box<dyn Artifact>, RuntimeError> {
    let file = File::write(wasm)?;
    let module = job.load(&file)?;
    job.check_exports(&module)?;
    if job.mode == Mode::Jit {
        return Ok(Box::new(Jit { job, file }));
    }
    let (file, module) = if job.mode == Mode::Aot {
        let directory = disk::workplace()?;
        let code = compile::ahead_of_time(wasm, directory.path(), compile::Ended::ByEngine)
            .map_err(|fault| job.judge(fault))?;
        let code = File::write(&code)?;
        let module = job.load(&code)?;
        holds_machine_code(&job, code.content.path())?;
        (code, module)
    } else {
        (file, module)
    };
    Ok(match temperature {
        Temperature::Cold | Temperature::Precompiled => Box::new(OnDisk { job, file }),
        Temperature::Warm => {
            let engine = Engine::executor(&job.config).map_err(|fault| job.engine(fault.message))?;
            let linked = Arc::new(Linked::new(&engine, &module).map_err(|fault| job.engine(fault.message))?);
            Box::new(Warm { job, module, linked, file })
        }
    })
}

/// Refuses `file`, loaded, where it is not mapped as code.
pub(super) fn holds_machine_code(job: &Job, path: &Path) -> Result<(), RuntimeError> {
    if callable::is_mapped_as_code(path) != Some(false) {
        return Ok(());
    }
    Err(job.engine(format!(
        "it would interpret the artifact that it compiled: its code is not mapped; if {} is on a file system mounted noexec, set \
         TMPDIR, or the launcher's directory, to one that is not",
        path.display()
    )))
}

/// A module, or an artifact, on disk; everything else is in the start.
struct OnDisk {
    job: Job,
    file: Arc<File>,
}

impl Artifact for OnDisk {
    fn reserve(&self, concurrent: usize) -> Result<(), RuntimeError> {
        self.job.seat(concurrent).map(drop)
    }

    fn artifact_bytes(&self) -> Option<u64> {
        Some(self.file.content.length())
    }

    fn start(&self) -> Result<Box<dyn Instance>, RuntimeError> {
        let seat = self.job.seat(1)?;
        marks::begin(Phase::Load);
        let module = self.job.load(&self.file)?;
        self.job.start(&module, Some(Arc::clone(&self.file)), seat)
    }
}

/// A module on disk, compiled just in time in each start.
struct Jit {
    job: Job,
    file: Arc<File>,
}

impl Artifact for Jit {
    fn reserve(&self, concurrent: usize) -> Result<(), RuntimeError> {
        self.job.seat(concurrent).map(drop)
    }

    fn artifact_bytes(&self) -> Option<u64> {
        Some(self.file.content.length())
    }

    fn start(&self) -> Result<Box<dyn Instance>, RuntimeError> {
        let seat = self.job.seat(1)?;
        marks::begin(Phase::Engine);
        let engine = Engine::vm(&self.job.config).map_err(|fault| self.job.engine(fault.message))?;
        self.job.run(engine, seat, None, |engine| ffi::run_in_vm(engine, &self.file.path))
    }
}

/// A module, validated and linked to; one start after another instantiates it.
struct Warm {
    job: Job,
    module: Module,
    linked: Arc<Linked>,
    file: Arc<File>,
}

impl Artifact for Warm {
    fn reserve(&self, concurrent: usize) -> Result<(), RuntimeError> {
        self.job.seat(concurrent).map(drop)
    }

    fn start(&self) -> Result<Box<dyn Instance>, RuntimeError> {
        let seat = self.job.seat(1)?;
        marks::begin(Phase::Engine);
        let engine = Engine::executor(&self.job.config).map_err(|fault| self.job.engine(fault.message))?;
        let (linked, file) = (Arc::clone(&self.linked), Some(Arc::clone(&self.file)));
        self.job.run(engine, seat, file, |engine| ffi::run(engine, linked, &self.module))
    }
}

/// An instance that has run to ready.
struct Ready {
    ready_at: u64,
    // Declared before the seat, so that its mappings are gone when the seat is free.
    live: Live,
    // The loader knows a library by its path: no other file may have this one as long as the library is loaded.
    _file: Option<Arc<File>>,
    _seat: Seat,
}

impl Instance for Ready {
    fn ready_at(&self) -> u64 {
        self.ready_at
    }

    fn is_alive(&mut self) -> bool {
        self.live.is_alive()
    }

    fn stop(self: Box<Self>) -> Result<(), RuntimeError> {
        Ok(())
    }
}
