//! The phases of a start: the names that they have as parts of figures.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A stretch of one start. Phases follow each other without a gap, each from its own mark to the next one, so that together
/// they are the start. [`Phase::definition`] says where each begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Phase {
    /// The call, on its way to where the work is done.
    Call,
    /// A bundle's configuration is read, and the container's state and socket are made.
    Bundle,
    /// The first process is cloned.
    Clone,
    /// It makes the cgroup, joins it, and sets its limits.
    Cgroup,
    /// It enters the namespaces, and clones the container's init in them.
    Namespaces,
    /// The root file system: mounts, devices, the pivot into it.
    Mounts,
    /// Capabilities and what else is given up, until who made the container knows of it.
    Privileges,
    /// The created container is told to start.
    Start,
    /// The init executes the program, which runs until it is ready.
    Exec,
    /// A module, or its machine code, is read or mapped from disk.
    Load,
    /// An engine is made.
    Engine,
    /// The module is validated, and compiled or translated where the engine does that.
    Compile,
    /// Host functions are made, and the imports resolved.
    Link,
    /// Store and instance are made.
    Instantiate,
    /// The module runs until it is ready.
    Run,
    /// A command line as a whole, in whose process no mark can be made.
    Process,
    /// A pod is created, and given its node.
    Bound,
    /// Its node hears of it, and makes the sandbox of its containers.
    Sandbox,
    /// Its container is made and started, and its program runs until it is ready.
    Container,
    /// The node finds it running, and who watches hears that it is ready.
    Reported,
}

impl Phase {
    /// All of them, in the order in which a start meets them.
    pub const ALL: [Self; 20] = [
        Self::Call,
        Self::Bundle,
        Self::Clone,
        Self::Cgroup,
        Self::Namespaces,
        Self::Mounts,
        Self::Privileges,
        Self::Start,
        Self::Exec,
        Self::Load,
        Self::Engine,
        Self::Compile,
        Self::Link,
        Self::Instantiate,
        Self::Run,
        Self::Process,
        Self::Bound,
        Self::Sandbox,
        Self::Container,
        Self::Reported,
    ];

    /// The part that the whole start is which the phases are of: it was taken with the marks on.
    pub const WHOLE: &'static str = "all phases";

    /// The name in the stored form: `mounts`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Bundle => "bundle",
            Self::Clone => "clone",
            Self::Cgroup => "cgroup",
            Self::Namespaces => "namespaces",
            Self::Mounts => "mounts",
            Self::Privileges => "privileges",
            Self::Start => "start",
            Self::Exec => "exec",
            Self::Load => "load",
            Self::Engine => "engine",
            Self::Compile => "compile",
            Self::Link => "link",
            Self::Instantiate => "instantiate",
            Self::Run => "run",
            Self::Process => "process",
            Self::Bound => "bound",
            Self::Sandbox => "sandbox",
            Self::Container => "container",
            Self::Reported => "reported",
        }
    }

    /// What a figure of it is called as a part of its start: `phase: mounts`.
    ///
    /// ```
    /// use runtime_baseline::Phase;
    ///
    /// assert_eq!(Phase::of_part(&Phase::Mounts.part()), Some(Phase::Mounts));
    /// assert_eq!(Phase::of_part("gzip layer"), None);
    /// ```
    #[must_use]
    pub fn part(self) -> String {
        format!("{PREFIX}{self}")
    }

    /// The phase that a part is, if it is one.
    #[must_use]
    pub fn of_part(part: &str) -> Option<Self> {
        part.strip_prefix(PREFIX)?.parse().ok()
    }

    /// Whether it is spent in making a container, whatever runs in it then.
    #[must_use]
    pub fn is_of_container(self) -> bool {
        (Self::Bundle..=Self::Start).contains(&self)
    }
}

const PREFIX: &str = "phase: ";

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A name that is no phase.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "unknown phase {0:?}: use call, bundle, clone, cgroup, namespaces, mounts, privileges, start, exec, load, engine, compile, link, instantiate, run or process"
)]
pub struct UnknownPhase(pub String);

impl FromStr for Phase {
    type Err = UnknownPhase;

    fn from_str(text: &str) -> Result<Self, UnknownPhase> {
        Self::ALL.into_iter().find(|phase| phase.name() == text).ok_or_else(|| UnknownPhase(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_parts_read_back_in_order() {
        for phase in Phase::ALL {
            assert_eq!((phase.name().parse(), Phase::of_part(&phase.part())), (Ok(phase), Some(phase)));
        }
        assert!(Phase::ALL.is_sorted());
        assert_eq!(Phase::of_part(Phase::WHOLE), None);
    }
}
