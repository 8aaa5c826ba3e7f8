//! The cgroups that this crate makes: all below one directory of its own in each hierarchy, itself below the caller's
//! own cgroup, so that what accounts for or limits the caller keeps holding.
//!
//! The directory carries its owner's process id and start time for people to read, and a number, so that no name comes
//! twice. For the program the owner is alive as long as the directory is locked: a lock ends with the processes that hold
//! it, whatever killed them.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::{Duration, Instant},
};

use rustix::{
    fs::{FlockOperation, flock},
    process::{Pid, Signal, kill_process},
};

/// How the name of every such directory begins.
pub(crate) const PREFIX: &str = "runtime-baseline-";

/// The name of a group that holds processes alone, so that the group above it has none of its own: in v2 only such a
/// group hands its controllers down. Whoever starts a program in a group of this name gives it the group above.
pub(crate) const MEMBERS: &str = "runtime-baseline.members";

/// What to do where a v2 group hands nothing down.
pub(crate) const HAND_DOWN: &str = "run it in a cgroup that holds no processes of its own and hands memory, cpu and pids \
                                    down: tools/in-own-group.sh COMMAND (with systemd: a scope with Delegate=yes)";

/// How long a killed process may take to leave its cgroup. It takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(5);

/// The own directories of one process, removed when dropped.
#[derive(Debug)]
pub(crate) struct Scope {
    directories: Vec<(PathBuf, File)>,
}

impl Scope {
    /// Makes a directory below each parent, after it removed those whose owner is dead.
    pub fn create(parents: &[PathBuf]) -> io::Result<Self> {
        let mut scope = Self { directories: Vec::new() };
        for parent in parents {
            sweep(parent);
            scope.directories.push(create_locked(parent)?);
        }
        Ok(scope)
    }

    /// The directory below the first parent.
    pub fn directory(&self) -> Option<&Path> {
        self.directories().next()
    }

    /// The directories, in the order of the parents.
    pub fn directories(&self) -> impl Iterator<Item = &Path> {
        self.directories.iter().map(|(path, _)| path.as_path())
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        for (directory, _) in &self.directories {
            remove_tree(directory, PATIENCE);
        }
    }
}

/// Moves the calling process into the group.
pub(crate) fn join(group: &Path) -> io::Result<()> {
    fs::write(group.join("cgroup.procs"), "0")
}

/// Where a process of this v2 group makes its groups: in it, or beside it where it holds processes alone.
pub(crate) fn home(own: &Path) -> &Path {
    let above = own.parent().filter(|_| own.file_name().is_some_and(|name| name == MEMBERS));
    above.unwrap_or(own)
}

/// Makes the group that is to hold the processes of the v2 group `directory`, which hands down what limits and counts.
pub(crate) fn hold_members(directory: &Path) -> io::Result<PathBuf> {
    let members = directory.join(MEMBERS);
    fs::create_dir(&members)?;
    for controller in ["memory", "cpu", "pids"] {
        // Each by itself: one that is not there must not keep the others.
        let _ = fs::write(directory.join("cgroup.subtree_control"), format!("+{controller}"));
    }
    Ok(members)
}

fn create_locked(parent: &Path) -> io::Result<(PathBuf, File)> {
    // Between the two calls another process may take the new directory for one that a dead owner left. It goes by the name,
    // and kills who is in what has it: what is made in its place has another.
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let owner = owner()?;
    for _ in 0..100 {
        let path = parent.join(format!("{PREFIX}{owner}-{}", NUMBER.fetch_add(1, Ordering::Relaxed)));
        fs::create_dir(&path)?;
        let Ok(lock) = File::open(&path) else { continue };
        if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok() && path.exists() {
            inherit_cpuset(parent, &path)?;
            return Ok((path, lock));
        }
    }
    Err(io::Error::other(format!("each cgroup of this process is removed as it is made below {}", parent.display())))
}

/// This process's id and start time.
fn owner() -> io::Result<String> {
    let stat = procfs::process::Process::myself().and_then(|process| process.stat()).map_err(io::Error::other)?;
    Ok(format!("{}-{}", stat.pid, stat.starttime))
}

/// A cpuset of the v1 hierarchy takes no process before it names CPUs and memory nodes.
fn inherit_cpuset(parent: &Path, child: &Path) -> io::Result<()> {
    for file in ["cpuset.cpus", "cpuset.mems"] {
        // In v2 an empty file means the parent's; it is there only where the controller is on, and may be empty.
        match fs::read(parent.join(file)) {
            Ok(value) if !value.trim_ascii().is_empty() => fs::write(child.join(file), value)?,
            _ => {}
        }
    }
    Ok(())
}

/// Removes what dead owners left below `parent`, as far as this user may.
fn sweep(parent: &Path) {
    for directory in named(parent, PREFIX) {
        if let Some(_lock) = lock_of_the_dead(&directory) {
            remove_tree(&directory, PATIENCE);
        }
    }
}

/// Removes what that process, which has ended, left below these parents, as soon as whatever it started there has ended
/// too. What has not by then is left to who next makes a [`Scope`] there.
pub(crate) fn remove_left_by(owner: u32, parents: &[PathBuf]) {
    let deadline = Instant::now() + PATIENCE;
    let prefix = format!("{PREFIX}{owner}-");
    loop {
        let left: Vec<_> = parents.iter().flat_map(|parent| named(parent, &prefix)).collect();
        for directory in &left {
            // Its id may be another process's by now.
            if let Some(_lock) = lock_of_the_dead(directory) {
                remove_empty(directory);
            }
        }
        if left.iter().all(|directory| !directory.exists()) || Instant::now() > deadline {
            return;
        }
        thread::sleep(Duration::from_millis(1));
    }
}

/// The directories below `parent` whose names begin so.
fn named<'a>(parent: &Path, prefix: &'a str) -> impl Iterator<Item = PathBuf> + use<'a> {
    let named = move |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(prefix));
    children(parent).filter(named)
}

/// The lock of a directory whose owner has ended, and so has what it forked.
fn lock_of_the_dead(directory: &Path) -> Option<File> {
    let lock = File::open(directory).ok()?;
    flock(&lock, FlockOperation::NonBlockingLockExclusive).ok().map(|()| lock)
}

/// Kills every process in the group and the groups below it, and removes them.
pub(crate) fn remove_tree(directory: &Path, patience: Duration) {
    let deadline = Instant::now() + patience;
    while directory.exists() {
        // Version 1 has no such file, and none is to be made.
        let kill = OpenOptions::new().write(true).open(directory.join("cgroup.kill"));
        if kill.and_then(|mut file| file.write_all(b"1")).is_err() {
            kill_members(directory);
        }
        remove_empty(directory);
        if !directory.exists() || Instant::now() > deadline {
            return;
        }
        thread::sleep(Duration::from_millis(5));
    }
}

fn remove_empty(directory: &Path) {
    for child in children(directory) {
        remove_empty(&child);
    }
    // Busy as long as a killed process is on its way out: the caller tries again.
    let _ = fs::remove_dir(directory);
}

fn kill_members(directory: &Path) {
    for child in children(directory) {
        kill_members(&child);
    }
    let members = fs::read_to_string(directory.join("cgroup.procs")).unwrap_or_default();
    // A member outside this process's namespace reads as 0, which is no process's id.
    for pid in members.lines().filter_map(|line| Pid::from_raw(line.parse().ok()?)) {
        let _ = kill_process(pid, Signal::KILL);
    }
}

fn children(directory: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())).map(|entry| entry.path())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::*;

    /// Who sweeps may take the lock of a directory that was just made, before its owner has. What the owner makes then must
    /// not be taken for it.
    #[test]
    fn who_sweeps_beside_loses_nobody_anything() {
        let parent = tempfile::tempdir().unwrap();
        let is_over = AtomicBool::new(false);
        let is_kept = || {
            let scope = Scope::create(&[parent.path().to_owned()]).ok()?;
            let below = scope.directory()?.join("below");
            fs::create_dir(&below).ok()?;
            thread::sleep(Duration::from_micros(50));
            below.exists().then_some(())
        };
        let kept = thread::scope(|threads| {
            for _ in 0..2 {
                threads.spawn(|| {
                    while !is_over.load(Ordering::Relaxed) {
                        sweep(parent.path());
                    }
                });
            }
            let kept = (0..3000).filter_map(|_| is_kept()).count();
            is_over.store(true, Ordering::Relaxed);
            kept
        });
        assert_eq!(kept, 3000);
    }

    #[test]
    fn who_has_ended_leaves_nothing_and_nobody_else_loses_anything() {
        let parent = tempfile::tempdir().unwrap();
        let make = |name: &str| {
            let path = parent.path().join(name);
            fs::create_dir_all(path.join("below")).unwrap();
            path
        };
        let left = make(&format!("{PREFIX}12-34"));
        let others = [make(&format!("{PREFIX}123-4")), make("12-34"), make(&format!("{PREFIX}13-34"))];
        let parents = [parent.path().to_owned(), parent.path().join("is not there")];
        let lock = lock_of_the_dead(&left).unwrap();
        assert!(lock_of_the_dead(&left).is_none(), "an owner that is alive");
        let waits = thread::spawn(move || remove_left_by(12, &parents));
        thread::sleep(Duration::from_millis(50));
        assert!(left.join("below").exists());
        drop(lock);
        waits.join().unwrap();
        assert!(!left.exists());
        assert!(others.iter().all(|other| other.join("below").exists()));
    }

    #[test]
    fn groups_are_made_beside_the_one_that_holds_processes_alone() {
        let home = |own: &str| home(Path::new(own)).display().to_string();
        assert_eq!(home("user.slice/run-1.scope"), "user.slice/run-1.scope");
        assert_eq!(home("user.slice/run-1.scope/runtime-baseline.members"), "user.slice/run-1.scope");
        assert_eq!(home("runtime-baseline.members"), "", "in a container, whose hierarchy begins there");
        assert_eq!(home(""), "");
        assert!(!MEMBERS.starts_with(PREFIX), "it would be taken for what a dead owner left");
    }

    #[test]
    fn what_limits_and_counts_is_handed_down() {
        let group = tempfile::tempdir().unwrap();
        let members = hold_members(group.path()).unwrap();
        assert!(members.is_dir() && home(&members) == group.path());
        // The last one written: the kernel would add them up.
        assert_eq!(fs::read_to_string(group.path().join("cgroup.subtree_control")).unwrap(), "+pids");
        hold_members(group.path()).unwrap_err();
    }
}
