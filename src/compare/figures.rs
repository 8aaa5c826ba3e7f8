//! Which figures of a baseline answer for a side of a claim.

use std::collections::HashMap;

use super::{Aspect, Beside, Difference, Missing, differences};
use crate::{
    Baseline, Component, Indicator, Metric, Statistic, Subject, UnavailableRow,
    claims::{Claim, Side},
};

/// The figures of a baseline by what they are of: many claims ask.
pub(crate) struct Figures<'a> {
    by: HashMap<Indicator, HashMap<&'a str, Vec<&'a Metric>>>,
    unavailable: &'a [UnavailableRow],
}

impl<'a> Figures<'a> {
    /// Those of the indicators that are wanted.
    pub fn of(baseline: &'a Baseline, wanted: impl Fn(Indicator) -> bool) -> Self {
        let mut by: HashMap<_, HashMap<_, Vec<&'a Metric>>> = HashMap::new();
        for metric in baseline.metrics().iter().filter(|metric| wanted(metric.indicator())) {
            let of = by.entry(metric.indicator()).or_default();
            of.entry(metric.subject().as_str()).or_default().push(metric);
        }
        Self { by, unavailable: baseline.unavailable() }
    }

    fn get(&self, indicator: Indicator, subject: &Subject) -> &[&'a Metric] {
        self.by.get(&indicator).and_then(|of| of.get(subject.as_str())).map_or(&[], Vec::as_slice)
    }

    /// Whether there is a figure of a side of the claim, or a row that says why there is none.
    pub fn are_about(&self, claim: &Claim) -> bool {
        let indicator = claim.reference().metric().indicator();
        let subjects = || [claim.reference(), claim.contender()].into_iter().flat_map(subjects);
        let mut rows = self.unavailable.iter().filter(|row| row.indicator() == indicator);
        subjects().any(|subject| !self.get(indicator, subject).is_empty())
            || rows.any(|row| subjects().any(|subject| subject == row.subject()))
    }

    /// The measured figures that may answer for a side: the claimed subject's, or else the first stand-in's that has any.
    pub fn candidates(&self, claim: &Claim, side: &Side) -> Vec<&'a Metric> {
        let of = |subject| self.that_answer(claim, side, subject);
        subjects(side).map(of).find(|found| !found.is_empty()).unwrap_or_default()
    }

    /// The measured figures of a subject that are of what a side claims.
    pub fn that_answer(&self, claim: &Claim, side: &Side, subject: &Subject) -> Vec<&'a Metric> {
        let claimed = side.metric();
        let stated = &claimed.provenance().components()[0];
        let is_stated = |c: &Component| c.name().eq_ignore_ascii_case(stated.name()) && c.version() == stated.version();
        let by_version = claim.compares_versions();
        let versioned = |metric: &Metric| !by_version || metric.provenance().components().iter().any(is_stated);
        // A figure of one part (the gzip layer, the host) answers for no whole.
        let whole = |metric: &Metric| metric.provenance().environment().conditions.part().is_none();
        let fits = |metric: &Metric| match claimed.statistic() {
            // A published figure that does not say is the typical one, never a tail. What one more takes is the figure
            // itself of memory, and of nothing else.
            Statistic::Single => match metric.statistic() {
                Statistic::Slope => claimed.indicator().is_marginal(),
                // The most that was seen may be what is claimed, of a peak say.
                Statistic::Max => true,
                other => !other.is_tail(),
            },
            // An indicator that is a tail by itself: its figures are the typical one of many bursts' own.
            Statistic::P99 if claimed.indicator().is_tail() => {
                [Statistic::P99, Statistic::Median, Statistic::Single].contains(&metric.statistic())
            }
            stated => metric.statistic() == stated,
        };
        // One subject is compared with itself under two conditions, each side being its own and no other.
        let own = own(claim, side);
        let under = |metric: &Metric| {
            let found = differences(claimed, metric);
            own.iter().all(|(aspect, _)| found.iter().all(|difference| difference.aspect != *aspect))
        };
        let all = self.get(claimed.indicator(), subject).iter().copied();
        all.filter(|m| fits(m) && whole(m) && versioned(m) && (own.is_empty() || under(m))).collect()
    }

    /// The row that says why a side was not measured: the claimed subject's, or else a stand-in's.
    pub fn absent(&self, claim: &Claim, side: &Side, beside: Vec<Beside>) -> Missing {
        let claimed = side.metric();
        if claim.is_upgrade() {
            return Missing::Side {
                subject: claimed.subject().clone(),
                reason: Some(format!("no figure of {}", claimed.provenance().components()[0])),
                remedy: Some("measure that version on this machine, into the same baseline".to_owned()),
                beside,
            };
        }
        let own = own(claim, side);
        let measured = |subject: &&Subject| !self.get(claimed.indicator(), subject).is_empty();
        if let Some(subject) = subjects(side).find(measured).filter(|_| !own.is_empty()) {
            return Missing::Under(subject.clone(), own);
        }
        let of = |subject: &Subject| {
            self.unavailable.iter().find(|r| r.indicator() == claimed.indicator() && r.subject() == subject)
        };
        let row = subjects(side).find_map(of);
        Missing::Side {
            subject: row.map_or(claimed.subject(), UnavailableRow::subject).clone(),
            reason: row.map(|r| r.reason().to_owned()),
            remedy: row.map(|r| r.remedy().to_owned()),
            beside,
        }
    }
}

/// What a side of a claim on one subject has as its own, and the other side otherwise.
fn own(claim: &Claim, side: &Side) -> Vec<(Aspect, String)> {
    let (reference, contender) = (claim.reference().metric(), claim.contender().metric());
    if reference.subject() != contender.subject() {
        return Vec::new();
    }
    let compared = claim.compared();
    let all = differences(reference, contender).into_iter().filter(|difference| compared.contains(&difference.aspect));
    let is_reference = std::ptr::eq(side, claim.reference());
    all.filter_map(|Difference { aspect, left, right }| Some((aspect, if is_reference { left } else { right }?)))
        .collect()
}

/// The claimed subject, and those that may stand in for it.
fn subjects(side: &Side) -> impl Iterator<Item = &Subject> {
    std::iter::once(side.metric().subject()).chain(side.stand_ins())
}
