//! The adapters' calls written by hand, in turns with the adapters: what an adapter must not cost more than. They are
//! recorded as a part of their subject, *by hand*, which is also what a gate holds on to when a whole machine got slower.

#[cfg(feature = "opa-wasm")]
mod opa_wasm;
#[cfg(feature = "wasmedge")]
mod opa_wasmedge;
#[cfg(feature = "regorus")]
mod regorus;
#[cfg(feature = "wasmedge")]
mod wasmedge;
#[cfg(feature = "wasmtime")]
mod wasmtime;

mod decisions;
mod starts;
#[cfg(feature = "store")]
mod store;

pub(super) use decisions::{Made, decisions};
pub(super) use starts::starts;
#[cfg(feature = "store")]
pub(super) use store::reads;

/// The part of a subject that the calls by hand are.
const PART: &str = "by hand";
