//! Warm: everything is made before, down to the slot of a pool; a start takes the slot and runs.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard},
};

use wasmtime::{Engine, Module};

use super::{
    budget,
    guest::{Job, Prepared, message},
    host,
    room::{Need, ROOM, Seat},
};
use crate::runtime::{Artifact, Instance, RuntimeError, wasm::PAGE};

/// How many instances can live at once before [`Artifact::reserve`] asks for more.
const SLOTS: usize = 64;

/// The most memory mappings that a slot was seen to hold.
pub(super) const MAPPINGS: u64 = 3;

/// Slots of a dense pool that take one mapping, at least: the kernel joins them all, but for what else they need.
pub(super) const SLOTS_A_MAPPING: usize = 64;

pub(super) struct Warm {
    job: Job,
    wasm: Vec<u8>,
    /// Replaced by a larger one, never resized. Instances of the old one keep it alive.
    pool: RwLock<Pool>,
}

struct Pool {
    job: Job,
    engine: Engine,
    prepared: Prepared,
    seat: Arc<Seat>,
    slots: usize,
}

impl Warm {
    pub(super) fn new(job: Job, wasm: Vec<u8>) -> Result<Self, RuntimeError> {
        let pool = Pool::new(&job, &wasm, SLOTS)?;
        Ok(Self { job, wasm, pool: RwLock::new(pool) })
    }

    fn pool(&self) -> RwLockReadGuard<'_, Pool> {
        self.pool.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pool {
    fn new(job: &Job, wasm: &[u8], slots: usize) -> Result<Self, RuntimeError> {
        // What the module needs is known when it is compiled; an engine without a pool tells, and says what is wrong.
        let needs =
            Module::from_binary(&job.plain, wasm).map_err(|error| job.invalid(message(&error)))?.resources_required();
        let pages = needs.max_initial_memory_size.unwrap_or(0);
        let too_large = pages.saturating_mul(PAGE) > job.budget.memory as u64
            || needs.max_initial_table_size.unwrap_or(0) > job.budget.table_elements as u64;
        if too_large {
            return Err(job.of.memory_limit());
        }
        let mut job = job.clone();
        if job.budget.dense {
            job.budget = job.budget.without_growth(pages.saturating_mul(PAGE));
            job.of.limits = job.budget.limits;
        }
        // No machine has room for 2^32 slots: `take` refuses them.
        let config = budget::pooling(slots.try_into().unwrap_or(u32::MAX), needs.num_tables, &job.budget);
        let mut need = Need { mappings: MAPPINGS, addresses: budget::slot(&job.budget) }.times(slots);
        if job.budget.dense {
            need.mappings = slots.div_ceil(SLOTS_A_MAPPING) as u64;
        }
        let seat = Arc::new(ROOM.take(need, &job.of.subject)?);
        let engine = Engine::new(&config).map_err(|error| job.engine(&error))?;
        let module = Module::from_binary(&engine, wasm).map_err(|error| job.invalid(message(&error)))?;
        let linker = host::linker(&engine).map_err(|error| job.engine(&error))?;
        let prepared = job.link(&linker, &module)?;
        job.tick(&engine);
        Ok(Self { job, engine, prepared, seat, slots })
    }
}

impl Artifact for Warm {
    /// A pool with so many slots replaces one with fewer. The first instance in a slot still maps the module's memory
    /// image there: let one burst go before the one that counts.
    fn reserve(&self, concurrent: usize) -> Result<(), RuntimeError> {
        if concurrent > self.pool().slots {
            // Made outside the lock: starts go on in the old pool.
            let larger = Pool::new(&self.job, &self.wasm, concurrent)?;
            let mut pool = self.pool.write().unwrap_or_else(PoisonError::into_inner);
            if concurrent > pool.slots {
                *pool = larger;
            }
        }
        Ok(())
    }

    fn settings(&self) -> BTreeMap<String, String> {
        budget::settings(&self.pool().engine)
    }

    fn start(&self) -> Result<Box<dyn Instance>, RuntimeError> {
        // Held while the guest runs: who reserves meanwhile waits for it, and it ends within its time limit.
        let pool = self.pool();
        pool.job.start(&pool.engine, &pool.prepared, Arc::clone(&pool.seat))
    }
}
