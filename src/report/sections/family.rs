//! A family of indicators: its picture, then a folded table for each kind of figure, with factors, warnings and plots.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{
    Apart, MOST_GROUPS, MOST_ROWS,
    fills::Fills,
    groups::{Group, Row, STATISTICS, id, is_compared},
    notes, phases, plots, policy,
};
use crate::{
    Date, Family, Isolation, Language, Metric, Statistic,
    report::{
        Report,
        document::{Block, Cell, Column, Fold, Section, Table, Tone},
        words,
    },
    words::report::{
        figures::{self, column},
        page as say,
    },
};

/// What a probe says of how a fill went, beside the figure: shown in columns of their own.
const OUTCOMES: [&str; 2] = ["stopped_by", "budget"];

pub(super) fn section(
    report: &Report<'_>,
    family: Family,
    groups: &[Group<'_>],
    apart: &Apart<'_>,
    language: Language,
) -> Section {
    let mut section =
        Section::new(&format!("{family:?}").to_lowercase(), language.pick(family.title_zh(), family.title()));
    let panels = plots::panels(groups, language);
    if !panels.is_empty() {
        section.blocks.push(Block::Plots(panels));
    }
    if family == Family::Startup {
        section.blocks.extend(phases::blocks(&report.metrics, language));
    }
    if family == Family::Policy {
        section.blocks.extend(policy::table(groups, language).map(Block::Table));
    }
    let fills = if family == Family::Density { Fills::of(&report.metrics) } else { Fills::default() };
    // What all tables of the section may hold together.
    let mut room = MOST_ROWS;
    let (groups, left_out) = groups.split_at(groups.len().min(MOST_GROUPS));
    let mut distributions = plots::Distributions::of(groups);
    for (number, group) in groups.iter().enumerate() {
        let shown = group.rows.len().min(room);
        room -= shown;
        let mut blocks = tables(report, group, &fills, shown, apart, language);
        blocks.extend(distributions.of_group(report, group, language));
        let fold = Fold::new(group.name(language), blocks).at(id(family, number));
        section.blocks.push(Block::Fold(fold.detail(span(group, language))));
    }
    if !left_out.is_empty() {
        section.blocks.push(Block::Paragraph(say::tables_left_out(left_out.len(), language)));
    }
    section.blocks.extend(distributions.left_out(language));
    section.blocks.extend(plots::curves(report, groups, language));
    section.blocks.extend(plots::unreadable(report, groups, language));
    section
}

/// How many rows, from the best to the worst, which are the first and the last.
fn span(group: &Group<'_>, language: Language) -> String {
    let whole: Vec<&Row<'_>> = group.rows.iter().filter(|row| !row.is_part()).collect();
    let rows: Vec<&Row<'_>> = if whole.is_empty() { group.rows.iter().collect() } else { whole };
    let [best, worst] = [rows.first(), rows.last()].map(|row| row.map(|row| words::value(row.principal())));
    say::rows(group.rows.len(), &best.unwrap_or_default(), &worst.unwrap_or_default(), language)
}

/// The whole figures in a table, those of parts in another that is folded away, and what to mind of both.
fn tables(
    report: &Report<'_>,
    group: &Group<'_>,
    fills: &Fills<'_>,
    shown: usize,
    apart: &Apart<'_>,
    language: Language,
) -> Vec<Block> {
    let (parts, whole): (Vec<&Row<'_>>, Vec<&Row<'_>>) = group.rows[..shown].iter().partition(|row| row.is_part());
    let left_out = group.rows.len() - shown;
    let of = |rows: &[&Row<'_>], left_out: usize| {
        let mut table = table(report, group, fills, rows, apart, language);
        table.left_out = left_out;
        Block::Table(table)
    };
    let mut blocks = Vec::new();
    if !whole.is_empty() || parts.is_empty() {
        blocks.push(of(&whole, left_out));
    }
    let notes = notes::list(report, group, shown, language);
    match (whole.is_empty(), parts.is_empty()) {
        (_, true) => {}
        (true, false) => blocks.push(of(&parts, left_out)),
        (false, false) => blocks.push(Block::Fold(Fold::new(say::parts(language), vec![of(&parts, 0)]))),
    }
    blocks.extend(notes);
    blocks
}

fn table(
    report: &Report<'_>,
    group: &Group<'_>,
    fills: &Fills<'_>,
    rows: &[&Row<'_>],
    apart: &Apart<'_>,
    language: Language,
) -> Table {
    let references = group.references();
    let varying = varying(rows);
    let mut statistics: Vec<Statistic> =
        STATISTICS.into_iter().filter(|statistic| rows.iter().any(|row| row.of(*statistic).is_some())).collect();
    // Percentiles that have no name of their own.
    let all = rows.iter().flat_map(|row| &row.metrics).map(|metric| metric.statistic());
    statistics.extend(all.filter(|statistic| !STATISTICS.contains(statistic)).collect::<BTreeSet<_>>());
    let (each, day) = (count_of_each(rows), day_of_all(rows).filter(|_| apart.days));
    let columns = columns(&statistics, apart.days && day.is_none(), language);
    let is_of_parts = rows.iter().all(|row| row.is_part());
    let one_isolation =
        is_of_parts || rows.windows(2).all(|pair| of_isolation(pair[0]) == of_isolation(pair[1])) && rows.len() > 1;
    let cells = |row: &&Row<'_>| {
        let mut cells = vec![subject(row, &varying)];
        for statistic in &statistics {
            cells.push(row.of(*statistic).map(figure).unwrap_or_default());
            cells.push(against(row, &references, *statistic, group, language));
        }
        cells.push(if one_isolation { Cell::default() } else { isolation(row) });
        cells.extend(outcome(row, fills));
        let count = row.first().count().filter(|_| each.is_none());
        cells.push(Cell::new(count.map(|n| n.to_string()).unwrap_or_default()));
        cells.push(version(row, apart, day));
        cells.push(Cell::new(notes::words(report, row, language)).tone(Tone::Warning));
        cells
    };
    let table = Table::new(caption(group, rows, (each, day), language), columns, rows.iter().map(cells).collect());
    table.without_empty_columns()
}

fn columns(statistics: &[Statistic], dated: bool, language: Language) -> Vec<Column> {
    let mut columns = vec![Column::text(column::subject(language))];
    for statistic in statistics {
        columns.push(Column::number(statistic.label(language)));
        columns.push(Column::text(column::factor(language)));
    }
    columns.push(Column::text(column::isolation(language)));
    let [stopped, rate, each, budget] = column::fill(language);
    columns.extend([Column::text(stopped), Column::number(rate), Column::number(each), Column::text(budget)]);
    columns.push(Column::number(column::samples(language)));
    columns.push(Column::text(column::version(dated, language)));
    columns.push(Column::text(column::mind(language)));
    columns
}

/// How many samples each row has, where all have as many: said once then.
fn count_of_each(rows: &[&Row<'_>]) -> Option<u64> {
    let first = rows.first()?.first().count()?;
    (rows.len() > 1 && rows.iter().all(|row| row.first().count() == Some(first))).then_some(first)
}

/// The day of which all rows are, where there is one: said once then.
fn day_of_all(rows: &[&Row<'_>]) -> Option<Date> {
    let day = |row: &Row<'_>| row.first().provenance().date();
    let first = day(rows.first()?);
    rows.iter().all(|row| day(row) == first).then_some(first)
}

/// What the heading above does not say, and what all rows have in common: how many samples, and the day.
fn caption(
    group: &Group<'_>,
    rows: &[&Row<'_>],
    (each, day): (Option<u64>, Option<Date>),
    language: Language,
) -> String {
    let intervals = rows.iter().any(|row| row.principal().interval().is_some());
    let reference = group.reference.filter(|_| rows.len() > 1);
    figures::caption(intervals, reference, each, day.map(|day| day.to_string()), language)
}

/// The settings in which rows of one name differ: what all share says nothing within the table.
fn varying(rows: &[&Row<'_>]) -> HashMap<String, Vec<String>> {
    let mut by_name: HashMap<String, Vec<BTreeMap<String, String>>> = HashMap::new();
    for row in rows {
        by_name.entry(row.name()).or_default().push(row.first().provenance().environment().conditions.settings());
    }
    let differing = |all: Vec<BTreeMap<String, String>>| -> Vec<String> {
        let first = &all[0];
        let mut keys: Vec<String> = all[1..]
            .iter()
            .flat_map(|other| {
                let changed = first.iter().filter(|(key, value)| other.get(*key) != Some(value));
                let added = other.iter().filter(|(key, _)| !first.contains_key(*key));
                changed.chain(added).map(|(key, _)| key.clone())
            })
            .filter(|key| !OUTCOMES.contains(&key.as_str()))
            .collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    };
    by_name.into_iter().map(|(name, all)| (name, differing(all))).collect()
}

fn subject(row: &Row<'_>, varying: &HashMap<String, Vec<String>>) -> Cell {
    let temperature = row.first().temperature().map(|t| t.to_string());
    let keys = varying.get(&row.name()).map(Vec::as_slice).unwrap_or_default();
    let settings = keys.iter().filter_map(|key| Some(format!("{key}={}", row.setting(key)?)));
    // Also where all are of one part.
    let part = row.part().filter(|_| !keys.iter().any(|key| key == "part")).map(|part| format!("part={part}"));
    let detail: Vec<String> = temperature.into_iter().chain(part).chain(settings).collect();
    Cell::new(row.first().subject().to_string()).detail(detail.join(", "))
}

fn of_isolation<'a>(row: &Row<'a>) -> (Option<Isolation>, Option<&'a str>) {
    (row.isolation(), row.transport())
}

/// The first component is the subject itself. What it is of in the whole report, or the day of the whole table, says nothing here.
fn version(row: &Row<'_>, apart: &Apart<'_>, day: Option<Date>) -> Cell {
    let provenance = row.first().provenance();
    let component = &provenance.components()[0];
    let is_one_of_several = apart.versions.contains(component.name());
    let version = if is_one_of_several { component.to_string() } else { String::new() };
    match (version.is_empty(), apart.days && day.is_none()) {
        (_, false) => Cell::new(version),
        (true, true) => Cell::new(provenance.date().to_string()),
        (false, true) => Cell::new(version).detail(provenance.date().to_string()),
    }
}

fn isolation(row: &Row<'_>) -> Cell {
    let cell = Cell::new(row.isolation().map(|isolation| isolation.to_string()).unwrap_or_default());
    // What a transport costs is inside the figure.
    row.transport().into_iter().fold(cell, |cell, transport| cell.detail(transport.to_owned()))
}

fn figure(metric: &Metric) -> Cell {
    let cell = Cell::new(words::value(metric)).tone(Tone::Strong);
    words::interval(metric).into_iter().fold(cell, Cell::detail)
}

fn against(
    row: &Row<'_>,
    references: &[&Row<'_>],
    statistic: Statistic,
    group: &Group<'_>,
    language: Language,
) -> Cell {
    let is_reference = group.reference == Some(row.first().subject().as_str());
    if is_reference && group.rows.len() > 1 && is_compared(statistic) && row.of(statistic).is_some() {
        return Cell::new(figures::reference(language));
    }
    let Some(pair) = row.against(references, statistic) else { return Cell::default() };
    let cell = Cell::new(words::times(&pair, language));
    words::times_interval(&pair).into_iter().fold(cell, Cell::detail)
}

/// Why a fill stopped, how fast it went, what each instance took, and what it was allowed.
fn outcome<'a>(row: &Row<'a>, fills: &Fills<'a>) -> [Cell; 4] {
    let [stopped, budget] = OUTCOMES.map(|key| Cell::new(row.setting(key).unwrap_or_default()));
    let [rate, each] =
        fills.figures(row).map(|figure| figure.map(|figure| Cell::new(words::value(figure))).unwrap_or_default());
    [stopped, rate, each, budget]
}
