//! How to take the figures again: commands, versions, sources.

use std::collections::{BTreeMap, BTreeSet};

use super::MOST_NAMES;
use crate::{
    Language,
    report::{
        Report,
        document::{Block, Cell, Column, Item, Section, Table, Text},
        words,
    },
    words::report::rest::reproduce as say,
};

/// The most sources and components listed.
const MOST: usize = 200;

pub(super) fn section(report: &Report<'_>, language: Language) -> Option<Section> {
    let mut section = Section::new("reproduce", say::title(language));
    let mut sources: BTreeMap<&str, BTreeSet<crate::Date>> = BTreeMap::new();
    let mut components: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for metric in &report.metrics {
        let provenance = metric.provenance();
        sources.entry(provenance.source().reference()).or_default().insert(provenance.date());
        for component in provenance.components() {
            components.entry(component.name()).or_default().insert(component.version());
        }
    }
    let benches: BTreeSet<&str> = sources.keys().filter_map(|reference| bench(reference)).collect();
    if !benches.is_empty() {
        section.blocks.push(Block::Paragraph(say::measure(language).to_owned()));
        let each = benches.iter().map(|bench| format!("tools/cargo.sh bench --locked --bench {bench}"));
        let all = ["make bench".to_owned()].into_iter();
        section.blocks.push(Block::Verbatim(all.chain(each).collect::<Vec<_>>().join("\n")));
    }
    section.blocks.push(Block::Paragraph(say::write(language).to_owned()));
    let tongue = say::option(language);
    section.blocks.push(Block::Verbatim(format!(
        "runtime-baseline report target/baseline --format html --output report.html{tongue}\n\
         runtime-baseline audit target/baseline{tongue}\n\
         runtime-baseline gate old/baseline.json target/baseline --max-regression 5%"
    )));
    let version = env!("CARGO_PKG_VERSION");
    section.blocks.push(Block::Paragraph(say::written_by(version, language)));
    if !sources.is_empty() {
        section.blocks.push(Block::Paragraph(say::sources(language).to_owned()));
        let item = |(reference, dates): (&&str, &BTreeSet<crate::Date>)| {
            let dates: Vec<String> = dates.iter().map(ToString::to_string).collect();
            let dates = words::few(&dates, MOST_NAMES, ", ", language);
            Item { name: dates, text: Text::english(*reference) }
        };
        section.blocks.push(Block::List(sources.iter().take(MOST).map(item).collect()));
    }
    let columns = say::columns(language);
    let row = |(name, versions): (&str, BTreeSet<&str>)| {
        let versions: Vec<String> = versions.into_iter().map(str::to_owned).collect();
        vec![Cell::new(name), Cell::new(words::few(&versions, MOST_NAMES, ", ", language))]
    };
    let caption = say::versions(language);
    let rows: Vec<Vec<Cell>> = components.into_iter().map(row).collect();
    if !rows.is_empty() {
        section.blocks.push(Block::Table(Table::new(caption, columns.map(Column::text).into(), rows).at_most(MOST)));
    }
    Some(section)
}

/// The bench that a source of this project names: `runtime-baseline 0.1.0, benches/startup`.
fn bench(reference: &str) -> Option<&str> {
    let name = reference.strip_prefix("runtime-baseline ")?.rsplit_once("benches/")?.1;
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    (!name.is_empty() && name.chars().all(plain)).then_some(name)
}
