//! What people read: the figures of a baseline side by side.

mod markdown;
mod pairs;
mod table;

pub use markdown::markdown;
pub use table::table;

pub(crate) use pairs::{Pair, pairs};
