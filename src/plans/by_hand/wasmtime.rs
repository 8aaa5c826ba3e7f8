//! A warm start as one would write it by hand: the calls of Wasmtime alone, no trait, no adapter. What the adapter costs
//! is the difference. It keeps what nobody would leave out (an epoch deadline and a memory limit) in Wasmtime's own form.

use wasmtime::{
    Caller, Config, Engine, Extern, InstanceAllocationStrategy, InstancePre, Linker, Module, ModuleExport,
    PoolingAllocationConfig, Result, Store, StoreLimits, StoreLimitsBuilder,
};

/// The ready workload; the same file that `Workload::ready` carries.
const READY: &str = include_str!("../../../fixtures/workloads/ready.wat");

/// Bytes of a slot and of the memory limit: what `Limits::default` says.
const MEMORY: usize = 256 << 20;

/// What the guest's two calls need.
pub struct Host {
    memory: ModuleExport,
    ready: [u8; 8],
    limits: StoreLimits,
}

/// Everything that is made before a warm start.
pub struct Bare {
    engine: Engine,
    pre: InstancePre<Host>,
    start: ModuleExport,
    memory: ModuleExport,
}

impl Bare {
    /// A pool of `slots`.
    pub fn new(slots: u32) -> Result<Self> {
        let mut pool = PoolingAllocationConfig::new();
        pool.total_core_instances(slots)
            .total_memories(slots)
            .total_tables(0)
            .total_stacks(0)
            .max_memory_size(MEMORY)
            .max_unused_warm_slots(slots);
        let mut config = Config::new();
        config
            .epoch_interruption(true)
            .wasm_gc(false)
            .memory_reservation(MEMORY as u64)
            .allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
        let engine = Engine::new(&config)?;
        let module = Module::new(&engine, wat::parse_str(READY)?)?;
        let mut linker = Linker::new(&engine);
        let wasi = "wasi_snapshot_preview1";
        linker.func_wrap(wasi, "clock_time_get", |mut caller: Caller<'_, Host>, _: i32, _: i64, at: u32| {
            let (memory, _) = memory(&mut caller);
            let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
            let now = now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64;
            memory[at as usize..][..8].copy_from_slice(&now.to_le_bytes());
            0
        })?;
        linker.func_wrap(
            wasi,
            "fd_write",
            |mut caller: Caller<'_, Host>, _: i32, vectors: u32, _: i32, out: u32| {
                let (memory, host) = memory(&mut caller);
                let word =
                    |at: u32| memory[at as usize..][..4].try_into().map(u32::from_le_bytes).unwrap_or(0) as usize;
                let (start, length) = (word(vectors), word(vectors + 4));
                host.ready.copy_from_slice(&memory[start..start + length]);
                memory[out as usize..][..4].copy_from_slice(&(length as u32).to_le_bytes());
                0
            },
        )?;
        let export = |name| module.get_export_index(name).ok_or_else(|| wasmtime::Error::msg("no such export"));
        let (start, memory) = (export("_start")?, export("memory")?);
        Ok(Self { pre: linker.instantiate_pre(&module)?, engine, start, memory })
    }

    /// One warm start: the live instance and its reading of the clock.
    pub fn start(&self) -> Result<(Store<Host>, u64)> {
        let limits = StoreLimitsBuilder::new().memory_size(MEMORY).build();
        let mut store = Store::new(&self.engine, Host { memory: self.memory, ready: [0; 8], limits });
        store.limiter(|host| &mut host.limits);
        store.set_epoch_deadline(1_000);
        let instance = self.pre.instantiate(&mut store)?;
        let start = instance.get_module_export(&mut store, &self.start).and_then(Extern::into_func);
        start.ok_or_else(|| wasmtime::Error::msg("no _start"))?.typed::<(), ()>(&store)?.call(&mut store, ())?;
        let ready = u64::from_le_bytes(store.data().ready);
        Ok((store, ready))
    }
}

fn memory<'a>(caller: &'a mut Caller<'_, Host>) -> (&'a mut [u8], &'a mut Host) {
    let export = caller.data().memory;
    match caller.get_module_export(&export) {
        Some(Extern::Memory(memory)) => memory.data_and_store_mut(caller),
        _ => panic!("the ready workload exports its memory"),
    }
}
