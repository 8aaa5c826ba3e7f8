//! What a store of API objects costs a control plane: etcd, SQLite, and kine between the two; the disk's own sync beside them.
//!
//! `cargo bench --no-default-features --features store --bench store` records; `-- --quick` takes less time. `ETCDCTL=3` before
//! it compares the rate of writes with that of `etcdctl check perf` instead, three turns of each, and takes twelve minutes.

mod support;

#[cfg(feature = "store")]
#[path = "support/etcdctl.rs"]
mod etcdctl;

use std::process::ExitCode;

use runtime_baseline::plans::Store;

fn main() -> ExitCode {
    #[cfg(feature = "store")]
    if let Some(ended) = etcdctl::asked() {
        return ended;
    }
    support::bench("benches/store", |plan| Store.declare(plan))
}
