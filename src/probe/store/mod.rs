//! What a store of API objects costs its control plane.
//!
//! `storage_latency` ([`Asker`], [`together`]): one durable write, or one linearizable read, from the call to the answer, one
//! at a time or by many clients at once, each with a connection of its own. Nanoseconds. Answers are checked outside the
//! timed span. [`DiskSync`] is what the disk takes of it; [`while_compacted`] the same while the store forgets what was replaced;
//! [`Lister`] is lists of many objects.
//!
//! `list_watch_pressure` ([`press`]): CPU time of the store's own processes for each 1,000 events that it delivered, in seconds.

mod ask;
mod compacted;
mod disk;
mod list;
mod press;
mod together;

pub use ask::{Asker, Operation, fill};
pub use compacted::while_compacted;
pub use disk::DiskSync;
pub use list::Lister;
pub use press::{Load, Pressure, press};
pub use together::together;
