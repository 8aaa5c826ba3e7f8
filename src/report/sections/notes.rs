//! What to know of figures before trusting them: warnings of their samples, and what makes them stale. What each warning means
//! stands once in the report.

use std::{collections::BTreeMap, rc::Rc};

use super::{
    MOST_NAMES,
    groups::{Group, Row},
};
use crate::{
    Language,
    report::{
        Report,
        document::{Block, Item},
        raw::{Data, Sketch},
        words,
    },
    stats::Warning,
    words::report::{self as said, figures as say},
};

/// At most so many rows are named with what is wrong with each.
const MOST_ROWS: usize = 3;

/// The samples that a row's figures were taken from, where they are at hand and its own.
pub(super) fn sketch(report: &Report<'_>, row: &Row<'_>) -> Option<Rc<Sketch>> {
    let metric = row.metrics.iter().find(|metric| metric.samples().is_some())?;
    match &*report.raw.get(metric.samples()?)? {
        Data::Samples(sketch) if sketch.indicator == metric.indicator() => Some(Rc::clone(sketch)),
        _ => None,
    }
}

/// The words for a row's cell: `drift, stale`.
pub(super) fn words(report: &Report<'_>, row: &Row<'_>, language: Language) -> String {
    let sketch = sketch(report, row);
    let mut warnings: Vec<_> =
        (sketch.iter().flat_map(|sketch| of_row(sketch, row))).map(|warning| warning.name(language)).collect();
    warnings.dedup();
    let stale = is_stale(report, row).then_some(say::stale(language));
    warnings.into_iter().chain(stale).collect::<Vec<_>>().join(said::comma(language))
}

/// The warnings that concern a row: too few samples for a statistic that it does not have are none.
fn of_row<'a>(sketch: &'a Sketch, row: &'a Row<'_>) -> impl Iterator<Item = &'a Warning> {
    sketch.warnings.iter().filter(|warning| match warning {
        Warning::TooFew { statistic, .. } => row.metrics.iter().any(|metric| metric.statistic() == *statistic),
        _ => true,
    })
}

fn is_stale(report: &Report<'_>, row: &Row<'_>) -> bool {
    row.metrics.iter().any(|metric| !report.staleness.check(metric).is_empty())
}

/// What was found in a group, each kind once with the rows that it concerns.
pub(super) fn list(report: &Report<'_>, group: &Group<'_>, most: usize, language: Language) -> Option<Block> {
    let mut warned: BTreeMap<usize, (&'static str, Vec<String>)> = BTreeMap::new();
    let mut stale: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in group.rows.iter().take(most) {
        if let Some(sketch) = sketch(report, row) {
            for warning in of_row(&sketch, row) {
                let (_, rows) = warned.entry(order(warning)).or_insert_with(|| (warning.name(language), Vec::new()));
                let finding = warning.finding(language, Some(sketch.unit));
                rows.push(format!("{}{}{finding}", row.name(), said::colon(language)));
            }
        }
        if let Some(why) = row.metrics.iter().flat_map(|metric| report.staleness.check(metric)).next() {
            let why = why.describe(language);
            stale.entry(why).or_default().push(row.name());
        }
    }
    let (colon, semicolon) = (said::colon(language), said::semicolon(language));
    let warnings = warned.into_values().map(|(name, rows)| Item {
        name: name.to_owned(),
        text: words::few(&rows, MOST_ROWS, semicolon, language).into(),
    });
    // One reason for each version or day: a hundred of them are read by nobody.
    let stale = stale.into_iter().take(MOST_NAMES).map(|(why, rows)| {
        let rows = words::few(&rows, MOST_ROWS, said::comma(language), language);
        Item { name: say::stale(language).to_owned(), text: format!("{why}{colon}{rows}").into() }
    });
    let items: Vec<Item> = warnings.chain(stale).collect();
    (!items.is_empty()).then_some(Block::List(items))
}

/// What each kind that was found means, and what to do about it.
pub(super) fn meanings<'a>(
    report: &Report<'_>,
    groups: impl Iterator<Item = &'a Group<'a>>,
    language: Language,
) -> Vec<Item> {
    let mut found = BTreeMap::new();
    for row in groups.flat_map(|group| &group.rows) {
        if let Some(sketch) = sketch(report, row) {
            found.extend(of_row(&sketch, row).map(|warning| {
                let item = Item { name: warning.name(language).to_owned(), text: warning.advice(language).into() };
                (order(warning), item)
            }));
        }
    }
    found.into_values().collect()
}

/// Those that forbid an interval first, then those that make one wrong.
fn order(warning: &Warning) -> usize {
    match warning {
        Warning::TooFew { .. } => 0,
        Warning::Constant(_) => 1,
        Warning::Drift { .. } => 2,
        Warning::Bimodal { .. } => 3,
        Warning::Outliers { .. } => 4,
    }
}
