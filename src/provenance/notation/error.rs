//! What is wrong with a citation or an environment block, in which field and where.

use std::fmt;

use super::Language;
use crate::{DateError, Indicator, MetricError, ProvenanceError, QuantityError};

macro_rules! fields {
    ($($(#[$doc:meta])* $variant:ident, $chinese:literal, $english:literal;)+) => {
        /// A field of a citation or of an environment block.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum NotationField { $($(#[$doc])* $variant,)+ }

        impl NotationField {
            /// The field's name in the notation.
            #[must_use]
            pub const fn label(self, language: Language) -> &'static str {
                match self { $(Self::$variant => language.pick($chinese, $english),)+ }
            }
        }
    };
}

fields! {
    /// What was measured.
    Indicator, "指标名称", "indicator";
    /// How much.
    Quantity, "数值", "value";
    /// The kind of source.
    Source, "来源", "source";
    /// The components with their versions.
    Version, "版本", "version";
    /// When.
    Date, "日期", "date";
    /// The first line of the block.
    Hardware, "硬件", "hardware";
    /// CPU model.
    Cpu, "CPU 型号", "CPU";
    /// Number of cores, before its `C`.
    Cores, "核心数", "cores";
    /// Memory in 10^9 bytes, before its `G`.
    Memory, "内存", "memory";
    /// Storage device and file system.
    Storage, "存储", "storage";
    /// The hypervisor.
    Virtualization, "虚拟化", "virtualization";
    /// The CPU time that the process is allowed, in CPUs.
    CpuQuota, "CPU 配额", "CPU quota";
    /// The memory that it is allowed, in 10^9 bytes.
    MemoryLimit, "内存限额", "memory limit";
    /// The CPUs that it may run on, where not on all.
    Cpuset, "CPU 集", "cpuset";
    /// The second line of the block.
    Software, "软件", "software";
    /// Operating system.
    Os, "OS 版本", "OS";
    /// Kernel release.
    Kernel, "内核版本", "kernel";
    /// The compiler that built the harness.
    Rustc, "rustc", "rustc";
    /// What runs the container that the process is in.
    Container, "容器", "container";
    /// Whether it is in a user namespace of its own.
    UserNamespace, "用户命名空间", "user namespace";
    /// The clock that the kernel tells the time by.
    ClockSource, "时钟源", "clock source";
    /// The third line of the block.
    Conditions, "条件", "conditions";
    /// How many at the same time.
    Concurrency, "并发", "concurrent";
    /// What else the machine did.
    Load, "负载", "load";
    /// What stands between the workload and its host.
    Isolation, "隔离", "isolation";
    /// How the subject is reached.
    Transport, "传输", "transport";
    /// A setting of the engine.
    Engine, "引擎", "engine";
    /// What else was seen while the figure was taken.
    Observed, "观测", "observed";
    /// What makes the machine noisy.
    Noise, "噪声", "noise";
}

impl fmt::Display for NotationField {
    /// Both names: `来源 (source)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (chinese, english) = (self.label(Language::Chinese), self.label(Language::English));
        if chinese == english { f.write_str(english) } else { write!(f, "{chinese} ({english})") }
    }
}

/// Why a text is no citation, or no environment block: which field, where, and what was expected there.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("line {line}, column {column}, {field}: {problem}")]
pub struct NotationError {
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) field: NotationField,
    pub(super) problem: NotationProblem,
}

impl NotationError {
    /// The line, from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        self.line
    }

    /// The column in characters, from 1.
    #[must_use]
    pub fn column(&self) -> usize {
        self.column
    }

    /// The field.
    #[must_use]
    pub fn field(&self) -> NotationField {
        self.field
    }

    /// What is wrong there.
    #[must_use]
    pub fn problem(&self) -> &NotationProblem {
        &self.problem
    }
}

/// What is wrong with a field.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum NotationProblem {
    /// Something else stands where the notation goes on.
    #[error("expected {expected}, found {}", Found(found))]
    Unexpected {
        /// What could stand there.
        expected: String,
        /// What stands there; empty at the end.
        found: String,
    },
    /// The name is not one of the indicators: use one of those listed.
    #[error("no indicator is named {}; the known ones are {}", Found(.0), known())]
    UnknownIndicator(String),
    /// The value is no quantity.
    #[error(transparent)]
    Quantity(QuantityError),
    /// The value is in a unit that the indicator is not measured in.
    #[error(transparent)]
    Metric(MetricError),
    /// A component without a name or without an exact version.
    #[error(transparent)]
    Component(ProvenanceError),
    /// The date does not exist, or is not written as one.
    #[error(transparent)]
    Date(DateError),
    /// A number that is not whole, or too large.
    #[error("{} is not a number that fits: expected {expected}", Found(found))]
    Number {
        /// Which numbers fit.
        expected: &'static str,
        /// What stands there.
        found: String,
    },
    /// A bracket that is opened and not closed.
    #[error("the bracket is not closed: expected ] before the end of the line")]
    Unclosed,
    /// A backslash with something that is no escape.
    #[error("no escape: expected \\\\, \\[, \\], \\n, \\r, \\t or \\u{{hexadecimal}} after the backslash")]
    Escape,
    /// A field that was there before.
    #[error("given twice: keep one")]
    Twice,
    /// A line of the block that is not there.
    #[error("the line is missing: a block has the three lines 硬件 (hardware), 软件 (software) and 条件 (conditions)")]
    MissingLine,
}

fn known() -> String {
    let names: Vec<String> = Indicator::ALL.iter().map(|i| format!("{} ({})", i.label_zh(), i.label())).collect();
    names.join(", ")
}

/// A text from outside, short enough for a message.
struct Found<'a>(&'a str);

impl fmt::Display for Found<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const LIMIT: usize = 40;
        match self.0.char_indices().nth(LIMIT) {
            _ if self.0.is_empty() => f.write_str("the end"),
            Some((end, _)) => write!(f, "{:?}…", &self.0[..end]),
            None => write!(f, "{:?}", self.0),
        }
    }
}
