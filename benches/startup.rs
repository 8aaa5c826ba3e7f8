//! What a start costs: each runtime at each of its temperatures, programs that do some work before they are ready, whole
//! container lifecycles beside `crun` and `runc`, and bursts of concurrent starts.
//!
//! `cargo bench --bench startup` records; `-- --quick` takes less time; `BURST=200` changes the burst's size from 100.

mod support;

use std::process::ExitCode;

use runtime_baseline::plans::Startup;

fn main() -> ExitCode {
    support::bench("benches/startup", |plan| {
        let burst = support::number("BURST", "100")?;
        burst.map_or_else(Startup::default, |starts| Startup::default().with_burst(starts)).declare(plan)
    })
}
