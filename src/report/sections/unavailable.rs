//! What could not be measured: a row, not a gap.

use super::{MOST_NAMES, MOST_ROWS};
use crate::{
    Language, Unknown,
    report::{
        Report,
        document::{Block, Cell, Column, Section, Table, Text},
        words,
    },
    words::report::{self as said, rest::unavailable as say},
};

pub(super) fn section(report: &Report<'_>, language: Language) -> Option<Section> {
    let (rows, unknown) = (report.baseline.unavailable(), report.baseline.unknown());
    if rows.is_empty() && unknown.is_empty() {
        return None;
    }
    let mut section = Section::new("unavailable", say::title(language));
    section.blocks.extend((!unknown.is_empty()).then(|| not_known(&unknown, language)));
    if rows.is_empty() {
        return Some(section);
    }
    let row = |row: &crate::UnavailableRow| {
        let indicator = language.pick(row.indicator().label_zh(), row.indicator().label());
        let of = [row.workload(), row.part(), row.temperature().map(crate::Temperature::as_str)];
        vec![
            Cell::new(row.subject().to_string()),
            Cell::new(indicator).detail(of.into_iter().flatten().collect::<Vec<_>>().join(", ")),
            Cell::new(Text::english(row.reason())),
            Cell::new(Text::english(row.remedy())),
        ]
    };
    let table = Table::new(
        say::caption(language),
        say::columns(language).map(Column::text).into(),
        rows.iter().map(row).collect(),
    );
    section.blocks.push(Block::Table(table.cards().at_most(MOST_ROWS)));
    Some(section)
}

/// What a later release recorded, or somebody misspelt: counted, and named as far as there is room.
fn not_known(unknown: &[Unknown], language: Language) -> Block {
    let names: Vec<String> = unknown.iter().map(ToString::to_string).collect();
    let names = words::few(&names, MOST_NAMES, said::semicolon(language), language);
    Block::Paragraph(say::not_known(unknown.len(), &names, language))
}
