//! What the process's control groups allow it, and how long they kept it waiting.

use std::path::{Path, PathBuf};

use super::{Host, storage::Mount};

/// A limit this high is none: v1 says "no limit" by the largest number of whole pages.
const NO_LIMIT: u64 = 1 << 60;

/// A group's directory, below the machine's root, and which interface it has.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Group {
    is_v1: bool,
    directory: PathBuf,
}

/// What a group's CPU controller has counted since the group was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Counters {
    periods: u64,
    throttled: u64,
    /// Summed over the CPUs.
    microseconds: u64,
}

/// The groups that have a quota at the beginning of a run, each with its counters.
#[derive(Debug, Clone, Default)]
pub(super) struct Throttle(Vec<(Group, Counters)>);

/// How a quota kept the process waiting.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Throttled {
    /// Summed over the CPUs.
    pub seconds: f64,
    /// In how many of the quota's periods.
    pub periods: u64,
    /// Of how many.
    pub of: u64,
}

impl Host {
    /// The tightest quota on the way from the process's own group to the root, in thousandths of a CPU. Above the root of a
    /// container's own view nothing is seen.
    pub(super) fn cpu_quota_millis(&self) -> Option<u32> {
        let quota = |group: &Group| {
            let (quota, period) = if group.is_v1 {
                let number = |file| self.number(group, file);
                // -1 is no quota.
                (number("cpu.cfs_quota_us")?, number("cpu.cfs_period_us")?)
            } else {
                let text = self.read(group.directory.join("cpu.max"))?;
                let (quota, period) = text.split_once(' ')?;
                (quota.parse().ok()?, period.parse().ok()?)
            };
            let millis = (quota as f64 * 1000.0 / period as f64).round();
            (period > 0 && millis >= 1.0 && millis <= f64::from(u32::MAX)).then_some(millis as u32)
        };
        self.groups("cpu").iter().filter_map(quota).min()
    }

    /// The tightest limit on memory likewise, where it is less than the machine's.
    pub(super) fn memory_limit(&self, memory: Option<u64>) -> Option<u64> {
        let limit =
            |group: &Group| self.number(group, if group.is_v1 { "memory.limit_in_bytes" } else { "memory.max" });
        let tightest = self.groups("memory").iter().filter_map(limit).min()?;
        (tightest < memory.unwrap_or(NO_LIMIT)).then_some(tightest)
    }

    /// Begins to watch the quotas.
    pub(super) fn throttle(&self) -> Throttle {
        let groups = self.groups("cpu").into_iter();
        Throttle(groups.filter_map(|group| self.counters(&group).map(|counters| (group, counters))).collect())
    }

    /// Of the quotas that are watched, how the one that bit hardest kept the process waiting since; nothing where none did.
    pub(super) fn throttled(&self, since: &Throttle) -> Option<Throttled> {
        let during = since.0.iter().filter_map(|(group, begin)| {
            let end = self.counters(group)?;
            // Counters that went backwards are those of another group of that name.
            let difference = Counters {
                periods: end.periods.checked_sub(begin.periods)?,
                throttled: end.throttled.checked_sub(begin.throttled)?,
                microseconds: end.microseconds.checked_sub(begin.microseconds)?,
            };
            (difference.throttled > 0).then_some(difference)
        });
        let hardest = during.max_by_key(|counters| (counters.microseconds, counters.throttled))?;
        let Counters { periods, throttled, microseconds } = hardest;
        Some(Throttled { seconds: microseconds as f64 / 1e6, periods: throttled, of: periods })
    }

    fn counters(&self, group: &Group) -> Option<Counters> {
        let text = self.read(group.directory.join("cpu.stat"))?;
        let count = |key: &str| {
            let mut pairs = text.lines().filter_map(|line| line.split_once(' '));
            pairs.find(|(name, _)| *name == key)?.1.trim().parse::<u64>().ok()
        };
        let time = if group.is_v1 { count("throttled_time")? / 1000 } else { count("throttled_usec")? };
        Some(Counters { periods: count("nr_periods")?, throttled: count("nr_throttled")?, microseconds: time })
    }

    /// A file of one number: nothing where there is none, or a word such as `max`.
    fn number(&self, group: &Group, file: &str) -> Option<u64> {
        self.read(group.directory.join(file))?.parse().ok()
    }

    /// The process's own group in the v1 hierarchy of that controller and in cgroup2, and the groups above each, up to where
    /// the hierarchy is mounted. A controller is in one of the two: where v1 has it, cgroup2 lacks its files.
    fn groups(&self, controller: &str) -> Vec<Group> {
        let (Some(own), Some(mounts)) = (self.read("proc/self/cgroup"), self.read("proc/self/mountinfo")) else {
            return Vec::new();
        };
        let own: Vec<(&str, &str)> = own.lines().filter_map(membership).collect();
        let mut found = Vec::new();
        for mount in mounts.lines().filter_map(Mount::parse) {
            let is_v1 = match mount.kind {
                "cgroup" if mount.has_option(controller) => true,
                "cgroup2" => false,
                _ => continue,
            };
            let is_in = |controllers: &str| match is_v1 {
                true => controllers.split(',').any(|name| name == controller),
                false => controllers.is_empty(),
            };
            let Some((_, path)) = own.iter().find(|(controllers, _)| is_in(controllers)) else { continue };
            // What is mounted may be a part of the hierarchy. A group beside or above that part is out of sight, and what is
            // in sight is above it, or as near as can be seen.
            let below = Path::new(path).strip_prefix(&mount.root).unwrap_or(Path::new(""));
            let plain = |part: std::path::Component<'_>| matches!(part, std::path::Component::Normal(_));
            let below = if below.components().all(plain) { below } else { Path::new("") };
            let point = mount.point.strip_prefix("/").unwrap_or(&mount.point);
            for path in below.ancestors() {
                let group = Group { is_v1, directory: point.join(path) };
                if !found.contains(&group) {
                    found.push(group);
                }
            }
        }
        found
    }
}

/// A line of /proc/self/cgroup: the controllers, none for cgroup2, and the path. A path may hold colons.
fn membership(line: &str) -> Option<(&str, &str)> {
    let (_, rest) = line.split_once(':')?;
    rest.split_once(':')
}
