//! When two records are of one machine.

use std::hash::{Hash, Hasher};

use crate::Hardware;

/// By which share the memory of one machine may differ from boot to boot. The kernel leaves out of MemTotal what it has
/// reserved for itself, which moves with its image, the firmware and the addresses that it was loaded at; machines of one type
/// in one data centre differ by 1.1 % (16,116,152 and 15,944,120 kB). Machines with more or less memory differ by far more.
pub(crate) const MEMORY_TOLERANCE: f64 = 0.02;

/// Hardware as an identity: memory within [`MEMORY_TOLERANCE`], and whichever of its CPUs the process was given.
///
/// What neither states is not told apart here, since a record must be equal to itself: whoever compares two records asks
/// [`Hardware::names_its_cpu`] as well.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Machine<'a>(pub(crate) &'a Hardware);

impl<'a> Machine<'a> {
    /// All of it but the memory, and the CPUs' numbers: a process on CPU 3 runs on the same machine as one on CPU 5.
    fn exact(self) -> impl Hash + Eq + use<'a> {
        // Destructured, so that a new field cannot be forgotten here.
        let Hardware {
            cpu,
            cores,
            memory_bytes: _,
            storage,
            virtualization,
            cpu_quota_millis,
            memory_limit_bytes,
            cpuset: _,
        } = self.0;
        (cpu, cores, storage, virtualization, cpu_quota_millis, memory_limit_bytes)
    }
}

impl PartialEq for Machine<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.exact() == other.exact() && same_memory(self.0.memory_bytes, other.0.memory_bytes)
    }
}

impl Eq for Machine<'_> {}

impl Hash for Machine<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.exact().hash(state);
    }
}

/// Whether two amounts of memory may be those of one machine.
pub(crate) fn same_memory(a: Option<u64>, b: Option<u64>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => a.abs_diff(b) as f64 <= MEMORY_TOLERANCE * a.max(b) as f64,
        (a, b) => a == b,
    }
}

impl Hardware {
    /// Whether the CPU has a name. Two records without one may be of any two machines.
    #[must_use]
    pub fn names_its_cpu(&self) -> bool {
        self.cpu.as_ref().is_some_and(|name| !name.trim().is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(memory_bytes: u64) -> Hardware {
        Hardware { cpu: Some("a CPU".into()), memory_bytes: Some(memory_bytes), ..Hardware::default() }
    }

    #[test]
    fn memory_moves_from_boot_to_boot_and_not_from_machine_to_machine() {
        let kib = |n: u64| with(n * 1024);
        // Two nodes of one type and zone, and one node before and after a boot.
        for (a, b) in [(16_116_152, 15_944_120), (24_684_100, 24_684_100 - 52_500)] {
            assert_eq!(Machine(&kib(a)), Machine(&kib(b)));
        }
        assert_ne!(Machine(&kib(16_116_152)), Machine(&kib(15_000_000)));
        assert_ne!(Machine(&with(1)), Machine(&Hardware { memory_bytes: None, ..with(1) }));
        assert!(same_memory(Some(0), Some(0)) && same_memory(None, None) && !same_memory(Some(0), Some(1)));
    }

    #[test]
    fn a_limit_makes_another_machine_and_the_number_of_a_cpu_does_not() {
        let plain = with(1);
        assert_ne!(Machine(&Hardware { cpu_quota_millis: Some(500), ..plain.clone() }), Machine(&plain));
        assert_ne!(Machine(&Hardware { memory_limit_bytes: Some(1), ..plain.clone() }), Machine(&plain));
        assert_eq!(Machine(&Hardware { cpuset: Some("3".into()), ..plain.clone() }), Machine(&plain));
        assert!(plain.names_its_cpu());
        for name in [None, Some(" ".to_owned())] {
            assert!(!Hardware { cpu: name, ..plain.clone() }.names_its_cpu());
        }
    }
}
