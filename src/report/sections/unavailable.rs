//! What could not be measured: a row, not a gap.

use std::{borrow::Cow, collections::HashMap};

use super::{MOST_NAMES, MOST_ROWS};
use crate::{
    Indicator, Language, Temperature, UnavailableRow, Unknown,
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
    let row = |all: &Vec<&UnavailableRow>| {
        let (indicators, detail) = what(all, language);
        vec![
            Cell::new(all[0].subject().to_string()),
            Cell::new(indicators).detail(detail),
            Cell::new(in_words(all[0].reason_in(language))),
            Cell::new(in_words(all[0].remedy_in(language))),
        ]
    };
    // Saying it in another language takes longer than all else here: of what is shown alone.
    let all = alike(rows);
    let shown = all.iter().take(MOST_ROWS).map(row).collect();
    let mut table = Table::new(say::caption(language), say::columns(language).map(Column::text).into(), shown).cards();
    table.left_out = all.len().saturating_sub(MOST_ROWS);
    section.blocks.push(Block::Table(table));
    Some(section)
}

/// Rows that say the same of one subject, in the order in which each is met first. None of them is empty.
pub(in crate::report) fn alike(rows: &[UnavailableRow]) -> Vec<Vec<&UnavailableRow>> {
    let (mut places, mut all) = (HashMap::new(), Vec::<Vec<_>>::new());
    for row in rows {
        let place = *places.entry((row.subject(), row.reason(), row.remedy())).or_insert(all.len());
        match all.get_mut(place) {
            Some(known) => known.push(row),
            None => all.push(vec![row]),
        }
    }
    all
}

/// The indicators of such rows, each once.
pub(in crate::report) fn indicators(rows: &[&UnavailableRow]) -> Vec<Indicator> {
    let mut found = Vec::new();
    for indicator in rows.iter().map(|row| row.indicator()) {
        if !found.contains(&indicator) {
            found.push(indicator);
        }
    }
    found
}

/// What such rows are of: the indicators, and beside them of which workloads. Of several, each has its own behind it.
fn what(rows: &[&UnavailableRow], language: Language) -> (String, String) {
    let of = |indicator: Indicator| {
        let mut all: Vec<String> = Vec::new();
        for row in rows.iter().filter(|row| row.indicator() == indicator) {
            let of = [row.workload(), row.part(), row.temperature().map(Temperature::as_str)];
            let of = of.into_iter().flatten().collect::<Vec<_>>().join(", ");
            if !of.is_empty() && !all.contains(&of) {
                all.push(of);
            }
        }
        words::few(&all, MOST_NAMES, said::semicolon(language), language)
    };
    let label = |indicator: &Indicator| language.pick(indicator.label_zh(), indicator.label());
    let found = indicators(rows);
    if let [one] = found[..] {
        return (label(&one).to_owned(), of(one));
    }
    let each = found.iter().map(|indicator| match of(*indicator) {
        of if of.is_empty() => label(indicator).to_owned(),
        of => label(indicator).to_owned() + &said::aside(&of, language),
    });
    (each.collect::<Vec<_>>().join(said::comma(language)), String::new())
}

/// What was written here is in the report's language; what is cited is in English.
fn in_words(text: Cow<'_, str>) -> Text {
    match text {
        Cow::Owned(words) => words.into(),
        Cow::Borrowed(words) => Text::english(words),
    }
}

/// What a later release recorded, or somebody misspelt: counted, and named as far as there is room.
fn not_known(unknown: &[Unknown], language: Language) -> Block {
    let names: Vec<String> = unknown.iter().map(ToString::to_string).collect();
    let names = words::few(&names, MOST_NAMES, said::semicolon(language), language);
    Block::Paragraph(say::not_known(unknown.len(), &names, language))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_say_the_same_are_one() {
        let row = |subject: &str, indicator, remedy: &str| {
            UnavailableRow::new(subject.parse().unwrap(), indicator, "it is not in PATH", remedy)
        };
        let rows = [
            row("crun", Indicator::StartupTime, "apt-get install crun").with_workload("ready"),
            row("runc", Indicator::StartupTime, "apt-get install runc"),
            row("crun", Indicator::StartupTime, "apt-get install crun").with_workload("ready"),
            row("crun", Indicator::StartupTime, "apt-get install crun").with_temperature(Temperature::Cold),
            row("crun", Indicator::ImageSize, "apt-get install crun"),
            row("crun", Indicator::ImageSize, "build it"),
        ];
        let all = alike(&rows);
        assert_eq!(all.iter().map(Vec::len).collect::<Vec<_>>(), [4, 1, 1]);
        let said = |rows: &[&UnavailableRow], language| what(rows, language);
        let (english, detail) = said(&all[0], Language::English);
        assert_eq!((english.as_str(), detail.as_str()), ("startup time (ready; cold), image size", ""));
        assert_eq!(said(&all[0][..3], Language::English).1, "ready; cold");
        let plain = Indicator::StartupTime.label_zh().to_owned();
        assert_eq!(said(&all[1], Language::Chinese), (plain, String::new()));
    }

    #[test]
    fn what_is_only_cited_stays_english() {
        let row = UnavailableRow::new("crun".parse().unwrap(), Indicator::StartupTime, "E: gone", "make setup");
        let shown = [row.reason_in(Language::Chinese), row.remedy_in(Language::Chinese)].map(in_words);
        assert_eq!(shown.map(|text| text.english), [true, false]);
    }
}
