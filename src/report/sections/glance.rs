//! The index: what each subject costs, a figure of each kind, and where the tables of each indicator stand.

use std::collections::BTreeMap;

use super::{
    MOST_ROWS,
    groups::{Group, Row},
};
use crate::{
    Family, Indicator, Language, Temperature,
    report::{
        document::{Block, Cell, Column, Entry, Section, Table},
        words,
    },
    words::report::page as say,
};

/// The most links of one indicator.
const MOST_LINKS: usize = 60;

pub(super) fn section(families: &BTreeMap<Family, Vec<Group<'_>>>, language: Language) -> Section {
    let mut section = Section::new("glance", say::glance(language));
    section.blocks.extend(by_subject(families, language).map(Block::Table));
    section.blocks.push(Block::Heading(say::by_indicator(language).to_owned()));
    section.blocks.push(Block::Index(by_indicator(families, language)));
    section
}

/// The group that an indicator is known by: the one with the most subjects, of whole figures.
pub(super) fn principal<'g, 'a>(groups: &'g [Group<'a>], indicator: Indicator) -> Option<&'g Group<'a>> {
    let whole = |group: &Group<'_>| group.rows.iter().filter(|row| !row.is_part()).count();
    let mut best: Option<&Group<'a>> = None;
    for group in groups.iter().filter(|group| group.indicator == indicator && whole(group) > 0) {
        if best.is_none_or(|held| whole(group) > whole(held)) {
            best = Some(group);
        }
    }
    best
}

/// The indicators of some groups, each once.
pub(super) fn indicators(groups: &[Group<'_>]) -> Vec<Indicator> {
    let mut found: Vec<Indicator> = groups.iter().map(|group| group.indicator).collect();
    found.dedup();
    found
}

/// What a row of the index is of.
type Key = (String, Option<Temperature>);

/// A row for each subject and temperature. Policy engines have a table of their own.
fn by_subject(families: &BTreeMap<Family, Vec<Group<'_>>>, language: Language) -> Option<Table> {
    let mut columns: Vec<&Group<'_>> = Vec::new();
    for (_, groups) in families.iter().filter(|(family, _)| **family != Family::Policy) {
        columns.extend(indicators(groups).into_iter().filter_map(|indicator| principal(groups, indicator)));
    }
    // Where runtimes start is what most people look for.
    columns.sort_by_key(|group| (group.indicator.family() != Family::Startup, group.indicator));
    let key = |row: &Row<'_>| (row.first().subject().to_string(), row.first().temperature());
    let mut rows: Vec<(Key, Vec<Option<&Row<'_>>>)> = Vec::new();
    let mut places: BTreeMap<Key, usize> = BTreeMap::new();
    for (i, group) in columns.iter().enumerate() {
        for row in group.rows.iter().filter(|row| !row.is_part()) {
            if rows.len() > MOST_ROWS {
                break;
            }
            let place = *places.entry(key(row)).or_insert_with(|| {
                rows.push((key(row), vec![None; columns.len()]));
                rows.len() - 1
            });
            // The best one, where an engine has several settings.
            rows[place].1[i].get_or_insert(row);
        }
    }
    if rows.len() < 2 || columns.len() < 2 {
        return None;
    }
    let [subject, isolation, version] = say::subject_columns(language);
    let mut titles = vec![Column::text(subject), Column::text(isolation)];
    titles.extend(columns.iter().map(|group| Column::number(group.name(language))));
    titles.push(Column::text(version));
    let cells = |((subject, temperature), figures): (Key, Vec<Option<&Row<'_>>>)| {
        let any = figures.iter().flatten().next().copied();
        let detail = temperature.map(|t| t.to_string()).unwrap_or_default();
        let kind = any.and_then(Row::isolation).map(|isolation| isolation.to_string()).unwrap_or_default();
        let mut cells = vec![Cell::new(subject).detail(detail), Cell::new(kind)];
        let value = |row: Option<&Row<'_>>| row.map(|row| Cell::new(words::value(row.principal()))).unwrap_or_default();
        cells.extend(figures.into_iter().map(value));
        let component = any.map(|row| row.first().provenance().components()[0].to_string());
        cells.push(Cell::new(component.unwrap_or_default()));
        cells
    };
    let rows = rows.into_iter().map(cells).collect();
    Some(Table::new(say::by_subject(language), titles, rows).at_most(super::MOST_SUBJECTS).without_empty_columns())
}

fn by_indicator(families: &BTreeMap<Family, Vec<Group<'_>>>, language: Language) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    for (family, groups) in families {
        let groups = &groups[..groups.len().min(super::MOST_GROUPS)];
        for indicator in indicators(groups) {
            let of = groups.iter().enumerate().filter(|(_, group)| group.indicator == indicator);
            let link = |(i, group): (usize, &Group<'_>)| {
                let name = group.setting(language);
                let name = if name.is_empty() { say::the_figures(language).to_owned() } else { name };
                (name, super::groups::id(*family, i))
            };
            let links = of.take(MOST_LINKS).map(link).collect();
            entries.push(Entry { name: language.pick(indicator.label_zh(), indicator.label()).to_owned(), links });
        }
    }
    entries
}
