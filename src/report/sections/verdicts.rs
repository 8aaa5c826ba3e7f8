//! The opening table: each published claim, what was measured of it here, and what became of it.

use super::MOST_NAMES;
use crate::{
    Baseline, Claim, Language, Subject, claims,
    claims::Side,
    compare::{Judgement, Verdict, caution, judge},
    report::{
        Report,
        document::{Block, Cell, Column, Item, Section, Table, Text, Tone},
        words,
    },
};

/// What is judged at all: where it is nothing, there is little to say, and it is not said first.
pub(super) struct Verdicts {
    pub section: Section,
    pub is_about_this: bool,
}

/// The reader's own claims, then the published ones that the baseline has a side of; the others are counted.
pub(super) fn section(report: &Report<'_>, language: Language) -> Verdicts {
    let title = language.pick("已发布的数据是否成立", "Are the published figures true here?");
    let mut section = Section::new("verdicts", title);
    let own: Vec<&Claim> = report.claims.iter().flat_map(|claims| claims.iter()).collect();
    let (about, others): (Vec<&Claim>, Vec<&Claim>) =
        claims().iter().partition(|claim| is_about(claim, report.baseline));
    let is_about_this = !(own.is_empty() && about.is_empty());
    if is_about_this {
        let method = language.pick(
            "结论依据本机测得的两侧之间倍数的区间，而非绝对值；P 为 (A − B) / A × 100 %。",
            "A verdict is on the interval of the factor between two sides that were both measured here, not on absolute \
             values; P is (A − B) / A × 100 %.",
        );
        section.blocks.push(Block::Paragraph(method.to_owned()));
    }
    let (named, caption) = language.pick(
        ("自己的数据", "每个自己的数据及其结论"),
        ("claims of your own", "Each claim of your own and what became of it"),
    );
    part(&mut section, report, &own, (named, caption), language);
    let (named, caption) = language.pick(
        ("已发布的数据", "每个已发布的数据及其结论"),
        ("published figures", "Each published figure and what became of it"),
    );
    part(&mut section, report, &about, (named, caption), language);
    if !others.is_empty() {
        section.blocks.push(Block::Paragraph(not_about_this(&others, language)));
    }
    let how = language.pick(
        "判断自己的数据：runtime-baseline report --claims FILE；文件格式见 runtime-baseline claims --help。",
        "To judge claims of your own: runtime-baseline report --claims FILE; runtime-baseline claims --help has the form of \
         the file.",
    );
    if own.is_empty() {
        section.blocks.push(Block::Paragraph(how.to_owned()));
    }
    Verdicts { section, is_about_this }
}

/// Some claims with their verdicts, and where they stand.
fn part(
    section: &mut Section,
    report: &Report<'_>,
    claims: &[&Claim],
    (named, caption): (&str, &str),
    language: Language,
) {
    if claims.is_empty() {
        return;
    }
    let judgements: Vec<Judgement<'_>> = claims.iter().map(|claim| judge(claim, report.baseline)).collect();
    let count = |test: fn(&Verdict) -> bool| judgements.iter().filter(|j| test(&j.verdict)).count();
    let all = judgements.len();
    let (reproduced, refuted) = (count(|v| *v == Verdict::Reproduced), count(|v| *v == Verdict::Refuted));
    let undecided = count(|v| matches!(v, Verdict::Undecided(_)));
    let open = all - reproduced - refuted - undecided;
    let caution = caution(reproduced + refuted, language);
    section.blocks.push(Block::Paragraph(match language {
        Language::English => format!(
            "Of {all} {named}, {reproduced} are reproduced, {refuted} refuted, {undecided} undecided, and {open} cannot be \
             compared yet. {caution}"
        ),
        Language::Chinese => format!(
            "{all} 个{named}中，{reproduced} 个成立，{refuted} 个不成立，{undecided} 个未定，{open} 个尚无法比较。{caution}"
        ),
    }));
    let columns = language.pick(
        ["指标", "发布（A → B）", "本机测得（A → B）", "结论", "差异或缺少的测量"],
        ["indicator", "claimed (A → B)", "measured here (A → B)", "verdict", "what differs, or what is missing"],
    );
    let rows = judgements.iter().map(|judgement| row(judgement, language)).collect();
    section.blocks.push(Block::Table(Table::new(caption, columns.map(Column::text).into(), rows).cards()));
    let sections = language.pick("各节的来源：", "Where the sections stand:");
    section.blocks.push(Block::Paragraph(sections.to_owned()));
    section.blocks.push(Block::List(sources(claims)));
}

/// The source of each section, once.
fn sources(claims: &[&Claim]) -> Vec<Item> {
    let mut found: Vec<(&str, &str)> = Vec::new();
    for claim in claims {
        let source = (claim.section(), claim.reference().metric().provenance().source().reference());
        if !found.contains(&source) {
            found.push(source);
        }
    }
    found
        .into_iter()
        .map(|(section, reference)| Item { name: section.to_owned(), text: Text::english(reference) })
        .collect()
}

/// Whether the baseline has a figure of a side, or says why it has none.
fn is_about(claim: &Claim, baseline: &Baseline) -> bool {
    let indicator = claim.reference().metric().indicator();
    let metrics = baseline.metrics().iter().map(|m| (m.indicator(), m.subject()));
    let rows = baseline.unavailable().iter().map(|row| (row.indicator(), row.subject()));
    let answers =
        |side: &Side, subject: &Subject| side.metric().subject() == subject || side.stand_ins().contains(subject);
    let sides = [claim.reference(), claim.contender()];
    let mut measured = metrics.chain(rows).filter(|(measured, _)| *measured == indicator);
    measured.any(|(_, subject)| sides.iter().any(|side| answers(side, subject)))
}

fn not_about_this(claims: &[&Claim], language: Language) -> String {
    let names: Vec<String> = claims.iter().map(|claim| claim.id().to_owned()).collect();
    let shown = words::few(&names, MOST_NAMES, language.pick("、", ", "), language);
    match language {
        Language::English => format!(
            "Not about this baseline: {} of the published figures that come with runtime-baseline, since it has neither \
             side of them: {shown}.",
            claims.len()
        ),
        Language::Chinese => format!(
            "与此基线无关：runtime-baseline 自带的已发布数据中的 {} 个，其两侧均未测量：{shown}。",
            claims.len()
        ),
    }
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
