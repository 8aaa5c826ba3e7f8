//! What could not be measured: a row, not a gap.

use super::MOST_ROWS;
use crate::{
    Language,
    report::{
        Report,
        document::{Block, Cell, Column, Section, Table, Text},
    },
};

pub(super) fn section(report: &Report<'_>, language: Language) -> Option<Section> {
    let rows = report.baseline.unavailable();
    if rows.is_empty() {
        return None;
    }
    let mut section = Section::new("unavailable", language.pick("本机不可用", "Unavailable here"));
    let columns = language.pick(["对象", "指标", "原因", "办法"], ["subject", "indicator", "why", "what to do"]);
    let row = |row: &crate::UnavailableRow| {
        let indicator = language.pick(row.indicator().label_zh(), row.indicator().label());
        let of = [row.workload(), row.temperature().map(crate::Temperature::as_str)];
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
