//! OS containers, through libcontainer.
//!
//! A start is: create the container (namespaces, cgroup, mounts), start its program, and read that program's own clock
//! reading from its standard output. The image lies on disk as an unpacked bundle and nothing is compiled, so the only
//! temperature is `cold`: a container has nothing to load in advance but the page cache.
//!
//! Four images: `container/scratch` holds one static program of about a kilobyte, `/ready`, that the host's own rustc
//! compiles from this project's source; `container/busybox` holds the machine's static busybox beside it and runs
//! `/bin/sh -c "exec /ready"`, so that a shell starts, parses and executes, as most real images do, and what says ready
//! is still the workload itself. `container/alpine` and `container/debian` do the same with the shell of a distribution's
//! root file system: the one that `ALPINE_ROOTFS` or `DEBIAN_ROOTFS` names, a directory or a tarball, else the one that
//! `tools/setup.sh` put into `target/images`. It is copied once, and says its own version; containers cannot write
//! to it.

pub(super) mod bundle;
pub(super) mod error;
mod image;
mod source;
mod tarball;

#[cfg(fuzzing)]
pub(crate) mod fuzzing;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    Artifact, Identity, Instance, Limits, Refusal, RefusalKind, Runtime, RuntimeError, Workload, start_and_stop,
    workload::Program,
};
use crate::{
    Component, Isolation, Subject, Temperature,
    disk::Owned,
    launcher::{
        Held, Launcher, WorkerError,
        protocol::{Payload, Request},
    },
    marks,
    resource::scope::HAND_DOWN,
    versions,
};
use bundle::Bundle;
use image::{Image, Images};

/// What runs in a pod, static, in an image of its own below `directory`: where it lies, and what it is made of.
#[cfg(feature = "cluster")]
pub(crate) fn pod_program(subject: &Subject, directory: &Path) -> Result<(PathBuf, Vec<Component>), RuntimeError> {
    let Image { bundle, components } = Images { subject, directory }.alone("pod", Program::Pod)?;
    Ok((bundle.join("rootfs/ready"), components))
}

/// Containers of one image, through libcontainer.
///
/// ```
/// use runtime_baseline::{
///     Temperature,
///     launcher::{Launcher, LauncherOptions},
///     runtime::{Runtime, Workload, container::Container},
/// };
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// // Where containers cannot be started, the error says what to do about it.
/// let Ok(launcher) = Launcher::start(LauncherOptions::default()) else { return Ok(()) };
/// let Ok(scratch) = Container::scratch(&launcher) else { return Ok(()) };
/// let artifact = scratch.prepare(&Workload::ready(), Temperature::Cold)?;
/// let instance = artifact.start()?;
/// println!("ready at {} ns", instance.ready_at());
/// instance.stop()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Container {
    identity: Identity,
    launcher: Launcher,
    bundle: Bundle,
    /// Whether the bundle is an image of this project's, which can carry another of its programs.
    own: bool,
    /// Thousandths of a core.
    cpu: Option<u32>,
    limits: Limits,
}

impl Container {
    /// Containers of the image that holds the workload alone.
    ///
    /// # Errors
    /// [`RuntimeError::Unavailable`] when there is no Rust compiler to build it with, [`RuntimeError::Io`] when the
    /// launcher's directory cannot be written.
    pub fn scratch(launcher: &Launcher) -> Result<Self, RuntimeError> {
        Self::of_image(launcher, "container/scratch", |images| images.scratch())
    }

    /// Containers of the image whose shell starts the workload.
    ///
    /// # Errors
    /// As [`scratch`](Self::scratch), and [`RuntimeError::Unavailable`] when the machine has no static busybox.
    pub fn busybox(launcher: &Launcher) -> Result<Self, RuntimeError> {
        Self::of_image(launcher, "container/busybox", |images| images.busybox())
    }

    /// Containers of the Alpine root file system that `ALPINE_ROOTFS` names, or that the set-up made. Its own shell starts
    /// the workload, and its own release file says the version.
    ///
    /// # Errors
    /// As [`scratch`](Self::scratch), and [`RuntimeError::Unavailable`] when there is none, or what there is is none.
    pub fn alpine(launcher: &Launcher) -> Result<Self, RuntimeError> {
        Self::of_image(launcher, "container/alpine", |images| images.family(&source::ALPINE))
    }

    /// Containers of the Debian root file system that `DEBIAN_ROOTFS` names, or that the set-up made.
    ///
    /// # Errors
    /// As [`alpine`](Self::alpine).
    pub fn debian(launcher: &Launcher) -> Result<Self, RuntimeError> {
        Self::of_image(launcher, "container/debian", |images| images.family(&source::DEBIAN))
    }

    /// Containers of a bundle of one's own. Its program follows the ready protocol of [`Workload`].
    ///
    /// # Errors
    /// [`RuntimeError::Invalid`] when it is no bundle: no `config.json`, no root file system, no program in it.
    pub fn bundle(launcher: &Launcher, subject: Subject, path: &Path) -> Result<Self, RuntimeError> {
        let bundle = Bundle::open(path)?;
        let identity = identity(launcher, subject)?;
        Ok(Self { identity, launcher: launcher.clone(), bundle, own: false, cpu: None, limits: Limits::default() })
    }

    /// Bounds every container. The memory limit holds where the launcher [can set one](Launcher::limits_memory).
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self.identity = with_memory_limit(self.identity, &self.launcher, limits);
        self
    }

    /// Gives every container so many thousandths of a core: `100` is a tenth, `2000` are two cores. The kernel counts over
    /// 100 ms, so a container may use its share of that at once, and then waits for the next.
    ///
    /// # Errors
    /// [`RuntimeError::Unavailable`] when the launcher [cannot set one](Launcher::limits_cpu): with v1 controllers, start it with
    /// [`CgroupView::Host`](crate::launcher::CgroupView::Host). [`RuntimeError::Invalid`] when the share is below 10 thousandths,
    /// which the kernel takes for too little.
    pub fn with_cpu_limit(mut self, thousandths: u32) -> Result<Self, RuntimeError> {
        if !self.launcher.limits_cpu() {
            let reason =
                format!("no limit of CPU time: the cgroup view {} has no cpu controller", self.launcher.cgroup());
            let remedy = format!("mount the controller cpu of cgroup v1; or, with cgroup2, {HAND_DOWN}");
            return Err(Refusal::new(&self.identity.subject, RefusalKind::NotSupported, reason, remedy).into());
        }
        if thousandths < 10 {
            let reason = format!("{thousandths} thousandths of a core: the kernel takes no less than 10");
            return Err(RuntimeError::Invalid { workload: self.identity.subject.to_string(), reason });
        }
        self.cpu = Some(thousandths);
        let share = f64::from(thousandths) / 1000.0;
        self.identity =
            self.identity.with_setting("cpu_limit", format!("{share} cores over {} ms", image::CPU_PERIOD / 1000));
        Ok(self)
    }

    /// The bundle on disk: the one that peers are given as well.
    #[must_use]
    pub fn bundle_path(&self) -> &Path {
        &self.bundle.path
    }

    /// The image's root file system on disk.
    #[must_use]
    pub fn rootfs(&self) -> &Path {
        &self.bundle.rootfs
    }

    pub(super) fn launcher(&self) -> &Launcher {
        &self.launcher
    }

    fn of_image(
        launcher: &Launcher,
        subject: &str,
        make: impl FnOnce(&Images<'_>) -> Result<Image, RuntimeError>,
    ) -> Result<Self, RuntimeError> {
        let subject = Subject::new(subject).expect("a valid constant");
        let image = make(&Images { subject: &subject, directory: launcher.directory() })?;
        let mut identity = identity(launcher, subject)?;
        identity.components.splice(1..1, image.components);
        for (name, value) in bundle::SETTINGS {
            identity = identity.with_setting(name, value);
        }
        let limits = Limits::default();
        let identity = with_memory_limit(identity, launcher, limits);
        Ok(Self {
            identity,
            launcher: launcher.clone(),
            bundle: Bundle::open(&image.bundle)?,
            own: true,
            cpu: None,
            limits,
        })
    }
}

/// libcontainer first, the kernel last: it does most of the work.
fn identity(launcher: &Launcher, subject: Subject) -> Result<Identity, RuntimeError> {
    let engine = versions::component(&subject, "libcontainer")?;
    let kernel = kernel(&subject)?;
    Ok(with_launcher(Identity::new(subject, engine, Isolation::Container).with_component(kernel), launcher))
}

/// Adds what the launcher decides.
pub(super) fn with_launcher(identity: Identity, launcher: &Launcher) -> Identity {
    let user = if launcher.rootless() { "user namespace" } else { "root" };
    identity.with_setting("cgroup", launcher.cgroup()).with_setting("user", user)
}

pub(crate) fn kernel(subject: &Subject) -> Result<Component, RuntimeError> {
    let release = rustix::system::uname().release().to_string_lossy().into_owned();
    Component::new("linux", release).map_err(|e| {
        Refusal::new(subject, RefusalKind::NotSupported, e.to_string(), "run a kernel that states its release").into()
    })
}

pub(super) fn with_memory_limit(identity: Identity, launcher: &Launcher, limits: Limits) -> Identity {
    let limit = match launcher.limits_memory() {
        true => format!("{} bytes", limits.memory),
        false => "none: the cgroup view has no memory controller".to_owned(),
    };
    identity.with_setting("memory_limit", limit)
}

impl Runtime for Container {
    fn identity(&self) -> &Identity {
        &self.identity
    }

    fn temperatures(&self) -> &[Temperature] {
        &[Temperature::Cold]
    }

    fn prepare(&self, workload: &Workload, temperature: Temperature) -> Result<Box<dyn Artifact>, RuntimeError> {
        Ok(Box::new(self.prepare_for(&self.identity.subject, workload, temperature, None)?))
    }
}

impl Container {
    /// The workload in this image, as a bundle of this runtime's, or of a command line that is given the same.
    pub(super) fn prepare_for(
        &self,
        subject: &Subject,
        workload: &Workload,
        temperature: Temperature,
        command: Option<PathBuf>,
    ) -> Result<Prepared, RuntimeError> {
        let subject = subject.clone();
        if temperature != Temperature::Cold {
            return Err(RuntimeError::UnsupportedTemperature { subject, temperature });
        }
        let unsupported = |reason: &str| RuntimeError::UnsupportedWorkload {
            subject: subject.clone(),
            workload: workload.name.clone(),
            reason: reason.to_owned(),
        };
        if !workload.native {
            return Err(unsupported("it has no native form, which the container's image would carry"));
        }
        let images = Images { subject: &subject, directory: self.launcher.directory() };
        let path = match &workload.program {
            Some(program) if *program != Program::Ready && self.own => images.with_program(&self.bundle, *program)?,
            Some(program) if *program != Program::Ready => {
                return Err(unsupported("the bundle carries a program of its own"));
            }
            _ => self.bundle.path.clone(),
        };
        // It may have changed since.
        let bundle = Bundle::open(&path)?;
        // A worker sets the limit of what the library made; of a command it is asked as everybody asks.
        let memory = command.as_ref().filter(|_| self.launcher.limits_memory()).map(|_| self.limits.memory);
        let directory = images.with_limits(&bundle, self.cpu, memory)?;
        Ok(Prepared::new(Shared {
            // Not the bundle's path: it is of this machine, and a row may be shared.
            workload: format!("{} in {subject}", workload.name),
            subject,
            launcher: self.launcher.clone(),
            bundle: directory.as_ref().map_or(bundle.path, |directory| directory.path().to_owned()),
            payload: Payload::Exec,
            command,
            judge: error::no_reading,
            limits: self.limits,
            directory,
        }))
    }
}

/// What an artifact and its instances have in common.
pub(super) struct Shared {
    pub subject: Subject,
    /// As errors name it.
    pub workload: String,
    pub launcher: Launcher,
    pub bundle: PathBuf,
    pub payload: Payload,
    /// The command line that runs the bundle, where it is not the library.
    pub command: Option<PathBuf>,
    pub judge: error::Judge,
    pub limits: Limits,
    /// The bundle's directory, where it goes with its last container.
    pub directory: Option<Owned>,
}

pub(super) struct Prepared(Arc<Shared>);

impl Prepared {
    pub fn new(shared: Shared) -> Self {
        Self(Arc::new(shared))
    }
}

impl Artifact for Prepared {
    fn reserve(&self, concurrent: usize) -> Result<(), RuntimeError> {
        let Shared { launcher, payload, limits, .. } = &*self.0;
        launcher.pool().reserve_for(concurrent, payload, limits.time).map_err(|e| self.0.error(e))
    }

    fn reserve_live(&self, live: usize, concurrent: usize) -> Result<(), RuntimeError> {
        self.reserve(concurrent.max(self.0.launcher.pool().workers_for(live)))
    }

    fn image(&self) -> Option<PathBuf> {
        Bundle::open(&self.0.bundle).ok().map(|bundle| bundle.rootfs)
    }

    fn start(&self) -> Result<Box<dyn Instance>, RuntimeError> {
        let shared = &self.0;
        let Limits { time, memory } = shared.limits;
        let limited = shared.launcher.limits_memory();
        let marked = marks::is_kept();
        let (bundle, payload) = (shared.bundle.clone(), shared.payload.clone());
        let request = |id| match shared.command.clone() {
            Some(program) => Request::StartBy { id, program, bundle, time, limited, marked },
            None => Request::Start { id, bundle, payload, time, memory: limited.then_some(memory), marked },
        };
        let (ready_at, held) = shared.launcher.pool().start(time, request).map_err(|e| shared.error(e))?;
        Ok(Box::new(Ready { ready_at, held: Some(held), shared: Arc::clone(shared) }))
    }

    fn lifecycle(&self) -> Result<u64, RuntimeError> {
        let shared = &self.0;
        // What has one command for it is timed with that, as its users do.
        let Some(program) = shared.command.clone() else { return start_and_stop(self) };
        let (bundle, time) = (shared.bundle.clone(), shared.limits.time);
        let request = |id| Request::Run { id, program, bundle, time };
        shared.launcher.pool().run(time, request).map_err(|e| shared.error(e))
    }
}

impl Shared {
    fn error(&self, error: WorkerError) -> RuntimeError {
        error::of_worker(&self.subject, &self.workload, self.limits, self.judge, error)
    }
}

struct Ready {
    ready_at: u64,
    held: Option<Held>,
    shared: Arc<Shared>,
}

impl Ready {
    fn end(&mut self) -> Result<(), RuntimeError> {
        let Some(held) = self.held.take() else { return Ok(()) };
        let shared = &self.shared;
        shared.launcher.pool().stop(&held, shared.limits.time).map_err(|e| shared.error(e))
    }
}

impl Instance for Ready {
    fn ready_at(&self) -> u64 {
        self.ready_at
    }

    fn is_alive(&mut self) -> bool {
        self.held.as_ref().is_some_and(|held| self.shared.launcher.pool().is_alive(held))
    }

    fn stop(mut self: Box<Self>) -> Result<(), RuntimeError> {
        self.end()
    }
}

impl Drop for Ready {
    fn drop(&mut self) {
        let _ = self.end();
    }
}
