//! What instances take: bytes to ship, memory that they hold and at its peak, CPU while they idle and while a burst starts;
//! and the memory of policy engines. Each sample is of a fresh process, and all subjects take turns.

mod engines;
mod runtimes;

use crate::{
    experiment::{Figure, Lane, LaneError, Pass, Plan, Turns},
    policy, runtime,
};

/// The plan of the bench `footprint`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Footprint;

impl Footprint {
    /// Declares it.
    ///
    /// # Errors
    /// None of its own.
    pub fn declare(&self, plan: &mut Plan) -> Result<(), LaneError> {
        // Every sample is of a process of its own: one process asks for all of them.
        if !plan.is_first() {
            return Ok(());
        }
        let tables = runtimes::tables(plan, runtime::Registry::subjects());
        let mut engine_memory = Vec::new();
        for subject in policy::Registry::subjects() {
            engines::lanes(plan, &subject, &mut engine_memory);
        }
        // Six: the fewest processes whose median has an interval at 95 %.
        let rounds = Turns::rounds(plan.pass().of([12, 6, 1]));
        tables.into_groups(plan, rounds);
        plan.fresh(engines::GROUP, rounds, engine_memory);
        Ok(())
    }
}

/// The row of a figure that a runtime or an engine of this machine has not.
fn lacking(plan: &mut Plan, figure: &Figure, reason: &str, remedy: &str) {
    plan.unavailable(figure.unavailable(reason, remedy));
}

/// A lane of a group, where it was asked for.
fn wanted(plan: &Plan, group: &str, name: &str, lanes: &mut Vec<Lane>, lane: impl FnOnce(&str) -> Lane) {
    if plan.wants(group, name) {
        lanes.push(lane(name));
    }
}

/// Whether the pass is one that only shows that everything works.
fn is_test(plan: &Plan) -> bool {
    plan.pass() == Pass::Test
}
