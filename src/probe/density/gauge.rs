//! How much memory is in use, read in some ten microseconds however many processes there are: what a fill can afford
//! while it goes on. Adding up the processes' own shares would take milliseconds, and leave out what the kernel keeps for
//! namespaces, mounts and groups.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Reads memory in use.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Gauge {
    /// What the kernel charges to the caller's own memory cgroup, and those below, less the files' cached pages, which it
    /// gives up when memory is short.
    Cgroup(PathBuf),
    /// The machine's memory less `MemAvailable`: other programs are in it.
    Machine,
}

impl Gauge {
    /// The caller's own group where it is not the machine's root, else the machine.
    #[must_use]
    pub fn of_this_process() -> Self {
        let own = || {
            let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
            let candidates = groups.lines().filter_map(memory_group);
            let own = Self::Cgroup(candidates.into_iter().find(|group| usage(group).is_some())?);
            own.read().map(|_| own)
        };
        own().unwrap_or(Self::Machine)
    }

    /// The name in a figure's settings.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Cgroup(_) => "cgroup charge without file cache",
            Self::Machine => "MemTotal - MemAvailable",
        }
    }

    /// Bytes in use now. `None` where the kernel does not say.
    #[must_use]
    pub fn read(&self) -> Option<u64> {
        match self {
            Self::Cgroup(group) => {
                let stat = fs::read_to_string(group.join("memory.stat")).ok()?;
                // v1 has the group's own numbers, then the sums with those below; v2 has the sums alone.
                let sum = |name: &str| value(&stat, &format!("total_{name}")).or_else(|| value(&stat, name));
                let cached = sum("active_file")?.saturating_add(sum("inactive_file")?);
                Some(usage(group)?.saturating_sub(cached))
            }
            Self::Machine => {
                let info = fs::read_to_string("/proc/meminfo").ok()?;
                let kib = value(&info, "MemTotal:")?.checked_sub(value(&info, "MemAvailable:")?)?;
                kib.checked_mul(1024)
            }
        }
    }

    /// How many processes of the group the kernel has killed since its memory was used up. None is 0 where it does not say.
    #[must_use]
    pub fn kills(&self) -> u64 {
        let Self::Cgroup(group) = self else { return 0 };
        let files = ["memory.events", "memory.oom_control"].map(|file| fs::read_to_string(group.join(file)).ok());
        files.into_iter().flatten().find_map(|text| value(&text, "oom_kill")).unwrap_or(0)
    }
}

fn usage(group: &Path) -> Option<u64> {
    let files = ["memory.current", "memory.usage_in_bytes"].map(|file| fs::read_to_string(group.join(file)).ok());
    files.into_iter().flatten().find_map(|text| text.trim().parse().ok())
}

/// The directory of a line of /proc/self/cgroup that may account for memory: never the root's, which is the machine's.
fn memory_group(line: &str) -> Option<PathBuf> {
    let (_, rest) = line.split_once(':')?;
    let (controllers, path) = rest.split_once(':')?;
    let path = path.trim_start_matches('/');
    let mount = match controllers {
        "" => "/sys/fs/cgroup".to_owned(),
        named if named.split(',').any(|controller| controller == "memory") => format!("/sys/fs/cgroup/{named}"),
        _ => return None,
    };
    (!path.is_empty()).then(|| Path::new(&mount).join(path))
}

/// The number after a name, of which there is one a line.
fn value(text: &str, name: &str) -> Option<u64> {
    let mut lines = text.lines().map(str::split_whitespace);
    lines.find_map(|mut words| (words.next()? == name).then(|| words.next()?.parse().ok())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_that_account_for_memory() {
        assert_eq!(memory_group("4:memory:/a/b"), Some("/sys/fs/cgroup/memory/a/b".into()));
        assert_eq!(memory_group("0::/user.slice"), Some("/sys/fs/cgroup/user.slice".into()));
        assert_eq!(memory_group("0::/"), None);
        assert_eq!(memory_group("4:memory:/"), None);
        assert_eq!(memory_group("8:pids:/a"), None);
        assert_eq!(memory_group("nonsense"), None);
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
    fn sees_what_this_process_takes() {
        const TAKEN: usize = 64 << 20;
        let gauge = Gauge::of_this_process();
        let before = gauge.read().unwrap();
        let taken = std::hint::black_box(vec![1_u8; TAKEN]);
        let after = gauge.read().unwrap();
        drop(taken);
        // The machine's own number has others in it.
        if let Gauge::Cgroup(_) = gauge {
            assert!(after > before + TAKEN as u64 / 2, "{before} {after}");
        }
    }
}
