//! What the usual advice on deployment is worth here: a prewarmed pool, and limits of memory and CPU.
//!
//! `cargo bench --bench deployment` records; `-- --quick` takes less time.

mod support;

use std::process::ExitCode;

use runtime_baseline::plans::Deployment;

fn main() -> ExitCode {
    support::bench("benches/deployment", |plan| Deployment.declare(plan))
}
