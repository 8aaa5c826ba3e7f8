//! The adapters' calls written by hand, in the same rounds: what an adapter must not cost more than.

use runtime_baseline::{policy::Policy, probe::Interleaved, runtime::Limits};

use crate::{lanes::Planned, support};

#[cfg(feature = "opa-wasm")]
#[path = "../support/bare_opa_wasm.rs"]
mod bare_opa_wasm;
#[cfg(feature = "regorus")]
#[path = "../support/bare_regorus.rs"]
mod bare_regorus;

/// Prints by how much each adapter is off.
pub fn print(lanes: &Interleaved<'_>) {
    for adapter in ["regorus", "regorus-rvm", "opa-wasm-wasmtime"] {
        support::print_overhead(lanes, adapter, &by_hand(adapter));
    }
}

fn by_hand(adapter: &str) -> String {
    format!("{adapter} by hand")
}

/// A lane for each adapter that has such calls.
pub fn plan<'a>(policy: &'a Policy, planned: &mut Vec<Planned<'a>>) {
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
    let _ = (data, limits, planned);
}

#[cfg(any(feature = "opa-wasm", feature = "regorus"))]
fn lane<'a>(policy: &'a Policy, adapter: &str, mut decide: impl FnMut(&str) -> String + 'a) -> Planned<'a> {
    use runtime_baseline::{clock::monotonic, probe::LaneError};

    let mut turns = policy.cases.iter().cycle();
    Planned::new(by_hand(adapter), None, move || {
        let case = turns.next().ok_or_else(|| LaneError::from("no case"))?;
        let begin = monotonic();
        let decision = decide(&case.input);
        let took = monotonic() - begin;
        drop(decision);
        Ok::<_, LaneError>(took)
    })
}
