//! Every sentence in two languages, and what each number means, once.
//!
//! What is said stands here as methods of the types that it speaks of, which are below: they know what happened, and this
//! module how to say it.

mod definition;
mod difference;
mod factor;
mod gate;
mod missing;
mod noise;
mod phase;
pub(crate) mod reasons;
pub(crate) mod report;
mod shortfall;
mod stale;
mod verdict;
mod warning;
