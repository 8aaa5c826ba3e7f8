//! What a quick pass asks: what published claims are about, and what costs next to nothing, which is all that runs within a
//! process. A full pass asks everything of everything, and so does a filter that names it.

use crate::{
    Indicator, Isolation, Temperature,
    adapter::Identity,
    claims::{Claims, claims},
    experiment::{Figure, Pass, Plan},
};

/// Whether the plan is a quick pass that nobody narrowed: what takes minutes is then left out.
pub(super) fn is_short(plan: &Plan) -> bool {
    plan.pass() == Pass::Quick && !plan.is_filtered()
}

/// Says that a quick pass leaves the figure out.
pub(super) fn leave_out(plan: &mut Plan, figure: &Figure) {
    plan.unavailable(figure.unavailable("a quick pass has no time for it", "run the bench without --quick"));
}

/// What may be asked.
pub(super) struct Candidate<'a> {
    pub identity: &'a Identity,
    pub temperature: Temperature,
    /// Whether it starts at no warmer one.
    pub is_warmest: bool,
}

impl Candidate<'_> {
    /// Whether the plan's pass asks `indicator` of it, among the subjects that are `here`.
    pub fn is_asked(&self, plan: &Plan, indicator: Indicator, here: &[String]) -> bool {
        let within_a_process = matches!(self.identity.isolation, Isolation::None | Isolation::InProcess);
        !is_short(plan) || within_a_process || self.is_claimed(claims(), indicator, here)
    }

    /// Whether a side of a claim is about it: the side's own subject where that is here, else the first of its stand-ins that
    /// is; as warm as it comes, unless the claim says otherwise.
    fn is_claimed(&self, claims: &Claims, indicator: Indicator, here: &[String]) -> bool {
        let sides = claims.iter().flat_map(|claim| [claim.reference(), claim.contender()]);
        sides.map(|side| (side.metric(), side.stand_ins())).any(|(metric, stand_ins)| {
            let mut answering = [metric.subject()].into_iter().chain(stand_ins);
            let answers = answering.find(|name| here.iter().any(|it| it == name.as_str()));
            let stated = metric.temperature();
            metric.indicator() == indicator
                && answers == Some(&self.identity.subject)
                && stated.map_or(self.is_warmest, |stated| stated == self.temperature)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Component;

    fn here(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    fn is_claimed(subject: &str, indicator: Indicator, is_warmest: bool, here: &[String]) -> bool {
        let version = Component::new("x", "1").unwrap();
        let identity = Identity::new(subject.parse().unwrap(), version, Isolation::Container);
        let candidate = Candidate { identity: &identity, temperature: Temperature::Cold, is_warmest };
        candidate.is_claimed(claims(), indicator, here)
    }

    #[test]
    fn a_subject_is_asked_where_a_claim_is_about_it() {
        let all = here(&["container/scratch", "container/busybox", "container/alpine", "container+wasmedge", "crun"]);
        let claimed = |subject| is_claimed(subject, Indicator::Density, true, &all);
        assert!(claimed("container/alpine") && claimed("container+wasmedge"));
        assert!(!claimed("container/scratch") && !claimed("container/busybox") && !claimed("crun"));
        assert!(!is_claimed("container/alpine", Indicator::Density, false, &all), "as warm as it comes");
    }

    #[test]
    fn the_first_stand_in_that_is_here_answers_for_what_is_not() {
        let few = here(&["container/scratch", "container/busybox"]);
        let claimed = |subject| is_claimed(subject, Indicator::MemoryPeak, true, &few);
        assert!(claimed("container/busybox"));
        assert!(!claimed("container/scratch"), "it is the second");
        assert!(!claimed("container/alpine"), "it is not here");
    }
}
