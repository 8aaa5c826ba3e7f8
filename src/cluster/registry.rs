//! The control planes: one line each. A line names the subject, the features that build it in, whether it needs anything of the
//! machine besides, and its constructor.

use super::{ClusterError, ControlPlane};
#[cfg(feature = "cluster")]
use super::{k3s::K3s, kubernetes::Kubernetes, one_process::OneProcess};
use crate::adapter::{self, NotMade, adapters};

/// The control planes of this machine.
///
/// ```
/// for plane in runtime_baseline::cluster::Registry::of_this_machine().control_planes() {
///     println!("{}", plane.identity().subject);
/// }
/// ```
pub type Registry = adapter::Registry<dyn ControlPlane>;

impl Registry {
    /// Those that run here, in the order of the report.
    pub fn control_planes(&self) -> impl Iterator<Item = &(dyn ControlPlane + 'static)> {
        self.adapters()
    }
}

adapters! {
    dyn ControlPlane, "control plane";
    "kubernetes": ["cluster"] Machine by "cluster", kit => Kubernetes::over_etcd(kit.limits);
    "kubernetes+kine": ["cluster"] Machine by "cluster", kit => Kubernetes::over_kine(kit.limits);
    "kubernetes/one-process": ["cluster"] Machine by "cluster", kit => OneProcess::new(kit.limits);
    "k3s": ["cluster"] Machine by "cluster", kit => K3s::new(kit.limits);
}

impl From<ClusterError> for NotMade {
    fn from(error: ClusterError) -> Self {
        match error {
            ClusterError::Unavailable(refusal) => refusal.into(),
            other => Self::failed_with(&other, other.remedy()),
        }
    }
}
