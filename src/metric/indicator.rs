//! The indicators: what can be measured, in which unit, and which family of the report it belongs to.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize, Serializer};

use super::{OwnIndicator, Unit};

/// Which way an indicator gets better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Times, sizes, CPU.
    #[serde(alias = "less")]
    LessIsBetter,
    /// Rates, density, scale.
    #[serde(alias = "more")]
    MoreIsBetter,
}

impl Direction {
    /// The direction of an indicator.
    #[must_use]
    pub const fn of(indicator: Indicator) -> Self {
        indicator.direction()
    }

    /// The name in the stored form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LessIsBetter => "less_is_better",
            Self::MoreIsBetter => "more_is_better",
        }
    }
}

/// What holds of some indicators, beside their direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trait {
    /// It is a tail by its own definition.
    Tail,
    /// What one shows depends on how many do the same at that moment.
    Concurrent,
    /// It is what one more takes, so that a slope is the figure itself.
    Marginal,
}

/// A section of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Family {
    /// Bytes to ship.
    Size,
    /// From create to ready.
    Startup,
    /// Bytes held.
    Memory,
    /// CPU time used.
    Cpu,
    /// Instances on one node.
    Density,
    /// Policy decisions.
    Policy,
    /// Control planes and their stores.
    Cluster,
    /// Indicators of tool authors' own.
    Other,
}

impl Family {
    /// The section's heading in English.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Size => "Size",
            Self::Startup => "Startup",
            Self::Memory => "Memory",
            Self::Cpu => "CPU",
            Self::Density => "Density",
            Self::Policy => "Policy engines",
            Self::Cluster => "Control planes and stores",
            Self::Other => "Others",
        }
    }

    /// The section's heading in Chinese.
    #[must_use]
    pub const fn title_zh(self) -> &'static str {
        match self {
            Self::Size => "体积",
            Self::Startup => "启动",
            Self::Memory => "内存",
            Self::Cpu => "CPU",
            Self::Density => "密度",
            Self::Policy => "策略引擎",
            Self::Cluster => "控制平面与存储",
            Self::Other => "其他",
        }
    }
}

/// One table instead of many `match`es that must agree: the variant, its stored name, English, Chinese, family, direction,
/// traits, units. Nothing has a default that one could forget to change.
macro_rules! indicators {
    ($($(#[$doc:meta])* $variant:ident, $name:literal, $english:literal, $chinese:literal, $family:ident, $better:ident, [$($trait:ident),*], [$($unit:ident),+];)+) => {
        /// What was measured. [`Indicator::definition`] says what exactly that is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
        #[serde(try_from = "String")]
        #[non_exhaustive]
        pub enum Indicator {
            $($(#[$doc])* $variant,)+
            /// One of a tool author's own: see [`Indicator::other`].
            Other(OwnIndicator),
        }

        impl Indicator {
            /// Every indicator that this crate knows, in the order of the report.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name in the stored form.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ Self::Other(own) => own.as_str() }
            }

            /// The name for people, in English.
            #[must_use]
            pub const fn label(self) -> &'static str {
                match self { $(Self::$variant => $english,)+ Self::Other(own) => own.as_str() }
            }

            /// The name for people, in Chinese.
            #[must_use]
            pub const fn label_zh(self) -> &'static str {
                match self { $(Self::$variant => $chinese,)+ Self::Other(own) => own.as_str() }
            }

            /// The section of the report.
            #[must_use]
            pub const fn family(self) -> Family {
                match self { $(Self::$variant => Family::$family,)+ Self::Other(_) => Family::Other }
            }

            /// Which way it gets better.
            #[must_use]
            pub const fn direction(self) -> Direction {
                match self { $(Self::$variant => Direction::$better,)+ Self::Other(own) => own.direction() }
            }

            /// The units that this indicator may be given in.
            #[must_use]
            pub const fn units(self) -> &'static [Unit] {
                match self { $(Self::$variant => &[$(Unit::$unit),+],)+ Self::Other(own) => own.units() }
            }

            const fn traits(self) -> &'static [Trait] {
                match self {
                    $(Self::$variant => &[$(Trait::$trait),*],)+
                    // Nothing is known of it: what might matter is taken to.
                    Self::Other(_) => &[Trait::Concurrent, Trait::Marginal],
                }
            }
        }
    };
}

impl Indicator {
    /// Whether it is a tail by its own definition, such as the 99th percentile of a burst's starts.
    #[must_use]
    pub fn is_tail(self) -> bool {
        self.traits().contains(&Trait::Tail)
    }

    /// Whether what one instance shows depends on how many others do the same at that moment, so that figures at different
    /// concurrencies do not compare.
    #[must_use]
    pub fn depends_on_concurrency(self) -> bool {
        self.traits().contains(&Trait::Concurrent)
    }

    /// Whether it is what one more takes, so that the slope over many is the figure itself.
    #[must_use]
    pub fn is_marginal(self) -> bool {
        self.traits().contains(&Trait::Marginal)
    }
}

indicators! {
    /// Bytes that must be shipped.
    ImageSize, "image_size", "image size", "镜像体积", Size, LessIsBetter, [], [Bytes];
    /// Bytes of the executables that a control plane needs.
    BinarySize, "binary_size", "binary size", "二进制大小", Size, LessIsBetter, [], [Bytes];
    /// Bytes of the workload itself.
    WorkloadSize, "workload_size", "workload size", "工作负载体积", Size, LessIsBetter, [], [Bytes];
    /// From the call that creates an instance to the workload's own *ready*.
    StartupTime, "startup_time", "startup time", "启动时间", Startup, LessIsBetter, [Concurrent], [Nanoseconds];
    /// 99th percentile of the startup time over a burst released together.
    StartupP99, "startup_p99", "startup p99", "启动延迟（p99）", Startup, LessIsBetter, [Tail, Concurrent], [Nanoseconds];
    /// Starts per second over a burst.
    StartRate, "start_rate", "start rate", "启动速率", Startup, MoreIsBetter, [Concurrent], [PerSecond];
    /// Create, start, ready, exit and delete, together.
    LifecycleTime, "lifecycle_time", "lifecycle time", "生命周期时间", Startup, LessIsBetter, [Concurrent], [Nanoseconds];
    /// From the request that creates a pod to the event that says that it is ready.
    PodStartup, "pod_startup", "pod startup", "Pod 启动时间", Startup, LessIsBetter, [Concurrent], [Nanoseconds];
    /// What one more idle, ready instance adds.
    MemoryBaseline, "memory_baseline", "memory baseline", "内存基线", Memory, LessIsBetter, [Marginal], [Bytes];
    /// The highest charge between create and ready.
    MemoryPeak, "memory_peak", "memory peak", "内存峰值", Memory, LessIsBetter, [], [Bytes];
    /// Memory of a whole node's agents.
    NodeMemory, "node_memory", "node memory", "节点内存", Memory, LessIsBetter, [], [Bytes];
    /// CPU time of an idle, ready instance, as a share of one core.
    CpuBaseline, "cpu_baseline", "CPU baseline", "运行 CPU 基线", Cpu, LessIsBetter, [], [Percent];
    /// The highest share of the node's CPU over 10 ms while a burst runs.
    ColdStartCpuPeak, "cold_start_cpu_peak", "cold-start CPU peak", "冷启动 CPU 尖峰", Cpu, LessIsBetter, [Concurrent], [Percent];
    /// Ready instances alive at the same time.
    Density, "density", "density", "单节点密度", Density, MoreIsBetter, [], [Instances];
    /// From the policy's bytes on disk to its first correct decision.
    EngineStartup, "engine_startup", "engine startup", "引擎启动时间", Policy, LessIsBetter, [], [Nanoseconds];
    /// What one more loaded engine adds.
    EngineMemory, "engine_memory", "engine memory", "引擎内存", Policy, LessIsBetter, [Marginal], [Bytes];
    /// One decision, engine warm.
    EvaluationLatency, "evaluation_latency", "evaluation latency", "评估延迟", Policy, LessIsBetter, [Concurrent], [Nanoseconds];
    /// Decisions per second.
    EvaluationRate, "evaluation_rate", "evaluation rate", "评估速率", Policy, MoreIsBetter, [], [PerSecond];
    /// From spawn to `/readyz`.
    ControlPlaneStartup, "control_plane_startup", "control-plane startup", "控制平面启动时间", Cluster, LessIsBetter, [], [Nanoseconds];
    /// PSS of all processes of a control plane, settled.
    ControlPlaneMemory, "control_plane_memory", "control-plane memory", "控制平面内存", Cluster, LessIsBetter, [], [Bytes];
    /// One durable write or linearizable read.
    StorageLatency, "storage_latency", "storage latency", "存储延迟", Cluster, LessIsBetter, [Concurrent], [Nanoseconds];
    /// CPU of the storage backend per 1,000 delivered events.
    ListWatchPressure, "list_watch_pressure", "list-watch pressure", "list-watch 压力", Cluster, LessIsBetter, [Concurrent], [CpuSeconds, Percent];
    /// The most nodes a cluster takes.
    MaxNodes, "max_nodes", "maximum nodes", "最大节点数", Cluster, MoreIsBetter, [], [Nodes];
    /// API objects in a cluster.
    TotalObjects, "total_objects", "total objects", "总对象数", Cluster, MoreIsBetter, [], [Objects];
}

impl fmt::Display for Indicator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A name that is no indicator of this version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown indicator {0:?}: this version knows {known}", known = Indicator::ALL.iter().map(|i| i.as_str()).collect::<Vec<_>>().join(", "))]
pub struct UnknownIndicator(pub String);

impl FromStr for Indicator {
    type Err = UnknownIndicator;

    /// Reads the name of an indicator that this crate knows, or else of the own one of that name that was last made in this
    /// process.
    fn from_str(s: &str) -> Result<Self, UnknownIndicator> {
        let known = Self::ALL.iter().copied().find(|i| i.as_str() == s);
        let found = known.or_else(|| OwnIndicator::named(s).map(Self::Other));
        found.ok_or_else(|| UnknownIndicator(s.to_owned()))
    }
}

impl Serialize for Indicator {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl TryFrom<String> for Indicator {
    type Error = UnknownIndicator;

    fn try_from(s: String) -> Result<Self, UnknownIndicator> {
        s.parse()
    }
}

impl From<Indicator> for String {
    fn from(i: Indicator) -> Self {
        i.as_str().to_owned()
    }
}
