//! How much memory is in use, read in some ten microseconds however many processes there are: what a fill can afford
//! while it goes on. Adding up the processes' own shares would take milliseconds, and leave out what the kernel keeps for
//! namespaces, mounts and groups.

use procfs::{Current, Meminfo};

use crate::resource::charge::Charge;

/// The method where the group is the measurement's own.
pub(super) const OWN: &str = "own cgroup's charge without file cache";

/// Reads memory in use: what the kernel charges to a memory cgroup, and those below, less the files' cached pages, which
/// it gives up when memory is short; or else the machine's memory less `MemAvailable`, with other programs in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gauge(Option<Charge>);

impl Gauge {
    /// Of the caller's own group where it is not the machine's root, else of the machine.
    #[must_use]
    pub fn of_this_process() -> Self {
        Self(Charge::below_the_root().filter(|own| own.without_file_cache().is_ok()))
    }

    /// Whether it is a group's alone, without the rest of the machine.
    #[must_use]
    pub fn is_of_a_group(&self) -> bool {
        self.0.is_some()
    }

    /// Whether that group was made for this process, and what it starts, alone.
    pub(super) fn is_own(&self) -> bool {
        self.0.as_ref().is_some_and(Charge::is_own)
    }

    /// The name in a figure's settings.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self.0 {
            Some(_) if self.is_own() => OWN,
            Some(_) => "cgroup charge without file cache",
            None => "MemTotal - MemAvailable",
        }
    }

    /// Bytes in use now. `None` where the kernel does not say.
    #[must_use]
    pub fn read(&self) -> Option<u64> {
        match &self.0 {
            Some(charge) => charge.without_file_cache().ok(),
            None => {
                let machine = Meminfo::current().ok()?;
                machine.mem_total.checked_sub(machine.mem_available?)
            }
        }
    }

    /// How many processes of the group the kernel has killed since its memory was used up. None is 0 where it does not say.
    #[must_use]
    pub fn kills(&self) -> u64 {
        self.0.as_ref().map_or(0, Charge::oom_kills)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sees_what_this_process_takes() {
        const TAKEN: usize = 64 << 20;
        let gauge = Gauge::of_this_process();
        let before = gauge.read().unwrap();
        let taken = std::hint::black_box(vec![1_u8; TAKEN]);
        let after = gauge.read().unwrap();
        drop(taken);
        if !gauge.is_of_a_group() {
            return crate::need::skip("cgroup", &"other programs are in the number that is measured here");
        }
        assert!(after > before + TAKEN as u64 / 2, "{before} {after}");
    }
}
