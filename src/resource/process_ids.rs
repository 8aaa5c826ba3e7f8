//! How many processes and threads the machine may have.

use std::{fs, path::Path, thread};

use procfs::sys::kernel::pid_max;

use crate::provenance::INITIAL_PROCESSES;

/// The kernel's default of `kernel.pid_max`: `PID_MAX_DEFAULT`, and so many for each CPU where that is more
/// (`PIDS_PER_CPU_DEFAULT` in `include/linux/threads.h`).
const DEFAULT: u64 = 32_768;
const FOR_EACH_CPU: u64 = 1_024;

/// The most process ids that can be in use at the same time, as far as this process can tell; `None` where the kernel does not
/// say. In a PID namespace below the machine's own, `kernel.pid_max` is the namespace's since Linux 6.14, and 4,194,304 there;
/// but each process takes an id of the machine too, whose limit cannot be seen: the kernel's default stands for it.
pub(crate) fn limit() -> Option<u64> {
    let own = pid_max().ok()?.try_into().ok()?;
    let namespace = fs::read_link("/proc/self/ns/pid").ok();
    let cpus = thread::available_parallelism().map_or(1, |cpus| cpus.get() as u64);
    Some(limit_of(own, namespace.as_deref(), cpus))
}

fn limit_of(own: u64, namespace: Option<&Path>, cpus: u64) -> u64 {
    match namespace.is_none_or(|namespace| namespace == Path::new(INITIAL_PROCESSES)) {
        true => own,
        false => own.min(DEFAULT.max(FOR_EACH_CPU * cpus)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_of_ones_own_has_no_more_than_its_machine() {
        let [machine, own] = [INITIAL_PROCESSES, "pid:[4026532901]"].map(Path::new);
        assert_eq!(limit_of(4_194_304, Some(machine), 2), 4_194_304);
        assert_eq!(limit_of(4_194_304, Some(own), 2), 32_768);
        assert_eq!(limit_of(4_194_304, Some(own), 64), 65_536);
        assert_eq!(limit_of(1_000, Some(own), 64), 1_000);
        assert_eq!(limit_of(1_000, None, 2), 1_000);
        assert!(limit().is_some_and(|limit| limit > 0));
    }
}
