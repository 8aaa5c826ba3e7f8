//! How each number of the report is defined.

use std::collections::BTreeSet;

use crate::{
    Indicator, Language, Statistic, Temperature, claims,
    report::{
        Report,
        document::{Block, Item, Section},
    },
};

pub(super) fn section(report: &Report<'_>, language: Language) -> Option<Section> {
    let mut section = Section::new("definitions", language.pick("每个数字的定义", "How each number is defined"));
    let mut present: BTreeSet<Indicator> = report.metrics.iter().map(|metric| metric.indicator()).collect();
    present.extend(report.baseline.unavailable().iter().map(crate::UnavailableRow::indicator));
    present.extend(claims().iter().map(|claim| claim.reference().metric().indicator()));
    let item = |name: &str, text: &str| Item { name: name.to_owned(), text: text.into() };
    let indicators = present
        .iter()
        .map(|indicator| item(language.pick(indicator.label_zh(), indicator.label()), indicator.definition(language)));
    section.blocks.push(Block::List(indicators.collect()));

    section.blocks.push(Block::Heading(language.pick("温度", "Temperature").to_owned()));
    let temperatures = [Temperature::Cold, Temperature::Precompiled, Temperature::Warm];
    let temperatures = temperatures.map(|t| item(t.as_str(), t.definition(language)));
    section.blocks.push(Block::List(temperatures.into()));

    section.blocks.push(Block::Heading(language.pick("统计量与区间", "Statistics and intervals").to_owned()));
    let statistics: BTreeSet<Statistic> = report.metrics.iter().map(|metric| metric.statistic()).collect();
    let statistics = statistics.into_iter().map(|s| item(&s.label(language), s.definition(language)));
    let interval = item(
        language.pick("95 % 区间", "95 % interval"),
        language.pick(
            "分位数的区间由次序统计量得出，与分布无关；样本不足以在两侧界定分位数时不给出区间。斜率的区间为 Student 区间。倍数的区间由两侧的区间得出。",
            "Of quantiles: by order statistics, whatever the distribution; none where there are too few samples to bound the quantile on both sides. Of slopes: Student's. Of factors: from the two sides' intervals.",
        ),
    );
    section.blocks.push(Block::List(statistics.chain([interval]).collect()));
    Some(section)
}
