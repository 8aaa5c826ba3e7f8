//! A node that is up.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use serde_json::Value;

use super::{
    Node,
    configuration::{self, HERE, NODE, SETTINGS, SOCKET, at},
    image, is_ready,
    process::{Helper, NotMade, Process},
    view::snapshotter,
};
use crate::{
    Subject,
    adapter::{Refusal, RefusalKind},
    clock,
    cluster::{
        ClusterError, Entrance, LiveControlPlane, Started,
        certificates::{self, kubeconfig, write},
        component::LOOK,
    },
    process::listening::free_ports,
    resource::memory::descendants,
};

const CONTAINERD: &str = "containerd";
const KUBELET: &str = "kubelet";
const CTR: &str = "ctr";

/// How long one call of `ctr` may take, on a machine that is busy.
const CALL: Duration = Duration::from_secs(60);

/// What runs a node, of what its pods are not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Agent {
    /// Kubernetes' own.
    Kubelet,
    /// What makes containers.
    Containerd,
    /// What holds the containers of one pod.
    Shim,
}

impl Agent {
    /// The name of its program.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Kubelet => KUBELET,
            Self::Containerd => CONTAINERD,
            Self::Shim => super::programs::SHIM,
        }
    }

    /// By the name that the kernel keeps of a process, of 15 bytes.
    fn of_process(name: &str) -> Option<Self> {
        [Self::Kubelet, Self::Containerd, Self::Shim].into_iter().find(|agent| {
            let full = agent.name();
            name == full.get(..15).unwrap_or(full)
        })
    }
}

/// A node that is up, with its control plane. Dropped, all of both is gone.
#[derive(Debug)]
pub struct LiveNode {
    subject: Subject,
    ctr: PathBuf,
    environment: Vec<(String, String)>,
    started: [Started; 2],
    // In the order in which each is dropped.
    kubelet: Process,
    containerd: Process,
    helper: Helper,
    own: Own,
    plane: Plane,
}

/// It says nothing of itself.
struct Plane(Box<dyn LiveControlPlane>);

impl std::fmt::Debug for Plane {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a control plane")
    }
}

/// The node's directory within that of its control plane.
#[derive(Debug)]
struct Own(PathBuf);

impl Drop for Own {
    fn drop(&mut self) {
        // It goes with the control plane's, too; there is nobody to tell of a failure.
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl LiveNode {
    pub(super) fn join(node: &Node, plane: Box<dyn LiveControlPlane>) -> Result<Self, ClusterError> {
        let subject = node.subject();
        let Some(Entrance { directory, port }) = plane.entrance() else {
            let reason = "its keys are its own, and this library makes no node for it";
            return Err(Refusal::new(subject, RefusalKind::NotSupported, reason, "join kubernetes in its place").into());
        };
        let own = Own(directory.join(NODE));
        let [health, serving] = free_ports().map_err(|error| failed(subject, KUBELET, &error))?;
        lay(node, &own.0, port, [serving, health]).map_err(|source| ClusterError::Directory {
            subject: subject.clone(),
            path: own.0.clone(),
            source,
        })?;
        let helper = Helper::start(&directory).map_err(|why| match why {
            NotMade::Obstacle(it) => Refusal::new(subject, it.kind, it.reason, it.remedy).into(),
            NotMade::Failed(error) => failed(subject, "the helper of the node", &error),
        })?;
        let environment = environment();
        let run = |name: &'static str, program: &PathBuf, arguments: Vec<String>| {
            let began = clock::monotonic();
            let process = helper.run(program, arguments, environment.clone());
            process.map(|process| (began, process)).map_err(|error| failed(subject, name, &error))
        };
        let file = |flag: &str, name: &str| format!("--{flag}={}", at(name).display());
        let (began, containerd) = run(CONTAINERD, &node.programs.containerd, vec![file("config", "containerd.toml")])?;
        let started = |component, began| Started { component, began, ready: clock::monotonic() };
        let of_containerd = {
            let ctr = |arguments: &[&str]| ctr(subject, &helper, &node.programs.ctr, &environment, arguments);
            until(node, CONTAINERD, &containerd, || {
                lives(subject, &helper, CONTAINERD, &containerd)?;
                Ok(ctr(&["version"]).ok().map(drop))
            })?;
            let archive = at("image.tar").display().to_string();
            let by = snapshotter(&own.0);
            ctr(&["-n", "k8s.io", "images", "import", "--snapshotter", by, &archive])?;
            started(CONTAINERD, began)
        };
        let arguments = vec![
            file("config", "kubelet.yaml"),
            file("kubeconfig", "kubeconfig"),
            file("root-dir", "kubelet"),
            file("cert-dir", "kubelet-keys"),
            format!("--hostname-override={}", certificates::NODE),
        ];
        let (began, kubelet) = run(KUBELET, &node.programs.kubelet, arguments)?;
        until(node, KUBELET, &kubelet, || {
            lives(subject, &helper, CONTAINERD, &containerd)?;
            lives(subject, &helper, KUBELET, &kubelet)?;
            Ok(takes_pods(plane.as_ref())?.then_some(()))
        })?;
        let started = [of_containerd, started(KUBELET, began)];
        let (subject, ctr) = (subject.clone(), node.programs.ctr.clone());
        Ok(Self { subject, ctr, environment, started, kubelet, containerd, helper, own, plane: Plane(plane) })
    }

    /// The control plane that it joined.
    #[must_use]
    pub fn plane(&self) -> &dyn LiveControlPlane {
        self.plane.0.as_ref()
    }

    /// When containerd was started and had its image, and when the kubelet was started and the node took pods.
    #[must_use]
    pub fn started(&self) -> &[Started] {
        &self.started
    }

    /// That its programs live, and the control plane is ready.
    ///
    /// # Errors
    /// [`ClusterError::Ended`] when one has ended, with the last that it said; else as of the control plane's check.
    pub fn check(&self) -> Result<(), ClusterError> {
        self.programs_live()?;
        self.plane().check()
    }

    fn programs_live(&self) -> Result<(), ClusterError> {
        lives(&self.subject, &self.helper, CONTAINERD, &self.containerd)?;
        lives(&self.subject, &self.helper, KUBELET, &self.kubelet)
    }

    /// The processes that run the node, and no pod's: the number of each on this machine.
    ///
    /// # Errors
    /// What the system says when processes cannot be listed.
    pub fn agents(&self) -> io::Result<Vec<(Agent, u32)>> {
        let below = descendants(self.helper.id() as i32)?;
        let of = |process: &procfs::process::Process| {
            Some((Agent::of_process(&process.stat().ok()?.comm)?, process.pid as u32))
        };
        let mut found: Vec<_> = below.iter().filter_map(of).collect();
        found.sort_unstable();
        Ok(found)
    }

    /// All its processes, those of its pods among them.
    ///
    /// # Errors
    /// What the system says when processes cannot be listed.
    pub fn processes(&self) -> io::Result<Vec<u32>> {
        let below = descendants(self.helper.id() as i32)?;
        Ok([self.helper.id()].into_iter().chain(below.iter().map(|process| process.pid as u32)).collect())
    }

    /// What containerd says of a container, by its number there: as `ctr containers info` prints it.
    ///
    /// # Errors
    /// [`ClusterError::Failed`] when it knows none of that number.
    pub fn container(&self, id: &str) -> Result<Value, ClusterError> {
        let said = ctr(
            &self.subject,
            &self.helper,
            &self.ctr,
            &self.environment,
            &["-n", "k8s.io", "containers", "info", id],
        )?;
        // Warnings may stand before it, as of cgroup v1.
        let json: String = said.split_inclusive('\n').skip_while(|line| !line.starts_with('{')).collect();
        serde_json::from_str(&json).map_err(|error| failed(&self.subject, CTR, &error.into()))
    }

    /// What the kubelet and containerd said last, for an error that is theirs.
    #[must_use]
    pub fn last_words(&self) -> String {
        format!("the last that the kubelet said: {}; containerd: {}", self.kubelet.said(), self.containerd.said())
    }

    /// Ends both, the node first. Whatever pods there are end with it.
    ///
    /// # Errors
    /// [`ClusterError::Failed`] when something had to be killed that should have ended.
    pub fn stop(mut self) -> Result<(), ClusterError> {
        let ended = self.helper.end();
        let Self { subject, helper, own, plane, .. } = self;
        drop((helper, own));
        plane.0.stop()?;
        if ended {
            Ok(())
        } else {
            Err(failed(&subject, "the helper of the node", &io::Error::other("it did not end in good order")))
        }
    }
}

/// Writes what the programs read.
fn lay(node: &Node, own: &Path, port: u16, [serving, health]: [u16; 2]) -> io::Result<()> {
    fs::create_dir(own)?;
    for name in ["cni", "logs", "opt", "plugins", "tmp"] {
        fs::create_dir(own.join(name))?;
    }
    let keys = PathBuf::from(HERE).join("keys");
    write(&own.join("kubeconfig"), &kubeconfig(&keys, port, "node"))?;
    write(&own.join("containerd.toml"), &configuration::of_containerd(&node.programs, snapshotter(own)))?;
    write(&own.join("kubelet.yaml"), &configuration::of_kubelet(serving, health))?;
    write(&own.join("cni/10-none.conflist"), &configuration::of_network())?;
    for (setting, value) in SETTINGS {
        write(&own.join(setting.replace('/', ".")), value)?;
    }
    image::write(&node.program, &own.join("image.tar"))
}

/// What programs find there. containerd keeps nothing where others look.
fn environment() -> Vec<(String, String)> {
    let path = env::var("PATH").unwrap_or_default();
    let path = format!("{path}:/usr/sbin:/usr/bin:/sbin:/bin");
    vec![("PATH".to_owned(), path), ("TMPDIR".to_owned(), at("tmp").display().to_string())]
}

fn lives(subject: &Subject, helper: &Helper, component: &'static str, process: &Process) -> Result<(), ClusterError> {
    match helper.end_within(process, Duration::ZERO) {
        Ok(None) => Ok(()),
        Ok(Some((_, how))) => {
            Err(ClusterError::Ended { subject: subject.clone(), component, said: format!("{how}: {}", process.said()) })
        }
        Err(error) => Err(failed(subject, component, &error)),
    }
}

/// Waits until it is so, or the patience is over.
fn until<T>(
    node: &Node,
    component: &'static str,
    process: &Process,
    mut look: impl FnMut() -> Result<Option<T>, ClusterError>,
) -> Result<T, ClusterError> {
    let begun = std::time::Instant::now();
    loop {
        if let Some(found) = look()? {
            return Ok(found);
        }
        if begun.elapsed() > node.patience {
            let (subject, patience, said) = (node.subject().clone(), node.patience, process.said());
            return Err(ClusterError::NotReady { subject, component, patience, said });
        }
        thread::sleep(LOOK);
    }
}

/// Runs containerd's own command line, and returns what it said.
fn ctr(
    subject: &Subject,
    helper: &Helper,
    program: &Path,
    environment: &[(String, String)],
    arguments: &[&str],
) -> Result<String, ClusterError> {
    let all = ["--address", SOCKET].iter().chain(arguments).map(ToString::to_string).collect();
    let error = |error: io::Error| failed(subject, CTR, &error);
    let process = helper.run(program, all, environment.to_vec()).map_err(error)?;
    let reason = match helper.end_within(&process, CALL).map_err(error)? {
        Some((true, _)) => return process.all().map_err(error),
        Some((false, how)) => format!("{}: {how}: {}", arguments.join(" "), process.said()),
        None => format!("{}: no answer within {CALL:?}", arguments.join(" ")),
    };
    Err(ClusterError::Failed { subject: subject.clone(), component: CTR, reason })
}

/// Whether the node says that it is, nothing keeps pods away from it, and pods have the account that each of them needs.
fn takes_pods(plane: &dyn LiveControlPlane) -> Result<bool, ClusterError> {
    let path = format!("/api/v1/nodes/{}", certificates::NODE);
    let answer = plane.ask("GET", &path, None)?;
    let node: Value = serde_json::from_str(&answer.body).unwrap_or_default();
    if !is_ready(&node) || node["spec"]["taints"].as_array().is_some_and(|taints| !taints.is_empty()) {
        return Ok(false);
    }
    Ok(plane.ask("GET", "/api/v1/namespaces/default/serviceaccounts/default", None)?.status == 200)
}

fn failed(subject: &Subject, component: &'static str, error: &io::Error) -> ClusterError {
    ClusterError::Failed { subject: subject.clone(), component, reason: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agent_is_known_by_what_the_kernel_keeps_of_its_name() {
        let known = ["kubelet", "containerd", "containerd-shim", "ctr", "ready"].map(Agent::of_process);
        assert_eq!(known, [Some(Agent::Kubelet), Some(Agent::Containerd), Some(Agent::Shim), None, None]);
    }
}
