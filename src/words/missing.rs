//! What a verdict on a claim would take.

use super::reasons;
use crate::{
    Language, Subject,
    compare::{Beside, Difference, Missing},
    stats::Estimate,
};

impl Missing {
    /// What is missing, and what to do about it, in `language`. What this release has no Chinese for stays as the run recorded it.
    #[must_use]
    pub fn describe(&self, language: Language) -> String {
        let all = |differences: &[Difference]| {
            let all: Vec<String> = differences.iter().map(|d| d.describe(language)).collect();
            all.join(language.pick("，", ", "))
        };
        let chinese = language == Language::Chinese;
        match self {
            Self::Factor => language.pick("倍数：发布者未给出", "a factor: the claim states none").to_owned(),
            Self::Side { subject, reason, remedy, beside } => {
                let reason = reasons::of(reason.as_deref().unwrap_or("not measured"), language);
                let remedy = remedy.as_ref().map(|remedy| reasons::of(remedy, language)).map(|remedy| match language {
                    Language::Chinese => format!("（{remedy}）"),
                    Language::English => format!(" ({remedy})"),
                });
                let beside = shown(subject, beside, language).unwrap_or_default();
                format!("{subject}{}{reason}{}{beside}", language.pick("：", ": "), remedy.unwrap_or_default())
            }
            Self::Under(subject, conditions) => {
                let all: Vec<String> =
                    conditions.iter().map(|(aspect, value)| format!("{} {value}", aspect.describe(language))).collect();
                match language {
                    Language::Chinese => format!("{subject}：未在 {} 下测量", all.join("，")),
                    Language::English => format!("{subject}: not measured with {}", all.join(", ")),
                }
            }
            Self::Interval(subject) if chinese => format!("{subject} 的 95 % 区间：请测量足够多次"),
            Self::Interval(subject) => {
                format!("a 95 % interval of {subject}: measure it often enough to have one")
            }
            Self::Bounded { subject, measured, claimed, is_too_small } => match (language, is_too_small) {
                (Language::Chinese, false) => {
                    format!("{subject} 的数值本身：只测得界限 {measured}（发布值 {claimed}）")
                }
                (Language::Chinese, true) => format!(
                    "{subject} 的数值本身：测得 {measured}（发布值 {claimed}），小于测量自身的占用，延长时间也无法得到倍数"
                ),
                (Language::English, false) => {
                    format!("the value of {subject}: only a bound was measured, {measured} ({claimed} is published)")
                }
                (Language::English, true) => format!(
                    "the value of {subject}: {measured} was measured ({claimed} is published), which is less than measuring it \
                     takes, so that no longer look gives a factor"
                ),
            },
            Self::Zero(subject) if chinese => format!("{subject} 大于零的数据：低于探针的分辨率"),
            Self::Zero(subject) => format!("a figure of {subject} above zero: it is below what the probe resolves"),
            Self::Alike(differences) if chinese => {
                format!("在同一次运行中同等测量的两侧；两侧的差异：{}", all(differences))
            }
            Self::Alike(differences) => {
                format!("both sides measured alike in one run; they differ in {}", all(differences))
            }
            Self::Condition(subject, difference) if chinese => {
                format!("在发布条件下的 {subject}（{}）", difference.describe(language))
            }
            Self::Condition(subject, difference) => {
                format!("{subject} under the claimed condition ({})", difference.describe(language))
            }
            Self::Unit => language.pick("同一单位的两侧", "both sides in one unit").to_owned(),
            Self::Agreement(all) if chinese => {
                format!("发布所指的工作负载与设置；它们在此起决定作用：{}", all.join("，"))
            }
            Self::Agreement(all) => {
                format!("the workload and settings that the claim means; they decide here: {}", all.join(", "))
            }
        }
    }
}

/// What others showed that do not answer for `subject`.
fn shown(subject: &Subject, beside: &[Beside], language: Language) -> Option<String> {
    let one = |Beside { subject, reference, gain, .. }: &Beside| {
        let better = gain.value >= 1.0;
        let Estimate { value, low, high } = if better { *gain } else { gain.inverse() };
        let [low, high] = [low, high].map(|end| format!("{end:.2}"));
        // What is counted has no interval.
        let ends = |from: &str, to: &str, end: &str| {
            if low == high { String::new() } else { format!("{from}{low}{to}{high}{end}") }
        };
        match language {
            Language::English => {
                let word = if better { "better" } else { "worse" };
                format!("{subject} is {value:.2}× {word} than {reference}{}", ends(" (", " to ", ")"))
            }
            Language::Chinese => {
                let word = if better { "优于" } else { "劣于" };
                format!("{subject} {word} {reference} {value:.2} 倍{}", ends("（", " 至 ", "）"))
            }
        }
    };
    let all: Vec<String> = beside.iter().map(one).collect();
    let lead = match language {
        Language::English => format!("; measured here, and not {subject}: "),
        Language::Chinese => format!("；在此测得、但并非 {subject}："),
    };
    (!all.is_empty()).then(|| lead + &all.join(language.pick("，", ", ")))
}
