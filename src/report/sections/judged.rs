//! The claims with their verdicts, grouped by what they compare.

use super::{answers, load::Load};
use crate::{
    Claim, Indicator, Isolation, Metric, Statistic, Subject, claims,
    claims::Sense,
    compare::{Comparison, Figures, Judgement, Missing, Verdict, judge_by},
    provenance::Machine,
    report::Report,
    words::report::answers::Counts,
};

/// Every claim, the reader's own first, in groups.
pub(super) struct Answers<'a> {
    pub groups: Vec<Group<'a>>,
}

/// Claims that compare the same two subjects.
pub(super) struct Group<'a> {
    pub own: bool,
    /// Never empty.
    pub claims: Vec<Judged<'a>>,
}

/// A claim and what became of it.
pub(super) struct Judged<'a> {
    pub judgement: Judgement<'a>,
    pub answer: Answer,
    /// Where else the claimed factor was found, of a refuted one.
    pub layer: Option<Layer<'a>>,
    /// The load that its figures were taken at, where that was too high for them.
    pub load: Option<Load>,
    /// Whether the baseline has a figure of a side of it, or says why it has none.
    pub is_about_this: bool,
    /// The place of its evidence within the report.
    pub id: String,
}

/// A verdict, told apart by whether anything was measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Refuted,
    Reproduced,
    Undecided,
    /// Measured, and not so that it answers.
    Open,
    Unmeasured,
}

/// Where the claimed factor appears, if not between the claim's own sides.
pub(super) enum Layer<'a> {
    Between(Comparison<'a>),
    /// Nowhere among so many others.
    Nowhere(usize),
}

impl<'a> Answers<'a> {
    pub fn of(report: &Report<'a>) -> Self {
        let own: Vec<&'a Claim> = report.claims.iter().flat_map(|claims| claims.iter()).collect();
        let published: Vec<&'a Claim> = claims().iter().collect();
        let figures = Figures::of(report.baseline, |_| true);
        let mut groups: Vec<Group<'a>> = Vec::new();
        for (own, claim) in own.iter().map(|claim| (true, *claim)).chain(published.iter().map(|claim| (false, *claim)))
        {
            let number = groups.iter().map(|group| group.claims.len()).sum::<usize>() + 1;
            let judged = Judged::of(claim, report, &figures, number);
            let same =
                |group: &&mut Group<'_>| group.own == own && compare_alike(group.claims[0].judgement.claim, claim);
            match groups.iter_mut().find(same) {
                Some(group) => group.claims.push(judged),
                None => groups.push(Group { own, claims: vec![judged] }),
            }
        }
        Self { groups }
    }

    /// The groups that the baseline has something to say of, or that the reader brought.
    pub fn about_this(&self) -> impl Iterator<Item = &Group<'a>> {
        self.groups.iter().filter(|group| group.is_about_this())
    }

    /// The published figures of the other groups.
    pub fn others(&self) -> Vec<&Judged<'a>> {
        self.groups.iter().filter(|group| !group.is_about_this()).flat_map(|group| &group.claims).collect()
    }

    /// How many of the reader's own, or else of the published, have which verdict.
    pub fn counts(&self, own: bool) -> Counts {
        let mut counts = Counts::default();
        for group in self.about_this().filter(|group| group.own == own) {
            let more = group.counts();
            counts.reproduced += more.reproduced;
            counts.refuted += more.refuted;
            counts.undecided += more.undecided;
            counts.open += more.open;
            counts.unmeasured += more.unmeasured;
        }
        counts
    }
}

/// Whether two claims compare the same: of one subject, in the same versions or under the same conditions.
fn compare_alike(one: &Claim, other: &Claim) -> bool {
    let (reference, contender) = sides(one);
    let english = crate::Language::English;
    sides(one) == sides(other)
        && (reference != contender || answers::apart(one, english) == answers::apart(other, english))
}

/// What a claim compares.
fn sides(claim: &Claim) -> (&Subject, &Subject) {
    (claim.reference().metric().subject(), claim.contender().metric().subject())
}

impl Group<'_> {
    /// What its claims compare: the reference, and the contender.
    pub fn sides(&self) -> (&Subject, &Subject) {
        sides(self.claims[0].judgement.claim)
    }

    pub fn counts(&self) -> Counts {
        let count = |answer| self.claims.iter().filter(|claim| claim.answer == answer).count();
        Counts {
            reproduced: count(Answer::Reproduced),
            refuted: count(Answer::Refuted),
            undecided: count(Answer::Undecided),
            open: count(Answer::Open),
            unmeasured: count(Answer::Unmeasured),
        }
    }

    /// Whether the baseline has a side of any of its claims, or the reader brought it.
    pub fn is_about_this(&self) -> bool {
        self.own || self.claims.iter().any(|claim| claim.is_about_this)
    }

    /// Whether anything of it was measured.
    pub fn is_measured(&self) -> bool {
        self.claims.iter().any(Judged::is_measured)
    }
}

impl<'a> Judged<'a> {
    fn of(claim: &'a Claim, report: &Report<'a>, figures: &Figures<'a>, number: usize) -> Self {
        let judgement = judge_by(claim, figures);
        let answer = match &judgement.verdict {
            Verdict::Reproduced => Answer::Reproduced,
            Verdict::Refuted => Answer::Refuted,
            Verdict::Undecided(_) => Answer::Undecided,
            Verdict::NotComparable(missing)
                if missing.iter().any(|m| matches!(m, Missing::Side { .. } | Missing::Under(..))) =>
            {
                Answer::Unmeasured
            }
            Verdict::NotComparable(_) => Answer::Open,
        };
        let layer = if answer == Answer::Refuted { layer(&judgement, &report.metrics) } else { None };
        let load = judgement.comparison.and_then(|pair| Load::too_high([pair.reference(), pair.contender()]));
        let is_about_this = figures.are_about(claim);
        Self { judgement, answer, layer, load, is_about_this, id: format!("claim-{number}") }
    }

    pub fn is_measured(&self) -> bool {
        self.answer != Answer::Unmeasured
    }

    pub fn indicator(&self) -> Indicator {
        self.judgement.claim.reference().metric().indicator()
    }
}

/// Searches the figures of the same run for one that is as much better than the reference as is claimed, behind another kind
/// of isolation than the contender's. Of several, the one nearest to the claim.
fn layer<'a>(judgement: &Judgement<'a>, metrics: &[&'a Metric]) -> Option<Layer<'a>> {
    let (pair, factor) = (judgement.comparison?, judgement.claim.factor()?);
    let least = factor.gain_range()?.0;
    let is_better = match pair.reference().indicator().direction() {
        crate::Direction::LessIsBetter => factor.sense() != Sense::Higher,
        crate::Direction::MoreIsBetter => factor.sense() == Sense::Higher,
    };
    // A claim that something is dearer, or that nothing differs, has no layer of its own.
    if !is_better || least <= 1.0 {
        return None;
    }
    let others = metrics.iter().copied().filter(|metric| is_other(metric, &pair));
    let pairs: Vec<_> = others.filter_map(|metric| Comparison::new(pair.reference(), metric).ok()).collect();
    let (count, mut found) = (pairs.len(), pairs);
    let gain = |pair: &Comparison<'_>| pair.gain().unwrap_or_default();
    found.retain(|pair| pair.gain_interval().is_some_and(|gain| gain.low >= least));
    let nearest = found.into_iter().min_by(|a, b| gain(a).total_cmp(&gain(b)));
    match nearest {
        Some(pair) => Some(Layer::Between(pair)),
        None => (count > 0).then_some(Layer::Nowhere(count)),
    }
}

/// Whether a figure was taken as the pair's were, of something that stands behind another kind of isolation.
fn is_other(metric: &Metric, pair: &Comparison<'_>) -> bool {
    let (reference, contender) = (pair.reference(), pair.contender());
    let isolation = |metric: &Metric| metric.provenance().environment().conditions.isolation;
    let run = |metric: &Metric| {
        let provenance = metric.provenance();
        (provenance.run().map(|run| run.id().to_owned()), provenance.date())
    };
    let of = |metric: &Metric| {
        let environment = metric.provenance().environment();
        let concurrency = environment.conditions.concurrency.filter(|_| metric.indicator().depends_on_concurrency());
        (metric.indicator(), metric.statistic(), metric.workload().map(str::to_owned), concurrency)
    };
    let kind = isolation(metric);
    let [this, other] = [metric, reference].map(|metric| Machine(&metric.provenance().environment().hardware));
    metric.indicator() == reference.indicator()
        && kind.is_some_and(|kind| kind != Isolation::None)
        && kind != isolation(contender)
        && kind != isolation(reference)
        && metric.provenance().environment().conditions.part().is_none()
        && metric.statistic() != Statistic::Max
        && of(metric) == of(reference)
        && this == other
        && run(metric) == run(reference)
}
