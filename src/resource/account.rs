//! The CPU time that a cgroup's members used, those that have ended and those of groups below included, in either version.
//!
//! The kernel adds a member's time when it stops running, and at every tick of the timer while it runs: what runs at the
//! instant of a reading is known to the last tick, 1 to 10 ms ago, on each CPU.

use std::{
    fs::File,
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use super::hierarchy::{self, Version};

/// What counts CPU time in v1; in v2 every group does, whatever it was handed.
const CONTROLLER: &str = "cpuacct";

/// A group's account, kept open.
#[derive(Debug)]
pub(crate) struct Account {
    version: Version,
    file: File,
}

impl Account {
    /// The groups of this process that may have an account, cgroup2's first: it needs no controller.
    pub fn groups_of_this_process() -> Vec<(Version, PathBuf)> {
        let mut groups = hierarchy::of_this_process(CONTROLLER);
        groups.reverse();
        groups
    }

    /// Of the group that was made for this process by a [`Scope`](super::scope::Scope), and counts nothing else.
    pub fn of_own_group() -> io::Result<Self> {
        let groups = hierarchy::made_for_this_process(CONTROLLER).into_iter().rev();
        let mut accounts = groups.map(|(version, directory)| Self::of(version, &directory));
        let first = accounts.find(Result::is_ok);
        first.unwrap_or_else(|| Err(io::Error::new(io::ErrorKind::NotFound, "no cgroup of this process's own")))
    }

    /// Of that group.
    pub fn of(version: Version, directory: &Path) -> io::Result<Self> {
        let file = match version {
            Version::V1 => "cpuacct.usage",
            Version::V2 => "cpu.stat",
        };
        let account = Self { version, file: File::open(directory.join(file))? };
        account.read().map(|_| account)
    }

    /// Nanoseconds since the group was made.
    pub fn read(&self) -> io::Result<u64> {
        let mut text = [0; 1024];
        let length = self.file.read_at(&mut text, 0)?;
        let text = String::from_utf8_lossy(&text[..length]);
        let (number, scale) = match self.version {
            Version::V1 => (Some(text.trim()), 1),
            Version::V2 => (text.lines().find_map(|line| line.strip_prefix("usage_usec ")), 1000),
        };
        let nanoseconds = number.and_then(|number| number.parse::<u64>().ok()?.checked_mul(scale));
        nanoseconds
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, format!("{}: no number: {text}", self.method())))
    }

    /// The name of the method, for the conditions of a figure.
    pub fn method(&self) -> &'static str {
        match self.version {
            Version::V1 => "cgroup-v1 cpuacct.usage",
            Version::V2 => "cgroup-v2 cpu.stat",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_what_is_none() {
        let directory = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(directory.path().join(name), text).unwrap();
        let read = |version| Account::of(version, directory.path()).and_then(|account| account.read());
        assert_eq!(read(Version::V1).unwrap_err().kind(), io::ErrorKind::NotFound);
        write("cpuacct.usage", "123456789\n");
        write("cpu.stat", "usage_usec 123\nuser_usec 100\nsystem_usec 23\n");
        assert_eq!((read(Version::V1).unwrap(), read(Version::V2).unwrap()), (123_456_789, 123_000));
        // The root group of an older kernel has no account.
        write("cpu.stat", "nr_periods 0\n");
        write("cpuacct.usage", "many\n");
        for version in [Version::V1, Version::V2] {
            assert!(read(version).unwrap_err().to_string().contains("no number"));
        }
        write("cpu.stat", "usage_usec 18446744073709551615\n");
        assert_eq!(read(Version::V2).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }
}
