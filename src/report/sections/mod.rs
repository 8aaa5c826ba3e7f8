//! The parts of a report, each a file.

mod answers;
mod audit;
mod definitions;
mod family;
mod fills;
mod fleet;
mod forest;
mod glance;
mod groups;
mod judged;
mod load;
mod machine;
mod notes;
mod phases;
mod plots;
mod policy;
mod reproduce;
mod summary;
mod unavailable;
mod verdicts;

use std::collections::{HashMap, HashSet};

use super::{
    Report,
    document::{Block, Document, Section, Table},
};
use crate::{Component, Family, Language, Metric, words::report};
use judged::Answers;
use machine::Machine;
pub(super) use summary::blocks as summary;
pub(super) use unavailable::{alike, indicators};

/// The most rows of a table of figures: enough for any machine, and few enough for a browser.
const MOST_ROWS: usize = 2_000;
/// The most tables of a family: a report of 100,000 figures is one that a browser can show.
const MOST_GROUPS: usize = 200;
/// The most rows of the index by subject.
const MOST_SUBJECTS: usize = 200;
/// The most names in a list within a sentence.
const MOST_NAMES: usize = 8;

const FAMILIES: [Family; 8] = [
    Family::Startup,
    Family::Policy,
    Family::Size,
    Family::Memory,
    Family::Cpu,
    Family::Density,
    Family::Cluster,
    Family::Other,
];

/// Everything that a report says.
pub(super) fn document(report: &Report<'_>, language: Language) -> Document {
    let (answers, machine) = (Answers::of(report), Machine::of(report));
    let is_about_this = answers.about_this().next().is_some();
    let mut sections = Vec::new();
    if is_about_this {
        sections.push(opening(&answers, &machine, language));
    }
    let opening = sections.len();
    if is_about_this {
        sections.push(verdicts::section(&answers, language));
    }
    let families = groups::by_family(&report.metrics);
    if !families.is_empty() {
        sections.push(glance::section(&families, language));
    }
    let figures = FAMILIES.into_iter().filter_map(|family| Some((family, families.get(&family)?)));
    let apart = Apart::of(&report.metrics);
    sections.extend(figures.map(|(family, groups)| family::section(report, family, groups, &apart, language)));
    sections.extend(fleet::section(report, &families, language));
    sections.push(machine.section(language));
    if !is_about_this {
        // Nothing is judged, so there is little to say, and it is not said first.
        let mut section = Section::new("verdicts", report::answers::title(language));
        section.blocks = verdicts::remarks(&answers, language);
        sections.push(section);
    }
    sections.extend(unavailable::section(report, language));
    sections.extend(audit::section(report, language));
    sections.push(definitions::section(report, &families, language));
    sections.extend(reproduce::section(report, language));
    let (title, place) = (report::page::title(language).to_owned(), machine.place(report, language));
    Document { language, title, place, sections, opening }
}

/// What figures of one report differ in: what all have in common is said once, and not in each row.
struct Apart<'a> {
    /// What was measured in several versions.
    versions: HashSet<&'a str>,
    /// Whether the figures are of several days.
    days: bool,
}

impl<'a> Apart<'a> {
    fn of(metrics: &[&'a Metric]) -> Self {
        let mut first = HashMap::new();
        let components = metrics.iter().map(|metric| &metric.provenance().components()[0]);
        let versions = components
            .filter(|component| *first.entry(component.name()).or_insert(component.version()) != component.version())
            .map(Component::name)
            .collect();
        let days = metrics.windows(2).any(|pair| pair[0].provenance().date() != pair[1].provenance().date());
        Self { versions, days }
    }
}

/// The first screen: what became of the published figures, and their picture.
fn opening(answers: &Answers<'_>, machine: &Machine<'_>, language: Language) -> Section {
    let mut section = Section::new("answers", report::answers::title(language));
    section.blocks = answers::blocks(answers, language);
    section.blocks.push(Block::Forest(forest::of(answers, language)));
    section.blocks.extend(machine.warning(language));
    section
}

/// The table of policy engines alone.
pub(super) fn policies(metrics: &[&Metric], language: Language) -> Option<Table> {
    policy::table(groups::by_family(metrics).get(&Family::Policy)?, language)
}
