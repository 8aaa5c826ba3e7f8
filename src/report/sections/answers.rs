//! The first screen: what became of the published figures, in a sentence for each pair of things that they compare.

use super::{
    MOST_NAMES,
    judged::{Answer, Answers, Group, Judged, Layer},
};
use crate::{
    Claim, Language, Metric, Subject,
    compare::{Aspect, Comparison, Missing, Verdict},
    report::{
        document::{Block, Fold, Item},
        words,
    },
    words::report::{self as said, answers as say, figures::at_once},
};

/// The most sentences before the picture, which has every claim: the document's own come first.
const MOST_SENTENCES: usize = 5;

/// The most clauses of a sentence: the picture below has every claim.
const MOST_CLAUSES: usize = 6;

/// How many claims hold, and a sentence for each group.
pub(super) fn blocks(answers: &Answers<'_>, language: Language) -> Vec<Block> {
    let mut blocks = Vec::new();
    let counted = [true, false].map(|own| (answers.counts(own), own));
    let counted = counted.into_iter().filter(|(counts, _)| counts.all() > 0);
    let counted: Vec<String> = counted.map(|(counts, own)| say::counted(counts, own, language)).collect();
    if !counted.is_empty() {
        blocks.push(Block::Strong(sentence(&counted.join(said::semicolon(language)), language)));
    }
    let groups: Vec<&Group<'_>> = answers.about_this().collect();
    let (judged, rest): (Vec<_>, Vec<_>) = groups.into_iter().partition(|group| group.counts().judged() > 0);
    let mut items: Vec<Item> = judged.into_iter().map(|group| item(group, language)).collect();
    // What says nothing has a line for all of it, so that the picture stands on the first screen.
    let (open, unmeasured): (Vec<_>, Vec<_>) = rest.into_iter().partition(|group| group.is_measured());
    let open = open.into_iter().map(|group| {
        let measured = group.claims.iter().filter(|claim| claim.is_measured());
        let why = measured.filter_map(|claim| without_verdict(claim, language)).next().unwrap_or_default();
        format!("{}{}", name(group, language), said::aside(&why, language))
    });
    let unmeasured = unmeasured.into_iter().map(|group| {
        format!("{}{}", name(group, language), said::aside(&say::so_many(group.claims.len(), language), language))
    });
    items.extend(list(say::nothing_judged(language), open.collect(), language));
    items.extend(list(say::nothing_measured(language), unmeasured.collect(), language));
    let more = items.split_off(items.len().min(MOST_SENTENCES));
    if !items.is_empty() {
        blocks.push(Block::List(items));
    }
    if !more.is_empty() {
        blocks.push(Block::Fold(Fold::new(say::more_pairs(more.len(), language), vec![Block::List(more)])));
    }
    blocks
}

/// A line of names.
fn list(title: &str, names: Vec<String>, language: Language) -> Option<Item> {
    let few = words::few(&names, MOST_NAMES, said::semicolon(language), language);
    let text = format!("{few}{}", said::end(language));
    (!names.is_empty()).then(|| Item { name: title.to_owned(), text: text.into() })
}

/// What a group's claims compare.
pub(super) fn name(group: &Group<'_>, language: Language) -> String {
    let (reference, contender) = group.sides();
    if reference != contender {
        return say::pair(&say::plain(contender, language), &say::plain(reference, language), language);
    }
    let claim = group.claims[0].judgement.claim;
    let [reference, contender] = match claim.is_upgrade() {
        true => apart(claim, language),
        false => named_apart(claim, language),
    };
    say::pair(&contender, &reference, language)
}

/// Both subjects, each with what tells it from the other where they are one.
pub(super) fn named_apart(claim: &Claim, language: Language) -> [String; 2] {
    let subjects = [claim.reference(), claim.contender()].map(|side| side.metric().subject());
    if subjects[0] != subjects[1] {
        return subjects.map(ToString::to_string);
    }
    let [reference, contender] = apart(claim, language);
    [reference, contender].map(|what| format!("{}{}", subjects[0], said::aside(&what, language)))
}

/// What tells the sides of a claim on one subject apart: versions, or what each was measured under.
pub(super) fn apart(claim: &Claim, language: Language) -> [String; 2] {
    let compared = claim.compared();
    [claim.reference(), claim.contender()].map(|side| {
        let metric = side.metric();
        let conditions = &metric.provenance().environment().conditions;
        let one = |aspect: &Aspect| match aspect {
            Aspect::Temperature => metric.temperature().map(|temperature| temperature.to_string()),
            Aspect::Concurrency => conditions.concurrency.map(|n| at_once(n, language)),
            Aspect::Engine(name) => conditions.settings().get(name).map(|value| format!("{name} {value}")),
            _ => None,
        };
        let parts: Vec<String> = compared.iter().filter_map(one).collect();
        match parts.is_empty() {
            true => metric.provenance().components()[0].to_string(),
            false => parts.join(said::comma(language)),
        }
    })
}

fn item(group: &Group<'_>, language: Language) -> Item {
    let mut order: Vec<&Judged<'_>> = group.claims.iter().filter(|claim| claim.is_measured()).collect();
    order.sort_by_key(|claim| claim.answer as u8);
    let mut clauses: Vec<String> = order.iter().map(|claim| clause(claim, language)).collect();
    let more = clauses.len().saturating_sub(MOST_CLAUSES);
    clauses.truncate(MOST_CLAUSES);
    if more > 0 {
        clauses.push(say::and_more(more, language));
    }
    let unmeasured: Vec<String> = group
        .claims
        .iter()
        .filter(|claim| !claim.is_measured())
        .map(|claim| indicator(claim, language).to_owned())
        .collect();
    if !unmeasured.is_empty() {
        let names = words::few(&unmeasured, MOST_NAMES, said::comma(language), language);
        clauses.push(say::not_measured(&names, language));
    }
    let lead = say::counted(group.counts(), group.own, language);
    let clauses = clauses.join(said::semicolon(language));
    let mut text = sentence(&format!("{lead}{}{clauses}", said::colon(language)), language);
    let mut add = |more: String| {
        text.push_str(said::space(language));
        text.push_str(&more);
    };
    stand_ins(group, language).into_iter().for_each(&mut add);
    order.iter().find_map(|claim| elsewhere(claim, language)).into_iter().for_each(&mut add);
    Item { name: name(group, language), text: text.into() }
}

/// With a capital where the language has them, and an end.
fn sentence(text: &str, language: Language) -> String {
    let mut letters = text.chars();
    let first: String = letters.next().map(|c| c.to_uppercase().collect()).unwrap_or_default();
    format!("{first}{}{}", letters.as_str(), said::end(language))
}

fn indicator(claim: &Judged<'_>, language: Language) -> &'static str {
    language.pick(claim.indicator().label_zh(), claim.indicator().label())
}

/// What became of one claim, with its numbers.
fn clause(claim: &Judged<'_>, language: Language) -> String {
    let what = indicator(claim, language);
    let judgement = &claim.judgement;
    if let Some(why) = without_verdict(claim, language) {
        return say::open(what, &why, language);
    }
    let Some(pair) = &judgement.comparison else { return what.to_owned() };
    let (measured, published) = (measured(what, pair, language), published(judgement.claim, language));
    match claim.answer {
        Answer::Refuted => say::not_as_published(&measured, &published, language),
        Answer::Reproduced => say::as_published(&measured, &published, language),
        _ => say::undecided(&measured, &published, language),
    }
}

/// Why there is no verdict, where there is none.
fn without_verdict(claim: &Judged<'_>, language: Language) -> Option<String> {
    let Verdict::NotComparable(missing) = &claim.judgement.verdict else { return None };
    Some(missing.first().map(|first| reason(first, language)).unwrap_or_default())
}

/// The published factor in words.
pub(super) fn published(claim: &Claim, language: Language) -> String {
    claim.factor().map(|factor| factor.describe(language)).unwrap_or_default()
}

fn measured(what: &str, pair: &Comparison<'_>, language: Language) -> String {
    // An interval that holds one shows no difference; a counted figure has none, and differs.
    let differs = match pair.gain_interval() {
        Some(gain) => gain.low > 1.0 || gain.high < 1.0,
        None => true,
    };
    let interval = words::times_interval(pair).filter(|_| words::has_width(pair));
    say::measured(what, &words::times(pair, language), interval.as_deref(), differs, language)
}

/// Why a claim that was measured has no verdict, in a few words.
fn reason(missing: &Missing, language: Language) -> String {
    use say::why;
    let plain = match missing {
        Missing::Factor => why::no_factor(language),
        Missing::Interval(_) => why::no_interval(language),
        Missing::Bounded { .. } => why::bound(language),
        Missing::Zero(_) => why::zero(language),
        Missing::Alike(_) => why::unlike(language),
        Missing::Condition(..) => why::condition(language),
        Missing::Unit => why::unit(language),
        Missing::Agreement(said) => {
            let count = |verdict: &Verdict| said.iter().filter(|text| text.ends_with(verdict.as_str())).count();
            return why::depends(count(&Verdict::Reproduced), count(&Verdict::Refuted), language);
        }
        other @ (Missing::Side { .. } | Missing::Under(..)) => return other.describe(language),
    };
    plain.to_owned()
}

/// That another subject answered for a side.
fn stand_ins(group: &Group<'_>, language: Language) -> Option<String> {
    let mut found: Vec<(&Subject, &Subject)> = Vec::new();
    for claim in &group.claims {
        let Some(pair) = &claim.judgement.comparison else { continue };
        let sides = [claim.judgement.claim.reference(), claim.judgement.claim.contender()];
        for (side, metric) in sides.into_iter().zip([pair.reference(), pair.contender()]) {
            let pair = (metric.subject(), side.metric().subject());
            if pair.0 != pair.1 && !found.contains(&pair) {
                found.push(pair);
            }
        }
    }
    let all = found.iter().map(|(one, claimed)| say::stands_in(one.as_str(), claimed.as_str(), language));
    Some(all.collect::<Vec<_>>().join(said::space(language))).filter(|text| !text.is_empty())
}

/// Where else the claimed factor appears.
pub(super) fn elsewhere(claim: &Judged<'_>, language: Language) -> Option<String> {
    let what = indicator(claim, language);
    match claim.layer.as_ref()? {
        Layer::Nowhere(count) => Some(say::appears_nowhere(what, *count, language)),
        Layer::Between(pair) => {
            let interval = words::times_interval(pair).map(|interval| said::aside(&interval, language));
            let factor = format!("{}{}", words::times(pair, language), interval.unwrap_or_default());
            let between = [pair.reference(), pair.contender()];
            let [reference, contender] = between.map(|metric| layer(metric, language));
            Some(say::appears(what, [&reference, &contender], &factor, language))
        }
    }
}

fn layer(metric: &Metric, language: Language) -> String {
    let temperature = metric.temperature().map(|t| format!("{}{}", said::comma(language), t.as_str()));
    let name = format!("{}{}", metric.subject(), temperature.unwrap_or_default());
    say::layer(metric.provenance().environment().conditions.isolation, &name, language)
}
