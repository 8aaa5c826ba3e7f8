//! The host's side of a store: its limits, what its errors mean, and an instance that is only asked what it holds.

use std::{
    error::Error,
    pin::pin,
    task::{Context, Poll, Waker},
};

use wasmtime::{Extern, Linker, Memory, Module, ResourceLimiter, Store, Trap, Val};

use super::Asked;
use crate::policy::{
    PolicyError,
    opa_abi::{self, Guest},
};

/// The data of a store.
#[derive(Debug)]
pub(super) struct Host {
    memory_limit: u64,
    /// A growth beyond the limit was refused since the last verdict.
    refused: bool,
}

impl Host {
    pub(super) fn new(memory_limit: u64) -> Self {
        Self { memory_limit, refused: false }
    }
}

/// The marker that a growth was refused.
#[derive(Debug, thiserror::Error)]
#[error("more memory than the limit")]
struct TooMuchMemory;

/// What exceeds the limit ends the evaluation: OPA's allocator would only abort with a message of its own.
impl ResourceLimiter for Host {
    fn memory_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        if desired as u64 > self.memory_limit {
            self.refused = true;
            return Err(wasmtime::Error::new(TooMuchMemory));
        }
        Ok(true)
    }

    fn table_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        // OPA's tables hold its functions, a few thousand, and never grow.
        Ok(desired <= 100_000)
    }
}

/// What a future gives that never waits: the crate's API is asynchronous for builtins that do, and none of ours does.
pub(super) fn ready<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
        std::thread::yield_now();
    }
}

/// What an error of Wasmtime or of the crate means for the policy.
pub(super) fn judge(asked: &Asked, store: &Store<Host>, error: &(dyn Error + 'static)) -> PolicyError {
    let policy = asked.policy.clone();
    let chain = || std::iter::successors(Some(error), |&error| error.source());
    if store.data().refused {
        return PolicyError::MemoryLimit { policy, limit: asked.limits.memory };
    }
    if chain().any(|error| matches!(error.downcast_ref(), Some(Trap::Interrupt))) {
        return PolicyError::TimeLimit { policy, limit: asked.limits.time };
    }
    let causes: Vec<_> = chain().map(ToString::to_string).collect();
    PolicyError::Failed { policy, reason: causes.join(": ") }
}

/// An instance that decides nothing: its imported functions trap.
pub(super) struct Instance {
    store: Store<Host>,
    instance: wasmtime::Instance,
    memory: Memory,
}

impl Instance {
    pub(super) fn new(asked: &Asked, module: &Module) -> Result<Self, PolicyError> {
        let mut store = asked.store();
        let memory = module.imports().find(|import| (import.module(), import.name()) == ("env", "memory"));
        let Some(ty) = memory.and_then(|import| import.ty().memory().cloned()) else {
            return Err(asked.invalid("it is Wasm, but not OPA's: it does not import a memory".to_owned()));
        };
        let _running = asked.ticker.running();
        let mut linker = Linker::new(&asked.engine);
        let link = || {
            let memory = Memory::new(&mut store, ty)?;
            linker.define(&store, "env", "memory", memory)?;
            linker.define_unknown_imports_as_traps(module)?;
            Ok((linker.instantiate(&mut store, module)?, memory))
        };
        let linked: wasmtime::Result<_> = link();
        match linked {
            Ok((instance, memory)) => Ok(Self { store, instance, memory }),
            Err(_) if store.data().refused => {
                Err(PolicyError::MemoryLimit { policy: asked.policy.clone(), limit: asked.limits.memory })
            }
            Err(error) => Err(asked.invalid(format!("{error:#}"))),
        }
    }

    /// The verdict on a module that could not be asked.
    pub(super) fn judge(&self, asked: &Asked, reason: String) -> PolicyError {
        if self.store.data().refused {
            return PolicyError::MemoryLimit { policy: asked.policy.clone(), limit: asked.limits.memory };
        }
        asked.invalid(reason)
    }
}

impl Guest for Instance {
    fn global(&mut self, name: &'static str) -> Option<i32> {
        self.instance.get_global(&mut self.store, name)?.get(&mut self.store).i32()
    }

    fn call(&mut self, name: &str, arguments: &[i32]) -> Result<i32, String> {
        let Some(Extern::Func(function)) = self.instance.get_export(&mut self.store, name) else {
            return Err(format!("it is Wasm, but not OPA's: it does not export the function {name}"));
        };
        let arguments: Vec<_> = arguments.iter().map(|&argument| Val::I32(argument)).collect();
        let mut results = [Val::I32(0)];
        function.call(&mut self.store, &arguments, &mut results).map_err(|e| format!("{name}: {e:#}"))?;
        results[0].i32().ok_or_else(|| format!("{name} does not return an address"))
    }

    fn text(&mut self, address: i32) -> Result<String, String> {
        opa_abi::text(self.memory.data(&self.store), address)
    }
}
