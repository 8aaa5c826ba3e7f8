//! What a store of API objects costs a control plane: etcd, SQLite, and kine between the two; the disk's own sync beside them.
//!
//! `cargo bench --no-default-features --features store --bench store` records; `-- --quick` takes less time.

mod support;

use std::process::ExitCode;

use runtime_baseline::plans::Store;

fn main() -> ExitCode {
    support::bench("benches/store", |plan| Store.declare(plan))
}
