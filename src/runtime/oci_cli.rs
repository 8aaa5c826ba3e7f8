//! The peers of the container adapter: `crun` and `runc`, run as anybody runs them, on the same bundle and in the same
//! view of the machine as the adapter's own containers.
//!
//! A start is `crun run --detach`, by a helper process that the container becomes a child of; a stop closes the
//! workload's standard input, waits for its end, and is over with `crun delete`. The request to the helper and its answer
//! are in the figures as they are in those of `container/scratch`; the program is read and started anew each time, as it
//! is by whoever runs containers with it. A whole lifecycle is one `crun run` in the foreground: create, start, ready,
//! exit, delete. It can take less than a start does until ready: to detach, crun forks twice before it makes the
//! container.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use super::{Artifact, Identity, Limits, Refusal, RefusalKind, Runtime, RuntimeError, Workload, container::Container};
use crate::{Component, Isolation, Subject, Temperature, launcher::Launcher, process::child::find_program, setup};

/// Those that the set-up brings.
const PEERS: [&str; 2] = ["crun", "runc"];

/// A command-line runtime of OCI bundles.
///
/// ```
/// use runtime_baseline::{
///     Temperature,
///     launcher::{Launcher, LauncherOptions},
///     runtime::{Runtime, Workload, oci_cli::OciCli},
/// };
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// // Where containers cannot be started, or there is no crun, the error says what to do about it.
/// let Ok(launcher) = Launcher::start(LauncherOptions::default()) else { return Ok(()) };
/// let Ok(crun) = OciCli::crun(&launcher) else { return Ok(()) };
/// let artifact = crun.prepare(&Workload::ready(), Temperature::Cold)?;
/// let instance = artifact.start()?;
/// println!("{:?}: ready at {} ns", crun.identity().components, instance.ready_at());
/// instance.stop()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct OciCli {
    identity: Identity,
    program: PathBuf,
    container: Container,
}

impl OciCli {
    /// `crun`, on the image of [`Container::scratch`].
    ///
    /// # Errors
    /// [`RuntimeError::Unavailable`] when it is not installed or cannot work in the launcher's cgroup view, and as
    /// [`Container::scratch`].
    pub fn crun(launcher: &Launcher) -> Result<Self, RuntimeError> {
        Self::of_scratch("crun", launcher)
    }

    /// `runc`, on the same image.
    ///
    /// # Errors
    /// As [`crun`](Self::crun).
    pub fn runc(launcher: &Launcher) -> Result<Self, RuntimeError> {
        Self::of_scratch("runc", launcher)
    }

    /// The command of that name, on the container's image or bundle and with its limits.
    ///
    /// # Errors
    /// [`RuntimeError::Unavailable`] when it is not installed, does not say its version, or cannot work in the launcher's
    /// cgroup view; [`RuntimeError::Invalid`] when the name is no subject's.
    pub fn of(name: &str, container: &Container) -> Result<Self, RuntimeError> {
        let invalid = |reason: String| RuntimeError::Invalid { workload: name.to_owned(), reason };
        let subject = Subject::new(name).map_err(|e| invalid(e.to_string()))?;
        let program = usable(&subject, container.launcher())?;
        Self::new(subject, program, container.clone())
    }

    fn of_scratch(name: &'static str, launcher: &Launcher) -> Result<Self, RuntimeError> {
        let subject = Subject::new(name).expect("a valid constant");
        let program = usable(&subject, launcher)?;
        let scratch = Container::scratch(launcher).map_err(|error| match error {
            RuntimeError::Unavailable(why) => Refusal { subject: subject.clone(), ..why }.into(),
            other => other,
        })?;
        Self::new(subject, program, scratch)
    }

    fn new(subject: Subject, program: PathBuf, container: Container) -> Result<Self, RuntimeError> {
        let version = version(&subject, &program)?;
        let name = subject.as_str();
        let mut identity = Identity::new(subject.clone(), version, Isolation::Container)
            .with_setting("start_command", format!("{name} run --detach --pid-file"))
            .with_setting("stop_command", format!("{name} delete"))
            .with_setting("lifecycle_command", format!("{name} run"));
        // All but libcontainer, which comes first, is the adapter's own: image and kernel, view and limits.
        identity.components.extend(container.identity().components.iter().skip(1).cloned());
        identity.settings.extend(container.identity().settings.clone());
        Ok(Self { identity, program, container })
    }

    /// Bounds every container. The memory limit stands in its configuration where the launcher
    /// [can set one](Launcher::limits_memory).
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.container = self.container.with_limits(limits);
        self.identity.settings.extend(self.container.identity().settings.clone());
        self
    }
}

impl Runtime for OciCli {
    fn identity(&self) -> &Identity {
        &self.identity
    }

    fn temperatures(&self) -> &[Temperature] {
        self.container.temperatures()
    }

    fn prepare(&self, workload: &Workload, temperature: Temperature) -> Result<Box<dyn Artifact>, RuntimeError> {
        let program = Some(self.program.clone());
        Ok(Box::new(self.container.prepare_for(&self.identity.subject, workload, temperature, program)?))
    }
}

/// Whether a command can be used with that launcher.
pub(super) fn in_its_view(subject: &Subject, launcher: &Launcher) -> Result<(), RuntimeError> {
    let name = subject.as_str();
    if launcher.rootless() || !launcher.cgroup().starts_with("v2") {
        let reason = format!("{name} is not run as root in a cgroup2 view here (view: {})", launcher.cgroup());
        let remedy = "run as root, where cgroup2 can be mounted".to_owned();
        return Err(refuse(subject, RefusalKind::NotPermitted, reason, remedy));
    }
    Ok(())
}

/// Where the command is, if it can be used with that launcher.
fn usable(subject: &Subject, launcher: &Launcher) -> Result<PathBuf, RuntimeError> {
    let name = subject.as_str();
    in_its_view(subject, launcher)?;
    find_program(name).ok_or_else(|| {
        let steps: &[_] = if PEERS.contains(&name) { &["peers"] } else { &[] };
        let (reason, remedy) = setup::said(steps, "it is not in PATH", &install(subject));
        refuse(subject, RefusalKind::NotFound, reason, remedy)
    })
}

/// "crun version 1.8.1", "runc version 1.1.5+ds1": the first line of what it says of itself.
fn version(subject: &Subject, program: &Path) -> Result<Component, RuntimeError> {
    let said = Command::new(program).arg("--version").output();
    let said = said.map_err(|source| RuntimeError::Io { path: program.to_owned(), source })?;
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    let version = said.lines().next().and_then(|line| line.rsplit(' ').next()).unwrap_or_default();
    Component::new(subject.as_str(), version)
        .map_err(|e| refuse(subject, RefusalKind::NotFound, e.to_string(), install(subject)))
}

fn install(subject: &Subject) -> String {
    let install = format!("apt-get install {subject}");
    if PEERS.contains(&subject.as_str()) { format!("run tools/setup.sh peers, or {install}") } else { install }
}

fn refuse(subject: &Subject, kind: RefusalKind, reason: String, remedy: String) -> RuntimeError {
    Refusal::new(subject, kind, reason, remedy).into()
}
