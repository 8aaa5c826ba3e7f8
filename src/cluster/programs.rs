//! The programs of Kubernetes' control plane, their arguments, and the free ports that they listen at.

use std::{
    io,
    path::{Path, PathBuf},
};

use super::{
    ClusterError,
    certificates::{Certificates, write},
    component::Door,
};
use crate::{
    Component, Subject,
    adapter::{Refusal, RefusalKind},
    process::{
        listening::free_ports,
        program::{Program, Sought, named, version_in},
    },
};

/// The directory that a user may name.
pub(super) const DIRECTORY: &str = "KUBERNETES_BIN_DIR";

pub(super) const API_SERVER: &str = "kube-apiserver";
pub(super) const CONTROLLER_MANAGER: &str = "kube-controller-manager";
pub(super) const SCHEDULER: &str = "kube-scheduler";

/// What `kube-apiserver --version` says, and the others: `Kubernetes v1.37.2`.
pub(super) fn version(said: &str) -> Option<&str> {
    said.lines().find_map(|line| line.strip_prefix("Kubernetes v")).map(str::trim)
}

/// The three programs of one version.
#[derive(Debug)]
pub(super) struct Programs {
    pub api_server: PathBuf,
    pub controller_manager: PathBuf,
    pub scheduler: PathBuf,
    /// Kubernetes itself, in their version.
    pub component: Component,
}

impl Programs {
    /// Those of this machine.
    pub fn find(subject: &Subject) -> Result<Self, Refusal> {
        let find = |name| find(subject, name, named(DIRECTORY).map(|directory| directory.join(name)), version);
        let all = [find(API_SERVER)?, find(CONTROLLER_MANAGER)?, find(SCHEDULER)?];
        of_one_version(subject, &all, DIRECTORY)?;
        let component = kubernetes(subject, all[0].component.version())?;
        let [api_server, controller_manager, scheduler] = all.map(|program| program.path);
        Ok(Self { api_server, controller_manager, scheduler, component })
    }
}

/// That they are: programs that stand in one directory, which `variable` names.
pub(super) fn of_one_version(subject: &Subject, programs: &[Program], variable: &str) -> Result<(), Refusal> {
    let Some((first, others)) = programs.split_first() else { return Ok(()) };
    match others.iter().find(|other| other.component.version() != first.component.version()) {
        None => Ok(()),
        Some(other) => {
            let reason = format!("{} and {} are not of one version", first.component, other.component);
            let remedy = format!("put programs of one version into one directory, and name it in {variable}");
            Err(Refusal::new(subject, RefusalKind::NotFound, reason, remedy))
        }
    }
}

/// The program of that name, or the one that is meant by what [`DIRECTORY`] names.
pub(super) fn find(
    subject: &Subject,
    name: &str,
    named: Option<PathBuf>,
    read: fn(&str) -> Option<&str>,
) -> Result<Program, Refusal> {
    let remedy = format!("run tools/setup.sh cluster, or name a directory that has one in {DIRECTORY}");
    let read = version_in(read);
    let sought =
        Sought { name, variable: DIRECTORY, step: "cluster", remedy: &remedy, version_by: "--version", read: &read };
    sought.find_or(subject, named)
}

/// Kubernetes in that version.
pub(super) fn kubernetes(subject: &Subject, version: &str) -> Result<Component, Refusal> {
    Component::new("kubernetes", version).map_err(|error| {
        Refusal::new(subject, RefusalKind::NotFound, error.to_string(), format!("correct {DIRECTORY}"))
    })
}

/// Where the components listen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ports {
    pub api_server: u16,
    pub controller_manager: u16,
    pub scheduler: u16,
    /// For the store, where it wants one.
    pub store: u16,
}

impl Ports {
    /// Ports of loopback at which nobody listened a moment ago, but for that of the API server where it is named.
    pub fn free(api_server: Option<u16>) -> io::Result<Self> {
        let [free, controller_manager, scheduler, store] = free_ports()?;
        Ok(Self { api_server: api_server.unwrap_or(free), controller_manager, scheduler, store })
    }

    pub fn doors(self) -> [Door; 3] {
        [
            Door { component: API_SERVER, port: self.api_server, path: "/readyz", verified: true },
            Door { component: CONTROLLER_MANAGER, port: self.controller_manager, path: "/healthz", verified: true },
            Door { component: SCHEDULER, port: self.scheduler, path: "/readyz", verified: true },
        ]
    }
}

/// The arguments of each component. What is not said is at its default.
#[derive(Debug)]
pub(super) struct Arguments {
    pub api_server: Vec<String>,
    pub controller_manager: Vec<String>,
    pub scheduler: Vec<String>,
}

impl Arguments {
    /// With these certificates, at these ports, with what else they read in `directory`.
    pub fn of(subject: &Subject, keys: &Certificates, ports: Ports, directory: &Path) -> Result<Self, ClusterError> {
        let serving = |port: u16| {
            [
                "--bind-address=127.0.0.1".to_owned(),
                format!("--secure-port={port}"),
                keys.flag("tls-cert-file", "server.crt"),
                keys.flag("tls-private-key-file", "server.key"),
            ]
        };
        let mut api_server: Vec<String> = serving(ports.api_server).into();
        api_server.extend([
            format!("--etcd-servers=http://127.0.0.1:{}", ports.store),
            "--advertise-address=127.0.0.1".to_owned(),
            // Else it writes itself into the endpoints of a service, which cannot be loopback.
            "--endpoint-reconciler-type=none".to_owned(),
            keys.flag("client-ca-file", "ca.crt"),
            "--authorization-mode=Node,RBAC".to_owned(),
            "--service-account-issuer=https://kubernetes.default.svc".to_owned(),
            keys.flag("service-account-key-file", "service-accounts.pub"),
            keys.flag("service-account-signing-key-file", "service-accounts.key"),
            "--service-cluster-ip-range=10.96.0.0/16".to_owned(),
            // For a node, where one joins: it is asked for the logs of its pods.
            keys.flag("kubelet-certificate-authority", "ca.crt"),
            keys.flag("kubelet-client-certificate", "admin.crt"),
            keys.flag("kubelet-client-key", "admin.key"),
            "--kubelet-preferred-address-types=Hostname".to_owned(),
        ]);
        // Without the last it looks for another authority of clients, and says each minute that there is none.
        let delegating = |file: &str| {
            [
                keys.flag("authentication-kubeconfig", file),
                keys.flag("authorization-kubeconfig", file),
                "--authentication-skip-lookup=true".to_owned(),
            ]
        };
        let mut controller_manager: Vec<String> = serving(ports.controller_manager).into();
        controller_manager.extend(delegating("manager.kubeconfig"));
        controller_manager.extend([
            keys.flag("kubeconfig", "manager.kubeconfig"),
            "--leader-elect=false".to_owned(),
            keys.flag("service-account-private-key-file", "service-accounts.key"),
            keys.flag("root-ca-file", "ca.crt"),
            keys.flag("cluster-signing-cert-file", "ca.crt"),
            keys.flag("cluster-signing-key-file", "ca.key"),
            "--use-service-account-credentials=true".to_owned(),
        ]);
        let configuration = directory.join("scheduler.json");
        let content = serde_json::json!({
            "apiVersion": "kubescheduler.config.k8s.io/v1",
            "kind": "KubeSchedulerConfiguration",
            "leaderElection": { "leaderElect": false },
            "clientConnection": { "kubeconfig": keys.path("scheduler.kubeconfig").display().to_string() },
        });
        write(&configuration, &content.to_string()).map_err(|source| ClusterError::Directory {
            subject: subject.clone(),
            path: configuration.clone(),
            source,
        })?;
        let mut scheduler: Vec<String> = serving(ports.scheduler).into();
        scheduler.extend(delegating("scheduler.kubeconfig"));
        scheduler.push(format!("--config={}", configuration.display()));
        Ok(Self { api_server, controller_manager, scheduler })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_kubernetes_own_word() {
        assert_eq!(version("Kubernetes v1.37.2\n"), Some("1.37.2"));
        assert_eq!(version("kine v0.17.5\nKubernetes v1.37.2\n"), Some("1.37.2"));
        assert_eq!(version("etcd Version: 3.7.3\n"), None);
    }

    #[test]
    fn every_component_listens_at_loopback_at_a_port_of_its_own() {
        let directory = tempfile::tempdir().unwrap();
        let subject: Subject = "kubernetes".parse().unwrap();
        let ports = Ports::free(None).unwrap();
        let keys = Certificates::make(&subject, directory.path(), ports.api_server).unwrap();
        let arguments = Arguments::of(&subject, &keys, ports, directory.path()).unwrap();
        for of in [arguments.api_server, arguments.controller_manager, arguments.scheduler] {
            assert!(of.contains(&"--bind-address=127.0.0.1".to_owned()), "{of:?}");
        }
        let mut doors = ports.doors().map(|door| door.port).to_vec();
        doors.push(ports.store);
        doors.sort_unstable();
        doors.dedup();
        assert_eq!(doors.len(), 4);
        assert_eq!(Ports::free(Some(7)).unwrap().api_server, 7);
    }
}
