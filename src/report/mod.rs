//! What people read: the figures of a baseline side by side.

mod markdown;
mod pairs;
mod table;
mod verdicts;

pub use markdown::markdown;
pub use table::table;
