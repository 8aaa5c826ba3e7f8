//! The plans behind the benches: what is measured of each runtime and each policy engine, and for how long.
//!
//! A plan is declared by a function, which an [`Experiment`](crate::experiment::Experiment) calls in each process that
//! measures. Everything that a bench measures stands here, so that another program, or the command line, measures the same.

mod by_hand;
mod cluster;
mod density;
mod deployment;
mod evaluation;
mod footprint;
mod pods;
mod prepared;
mod quick;
mod scale;
mod startup;
mod store;

pub use cluster::Cluster;
pub use density::Density;
pub use deployment::Deployment;
pub use evaluation::Evaluation;
pub use footprint::Footprint;
pub use pods::Pods;
pub use scale::Scale;
pub use startup::Startup;
pub use store::Store;

use std::time::Duration;

use crate::experiment::{Pass, Plan, Turns};

/// Turns until `full` or `quick` milliseconds of each process are over; in a test, one turn of one sample.
fn turns(plan: &Plan, full: u64, quick: u64) -> Turns {
    match plan.pass() {
        Pass::Full => Turns::until(Duration::from_millis(full)),
        Pass::Quick => Turns::until(Duration::from_millis(quick)).with_patience(Duration::from_millis(700)),
        Pass::Test => Turns::rounds(1),
    }
}
