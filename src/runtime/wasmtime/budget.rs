//! The caller's limits in the engine's terms, and the engines' configurations.

use std::collections::BTreeMap;

use wasmtime::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

use super::ticker::{TICK, ticks};
use crate::runtime::{
    Limits,
    wasm::{self, PAGE},
};

/// [`Limits`] as stores and pools take them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Budget {
    pub(super) limits: Limits,
    /// Epochs until a guest is stopped.
    pub(super) ticks: u64,
    /// The most bytes of a memory.
    pub(super) memory: usize,
    /// The most elements of all tables together.
    pub(super) table_elements: usize,
    /// Whether a pool's slots are no larger than the memories that the module begins with.
    pub(super) dense: bool,
}

impl Budget {
    /// For a dense pool of a module whose memory begins with `bytes`: it stays so.
    pub(super) fn without_growth(mut self, bytes: u64) -> Self {
        self.limits.memory = bytes.next_multiple_of(PAGE).max(PAGE).min(self.memory as u64);
        self.memory = self.limits.memory as usize;
        self
    }
}

impl From<Limits> for Budget {
    fn from(limits: Limits) -> Self {
        Self {
            limits,
            ticks: ticks(limits.time),
            memory: wasm::memory_limit(&limits) as usize,
            table_elements: wasm::table_limit(&limits),
            dense: false,
        }
    }
}

/// The configuration of every temperature: Wasmtime's defaults, epochs, and one 32-bit memory, so that the memory limit
/// is the instance's and not each memory's. Without garbage collection, which is not built in: a call through a table of a type
/// that has subtypes would end the process.
pub(super) fn on_demand() -> Config {
    let mut config = Config::new();
    config.epoch_interruption(true).wasm_multi_memory(false).wasm_memory64(false).wasm_gc(false);
    config
}

/// The same with a pool of `slots`, each as large as the memory limit and no larger: 4 GiB each, as Wasmtime would take,
/// cost a page table for every instance and end the address space at 32,000 instances.
///
/// A dense pool has slots of the memories' own size, nothing between them, and no image of the module mapped into them: the
/// kernel then sees one mapping, whatever their number, and they share page tables. The code checks each access instead.
pub(super) fn pooling(slots: u32, tables: u32, budget: &Budget) -> Config {
    let memory = memory_slot(budget);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_core_instances(slots)
        .total_memories(slots)
        .total_tables(slots.saturating_mul(tables))
        .total_stacks(0)
        .max_tables_per_module(tables)
        .table_elements(budget.table_elements)
        .max_memory_size(memory as usize)
        .max_unused_warm_slots(slots);
    let mut config = on_demand();
    if budget.dense {
        config.memory_guard_size(0).guard_before_linear_memory(false).memory_init_cow(false);
    }
    config.memory_reservation(memory).allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    config
}

fn memory_slot(budget: &Budget) -> u64 {
    (budget.memory as u64).next_multiple_of(PAGE).max(PAGE)
}

/// Addresses that one slot of a pool takes: Wasmtime's guard is 32 MiB, and pointers in tables take 8 bytes.
pub(super) fn slot(budget: &Budget) -> u64 {
    let guard = if budget.dense { 0 } else { 32 << 20 };
    memory_slot(budget) + guard + (budget.table_elements as u64) * 8
}

/// Addresses that one memory takes: what it may grow into, and the guards on both sides, which neighbours share.
pub(super) fn reserved(engine: &Engine) -> u64 {
    engine.get_memory_reservation().saturating_add(engine.get_memory_guard_size().saturating_mul(2))
}

/// What the engine of one temperature adds to the settings of a figure, asked from the engine itself.
pub(super) fn settings(engine: &Engine) -> BTreeMap<String, String> {
    let mut settings = BTreeMap::new();
    let mut set = |name: &str, value: String| settings.insert(name.to_owned(), value);
    match engine.get_pooling_config() {
        Some(pool) => {
            set("allocator", "pooling".to_owned());
            set("pool_slots", pool.get_total_core_instances().to_string());
            if engine.get_memory_guard_size() == 0 {
                set("pool_layout", "dense: no guards, no growth, memories initialised by copying".to_owned());
            }
        }
        None => {
            set("allocator", "on-demand".to_owned());
        }
    }
    set("memory_reservation_bytes", engine.get_memory_reservation().to_string());
    settings
}

/// What holds at every temperature.
pub(super) fn common_settings(engine: &Engine, limits: &Limits) -> Vec<(&'static str, String)> {
    // Debug, because these enumerations of the engine have no Display.
    let name = |value: Option<String>| value.unwrap_or_else(|| "default".to_owned()).to_lowercase();
    let own = [
        ("compiler", name(engine.get_strategy().map(|strategy| format!("{strategy:?}")))),
        ("opt_level", name(engine.get_cranelift_opt_level().map(|level| format!("{level:?}")))),
        ("parallel_compilation", engine.get_parallel_compilation().to_string()),
        ("epoch_tick", format!("{TICK:?}")),
    ];
    own.into_iter().chain(wasm::settings(limits)).collect()
}
