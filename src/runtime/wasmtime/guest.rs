//! One start, the same at every temperature once there is a module: store, instance, `_start`, reading.

use std::sync::Arc;

use wasmtime::{
    Engine, Error, Extern, ExternType, Instance as Guest, InstancePre, Linker, Module, ModuleExport,
    PoolConcurrencyLimitError, Result, Store, Trap,
};

use super::{
    budget::{self, Budget},
    host::{Host, Stop},
    room::{Need, ROOM, Seat},
    ticker::Ticker,
};
use crate::{
    Phase, marks,
    runtime::{
        Instance, Resource, RuntimeError, wasi,
        wasm::{self, Shape},
    },
};

/// The most memory mappings that a live instance without a pool was seen to hold, be its engine, its module or neither its own,
/// and some.
pub(super) const MAPPINGS: u64 = 8;

/// What the artifacts of one workload share.
#[derive(Debug, Clone)]
pub(super) struct Job {
    pub(super) of: wasm::Job,
    pub(super) budget: Budget,
    /// An engine without a pool.
    pub(super) plain: Engine,
    /// None where nobody counts epochs.
    pub(super) ticker: Option<Arc<Ticker>>,
}

/// A module whose imports are resolved and whose entry is known.
pub(super) struct Prepared {
    pre: InstancePre<Host>,
    start: ModuleExport,
    memory: Option<ModuleExport>,
}

impl Job {
    /// Checks what the ready protocol asks of a module, and resolves its imports.
    pub(super) fn link(&self, linker: &Linker<Host>, module: &Module) -> Result<Prepared, RuntimeError> {
        let export = |name: &str, fits: fn(&ExternType) -> bool| {
            module.get_export_index(name).filter(|_| module.get_export(name).is_some_and(|found| fits(&found)))
        };
        let start = export(
            "_start",
            |found| matches!(found, ExternType::Func(ty) if ty.params().len() + ty.results().len() == 0),
        );
        let memory = export("memory", |found| matches!(found, ExternType::Memory(_)));
        let wasi = module.imports().any(|import| import.module() == wasi::MODULE);
        self.of.check(Shape { start: start.is_some(), memory: memory.is_some(), wasi })?;
        let pre = linker.instantiate_pre(module).map_err(|error| self.invalid(message(&error)))?;
        let start = start.ok_or_else(|| self.of.engine("_start is gone"))?;
        Ok(Prepared { pre, start, memory })
    }

    /// What an instance without a pool needs.
    fn need(&self) -> Need {
        Need { mappings: MAPPINGS, addresses: budget::reserved(&self.plain) }
    }

    /// Whether there is room for so many instances without a pool.
    pub(super) fn reserve(&self, concurrent: usize) -> Result<(), RuntimeError> {
        ROOM.take(self.need().times(concurrent), &self.of.subject).map(drop)
    }

    /// The room of one.
    pub(super) fn seat(&self) -> Result<Arc<Seat>, RuntimeError> {
        Ok(Arc::new(ROOM.take(self.need(), &self.of.subject)?))
    }

    /// Runs a new instance to its end; it is ready then. The timed part of every start.
    pub(super) fn start(
        &self,
        engine: &Engine,
        prepared: &Prepared,
        seat: Arc<Seat>,
    ) -> Result<Box<dyn Instance>, RuntimeError> {
        let (ready_at, live) = self.run(engine, prepared)?;
        Ok(Box::new(Ready { ready_at, live, start: prepared.start, memory: prepared.memory, _seat: seat }))
    }

    /// The same, as its parts: the reading, and what the instance lives in.
    pub(super) fn run(&self, engine: &Engine, prepared: &Prepared) -> Result<(u64, Live), RuntimeError> {
        marks::begin(Phase::Instantiate);
        let _running = self.ticker.as_ref().map(|ticker| ticker.running());
        let mut store = Store::new(engine, Host::new(prepared.memory, &self.budget));
        store.limiter(|host| host);
        store.set_epoch_deadline(self.budget.ticks);
        let mut guest = None;
        if let Err(error) = call(&mut store, prepared, &mut guest) {
            self.judge(&error)?;
        }
        let ready_at = store.data().wasi.reading().ok_or_else(|| self.of.not_ready())?;
        Ok((ready_at, Live { store, guest }))
    }

    /// What the engine's error means. `Ok` for an exit with status 0.
    fn judge(&self, error: &Error) -> Result<(), RuntimeError> {
        Err(match (error.downcast_ref::<Stop>(), error.downcast_ref::<Trap>()) {
            (Some(Stop::Exit(0)), _) => return Ok(()),
            (Some(Stop::Memory), _) => self.of.memory_limit(),
            (Some(Stop::Exit(status)), _) => self.of.exit(*status),
            (None, Some(Trap::Interrupt)) => self.of.time_limit(),
            (None, Some(trap)) => self.of.failed(trap.to_string()),
            (None, None) if error.is::<PoolConcurrencyLimitError>() => {
                let reason = message(error);
                RuntimeError::Full { subject: self.of.subject.clone(), resource: Resource::Slots, reason }
            }
            (None, None) => self.engine(error),
        })
    }

    /// Has the ticker count the epochs of `engine`.
    pub(super) fn tick(&self, engine: &Engine) {
        if let Some(ticker) = &self.ticker {
            ticker.add(engine);
        }
    }

    pub(super) fn invalid(&self, reason: impl Into<String>) -> RuntimeError {
        self.of.invalid(reason)
    }

    pub(super) fn engine(&self, error: &Error) -> RuntimeError {
        self.of.engine(message(error))
    }
}

/// Leaves the instance in `made`, also where it ends by leaving.
fn call(store: &mut Store<Host>, prepared: &Prepared, made: &mut Option<Guest>) -> Result<()> {
    let guest = *made.insert(prepared.pre.instantiate(&mut *store)?);
    marks::begin(Phase::Run);
    let start = guest.get_module_export(&mut *store, &prepared.start).and_then(|export| export.into_func());
    // `Job::link` saw that it is a function of this type.
    start.ok_or_else(|| Error::msg("_start is gone"))?.typed::<(), ()>(&*store)?.call(store, ())
}

/// The engine's whole chain of causes, on one line.
pub(super) fn message(error: &Error) -> String {
    format!("{error:#}")
}

/// What an instance lives in.
pub(super) struct Live {
    store: Store<Host>,
    guest: Option<Guest>,
}

/// An instance that has run to ready. Its store holds all that it has.
struct Ready {
    ready_at: u64,
    // Declared before the seat, so that its mappings are gone when the seat is free.
    live: Live,
    start: ModuleExport,
    memory: Option<ModuleExport>,
    _seat: Arc<Seat>,
}

impl Instance for Ready {
    fn ready_at(&self) -> u64 {
        self.ready_at
    }

    /// Its memory can be read, or without one, its function be called.
    fn is_alive(&mut self) -> bool {
        let Live { store, guest: Some(guest) } = &mut self.live else { return false };
        let export = guest.get_module_export(&mut *store, self.memory.as_ref().unwrap_or(&self.start));
        match export {
            Some(Extern::Memory(memory)) => std::hint::black_box(memory.data(&*store).first()).is_some(),
            Some(Extern::Func(_)) => true,
            _ => false,
        }
    }

    fn stop(self: Box<Self>) -> Result<(), RuntimeError> {
        Ok(())
    }
}
