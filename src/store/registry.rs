//! The stores: one line each. A line names the subject, the features that build it in, whether it needs anything of the
//! machine besides, and its constructor.

use super::{KeyValueStore, StoreError};
#[cfg(feature = "store")]
use super::{etcd::Etcd, kine::Kine, sqlite::Sqlite};
use crate::adapter::{self, NotMade, adapters};

/// The stores of this machine.
///
/// ```
/// for store in runtime_baseline::store::Registry::of_this_machine().stores() {
///     println!("{}", store.identity().subject);
/// }
/// ```
pub type Registry = adapter::Registry<dyn KeyValueStore>;

impl Registry {
    /// Those that run here, in the order of the report.
    pub fn stores(&self) -> impl Iterator<Item = &(dyn KeyValueStore + 'static)> {
        self.adapters()
    }
}

adapters! {
    dyn KeyValueStore, "store";
    "etcd": ["store"] Machine by "stores", kit => Etcd::new(kit.limits);
    "sqlite": ["store"] Build, _kit => Sqlite::full();
    "sqlite/normal": ["store"] Build, _kit => Sqlite::normal();
    "kine": ["store"] Machine by "stores", kit => Kine::normal(kit.limits);
    "kine/full": ["store"] Machine by "stores", kit => Kine::full(kit.limits);
}

impl From<StoreError> for NotMade {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(refusal) => refusal.into(),
            other => Self::failed_with(&other, other.remedy()),
        }
    }
}
