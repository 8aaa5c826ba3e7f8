//! What a control plane takes of its machine: how long until it is ready, and what it holds and does when nobody asks it anything.
//!
//! `control_plane_startup`, `control_plane_memory` and `cpu_baseline` ([`observe`]) are of one control plane, which is started
//! for it and ended after it; [`binary_size`] is of its executables. `pod_startup`, `node_memory` and the number of pods
//! that live at once are of a node that joined one.

mod fill;
mod observe;
#[cfg(feature = "cluster")]
mod pods;
pub mod scale;

pub use fill::fill;
pub use observe::{Held, Observed, Times, observe, observe_filled, sum};

#[cfg(feature = "cluster")]
pub use pods::{PodBudget, PodFill, PodStart, Pods, fill_with_pods, node_memory, start_pods};

use std::fs;

use super::ProbeError;
use crate::cluster::ControlPlane;

/// The pods of the namespace that every cluster has, at an API server.
const PODS: &str = "/api/v1/namespaces/default/pods";

/// `binary_size`: the bytes of the executables that a control plane needs.
///
/// # Errors
/// [`ProbeError::Reading`] when one cannot be read.
pub fn binary_size(plane: &dyn ControlPlane) -> Result<u64, ProbeError> {
    let sizes = plane.executables().into_iter().map(|path| fs::metadata(path).map(|found| found.len()));
    sizes.sum::<Result<u64, _>>().map_err(|source| ProbeError::Reading { what: "an executable", source })
}
