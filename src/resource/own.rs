//! The cgroups of one measurement: where this user may make them, one that counts memory and one that counts CPU time. In
//! cgroup2 they are one.

use std::{
    fs,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use super::{
    account::Account,
    charge::Charge,
    hierarchy::Version,
    scope::{self, Scope, hold_members, join},
};

/// The groups of one measurement, removed when dropped.
#[derive(Debug)]
pub(crate) struct OwnGroups {
    groups: Vec<Group>,
    /// What is charged to the measuring process: to its own group, or where none can be made, to the one that it is in.
    charge: Option<Charge>,
}

#[derive(Debug)]
struct Group {
    version: Version,
    scope: Scope,
    /// Where the process itself goes: in v2 a group below, so that the groups that it makes can count and limit as well.
    members: PathBuf,
}

impl OwnGroups {
    /// Makes them. Without one, what it would tell is not told.
    pub fn new() -> Self {
        let mut own = Self { groups: Vec::new(), charge: None };
        // In v2 a group counts memory only where its parent hands the controller down.
        let counts = |version, group: &Path| Charge::new(version, group.to_owned()).usage().is_ok();
        let charge = own.find_or_make(Charge::groups_of_this_process(), counts);
        // What else is made in there is killed by itself.
        own.charge =
            charge.map(|group| Charge::new(group.version, group.members.clone())).or_else(Charge::below_the_root);
        own.find_or_make(Account::groups_of_this_process(), |version, group| Account::of(version, group).is_ok());
        own
    }

    /// Removes those that a child of this process made, and was killed before it could remove them.
    pub fn remove_left_by(owner: u32) {
        let parents = [Charge::groups_of_this_process(), Account::groups_of_this_process()].concat();
        scope::remove_left_by(owner, &parents.into_iter().map(|(_, parent)| parent).collect::<Vec<_>>());
    }

    /// Moves the calling process. Where that is refused, it is accounted where it was, and finds so itself.
    pub fn enter(&self) {
        for group in &self.groups {
            let _ = join(&group.members);
        }
    }

    /// How many members of the group that is charged the kernel has killed for want of memory.
    pub fn oom_kills(&self) -> u64 {
        self.charge.as_ref().map_or(0, Charge::oom_kills)
    }

    /// Waits until the last process of them has ended, or no longer.
    pub fn wait_until_empty(&self, patience: Duration) {
        let deadline = Instant::now() + patience;
        while Instant::now() < deadline && self.groups.iter().any(Group::is_populated) {
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// The first group that will do: one of those that there are, or one made below one of these parents.
    fn find_or_make(
        &mut self,
        parents: Vec<(Version, PathBuf)>,
        will_do: impl Fn(Version, &Path) -> bool,
    ) -> Option<&Group> {
        let fits = |group: &Group| group.scope.directory().is_some_and(|directory| will_do(group.version, directory));
        let found = self.groups.iter().position(fits).or_else(|| {
            let make = |(version, parent)| Group::below(version, parent).filter(fits);
            self.groups.push(parents.into_iter().find_map(make)?);
            Some(self.groups.len() - 1)
        })?;
        self.groups.get(found)
    }
}

impl Group {
    fn below(version: Version, parent: PathBuf) -> Option<Self> {
        let scope = Scope::create(&[parent]).ok()?;
        let directory = scope.directory()?.to_owned();
        let members = match version {
            Version::V1 => directory,
            Version::V2 => hold_members(&directory).ok()?,
        };
        Some(Self { version, scope, members })
    }

    /// Whether a process is in it, in v2 or below it.
    fn is_populated(&self) -> bool {
        let Some(group) = self.scope.directory() else { return false };
        let read = |file: &str| fs::read_to_string(group.join(file)).unwrap_or_default();
        match self.version {
            Version::V1 => !read("cgroup.procs").is_empty(),
            Version::V2 => read("cgroup.events").lines().any(|line| line == "populated 1"),
        }
    }
}
