//! What a cgroup charges for memory, in either version, and where this process's own group is.

use std::{
    fs::{self, File},
    io::{self, BufRead, Write},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use procfs::{
    FromBufRead, ProcResult, ProcessCGroups,
    process::{MountInfos, Process},
};

pub(crate) use super::hierarchy::Version;
use super::{hierarchy, scope};

/// What counts memory.
const CONTROLLER: &str = "memory";

/// A group that counts memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Charge {
    version: Version,
    directory: PathBuf,
}

impl Charge {
    pub fn new(version: Version, directory: PathBuf) -> Self {
        Self { version, directory }
    }

    /// The groups of this process that may count memory.
    pub fn groups_of_this_process() -> Vec<(Version, PathBuf)> {
        hierarchy::of_this_process(CONTROLLER)
    }

    /// The group that this process is charged to, in v2 with the groups that are made for it; `None` where no hierarchy
    /// counts memory, or none can be seen.
    pub fn of_this_process() -> Option<Self> {
        Self::of(&Process::myself().ok()?)
    }

    /// The group that some process is charged to.
    pub fn of(process: &Process) -> Option<Self> {
        Self::find(&process.cgroups().ok()?, &Process::myself().ok()?.mountinfo().ok()?)
    }

    /// The group that this process is charged to, where it is not the root's, which is the machine's; `None` where no
    /// hierarchy counts memory, or none can be seen.
    pub fn below_the_root() -> Option<Self> {
        let process = Process::myself().ok()?;
        Self::find(&below_the_root(process.cgroups().ok()?), &process.mountinfo().ok()?)
    }

    /// The group that was made for this process by a [`Scope`](super::scope::Scope), and counts nothing else.
    pub fn of_own_group() -> Option<Self> {
        let groups = hierarchy::made_for_this_process(CONTROLLER).into_iter();
        groups.map(|(version, directory)| Self::new(version, directory)).find(Self::counts_memory)
    }

    /// Whether the group was made by a [`Scope`](super::scope::Scope), for a process that counts alone in it.
    pub fn is_own(&self) -> bool {
        hierarchy::is_made(&self.directory)
    }

    /// The group that a process is charged to, from two files as they are in `/proc/self`.
    #[cfg_attr(not(test), allow(dead_code, reason = "for hierarchies that this machine does not have"))]
    fn read(cgroup: impl BufRead, mountinfo: impl BufRead) -> ProcResult<Option<Self>> {
        Ok(Self::find(&ProcessCGroups::from_buf_read(cgroup)?, &MountInfos::from_buf_read(mountinfo)?))
    }

    fn find(groups: &ProcessCGroups, mounts: &MountInfos) -> Option<Self> {
        Self::charged(hierarchy::directories(CONTROLLER, groups, mounts))
    }

    /// The first that counts. A group that was made for a process, and was not handed the controller, is charged to the one
    /// that it was made in.
    fn charged(groups: Vec<(Version, PathBuf)>) -> Option<Self> {
        let charges = groups.into_iter().flat_map(|(version, directory)| {
            let above = directory.parent().filter(|_| hierarchy::is_made(&directory)).map(Path::to_owned);
            [Some(directory), above].into_iter().flatten().map(move |directory| Self::new(version, directory))
        });
        charges.into_iter().find(Self::counts_memory)
    }

    fn counts_memory(&self) -> bool {
        match self.version {
            Version::V1 => self.directory.join("memory.usage_in_bytes").exists(),
            // The root group has no usage of its own, but hands the controller down.
            Version::V2 => fs::read_to_string(self.directory.join("cgroup.controllers"))
                .is_ok_and(|names| names.split_whitespace().any(|name| name == "memory")),
        }
    }

    #[cfg(test)]
    pub fn version(&self) -> Version {
        self.version
    }

    #[cfg(test)]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The name of the method, for the conditions of a figure.
    pub fn method(&self) -> &'static str {
        match self.version {
            Version::V1 => "cgroup-v1 memory.usage_in_bytes",
            Version::V2 => "cgroup-v2 memory.current",
        }
    }

    /// The name of the method for peaks.
    pub fn peak_method(&self) -> &'static str {
        match self.version {
            Version::V1 => "cgroup-v1 memory.max_usage_in_bytes",
            Version::V2 => "cgroup-v2 memory.peak",
        }
    }

    /// Bytes charged now. The kernel charges ahead, in batches of 64 pages for each CPU: use differences that are large
    /// beside [`granularity`].
    pub fn usage(&self) -> io::Result<u64> {
        self.number(match self.version {
            Version::V1 => "memory.usage_in_bytes",
            Version::V2 => "memory.current",
        })
    }

    /// Bytes charged now, to the group and those below, less the files' cached pages.
    pub fn without_file_cache(&self) -> io::Result<u64> {
        let stat = fs::read_to_string(self.directory.join("memory.stat"))?;
        // v1 has the group's own numbers, then the sums with those below; v2 has the sums alone.
        let sum = |name: &str| value(&stat, &format!("total_{name}")).or_else(|| value(&stat, name));
        let cached = sum("active_file").zip(sum("inactive_file")).ok_or(io::ErrorKind::InvalidData)?;
        Ok(self.usage()?.saturating_sub(cached.0.saturating_add(cached.1)))
    }

    /// Lets the peak begin anew at what is in use. In v2 (Linux 6.12 and later) that holds for readers of the file that is
    /// returned alone.
    pub fn reset_peak(&self) -> io::Result<File> {
        let file = match self.version {
            Version::V1 => "memory.max_usage_in_bytes",
            Version::V2 => "memory.peak",
        };
        let mut peak = File::options().read(true).write(true).open(self.directory.join(file))?;
        peak.write_all(b"0")?;
        Ok(peak)
    }

    /// The most bytes charged since [`reset_peak`](Self::reset_peak) returned `peak`.
    pub fn peak(&self, peak: &File) -> io::Result<u64> {
        let mut text = [0; 32];
        let length = peak.read_at(&mut text, 0)?;
        self.parse(&String::from_utf8_lossy(&text[..length]))
    }

    /// The most bytes charged since the group was made, where the kernel keeps that for v2: Linux 5.19 and later.
    pub fn peak_since_made(&self) -> io::Result<u64> {
        match self.version {
            Version::V1 => Err(io::ErrorKind::Unsupported.into()),
            Version::V2 => self.number("memory.peak"),
        }
    }

    /// How many members the kernel killed for want of memory.
    pub fn oom_kills(&self) -> u64 {
        let file = match self.version {
            Version::V1 => "memory.oom_control",
            Version::V2 => "memory.events",
        };
        let text = fs::read_to_string(self.directory.join(file)).unwrap_or_default();
        value(&text, "oom_kill").unwrap_or(0)
    }

    fn number(&self, file: &str) -> io::Result<u64> {
        self.parse(&fs::read_to_string(self.directory.join(file))?)
    }

    fn parse(&self, text: &str) -> io::Result<u64> {
        let invalid = |e| io::Error::new(io::ErrorKind::InvalidData, format!("{}: {e}", self.directory.display()));
        text.trim().parse().map_err(invalid)
    }
}

/// Why a process in `own` has no [group](Charge::of_own_group) that counts it and what it starts, and what to do about it.
pub(crate) fn why_not_counted(own: Option<&Charge>) -> (String, String) {
    let Some(own) = own else {
        let remedy = "mount cgroup2 at /sys/fs/cgroup, on a kernel that was not started with cgroup_disable=memory";
        return ("no cgroup that can be seen here counts memory".to_owned(), remedy.to_owned());
    };
    let directory = own.directory.display();
    let handed_down = fs::read_to_string(own.directory.join("cgroup.subtree_control"))
        .is_ok_and(|names| names.split_whitespace().any(|name| name == "memory"));
    if own.version == Version::V2 && !handed_down {
        let reason = format!("the cgroup {directory} hands no memory controller down to a group for what is measured");
        return (reason, scope::HAND_DOWN.to_owned());
    }
    let reason = format!("this user may not make a group below the cgroup {directory}, or not move into it");
    (reason, format!("run as root; or {}", scope::HAND_DOWN))
}

/// The groups that are not their hierarchy's root.
fn below_the_root(mut groups: ProcessCGroups) -> ProcessCGroups {
    groups.0.retain(|group| group.pathname != "/");
    groups
}

/// The number after a name, of which there is one a line.
fn value(text: &str, name: &str) -> Option<u64> {
    let mut lines = text.lines().map(str::split_whitespace);
    lines.find_map(|mut words| (words.next()? == name).then(|| words.next()?.parse().ok())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A hierarchy in a directory, as `mountinfo` would tell of it.
    struct Tree {
        root: tempfile::TempDir,
        mounts: String,
    }

    impl Tree {
        fn new() -> Self {
            Self { root: tempfile::tempdir().unwrap(), mounts: String::new() }
        }

        fn mount(mut self, name: &str, root: &str, kind: &str, options: &str) -> Self {
            let at = self.root.path().join(name);
            fs::create_dir_all(&at).unwrap();
            let line = format!("30 20 0:26 {root} {} rw,nosuid - {kind} {kind} rw{options}\n", at.display());
            self.mounts.push_str(&line);
            self
        }

        fn file(self, path: &str, content: &str) -> Self {
            let path = self.root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
            self
        }

        fn read(&self, groups: &str) -> Option<Charge> {
            Charge::read(groups.as_bytes(), self.mounts.as_bytes()).unwrap()
        }
    }

    #[test]
    fn v2() {
        let tree = Tree::new()
            .mount("cgroup", "/", "cgroup2", "")
            .file("cgroup/user.slice/x/cgroup.controllers", "cpu memory pids\n")
            .file("cgroup/user.slice/x/memory.current", "4096\n")
            .file("cgroup/user.slice/x/memory.peak", "8192\n")
            .file("cgroup/user.slice/x/memory.events", "low 0\noom 1\noom_kill 2\n");
        let charge = tree.read("0::/user.slice/x\n").unwrap();
        assert_eq!((charge.version(), charge.usage().unwrap()), (Version::V2, 4096));
        let peak = File::open(charge.directory().join("memory.peak")).unwrap();
        assert_eq!((charge.peak(&peak).unwrap(), charge.peak_since_made().unwrap()), (8192, 8192));
        assert_eq!((charge.oom_kills(), charge.method()), (2, "cgroup-v2 memory.current"));
        assert_eq!(tree.read("0::/user.slice/x/runtime-baseline-1-2\n").unwrap(), charge, "not handed down");
        assert_eq!(tree.read("0::/user.slice/x/y\n"), None, "a group that others made");
        assert_eq!(tree.read("0::/user.slice/y\n"), None, "no controller there");
        let with_members = tree.read("0::/user.slice/x/runtime-baseline.members\n");
        assert_eq!(with_members, Some(charge), "what is made beside the members is charged there too");
    }

    #[test]
    fn v1_and_a_part_of_it_as_in_a_container() {
        let tree = Tree::new()
            .mount("cpu", "/", "cgroup", ",cpu")
            .mount("memory", "/docker/abc", "cgroup", ",memory")
            .file("memory/job/memory.usage_in_bytes", "262144\n")
            .file("memory/job/memory.max_usage_in_bytes", "524288\n")
            .file("memory/job/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n");
        let charge = tree.read("5:memory:/docker/abc/job\n2:cpu:/\n").unwrap();
        assert_eq!((charge.version(), charge.usage().unwrap()), (Version::V1, 262_144));
        assert_eq!(charge.oom_kills(), 1);
        let peak = charge.reset_peak().unwrap();
        assert_eq!(charge.peak(&peak).unwrap(), 24_288, "a 0 was written over its first digit");
        assert_eq!(tree.read("5:memory:/elsewhere\n2:cpu:/\n"), None, "the group is not in what is mounted");
    }

    #[test]
    fn a_hybrid_has_the_controller_where_it_has_it() {
        let tree = Tree::new()
            .mount("unified", "/", "cgroup2", "")
            .mount("memory", "/", "cgroup", ",memory")
            .file("unified/cgroup.controllers", "\n")
            .file("memory/memory.usage_in_bytes", "1\n");
        assert_eq!(tree.read("4:memory:/\n0::/\n").unwrap().version(), Version::V1);
        let other = Tree::new()
            .mount("unified", "/", "cgroup2", "")
            .mount("cpu", "/", "cgroup", ",cpu")
            .file("unified/a/cgroup.controllers", "memory\n");
        assert_eq!(other.read("4:cpu:/\n0::/a\n").unwrap().version(), Version::V2);
    }

    #[test]
    fn groups_that_are_not_the_root() {
        let below = |groups: &str| {
            let groups = below_the_root(ProcessCGroups::from_buf_read(groups.as_bytes()).unwrap());
            groups.0.into_iter().map(|group| group.pathname).collect::<Vec<_>>()
        };
        assert_eq!(below("4:memory:/a/b\n0::/user.slice\n"), ["/a/b", "/user.slice"]);
        assert!(below("4:memory:/\n0::/\n").is_empty());
        let tree = Tree::new().mount("memory", "/", "cgroup", ",memory").file("memory/a/memory.usage_in_bytes", "1\n");
        assert_eq!(tree.read("8:pids:/a\n"), None);
        assert!(ProcessCGroups::from_buf_read("nonsense".as_bytes()).is_err());
    }

    #[test]
    fn numbers_are_found_by_their_whole_name() {
        let text = "active_file 12\ntotal_active_file 34\nMemTotal:  56 kB\nempty\n";
        assert_eq!(value(text, "total_active_file"), Some(34));
        assert_eq!(value(text, "active_file"), Some(12));
        assert_eq!(value(text, "MemTotal:"), Some(56));
        assert_eq!(value(text, "empty"), None);
        assert_eq!(value(text, "file"), None);
    }

    #[test]
    fn file_cache_is_no_memory_in_use_in_either_version() {
        let directory = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(directory.path().join(name), text).unwrap();
        let charge = |version| Charge::new(version, directory.path().to_owned());
        write("memory.usage_in_bytes", "100\n");
        write("memory.stat", "active_file 90\ninactive_file 90\ntotal_active_file 10\ntotal_inactive_file 20\n");
        assert_eq!(charge(Version::V1).without_file_cache().unwrap(), 70);
        write("memory.current", "50\n");
        write("memory.stat", "active_file 1\ninactive_file 2\n");
        assert_eq!(charge(Version::V2).without_file_cache().unwrap(), 47);
        write("memory.stat", "anon 1\n");
        charge(Version::V2).without_file_cache().unwrap_err();
    }

    #[test]
    fn where_nothing_is_counted_somebody_can_do_something() {
        let (reason, remedy) = why_not_counted(None);
        assert!(reason.contains("no cgroup") && remedy.contains("cgroup2"));
        let tree = Tree::new().mount("cgroup", "/", "cgroup2", "").file("cgroup/a/cgroup.controllers", "memory\n");
        let own = tree.read("0::/a\n");
        let (reason, remedy) = why_not_counted(own.as_ref());
        assert!(reason.contains("cgroup/a hands no memory") && remedy == scope::HAND_DOWN, "{reason}");
        let tree = tree.file("cgroup/a/cgroup.subtree_control", "cpu memory\n");
        let (reason, remedy) = why_not_counted(own.as_ref());
        assert!(reason.contains("may not") && remedy.contains("root"), "{reason}");
        drop(tree);
    }

    #[test]
    fn an_oom_kill_is_seen_in_the_events() {
        let directory = tempfile::tempdir().unwrap();
        let counts_oom_kill = |version, text: &str| {
            let file = if version == Version::V2 { "memory.events" } else { "memory.oom_control" };
            fs::write(directory.path().join(file), text).unwrap();
            Charge::new(version, directory.path().to_owned()).oom_kills() > 0
        };
        assert!(counts_oom_kill(Version::V2, "low 0\nhigh 0\nmax 12\noom 1\noom_kill 1\noom_group_kill 0\n"));
        assert!(counts_oom_kill(Version::V1, "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n"));
        assert!(!counts_oom_kill(Version::V2, "low 0\noom 0\noom_kill 0\noom_group_kill 0\n"));
        assert!(!counts_oom_kill(Version::V2, ""));
    }

    #[test]
    fn none_and_nonsense() {
        assert_eq!(Tree::new().read("0::/\n"), None);
        assert_eq!(Tree::new().mount("unified", "/", "cgroup2", "").read("0::/\n"), None);
        assert_eq!(Tree::new().mount("unified", "/", "cgroup2", "").read(""), None);
        assert!(Charge::read("nonsense".as_bytes(), "".as_bytes()).is_err());
        let tree = Tree::new().mount("memory", "/", "cgroup", ",memory").file("memory/memory.usage_in_bytes", "many");
        let error = tree.read("4:memory:/\n").unwrap().usage().unwrap_err();
        assert!(error.to_string().contains("invalid digit"), "{error}");
    }
}
