//! The one-line citation and the three-line environment block, printed and parsed in Chinese and in English.
//!
//! Text stands in square brackets, so that every text comes back as it was. A parser takes what people write as well:
//! no brackets, full-width punctuation, other spacing, either language in any field.

mod amount;
mod block;
mod citation;
mod cursor;
mod error;
mod read_block;

pub(crate) use amount::{binary, cpus};
pub use block::EnvironmentBlock;
pub use citation::{Citation, CitationText};
pub use error::{NotationError, NotationField, NotationProblem};

use super::SourceKind;
use crate::Indicator;

/// The two languages of the notation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Language {
    /// Chinese, the form that the requirements were written in.
    Chinese,
    /// English.
    English,
}

impl Language {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Chinese, Self::English];

    /// The one of two texts that is in this language.
    pub(crate) const fn pick<T: Copy>(self, chinese: T, english: T) -> T {
        match self {
            Self::Chinese => chinese,
            Self::English => english,
        }
    }
}

impl SourceKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::OfficialDocs, Self::Benchmark, Self::Production, Self::ThirdParty];

    /// The kind's name in a citation.
    #[must_use]
    pub const fn label(self, language: Language) -> &'static str {
        match self {
            Self::OfficialDocs => language.pick("官方文档", "official docs"),
            Self::Benchmark => language.pick("基准测试", "benchmark"),
            Self::Production => language.pick("生产数据", "production data"),
            Self::ThirdParty => language.pick("第三方", "third party"),
        }
    }

    fn named(name: &str) -> Option<Self> {
        let name = folded(name);
        let also = |kind| match kind {
            Self::OfficialDocs => ["official-docs", "official documentation"],
            Self::Benchmark => ["benchmark test", "benchmarks"],
            Self::Production => ["production", "生产"],
            Self::ThirdParty => ["third-party", "第三方页面"],
        };
        Self::ALL.into_iter().find(|kind| {
            Language::ALL.iter().any(|l| folded(kind.label(*l)) == name)
                || also(*kind).iter().any(|n| folded(n) == name)
        })
    }
}

/// Other names under which the published figures go.
const ALIASES: [(&str, Indicator); 8] = [
    ("启动延迟", Indicator::StartupTime),
    ("启动时间（p99）", Indicator::StartupP99),
    ("单节点 Pod 数", Indicator::Density),
    ("Pod 密度", Indicator::Density),
    ("部署密度", Indicator::Density),
    ("CPU 尖峰", Indicator::ColdStartCpuPeak),
    ("CPU 基线", Indicator::CpuBaseline),
    ("内存占用", Indicator::EngineMemory),
];

impl Indicator {
    /// The indicator of a name as people write it: its label in either language, its stored name, or one of the names
    /// that published tables use. Case, spacing and the width of punctuation do not matter.
    ///
    /// ```
    /// use runtime_baseline::Indicator;
    ///
    /// assert_eq!(Indicator::from_label("启动延迟(P99)"), Some(Indicator::StartupP99));
    /// assert_eq!(Indicator::from_label("单节点 Pod 数"), Some(Indicator::Density));
    /// assert_eq!(Indicator::from_label("Startup time"), Some(Indicator::StartupTime));
    /// assert_eq!(Indicator::from_label("speed"), None);
    /// ```
    #[must_use]
    pub fn from_label(name: &str) -> Option<Self> {
        let name = folded(name);
        let known = |i: &Self| [i.label(), i.label_zh(), i.as_str()].iter().any(|label| folded(label) == name);
        let alias = || ALIASES.iter().find(|(alias, _)| folded(alias) == name).map(|(_, indicator)| *indicator);
        Self::ALL.iter().copied().find(known).or_else(alias)
    }
}

/// Whether a load, as people write it, says that the machine did nothing else.
pub(super) fn is_idle(load: &str) -> bool {
    let load = load.trim();
    load.eq_ignore_ascii_case("idle") || load == "空闲"
}

/// A name without what does not distinguish names: case, white space, underscores, width.
fn folded(name: &str) -> String {
    let narrow = |c| match c {
        '（' => '(',
        '）' => ')',
        '－' => '-',
        c => c,
    };
    let ignored = |c: char| c.is_whitespace() || c == '_';
    name.chars().filter(|c| !ignored(*c)).map(narrow).flat_map(char::to_lowercase).collect()
}
