//! Starts containers from helper processes, which end and clean up with the process that uses the library.
//!
//! libcontainer must not run in a process with several threads: it changes the working directory, and the child of its
//! raw `clone3` deadlocks where another thread held the allocator's lock. So it runs in processes of one thread:
//!
//! ```text
//! this process ─ keeper ─ first process of a process namespace ─┬─ worker ─┬─ container
//!                                                               │          └─ container …
//!                                                               └─ worker …
//! ```
//!
//! The keeper is this process's own executable, started again; a function in `.init_array` turns it into the keeper
//! before `main` runs (see `process`). The kernel kills all of a process namespace with its first process, so whatever
//! ends this process, the keeper, or both, no container outlives them; the keeper then removes the cgroups, and those of
//! a keeper that was killed are removed by the next.

mod child;
mod command;
mod executor;
mod exhausted;
mod init;
pub(crate) mod keeper;
mod limit;
mod orphans;
mod phases;
mod pool;
pub(crate) mod protocol;
mod verdict;
pub(crate) mod view;
mod worker;

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    process::Child,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::{
    adapter::RefusalKind,
    process::{HookError, hook},
};
pub(crate) use executor::{FindEngine, Inherited, ModuleEngine, Ready};
pub(crate) use keeper::run as keeper_main;
use pool::Pool;
pub(crate) use pool::{Held, WorkerError};
use protocol::{Channel, Hello, Obstacle, Setting};

/// The role of the keeper.
pub(crate) const KEEPER: &str = "keeper";

/// How long the helper may take until it says hello. It takes milliseconds.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// How long the keeper may take to remove what there is. It takes milliseconds.
const FAREWELL: Duration = Duration::from_secs(10);

/// Which cgroup hierarchy the containers are put in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CgroupView {
    /// cgroup2 wherever it can be mounted, privately on a machine that uses the v1 controllers. The helpers stay in the
    /// caller's own v1 groups and their children inherit them, so limits of the caller keep holding.
    #[default]
    Auto,
    /// What the machine itself uses, the v1 controllers included.
    Host,
}

/// How a [`Launcher`] is set up.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct LauncherOptions {
    /// Where images and the mount point for state live. By default `runtime-baseline` in the target directory that the
    /// program was built in, else in the user's cache directory.
    pub directory: Option<PathBuf>,
    /// Which cgroups are used.
    pub cgroup_view: CgroupView,
}

/// Why no helper could be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LauncherError {
    /// This machine, or what this user may do on it, does not allow it.
    #[error("containers cannot be started here: {reason}; {remedy}")]
    Unavailable {
        /// Whether it is missing, refused, or broken.
        kind: RefusalKind,
        /// What is missing.
        reason: String,
        /// What to do about it.
        remedy: String,
    },
    /// This process cannot start helpers.
    #[error(transparent)]
    Hook(#[from] HookError),
    /// The helper was started and did not answer as this version of the crate does.
    #[error("the helper process did not start: {reason}")]
    Handshake {
        /// What happened.
        reason: String,
    },
    /// A file or a process could not be made.
    #[error("{what}: {source}")]
    Io {
        /// What was being done.
        what: String,
        /// What the system said.
        source: io::Error,
    },
}

/// The helper processes of this process. Clones share them; when the last one is dropped they end, and everything they
/// made is gone.
///
/// ```
/// use runtime_baseline::launcher::{Launcher, LauncherOptions};
///
/// match Launcher::start(LauncherOptions::default()) {
///     Ok(launcher) => println!("cgroups: {}", launcher.cgroup()),
///     Err(error) => println!("{error}"),
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Launcher(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    pool: Pool,
    keeper: Mutex<Child>,
    setting: Setting,
    directory: PathBuf,
    view: CgroupView,
}

impl Launcher {
    /// Starts the helper processes.
    ///
    /// # Errors
    /// [`LauncherError`] says what is missing, or which misuse it is.
    pub fn start(options: LauncherOptions) -> Result<Self, LauncherError> {
        hook::check()?;
        let directory = match options.directory {
            Some(directory) => directory,
            None => default_directory()?,
        };
        let state = directory.join("state");
        let failed = |what: &Path| {
            let what = what.display().to_string();
            move |source| LauncherError::Io { what, source }
        };
        fs::create_dir_all(&state).map_err(failed(&state))?;
        let directory = directory.canonicalize().map_err(failed(&directory))?;
        let (setting, keeper, control) = spawn(&directory.join("state"), options.cgroup_view)?;
        let inner = Inner {
            pool: Pool::new(control),
            keeper: Mutex::new(keeper),
            setting,
            directory,
            view: options.cgroup_view,
        };
        Ok(Self(Arc::new(inner)))
    }

    /// Which cgroup view the containers are in: `v2`, `v2 (private view)`, `v1` or `none (…)`.
    #[must_use]
    pub fn cgroup(&self) -> &str {
        &self.0.setting.cgroup
    }

    /// Whether the containers run in a user namespace, without root.
    #[must_use]
    pub fn rootless(&self) -> bool {
        self.0.setting.rootless
    }

    /// Whether a container's memory can be limited in this view.
    #[must_use]
    pub fn limits_memory(&self) -> bool {
        self.0.setting.memory_controller
    }

    /// Whether a container's share of the CPU can be limited in this view.
    #[must_use]
    pub fn limits_cpu(&self) -> bool {
        self.0.setting.cpu_controller
    }

    /// The directory of images and of the mount point for state.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.0.directory
    }

    /// The process id of the keeper: the helpers and their containers are its descendants.
    #[must_use]
    pub fn process_id(&self) -> u32 {
        self.0.keeper.lock().unwrap_or_else(PoisonError::into_inner).id()
    }

    pub(crate) fn pool(&self) -> &Pool {
        &self.0.pool
    }

    /// What a request to a helper and back costs: the part of a start that is this crate's own.
    ///
    /// # Errors
    /// [`LauncherError::Handshake`] when the helpers are gone.
    pub fn round_trip(&self) -> Result<Duration, LauncherError> {
        let before = Instant::now();
        self.pool().ping().map_err(|e| LauncherError::Handshake { reason: e.to_string() })?;
        Ok(before.elapsed())
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.pool.close();
        let keeper = self.keeper.get_mut().unwrap_or_else(PoisonError::into_inner);
        let status = end(keeper, FAREWELL);
        // A keeper that was killed could not remove its cgroups: the next one does, and ends at once.
        if status.is_none_or(|status| !status.success())
            && let Ok((_, mut sweeper, control)) = spawn(&self.directory.join("state"), self.view)
        {
            drop(control);
            let _ = end(&mut sweeper, FAREWELL);
        }
    }
}

/// Starts a keeper and waits until it says hello.
fn spawn(state: &Path, view: CgroupView) -> Result<(Setting, Child, Channel), LauncherError> {
    let failed = |what: &str| {
        let what = what.to_owned();
        move |source| LauncherError::Io { what, source }
    };
    let (control, theirs) = Channel::pair().map_err(failed("socketpair"))?;
    let mut command = hook::command(KEEPER, theirs.into_fd());
    // libcontainer would hand a socket-activated service's sockets to the containers.
    command.env_remove("LISTEN_FDS").env(keeper::STATE, state);
    if view == CgroupView::Host {
        command.env(keeper::VIEW, "host");
    }
    let mut child = command.spawn().map_err(failed("/proc/self/exe"))?;
    // The command holds the helper's end, whose last copy must go with the helper.
    drop(command);
    match handshake(&control, HANDSHAKE) {
        Ok(setting) => Ok((setting, child, control)),
        Err(error) => {
            drop(control);
            let _ = end(&mut child, Duration::from_secs(1));
            Err(error)
        }
    }
}

/// Waits until the helper says hello, as this version of the crate does.
fn handshake(control: &Channel, limit: Duration) -> Result<Setting, LauncherError> {
    let reason = match control.receive_within::<Hello>(limit) {
        Ok(Some(hello)) if hello.version != hook::VERSION => {
            format!("it is runtime-baseline {}, this is {}", hello.version, hook::VERSION)
        }
        Ok(Some(Hello { outcome: Ok(setting), .. })) => return Ok(setting),
        Ok(Some(Hello { outcome: Err(Obstacle { kind, reason, remedy }), .. })) => {
            return Err(LauncherError::Unavailable { kind, reason, remedy });
        }
        Ok(None) => "it ended before it said hello".to_owned(),
        Err(e) => e.to_string(),
    };
    Err(LauncherError::Handshake { reason })
}

/// Waits for a child, and kills it when it takes too long.
pub(crate) fn end(child: &mut Child, patience: Duration) -> Option<std::process::ExitStatus> {
    let deadline = Instant::now() + patience;
    // It ends by itself, its socket being closed.
    while Instant::now() < deadline {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) => std::thread::sleep(Duration::from_millis(1)),
            Err(_) => return None,
        }
    }
    let _ = child.kill();
    let _ = child.wait();
    None
}

/// The target directory that the program lies in, else the user's cache directory. Cargo marks the target directory
/// with a tag when it makes it, and each profile's directory in it with its lock.
pub(crate) fn default_directory() -> Result<PathBuf, LauncherError> {
    const NAME: &str = "runtime-baseline";
    let program = env::current_exe().unwrap_or_default();
    let tagged = program.ancestors().find(|directory| directory.join("CACHEDIR.TAG").exists());
    let profile = || program.ancestors().find(|directory| directory.join(".cargo-lock").exists());
    let target = tagged.or_else(|| profile()?.parent());
    let cache = || {
        let home = env::var_os("HOME").map(|home| Path::new(&home).join(".cache"));
        env::var_os("XDG_CACHE_HOME").map(PathBuf::from).or(home)
    };
    target.map(Path::to_owned).or_else(cache).map(|directory| directory.join(NAME)).ok_or_else(|| {
        LauncherError::Unavailable {
            kind: RefusalKind::NotFound,
            reason: "there is no target directory above the program, and no HOME".to_owned(),
            remedy: "set HOME, or XDG_CACHE_HOME".to_owned(),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hello(version: &str) -> Hello {
        let setting =
            Setting { cgroup: "v2".to_owned(), memory_controller: false, cpu_controller: false, rootless: false };
        Hello { version: version.to_owned(), outcome: Ok(setting) }
    }

    #[test]
    fn a_helper_that_is_not_ours_is_told_apart() {
        let (ours, theirs) = Channel::pair().unwrap();
        let short = Duration::from_millis(10);
        let reason = |result: Result<Setting, LauncherError>| match result.unwrap_err() {
            LauncherError::Handshake { reason } => reason,
            other => panic!("{other}"),
        };
        assert!(reason(handshake(&ours, short)).contains("no answer within"));
        theirs.send(&hello("99.0.0")).unwrap();
        assert!(reason(handshake(&ours, short)).contains("runtime-baseline 99.0.0"));
        theirs.send(&"what a host's main might write").unwrap();
        assert!(!reason(handshake(&ours, short)).is_empty());
        theirs.send(&hello(hook::VERSION)).unwrap();
        assert_eq!(handshake(&ours, short).unwrap().cgroup, "v2");
        drop(theirs);
        assert!(reason(handshake(&ours, short)).contains("ended"));
    }
}
