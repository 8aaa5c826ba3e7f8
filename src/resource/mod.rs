//! What processes use, as the kernel counts it: memory of a process and of a tree of processes, the charge of a cgroup,
//! CPU time. Readers alone; what a reading means is for the probes to say.

pub(crate) mod account;
pub(crate) mod charge;
pub(crate) mod cpu;
pub(crate) mod hierarchy;
pub(crate) mod memory;
pub(crate) mod own;
pub(crate) mod process_clock;
pub(crate) mod process_ids;
pub(crate) mod scope;
