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
    scope::{self, Scope},
};

/// The groups of one measurement, removed when dropped.
#[derive(Debug)]
pub(crate) struct OwnGroups {
    scopes: Vec<Scope>,
    /// Its own; where none can be made, the one that it is charged to.
    charge: Option<Charge>,
}

impl OwnGroups {
    /// Makes them. Without one, what it would tell is not told.
    pub fn new() -> Self {
        let mut scopes = Vec::new();
        let of_charge = |version, group: &Path| {
            let charge = Charge::new(version, group.to_owned());
            // In v2 a group counts memory only where its parent hands the controller down.
            charge.usage().is_ok().then_some(charge)
        };
        let charge = first(&mut scopes, Charge::groups_of_this_process(), of_charge).or_else(Charge::below_the_root);
        first(&mut scopes, Account::groups_of_this_process(), |version, group| Account::of(version, group).ok());
        Self { scopes, charge }
    }

    /// Removes those that a child of this process made, and was killed before it could remove them.
    pub fn remove_left_by(owner: u32) {
        let parents = [Charge::groups_of_this_process(), Account::groups_of_this_process()].concat();
        scope::remove_left_by(owner, &parents.into_iter().map(|(_, parent)| parent).collect::<Vec<_>>());
    }

    /// Moves the calling process. Where that is refused, it is accounted where it was, and finds so itself.
    pub fn enter(&self) {
        for group in self.directories() {
            let _ = fs::write(group.join("cgroup.procs"), "0");
        }
    }

    /// How many members of the group that is charged the kernel has killed for want of memory.
    pub fn oom_kills(&self) -> u64 {
        self.charge.as_ref().map_or(0, Charge::oom_kills)
    }

    /// Waits until the last member has ended, or no longer.
    pub fn wait_until_empty(&self, patience: Duration) {
        let deadline = Instant::now() + patience;
        let empty = |group: PathBuf| fs::read(group.join("cgroup.procs")).unwrap_or_default().is_empty();
        while Instant::now() < deadline && !self.directories().all(empty) {
            thread::sleep(Duration::from_millis(1));
        }
    }

    fn directories(&self) -> impl Iterator<Item = PathBuf> {
        self.scopes.iter().flat_map(|scope| scope.directories().map(PathBuf::from))
    }
}

/// What is found in the first group that has it: one of those that there are, or one made below one of these parents.
fn first<T>(
    scopes: &mut Vec<Scope>,
    parents: Vec<(Version, PathBuf)>,
    find: impl Fn(Version, &Path) -> Option<T>,
) -> Option<T> {
    parents.into_iter().find_map(|(version, parent)| {
        let found = scopes.iter().filter_map(Scope::directory).find_map(|group| find(version, group));
        found.or_else(|| {
            let scope = Scope::create(&[parent]).ok()?;
            let found = find(version, scope.directory()?)?;
            scopes.push(scope);
            Some(found)
        })
    })
}
