//! What the records lack of what a figure must say of itself (14.6.1 to 14.6.3).

use std::collections::HashMap;

use super::MOST_NAMES;
use crate::{
    Language, Metric, Shortfall,
    report::{
        Report,
        document::{Block, Cell, Column, Section, Table},
        words,
    },
};

/// The most different sets of shortfalls in a table.
const MOST_SETS: usize = 100;

pub(super) fn section(report: &Report<'_>, language: Language) -> Option<Section> {
    let mut section = Section::new("audit", language.pick("审计", "Audit"));
    let measured = report.metrics.iter().map(|metric| {
        let temperature = metric.temperature().map(|t| format!(" ({t})")).unwrap_or_default();
        (*metric, format!("{} {}{temperature}", metric.indicator(), metric.subject()))
    });
    let what = language.pick("本机测得的记录", "Measured records");
    part(&mut section, report, measured, what, language);
    Some(section)
}

/// Records that lack the same stand in one row.
fn part<'a>(
    section: &mut Section,
    report: &Report<'_>,
    records: impl Iterator<Item = (&'a Metric, String)>,
    what: &str,
    language: Language,
) {
    let mut sets: HashMap<Vec<Shortfall>, (usize, Vec<String>)> = HashMap::new();
    let (mut all, mut complete) = (0, 0);
    for (metric, name) in records {
        all += 1;
        let found = metric.audit_on(report.staleness.today());
        if found.is_empty() {
            complete += 1;
            continue;
        }
        let next = sets.len();
        let (_, names) = sets.entry(found).or_insert((next, Vec::new()));
        // Statistics of one figure lack the same.
        if names.last() != Some(&name) {
            names.push(name);
        }
    }
    section.blocks.push(Block::Paragraph(match language {
        Language::English => format!(
            "{what}: {complete} of {all} say all that a figure must say of itself: where it can be found (14.6.1), versions \
             and date (14.6.2), hardware, software and conditions (14.6.3)."
        ),
        Language::Chinese => format!(
            "{what}：{all} 条中有 {complete} 条写明了全部要求：来源（14.6.1）、版本与日期（14.6.2）、硬件、软件与条件（14.6.3）。"
        ),
    }));
    if sets.is_empty() {
        return;
    }
    let mut sets: Vec<_> = sets.into_iter().map(|(lacks, (order, names))| (order, lacks, names)).collect();
    sets.sort_unstable_by_key(|(order, _, _)| *order);
    let row = |(_, lacks, names): &(usize, Vec<Shortfall>, Vec<String>)| {
        let names_shown = words::few(names, MOST_NAMES, language.pick("、", ", "), language);
        let records = match language {
            Language::English if names.len() == 1 => "1 record".to_owned(),
            Language::English => format!("{} records", names.len()),
            Language::Chinese => format!("{} 条记录", names.len()),
        };
        vec![Cell::new(records).detail(names_shown), Cell::new(by_section(lacks, language))]
    };
    let columns = language.pick(["记录", "缺少"], ["records", "what they lack, by section"]);
    let table = Table::new(what, columns.map(Column::text).into(), sets.iter().map(row).collect());
    section.blocks.push(Block::Table(table.cards().at_most(MOST_SETS)));
}

/// `14.6.2: …; … 14.6.3: …`: each section once.
fn by_section(lacks: &[Shortfall], language: Language) -> String {
    let parts = lacks.chunk_by(|a, b| a.section() == b.section()).map(|chunk| {
        let section = chunk[0].section();
        let plain = |shortfall: &Shortfall| {
            let text = shortfall.describe(language);
            text.strip_prefix(section).unwrap_or(&text).trim_start().to_owned()
        };
        let all: Vec<String> = chunk.iter().map(plain).collect();
        let (colon, semicolon, stop) = language.pick(("：", "；", "。"), (": ", "; ", "."));
        format!("{section}{colon}{}{stop}", all.join(semicolon))
    });
    parts.collect::<Vec<_>>().join(language.pick("", " "))
}
