//! What is prepared at each temperature, and one start: store, instance, what runs before `_start`, `_start`, reading.

use std::{borrow::Cow, fs};

use wasmi::{
    CompilationMode, Config, Engine, Error, ExternType, Instance as Guest, Linker, Module, Store, TrapCode,
    TypedResumableCall,
    errors::{ErrorKind, InstantiationError, MemoryError, TableError},
};

use super::{
    host::{self, Host},
    room::{Need, ROOM, Seat},
    start_section,
};
use crate::{
    Phase, disk, marks,
    runtime::{
        Artifact, Instance, Resource, RuntimeError, wasi,
        wasm::{self, Shape},
    },
};

/// Fuel until the clock is looked at: some hundred microseconds.
const SLICE: u64 = 100_000;

/// The most memory mappings that a live instance was seen to hold, and some.
pub(super) const MAPPINGS: u64 = 4;

/// wasmi's defaults, fuel, and one 32-bit memory, so that the memory limit is the instance's and not each memory's.
fn engine() -> Engine {
    let mut config = Config::default();
    config.consume_fuel(true).compilation_mode(CompilationMode::Eager).wasm_multi_memory(false).wasm_memory64(false);
    Engine::new(&config)
}

/// What holds at both temperatures.
pub(super) fn settings() -> [(&'static str, String); 3] {
    [("translation", "eager".to_owned()), ("fuel_slice", SLICE.to_string()), ("allocator", "the process's".to_owned())]
}

/// What the artifacts of one workload share.
#[derive(Debug)]
pub(super) struct Job {
    of: wasm::Job,
    /// The export that the module's start section was made.
    first: Option<String>,
}

/// A module that is translated and can be linked.
struct Prepared {
    engine: Engine,
    module: Module,
    linker: Linker<Host>,
}

impl Job {
    /// Checks what the ready protocol asks of a module. The job, and the module as it is run.
    pub(super) fn new<'a>(of: wasm::Job, wasm: Cow<'a, [u8]>) -> Result<(Self, Cow<'a, [u8]>), RuntimeError> {
        let module = Module::new(&engine(), &wasm).map_err(|error| of.invalid(error.to_string()))?;
        let is_start =
            |ty: ExternType| matches!(ty, ExternType::Func(ty) if ty.params().is_empty() && ty.results().is_empty());
        of.check(Shape {
            start: module.get_export("_start").is_some_and(is_start),
            memory: matches!(module.get_export("memory"), Some(ExternType::Memory(_))),
            wasi: module.imports().any(|import| import.module() == wasi::MODULE),
        })?;
        let mut name = "start section".to_owned();
        while module.get_export(&name).is_some() {
            name.push('\'');
        }
        Ok(match start_section::exported(&wasm, &name) {
            Some(made) => (Self { of, first: Some(name) }, made.into()),
            None => (Self { of, first: None }, wasm),
        })
    }

    fn prepared(&self, wasm: &[u8]) -> Result<Prepared, RuntimeError> {
        marks::begin(Phase::Engine);
        let engine = engine();
        marks::begin(Phase::Compile);
        let module = Module::new(&engine, wasm).map_err(|error| self.of.invalid(error.to_string()))?;
        marks::begin(Phase::Link);
        let linker = host::linker(&engine).map_err(|error| self.of.engine(error.to_string()))?;
        Ok(Prepared { engine, module, linker })
    }

    /// An instance takes no addresses beforehand: its memory is moved when it grows, to a place that may be twice as large.
    fn seat(&self, concurrent: usize) -> Result<Seat, RuntimeError> {
        let need = Need { mappings: MAPPINGS, addresses: wasm::memory_limit(&self.of.limits) * 2 };
        ROOM.take(need.times(concurrent), &self.of.subject)
    }

    /// Runs a new instance to its end; it is ready then. The timed part of every start.
    fn start(&self, prepared: &Prepared, seat: Seat) -> Result<Box<dyn Instance>, RuntimeError> {
        marks::begin(Phase::Instantiate);
        let mut store = Store::new(&prepared.engine, Host::new(&self.of.limits));
        store.limiter(|host| host);
        let guest = prepared.linker.instantiate_and_start(&mut store, &prepared.module);
        let guest = guest.map_err(|error| self.error(&error))?;
        marks::begin(Phase::Run);
        store.data_mut().memory = guest.get_memory(&store, "memory");
        for function in self.first.iter().map(String::as_str).chain(["_start"]) {
            if self.call(&mut store, guest, function)? == End::Exited {
                break;
            }
        }
        let ready_at = store.data().wasi.reading().ok_or_else(|| self.of.not_ready())?;
        Ok(Box::new(Ready { ready_at, store, guest, _seat: seat }))
    }

    /// Calls a function, a slice of fuel at a time.
    fn call(&self, store: &mut Store<Host>, guest: Guest, function: &str) -> Result<End, RuntimeError> {
        let engine = |error: Error| self.of.engine(error.to_string());
        // `Job::new` saw that it is a function of this type.
        let function = guest.get_typed_func::<(), ()>(&*store, function).map_err(engine)?;
        store.set_fuel(SLICE).map_err(engine)?;
        let mut called = function.call_resumable(&mut *store, ());
        loop {
            let stopped = match called {
                Ok(TypedResumableCall::Finished(())) => return Ok(End::Returned),
                Ok(TypedResumableCall::HostTrap(trap)) => return self.judge(trap.host_error()),
                Err(error) => return self.judge(&error),
                Ok(TypedResumableCall::OutOfFuel(stopped)) => stopped,
            };
            if store.data().deadline.is_over() {
                return Err(self.of.time_limit());
            }
            // One instruction may take more than a slice: what fills a memory is paid for beforehand.
            store.set_fuel(SLICE.max(stopped.required_fuel())).map_err(engine)?;
            called = stopped.resume(&mut *store);
        }
    }

    /// What ended a call that did not return.
    fn judge(&self, error: &Error) -> Result<End, RuntimeError> {
        match error.i32_exit_status() {
            Some(0) => Ok(End::Exited),
            Some(status) => Err(self.of.exit(status)),
            None => Err(self.error(error)),
        }
    }

    /// What the engine's error means.
    fn error(&self, error: &Error) -> RuntimeError {
        use InstantiationError::{ElementSegmentDoesNotFit, FailedToInstantiateMemory, FailedToInstantiateTable};
        match error.kind() {
            ErrorKind::TrapCode(TrapCode::GrowthOperationLimited)
            | ErrorKind::Instantiation(
                FailedToInstantiateMemory(MemoryError::ResourceLimiterDeniedAllocation)
                | FailedToInstantiateTable(TableError::ResourceLimiterDeniedAllocation),
            ) => self.of.memory_limit(),
            ErrorKind::Instantiation(
                FailedToInstantiateMemory(MemoryError::OutOfSystemMemory)
                | FailedToInstantiateTable(TableError::OutOfSystemMemory),
            ) => {
                let (subject, reason) = (self.of.subject.clone(), "the machine has no memory for it".to_owned());
                RuntimeError::Full { subject, resource: Resource::Memory, reason }
            }
            // Of an import: in the guest it is met by `call`.
            ErrorKind::TrapCode(TrapCode::OutOfFuel) => self.of.time_limit(),
            ErrorKind::Linker(_) => self.of.invalid(error.to_string()),
            // What does not fit into memory or table is a trap, at instantiation as later.
            ErrorKind::TrapCode(_)
            | ErrorKind::Memory(_)
            | ErrorKind::Table(_)
            | ErrorKind::Instantiation(ElementSegmentDoesNotFit { .. }) => self.of.failed(error.to_string()),
            _ => self.of.engine(error.to_string()),
        }
    }
}

/// How a call ended well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Returned,
    /// By `proc_exit(0)`: nothing else of the guest runs.
    Exited,
}

/// A module on disk; everything else is in the start.
pub(super) struct Cold {
    job: Job,
    module: disk::Artifact,
}

impl Cold {
    pub(super) fn new(job: Job, wasm: &[u8]) -> Result<Self, RuntimeError> {
        Ok(Self { job, module: disk::Artifact::write(wasm)? })
    }
}

impl Artifact for Cold {
    fn reserve(&self, concurrent: usize) -> Result<(), RuntimeError> {
        self.job.seat(concurrent).map(drop)
    }

    fn artifact_bytes(&self) -> Option<u64> {
        Some(self.module.length())
    }

    fn start(&self) -> Result<Box<dyn Instance>, RuntimeError> {
        let seat = self.job.seat(1)?;
        marks::begin(Phase::Load);
        let path = self.module.path();
        let wasm = fs::read(path).map_err(|source| RuntimeError::Io { path: path.to_owned(), source })?;
        self.job.start(&self.job.prepared(&wasm)?, seat)
    }
}

/// A module, translated; one start after another instantiates it.
pub(super) struct Warm {
    job: Job,
    prepared: Prepared,
}

impl Warm {
    pub(super) fn new(job: Job, wasm: &[u8]) -> Result<Self, RuntimeError> {
        let prepared = job.prepared(wasm)?;
        Ok(Self { job, prepared })
    }
}

impl Artifact for Warm {
    fn reserve(&self, concurrent: usize) -> Result<(), RuntimeError> {
        self.job.seat(concurrent).map(drop)
    }

    fn start(&self) -> Result<Box<dyn Instance>, RuntimeError> {
        self.job.start(&self.prepared, self.job.seat(1)?)
    }
}

/// An instance that has run to ready.
struct Ready {
    ready_at: u64,
    // Declared before the seat, so that its mappings are gone when the seat is free. It keeps its engine alive.
    store: Store<Host>,
    guest: Guest,
    _seat: Seat,
}

impl Instance for Ready {
    fn ready_at(&self) -> u64 {
        self.ready_at
    }

    /// Its memory can be read, or without one, its function be called.
    fn is_alive(&mut self) -> bool {
        match self.store.data().memory {
            Some(memory) => std::hint::black_box(memory.data(&self.store).first().copied()).is_some(),
            None => self.guest.get_func(&self.store, "_start").is_some(),
        }
    }

    fn stop(self: Box<Self>) -> Result<(), RuntimeError> {
        Ok(())
    }
}
