//! What stands behind the figures: what was unavailable, the audit, the definitions, how to reproduce.

use crate::Language;

pub(crate) mod unavailable {
    use crate::Language;

    pub(crate) const fn title(language: Language) -> &'static str {
        language.pick("本机不可用", "Unavailable here")
    }

    pub(crate) const fn columns(language: Language) -> [&'static str; 4] {
        language.pick(["对象", "指标", "原因", "办法"], ["subject", "indicator", "why", "what to do"])
    }

    pub(crate) const fn caption(language: Language) -> &'static str {
        language.pick("无法测量的数据，及其原因与办法", "What could not be measured, why, and what to do about it")
    }

    /// What a later release recorded, or somebody misspelt.
    pub(crate) fn not_known(count: usize, names: &str, language: Language) -> String {
        match language {
            Language::English => {
                format!("{count} entries or fields are not known to this release; they stay in the file: {names}.")
            }
            Language::Chinese => format!("有 {count} 个条目或字段为本版本所不识，仍保留在文件中：{names}。"),
        }
    }
}

pub(crate) mod audit {
    use crate::Language;

    pub(crate) const fn title(language: Language) -> &'static str {
        language.pick("审计", "Audit")
    }

    pub(crate) const fn measured(language: Language) -> &'static str {
        language.pick("本机测得的记录", "Measured records")
    }

    pub(crate) fn complete(what: &str, complete: usize, all: usize, language: Language) -> String {
        match language {
            Language::English => format!(
                "{what}: {complete} of {all} say all that a figure must say of itself: where it can be found (14.6.1), versions \
                 and date (14.6.2), hardware, software and conditions (14.6.3)."
            ),
            Language::Chinese => format!(
                "{what}：{all} 条中有 {complete} 条写明了全部要求：来源（14.6.1）、版本与日期（14.6.2）、硬件、软件与条件（14.6.3）。"
            ),
        }
    }

    pub(crate) fn records(count: usize, language: Language) -> String {
        match language {
            Language::English if count == 1 => "1 record".to_owned(),
            Language::English => format!("{count} records"),
            Language::Chinese => format!("{count} 条记录"),
        }
    }

    pub(crate) const fn columns(language: Language) -> [&'static str; 2] {
        language.pick(["记录", "缺少"], ["records", "what they lack, by section"])
    }

    /// Between a section and what is lacking, between those, and after the last.
    pub(crate) const fn marks(language: Language) -> (&'static str, &'static str, &'static str) {
        language.pick(("：", "；", "。"), (": ", "; ", "."))
    }
}

pub(crate) mod definitions {
    use crate::Language;

    pub(crate) const fn title(language: Language) -> &'static str {
        language.pick("每个数字的定义", "How each number is defined")
    }

    pub(crate) const fn temperature(language: Language) -> &'static str {
        language.pick("温度", "Temperature")
    }

    pub(crate) const fn phases(language: Language) -> &'static str {
        language.pick("启动的各阶段", "Phases of a start")
    }

    pub(crate) const fn statistics(language: Language) -> &'static str {
        language.pick("统计量与区间", "Statistics and intervals")
    }

    pub(crate) const fn mind(language: Language) -> &'static str {
        language.pick("表中“注意”一栏的含义", "What to mind, in the last column of a table")
    }

    pub(crate) const fn interval(language: Language) -> [&'static str; 2] {
        language.pick(
            [
                "95 % 区间",
                "分位数的区间由次序统计量得出，与分布无关；样本不足以在两侧界定分位数时不给出区间。斜率的区间为 Student 区间。倍数的区间由两侧的区间得出。",
            ],
            [
                "95 % interval",
                "Of quantiles: by order statistics, whatever the distribution; none where there are too few samples to bound the quantile on both sides. Of slopes: Student's. Of factors: from the two sides' intervals.",
            ],
        )
    }
}

pub(crate) mod reproduce {
    use crate::Language;

    pub(crate) const fn title(language: Language) -> &'static str {
        language.pick("如何重现", "How to reproduce")
    }

    pub(crate) const fn measure(language: Language) -> &'static str {
        language.pick(
            "在本项目的源码目录中，以下命令重新测量并重写此报告：",
            "In a checkout of this project, these take the figures again and write this report anew:",
        )
    }

    pub(crate) const fn write(language: Language) -> &'static str {
        language.pick(
            "由已有的基线重写此报告，以及检查、比较数据：",
            "To write this report from a baseline that is there, to audit it, and to judge a new one against it:",
        )
    }

    /// The option that asks for this language.
    pub(crate) const fn option(language: Language) -> &'static str {
        language.pick(" --language zh", "")
    }

    pub(crate) fn written_by(version: &str, language: Language) -> String {
        match language {
            Language::English => format!("This report was written by runtime-baseline {version}."),
            Language::Chinese => format!("此报告由 runtime-baseline {version} 写成。"),
        }
    }

    pub(crate) const fn sources(language: Language) -> &'static str {
        language.pick("数据来源：", "Sources:")
    }

    pub(crate) const fn columns(language: Language) -> [&'static str; 2] {
        language.pick(["组件", "版本"], ["component", "version"])
    }

    pub(crate) const fn versions(language: Language) -> &'static str {
        language.pick("所测与所用组件的版本", "Versions of what was measured and what took part")
    }
}

/// Whatever a section holds, folded away.
pub(crate) const fn all(language: Language) -> &'static str {
    language.pick("全部列出", "All of them")
}
