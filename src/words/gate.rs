//! What a gate says: of the whole, of each series, of each group.

use crate::{
    Language,
    compare::{Counts, Difference, Doubt, GateGroup, GateReport, GroupRuling, Outcome, Ruling},
};

impl Outcome {
    /// Its word, in `language`.
    #[must_use]
    pub const fn describe(self, language: Language) -> &'static str {
        let chinese = match self {
            Self::Fine => "正常",
            Self::Worse => "变差",
            Self::Unseen => "无法判断",
        };
        language.pick(chinese, self.as_str())
    }
}

impl Ruling {
    /// Its word, in `language`.
    #[must_use]
    pub const fn describe(&self, language: Language) -> &'static str {
        let chinese = match self {
            Self::Worse => "变差",
            Self::Better => "变好",
            Self::Fine => "正常",
            Self::Unseen(_) => "无法判断",
            Self::New => "新增",
            Self::Ignored => "忽略",
        };
        language.pick(chinese, self.as_str())
    }
}

impl GateReport {
    /// One line that says all of it, beginning with its [outcome](Self::outcome).
    #[must_use]
    pub fn headline(&self, language: Language) -> String {
        let Counts { worse, better, fine, unseen, new, ignored } = self.counts();
        let (outcome, series) = (self.outcome().describe(language), self.rows.len());
        let (level, comparisons) = (self.false_alarms * 100.0, self.comparisons);
        let mut line = match language {
            Language::Chinese => format!(
                "{outcome}：共 {series} 个序列，{worse} 个变差，{better} 个变好，{fine} 个正常，{unseen} 个无法判断"
            ),
            Language::English => format!(
                "{outcome}: {worse} worse, {better} better, {fine} fine, {unseen} could not be seen, of {series} series"
            ),
        };
        let further = [
            (new, "个新增", "new"),
            (ignored, "个忽略", "ignored"),
            (self.worse_groups().count(), "个组整体变差", "of its groups worse as wholes"),
        ];
        for (count, chinese, english) in further.into_iter().filter(|(count, ..)| *count > 0) {
            line.push_str(language.pick("，", ", "));
            line.push_str(&format!("{count} {}", language.pick(chinese, english)));
        }
        line + &match language {
            Language::Chinese => format!("；{comparisons} 次比较，Holm 法控制在 {level} %"),
            Language::English => format!("; Holm at {level} % over {comparisons} comparisons"),
        }
    }
}

impl Doubt {
    /// The kind in two or three words, for a summary.
    #[must_use]
    pub const fn kind(&self, language: Language) -> &'static str {
        match self {
            Self::Noise => language.pick("噪声过大", "too noisy"),
            Self::NoInterval => language.pick("没有区间", "without an interval"),
            Self::Zero => language.pick("数值为零", "zero"),
            Self::Bound => language.pick("只有界限", "bounds"),
            Self::FewRuns => language.pick("运行次数太少", "in too few runs"),
            Self::Gone(_) => language.pick("未再测得", "gone"),
            Self::Elsewhere(_) => language.pick("测量环境不同", "measured elsewhere"),
        }
    }

    /// What is wrong, and what to do about it.
    #[must_use]
    pub fn describe(&self, language: Language) -> String {
        let gone = language.pick("未再测得", "not measured again");
        let text = match self {
            Self::Noise => {
                language.pick("对其限值而言噪声过大：请多次运行，或放宽限值", "too noisy for its limit: run more, or raise it")
            }
            Self::NoInterval => language.pick(
                "一侧没有区间：请多测几次，或在限值文件中设 ignore",
                "a side has no interval: measure it more often, or set ignore in the limits",
            ),
            Self::Zero => language.pick(
                "数值为零，无法求比值：低于可分辨的程度，或未测得",
                "a figure of zero has no ratio: it is below what was resolved, or was not measured",
            ),
            Self::Bound => language.pick("一侧只有界限，没有数值", "a side is a bound and no value"),
            Self::FewRuns => language.pick("有此序列的运行不足三次", "fewer than three runs have it"),
            Self::Gone(None) => gone,
            Self::Gone(Some(reason)) => {
                return format!("{gone}{}{}", language.pick("：", ": "), super::reasons::of(reason, language));
            }
            Self::Elsewhere(all) if all.iter().all(|d| d.left.is_none() && d.right.is_none()) => language.pick(
                "两侧均未注明 CPU，可能来自两台机器：请注明（edit --cpu），或在同一台机器上交替测量两侧（gate --run）",
                "neither side names its CPU, so they may be of two machines: say it (edit --cpu), or measure both sides on \
                 one machine in turns (gate --run)",
            ),
            Self::Elsewhere(all) => return elsewhere(all, language),
        };
        text.to_owned()
    }
}

fn elsewhere(all: &[Difference], language: Language) -> String {
    let all: Vec<String> = all.iter().map(|difference| difference.describe(language)).collect();
    match language {
        Language::Chinese => format!("测量环境不同：{}", all.join("，")),
        Language::English => format!("measured under other circumstances: {}", all.join(", ")),
    }
}

impl GateGroup {
    /// By how much all of it moved, and what that comes to.
    #[must_use]
    pub fn describe(&self, language: Language) -> String {
        let Self { name, series, shift, .. } = self;
        let percent = |factor: f64| (factor - 1.0) * 100.0;
        let moved = percent(*shift);
        let mut text = match language {
            Language::Chinese => format!("{name}：全部 {series} 个序列变动 {moved:+.1} %"),
            Language::English => format!("{name}: all {series} moved by {moved:+.1} %"),
        };
        if let Some(by_hand) = self.by_hand.map(percent) {
            text.push_str(&match language {
                Language::Chinese => format!("，其中手写基准变动 {by_hand:+.1} %"),
                Language::English => format!(", those by hand by {by_hand:+.1} %"),
            });
        }
        text + match self.ruling {
            GroupRuling::Within => language.pick("，在限值之内", ", within the limit"),
            GroupRuling::Moved => language.pick(
                "：机器所致，或全部变动（--absolute 则计入）",
                ": the machine, or all of them (--absolute counts it)",
            ),
            GroupRuling::Chance => language.pick("：不超出偶然", ": no more than chance explains"),
            GroupRuling::Worse => language.pick("：变差，且非机器所致", ": worse, and it is not the machine"),
            GroupRuling::Better => language.pick("：变好，且非机器所致", ": better, and it is not the machine"),
        }
    }
}
