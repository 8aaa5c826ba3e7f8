//! The opening table: each published claim, what was measured of it here, and what became of it.

use std::fmt::Write;

use super::markdown::{digits, escape, times};
use crate::{
    Baseline, Bound, Claim, Language, Metric, claims,
    compare::{Judgement, Verdict, judge},
};

/// Writes the table, then for each claim without a verdict what it would take.
pub(super) fn section(out: &mut String, baseline: &Baseline, language: Language) {
    let judgements: Vec<Judgement<'_>> = claims().iter().map(|claim| judge(claim, baseline)).collect();
    let title = language.pick("## 已发布的数据是否成立", "## Are the published figures true here?");
    let titles =
        language.pick("| 指标 | 发布 | 本机测得 | 结论 |", "| indicator | claimed | measured here | verdict |");
    let _ = writeln!(out, "{title}\n\n{titles}\n| --- | --- | --- | --- |");
    for judgement in &judgements {
        let metric = judgement.claim.reference().metric();
        let name = language.pick(metric.indicator().label_zh(), metric.indicator().label());
        let name = format!("{name} ({})", judgement.claim.section());
        let verdict = match &judgement.verdict {
            Verdict::Reproduced => language.pick("**成立**", "**reproduced**"),
            Verdict::Refuted => language.pick("**不成立**", "**refuted**"),
            Verdict::NotComparable(_) => language.pick("无法比较", "not comparable"),
        };
        let cells = [name, claimed(judgement.claim), measured(judgement, language), verdict.to_owned()];
        let _ = writeln!(out, "| {} |", cells.map(|cell| escape(&cell)).join(" | "));
    }
    let lead = language.pick("结论依据倍数的区间；与发布条件的差异和缺少的测量：", "A verdict is on the interval of the factor. What differs from the published circumstances, and what is missing:");
    let _ = writeln!(out, "\n{lead}\n");
    for judgement in &judgements {
        let why: Vec<String> = match &judgement.verdict {
            Verdict::NotComparable(missing) => missing.iter().map(ToString::to_string).collect(),
            _ => judgement.differences.iter().map(ToString::to_string).collect(),
        };
        if !why.is_empty() {
            let verb = match judgement.verdict {
                Verdict::NotComparable(_) => language.pick("缺少", "missing"),
                _ => language.pick("差异（发布/测得）", "differs (claimed / measured)"),
            };
            let _ = writeln!(out, "- {}: {verb}: {}", judgement.claim.id(), escape(&why.join("; ")));
        }
    }
    out.push('\n');
}

fn claimed(claim: &Claim) -> String {
    let factor = claim.factor().map_or_else(String::new, |factor| format!(": {factor}"));
    format!("{} → {}{factor}", side(claim.reference().metric()), side(claim.contender().metric()))
}

fn measured(judgement: &Judgement<'_>, language: Language) -> String {
    let Some(comparison) = &judgement.comparison else { return String::new() };
    let interval = comparison.gain_interval().map(|gain| format!(" ({} … {})", digits(gain.low), digits(gain.high)));
    let improvement = comparison.improvement().map(|p| format!(", P = {p:.1} %")).unwrap_or_default();
    format!(
        "{} → {}: {}{}{improvement}",
        side(comparison.reference()),
        side(comparison.contender()),
        times(comparison, language),
        interval.unwrap_or_default()
    )
}

fn side(metric: &Metric) -> String {
    let mark = match metric.bound() {
        Bound::Exact => "",
        Bound::About => "~",
        Bound::Above => "> ",
        Bound::Below => "< ",
    };
    format!("{} {mark}{}", metric.subject(), metric.quantity().rounded())
}
