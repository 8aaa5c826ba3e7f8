//! This program, started again as a helper process.
//!
//! Two kinds: the keeper of containers (module `launcher`), and a **fresh process** that measures one runtime alone:
//!
//! ```text
//! this process ── warden ── the process that measures ── whatever its runtime starts
//! ```
//!
//! Both get by with what the executable already is: nothing else must be installed, and no argument is seen by `main`,
//! which does not run (see `hook`). A fresh process has touched nothing but its own runtime, so that what grows in it is
//! what its instances take. The warden measures nothing: it holds the cgroup in which the other one is accounted, says how
//! that ended, and removes what is left, whatever was killed. A measurement may have stages, at whose ends it waits for the
//! library: several processes then go from one to the next together.
//!
//! This module is the mechanism. Which roles and which tasks there are, it does not know: `entry` has the tables.

#[allow(dead_code, reason = "adapters of programs use it")]
pub(crate) mod child;
pub(crate) mod fork;
pub(crate) mod fresh;
pub(crate) mod hook;
#[allow(dead_code, reason = "adapters of servers use it")]
pub(crate) mod listening;
#[allow(dead_code, reason = "adapters of programs use it")]
pub(crate) mod program;
pub(crate) mod reap;
#[allow(dead_code, reason = "each kind of server uses its part")]
pub(crate) mod supervised;
pub(crate) mod task;
#[cfg(test)]
pub(crate) mod tests;
pub(crate) mod warden;
mod wire;

pub use fresh::FreshError;
pub use hook::HookError;
pub(crate) use task::Task;
pub(crate) use wire::{Failure, Progress};
