//! What the records lack of what a figure must say of itself (14.6.1 to 14.6.3).

use std::collections::HashMap;

use super::MOST_NAMES;
use crate::{
    Language, Shortfall,
    report::{
        Report,
        document::{Block, Cell, Column, Fold, Section, Table},
        words,
    },
    words::report::{
        self as said,
        rest::{self, audit as say},
    },
};

/// The most different sets of shortfalls in a table.
const MOST_SETS: usize = 100;

pub(super) fn section(report: &Report<'_>, language: Language) -> Option<Section> {
    let mut section = Section::new("audit", say::title(language));
    records(&mut section, report, say::measured(language), language);
    Some(section)
}

/// Records that lack the same stand in one row.
fn records(section: &mut Section, report: &Report<'_>, what: &str, language: Language) {
    let mut sets: HashMap<Vec<Shortfall>, (usize, Vec<String>)> = HashMap::new();
    let (mut all, mut complete) = (0, 0);
    for metric in &report.metrics {
        all += 1;
        let found = metric.audit_on(report.staleness.today());
        if found.is_empty() {
            complete += 1;
            continue;
        }
        let temperature = metric.temperature().map(|t| format!(" ({t})")).unwrap_or_default();
        let name = format!("{} {}{temperature}", metric.indicator(), metric.subject());
        let next = sets.len();
        let (_, names) = sets.entry(found).or_insert((next, Vec::new()));
        // Statistics of one figure lack the same.
        if names.last() != Some(&name) {
            names.push(name);
        }
    }
    section.blocks.push(Block::Paragraph(say::complete(what, complete, all, language)));
    if sets.is_empty() {
        return;
    }
    let mut sets: Vec<_> = sets.into_iter().map(|(lacks, (order, names))| (order, lacks, names)).collect();
    sets.sort_unstable_by_key(|(order, _, _)| *order);
    let row = |(_, lacks, names): &(usize, Vec<Shortfall>, Vec<String>)| {
        let names_shown = words::few(names, MOST_NAMES, said::comma(language), language);
        let records = say::records(names.len(), language);
        vec![Cell::new(records).detail(names_shown), Cell::new(by_section(lacks, language))]
    };
    let columns = say::columns(language).map(Column::text).into();
    let table = Table::new(what, columns, sets.iter().map(row).collect()).cards().at_most(MOST_SETS);
    section.blocks.push(Block::Fold(Fold::new(rest::all(language), vec![Block::Table(table)])));
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
        let (colon, semicolon, stop) = say::marks(language);
        format!("{section}{colon}{}{stop}", all.join(semicolon))
    });
    parts.collect::<Vec<_>>().join(said::space(language))
}
