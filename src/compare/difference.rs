//! In what the circumstances of two figures differ.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    Conditions, Hardware, Metric, Quantity, Software,
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
    find(left, right, false)
}

/// The same of what the left side states.
pub(super) fn from_stated(left: &Metric, right: &Metric) -> Vec<Difference> {
    find(left, right, true)
}

fn find(left: &Metric, right: &Metric, stated: bool) -> Vec<Difference> {
    let mut found = Found { all: Vec::new(), stated };
    found.of(Aspect::Subject, Some(left.subject()), Some(right.subject()));
    found.of(Aspect::Workload, left.workload(), right.workload());
    found.of(Aspect::Temperature, left.temperature(), right.temperature());
    found.of(Aspect::Statistic, Some(left.statistic()), Some(right.statistic()));
    found.of(Aspect::Unit, Some(left.quantity().unit()), Some(right.quantity().unit()));
    for (name, (a, b)) in versions(left, right) {
        found.of(Aspect::Version(name), Some(a), Some(b));
    }
    let (a, b) = (left.provenance().environment(), right.provenance().environment());
    // Figures that were measured alike share it.
    if !std::ptr::eq(a, b) {
        found.of_hardware(&a.hardware, &b.hardware);
        found.of_software(&a.software, &b.software);
        found.of_conditions(&a.conditions, &b.conditions);
    }
    found.of(Aspect::Date, Some(left.provenance().date()), Some(right.provenance().date()));
    found.all.extend(unnamed(left, right).filter(|_| !stated));
    found.all
}

/// What was found. Most of two figures is alike, and is put into words where it is not.
struct Found {
    all: Vec<Difference>,
    /// Only what the left side states.
    stated: bool,
}

impl Found {
    fn of<T: PartialEq + ToString>(&mut self, aspect: Aspect, left: Option<T>, right: Option<T>) {
        self.said(aspect, left, right, |value| value.to_string());
    }

    fn said<T: PartialEq>(&mut self, aspect: Aspect, left: Option<T>, right: Option<T>, say: impl Fn(T) -> String) {
        if left != right && (left.is_some() || !self.stated) {
            let (left, right) = (left.map(&say), right.map(&say));
            // Two values may be one to people.
            if left != right {
                self.all.push(Difference { aspect, left, right });
            }
        }
    }

    fn of_hardware(&mut self, x: &Hardware, y: &Hardware) {
        self.of(Aspect::Cpu, x.cpu.as_deref(), y.cpu.as_deref());
        self.of(Aspect::Cores, x.cores, y.cores);
        if !same_memory(x.memory_bytes, y.memory_bytes) {
            self.said(Aspect::Memory, x.memory_bytes, y.memory_bytes, |bytes| Quantity::bytes(bytes).rounded());
        }
        self.of(Aspect::Storage, x.storage.as_deref(), y.storage.as_deref());
        self.of(Aspect::Virtualization, x.virtualization.as_deref(), y.virtualization.as_deref());
        self.said(Aspect::CpuQuota, x.cpu_quota_millis, y.cpu_quota_millis, cpus);
        let (a, b) = (x.memory_limit_bytes, y.memory_limit_bytes);
        // A limit is what somebody set: one that differs by little is another one, and is told from it to the byte.
        self.said(Aspect::MemoryLimit, a, b, |bytes| match a.map(binary) == b.map(binary) {
            true => format!("{bytes} B"),
            false => binary(bytes),
        });
        self.of(Aspect::Cpuset, x.cpuset.as_deref(), y.cpuset.as_deref());
    }

    fn of_software(&mut self, x: &Software, y: &Software) {
        self.of(Aspect::Os, x.os.as_deref(), y.os.as_deref());
        self.of(Aspect::Kernel, x.kernel.as_deref(), y.kernel.as_deref());
        self.of(Aspect::Rustc, x.rustc.as_deref(), y.rustc.as_deref());
        self.of(Aspect::Container, x.container.as_deref(), y.container.as_deref());
        let yes_or_no = |answer: bool| if answer { "yes" } else { "no" }.to_owned();
        self.said(Aspect::UserNamespace, x.user_namespace, y.user_namespace, yes_or_no);
        self.of(Aspect::ClockSource, x.clock_source.as_deref(), y.clock_source.as_deref());
    }

    fn of_conditions(&mut self, x: &Conditions, y: &Conditions) {
        self.of(Aspect::Concurrency, x.concurrency, y.concurrency);
        self.of(Aspect::Load, x.load.as_deref(), y.load.as_deref());
        self.of(Aspect::Isolation, x.isolation, y.isolation);
        self.of(Aspect::Transport, x.transport.as_deref(), y.transport.as_deref());
        if x.set_like(x.part()) == y.set_like(y.part()) {
            return;
        }
        let (x, y) = (x.settings(), y.settings());
        let settings: BTreeSet<&String> = x.keys().chain(y.keys()).collect();
        for key in settings {
            self.of(Aspect::Engine(key.clone()), x.get(key), y.get(key));
        }
    }
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

/// The versions of what took part on both sides, by name and without its case: `WasmEdge` and `wasmedge` are one. Two components
/// that are on one side each are other subjects, not other versions.
fn versions<'a>(left: &'a Metric, right: &'a Metric) -> BTreeMap<String, (&'a str, &'a str)> {
    let lower = |name: &'a str| name.chars().flat_map(char::to_lowercase);
    let mut found = BTreeMap::new();
    for a in left.provenance().components() {
        let mut others = right.provenance().components().iter();
        if let Some(b) = others.find(|b| lower(a.name()).eq(lower(b.name()))) {
            found.entry(lower(a.name()).collect()).or_insert((a.version(), b.version()));
        }
    }
    found
}
