//! The picture of all claims, of the verdicts.

use super::{
    answers,
    judged::{Answer, Answers, Group, Judged},
    verdicts,
};
use crate::{
    Language,
    claims::Sense,
    report::{
        forest::{Forest, Mark, Row, Rows},
        words,
    },
    words::report::evidence::picture as say,
};

pub(super) fn of(all: &Answers<'_>, language: Language) -> Forest {
    // What the reader brought is never folded away.
    let (measured, rest): (Vec<&Group<'_>>, Vec<&Group<'_>>) =
        all.groups.iter().partition(|group| group.own || group.is_measured());
    let count = rest.iter().map(|group| group.claims.len()).sum();
    let rows = |groups: Vec<&Group<'_>>| groups.into_iter().map(|group| rows(group, language)).collect();
    Forest {
        title: say::title(language).to_owned(),
        ends: say::ends(language),
        legend: say::legend(language),
        groups: rows(measured),
        folded: (say::folded(count, language), rows(rest)),
    }
}

fn rows(group: &Group<'_>, language: Language) -> Rows {
    // Only claims that have a row in the table of verdicts lead there.
    let leads = group.is_about_this();
    let rows = group.claims.iter().map(|claim| row(claim, leads, language)).collect();
    Rows { title: answers::name(group, language), rows }
}

fn row(judged: &Judged<'_>, leads: bool, language: Language) -> Row {
    let judgement = &judged.judgement;
    let is_more_better = judged.indicator().direction() == crate::Direction::MoreIsBetter;
    let published = judgement.claim.factor().and_then(|factor| {
        let gain = factor.sense().gain(factor.value())?;
        // A claim that the contender has more of what should be little is one that it is worse.
        let is_worse = (factor.sense() == Sense::Higher) != is_more_better;
        Some(if is_worse { 1.0 / gain } else { gain })
    });
    let pair = judgement.comparison.filter(|_| judged.is_measured());
    let measured = pair.and_then(|pair| {
        let gain = pair.gain().filter(|gain| *gain > 0.0)?;
        let ends = pair.gain_interval().map_or((gain, gain), |interval| (interval.low, interval.high));
        Some((gain, ends.0, ends.1))
    });
    let interval = pair.and_then(|pair| words::times_interval(&pair).filter(|_| words::has_width(&pair)));
    let factor = pair.map(|pair| words::times(&pair, language)).unwrap_or_default();
    let in_words = answers::published(judgement.claim, language);
    Row {
        what: language.pick(judged.indicator().label_zh(), judged.indicator().label()).to_owned(),
        evidence: leads.then(|| judged.id.clone()),
        published,
        measured,
        mark: match judged.answer {
            Answer::Reproduced => Mark::Reproduced,
            Answer::Refuted => Mark::Refuted,
            Answer::Undecided => Mark::Undecided,
            Answer::Open => Mark::Open,
            Answer::Unmeasured => Mark::Unmeasured,
        },
        verdict: verdicts::verdict(judged, language).0,
        measured_in_words: interval.map_or(factor.clone(), |interval| format!("{factor} ({interval})")),
        published_in_words: if in_words.is_empty() { in_words } else { say::published(&in_words, language) },
    }
}
