//! On what a figure was measured. Every field may be missing, since published figures leave them out; what is missing
//! is listed by the audit, never filled in.

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Hardware, software and conditions of a measurement.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Environment {
    /// The machine.
    #[serde(default)]
    pub hardware: Hardware,
    /// What ran on it.
    #[serde(default)]
    pub software: Software,
    /// How it was loaded.
    #[serde(default)]
    pub conditions: Conditions,
}

/// The machine.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Hardware {
    /// CPU model, as the CPU names itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu: Option<String>,
    /// Logical CPUs that the process may run on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cores: Option<u32>,
    /// Memory in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
    /// The storage device that the artifacts lie on, and its file system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage: Option<String>,
    /// The hypervisor, or `none`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub virtualization: Option<String>,
}

/// What ran on the machine.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Software {
    /// Operating system and its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub os: Option<String>,
    /// Kernel release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kernel: Option<String>,
    /// The compiler that built the harness.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rustc: Option<String>,
}

/// How the machine was loaded, and how the subject was set up.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Conditions {
    /// How many at the same time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<u32>,
    /// What else the machine did: `idle`, `cold start`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load: Option<String>,
    /// What stands between the workload and its host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub isolation: Option<Isolation>,
    /// How the subject is reached where that is not a function call: `http-loopback`, `process`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transport: Option<String>,
    /// The engine's settings that bear on the figure.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub engine: BTreeMap<String, String>,
    /// What else was seen while the figure was taken, such as what ended a fill. It is no condition: figures that differ in
    /// it are of one series.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub observed: BTreeMap<String, String>,
    /// What makes the machine noisy.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub noise: Vec<String>,
}

impl Conditions {
    /// The setting that names the part of its subject that a figure is of: the gzip layer, the host process. A figure
    /// without it is of the whole, which alone answers a published claim.
    pub const PART: &str = "part";

    /// The part that the figure is of; nothing where it is of the whole.
    #[must_use]
    pub fn part(&self) -> Option<&str> {
        self.engine.get(Self::PART).map(String::as_str)
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
