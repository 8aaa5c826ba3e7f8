//! The answers alone, for a pull request: the sentences, then a line for each claim.

use super::{
    answers::{self, published},
    judged::{Answers, Judged},
    machine::Machine,
    verdicts,
};
use crate::{
    Language,
    report::{
        Report,
        document::{Block, Cell, Column, Table},
        words,
    },
    words::report::{answers as say, evidence},
};

pub(in crate::report) fn blocks(report: &Report<'_>, language: Language) -> Vec<Block> {
    let (all, machine) = (Answers::of(report), Machine::of(report));
    let mut blocks = vec![Block::Heading(say::title(language).to_owned())];
    blocks.push(Block::Paragraph(machine.place(report, language)));
    blocks.extend(answers::blocks(&all, language));
    blocks.extend(machine.warning(language));
    let rows: Vec<Vec<Cell>> =
        all.about_this().flat_map(|group| group.claims.iter().map(|claim| row(claim, language))).collect();
    if !rows.is_empty() {
        let columns = evidence::summary_columns(language).map(Column::text);
        blocks.push(Block::Table(Table::new(evidence::title(language), columns.into(), rows)));
    }
    blocks.extend(verdicts::remarks(&all, language));
    blocks
}

fn row(judged: &Judged<'_>, language: Language) -> Vec<Cell> {
    let [reference, contender] = answers::named_apart(judged.judgement.claim, language);
    let pair = judged.judgement.comparison.filter(|_| judged.is_measured());
    let factor = pair.map(|pair| words::times(&pair, language)).unwrap_or_default();
    let interval = pair.and_then(|pair| words::times_interval(&pair).filter(|_| words::has_width(&pair)));
    let (word, tone) = verdicts::verdict(judged, language);
    let load = judged.load.map(|load| evidence::load_short(load.average, language)).unwrap_or_default();
    vec![
        Cell::new(language.pick(judged.indicator().label_zh(), judged.indicator().label())),
        Cell::new(format!("{reference} → {contender}")),
        Cell::new(published(judged.judgement.claim, language)),
        Cell::new(factor).detail(interval.unwrap_or_default()),
        Cell::new(word).tone(tone).detail(load),
    ]
}
