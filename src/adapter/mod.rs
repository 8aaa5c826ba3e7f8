//! What every family of adapters shares: who an adapter is, what bounds it, why one is refused, and the registry in which it
//! is found. It knows no family: the families (`runtime`, `policy`, `store`) are above it, each with a table of its own.

mod descriptor;
mod identity;
mod kit;
mod limits;
mod refusal;
mod registry;
mod resource;

pub use descriptor::{Descriptor, Make, Needs, NotMade};
pub(crate) use descriptor::{adapters, first};
pub use identity::Identity;
pub use kit::Kit;
pub use limits::Limits;
pub(crate) use limits::size;
#[allow(unused_imports, reason = "each adapter uses its part")]
pub(crate) use refusal::with_causes;
pub use refusal::{Refusal, RefusalKind};
pub use registry::{Family, RegisterError, Registry, RegistryError};
pub use resource::Resource;
