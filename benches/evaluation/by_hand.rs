//! The adapters' calls written by hand, in the same rounds: what an adapter must not cost more than.

use runtime_baseline::{policy::Policy, probe::Interleaved, runtime::Limits};

use crate::{
    lanes::Planned,
    support::{self, Mode},
};

#[cfg(feature = "opa-wasm")]
#[path = "../support/bare_opa_wasm.rs"]
mod bare_opa_wasm;
#[cfg(feature = "wasmedge")]
#[path = "../support/bare_opa_wasmedge.rs"]
mod bare_opa_wasmedge;
#[cfg(feature = "regorus")]
#[path = "../support/bare_regorus.rs"]
mod bare_regorus;

/// Prints by how much each adapter is off.
pub fn print(lanes: &Interleaved<'_>) {
    let adapters =
        ["regorus", "regorus-rvm", "opa-wasm-wasmtime", "opa-wasm-wasmedge", "opa-wasm-wasmedge-interpreter"];
    for adapter in adapters {
        support::print_overhead(lanes, adapter, &by_hand(adapter));
    }
}

fn by_hand(adapter: &str) -> String {
    format!("{adapter} by hand")
}

/// What is made once for all policies.
#[derive(Default)]
pub struct Made {
    #[cfg(feature = "wasmedge")]
    compiled: bare_opa_wasmedge::Compiled,
}

/// A lane for each adapter that has such calls.
pub fn plan<'a>(policy: &'a Policy, mode: Mode, made: &mut Made, planned: &mut Vec<Planned<'a>>) {
    let (data, limits) = (policy.data.as_deref().unwrap_or("{}"), Limits::default());
    #[cfg(feature = "regorus")]
    {
        let rule = format!("data.{}", policy.entrypoint.replace('/', "."));
        let mut engine = bare_regorus::interpreter(&policy.rego, data, limits.time);
        let mut vm = bare_regorus::rvm(&policy.rego, data, &rule, limits.time);
        planned.push(lane(policy, "regorus", move |input| bare_regorus::interpret(&mut engine, &rule, input)));
        planned.push(lane(policy, "regorus-rvm", move |input| bare_regorus::run(&mut vm, input)));
    }
    #[cfg(feature = "opa-wasm")]
    if let Some(wasm) = policy.wasm.as_deref() {
        let memory = usize::try_from(limits.memory).unwrap_or(usize::MAX);
        let mut loaded = bare_opa_wasm::load(wasm, data, memory);
        let decide = move |input: &str| bare_opa_wasm::decide(&mut loaded, &policy.entrypoint, input);
        planned.push(lane(policy, "opa-wasm-wasmtime", decide));
    }
    #[cfg(feature = "wasmedge")]
    if let Some(wasm) = policy.wasm.as_deref() {
        use bare_opa_wasmedge::{compiled, decide, interpreted};

        let (entrypoint, memory) = (policy.entrypoint.as_str(), limits.memory);
        let mut loaded = vec![("opa-wasm-wasmedge-interpreter", interpreted(wasm, data, entrypoint, memory))];
        // LLVM takes seconds.
        if mode == Mode::Full {
            let machine_code = compiled(&mut made.compiled, wasm, data, entrypoint, memory);
            loaded.push(("opa-wasm-wasmedge", machine_code));
        }
        for (adapter, loaded) in loaded {
            match loaded {
                Ok(Some(mut loaded)) => planned.push(lane(policy, adapter, move |input| decide(&mut loaded, input))),
                Ok(None) => println!("{}: no calls by hand for {adapter}, whose host has builtins of it", policy.name),
                Err(error) => eprintln!("{}, {}: {error}", policy.name, by_hand(adapter)),
            }
        }
    }
    let _ = (data, limits, mode, made, planned);
}

#[cfg(any(feature = "opa-wasm", feature = "regorus", feature = "wasmedge"))]
fn lane<'a>(policy: &'a Policy, adapter: &str, mut decide: impl FnMut(&str) -> String + 'a) -> Planned<'a> {
    use runtime_baseline::{clock::monotonic, probe::LaneError};
    use serde_json::Value;

    let mut turns = policy.cases.iter().cycle();
    // In the first round: what was decided rightly is decided so again.
    let mut unchecked = policy.cases.len();
    Planned::new(by_hand(adapter), None, move || {
        let case = turns.next().ok_or_else(|| LaneError::from("no case"))?;
        let begin = monotonic();
        let decision = decide(&case.input);
        let took = monotonic() - begin;
        if unchecked > 0 {
            unchecked -= 1;
            let [found, expected] = [&decision, &case.expected].map(|json| serde_json::from_str::<Value>(json).ok());
            if found.is_none() || found != expected {
                return Err(LaneError::from(format!("{}: decided {decision}, not {}", case.name, case.expected)));
            }
        }
        drop(decision);
        Ok::<_, LaneError>(took)
    })
}
