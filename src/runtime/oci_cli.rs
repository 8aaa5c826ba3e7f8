//! The peers of the container adapter: `crun` and `runc`, run as anybody runs them, on the same bundle and in the same
//! view of the machine as the adapter's own containers.

use std::{path::PathBuf, process::Command};

use super::{
    Identity, RuntimeError, Unavailable,
    container::{Container, find_in_path, kernel, runtime_error},
};
use crate::{Component, Isolation, Subject, clock, launcher::Launcher, runtime::Limits};

/// The instants of a container's life, in nanoseconds of `CLOCK_MONOTONIC`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LifecycleTimes {
    /// Before the request was sent to the helper that runs the command.
    pub requested: u64,
    /// The workload's own reading.
    pub ready_at: u64,
    /// After the command had ended and its container was deleted.
    pub deleted: u64,
}

/// A command-line runtime of OCI bundles.
///
/// ```no_run
/// use runtime_baseline::{
///     launcher::{Launcher, LauncherOptions},
///     runtime::{container::Container, oci_cli::OciCli},
/// };
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let launcher = Launcher::start(LauncherOptions::default())?;
/// let crun = OciCli::crun(&Container::scratch(&launcher)?)?;
/// let times = crun.lifecycle()?;
/// println!("{:?}: {} ns", crun.identity().components, times.deleted - times.requested);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct OciCli {
    identity: Identity,
    launcher: Launcher,
    program: PathBuf,
    /// Its name, and what its state directory is called.
    name: &'static str,
    bundle: PathBuf,
    limits: Limits,
}

impl OciCli {
    /// `crun`, on the container's bundle.
    ///
    /// # Errors
    /// [`RuntimeError::Unavailable`] when it is not installed or cannot work in the launcher's cgroup view.
    pub fn crun(container: &Container) -> Result<Self, RuntimeError> {
        Self::new("crun", container)
    }

    /// `runc`, on the container's bundle.
    ///
    /// # Errors
    /// As [`crun`](Self::crun).
    pub fn runc(container: &Container) -> Result<Self, RuntimeError> {
        Self::new("runc", container)
    }

    fn new(name: &'static str, container: &Container) -> Result<Self, RuntimeError> {
        let subject = Subject::new(name).expect("a valid constant");
        let refuse = |reason: String, remedy: String| Unavailable { subject: subject.clone(), reason, remedy };
        let install = || format!("apt-get install {name}");
        let launcher = container.launcher().clone();
        if launcher.rootless() || !launcher.cgroup().starts_with("v2") {
            let reason = format!("{name} is not run as root in a cgroup2 view here (view: {})", launcher.cgroup());
            return Err(refuse(reason, "run as root, with CgroupView::Auto".to_owned()).into());
        }
        let program = find_in_path(name).ok_or_else(|| refuse("it is not in PATH".to_owned(), install()))?;
        let said = Command::new(&program)
            .arg("--version")
            .output()
            .map_err(|source| RuntimeError::Io { path: program.clone(), source })?;
        // "crun version 1.8.1", "runc version 1.1.5+ds1": the first line.
        let said = String::from_utf8_lossy(&said.stdout).into_owned();
        let version = said.lines().next().and_then(|line| line.rsplit(' ').next()).unwrap_or_default();
        let component = Component::new(name, version).map_err(|e| refuse(e.to_string(), install()))?;
        let mut identity = Identity::new(subject.clone(), component, Isolation::Container)
            .with_component(kernel(&subject)?)
            .with_setting("command", format!("{name} run"));
        // The bundle and the view are the adapter's own; the memory limit is not the command's to set.
        let settings = container_settings(container);
        identity.settings.extend(settings);
        Ok(Self {
            identity,
            launcher,
            program,
            name,
            bundle: container.bundle_path().to_owned(),
            limits: container.limits(),
        })
    }

    /// Who it is, with its exact version.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Makes room for that many lifecycles at the same time, so that none pays for it.
    ///
    /// # Errors
    /// [`RuntimeError::Helper`] when the helpers are gone.
    pub fn reserve(&self, concurrent: usize) -> Result<(), RuntimeError> {
        self.launcher.pool().reserve(concurrent).map_err(|e| self.error(e))
    }

    /// One whole life: create, start, ready, exit, delete, by one `run` command. The adapter's own is
    /// `Artifact::start`, then `Instance::stop`.
    ///
    /// # Errors
    /// [`RuntimeError::Failed`] when the command ends with another status than 0, [`RuntimeError::NotReady`] when the
    /// workload did not say ready, [`RuntimeError::TimeLimit`], and [`RuntimeError::Helper`].
    pub fn lifecycle(&self) -> Result<LifecycleTimes, RuntimeError> {
        let pool = self.launcher.pool();
        let root = self.launcher.state_directory().join(self.name);
        let id = format!("peer-{}", pool.next_number());
        let mut command = vec![self.program.display().to_string(), "--root".to_owned(), root.display().to_string()];
        command.extend(["run", "--bundle"].map(str::to_owned));
        command.extend([self.bundle.display().to_string(), id]);
        let requested = clock::monotonic();
        let ready_at = pool.run(command, self.limits.time).map_err(|e| self.error(e))?;
        Ok(LifecycleTimes { requested, ready_at, deleted: clock::monotonic() })
    }

    fn error(&self, error: crate::launcher::WorkerError) -> RuntimeError {
        runtime_error(&self.identity.subject, &self.bundle.display().to_string(), self.limits, error)
    }
}

fn container_settings(container: &Container) -> impl Iterator<Item = (String, String)> {
    use super::Runtime;
    let mut settings = container.identity().settings.clone();
    settings.remove("memory_limit");
    settings.into_iter()
}
