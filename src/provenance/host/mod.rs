//! What this machine is, read from /proc, /sys and /etc. What cannot be read is left out, never made up.

mod cgroup;
mod clocks;
mod container;
mod cpu;
mod noise;
mod sentences;
mod storage;
mod virtualization;

#[cfg(feature = "measure")]
pub(crate) use container::INITIAL_PROCESSES;
pub use noise::Watch;
pub(crate) use sentences::{NoiseSentence, chinese, load_average, throttled};

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use crate::{Environment, Hardware, Software};

/// The machine that the process runs on, or a picture of one below another root.
///
/// ```no_run
/// use runtime_baseline::Host;
///
/// let host = Host::here();
/// let watch = host.watch();
/// let mut environment = host.capture("target/baseline");
/// // ... measure ...
/// environment.conditions.noise.extend(watch.noise());
/// println!("{}", environment.block(runtime_baseline::Language::English));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    root: PathBuf,
}

impl Host {
    /// This machine.
    #[must_use]
    pub fn here() -> Self {
        Self::at("/")
    }

    /// The machine whose file system has its root at `root`.
    #[must_use]
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Hardware, software and what makes the machine noisy right now. `storage` is where the artifacts lie (a path of
    /// the machine; it need not exist yet). Concurrency, load and isolation are the run's to add.
    #[must_use]
    pub fn capture(&self, storage: impl AsRef<Path>) -> Environment {
        let mut environment =
            Environment { hardware: self.hardware(), software: self.software(), ..Default::default() };
        environment.hardware.storage = self.storage(storage.as_ref());
        environment.conditions.noise = self.noise();
        environment
    }

    fn hardware(&self) -> Hardware {
        // LXC's file system for containers may say that there is none.
        let memory = self.memory("MemTotal").filter(|bytes| *bytes > 0);
        Hardware {
            cpu: self.cpu_model(),
            cores: self.cpus().and_then(|cpus| u32::try_from(cpus.len()).ok()).filter(|n| *n > 0),
            memory_bytes: memory,
            storage: None,
            virtualization: self.virtualization(),
            cpu_quota_millis: self.cpu_quota_millis(),
            memory_limit_bytes: self.memory_limit(memory),
            cpuset: self.cpuset(),
        }
    }

    fn software(&self) -> Software {
        Software {
            os: self.os(),
            kernel: self.kernel(),
            rustc: option_env!("RUNTIME_BASELINE_RUSTC").map(str::to_owned),
            container: self.container(),
            user_namespace: self.user_namespace(),
            clock_source: self.clock_source(),
        }
    }

    /// Its release, as `uname -r` says it.
    pub(crate) fn kernel(&self) -> Option<String> {
        self.read("proc/sys/kernel/osrelease")
    }

    /// The file's text without the white space around it; nothing if there is none.
    fn read(&self, path: impl AsRef<Path>) -> Option<String> {
        let bytes = fs::read(self.root.join(path)).ok()?;
        let text = String::from_utf8_lossy(&bytes);
        Some(text.trim().to_owned()).filter(|text| !text.is_empty())
    }

    /// The first value of `key` in a file of `key : value` lines.
    fn value(&self, path: &str, key: &str) -> Option<String> {
        let text = self.read(path)?;
        let mut pairs = text.lines().filter_map(|line| line.split_once(':'));
        pairs.find(|(name, _)| name.trim() == key).map(|(_, value)| value.trim().to_owned()).filter(|v| !v.is_empty())
    }

    /// The CPUs that this process may run on: what its cpuset and its affinity have in common.
    fn cpus(&self) -> Option<BTreeSet<u32>> {
        numbers(&self.value("proc/self/status", "Cpus_allowed_list")?)
    }

    /// The same as the kernel writes it, where the machine has others.
    fn cpuset(&self) -> Option<String> {
        let allowed = self.value("proc/self/status", "Cpus_allowed_list")?;
        let online = numbers(&self.read("sys/devices/system/cpu/online")?)?;
        // The list may name CPUs that are off, or that the machine has no place for.
        (!online.is_subset(&numbers(&allowed)?)).then_some(allowed)
    }

    /// A line of /proc/meminfo, in bytes.
    fn memory(&self, key: &str) -> Option<u64> {
        self.value("proc/meminfo", key)?.strip_suffix("kB")?.trim_end().parse::<u64>().ok()?.checked_mul(1024)
    }

    fn os(&self) -> Option<String> {
        let text = self.read("etc/os-release").or_else(|| self.read("usr/lib/os-release"))?;
        let value = |key: &str| {
            let mut lines = text.lines().filter_map(|line| line.split_once('='));
            let (_, value) = lines.find(|(name, _)| name.trim() == key)?;
            Some(unquoted(value.trim())).filter(|v| !v.is_empty())
        };
        value("PRETTY_NAME").or_else(|| match (value("NAME")?, value("VERSION_ID")) {
            (name, Some(version)) => Some(format!("{name} {version}")),
            (name, None) => Some(name),
        })
    }
}

/// The numbers of a list such as `0-2,4`.
fn numbers(list: &str) -> Option<BTreeSet<u32>> {
    let mut numbers = BTreeSet::new();
    for part in list.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last): (u32, u32) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
        // No kernel has more CPUs than this.
        numbers.extend(first..=last.min(first.saturating_add(65_535)));
    }
    Some(numbers)
}

/// A value of os-release, which is written as a shell would read it.
fn unquoted(value: &str) -> String {
    let inner = |quote: char| value.strip_prefix(quote).and_then(|v| v.strip_suffix(quote));
    match inner('"') {
        Some(text) => {
            let mut chars = text.chars();
            std::iter::from_fn(|| match chars.next() {
                Some('\\') => chars.next(),
                c => c,
            })
            .collect()
        }
        None => inner('\'').unwrap_or(value).to_owned(),
    }
}
