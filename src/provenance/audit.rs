//! What a figure still owes its reader: which requirements of sections 14.6.1 to 14.6.3 its record falls short of.

use super::{Component, Conditions, Date, Provenance, SourceKind, is_idle, load_average, throttled};
use crate::{Bound, Indicator, Metric, Statistic};

/// After how many days a figure is to be measured again: performance figures change with time (14.6.2), and a year is
/// about how long a release of what is measured here is supported.
pub const VALIDITY_DAYS: u64 = 365;

/// From this load average on, at least one core was busy all the time, and the machine was not idle.
const BUSY: f64 = 1.0;

/// The crate's own name as a component: a measurement that names nothing else does not say what was measured.
const HARNESS: &str = "runtime-baseline";

/// A requirement that a record falls short of, and by its `Display` what to add.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Shortfall {
    /// 14.6.1: the documentation or benchmark is named, but not where to find it.
    SourceLocation,
    /// 14.6.2: only the harness is named, not what was measured.
    TechnologyVersion,
    /// 14.6.2: a figure of a cluster without the version of Kubernetes or K3s.
    KubernetesVersion,
    /// 14.6.2: nothing says which tool measured, and in which version.
    ToolVersion,
    /// 14.6.2: the month is known, the day is not.
    TestDay(Date),
    /// 14.6.2: the date has not come yet.
    FutureDate(Date),
    /// 14.6.2: the figure is older than [`VALIDITY_DAYS`].
    Outdated {
        /// When it was measured.
        date: Date,
        /// How many days ago.
        days: u64,
    },
    /// 14.6.3: the CPU's model is missing.
    Cpu,
    /// 14.6.3: the number of cores is missing.
    Cores,
    /// 14.6.3: the memory is missing.
    Memory,
    /// 14.6.3: the storage is missing.
    Storage,
    /// 14.6.3: the operating system is missing.
    OperatingSystem,
    /// 14.6.3: the kernel's version is missing.
    Kernel,
    /// 14.6.3: how many ran at the same time is missing.
    Concurrency,
    /// 14.6.3: the load is missing.
    Load,
    /// 14.6.2: the figure is a statistic of nobody knows how many runs.
    Count,
    /// 14.6.3: the load is said to be idle, and the machine's own load average says that it was not.
    NotIdle {
        /// The load average over a minute, as it was recorded.
        load_average: String,
        /// On how many cores.
        cores: u32,
    },
    /// 14.6.3: a CPU quota kept the process waiting while it was measured: for so many seconds, summed over the CPUs, as it was
    /// recorded.
    Throttled(String),
}

impl Shortfall {
    /// The section of the requirements.
    #[must_use]
    pub const fn section(&self) -> &'static str {
        match self {
            Self::SourceLocation => "14.6.1",
            Self::TechnologyVersion
            | Self::KubernetesVersion
            | Self::ToolVersion
            | Self::TestDay(_)
            | Self::FutureDate(_)
            | Self::Outdated { .. }
            | Self::Count => "14.6.2",
            Self::Cpu
            | Self::Cores
            | Self::Memory
            | Self::Storage
            | Self::OperatingSystem
            | Self::Kernel
            | Self::Concurrency
            | Self::Load
            | Self::NotIdle { .. }
            | Self::Throttled(_) => "14.6.3",
        }
    }
}

impl Provenance {
    /// What this origin falls short of today, in the order of the sections.
    ///
    /// A source and a component with an exact version are there by the type. The tool's version counts as given when
    /// this crate is a component, when the source's reference names one of the further components, or when it has a
    /// name with a version (`hyperfine 1.18.0, bench.sh`) that is not the component measured.
    ///
    /// ```
    /// use runtime_baseline::{Component, Provenance, Shortfall, Source, SourceKind};
    ///
    /// let source = Source::new(SourceKind::OfficialDocs, "https://docs.k3s.io/reference/resource-profiling")?;
    /// let provenance = Provenance::new(source, Component::new("k3s", "1.30.4")?, "2025-01".parse()?);
    /// let shortfalls = provenance.audit_on("2025-06-01".parse()?);
    /// assert_eq!(shortfalls[..2], [Shortfall::ToolVersion, Shortfall::TestDay("2025-01".parse()?)]);
    /// assert_eq!(shortfalls[2].to_string(), "14.6.3 no CPU model: add hardware.cpu (edit --cpu)");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn audit(&self) -> Vec<Shortfall> {
        self.audit_on(Date::today())
    }

    /// What this origin falls short of on the day `today`.
    #[must_use]
    pub fn audit_on(&self, today: Date) -> Vec<Shortfall> {
        let mut found = Vec::new();
        let mut check = |is_short: bool, shortfall| {
            if is_short {
                found.push(shortfall);
            }
        };
        let reference = self.source().reference();
        let located = self.source().kind() == SourceKind::Production || names_a_place(reference);
        check(!located, Shortfall::SourceLocation);
        check(!self.names_the_tool(), Shortfall::ToolVersion);
        let date = self.date();
        check(!date.is_day(), Shortfall::TestDay(date));
        // A day ahead may still be today, east of here.
        check(today.days_until(date) > 1, Shortfall::FutureDate(date));
        let days = date.days_until(today);
        check(days > VALIDITY_DAYS, Shortfall::Outdated { date, days });

        let environment = self.environment();
        let (hardware, software, conditions) = (&environment.hardware, &environment.software, &environment.conditions);
        let blank = |text: &Option<String>| text.as_ref().is_none_or(|t| t.trim().is_empty());
        check(blank(&hardware.cpu), Shortfall::Cpu);
        check(hardware.cores.is_none_or(|n| n == 0), Shortfall::Cores);
        check(hardware.memory_bytes.is_none_or(|n| n == 0), Shortfall::Memory);
        check(blank(&hardware.storage), Shortfall::Storage);
        check(blank(&software.os), Shortfall::OperatingSystem);
        check(blank(&software.kernel), Shortfall::Kernel);
        check(conditions.concurrency.is_none_or(|n| n == 0), Shortfall::Concurrency);
        check(blank(&conditions.load), Shortfall::Load);
        found.extend(not_idle(conditions));
        let seconds = conditions.noise.iter().find_map(|sentence| throttled(sentence));
        found.extend(seconds.map(|seconds| Shortfall::Throttled(seconds.to_owned())));
        found
    }

    fn names_the_tool(&self) -> bool {
        let reference = self.source().reference();
        let named = |c: &Component| reference.split(separates).any(|word| word.eq_ignore_ascii_case(c.name()));
        self.components().iter().any(|c| c.name() == HARNESS)
            || self.components()[1..].iter().any(named)
            || named_with_version(reference).any(|tool| tool != self.components()[0])
    }
}

impl Metric {
    /// What this figure falls short of today: its provenance's [`audit`](Provenance::audit), and what only the figure
    /// can tell: whether what was measured has its version, and Kubernetes or K3s where it is one of them.
    #[must_use]
    pub fn audit(&self) -> Vec<Shortfall> {
        self.audit_on(Date::today())
    }

    /// What this figure falls short of on the day `today`.
    #[must_use]
    pub fn audit_on(&self, today: Date) -> Vec<Shortfall> {
        let components = self.provenance().components();
        let mut found = self.provenance().audit_on(today);
        let is_of_many = !matches!(self.statistic(), Statistic::Single | Statistic::Slope | Statistic::Rate);
        let is_measured = self.bound() == Bound::Exact && self.provenance().source().kind() == SourceKind::Benchmark;
        // A file of samples says how many they are.
        let is_counted = self.count().is_some_and(|n| n > 0) || self.samples().is_some();
        if is_of_many && is_measured && !is_counted {
            let before_environment = found.iter().take_while(|s| s.section() != "14.6.3").count();
            found.insert(before_environment, Shortfall::Count);
        }
        let after_source = found.iter().take_while(|s| s.section() == "14.6.1").count();
        if self.subject().as_str() != "noop" && components.iter().all(|c| c.name() == HARNESS) {
            found.insert(after_source, Shortfall::TechnologyVersion);
        }
        let cluster = |name: &str| ["kubernetes", "k8s", "k3s"].iter().any(|c| name.eq_ignore_ascii_case(c));
        let subject = self.subject().as_str().split(['/', '+']).any(cluster);
        let indicator = matches!(
            self.indicator(),
            Indicator::ControlPlaneMemory
                | Indicator::ControlPlaneStartup
                | Indicator::NodeMemory
                | Indicator::MaxNodes
                | Indicator::TotalObjects
        );
        if (subject || indicator) && !components.iter().any(|c| cluster(c.name())) {
            found.insert(after_source, Shortfall::KubernetesVersion);
        }
        found
    }
}

/// Whether conditions that are said to be idle were not, by the load average among what makes the machine noisy.
fn not_idle(conditions: &Conditions) -> Option<Shortfall> {
    conditions.load.as_deref().filter(|load| is_idle(load))?;
    let (load_average, cores) = conditions.noise.iter().find_map(|sentence| load_average(sentence))?;
    let is_busy = load_average.parse::<f64>().is_ok_and(|load| load >= BUSY);
    is_busy.then(|| Shortfall::NotIdle { load_average: load_average.to_owned(), cores })
}

/// What stands between the words of a reference.
fn separates(c: char) -> bool {
    c.is_whitespace() || ",;()，；（）".contains(c)
}

/// An address, a path, a file, or a name with its version: `docs.k3s.io`, `benches/startup`, `hyperfine 1.18.0`.
fn names_a_place(reference: &str) -> bool {
    reference.split(separates).any(|word| word.contains('/') || word.trim_end_matches('.').contains('.'))
}

/// The names with a version in a reference: `runtime-baseline 0.1.0`, but no address that has digits in it.
fn named_with_version(reference: &str) -> impl Iterator<Item = Component> {
    let words: Vec<&str> = reference.split(separates).filter(|w| !w.is_empty()).collect();
    let pairs: Vec<_> = words.windows(2).map(|pair| (pair[0].to_owned(), pair[1].to_owned())).collect();
    pairs.into_iter().filter_map(|(name, version)| {
        let digits = version.strip_prefix('v').unwrap_or(&version);
        let is_version = digits.starts_with(|c: char| c.is_ascii_digit()) && digits.contains('.');
        is_version.then(|| Component::new(name, version).ok())?
    })
}
