//! How each number of the report is defined.

use std::collections::{BTreeMap, BTreeSet};

use super::{groups::Group, notes};
use crate::{
    Family, Indicator, Language, Metric, Phase, Statistic, Temperature, claims,
    report::{
        Report,
        document::{Block, Fold, Item, Section},
    },
    words::report::rest::{self, definitions as say},
};

pub(super) fn section(report: &Report<'_>, families: &BTreeMap<Family, Vec<Group<'_>>>, language: Language) -> Section {
    let mut section = Section::new("definitions", say::title(language));
    let mut present: BTreeSet<Indicator> = report.metrics.iter().map(|metric| metric.indicator()).collect();
    present.extend(report.baseline.unavailable().iter().map(crate::UnavailableRow::indicator));
    present.extend(claims().iter().map(|claim| claim.reference().metric().indicator()));
    let item = |name: &str, text: &str| Item { name: name.to_owned(), text: text.into() };
    let indicators = present
        .iter()
        .map(|indicator| item(language.pick(indicator.label_zh(), indicator.label()), indicator.definition(language)));
    let mut blocks = vec![Block::List(indicators.collect())];

    blocks.push(Block::Heading(say::temperature(language).to_owned()));
    let temperatures = [Temperature::Cold, Temperature::Precompiled, Temperature::Warm];
    let temperatures = temperatures.map(|t| item(t.as_str(), t.definition(language)));
    blocks.push(Block::List(temperatures.into()));

    let phases: BTreeSet<Phase> = report.metrics.iter().filter_map(|metric| phase(metric)).collect();
    if !phases.is_empty() {
        blocks.push(Block::Heading(say::phases(language).to_owned()));
        let phases = phases.into_iter().map(|phase| item(phase.label(language), phase.definition(language)));
        blocks.push(Block::List(phases.collect()));
    }

    blocks.push(Block::Heading(say::statistics(language).to_owned()));
    let statistics: BTreeSet<Statistic> = report.metrics.iter().map(|metric| metric.statistic()).collect();
    let statistics = statistics.into_iter().map(|s| item(&s.label(language), s.definition(language)));
    let [name, text] = say::interval(language);
    blocks.push(Block::List(statistics.chain([item(name, text)]).collect()));

    let mind = notes::meanings(report, families.values().flatten(), language);
    if !mind.is_empty() {
        blocks.push(Block::Heading(say::mind(language).to_owned()));
        blocks.push(Block::List(mind));
    }
    section.blocks.push(Block::Fold(Fold::new(rest::all(language), blocks)));
    section
}

fn phase(metric: &Metric) -> Option<Phase> {
    Phase::of_part(metric.provenance().environment().conditions.part()?)
}
