//! The table of verdicts, a line for each claim, and what each stands on.

use super::{
    MOST_NAMES,
    answers::{elsewhere, name, published},
    judged::{Answer, Answers, Group, Judged},
};
use crate::{
    Language, Metric,
    compare::{Missing, Verdict, caution},
    report::{
        document::{Block, Cell, Column, Fold, Item, Rows, Section, Table, Text, Tone},
        words,
    },
    words::report::{self as said, answers as say, evidence},
};

/// The reader's own claims, then the published ones that the baseline has a side of; the others are counted.
pub(super) fn section(answers: &Answers<'_>, language: Language) -> Section {
    let mut section = Section::new("verdicts", evidence::title(language));
    for own in [true, false] {
        let groups: Vec<&Group<'_>> = answers.about_this().filter(|group| group.own == own).collect();
        if !groups.is_empty() {
            section.blocks.push(Block::Table(table(&groups, own, language)));
            let mut how =
                vec![Block::Paragraph(format!("{} {}", evidence::method(language), trust(&groups, language)))];
            how.push(Block::List(sources(&groups)));
            section.blocks.push(Block::Fold(Fold::new(evidence::how(language), how)));
        }
    }
    section.blocks.extend(remarks(answers, language));
    section
}

/// What is not about this baseline, and how to judge claims of one's own.
pub(super) fn remarks(answers: &Answers<'_>, language: Language) -> Vec<Block> {
    let mut blocks = Vec::new();
    let others: Vec<String> = answers.others().iter().map(|claim| claim.judgement.claim.id().to_owned()).collect();
    if !others.is_empty() {
        let names = words::few(&others, MOST_NAMES, said::comma(language), language);
        blocks.push(Block::Paragraph(say::not_about_this(others.len(), &names, language)));
    }
    if answers.groups.iter().all(|group| !group.own) {
        blocks.push(Block::Paragraph(say::how_to_add(language).to_owned()));
    }
    blocks
}

/// How far the verdicts can be trusted as a whole.
fn trust(groups: &[&Group<'_>], language: Language) -> String {
    let counts = groups.iter().map(|group| group.counts());
    caution(counts.map(|counts| counts.reproduced + counts.refuted).sum(), language)
}

fn table(groups: &[&Group<'_>], own: bool, language: Language) -> Table {
    let rows = |group: &&Group<'_>| {
        let common = Common::of(group, language);
        let title = evidence::common(&name(group, language), &common.all(language), language);
        Rows { title, rows: group.claims.iter().map(|claim| row(claim, &common, language)).collect() }
    };
    Table {
        caption: evidence::caption(own, language).to_owned(),
        columns: evidence::columns(language).map(Column::text).into(),
        groups: groups.iter().map(rows).collect(),
        cards: true,
        folds: evidence::evidence(language),
        ..Table::default()
    }
}

/// What every claim of a group that was measured differs in, or what every one lacks where none was: said once.
struct Common {
    differences: Vec<String>,
    missing: Vec<String>,
}

impl Common {
    fn of(group: &Group<'_>, language: Language) -> Self {
        let missing_of_all = group.claims.iter().map(|claim| missing(claim, language));
        Self {
            differences: shared(group.claims.iter().map(|claim| differences(claim, language))),
            missing: if group.is_measured() { Vec::new() } else { shared(missing_of_all) },
        }
    }

    fn all(&self, language: Language) -> Vec<String> {
        let (comma, semicolon) = (said::comma(language), said::semicolon(language));
        let differs =
            (!self.differences.is_empty()).then(|| evidence::differs(&self.differences.join(comma), language));
        let missing = (!self.missing.is_empty()).then(|| evidence::missing(&self.missing.join(semicolon), language));
        differs.into_iter().chain(missing).collect()
    }
}

/// What stands in all lists that are not empty, where there are two and more.
fn shared(lists: impl Iterator<Item = Vec<String>>) -> Vec<String> {
    let lists: Vec<Vec<String>> = lists.filter(|list| !list.is_empty()).collect();
    let Some((first, rest)) = lists.split_first().filter(|(_, rest)| !rest.is_empty()) else { return Vec::new() };
    first.iter().filter(|one| rest.iter().all(|list| list.contains(one))).cloned().collect()
}

fn differences(claim: &Judged<'_>, language: Language) -> Vec<String> {
    claim.judgement.differences.iter().map(|difference| difference.describe(language)).collect()
}

fn missing(claim: &Judged<'_>, language: Language) -> Vec<String> {
    match &claim.judgement.verdict {
        Verdict::NotComparable(missing) => missing.iter().map(|missing| missing.describe(language)).collect(),
        _ => Vec::new(),
    }
}

/// The source of each section, once.
fn sources(groups: &[&Group<'_>]) -> Vec<Item> {
    let mut found: Vec<(&str, &str)> = Vec::new();
    for claim in groups.iter().flat_map(|group| &group.claims).map(|claim| claim.judgement.claim) {
        let source = (claim.section(), claim.reference().metric().provenance().source().reference());
        if !found.contains(&source) {
            found.push(source);
        }
    }
    found
        .into_iter()
        .map(|(section, reference)| Item { name: section.to_owned(), text: Text::english(reference) })
        .collect()
}

/// The verdict's word, and how it is to be read.
pub(super) fn verdict(judged: &Judged<'_>, language: Language) -> (&'static str, Tone) {
    match judged.answer {
        Answer::Reproduced => (evidence::reproduced(language), Tone::Good),
        Answer::Refuted => (evidence::refuted(language), Tone::Bad),
        Answer::Undecided => (evidence::undecided(language), Tone::Open),
        Answer::Open if depends(judged) => (evidence::depends(language), Tone::Open),
        Answer::Open => (evidence::open(language), Tone::Open),
        Answer::Unmeasured => (evidence::unmeasured(language), Tone::Open),
    }
}

/// Whether both sides were measured alike, and what they do decides.
fn depends(judged: &Judged<'_>) -> bool {
    matches!(&judged.judgement.verdict, Verdict::NotComparable(missing) if matches!(missing[..], [Missing::Agreement(_)]))
}

fn row(judged: &Judged<'_>, common: &Common, language: Language) -> Vec<Cell> {
    let claim = judged.judgement.claim;
    let indicator = language.pick(judged.indicator().label_zh(), judged.indicator().label());
    let sides = [claim.reference().metric(), claim.contender().metric()];
    let (word, tone) = verdict(judged, language);
    let word = Cell::new(word).tone(tone).folded(proof(judged, common, language));
    let word = match judged.load {
        Some(load) => word.detail(evidence::load_short(load.average, language)),
        None => word,
    };
    vec![
        Cell::new(indicator).at(&judged.id),
        Cell::new(sides.map(words::value).join(" → ")),
        Cell::new(published(claim, language)),
        measured(judged),
        factor(judged, language),
        word,
    ]
}

/// Both figures, each with its subject where another one stood in for it.
fn measured(judged: &Judged<'_>) -> Cell {
    let Some(pair) = &judged.judgement.comparison else { return Cell::default() };
    let claim = judged.judgement.claim;
    let side = |claimed: &Metric, metric: &Metric| match claimed.subject() == metric.subject() {
        true => words::value(metric),
        false => words::side(metric),
    };
    let reference = side(claim.reference().metric(), pair.reference());
    let contender = side(claim.contender().metric(), pair.contender());
    Cell::new(format!("{reference} → {contender}"))
}

fn factor(judged: &Judged<'_>, language: Language) -> Cell {
    let Some(pair) = &judged.judgement.comparison else { return Cell::default() };
    let interval = words::times_interval(pair).filter(|_| words::has_width(pair));
    let cell = Cell::new(words::times(pair, language)).tone(Tone::Strong);
    interval.into_iter().fold(cell, Cell::detail)
}

/// What a verdict stands on, a line for each thing; what the whole group has in common stands above it.
fn proof(judged: &Judged<'_>, common: &Common, language: Language) -> Vec<Text> {
    let own = |all: Vec<String>, common: &[String]| -> Vec<String> {
        all.into_iter().filter(|one| !common.contains(one)).collect()
    };
    let (comma, semicolon) = (said::comma(language), said::semicolon(language));
    let mut lines: Vec<String> = Vec::new();
    let missing = own(missing(judged, language), &common.missing);
    if !missing.is_empty() {
        lines.push(evidence::missing(&missing.join(semicolon), language));
    }
    if let Verdict::Undecided(open) = &judged.judgement.verdict {
        lines.push(open.describe(language));
    }
    let differences = own(differences(judged, language), &common.differences);
    if !differences.is_empty() {
        lines.push(evidence::differs(&differences.join(comma), language));
    }
    lines.extend(judged.load.map(|load| evidence::load(load.average, load.cores, language)));
    lines.extend(elsewhere(judged, language));
    lines.extend(judged.phases.iter().map(|split| split.why(language)));
    let improvement = judged.judgement.comparison.and_then(|pair| pair.improvement());
    lines.extend(improvement.map(|percent| evidence::improvement(percent, language)));
    lines.push(evidence::section(judged.judgement.claim.section(), language));
    lines.into_iter().map(Text::from).collect()
}
