//! What is here now: the components that a figure may be stale against.

use crate::{Component, cluster, policy, runtime, store};

/// The components of every runtime, policy engine, store and control plane that runs here, each once: for
/// [`Staleness::with_components`](crate::Staleness::with_components).
///
/// ```
/// use runtime_baseline::{Date, Staleness};
///
/// let staleness = Staleness::on(Date::today()).with_components(runtime_baseline::components_here());
/// ```
#[must_use]
pub fn components_here() -> Vec<Component> {
    let (runtimes, engines) = (runtime::Registry::of_this_machine(), policy::Registry::of_this_machine());
    let mut identities: Vec<_> = runtimes.runtimes().map(|runtime| runtime.identity()).collect();
    identities.extend(engines.engines().map(|engine| engine.identity()));
    let stores = store::Registry::of_this_machine();
    identities.extend(stores.stores().map(|store| store.identity()));
    let planes = cluster::Registry::of_this_machine();
    identities.extend(planes.control_planes().map(|plane| plane.identity()));
    let mut here: Vec<Component> = Vec::new();
    for component in identities.into_iter().flat_map(|identity| &identity.components) {
        if !here.contains(component) {
            here.push(component.clone());
        }
    }
    here
}
