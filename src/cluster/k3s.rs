//! K3s: `k3s server`, one process with the components of Kubernetes, kine, and controllers of its own. Subject `k3s`.
//!
//! **Which K3s.** `K3S_BIN`; else `bin/k3s` in `$RUNTIME_BASELINE_TOOLS`, or in `target/tools` of the working directory; else `k3s` on
//! `PATH`. `tools/setup.sh k3s` fetches the official binary where it is within reach; it cannot be built from Go modules, since
//! the forks that its go.mod names are not served.
//!
//! It is the server alone, without the agent, as `kubernetes` has no kubelet: what K3s would deploy by default runs nowhere then.
//! Its certificates are its own, made in its directory.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{
    ClusterError, ControlPlane, LiveControlPlane, Place,
    certificates::ClientPem,
    component::{Component, Door, PATIENCE},
    kubernetes::{no_client, no_port},
    live::{Live, with_free_ports},
    place::Directory,
    programs::{API_SERVER, Ports},
    request::Requests,
};
use crate::{
    Isolation, Subject,
    adapter::{Identity, Limits},
    process::program::{Sought, version_in},
};

const VARIABLE: &str = "K3S_BIN";

/// The name of its program, and of its process.
const NAME: &str = "k3s";

/// Where it keeps what a client needs, below its data.
const CLIENT: [&str; 3] = ["server/tls/server-ca.crt", "server/tls/client-admin.crt", "server/tls/client-admin.key"];

/// K3s's server.
#[derive(Debug)]
pub struct K3s {
    identity: Identity,
    program: PathBuf,
    limits: Limits,
    patience: Duration,
}

impl K3s {
    /// The K3s of this machine. Each request to the API server may take the limits' time; memory is not limited.
    ///
    /// # Errors
    /// [`ClusterError::Unavailable`] when there is none.
    pub fn new(limits: Limits) -> Result<Self, ClusterError> {
        let subject = Subject::new("k3s").expect("a valid constant");
        let remedy = format!("run tools/setup.sh k3s, or name one in {VARIABLE}");
        let sought = Sought {
            name: NAME,
            variable: VARIABLE,
            step: "k3s",
            remedy: &remedy,
            version_by: "--version",
            read: &version_in(version),
        };
        let found = sought.find(&subject)?;
        let identity = Identity::new(subject, found.component, Isolation::Process)
            .with_setting("processes", 1)
            .with_setting("agent", "none");
        Ok(Self { identity, program: found.path, limits, patience: PATIENCE })
    }

    /// The same, where each component may take so long until it is ready. It is three minutes where nothing is said.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    fn start_once(&self, place: &Place) -> Result<Live, ClusterError> {
        let subject = &self.identity.subject;
        let directory = Directory::of(subject, place)?;
        let ports = Ports::free(place.port).map_err(|source| no_port(subject, source))?;
        let data = directory.make(subject, "data")?;
        let at = directory.path().to_owned();
        // Which of its components have certificates of their own making differs between versions.
        let doors = ports.doors().map(|door| Door { verified: door.component == API_SERVER, ..door });
        let component = Component::start(subject, NAME, &self.program, &arguments(&data, ports), &at, doors.into())?;
        let client = component.wait_for(self.patience, || client(&data))?;
        let requests = Requests::of(&client, self.limits.finite_time()).map_err(|error| no_client(subject, &error))?;
        let mut live = Live::new(subject, directory, requests, ports.api_server, self.patience);
        live.add(vec![component])?;
        Ok(live)
    }
}

/// What `k3s --version` says: `k3s version v1.30.4+k3s1 (98262b5d)`.
fn version(said: &str) -> Option<&str> {
    said.lines().next()?.strip_prefix("k3s version v")?.split_whitespace().next()
}

fn arguments(data: &Path, ports: Ports) -> Vec<String> {
    let serving = |component: &str, port: u16| {
        let flag = |flag: String| format!("--{component}-arg={flag}");
        [flag("bind-address=127.0.0.1".to_owned()), flag(format!("secure-port={port}"))]
    };
    let mut arguments = vec![
        "server".to_owned(),
        format!("--data-dir={}", data.display()),
        "--bind-address=127.0.0.1".to_owned(),
        "--advertise-address=127.0.0.1".to_owned(),
        format!("--https-listen-port={}", ports.api_server),
        // Without it, it would write a file outside its directory.
        format!("--write-kubeconfig={}", data.join("kubeconfig").display()),
        "--write-kubeconfig-mode=600".to_owned(),
        "--disable-agent".to_owned(),
    ];
    arguments.extend(serving("kube-controller-manager", ports.controller_manager));
    arguments.extend(serving("kube-scheduler", ports.scheduler));
    arguments
}

/// What a client needs, once it is all there.
fn client(data: &Path) -> Option<ClientPem> {
    let read = |file: &str| fs::read_to_string(data.join(file)).ok().filter(|text| text.trim_end().ends_with("-----"));
    let [authority, certificate, key] = CLIENT.map(read);
    Some(ClientPem { authority: authority?, certificate: certificate?, key: key? })
}

impl ControlPlane for K3s {
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
    fn the_version_is_k3ss_own_word() {
        let said = "k3s version v1.30.4+k3s1 (98262b5d)\ngo version go1.22.5\n";
        assert_eq!(super::version(said), Some("1.30.4+k3s1"));
        assert_eq!(super::version("Kubernetes v1.37.2\n"), None);
    }
}
