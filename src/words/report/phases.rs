//! Where the time of starts goes.

use crate::Language;

pub(crate) const fn title(language: Language) -> &'static str {
    language.pick("时间花在哪里", "Where the time goes")
}

/// How the bars are read.
pub(crate) const fn note(language: Language) -> &'static str {
    language.pick(
        "每条为一次启动，由左至右按阶段划分，宽度为其份额，全长为 100 %；右侧为整次启动的时间。",
        "Each bar is a start, from the call at the left to ready at the right; a phase is as wide as its share of the time beside the name.",
    )
}

/// The phases of single starts, and of a burst.
pub(crate) fn caption(concurrency: u32, language: Language) -> String {
    match (concurrency, language) {
        (0 | 1, Language::English) => {
            "Means of starts with marks on, each the middle one of several; startup time itself is taken without marks"
                .to_owned()
        }
        (0 | 1, Language::Chinese) => {
            "带标记启动的平均值，每个样本取数次启动中居中的一次；启动时间本身在无标记时测得".to_owned()
        }
        (n, Language::English) => {
            format!("The mean start of a burst of {n}, with marks on: what waits for others counts where it waits")
        }
        (n, Language::Chinese) => format!("{n} 并发突发中的平均启动，带标记；等待计入其所在的阶段"),
    }
}

pub(crate) const fn columns(language: Language) -> [&'static str; 3] {
    language.pick(["对象", "整次启动", "各阶段，按先后"], ["subject", "the whole", "phases, in their order"])
}

/// A phase with its time, and its share of the whole in per cent.
pub(crate) fn phase(name: &str, time: &str, share: f64, language: Language) -> String {
    match language {
        Language::English => format!("{name} {time} ({share:.0} %)"),
        Language::Chinese => format!("{name} {time}（{share:.0} %）"),
    }
}

/// Of a whole that its phases do not add up to.
pub(crate) fn apart(percent: f64, language: Language) -> String {
    match language {
        Language::English => format!("the phases differ from it by {percent:.0} %"),
        Language::Chinese => format!("与整体相差 {percent:.0} %"),
    }
}

/// Where the time of a side of a refuted claim goes.
pub(crate) fn why(subject: &str, whole: &str, making: Option<&str>, longest: &str, language: Language) -> String {
    match (making, language) {
        (Some(making), Language::English) => {
            format!("of the {whole} of {subject}, by phase, {making} make the container; the longest: {longest}")
        }
        (None, Language::English) => format!("of the {whole} of {subject}, by phase, the longest: {longest}"),
        (Some(making), Language::Chinese) => {
            format!("{subject} 的 {whole} 按阶段划分：其中 {making} 用于创建容器；最长的为 {longest}")
        }
        (None, Language::Chinese) => format!("{subject} 的 {whole} 按阶段划分：最长的为 {longest}"),
    }
}
