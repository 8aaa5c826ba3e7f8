//! The calls of the `opa-wasm/wasmtime` adapter, written by hand against the library: what the adapter must not cost more
//! than. No thread keeps a time limit here; the epoch deadline is set all the same.

use std::{
    pin::pin,
    task::{Context, Poll, Waker},
};

use opa_wasm::{DefaultContext, Policy, Runtime};
use serde::Deserialize;
use serde_json::value::RawValue;
use wasmtime::{Config, Engine, Module, Store, StoreLimits, StoreLimitsBuilder};

/// Ticks that never come.
const DEADLINE: u64 = 1_000_000;

/// A policy, loaded.
pub struct Loaded {
    store: Store<StoreLimits>,
    policy: Policy<DefaultContext>,
}

#[derive(Deserialize)]
struct Answer {
    result: Box<RawValue>,
}

/// Compiles and loads.
pub fn load(wasm: &[u8], data: &str, memory: usize) -> Loaded {
    let engine = Engine::new(Config::new().epoch_interruption(true).wasm_gc(false)).expect("an engine");
    let module = Module::from_binary(&engine, wasm).expect("valid Wasm");
    let mut store = Store::new(&engine, StoreLimitsBuilder::new().memory_size(memory).build());
    store.limiter(|limits| limits);
    store.set_epoch_deadline(DEADLINE);
    let runtime = ready(Runtime::new(&mut store, &module)).expect("OPA's Wasm");
    let data: &RawValue = serde_json::from_str(data).expect("valid JSON");
    let policy = ready(runtime.with_data(&mut store, &data)).expect("data that fits");
    Loaded { store, policy }
}

/// One decision.
pub fn decide(loaded: &mut Loaded, entrypoint: &str, input: &str) -> String {
    let input: &RawValue = serde_json::from_str(input).expect("valid JSON");
    loaded.store.set_epoch_deadline(DEADLINE);
    let answers = ready(loaded.policy.evaluate(&mut loaded.store, entrypoint, &input));
    let mut answers: Vec<Answer> = answers.expect("a decision");
    answers.pop().map_or_else(|| "null".to_owned(), |answer| Box::<str>::from(answer.result).into())
}

/// None of the builtins waits.
fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("a builtin waits"),
    }
}
