//! Wasmtime, in this process, at three temperatures.
//!
//! | temperature | before the clock starts | inside a start |
//! |---|---|---|
//! | cold | the .wasm on disk | read it, a fresh engine, compile with Cranelift, link, instantiate, run to ready |
//! | precompiled | the .cwasm on disk, engine, linker | map it, link, instantiate, run to ready |
//! | warm | engine with a pool, module, imports resolved | instantiate in a slot of the pool, run to ready |
//!
//! Subject `wasmtime/on-demand` is the engine without a pool: warm alone, since the other temperatures have none.
//!
//! **Time limit.** A thread advances the engines' epochs every 10 ms while a guest runs, and sleeps otherwise; a guest is
//! stopped between its limit and two ticks later. Compilation has no limit but the module's size.
//!
//! **Memory limit.** A module whose memory is larger than the limit from the start, and one that grows beyond it, end
//! alike, in [`RuntimeError::MemoryLimit`]; so do tables of more than 10,000 elements together, or one for each 4 KiB of
//! the limit where that is more. (A growth beyond 4 GiB, which no 32-bit memory can have, answers -1 as in every runtime.)
//!
//! **Files.** Artifacts are files without names, in `TMPDIR` or else `/var/tmp`: nothing is left of them when the
//! process ends, however it ends.

mod budget;
mod cold;
#[cfg(feature = "container")]
pub(crate) mod contained;
mod guest;
mod host;
mod precompiled;
pub(crate) mod ticker;
mod unpooled;
mod warm;

use std::sync::Arc;

use wasmtime::Engine;

use self::{
    budget::Budget, cold::Cold, guest::Job, precompiled::Precompiled, ticker::Ticker, unpooled::Unpooled, warm::Warm,
};
use super::{Artifact, Identity, Limits, Runtime, RuntimeError, Workload, room, wasm};
use crate::{Component, Isolation, Subject, Temperature};

/// The Wasmtime engine.
///
/// ```
/// use runtime_baseline::Temperature;
/// use runtime_baseline::runtime::{Runtime, Workload, wasmtime::Wasmtime};
///
/// let wasmtime = Wasmtime::new()?;
/// let artifact = wasmtime.prepare(&Workload::ready(), Temperature::Precompiled)?;
/// let before = runtime_baseline::clock::monotonic();
/// let instance = artifact.start()?;
/// println!("{}: {} ns", wasmtime.identity().components[0], instance.ready_at() - before);
/// # Ok::<(), runtime_baseline::runtime::RuntimeError>(())
/// ```
#[derive(Debug)]
pub struct Wasmtime {
    identity: Identity,
    budget: Budget,
    plain: Engine,
    ticker: Arc<Ticker>,
    /// Whether its warm starts take a slot of a pool.
    is_pooled: bool,
}

impl Wasmtime {
    /// Wasmtime with the default [`Limits`].
    ///
    /// # Errors
    /// [`RuntimeError::Engine`] when the engine, or the thread that keeps the time limit, cannot be started.
    pub fn new() -> Result<Self, RuntimeError> {
        Self::with_limits(Limits::default())
    }

    /// Wasmtime with pools that hold as many instances as can be: each memory stays as large as the module begins with, lies
    /// beside the next one without a guard, and is initialised by copying. Its warm starts' settings say so; the other
    /// temperatures have no pool and are as without.
    ///
    /// # Errors
    /// As [`with_limits`](Self::with_limits).
    pub fn dense() -> Result<Self, RuntimeError> {
        Self::dense_within(Limits::default())
    }

    /// The same, with limits of one's own.
    ///
    /// # Errors
    /// As [`with_limits`](Self::with_limits).
    pub fn dense_within(limits: Limits) -> Result<Self, RuntimeError> {
        let mut wasmtime = Self::with_limits(limits)?;
        wasmtime.budget.dense = true;
        Ok(wasmtime)
    }

    /// Wasmtime without a pool: a warm start allocates what its instance needs. Subject `wasmtime/on-demand`, which has no
    /// other temperature.
    ///
    /// # Errors
    /// As [`with_limits`](Self::with_limits).
    pub fn on_demand() -> Result<Self, RuntimeError> {
        Self::on_demand_within(Limits::default())
    }

    /// The same, with limits of one's own.
    ///
    /// # Errors
    /// As [`with_limits`](Self::with_limits).
    ///
    /// # Panics
    /// Never: its name is a constant that is valid.
    pub fn on_demand_within(limits: Limits) -> Result<Self, RuntimeError> {
        let mut wasmtime = Self::with_limits(limits)?;
        wasmtime.identity.subject = "wasmtime/on-demand".parse().expect("a valid constant");
        wasmtime.is_pooled = false;
        Ok(wasmtime)
    }

    /// Wasmtime with limits of one's own, for each of its instances.
    ///
    /// # Errors
    /// [`RuntimeError::Engine`] when the engine, or the thread that keeps the time limit, cannot be started.
    ///
    /// # Panics
    /// Never: its name is a constant that is valid.
    pub fn with_limits(limits: Limits) -> Result<Self, RuntimeError> {
        let subject: Subject = "wasmtime".parse().expect("a valid constant");
        let engine = |reason: String| RuntimeError::Engine { subject: subject.clone(), reason };
        let ticker = Ticker::new().map_err(|error| engine(format!("its ticker thread: {error}")))?;
        let plain = Engine::new(&budget::on_demand()).map_err(|error| engine(guest::message(&error)))?;
        ticker.add(&plain);
        let component =
            Component::new("wasmtime", wasmtime_environ::VERSION).map_err(|error| engine(error.to_string()))?;
        let mut identity = Identity::new(subject, component, Isolation::InProcess);
        for (name, value) in budget::common_settings(&plain, &limits) {
            identity = identity.with_setting(name, value);
        }
        Ok(Self { identity, budget: limits.into(), plain, ticker: Arc::new(ticker), is_pooled: true })
    }
}

impl Runtime for Wasmtime {
    fn identity(&self) -> &Identity {
        &self.identity
    }

    fn temperatures(&self) -> &[Temperature] {
        match self.is_pooled {
            true => &[Temperature::Cold, Temperature::Precompiled, Temperature::Warm],
            false => &[Temperature::Warm],
        }
    }

    fn prepare(&self, workload: &Workload, temperature: Temperature) -> Result<Box<dyn Artifact>, RuntimeError> {
        let (of, wasm) = wasm::Job::of(self, self.budget.limits, workload, temperature)?;
        let (plain, ticker) = (self.plain.clone(), Some(Arc::clone(&self.ticker)));
        let job = Job { of, budget: self.budget, plain, ticker };
        Ok(match temperature {
            Temperature::Cold => Box::new(Cold::new(job, &wasm)?),
            Temperature::Precompiled => Box::new(Precompiled::new(job, &wasm)?),
            Temperature::Warm if self.is_pooled => Box::new(Warm::new(job, wasm.into_owned())?),
            Temperature::Warm => Box::new(Unpooled::new(job, &wasm)?),
        })
    }
}

#[cfg(test)]
mod tests;
