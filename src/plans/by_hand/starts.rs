//! Starts by hand, beside those of an adapter.

use crate::{
    experiment::{Lane, LaneError, Plan},
    plans::prepared::Prepared,
};

/// The lanes that stand beside an adapter's lane, and the comparison of the two.
#[cfg_attr(
    not(any(feature = "wasmedge", feature = "wasmtime")),
    expect(unused_variables, reason = "nothing to compare")
)]
pub fn starts(plan: &mut Plan, group: &str, adapter: &Prepared) -> Result<Vec<Lane>, LaneError> {
    match adapter.name().as_str() {
        #[cfg(feature = "wasmtime")]
        "wasmtime/warm" => wasmtime(plan, group, adapter),
        #[cfg(feature = "wasmedge")]
        "wasmedge-interpreter/cold" => wasmedge(plan, group, adapter, super::wasmedge::Bare::interpreted),
        #[cfg(feature = "wasmedge")]
        "wasmedge-aot/precompiled" => wasmedge(plan, group, adapter, super::wasmedge::Bare::compiled),
        _ => Ok(Vec::new()),
    }
}

#[cfg(feature = "wasmtime")]
fn wasmtime(plan: &mut Plan, group: &str, adapter: &Prepared) -> Result<Vec<Lane>, LaneError> {
    use crate::{Indicator, Statistic, clock};

    let bare = super::wasmtime::Bare::new(16).map_err(|error| LaneError::from(error.to_string()))?;
    let name = format!("{} by hand", adapter.name());
    let figure = adapter.figure(Indicator::StartupTime).of_part(super::PART);
    plan.compare(group, adapter.name(), &name);
    Ok(vec![Lane::single(name, figure, &[Statistic::Median], move || {
        let called = clock::monotonic();
        let (store, ready) = bare.start().map_err(|error| LaneError::from(error.to_string()))?;
        drop(store);
        Ok::<_, LaneError>(ready - called)
    })])
}

/// The SDK's own way to start ends the instance too, so the adapter's side is whole as well.
#[cfg(feature = "wasmedge")]
fn wasmedge(
    plan: &mut Plan,
    group: &str,
    adapter: &Prepared,
    make: fn() -> Result<super::wasmedge::Bare, Box<dyn std::error::Error>>,
) -> Result<Vec<Lane>, LaneError> {
    use std::rc::Rc;

    use crate::{Indicator, Statistic, clock, probe::lifecycle};

    let bare = make().map_err(|error| LaneError::from(error.to_string()))?;
    let (whole, by_hand) = (format!("{}, whole", adapter.name()), format!("{} by hand", adapter.name()));
    let artifact = Rc::clone(&adapter.artifact);
    let figure = adapter.figure(Indicator::LifecycleTime);
    let ours = Lane::single(&whole, figure.clone(), &[Statistic::Median], move || lifecycle(artifact.as_ref()));
    plan.compare(group, whole, &by_hand);
    let bare = Lane::single(by_hand, figure.of_part(super::PART), &[Statistic::Median], move || {
        let called = clock::monotonic();
        let ready = bare.load().and_then(|module| bare.start(module));
        let ready = ready.map_err(|error| LaneError::from(error.to_string()))?;
        let returned = clock::monotonic();
        if ready < called || ready > returned {
            return Err(LaneError::from("another clock"));
        }
        Ok::<_, LaneError>(returned - called)
    });
    Ok(vec![ours, bare])
}
