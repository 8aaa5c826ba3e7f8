//! The first screen: what became of the published figures, a sentence for each pair of things that they compare.

use super::aside;
use crate::{Isolation, Language, Subject};

/// How many claims have which verdict.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub reproduced: usize,
    pub refuted: usize,
    pub undecided: usize,
    /// Measured, and not so that it answers.
    pub open: usize,
    pub unmeasured: usize,
}

impl Counts {
    /// How many have a verdict.
    pub(crate) fn judged(self) -> usize {
        self.reproduced + self.refuted + self.undecided
    }

    pub(crate) fn all(self) -> usize {
        self.reproduced + self.refuted + self.undecided + self.open + self.unmeasured
    }
}

pub(crate) const fn title(language: Language) -> &'static str {
    language.pick("已发布的数据在本机是否成立", "Are the published figures true here?")
}

/// Whose figures they are.
pub(crate) const fn figures(own: bool, language: Language) -> &'static str {
    match own {
        true => language.pick("自己的数据", "claims of your own"),
        false => language.pick("已发布的数据", "published figures"),
    }
}

/// `Of 8 published figures 1 holds here, 5 do not, 2 were not measured`.
pub(crate) fn counted(counts: Counts, own: bool, language: Language) -> String {
    let all = counts.all();
    if all == 1 {
        return only(counts, own, language).to_owned();
    }
    let parts = [
        (counts.reproduced, ["holds here", "hold here"], "个在本机成立"),
        (counts.refuted, ["does not", "do not"], "个不成立"),
        (counts.undecided, ["is undecided", "are undecided"], "个未定"),
        (counts.open, ["has no verdict", "have no verdict"], "个无法判断"),
        (counts.unmeasured, ["was not measured", "were not measured"], "个未测量"),
    ];
    let said = parts.into_iter().enumerate().filter(|(_, (count, ..))| *count > 0);
    let said = said.map(|(i, (count, english, chinese))| match language {
        // "does not" leans on a "holds here" before it.
        Language::English if i == 1 && counts.reproduced == 0 => {
            format!("{count} {} hold here", english[usize::from(count > 1)])
        }
        Language::English => format!("{count} {}", english[usize::from(count > 1)]),
        Language::Chinese => format!("{count} {chinese}"),
    });
    let said: Vec<String> = said.collect();
    let noun = figures(own, language);
    match language {
        Language::English => format!("of {all} {noun}, {}", said.join(", ")),
        Language::Chinese => format!("{all} 个{noun}中，{}", said.join("，")),
    }
}

/// Of a single claim.
fn only(counts: Counts, own: bool, language: Language) -> &'static str {
    let [reproduced, refuted, undecided, unmeasured, open] = match own {
        true => language.pick(
            [
                "自己的数据在本机成立",
                "自己的数据在本机不成立",
                "自己的数据未定",
                "自己的数据未测量",
                "自己的数据无法判断",
            ],
            [
                "your claim holds here",
                "your claim does not hold here",
                "your claim is undecided",
                "your claim was not measured",
                "your claim has no verdict",
            ],
        ),
        false => language.pick(
            [
                "已发布的数据在本机成立",
                "已发布的数据在本机不成立",
                "已发布的数据未定",
                "已发布的数据未测量",
                "已发布的数据无法判断",
            ],
            [
                "the published figure holds here",
                "the published figure does not hold here",
                "the published figure is undecided",
                "the published figure was not measured",
                "the published figure has no verdict",
            ],
        ),
    };
    match counts {
        Counts { reproduced: 1, .. } => reproduced,
        Counts { refuted: 1, .. } => refuted,
        Counts { undecided: 1, .. } => undecided,
        Counts { unmeasured: 1, .. } => unmeasured,
        _ => open,
    }
}

/// `startup time shows no difference (1.06× faster, 0.94 … 1.18)`, or `startup time is 1.80× faster (1.70 … 1.90)`.
pub(crate) fn measured(what: &str, factor: &str, interval: Option<&str>, differs: bool, language: Language) -> String {
    match (differs, interval, language) {
        (true, None, Language::English) => format!("{what} is {factor}"),
        (true, None, Language::Chinese) => format!("{what}{factor}"),
        (true, Some(interval), Language::English) => format!("{what} is {factor} ({interval})"),
        (true, Some(interval), Language::Chinese) => format!("{what}{factor}（{interval}）"),
        (false, _, Language::English) => {
            let interval = interval.map(|interval| format!(", {interval}")).unwrap_or_default();
            format!("{what} shows no difference ({factor}{interval})")
        }
        (false, _, Language::Chinese) => {
            let interval = interval.map(|interval| format!("，{interval}")).unwrap_or_default();
            format!("{what}未见差异（{factor}{interval}）")
        }
    }
}

pub(crate) fn not_as_published(measured: &str, published: &str, language: Language) -> String {
    match language {
        Language::English => format!("{measured}, not {published}"),
        Language::Chinese => format!("{measured}，而非{published}"),
    }
}

pub(crate) fn as_published(measured: &str, published: &str, language: Language) -> String {
    match language {
        Language::English => format!("{measured}, published {published}"),
        Language::Chinese => format!("{measured}，发布为{published}"),
    }
}

pub(crate) fn undecided(measured: &str, published: &str, language: Language) -> String {
    match language {
        Language::English => format!("{measured}, which does not decide a published {published}"),
        Language::Chinese => format!("{measured}，不足以判定所发布的{published}"),
    }
}

/// Measured, and for this reason without a verdict.
pub(crate) fn open(what: &str, why: &str, language: Language) -> String {
    match language {
        Language::English => format!("{what} has no verdict: {why}"),
        Language::Chinese => format!("{what}无法判断：{why}"),
    }
}

/// Why a claim that was measured has no verdict, in a few words; its evidence has all of them.
pub(crate) mod why {
    use crate::Language;

    pub(crate) const fn no_factor(language: Language) -> &'static str {
        language.pick("未发布倍数", "no factor is published")
    }

    pub(crate) const fn no_interval(language: Language) -> &'static str {
        language.pick("样本不足以给出区间", "too few samples for an interval")
    }

    pub(crate) const fn bound(language: Language) -> &'static str {
        language.pick("只测得界限", "only a bound was measured")
    }

    pub(crate) const fn zero(language: Language) -> &'static str {
        language.pick("低于探针的分辨率", "it is below what the probe resolves")
    }

    pub(crate) const fn unlike(language: Language) -> &'static str {
        language.pick("两侧未同等测量", "the two sides were not measured alike")
    }

    pub(crate) const fn condition(language: Language) -> &'static str {
        language.pick("在另一条件下测量", "it was measured under another condition")
    }

    pub(crate) const fn unit(language: Language) -> &'static str {
        language.pick("两侧单位不同", "the two sides have two units")
    }

    /// Where workloads or settings contradict each other.
    pub(crate) fn depends(holds: usize, fails: usize, language: Language) -> String {
        match language {
            Language::English => format!("it depends on workload and settings, holds in {holds} and fails in {fails}"),
            Language::Chinese => format!("取决于工作负载与设置：{holds} 个成立，{fails} 个不成立"),
        }
    }
}

/// The claims of a group that were not measured, by name.
pub(crate) fn not_measured(names: &str, language: Language) -> String {
    match language {
        Language::English => format!("not measured: {names}"),
        Language::Chinese => format!("未测量：{names}"),
    }
}

/// So many clauses are left to the picture.
pub(crate) fn and_more(count: usize, language: Language) -> String {
    match language {
        Language::English => format!("and {count} more below"),
        Language::Chinese => format!("另有 {count} 个见下"),
    }
}

/// That the published factor appears at another layer than the claim's.
pub(crate) fn appears(what: &str, between: [&str; 2], factor: &str, language: Language) -> String {
    let [reference, contender] = between;
    match language {
        Language::English => {
            format!("The published factor of {what} appears between {reference} and {contender}: {factor}.")
        }
        Language::Chinese => format!("{what}的已发布倍数出现在 {reference} 与{contender}之间：{factor}。"),
    }
}

/// That nothing which was measured beside the claim's two sides shows the published factor.
pub(crate) fn appears_nowhere(what: &str, count: usize, language: Language) -> String {
    match (count, language) {
        (1, Language::English) => {
            format!("The published factor of {what} does not appear in the one other figure of that run.")
        }
        (_, Language::English) => {
            format!("The published factor of {what} appears in none of the {count} other figures of that run.")
        }
        (_, Language::Chinese) => format!("同次运行的其他 {count} 个数据均未出现{what}的已发布倍数。"),
    }
}

/// What stands between something and its host, with its name: `a module in an engine's own process (wasmtime, warm)`.
pub(crate) fn layer(isolation: Option<Isolation>, name: &str, language: Language) -> String {
    let kind = match isolation {
        Some(Isolation::InProcess) => language.pick("引擎进程内的模块", "a module in an engine's own process"),
        Some(Isolation::Process) => language.pick("普通进程", "a process of its own"),
        Some(Isolation::Container) => language.pick("容器", "a container"),
        Some(Isolation::WasmInContainer) => language.pick("容器内的 Wasm", "Wasm in a container"),
        _ => return name.to_owned(),
    };
    format!("{kind}{}", aside(name, language))
}

/// What people call a subject: `Wasm in a container (container+wasmedge)`.
pub(crate) fn plain(subject: &Subject, language: Language) -> String {
    let name = subject.as_str();
    let kind = match name {
        "opa" => return "OPA".to_owned(),
        "k3s" => return "K3s".to_owned(),
        "kubernetes" => return "Kubernetes".to_owned(),
        _ if name.starts_with("container+") || name.starts_with("crun+") => {
            language.pick("容器内的 Wasm", "Wasm in a container")
        }
        _ if name.starts_with("container/") => language.pick("容器", "a container"),
        _ if name.starts_with("opa-wasm/") => "OPA-Wasm",
        _ => return name.to_owned(),
    };
    format!("{kind}{}", aside(name, language))
}

/// The two things that a group of claims compares.
pub(crate) fn pair(contender: &str, reference: &str, language: Language) -> String {
    match language {
        Language::English => format!("{contender} against {reference}"),
        Language::Chinese => format!("{contender} 对 {reference}"),
    }
}

/// That another subject answered for the claimed one.
pub(crate) fn stands_in(stand_in: &str, claimed: &str, language: Language) -> String {
    match language {
        Language::English => format!("{stand_in} stands in for {claimed}."),
        Language::Chinese => format!("{stand_in} 代替 {claimed}。"),
    }
}

/// What the first sentences leave to a fold.
pub(crate) fn more_pairs(count: usize, language: Language) -> String {
    match language {
        Language::English => format!("{count} more: other pairs, what has no verdict, and what was not measured"),
        Language::Chinese => format!("另有 {count} 项：其他各组、无法判断的与未测量的"),
    }
}

/// What was measured, and has no verdict.
pub(crate) const fn nothing_judged(language: Language) -> &'static str {
    language.pick("无法判断", "No verdict here")
}

pub(crate) const fn nothing_measured(language: Language) -> &'static str {
    language.pick("未测量", "Not measured here")
}

/// How many claims a group has.
pub(crate) fn so_many(count: usize, language: Language) -> String {
    match (count, language) {
        (1, Language::English) => "1 figure".to_owned(),
        (_, Language::English) => format!("{count} figures"),
        (_, Language::Chinese) => format!("{count} 个"),
    }
}

/// Where the baseline has neither side of any published figure.
pub(crate) fn not_about_this(count: usize, names: &str, language: Language) -> String {
    match language {
        Language::English => format!(
            "Not about this baseline: {count} of the published figures that come with runtime-baseline, since it has neither \
             side of them: {names}."
        ),
        Language::Chinese => {
            format!("与此基线无关：runtime-baseline 自带的已发布数据中的 {count} 个，其两侧均未测量：{names}。")
        }
    }
}

pub(crate) const fn how_to_add(language: Language) -> &'static str {
    language.pick(
        "判断自己的数据：runtime-baseline report --claims FILE；文件格式见 runtime-baseline claims --help。",
        "To judge claims of your own: runtime-baseline report --claims FILE; runtime-baseline claims --help has the form of \
         the file.",
    )
}
