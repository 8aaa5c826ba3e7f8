//! Engines and policies in one table.

use std::collections::BTreeMap;

use super::groups::{Group, Row};
use crate::{
    Indicator, Language, Statistic, Temperature,
    report::{
        document::{Cell, Column, Rows, Table, Tone},
        words,
    },
    words::report::figures as say,
};

/// What stands in the columns.
const COLUMNS: [(Indicator, Option<Temperature>, Option<Statistic>); 6] = [
    (Indicator::EngineStartup, Some(Temperature::Cold), None),
    (Indicator::EngineStartup, Some(Temperature::Precompiled), None),
    (Indicator::EngineMemory, None, None),
    (Indicator::EvaluationLatency, None, Some(Statistic::Median)),
    (Indicator::EvaluationLatency, None, Some(Statistic::P99)),
    (Indicator::EvaluationRate, None, None),
];

/// A row for each engine, grouped by policy; nothing where there is no figure of a policy.
pub(super) fn table(groups: &[Group<'_>], language: Language) -> Option<Table> {
    let mut policies: BTreeMap<&str, BTreeMap<&str, Vec<&Row<'_>>>> = BTreeMap::new();
    // One at a time: how engines share a machine stands in the tables below.
    for group in groups.iter().filter(|group| group.concurrency.unwrap_or(1) == 1) {
        // A part of a figure is no figure of a policy of its own.
        for row in group.rows.iter().filter(|row| !row.is_part()) {
            let engines = policies.entry(group.workload.unwrap_or_default()).or_default();
            engines.entry(row.first().subject().as_str()).or_default().push(row);
        }
    }
    let titles = say::column::policies(language);
    let columns = titles.iter().enumerate().map(|(i, title)| match i {
        0 => Column::text(*title),
        _ => Column::number(*title),
    });
    let groups = policies.into_iter().map(|(policy, engines)| {
        let rows = engines.into_iter().map(|(engine, rows)| row(engine, &rows));
        // What is only a curve has no figure here.
        let rows = rows.filter(|cells| cells[1..].iter().any(|cell| !cell.is_empty())).collect();
        Rows { title: policy.to_owned(), rows }
    });
    let groups = groups.filter(|group| !group.rows.is_empty());
    let caption = say::policies(language).to_owned();
    let table = Table { caption, columns: columns.collect(), groups: groups.collect(), ..Table::default() };
    (!table.groups.is_empty()).then(|| table.at_most(super::MOST_ROWS).without_empty_columns())
}

fn row(engine: &str, rows: &[&Row<'_>]) -> Vec<Cell> {
    let cell = |(indicator, temperature, statistic): (Indicator, Option<Temperature>, Option<Statistic>)| {
        let fits = |row: &&&Row<'_>| {
            let first = row.first();
            first.indicator() == indicator && (temperature.is_none() || first.temperature() == temperature)
        };
        let mut found = rows.iter().filter(fits).filter_map(|row| match statistic {
            Some(statistic) => row.of(statistic),
            None => Some(row.principal()),
        });
        // Several settings of one engine: the best, as the tables below are sorted; each has its row there.
        found.next().map(|metric| Cell::new(words::value(metric))).unwrap_or_default()
    };
    let name = Cell::new(engine).tone(Tone::Strong);
    let transport = rows.iter().find_map(|row| row.transport());
    let mut cells = vec![transport.into_iter().fold(name, |cell, transport| cell.detail(transport.to_owned()))];
    cells.extend(COLUMNS.map(cell));
    cells
}
