//! The same components of Kubernetes as of `kubernetes`, and kine, as one process: a program of this project, whose source is
//! `tools/cluster/one-process`. Subject `kubernetes/one-process`.
//!
//! It shows what it is worth not to run them as four, which is a part of what K3s does. It is not K3s, which has other versions,
//! other settings and components of its own. Of the libraries that the components use, it has those that kine wants, which
//! are a little newer in some cases.

use std::{path::PathBuf, time::Duration};

use super::{
    ClusterError, ControlPlane, LiveControlPlane, Place,
    component::{Component, PATIENCE},
    kubernetes::Ground,
    live::{Live, with_free_ports},
    programs::{self, DIRECTORY},
};
use crate::{
    Component as Versioned, Isolation, Subject,
    adapter::{Identity, Limits, Refusal, RefusalKind},
    process::program::named,
    store::kine,
};

/// The name of the program, and of its process.
const NAME: &str = "kubernetes-one-process";

/// API server, controller manager, scheduler and kine, in one process.
#[derive(Debug)]
pub struct OneProcess {
    identity: Identity,
    program: PathBuf,
    limits: Limits,
    patience: Duration,
}

impl OneProcess {
    /// The one of this machine. Each request to the API server may take the limits' time; memory is not limited.
    ///
    /// # Errors
    /// [`ClusterError::Unavailable`] when it was not built.
    pub fn new(limits: Limits) -> Result<Self, ClusterError> {
        let subject = Subject::new("kubernetes/one-process").expect("a valid constant");
        // It is no program of Kubernetes: a directory that has those need not have it.
        let named = named(DIRECTORY).map(|directory| directory.join(NAME)).filter(|path| path.exists());
        let find = |read| programs::find(&subject, NAME, named.clone(), read);
        let (kubernetes, kine) = (find(programs::version)?, find(kine_version)?);
        let kine = Versioned::new("kine", kine.component.version()).map_err(|error| {
            Refusal::new(&subject, RefusalKind::NotFound, error.to_string(), "run tools/setup.sh cluster")
        })?;
        let component = programs::kubernetes(&subject, kubernetes.component.version())?;
        let identity =
            Identity::new(subject, component, Isolation::Process).with_component(kine).with_setting("processes", 1);
        let identity =
            kine::settings("NORMAL").into_iter().fold(identity, |all, (name, value)| all.with_setting(name, value));
        Ok(Self { identity, program: kubernetes.path, limits, patience: PATIENCE })
    }

    /// The same, where each component may take so long until it is ready. It is three minutes where nothing is said.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    fn start_once(&self, place: &Place) -> Result<Live, ClusterError> {
        let subject = &self.identity.subject;
        let ground = Ground::lay(subject, place, self.limits, self.patience)?;
        let Ground { mut live, ports, arguments: of, data, at } = ground;
        // Nobody else asks kine. By a name in its working directory, since the path of a socket may not be long.
        let mut arguments = vec!["--listen-address=unix://kine.sock".to_owned()];
        arguments.push(kine::endpoint(&data, "NORMAL"));
        for part in [of.api_server, of.controller_manager, of.scheduler] {
            arguments.push("--".to_owned());
            arguments.extend(part);
        }
        live.add(vec![Component::start(subject, NAME, &self.program, &arguments, &at, ports.doors().into())?])?;
        Ok(live)
    }
}

/// What it says of itself: `kine v0.17.5`.
fn kine_version(said: &str) -> Option<&str> {
    said.lines().find_map(|line| line.strip_prefix("kine v")).map(str::trim)
}

impl ControlPlane for OneProcess {
    fn identity(&self) -> &Identity {
        &self.identity
    }

    fn executables(&self) -> Vec<PathBuf> {
        vec![self.program.clone()]
    }

    fn start_at(&self, place: &Place) -> Result<Box<dyn LiveControlPlane>, ClusterError> {
        Ok(Box::new(with_free_ports(place, || self.start_once(place))?))
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_version_of_kine_is_its_own_word() {
        assert_eq!(super::kine_version("Kubernetes v1.37.2\nkine v0.17.5\n"), Some("0.17.5"));
        assert_eq!(super::kine_version("Kubernetes v1.37.2\n"), None);
    }
}
