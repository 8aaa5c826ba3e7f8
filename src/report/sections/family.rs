//! A family of indicators: a table for each kind of figure, with factors, warnings and plots.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{
    MOST_ROWS,
    fills::Fills,
    groups::{Group, Row, STATISTICS, is_compared},
    notes, plots, policy,
};
use crate::{
    Family, Language, Metric, Statistic,
    report::{
        Report,
        document::{Block, Cell, Column, Section, Table, Tone},
        words,
    },
};

/// Tables with more rows than this together are shortened: a report of 100,000 figures is one that a browser can show.
const MOST_GROUPS: usize = 200;

/// What a probe says of how a fill went, beside the figure: shown in columns of their own.
const OUTCOMES: [&str; 2] = ["stopped_by", "budget"];

pub(super) fn section(report: &Report<'_>, family: Family, groups: &[Group<'_>], language: Language) -> Section {
    let mut section =
        Section::new(&format!("{family:?}").to_lowercase(), language.pick(family.title_zh(), family.title()));
    if family == Family::Policy {
        section.blocks.extend(policy::table(groups, language).map(Block::Table));
    }
    let fills = if family == Family::Density { Fills::of(&report.metrics) } else { Fills::default() };
    // What all tables of the section may hold together.
    let mut room = MOST_ROWS;
    let (groups, left_out) = groups.split_at(groups.len().min(MOST_GROUPS));
    for group in groups {
        let shown = group.rows.len().min(room);
        room -= shown;
        section.blocks.push(Block::Heading(group.name(language)));
        section.blocks.push(Block::Table(table(report, group, &fills, shown, language)));
        section.blocks.extend(notes::list(report, group, shown, language));
    }
    if !left_out.is_empty() {
        let more = left_out.len();
        section.blocks.push(Block::Paragraph(match language {
            Language::English => {
                format!("And {more} more tables, which are left out here: baseline.json has all figures.")
            }
            Language::Chinese => format!("另有 {more} 个表格未列出：全部数据见 baseline.json。"),
        }));
    }
    section.blocks.extend(plots::blocks(report, family, groups, language));
    section
}

fn table(report: &Report<'_>, group: &Group<'_>, fills: &Fills<'_>, shown: usize, language: Language) -> Table {
    let references = group.references();
    let rows = &group.rows[..shown];
    let varying = varying(rows);
    let mut statistics: Vec<Statistic> =
        STATISTICS.into_iter().filter(|statistic| rows.iter().any(|row| row.of(*statistic).is_some())).collect();
    // Percentiles that have no name of their own.
    let all = rows.iter().flat_map(|row| &row.metrics).map(|metric| metric.statistic());
    statistics.extend(all.filter(|statistic| !STATISTICS.contains(statistic)).collect::<BTreeSet<_>>());
    let columns = columns(&statistics, language);
    let cells = |row: &Row<'_>| {
        let mut cells = vec![subject(row, &varying)];
        for statistic in &statistics {
            cells.push(row.of(*statistic).map(figure).unwrap_or_default());
            cells.push(against(row, &references, *statistic, group, language));
        }
        cells.push(isolation(row));
        cells.extend(outcome(row, fills));
        cells.push(Cell::new(row.first().count().map(|n| n.to_string()).unwrap_or_default()));
        let provenance = row.first().provenance();
        // The first component is the subject itself.
        cells.push(Cell::new(provenance.components()[0].to_string()).detail(provenance.date().to_string()));
        cells.push(Cell::new(notes::words(report, row, language)).tone(Tone::Warning));
        cells
    };
    let mut table = Table::new(caption(group, language), columns, rows.iter().map(cells).collect());
    table.left_out = group.rows.len() - shown;
    table.without_empty_columns()
}

fn columns(statistics: &[Statistic], language: Language) -> Vec<Column> {
    let mut columns = vec![Column::text(language.pick("对象", "subject"))];
    for statistic in statistics {
        columns.push(Column::number(statistic.label(language)));
        columns.push(Column::text(language.pick("倍数", "factor")));
    }
    columns.push(Column::text(language.pick("隔离", "isolation")));
    let outcomes =
        language.pick(["停止原因", "启动速率", "每个", "预算"], ["stopped by", "start rate", "each", "budget"]);
    let [stopped, rate, each, budget] = outcomes;
    columns.extend([Column::text(stopped), Column::number(rate), Column::number(each), Column::text(budget)]);
    columns.push(Column::number(language.pick("样本数", "samples")));
    columns.push(Column::text(language.pick("版本，日期", "version, date")));
    columns.push(Column::text(language.pick("注意", "mind")));
    columns
}

/// What the heading above does not say.
fn caption(group: &Group<'_>, language: Language) -> String {
    let intervals = group.rows.iter().any(|row| row.principal().interval().is_some());
    let intervals = intervals.then_some(language.pick("下方为 95 % 区间", "with 95 % intervals"));
    let factors = group.reference.filter(|_| group.rows.len() > 1).map(|reference| match language {
        Language::English => format!("factors are against {reference}"),
        Language::Chinese => format!("倍数相对于 {reference}"),
    });
    let parts = [Some(language.pick("最好的在前", "Best first").to_owned()), intervals.map(str::to_owned), factors];
    parts.into_iter().flatten().collect::<Vec<_>>().join(language.pick("，", ", "))
}

/// The settings in which rows of one name differ: what all share says nothing within the table.
fn varying(rows: &[Row<'_>]) -> HashMap<String, Vec<String>> {
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
    let settings = keys.iter().map(|key| format!("{key}={}", row.setting(key).unwrap_or_else(|| "-".to_owned())));
    let detail: Vec<String> = temperature.into_iter().chain(settings).collect();
    Cell::new(row.first().subject().to_string()).detail(detail.join(", "))
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
        return Cell::new(language.pick("基准", "reference"));
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
