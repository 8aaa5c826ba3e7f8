//! Machines beside each other: the same figure on each, where a baseline has figures of several.

use std::collections::{BTreeMap, HashMap};

use super::{
    groups::{Group, Row},
    machine::in_short,
};
use crate::{
    Family, Hardware, Language, Metric,
    compare::Comparison,
    provenance::Machine,
    report::{
        Report,
        document::{Block, Cell, Column, Item, Section, Table, Tone},
        words,
    },
    words::report::{clause, fleet as say, machine},
};

/// The most machines: each is a column.
const MOST_MACHINES: usize = 8;
/// The most figures: each is a row.
const MOST_FIGURES: usize = 200;

/// The machines, and a row for each figure that at least two of them have; the others' stand in their families' tables.
pub(super) fn section(
    report: &Report<'_>,
    families: &BTreeMap<Family, Vec<Group<'_>>>,
    language: Language,
) -> Option<Section> {
    let mut machines: Vec<Machine<'_>> = Vec::new();
    for metric in &report.metrics {
        let of = machine_of(metric);
        if !machines.contains(&of) {
            machines.push(of);
        }
    }
    if machines.len() < 2 {
        return None;
    }
    let more = machines.len().saturating_sub(MOST_MACHINES);
    machines.truncate(MOST_MACHINES);
    let rows: Vec<Vec<Cell>> =
        families.values().flatten().flat_map(|group| of_group(group, &machines, language)).collect();
    if rows.is_empty() {
        return None;
    }
    let mut section = Section::new("machines", say::title(language));
    let item = |(place, of): (usize, &Machine<'_>)| Item {
        name: (place + 1).to_string(),
        text: described(of.0, language).into(),
    };
    section.blocks.push(Block::List(machines.iter().enumerate().map(item).collect()));
    if more > 0 {
        section.blocks.push(Block::Paragraph(machine::more_machines(more, language)));
    }
    let mut columns: Vec<Column> = say::columns(language).map(Column::text).into();
    columns.extend((1..=machines.len()).map(|place| Column::number(say::machine(place, language))));
    section.blocks.push(Block::Table(Table::new(say::caption(language), columns, rows).at_most(MOST_FIGURES)));
    Some(section)
}

fn machine_of<'a>(metric: &'a Metric) -> Machine<'a> {
    Machine(&metric.provenance().environment().hardware)
}

/// The figures of a group that more than one of the machines has.
fn of_group(group: &Group<'_>, machines: &[Machine<'_>], language: Language) -> Vec<Vec<Cell>> {
    let mut order = Vec::new();
    let mut figures: HashMap<_, Vec<Option<&Metric>>> = HashMap::new();
    for row in group.rows.iter().filter(|row| !row.is_part()) {
        let metric = row.principal();
        let conditions = &metric.provenance().environment().conditions;
        let key = (row.name(), metric.statistic(), conditions.isolation, row.transport(), conditions.settings());
        let Some(place) = machines.iter().position(|machine| *machine == machine_of(metric)) else { continue };
        let of_each = figures.entry(key.clone()).or_insert_with(|| {
            order.push((key, row));
            vec![None; machines.len()]
        });
        of_each[place].get_or_insert(metric);
    }
    let compared = order.into_iter().filter_map(|(key, row)| {
        let of_each = figures.remove(&key)?;
        (of_each.iter().flatten().count() > 1).then(|| cells(group, row, &of_each, language))
    });
    compared.collect()
}

/// The figure on each machine, and how it compares with the first that has it.
fn cells(group: &Group<'_>, row: &Row<'_>, of_each: &[Option<&Metric>], language: Language) -> Vec<Cell> {
    let statistic = row.principal().statistic().label(language);
    let mut cells =
        vec![Cell::new(format!("{}{}{statistic}", group.name(language), clause(language))), Cell::new(row.name())];
    let first = of_each.iter().flatten().next().copied();
    cells.extend(of_each.iter().map(|metric| {
        let Some(metric) = *metric else { return Cell::default() };
        let cell = Cell::new(words::value(metric)).tone(Tone::Strong);
        let others = first.filter(|first| !std::ptr::eq(*first, metric));
        let pair = others.and_then(|first| Comparison::new(first, metric).ok());
        match pair {
            Some(pair) => cell.detail(words::times(&pair, language)),
            None => cell,
        }
    }));
    cells
}

/// What is known of a machine, in a few words.
fn described(hardware: &Hardware, language: Language) -> String {
    let mut parts: Vec<String> = in_short(hardware, language).collect();
    parts.extend(hardware.storage.clone());
    parts.extend(hardware.virtualization.as_deref().map(|name| machine::virtualization(name, language)));
    parts.join(clause(language))
}
