//! What every family of adapters shares: who an adapter is, what bounds it, and why one is refused. It knows no family: the
//! families (`runtime`, `policy`) are above it.

mod identity;
mod limits;
mod refusal;
mod resource;

pub use identity::Identity;
pub use limits::Limits;
pub use refusal::{Refusal, RefusalKind};
pub use resource::Resource;
