//! The table of verdicts, and what each stands on.

use crate::Language;

pub(crate) const fn title(language: Language) -> &'static str {
    language.pick("每个数据及其结论", "Each figure and its verdict")
}

pub(crate) const fn columns(language: Language) -> [&'static str; 6] {
    language.pick(
        ["指标", "发布", "发布的倍数", "本机测得", "测得的倍数", "结论"],
        ["figure", "published", "factor published", "measured here", "factor here", "verdict"],
    )
}

/// Of the short table for a pull request.
pub(crate) const fn summary_columns(language: Language) -> [&'static str; 5] {
    language.pick(
        ["指标", "参照 → 对照", "发布", "本机测得", "结论"],
        ["figure", "reference → contender", "published", "measured here", "verdict"],
    )
}

pub(crate) const fn caption(own: bool, language: Language) -> &'static str {
    match own {
        true => language.pick("每个自己的数据（参照 → 对照）", "Each claim of your own (reference → contender)"),
        false => language.pick("每个已发布的数据（参照 → 对照）", "Each published figure (reference → contender)"),
    }
}

pub(crate) const fn reproduced(language: Language) -> &'static str {
    language.pick("成立", "reproduced")
}

pub(crate) const fn refuted(language: Language) -> &'static str {
    language.pick("不成立", "refuted")
}

pub(crate) const fn undecided(language: Language) -> &'static str {
    language.pick("未定", "undecided")
}

pub(crate) const fn open(language: Language) -> &'static str {
    language.pick("无法比较", "not comparable")
}

pub(crate) const fn depends(language: Language) -> &'static str {
    language.pick("视情况而定", "it depends")
}

pub(crate) const fn unmeasured(language: Language) -> &'static str {
    language.pick("未测量", "not measured")
}

/// The word that opens what a verdict stands on.
pub(crate) const fn evidence(language: Language) -> &'static str {
    language.pick("依据", "evidence")
}

pub(crate) const fn method(language: Language) -> &'static str {
    language.pick(
        "结论依据本机测得的两侧之间倍数的区间，而非绝对值。",
        "A verdict is on the interval of the factor between two sides that were both measured here, not on absolute values.",
    )
}

pub(crate) const fn how(language: Language) -> &'static str {
    language.pick("如何得出结论，以及来源", "How a verdict is made, and where the figures stand")
}

pub(crate) fn missing(what: &str, language: Language) -> String {
    match language {
        Language::English => format!("missing: {what}"),
        Language::Chinese => format!("缺少 {what}"),
    }
}

pub(crate) fn differs(what: &str, language: Language) -> String {
    match language {
        Language::English => format!("differs (claimed / measured): {what}"),
        Language::Chinese => format!("差异（发布/测得）：{what}"),
    }
}

/// P = (A − B) / A × 100 %.
pub(crate) fn improvement(percent: f64, language: Language) -> String {
    match language {
        Language::English => format!("P = (A − B) / A × 100 % = {percent:.1} %"),
        Language::Chinese => format!("P = (A − B) / A × 100 % = {percent:.1} %"),
    }
}

/// Where in its source a figure stands.
pub(crate) fn section(section: &str, language: Language) -> String {
    match language {
        Language::English => format!("section {section}"),
        Language::Chinese => format!("第 {section} 节"),
    }
}

/// A group's name, and what all its claims have in common.
pub(crate) fn common(name: &str, what: &[String], language: Language) -> String {
    match what.is_empty() {
        true => name.to_owned(),
        false => format!("{name} – {}", what.join(super::semicolon(language))),
    }
}

/// The load that a verdict's figures were taken at.
pub(crate) fn load(average: f64, cores: u32, language: Language) -> String {
    match language {
        Language::English if cores == 1 => format!("taken at a load of {average:.2} on 1 core, which is too high"),
        Language::English => format!("taken at a load of {average:.2} on {cores} cores, which is too high"),
        Language::Chinese => format!("测量时负载为 {average:.2}（{cores} 核），过高"),
    }
}

/// The same in a few words, beside the verdict.
pub(crate) fn load_short(average: f64, language: Language) -> String {
    match language {
        Language::English => format!("at load {average:.2}"),
        Language::Chinese => format!("负载 {average:.2}"),
    }
}

/// How the picture is read.
pub(crate) mod picture {
    use crate::Language;

    pub(crate) const fn title(language: Language) -> &'static str {
        language.pick(
            "前者比后者好多少倍：发布的与本机测得的。点击一行查看其依据。",
            "How many times better the first is than the second, as published and as measured here. A row leads to its evidence.",
        )
    }

    pub(crate) const fn ends(language: Language) -> [&'static str; 2] {
        language.pick(["← 更差", "更好 →"], ["← worse", "better →"])
    }

    pub(crate) const fn legend(language: Language) -> [&'static str; 2] {
        language
            .pick(["发布", "本机测得，横线为 95 % 区间"], ["published", "measured here, the line is its 95 % interval"])
    }

    pub(crate) fn published(factor: &str, language: Language) -> String {
        match language {
            Language::English => format!("published {factor}"),
            Language::Chinese => format!("发布 {factor}"),
        }
    }

    /// The fold that holds what was not measured.
    pub(crate) fn folded(count: usize, language: Language) -> String {
        match language {
            Language::English => format!("{count} more published figures, of which nothing was measured here"),
            Language::Chinese => format!("另有 {count} 个已发布的数据，本机未测量"),
        }
    }
}
