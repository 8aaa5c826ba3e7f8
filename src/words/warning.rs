//! What to know of samples before trusting their summary, each with what to do about it.

use std::fmt;

use crate::{Language, Quantity, Unit, stats::Warning};

impl Warning {
    /// A word or two, for a table.
    #[must_use]
    pub const fn name(&self, language: Language) -> &'static str {
        match self {
            Self::TooFew { .. } => language.pick("样本太少", "few samples"),
            Self::Drift { .. } => language.pick("漂移", "drift"),
            Self::Outliers { .. } => language.pick("离群值", "outliers"),
            Self::Bimodal { .. } => language.pick("双峰", "two bulks"),
            Self::Constant(_) => language.pick("恒定", "constant"),
        }
    }

    /// What was found, with values of the samples in `unit` where it is known.
    #[must_use]
    pub fn finding(&self, language: Language, unit: Option<Unit>) -> String {
        let value = |value: f64| {
            let round = |unit: Unit| if unit.is_integer() { value.round() } else { value };
            let quantity = unit.and_then(|unit| Quantity::new(round(unit), unit).ok());
            quantity.map_or_else(|| value.to_string(), Quantity::rounded)
        };
        match (self, language) {
            (Self::TooFew { statistic, count, needed }, Language::English) => {
                format!("{} of {count}, which takes {needed}", statistic.label(language))
            }
            (Self::TooFew { statistic, count, needed }, Language::Chinese) => {
                format!("{}：{count} 个，需要 {needed} 个", statistic.label(language))
            }
            (Self::Drift { ratio }, Language::English) => {
                format!("the last third's median is {:+.1} % off the first third's", (ratio - 1.0) * 100.0)
            }
            (Self::Drift { ratio }, Language::Chinese) => {
                format!("后三分之一的中位数比前三分之一偏离 {:+.1} %", (ratio - 1.0) * 100.0)
            }
            (Self::Outliers { count, share }, Language::English) => format!("{count} samples ({:.1} %)", share * 100.0),
            (Self::Outliers { count, share }, Language::Chinese) => format!("{count} 个样本（{:.1} %）", share * 100.0),
            (Self::Bimodal { low, high, share }, Language::English) => {
                format!("about {} and {} ({:.0} % in the upper)", value(*low), value(*high), share * 100.0)
            }
            (Self::Bimodal { low, high, share }, Language::Chinese) => {
                format!("约 {} 与 {}（上方占 {:.0} %）", value(*low), value(*high), share * 100.0)
            }
            (Self::Constant(same), Language::English) => format!("every sample is {}", value(*same)),
            (Self::Constant(same), Language::Chinese) => format!("每个样本都是 {}", value(*same)),
        }
    }

    /// What it means, and what to do about it.
    #[must_use]
    pub fn advice(&self, language: Language) -> &'static str {
        match self {
            Self::TooFew { .. } => language.pick(
                "没有区间：多取进程、轮次或样本",
                "there is no interval: take more processes, turns or samples",
            ),
            Self::Drift { .. } => language.pick(
                "测量期间机器有变：延长预热，保持机器空闲，交错测量",
                "the machine changed meanwhile: warm up longer, keep it idle, interleave",
            ),
            Self::Outliers { .. } => language.pick(
                "远离其余样本：引用中位数而非平均值；停掉其他负载后重测",
                "far outside the rest: quote the median, not the mean; stop other load and run again",
            ),
            Self::Bimodal { .. } => language.pick(
                "测到了两种不同的情况：找出差异所在（缓存、CPU、频率），分别测量",
                "two different things were measured: find what differs (cache, CPU, frequency) and measure each apart",
            ),
            Self::Constant(_) => language.pick(
                "时钟对所测之物太粗，或其值为常数：把多次操作合在一起计时，或检查探针",
                "the clock is too coarse, or the value is a constant: time several operations together, or check the probe",
            ),
        }
    }
}

/// What happened, and what to do about it, in English.
impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (finding, advice) = (self.finding(Language::English, None), self.advice(Language::English));
        write!(f, "{}: {finding}; {advice}", self.name(Language::English))
    }
}
