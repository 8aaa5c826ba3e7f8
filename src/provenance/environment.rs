//! On what a figure was measured. Every field may be missing, since published figures leave them out; what is missing
//! is listed by the audit, never filled in.

use std::{collections::BTreeMap, fmt, hash::Hash, str::FromStr};

use serde::{Deserialize, Serialize};

use super::wire;

/// Hardware, software and conditions of a measurement.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(from = "wire::Environment", into = "wire::Environment")]
#[non_exhaustive]
pub struct Environment {
    /// The machine.
    pub hardware: Hardware,
    /// What ran on it.
    pub software: Software,
    /// How it was loaded.
    pub conditions: Conditions,
}

/// The machine.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub struct Hardware {
    /// CPU model, as the CPU names itself.
    pub cpu: Option<String>,
    /// Logical CPUs that the process may run on.
    pub cores: Option<u32>,
    /// Memory in bytes.
    pub memory_bytes: Option<u64>,
    /// The storage device that the artifacts lie on, and its file system.
    pub storage: Option<String>,
    /// The hypervisor, or `none`. A kernel that another one stands below counts as one: `gVisor`, `WSL2`.
    pub virtualization: Option<String>,
    /// The CPU time that the process's cgroups allow it, in thousandths of a CPU: 1500 is one CPU and a half. Nothing where
    /// no quota is known. The tightest on the way from its own group to the root counts.
    pub cpu_quota_millis: Option<u32>,
    /// The memory in bytes that its cgroups allow it, likewise, where that is less than the machine's.
    pub memory_limit_bytes: Option<u64>,
    /// Which of the machine's CPUs the process may run on, where not on all: `0-2,4`.
    pub cpuset: Option<String>,
}

/// What ran on the machine.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub struct Software {
    /// Operating system and its version.
    pub os: Option<String>,
    /// Kernel release.
    pub kernel: Option<String>,
    /// The compiler that built the harness.
    pub rustc: Option<String>,
    /// What runs the container that the process is in (`docker`, `podman`, `kubernetes`), `unknown` where only its namespaces
    /// tell, or `none`.
    pub container: Option<String>,
    /// Whether it is in a user namespace of its own, so that its root is not the machine's.
    pub user_namespace: Option<bool>,
    /// The clock that the kernel tells the time by: `tsc`, `kvm-clock`, `arch_sys_counter`.
    pub clock_source: Option<String>,
}

/// How the machine was loaded, and how the subject was set up.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub struct Conditions {
    /// The part of its subject that the figure is of: the gzip layer, page tables, the host process. A figure without it is of
    /// the whole, which alone answers a published claim.
    pub part: Option<String>,
    /// How the figure was read, where there are several ways: `pss-slope`.
    pub method: Option<String>,
    /// How many at the same time.
    pub concurrency: Option<u32>,
    /// What else the machine did: [`IDLE`](Self::IDLE), [`COLD_START`](Self::COLD_START), or other words.
    pub load: Option<String>,
    /// About how many instances were alive while it was taken, where that is a part of what is meant: the rate of a fill.
    pub around: Option<u64>,
    /// How many instances stood ready in the pool that it was taken from.
    pub pool: Option<u64>,
    /// What bounded a fill: `8 GiB`.
    pub budget: Option<String>,
    /// What stands between the workload and its host.
    pub isolation: Option<Isolation>,
    /// How the subject is reached where that is not a function call: `http-loopback`, `process`.
    pub transport: Option<String>,
    /// The engine's settings that bear on the figure.
    pub engine: BTreeMap<String, String>,
    /// What else was seen while the figure was taken, such as what ended a fill. It is no condition: figures that differ in
    /// it are of one series.
    pub observed: BTreeMap<String, String>,
    /// What makes the machine noisy.
    pub noise: Vec<String>,
}

impl Conditions {
    /// The load of a machine that does nothing else.
    pub const IDLE: &str = "idle";
    /// The load of a burst of instances that nothing was prepared for.
    pub const COLD_START: &str = "cold start";

    /// The part that the figure is of; nothing where it is of the whole.
    #[must_use]
    pub fn part(&self) -> Option<&str> {
        self.part.as_deref()
    }

    /// Whether the machine did nothing else, as far as is said.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.load.as_deref() == Some(Self::IDLE)
    }

    /// Whether instances were started that nothing had been prepared for.
    #[must_use]
    pub fn is_cold_start(&self) -> bool {
        self.load.as_deref() == Some(Self::COLD_START)
    }

    /// Settings that have a field of their own, in the order of [`settings`](Self::settings).
    pub(crate) const WITH_FIELDS: [&str; 5] = ["part", "method", "budget", "pool", "around"];

    /// Sets what has a field of its own (`part`, `method`, `budget`, `pool`, `around`), or else a setting of the engine.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<String>) {
        let (name, value) = (name.into(), value.into());
        let size = value.parse().ok().filter(|size: &u64| size.to_string() == value);
        match name.as_str() {
            "part" => self.part = Some(value),
            "method" => self.method = Some(value),
            "budget" => self.budget = Some(value),
            "pool" if size.is_some() => self.pool = size,
            "around" if size.is_some() => self.around = size,
            _ => drop(self.engine.insert(name, value)),
        }
    }

    /// What the [settings](Self::settings) are made of, but for the part, which the caller gives: of two figures they are the
    /// same where this is.
    pub(crate) fn set_like<'a>(&'a self, part: Option<&'a str>) -> impl Hash + Ord + 'a {
        (&self.engine, part, &self.method, &self.budget, self.pool, self.around)
    }

    /// Everything by which figures of one subject and workload are told apart, by name: the engine's settings, and the part,
    /// the method, the pool, the budget and the live instances where they are stated.
    #[must_use]
    pub fn settings(&self) -> BTreeMap<String, String> {
        let number = |number: Option<u64>| number.map(|number| number.to_string());
        let own = [self.part.clone(), self.method.clone(), self.budget.clone(), number(self.pool), number(self.around)];
        let own = Self::WITH_FIELDS.into_iter().zip(own);
        let own = own.filter_map(|(name, value)| Some((name.to_owned(), value?)));
        self.engine.clone().into_iter().chain(own).collect()
    }
}

/// What stands between a workload and its host. Figures across two of these compare different things.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[non_exhaustive]
pub enum Isolation {
    /// Nothing: a function call.
    None,
    /// A sandbox inside the host's process.
    InProcess,
    /// An ordinary operating-system process.
    Process,
    /// An OS container: namespaces and a cgroup.
    Container,
    /// A Wasm module inside an OS container.
    WasmInContainer,
}

impl Isolation {
    const ALL: [Self; 5] = [Self::None, Self::InProcess, Self::Process, Self::Container, Self::WasmInContainer];

    /// The name in the stored form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::InProcess => "in-process",
            Self::Process => "process",
            Self::Container => "container",
            Self::WasmInContainer => "wasm-in-container",
        }
    }

    /// Whether it is an OS container, whatever runs in it.
    #[must_use]
    pub const fn is_contained(self) -> bool {
        matches!(self, Self::Container | Self::WasmInContainer)
    }
}

impl fmt::Display for Isolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A name that is no kind of isolation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown isolation {0:?}: use none, in-process, process, container or wasm-in-container")]
pub struct UnknownIsolation(String);

impl FromStr for Isolation {
    type Err = UnknownIsolation;

    fn from_str(s: &str) -> Result<Self, UnknownIsolation> {
        // The other names of the stored form have underscores, so these are written with them as well.
        let name = s.replace('_', "-");
        Self::ALL.into_iter().find(|i| i.as_str() == name).ok_or_else(|| UnknownIsolation(s.to_owned()))
    }
}

impl TryFrom<String> for Isolation {
    type Error = UnknownIsolation;

    fn try_from(s: String) -> Result<Self, UnknownIsolation> {
        s.parse()
    }
}

impl From<Isolation> for String {
    fn from(i: Isolation) -> Self {
        i.as_str().to_owned()
    }
}
