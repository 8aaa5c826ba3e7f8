//! What could not be measured: a row, not a gap.

use super::{MOST_NAMES, MOST_ROWS};
use crate::{
    Language, Unknown,
    report::{
        Report,
        document::{Block, Cell, Column, Section, Table, Text},
        words,
    },
};

pub(super) fn section(report: &Report<'_>, language: Language) -> Option<Section> {
    let (rows, unknown) = (report.baseline.unavailable(), report.baseline.unknown());
    if rows.is_empty() && unknown.is_empty() {
        return None;
    }
    let mut section = Section::new("unavailable", language.pick("本机不可用", "Unavailable here"));
    section.blocks.extend((!unknown.is_empty()).then(|| not_known(&unknown, language)));
    if rows.is_empty() {
        return Some(section);
    }
    let columns = language.pick(["对象", "指标", "原因", "办法"], ["subject", "indicator", "why", "what to do"]);
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
    let caption =
        language.pick("无法测量的数据，及其原因与办法", "What could not be measured, why, and what to do about it");
    let table = Table::new(caption, columns.map(Column::text).into(), rows.iter().map(row).collect());
    section.blocks.push(Block::Table(table.cards().at_most(MOST_ROWS)));
    Some(section)
}

/// What a later release recorded, or somebody misspelt: counted, and named as far as there is room.
fn not_known(unknown: &[Unknown], language: Language) -> Block {
    let names: Vec<String> = unknown.iter().map(ToString::to_string).collect();
    let names = words::few(&names, MOST_NAMES, language.pick("；", "; "), language);
    let count = unknown.len();
    Block::Paragraph(match language {
        Language::English => {
            format!("{count} entries or fields are not known to this release; they stay in the file: {names}.")
        }
        Language::Chinese => format!("有 {count} 个条目或字段为本版本所不识，仍保留在文件中：{names}。"),
    })
}
