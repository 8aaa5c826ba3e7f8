//! The parts of a report, each a file.

mod audit;
mod definitions;
mod environment;
mod family;
mod fills;
mod groups;
mod notes;
mod plots;
mod policy;
mod reproduce;
mod unavailable;
mod verdicts;

use super::{
    Report,
    document::{Document, Section, Table},
};
use crate::{Family, Language, Metric};

/// The most rows of a table of figures: enough for any machine, and few enough for a browser.
const MOST_ROWS: usize = 2_000;
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
    let mut sections = vec![environment::section(report, language)];
    let verdicts = verdicts::section(report, language);
    let families = groups::by_family(&report.metrics);
    let mut figures: Vec<Section> = (FAMILIES.into_iter())
        .filter_map(|family| Some(family::section(report, family, families.get(&family)?, language)))
        .collect();
    // The verdicts come first where there are any.
    let place = if verdicts.is_about_this { 0 } else { figures.len() };
    figures.insert(place, verdicts.section);
    sections.append(&mut figures);
    let rest: [fn(&Report<'_>, Language) -> Option<Section>; 4] =
        [unavailable::section, audit::section, definitions::section, reproduce::section];
    sections.extend(rest.into_iter().filter_map(|section| section(report, language)));
    let title = language.pick("本机测得的性能基线", "What was measured on this machine").to_owned();
    Document { language, title, sections }
}

/// The table of policy engines alone.
pub(super) fn policies(metrics: &[&Metric], language: Language) -> Option<Table> {
    policy::table(groups::by_family(metrics).get(&Family::Policy)?, language)
}
