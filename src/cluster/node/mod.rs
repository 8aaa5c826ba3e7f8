//! A real node of a control plane: Kubernetes' kubelet, and containerd with runc, on this machine, so that pods run.
//!
//! It sees a machine of its own: a mount namespace whose mounts nobody else sees, a process namespace that ends with its first
//! process, and cgroups that begin below this process's. Its files are in the directory of the control plane. What the kubelet would
//! change of the machine's settings, it finds as it wants them. Everything listens at 127.0.0.1, and whatever ends this process,
//! nothing of a node is left.
//!
//! **Pods** share the machine's network, so that none has to be made; their image is this project's own, of one static program,
//! [`IMAGE`], which says when it was ready and waits. Nothing is pulled.
//!
//! **Which programs.** The kubelet as the control plane's programs are found; containerd, its shim and `ctr` in `CONTAINERD_BIN_DIR`,
//! runc in `RUNC`; else the set-up's, else those on `PATH`. `tools/setup.sh node` brings them.
//!
//! **What differs from a cluster's.** The pods' own networks, and the eviction of pods from a disk that is full. Of the settings only
//! those are set that say where things are, and those that keep the machine as it is.

mod configuration;
pub(crate) mod helper;
mod image;
mod live;
mod process;
mod programs;
mod view;

pub use live::{Agent, LiveNode};

/// The image that a node has: a static program that writes `CLOCK_MONOTONIC` in nanoseconds, and waits until it is asked to end.
pub const IMAGE: &str = image::POD;

use std::{path::PathBuf, time::Duration};

use super::{ClusterError, ControlPlane, LiveControlPlane, component::PATIENCE};
use crate::{
    Component, Isolation, Subject,
    adapter::{Identity, Refusal, RefusalKind},
    launcher,
    process::hook,
    runtime::{RuntimeError, container::pod_program},
};
use programs::Programs;

/// A node that can join a control plane.
///
/// ```
/// use runtime_baseline::{adapter::Limits, cluster::{ClusterError, ControlPlane, kubernetes::Kubernetes, node::Node}};
///
/// let made = Kubernetes::over_etcd(Limits::default()).and_then(|plane| Ok((Node::of(&plane)?, plane)));
/// let (node, plane) = match made {
///     Err(ClusterError::Unavailable(reason)) => return Ok(println!("{reason}")),
///     other => other?,
/// };
/// let node = node.join(plane.start()?)?;
/// assert_eq!(node.plane().ask("GET", "/api/v1/nodes/localhost", None)?.status, 200);
/// node.stop()?;
/// # Ok::<(), ClusterError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Node {
    identity: Identity,
    programs: Programs,
    /// What runs in a pod.
    program: PathBuf,
    patience: Duration,
}

impl Node {
    /// One for that control plane.
    ///
    /// # Errors
    /// [`ClusterError::Unavailable`] when this machine or this user cannot have one, or a program is missing; it says which.
    pub fn of(plane: &dyn ControlPlane) -> Result<Self, ClusterError> {
        let subject = &plane.identity().subject;
        let programs = Programs::find(subject)?;
        let refuse = |kind, reason: String, remedy: &str| Refusal::new(subject, kind, reason, remedy);
        if !rustix::process::geteuid().is_root() {
            let reason = "a node mounts file systems and makes namespaces and cgroups, which takes root".to_owned();
            return Err(refuse(RefusalKind::NotPermitted, reason, "run it as root").into());
        }
        hook::check().map_err(|error| {
            let remedy = "run it from a program that can start helpers: every bench of this crate can";
            refuse(RefusalKind::NotSupported, error.to_string(), remedy)
        })?;
        let (version, _) = view::hierarchies().map_err(|it| Refusal::new(subject, it.kind, it.reason, it.remedy))?;
        let directory = launcher::default_directory().map_err(|error| {
            refuse(RefusalKind::NotFound, error.to_string(), "run it from a target directory, or set HOME")
        })?;
        let (program, made_of) = pod_program(subject, &directory).map_err(|error| not_made(subject, error))?;
        let mut identity = plane.identity().clone();
        identity.isolation = Isolation::Container;
        for component in programs.components.iter().chain(&made_of) {
            identity = identity.with_component(component.clone());
        }
        let cgroup = match version {
            crate::resource::hierarchy::Version::V1 => "v1",
            crate::resource::hierarchy::Version::V2 => "v2",
        };
        let identity = identity.with_setting("cgroup", cgroup).with_setting("pod_network", "the machine's");
        Ok(Self { identity, programs, program, patience: PATIENCE })
    }

    /// The same, which may take so long until it is ready. It is three minutes where nothing is said.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// The control plane, and what its node adds, with exact versions.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Joins it: waits until the node is ready, and takes pods. The control plane goes with its node.
    ///
    /// # Errors
    /// [`ClusterError::Unavailable`] when it takes no nodes of this library's, or this machine refuses what the node needs;
    /// [`ClusterError::Ended`], [`ClusterError::NotReady`] tell which program kept the node from being ready, and how.
    pub fn join(&self, plane: Box<dyn LiveControlPlane>) -> Result<LiveNode, ClusterError> {
        LiveNode::join(self, plane)
    }

    fn subject(&self) -> &Subject {
        &self.identity.subject
    }

    /// The kubelet in its version, containerd, and runc.
    #[must_use]
    pub fn components(&self) -> &[Component] {
        &self.programs.components
    }
}

/// Whether a node, or a pod, is ready, as the API server has it.
pub(crate) fn is_ready(object: &serde_json::Value) -> bool {
    let mut conditions = object["status"]["conditions"].as_array().into_iter().flatten();
    conditions.any(|it| it["type"] == "Ready" && it["status"] == "True")
}

fn not_made(subject: &Subject, error: RuntimeError) -> ClusterError {
    match error {
        RuntimeError::Unavailable(refusal) => refusal.into(),
        RuntimeError::Io { path, source } => ClusterError::Directory { subject: subject.clone(), path, source },
        other => ClusterError::Failed { subject: subject.clone(), component: "image", reason: other.to_string() },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn what_is_ready_says_so_in_its_conditions() {
        let pod = |status: &str| json!({ "status": { "conditions": [{ "type": "Ready", "status": status }] } });
        let all = [pod("True"), pod("False"), pod("True"), json!({})];
        assert_eq!(all.iter().filter(|pod| super::is_ready(pod)).count(), 2);
    }
}
