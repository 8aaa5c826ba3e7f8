//! The opening table: each published claim, what was measured of it here, and what became of it.

use crate::{
    Claim, Language, claims,
    compare::{Judgement, Verdict, caution, judge},
    report::{
        Report,
        document::{Block, Cell, Column, Section, Table, Text, Tone},
        words,
    },
};

pub(super) fn section(report: &Report<'_>, language: Language) -> Section {
    let title = language.pick("已发布的数据是否成立", "Are the published figures true here?");
    let mut section = Section::new("verdicts", title);
    let judgements: Vec<Judgement<'_>> = claims().iter().map(|claim| judge(claim, report.baseline)).collect();
    let count = |test: fn(&Verdict) -> bool| judgements.iter().filter(|j| test(&j.verdict)).count();
    let all = judgements.len();
    let (reproduced, refuted) = (count(|v| *v == Verdict::Reproduced), count(|v| *v == Verdict::Refuted));
    let undecided = count(|v| matches!(v, Verdict::Undecided(_)));
    let open = all - reproduced - refuted - undecided;
    let caution = caution(reproduced + refuted, language);
    section.blocks.push(Block::Paragraph(match language {
        Language::English => format!(
            "Of {all} published figures, {reproduced} are reproduced, {refuted} refuted, {undecided} undecided, and {open} cannot be compared yet. \
             A verdict is on the interval of the factor between two sides that were both measured here, not on absolute \
             values; P is (A − B) / A × 100 %. {caution}"
        ),
        Language::Chinese => format!(
            "已发布的 {all} 个数据中，{reproduced} 个成立，{refuted} 个不成立，{undecided} 个未定，{open} 个尚无法比较。\
             结论依据本机测得的两侧之间倍数的区间，而非绝对值；P 为 (A − B) / A × 100 %。{caution}"
        ),
    }));
    let columns = language.pick(
        ["指标", "发布（A → B）", "本机测得（A → B）", "结论", "差异或缺少的测量"],
        ["indicator", "claimed (A → B)", "measured here (A → B)", "verdict", "what differs, or what is missing"],
    );
    let rows = judgements.iter().map(|judgement| row(judgement, language)).collect();
    let caption = language.pick("每个已发布的数据及其结论", "Each published figure and what became of it");
    let table = Table::new(caption, columns.map(Column::text).into(), rows).cards();
    section.blocks.push(Block::Table(table));
    section
}

fn row(judgement: &Judgement<'_>, language: Language) -> Vec<Cell> {
    let claim = judgement.claim;
    let indicator = claim.reference().metric().indicator();
    let name = language.pick(indicator.label_zh(), indicator.label());
    let place = match language {
        Language::English => format!("section {}", claim.section()),
        Language::Chinese => format!("第 {} 节", claim.section()),
    };
    let (verdict, tone) = match &judgement.verdict {
        Verdict::Reproduced => (language.pick("成立", "reproduced"), Tone::Good),
        Verdict::Refuted => (language.pick("不成立", "refuted"), Tone::Bad),
        Verdict::Undecided(_) => (language.pick("未定", "undecided"), Tone::Open),
        Verdict::NotComparable(_) => (language.pick("无法比较", "not comparable"), Tone::Open),
    };
    vec![
        Cell::new(name).detail(place),
        claimed(claim, language),
        measured(judgement, language),
        Cell::new(verdict).tone(tone),
        Cell::new(why(judgement, language)),
    ]
}

fn claimed(claim: &Claim, language: Language) -> Cell {
    let (a, b) = (claim.reference().metric(), claim.contender().metric());
    let factor = claim.factor().map(|factor| factor.describe(language)).unwrap_or_default();
    Cell::new(format!("{} → {}", words::side(a), words::side(b))).detail(factor)
}

fn measured(judgement: &Judgement<'_>, language: Language) -> Cell {
    let Some(pair) = &judgement.comparison else { return Cell::default() };
    let interval = words::times_interval(pair).map(|interval| format!(" ({interval})")).unwrap_or_default();
    let improvement = pair.improvement().map(|p| format!(", P = {p:.1} %")).unwrap_or_default();
    Cell::new(format!("{} → {}", words::side(pair.reference()), words::side(pair.contender())))
        .detail(format!("{}{interval}{improvement}", words::times(pair, language)))
}

/// What a verdict would take, or in what the measured differs from the claimed.
fn why(judgement: &Judgement<'_>, language: Language) -> Text {
    let separator = language.pick("；", "; ");
    match &judgement.verdict {
        Verdict::NotComparable(missing) => {
            let missing: Vec<String> = missing.iter().map(|missing| missing.describe(language)).collect();
            format!("{}{}", language.pick("缺少 ", "missing: "), missing.join(separator)).into()
        }
        Verdict::Undecided(open) => open.describe(language).into(),
        _ if judgement.differences.is_empty() => Text::default(),
        _ => {
            let lead = language.pick("差异（发布/测得）：", "differs (claimed / measured): ");
            let all: Vec<String> = judgement.differences.iter().map(|d| d.describe(language)).collect();
            format!("{lead}{}", all.join(separator)).into()
        }
    }
}
