//! In what the circumstances of two figures differ.

use std::collections::BTreeSet;

use crate::{
    Metric, Quantity,
    provenance::{binary, cpus, same_memory},
};

/// A circumstance that bears on a figure.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Aspect {
    /// What was measured.
    Subject,
    /// What it ran.
    Workload,
    /// What had been prepared before the clock started.
    Temperature,
    /// Which statistic of the samples the figure is.
    Statistic,
    /// In which unit it is.
    Unit,
    /// The exact version of the component of this name.
    Version(String),
    /// CPU model.
    Cpu,
    /// Logical CPUs.
    Cores,
    /// Memory of the machine.
    Memory,
    /// Storage device and file system.
    Storage,
    /// Hypervisor.
    Virtualization,
    /// The CPU time that the process is allowed.
    CpuQuota,
    /// The memory that it is allowed.
    MemoryLimit,
    /// The CPUs that it may run on.
    Cpuset,
    /// Operating system.
    Os,
    /// Kernel release.
    Kernel,
    /// The compiler of the harness.
    Rustc,
    /// What runs the container that the process is in.
    Container,
    /// Whether it is in a user namespace of its own.
    UserNamespace,
    /// The clock that the kernel tells the time by.
    ClockSource,
    /// How many at the same time.
    Concurrency,
    /// What else the machine did.
    Load,
    /// What stands between the workload and its host.
    Isolation,
    /// How the subject is reached.
    Transport,
    /// The engine's setting of this name.
    Engine(String),
    /// When.
    Date,
    /// In which run.
    Run,
}

/// One circumstance in which two figures differ; a side that does not state it is `None`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Difference {
    /// Which circumstance.
    pub aspect: Aspect,
    /// On the first side.
    pub left: Option<String>,
    /// On the second side.
    pub right: Option<String>,
}

impl Difference {
    /// Whether both sides state it: a conflict, not a gap.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        self.left.is_some() && self.right.is_some()
    }
}

/// In what the circumstances of two figures differ, gaps included. A CPU that neither names is one, unless both figures are of
/// one recorded run: two machines without a name are not one machine. Memory within 2 % is the same. Noise is no circumstance of its own; see the records.
#[must_use]
pub fn differences(left: &Metric, right: &Metric) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut differ = |aspect, left: Option<String>, right: Option<String>| {
        if left != right {
            found.push(Difference { aspect, left, right });
        }
    };
    fn text<T: ToString>(value: Option<T>) -> Option<String> {
        value.map(|v| v.to_string())
    }
    differ(Aspect::Subject, text(Some(left.subject())), text(Some(right.subject())));
    differ(Aspect::Workload, text(left.workload()), text(right.workload()));
    differ(Aspect::Temperature, text(left.temperature()), text(right.temperature()));
    differ(Aspect::Statistic, text(Some(left.statistic())), text(Some(right.statistic())));
    differ(Aspect::Unit, text(Some(left.quantity().unit())), text(Some(right.quantity().unit())));
    for name in names(left).union(&names(right)) {
        // Two components that are on one side each are other subjects, not other versions.
        if let (Some(a), Some(b)) = (version(left, name), version(right, name)) {
            differ(Aspect::Version(name.clone()), Some(a), Some(b));
        }
    }
    let (a, b) = (left.provenance().environment(), right.provenance().environment());
    let (x, y) = (&a.hardware, &b.hardware);
    differ(Aspect::Cpu, x.cpu.clone(), y.cpu.clone());
    differ(Aspect::Cores, text(x.cores), text(y.cores));
    let memory = |bytes: Option<u64>| bytes.map(|n| Quantity::bytes(n).rounded());
    if !same_memory(x.memory_bytes, y.memory_bytes) {
        differ(Aspect::Memory, memory(x.memory_bytes), memory(y.memory_bytes));
    }
    differ(Aspect::Storage, x.storage.clone(), y.storage.clone());
    differ(Aspect::Virtualization, x.virtualization.clone(), y.virtualization.clone());
    differ(Aspect::CpuQuota, x.cpu_quota_millis.map(cpus), y.cpu_quota_millis.map(cpus));
    let is_close = x.memory_limit_bytes.map(binary) == y.memory_limit_bytes.map(binary);
    // A limit is what somebody set: one that differs by little is another one, and is told from it to the byte.
    let limit = |bytes| if is_close { format!("{bytes} B") } else { binary(bytes) };
    differ(Aspect::MemoryLimit, x.memory_limit_bytes.map(limit), y.memory_limit_bytes.map(limit));
    differ(Aspect::Cpuset, x.cpuset.clone(), y.cpuset.clone());
    differ(Aspect::Os, a.software.os.clone(), b.software.os.clone());
    differ(Aspect::Kernel, a.software.kernel.clone(), b.software.kernel.clone());
    differ(Aspect::Rustc, a.software.rustc.clone(), b.software.rustc.clone());
    differ(Aspect::Container, a.software.container.clone(), b.software.container.clone());
    let yes_or_no = |answer: Option<bool>| answer.map(|answer| if answer { "yes" } else { "no" }.to_owned());
    differ(Aspect::UserNamespace, yes_or_no(a.software.user_namespace), yes_or_no(b.software.user_namespace));
    differ(Aspect::ClockSource, a.software.clock_source.clone(), b.software.clock_source.clone());
    let (x, y) = (&a.conditions, &b.conditions);
    differ(Aspect::Concurrency, text(x.concurrency), text(y.concurrency));
    differ(Aspect::Load, x.load.clone(), y.load.clone());
    differ(Aspect::Isolation, text(x.isolation), text(y.isolation));
    differ(Aspect::Transport, x.transport.clone(), y.transport.clone());
    let (x, y) = (x.settings(), y.settings());
    let settings: BTreeSet<_> = x.keys().chain(y.keys()).collect();
    for key in settings {
        differ(Aspect::Engine(key.clone()), x.get(key).cloned(), y.get(key).cloned());
    }
    differ(Aspect::Date, text(Some(left.provenance().date())), text(Some(right.provenance().date())));
    found.extend(unnamed(left, right));
    found
}

/// That nobody named the CPU of either figure, so that nothing tells whether they are of one machine. A run that both were
/// taken in tells it.
pub(super) fn unnamed(left: &Metric, right: &Metric) -> Option<Difference> {
    let run = |metric: &Metric| metric.provenance().run().map(|run| run.id().to_owned());
    let names = |metric: &Metric| metric.provenance().environment().hardware.names_its_cpu();
    let is_one_run = run(left).is_some() && run(left) == run(right);
    let is_unnamed = !is_one_run && !names(left) && !names(right);
    is_unnamed.then_some(Difference { aspect: Aspect::Cpu, left: None, right: None })
}

/// Component names, without case: `WasmEdge` and `wasmedge` are one.
fn names(metric: &Metric) -> BTreeSet<String> {
    metric.provenance().components().iter().map(|c| c.name().to_lowercase()).collect()
}

fn version(metric: &Metric, name: &str) -> Option<String> {
    let mut components = metric.provenance().components().iter();
    components.find(|c| c.name().to_lowercase() == name).map(|c| c.version().to_owned())
}
