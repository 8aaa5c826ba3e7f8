//! A published claim against what was measured here.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, HashMap},
};

use super::{
    Aspect, Beside, Comparison, Difference, Figures, Missing, RunOf, differences, estimate, from_stated,
    rule::{Answer, Undecided, rule},
};
use crate::{
    Baseline, Bound, Conditions, Date, Environment, Indicator, Metric, Moment, Software, Statistic, Subject,
    Temperature,
    claims::{Claim, Sense, Side},
    provenance::Machine,
};

/// What became of a claim.
///
/// The verdict is on the **factor** between the two sides, both measured here in one run on one machine, and never on
/// the absolute values, which are the hardware's. With \[L, U\] the interval of the measured factor, and c the least
/// factor that may have been printed as the claimed one (half a unit of the last digit below it):
///
/// - *refuted*: U < c, the whole interval falls short of the claim, and the measured factor is not even
///   [`NEARLY`](super::NEARLY) the claimed difference.
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
/// run (day, where no run was recorded, and then both must name the CPU), workload, statistic, or concurrency.
///
/// A claim may compare one subject with itself: at two temperatures, at two concurrencies, or with two settings of its
/// engine, which its sides then state. Each side is asked for its own of these, and they may differ between the sides.
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
    let indicator = claim.reference().metric().indicator();
    judge_by(claim, &Figures::of(baseline, |measured| measured == indicator))
}

/// Judges claims by what a baseline holds, which is looked through once for all of them.
#[must_use]
pub fn judge_all<'a>(claims: impl IntoIterator<Item = &'a Claim>, baseline: &'a Baseline) -> Vec<Judgement<'a>> {
    let figures = Figures::of(baseline, |_| true);
    claims.into_iter().map(|claim| judge_by(claim, &figures)).collect()
}

pub(crate) fn judge_by<'a>(claim: &'a Claim, figures: &Figures<'a>) -> Judgement<'a> {
    let compared = claim.compared();
    let references = figures.candidates(claim, claim.reference());
    let contenders = figures.candidates(claim, claim.contender());
    let mut missing = Vec::new();
    if references.is_empty() {
        missing.push(figures.absent(claim, claim.reference(), Vec::new()));
    }
    if contenders.is_empty() {
        missing.push(figures.absent(claim, claim.contender(), beside(claim, &references, figures)));
    }
    if claim.factor().is_none() {
        missing.insert(0, Missing::Factor);
    }
    let mut pairs = pair(claim, &references, &contenders, &compared).into_iter();
    let comparison = pairs.next();
    let others: Vec<Comparison> = pairs.filter(|pair| obstacles(claim, pair, &compared).is_empty()).collect();
    if missing.is_empty() {
        missing = comparison.map_or_else(|| vec![Missing::Unit], |pair| obstacles(claim, &pair, &compared));
    }
    let verdict = match comparison {
        Some(pair) if missing.is_empty() => agreed(claim, &pair, &others),
        _ => Verdict::NotComparable(missing),
    };
    // Two subjects may have one stand-in, of which one figure alone was measured: it is no comparison.
    let comparison = comparison.filter(|pair| !std::ptr::eq(pair.reference, pair.contender));
    let differences = comparison.map(|pair| conflicts(claim, &pair)).unwrap_or_default();
    Judgement { claim, verdict, comparison, differences, others }
}

/// What the subjects that the claim names beside its contender showed against the reference. None of it is a verdict.
fn beside(claim: &Claim, references: &[&Metric], figures: &Figures<'_>) -> Vec<Beside> {
    let (side, compared) = (claim.contender(), claim.compared());
    let shown = |subject: &Subject| {
        let found = figures.that_answer(claim, side, subject);
        let pair = pair(claim, references, &found, &compared).into_iter().next();
        let pair = pair.filter(|pair| obstacles(claim, pair, &compared).is_empty())?;
        let reference = pair.reference.subject().clone();
        Some(Beside { subject: subject.clone(), reference, gain: pair.gain_interval()? })
    };
    side.beside().iter().filter_map(shown).collect()
}

/// Pairs the sides, best first: each contender with the reference of its run (its day, where no run was recorded), machine,
/// software, workload, statistic and concurrency that comes closest to the claim. Where no run has both, the closest figure of each
/// side, so that the difference can be named.
fn pair<'a>(
    claim: &Claim,
    references: &[&'a Metric],
    contenders: &[&'a Metric],
    compared: &[Aspect],
) -> Vec<Comparison<'a>> {
    let distance = |side: &Side, metric: &Metric| distance(side, metric, compared);
    let near = best_by_run(claim.reference(), references, compared);
    let mut pairs: Vec<Comparison> = contenders
        .iter()
        .filter_map(|contender| Comparison::new(near.get(&run_of(contender, compared))?, contender).ok())
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

type Run<'a> = (RunOf<'a>, Machine<'a>, &'a Software, Option<&'a str>, Statistic, Option<u32>);

fn run_of<'a>(metric: &'a Metric, compared: &[Aspect]) -> Run<'a> {
    let Environment { hardware, software, conditions } = metric.provenance().environment();
    // One figure of many at once answers for no other number of them.
    let alike = concurrency_matters(metric.indicator()) && !compared.contains(&Aspect::Concurrency);
    let concurrency = conditions.concurrency.filter(|_| alike);
    (RunOf::of(metric), Machine(hardware), software, metric.workload(), metric.statistic(), concurrency)
}

fn best_by_run<'a>(side: &Side, metrics: &[&'a Metric], compared: &[Aspect]) -> HashMap<Run<'a>, &'a Metric> {
    let mut best = HashMap::new();
    for metric in metrics.iter().copied() {
        best.entry(run_of(metric, compared))
            .and_modify(|held: &mut &Metric| {
                if distance(side, metric, compared) < distance(side, held, compared) {
                    *held = metric;
                }
            })
            .or_insert(metric);
    }
    best
}

impl Claim {
    /// The conditions that the claim states of one side and otherwise of the other: what it compares, beside the subjects.
    pub(crate) fn compared(&self) -> Vec<Aspect> {
        let stated = differences(self.reference().metric(), self.contender().metric());
        let conditions = stated.into_iter().filter(Difference::is_conflict).map(|difference| difference.aspect);
        conditions.filter(|a| matches!(a, Aspect::Temperature | Aspect::Concurrency | Aspect::Engine(_))).collect()
    }

    /// Whether the sides are one subject in two versions. Each is then its version alone: nothing is compared with itself.
    pub(crate) fn is_upgrade(&self) -> bool {
        self.compares_versions() && self.compared().is_empty()
    }

    /// Whether the sides are one subject in two versions, perhaps under two conditions as well.
    pub(crate) fn compares_versions(&self) -> bool {
        let [reference, contender] = [self.reference().metric(), self.contender().metric()];
        reference.subject() == contender.subject()
            && reference.provenance().components()[0] != contender.provenance().components()[0]
    }
}

/// How far a figure is from what a side claims: conditions that forbid a verdict, then temperature, then age.
fn distance(side: &Side, metric: &Metric, compared: &[Aspect]) -> (usize, u8, Reverse<(Date, Option<Moment>)>) {
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
    (unmet(side, metric, compared).len() + interval, temperature, age)
}

/// The claimed conditions that a figure was not measured under, of those without which it does not answer the claim: what
/// the claim compares is among them.
fn unmet(side: &Side, metric: &Metric, compared: &[Aspect]) -> Vec<Difference> {
    let claimed = side.metric();
    let cold = claimed.provenance().environment().conditions.is_cold_start();
    let pooled = cold && metric.temperature() == Some(Temperature::Warm);
    let mut found: Vec<Difference> = from_stated(claimed, metric)
        .into_iter()
        .filter(|d| match d.aspect {
            Aspect::Isolation | Aspect::Workload | Aspect::Temperature => true,
            Aspect::Concurrency if concurrency_matters(claimed.indicator()) => true,
            ref other => compared.contains(other),
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
fn obstacles(claim: &Claim, pair: &Comparison, compared: &[Aspect]) -> Vec<Missing> {
    let sides = [(claim.reference(), pair.reference), (claim.contender(), pair.contender)];
    let mut missing: Vec<Missing> = sides
        .iter()
        .flat_map(|(side, metric)| {
            unmet(side, metric, compared).into_iter().map(|d| Missing::Condition(metric.subject().clone(), d))
        })
        .collect();
    let mut unlike: Vec<Difference> = pair
        .differences()
        .into_iter()
        .filter(|d| match d.aspect {
            Aspect::Workload | Aspect::Statistic => true,
            Aspect::Cpu | Aspect::Cores | Aspect::Memory | Aspect::Storage | Aspect::Virtualization => true,
            Aspect::CpuQuota | Aspect::MemoryLimit | Aspect::Cpuset => true,
            Aspect::Os | Aspect::Kernel | Aspect::Container | Aspect::UserNamespace | Aspect::ClockSource => true,
            Aspect::Concurrency => concurrency_matters(pair.reference.indicator()),
            _ => false,
        })
        .filter(|d| !compared.contains(&d.aspect))
        .collect();
    unlike.extend(other_run(pair));
    if !unlike.is_empty() {
        missing.push(Missing::Alike(unlike));
    }
    for (side, metric) in sides {
        if metric.bound() != Bound::Exact {
            missing.push(Missing::Bounded {
                subject: metric.subject().clone(),
                measured: format!("{}{}", metric.bound().prefix(), metric.quantity().rounded()),
                claimed: side.metric().as_stated(),
                is_too_small: metric.bound() == Bound::Below,
            });
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
    let conditions: Vec<_> = all.iter().map(|(pair, _)| told(pair.contender)).collect();
    // What differs at all differs from the first.
    let differs = |key: &String| conditions[1..].iter().any(|other| other.get(key) != conditions[0].get(key));
    let keys: BTreeSet<&String> = conditions.iter().flat_map(BTreeMap::keys).collect();
    let telling: BTreeSet<&String> = keys.into_iter().filter(|key| differs(key)).collect();
    let said = all
        .iter()
        .zip(&conditions)
        .map(|((pair, verdict), own)| format!("{}: {}", apart(pair.contender, own, &telling), verdict.as_str()));
    Verdict::NotComparable(vec![Missing::Agreement(said.collect())])
}

/// What figures of one run, subject, temperature and workload may differ in, by name.
fn told(metric: &Metric) -> BTreeMap<String, String> {
    let conditions = &metric.provenance().environment().conditions;
    let at_once = conditions.concurrency.map(|concurrency| ("concurrency".to_owned(), concurrency.to_string()));
    conditions.settings().into_iter().chain(at_once).collect()
}

/// What tells such a figure apart from all of them.
fn apart(metric: &Metric, own: &BTreeMap<String, String>, telling: &BTreeSet<&String>) -> String {
    let tells = own.iter().filter(|(key, _)| telling.contains(key));
    let tells = tells.map(|(key, value)| format!("{key}={value}"));
    let parts: Vec<String> = metric.workload().map(str::to_owned).into_iter().chain(tells).collect();
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
