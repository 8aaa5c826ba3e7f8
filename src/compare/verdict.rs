//! A published claim against what was measured here.

use std::{cmp::Reverse, collections::HashMap};

use super::{
    Aspect, Beside, Comparison, Difference, Missing, RunOf, differences, estimate,
    rule::{Answer, Undecided, rule},
};
use crate::{
    Baseline, Bound, Component, Conditions, Date, Environment, Hardware, Indicator, Metric, Moment, Software,
    Statistic, Subject, Temperature, UnavailableRow,
    claims::{Claim, Sense, Side},
};

/// What became of a claim.
///
/// The verdict is on the **factor** between the two sides, both measured here in one run on one machine, and never on
/// the absolute values, which are the hardware's. With \[L, U\] the interval of the measured factor, and c the least
/// factor that may have been printed as the claimed one (half a unit of the last digit below it):
///
/// - *refuted*: U < c. The whole interval falls short of the claim.
/// - *reproduced*: L ≥ c, the claim is surpassed; or else the interval excludes "no difference" in the claimed sense
///   (L > 1), the measured factor itself lies within [`MARGIN`](super::MARGIN) of c, and the interval is no wider than
///   [`WIDEST`](super::WIDEST).
/// - *undecided* otherwise; it names how much narrower the interval must be.
/// - *not comparable* wherever the two sides were not measured alike, or not at all; it names what is missing.
///
/// A claim that the contender is worse is judged with the sides exchanged, and a claim that there is no difference (1.00×)
/// by whether the whole interval lies within the margin. Each verdict stands on an interval of its own at 95 %: see
/// [`caution`](super::caution) for how many of a list may be wrong.
///
/// Where several workloads or settings of the contender were measured in that run and the claim does not say which it
/// means, they must not contradict each other: a workload that suits the verdict is not picked. Of the temperatures, the one
/// nearest to the claim's is judged (`cold`, where it names none), and the others are in [`Judgement::others`].
///
/// Another machine, and other versions than the claim's, are listed as differences and do not forbid a verdict. These do:
/// an isolation that is not the claimed one, a concurrency that is not the claimed one where it bears on the indicator
/// (startup, CPU peaks, evaluation), a pooled instance for a cold start, and two sides that differ in machine, software,
/// run (day, where no run was recorded), workload, statistic, or concurrency.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Verdict {
    /// The contender is about as much better here as claimed, or more.
    Reproduced,
    /// It is not.
    Refuted,
    /// Both sides were measured alike, and the interval answers neither way.
    Undecided(Undecided),
    /// There is no answer, for want of these.
    NotComparable(Vec<Missing>),
}

impl Verdict {
    /// The word for a table.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Reproduced => "reproduced",
            Self::Refuted => "refuted",
            Self::Undecided(_) => "undecided",
            Self::NotComparable(_) => "not comparable",
        }
    }
}

/// A claim, its verdict, and the evidence.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Judgement<'a> {
    /// The claim.
    pub claim: &'a Claim,
    /// What became of it.
    pub verdict: Verdict,
    /// The two figures measured here that come closest to the claim, where both sides have one.
    pub comparison: Option<Comparison<'a>>,
    /// In what they differ from the claim (claimed / measured), wherever both state it; each once.
    pub differences: Vec<Difference>,
    /// Every other pair that answers the claim: other temperatures, workloads, days.
    pub others: Vec<Comparison<'a>>,
}

/// Judges a claim by what a baseline holds.
///
/// ```
/// use runtime_baseline::{Baseline, claims, compare::{Verdict, judge}};
///
/// let nothing = Baseline::new();
/// let judgement = judge(claims().get("startup-time").expect("a row of table 14.3.1"), &nothing);
/// let Verdict::NotComparable(missing) = judgement.verdict else { panic!("nothing was measured") };
/// assert_eq!(missing[0].to_string(), "container/alpine: not measured");
/// ```
#[must_use]
pub fn judge<'a>(claim: &'a Claim, baseline: &'a Baseline) -> Judgement<'a> {
    let references = candidates(claim, claim.reference(), baseline.metrics());
    let contenders = candidates(claim, claim.contender(), baseline.metrics());
    let mut missing = Vec::new();
    if references.is_empty() {
        missing.push(absent(claim, claim.reference(), baseline.unavailable(), Vec::new()));
    }
    if contenders.is_empty() {
        let beside = beside(claim, &references, baseline.metrics());
        missing.push(absent(claim, claim.contender(), baseline.unavailable(), beside));
    }
    if claim.factor().is_none() {
        missing.insert(0, Missing::Factor);
    }
    let mut pairs = pair(claim, &references, &contenders).into_iter();
    let comparison = pairs.next();
    let others: Vec<Comparison> = pairs.filter(|pair| obstacles(claim, pair).is_empty()).collect();
    if missing.is_empty() {
        missing = comparison.map_or_else(|| vec![Missing::Unit], |pair| obstacles(claim, &pair));
    }
    let verdict = match comparison {
        Some(pair) if missing.is_empty() => agreed(claim, &pair, &others),
        _ => Verdict::NotComparable(missing),
    };
    let differences = comparison.map(|pair| conflicts(claim, &pair)).unwrap_or_default();
    Judgement { claim, verdict, comparison, differences, others }
}

/// The measured figures that may answer for a side: the claimed subject's, or else the first stand-in's that has any.
fn candidates<'a>(claim: &Claim, side: &Side, metrics: &'a [Metric]) -> Vec<&'a Metric> {
    let subjects = std::iter::once(side.metric().subject()).chain(side.stand_ins());
    subjects.map(|subject| figures(claim, side, subject, metrics)).find(|found| !found.is_empty()).unwrap_or_default()
}

/// The measured figures of a subject that are of what a side claims.
fn figures<'a>(claim: &Claim, side: &Side, subject: &Subject, metrics: &'a [Metric]) -> Vec<&'a Metric> {
    let claimed = side.metric();
    let stated = &claimed.provenance().components()[0];
    let is_stated = |c: &Component| c.name().eq_ignore_ascii_case(stated.name()) && c.version() == stated.version();
    let versioned = |metric: &Metric| !is_upgrade(claim) || metric.provenance().components().iter().any(is_stated);
    // A figure of one part (the gzip layer, the host) answers for no whole.
    let whole = |metric: &Metric| metric.provenance().environment().conditions.part().is_none();
    let fits = |metric: &Metric| match claimed.statistic() {
        // A published figure that does not say is the typical one, never a tail. What one more takes is the figure itself
        // of memory, and of nothing else.
        Statistic::Single => match metric.statistic() {
            Statistic::Slope => claimed.indicator().is_marginal(),
            // The most that was seen may be what is claimed, of a peak say.
            Statistic::Max => true,
            other => !other.is_tail(),
        },
        stated => metric.statistic() == stated,
    };
    let indicator = claimed.indicator();
    let is_it =
        |m: &&Metric| m.indicator() == indicator && m.subject() == subject && fits(m) && whole(m) && versioned(m);
    metrics.iter().filter(is_it).collect()
}

/// What the subjects that the claim names beside its contender showed against the reference. None of it is a verdict.
fn beside(claim: &Claim, references: &[&Metric], metrics: &[Metric]) -> Vec<Beside> {
    let side = claim.contender();
    let shown = |subject: &Subject| {
        let found = figures(claim, side, subject, metrics);
        let pair =
            pair(claim, references, &found).into_iter().next().filter(|pair| obstacles(claim, pair).is_empty())?;
        let reference = pair.reference.subject().clone();
        Some(Beside { subject: subject.clone(), reference, gain: pair.gain_interval()? })
    };
    side.beside().iter().filter_map(shown).collect()
}

/// Whether the sides are one subject in two versions. Each is then its version alone: nothing is compared with itself.
fn is_upgrade(claim: &Claim) -> bool {
    claim.reference().metric().subject() == claim.contender().metric().subject()
}

/// The row that says why a side was not measured: the claimed subject's, or else a stand-in's.
fn absent(claim: &Claim, side: &Side, rows: &[UnavailableRow], beside: Vec<Beside>) -> Missing {
    let claimed = side.metric();
    if is_upgrade(claim) {
        return Missing::Side {
            subject: claimed.subject().clone(),
            reason: Some(format!("no figure of {}", claimed.provenance().components()[0])),
            remedy: Some("measure that version on this machine, into the same baseline".to_owned()),
            beside,
        };
    }
    let mut subjects = std::iter::once(claimed.subject()).chain(side.stand_ins());
    let row = subjects
        .find_map(|subject| rows.iter().find(|r| r.indicator() == claimed.indicator() && r.subject() == subject));
    Missing::Side {
        subject: row.map_or(claimed.subject(), UnavailableRow::subject).clone(),
        reason: row.map(|r| r.reason().to_owned()),
        remedy: row.map(|r| r.remedy().to_owned()),
        beside,
    }
}

/// Pairs the sides, best first: each contender with the reference of its run (its day, where no run was recorded), machine,
/// software, workload, statistic and concurrency that comes closest to the claim. Where no run has both, the closest figure of each
/// side, so that the difference can be named.
fn pair<'a>(claim: &Claim, references: &[&'a Metric], contenders: &[&'a Metric]) -> Vec<Comparison<'a>> {
    let near = best_by_run(claim.reference(), references);
    let mut pairs: Vec<Comparison> = contenders
        .iter()
        .filter_map(|contender| Comparison::new(near.get(&run_of(contender))?, contender).ok())
        .collect();
    if pairs.is_empty() {
        let closest = |side, of: &[&'a Metric]| of.iter().copied().min_by_key(|m| distance(side, m));
        let reference = closest(claim.reference(), references);
        let contender = closest(claim.contender(), contenders);
        let only = reference.zip(contender).and_then(|(a, b)| Comparison::new(a, b).ok());
        pairs.extend(only);
    }
    pairs.sort_by_cached_key(|pair| {
        let (a, b) = (distance(claim.reference(), pair.reference), distance(claim.contender(), pair.contender));
        // The workload's name makes the order the same every time.
        (a.0 + b.0, b.1, a.2.max(b.2), a.1, pair.reference.workload(), pair.reference.statistic())
    });
    pairs
}

type Run<'a> = (RunOf<'a>, &'a Hardware, &'a Software, Option<&'a str>, Statistic, Option<u32>);

fn run_of(metric: &Metric) -> Run<'_> {
    let Environment { hardware, software, conditions } = metric.provenance().environment();
    // One figure of many at once answers for no other number of them.
    let concurrency = conditions.concurrency.filter(|_| concurrency_matters(metric.indicator()));
    (RunOf::of(metric), hardware, software, metric.workload(), metric.statistic(), concurrency)
}

fn best_by_run<'a>(side: &Side, metrics: &[&'a Metric]) -> HashMap<Run<'a>, &'a Metric> {
    let mut best = HashMap::new();
    for metric in metrics.iter().copied() {
        best.entry(run_of(metric))
            .and_modify(|held: &mut &Metric| {
                if distance(side, metric) < distance(side, held) {
                    *held = metric;
                }
            })
            .or_insert(metric);
    }
    best
}

/// How far a figure is from what a side claims: conditions that forbid a verdict, then temperature, then age.
fn distance(side: &Side, metric: &Metric) -> (usize, u8, Reverse<(Date, Option<Moment>)>) {
    let interval = usize::from(estimate(metric).is_none());
    // A claim that says no more than "start" is the whole way from the artifact as shipped.
    let temperature = match metric.temperature() {
        t if t == side.metric().temperature() => 0,
        Some(Temperature::Cold) => 1,
        Some(Temperature::Precompiled) => 2,
        _ => 3,
    };
    let provenance = metric.provenance();
    let age = Reverse((provenance.date(), provenance.run().map(|run| run.began())));
    (unmet(side, metric).len() + interval, temperature, age)
}

/// The claimed conditions that a figure was not measured under, of those without which it does not answer the claim.
fn unmet(side: &Side, metric: &Metric) -> Vec<Difference> {
    let claimed = side.metric();
    let cold = claimed.provenance().environment().conditions.is_cold_start();
    let pooled = cold && metric.temperature() == Some(Temperature::Warm);
    let mut found: Vec<Difference> = differences(claimed, metric)
        .into_iter()
        .filter(|d| d.left.is_some())
        .filter(|d| match d.aspect {
            Aspect::Isolation | Aspect::Workload | Aspect::Temperature => true,
            Aspect::Concurrency => concurrency_matters(claimed.indicator()),
            _ => false,
        })
        .collect();
    if pooled {
        let (left, right) = (Some(Conditions::COLD_START.to_owned()), Some("warm".to_owned()));
        found.push(Difference { aspect: Aspect::Temperature, left, right });
    }
    found
}

/// Whether what one instance shows depends on how many others do the same at that moment.
fn concurrency_matters(indicator: Indicator) -> bool {
    indicator.depends_on_concurrency()
}

/// What keeps a pair from being judged.
fn obstacles(claim: &Claim, pair: &Comparison) -> Vec<Missing> {
    let sides = [(claim.reference(), pair.reference), (claim.contender(), pair.contender)];
    let mut missing: Vec<Missing> = sides
        .iter()
        .flat_map(|(side, metric)| {
            unmet(side, metric).into_iter().map(|d| Missing::Condition(metric.subject().clone(), d))
        })
        .collect();
    let mut unlike: Vec<Difference> = pair
        .differences()
        .into_iter()
        .filter(|d| match d.aspect {
            Aspect::Workload | Aspect::Statistic => true,
            Aspect::Cpu | Aspect::Cores | Aspect::Memory | Aspect::Storage | Aspect::Virtualization => true,
            Aspect::Os | Aspect::Kernel => true,
            Aspect::Concurrency => concurrency_matters(pair.reference.indicator()),
            _ => false,
        })
        .collect();
    unlike.extend(other_run(pair));
    if !unlike.is_empty() {
        missing.push(Missing::Alike(unlike));
    }
    for (_, metric) in sides {
        if metric.bound() != Bound::Exact {
            let bound = format!("{}{}", metric.bound().prefix(), metric.quantity());
            missing.push(Missing::Bounded(metric.subject().clone(), bound));
        } else if metric.quantity().as_f64() == 0.0 {
            missing.push(Missing::Zero(metric.subject().clone()));
        } else if estimate(metric).is_none() {
            missing.push(Missing::Interval(metric.subject().clone()));
        }
    }
    if missing.is_empty() && pair.ratio_interval().is_none() {
        missing.push(Missing::Interval(pair.contender.subject().clone()));
    }
    missing
}

/// That the two sides were not taken in one run, which a day stands for where no run was recorded.
fn other_run(pair: &Comparison) -> Option<Difference> {
    let (left, right) = (RunOf::of(pair.reference), RunOf::of(pair.contender));
    let text = |run: RunOf<'_>| match run {
        RunOf::Id(id) => id.to_owned(),
        RunOf::Day(date) => date.to_string(),
    };
    let both_days = matches!((left, right), (RunOf::Day(_), RunOf::Day(_)));
    let aspect = if both_days { Aspect::Date } else { Aspect::Run };
    (left != right).then(|| Difference { aspect, left: Some(text(left)), right: Some(text(right)) })
}

/// The verdict on the best pair, unless another of the same run and temperature says the opposite.
fn agreed(claim: &Claim, pair: &Comparison, others: &[Comparison]) -> Verdict {
    let alike = |other: &&Comparison| {
        RunOf::of(other.contender) == RunOf::of(pair.contender)
            && other.contender.temperature() == pair.contender.temperature()
    };
    let verdict = ruled(claim, pair);
    let all: Vec<_> = std::iter::once(pair).chain(others.iter().filter(alike)).map(|p| (p, ruled(claim, p))).collect();
    let any = |verdict: &Verdict| all.iter().any(|(_, v)| v == verdict);
    if !(any(&Verdict::Reproduced) && any(&Verdict::Refuted)) {
        return verdict;
    }
    let said = all.iter().map(|(pair, verdict)| format!("{}: {}", setting(pair.contender), verdict.as_str()));
    Verdict::NotComparable(vec![Missing::Agreement(said.collect())])
}

/// What tells figures of one run, subject and temperature apart.
fn setting(metric: &Metric) -> String {
    let settings = metric.provenance().environment().conditions.settings();
    let settings = settings.iter().map(|(key, value)| format!("{key}={value}"));
    let parts: Vec<String> = metric.workload().map(str::to_owned).into_iter().chain(settings).collect();
    if parts.is_empty() { metric.statistic().to_string() } else { parts.join(" ") }
}

/// The rule in the docs of [`Verdict`], in the claim's own sense, so that a claim that something is dearer can be judged
/// as well.
fn ruled(claim: &Claim, pair: &Comparison) -> Verdict {
    let Some(factor) = claim.factor() else { return Verdict::NotComparable(vec![Missing::Factor]) };
    let (Some(claimed), Some(ratio)) = (factor.gain_range(), pair.ratio_interval()) else {
        return Verdict::NotComparable(vec![Missing::Interval(pair.contender.subject().clone())]);
    };
    let measured = if factor.sense() == Sense::Higher { ratio.inverse() } else { ratio };
    match rule(measured, claimed) {
        Answer::Reproduced => Verdict::Reproduced,
        Answer::Refuted => Verdict::Refuted,
        Answer::Undecided(open) => Verdict::Undecided(open),
    }
}

/// In what both measured sides differ from the claim, where the claim says anything.
fn conflicts(claim: &Claim, pair: &Comparison) -> Vec<Difference> {
    let sides = [(claim.reference(), pair.reference), (claim.contender(), pair.contender)];
    let mut found = Vec::new();
    for (side, metric) in sides {
        for difference in differences(side.metric(), metric) {
            let telling = difference.is_conflict() && !matches!(difference.aspect, Aspect::Statistic | Aspect::Date);
            if telling && !found.contains(&difference) {
                found.push(difference);
            }
        }
    }
    found
}
