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
};

/// The most sources and components listed.
const MOST: usize = 200;

pub(super) fn section(report: &Report<'_>, language: Language) -> Option<Section> {
    let mut section = Section::new("reproduce", language.pick("如何重现", "How to reproduce"));
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
        let lead = language.pick(
            "在本项目的源码目录中，以下命令重新测量并重写此报告：",
            "In a checkout of this project, these take the figures again and write this report anew:",
        );
        section.blocks.push(Block::Paragraph(lead.to_owned()));
        let each = benches.iter().map(|bench| format!("tools/cargo.sh bench --locked --bench {bench}"));
        let all = ["make bench".to_owned()].into_iter();
        section.blocks.push(Block::Verbatim(all.chain(each).collect::<Vec<_>>().join("\n")));
    }
    let again = language.pick(
        "由已有的基线重写此报告，以及检查、比较数据：",
        "To write this report from a baseline that is there, to audit it, and to judge a new one against it:",
    );
    section.blocks.push(Block::Paragraph(again.to_owned()));
    let tongue = language.pick(" --language zh", "");
    section.blocks.push(Block::Verbatim(format!(
        "runtime-baseline report target/baseline --format html --output report.html{tongue}\n\
         runtime-baseline audit target/baseline{tongue}\n\
         runtime-baseline gate old/baseline.json target/baseline --max-regression 5%"
    )));
    let version = env!("CARGO_PKG_VERSION");
    section.blocks.push(Block::Paragraph(match language {
        Language::English => format!("This report was written by runtime-baseline {version}."),
        Language::Chinese => format!("此报告由 runtime-baseline {version} 写成。"),
    }));
    if !sources.is_empty() {
        section.blocks.push(Block::Paragraph(language.pick("数据来源：", "Sources:").to_owned()));
        let item = |(reference, dates): (&&str, &BTreeSet<crate::Date>)| {
            let dates: Vec<String> = dates.iter().map(ToString::to_string).collect();
            let dates = words::few(&dates, MOST_NAMES, ", ", language);
            Item { name: dates, text: Text::english(*reference) }
        };
        section.blocks.push(Block::List(sources.iter().take(MOST).map(item).collect()));
    }
    let columns = language.pick(["组件", "版本"], ["component", "version"]);
    let row = |(name, versions): (&str, BTreeSet<&str>)| {
        let versions: Vec<String> = versions.into_iter().map(str::to_owned).collect();
        vec![Cell::new(name), Cell::new(words::few(&versions, MOST_NAMES, ", ", language))]
    };
    let caption = language.pick("所测与所用组件的版本", "Versions of what was measured and what took part");
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
