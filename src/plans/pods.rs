//! What pods take on a real node of Kubernetes, and what the node itself does.

#[cfg(feature = "cluster")]
mod node;

use super::prepared::flat;
use crate::{
    Indicator,
    cluster::Registry,
    experiment::{Figure, LaneError, Plan},
};

const STARTUP: &str = "pod_startup";
const MEMORY: &str = "node_memory";
/// Of its own name: what the bench `density` has is no pods.
const FILL: &str = "pod_density";

/// The control plane that the node joins.
const SUBJECT: &str = "kubernetes";

/// The plan of a node and its pods, of the bench `cluster`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pods;

impl Pods {
    /// Declares it.
    ///
    /// # Errors
    /// None of its own.
    pub fn declare(&self, plan: &mut Plan) -> Result<(), LaneError> {
        let groups = [(STARTUP, Indicator::PodStartup), (MEMORY, Indicator::NodeMemory), (FILL, Indicator::Density)];
        let name = flat(SUBJECT);
        let asked = groups.into_iter().filter(|(group, _)| plan.wants_some(group, &name));
        let asked: Vec<_> = asked.map(|(_, indicator)| indicator).collect();
        if !plan.is_first() || asked.is_empty() {
            return Ok(());
        }
        without_nodes(plan, &asked);
        #[cfg_attr(not(feature = "cluster"), allow(unused_variables, reason = "then there is none"))]
        match Registry::only(SUBJECT) {
            Err(error) => plan.not_made(SUBJECT, &error, &asked),
            #[cfg(feature = "cluster")]
            Ok(plane) => node::declare(plan, plane, &asked),
            #[cfg(not(feature = "cluster"))]
            Ok(_) => {}
        }
        Ok(())
    }
}

/// Says why there are no such figures of K3s, which published ones are about.
fn without_nodes(plan: &mut Plan, asked: &[Indicator]) {
    const K3S: &str = "k3s";
    match Registry::only(K3S) {
        Err(error) => plan.not_made(K3S, &error, asked),
        Ok(plane) => {
            for indicator in asked {
                let figure = Figure::new(*indicator, plane.identity(), "pods");
                let reason = "its node is its own agent, which this library does not start";
                plan.unavailable(
                    figure.unavailable(reason, "start its agent, and import what another tool measures of it"),
                );
            }
        }
    }
}
