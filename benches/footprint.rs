//! What instances take: bytes to ship, memory that they hold and at its peak, CPU while they idle and while a burst starts;
//! and the memory of policy engines. Each sample is of a fresh process.
//!
//! `cargo bench --bench footprint` records; `-- --quick` takes less time.

mod support;

use std::process::ExitCode;

use runtime_baseline::plans::Footprint;

fn main() -> ExitCode {
    support::bench_in("benches/footprint", 1, |plan| Footprint.declare(plan))
}
