//! Where a source rounds, cuts off or contradicts its own figures.

use std::fmt;

use super::{Claim, Factor, Restatement, Side};
use crate::{Bound, Quantity};

/// Values that are said to be about something may differ from it by this share.
const ABOUT: f64 = 0.1;

/// A place where what is printed differs from what the two printed values give.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The claim's id.
    pub claim: String,
    /// The section in which the differing statement stands.
    pub section: String,
    /// In which way it differs.
    pub kind: FindingKind,
    /// What is printed there.
    pub stated: String,
    /// What it should agree with.
    pub expected: String,
}

/// In which way a statement differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FindingKind {
    /// The nearest number of so many digits.
    Rounded,
    /// Digits cut off: the nearest number of so many digits is another one.
    Truncated,
    /// Roughly the same, where one side says "about".
    Approximate,
    /// Not the same.
    Contradicted,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { claim, section, stated, expected, .. } = self;
        let how = match self.kind {
            FindingKind::Rounded => "is rounded",
            FindingKind::Truncated => "is cut off, not rounded",
            FindingKind::Approximate => "is approximate",
            FindingKind::Contradicted => "contradicts the table",
        };
        write!(f, "{claim}: {stated} in {section} {how}: the table gives {expected}")
    }
}

pub(super) fn findings(claim: &Claim) -> Vec<Finding> {
    let finding = |section: &str, (kind, stated, expected)| Finding {
        claim: claim.id.clone(),
        section: section.to_owned(),
        kind,
        stated,
        expected,
    };
    let printed = claim
        .factor
        .as_ref()
        .filter(|f| !f.is_computed())
        .and_then(|f| of_factor(claim, f))
        .map(|found| finding(&claim.section, found));
    let prose = claim.restated.iter().filter_map(|restated| {
        let found = match &restated.what {
            Restatement::Factor(factor) if claim.factor.as_ref() == Some(factor) => None,
            Restatement::Factor(factor) => of_factor(claim, factor),
            Restatement::Reference(quantity, bound) => of_value(&claim.reference, *quantity, *bound),
            Restatement::Contender(quantity, bound) => of_value(&claim.contender, *quantity, *bound),
        };
        found.map(|found| finding(&restated.section, found))
    });
    printed.into_iter().chain(prose).collect()
}

type Found = (FindingKind, String, String);

fn of_factor(claim: &Claim, factor: &Factor) -> Option<Found> {
    let computed = factor.sense().of(claim.reference.value(), claim.contender.value())?;
    let unit = factor.last_digit();
    let off = computed - factor.nearest(computed);
    let about = [&claim.reference, &claim.contender].iter().any(|side| side.metric.bound() != Bound::Exact);
    let kind = match () {
        // A thousandth of the last digit is the error of the arithmetic here, not the source's.
        () if off.abs() < unit / 1000.0 => return None,
        () if off.abs() <= unit / 2.0 => FindingKind::Rounded,
        () if off > 0.0 && off < unit => FindingKind::Truncated,
        () if about && off.abs() <= ABOUT * computed => FindingKind::Approximate,
        () => FindingKind::Contradicted,
    };
    Some((kind, factor.to_string(), format!("{computed:.2}")))
}

fn of_value(side: &Side, stated: Quantity, bound: Bound) -> Option<Found> {
    let (said, table) = (stated.as_f64(), side.value());
    let near = (said - table).abs() <= ABOUT * table;
    let kind = match (bound, side.metric.bound()) {
        (Bound::Below, Bound::Exact | Bound::About) if table < said => return None,
        (Bound::Above, Bound::Exact | Bound::About) if table > said => return None,
        (a, b) if said == table && (a == b || a == Bound::About) => return None,
        (Bound::About, _) | (Bound::Exact, Bound::About) if near => FindingKind::Approximate,
        _ => FindingKind::Contradicted,
    };
    Some((kind, format!("{}{stated}", bound.prefix()), side.metric.stated().exact()))
}
