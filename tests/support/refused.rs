//! What a conformance suite makes of an adapter that is refused: a check that is ignored where something is missing, and a failure
//! where something is broken.

use libtest_mimic::{Failed, Trial};
use runtime_baseline::adapter::{Family, Needs, Refusal, RefusalKind, Registry};

use crate::need;

/// One check of an adapter of that family that is refused.
pub fn trial<F: Family + ?Sized>(title: String, why: &Refusal) -> Trial {
    let ignored = is_missing::<F>(why) && !need::is_required(why.subject.as_str());
    let why = Failed::from(why.to_string());
    Trial::test(title, move || Err(why)).with_ignored_flag(ignored)
}

/// Whether it was not built in, or needs something that is not here. What needs its build alone, and was built in, is broken.
fn is_missing<F: Family + ?Sized>(refusal: &Refusal) -> bool {
    let descriptors = Registry::<F>::descriptors();
    let needs = descriptors.iter().find(|it| it.subject == refusal.subject.as_str()).map(|it| it.needs);
    refusal.kind == RefusalKind::NotBuilt || needs == Some(Needs::Machine) && !refusal.kind.is_failure()
}
