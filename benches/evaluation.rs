//! What a policy decision costs: each engine on each policy, the engine's startup and its warm evaluation apart, one
//! decision at a time and side by side, and how it grows with the data.
//!
//! `cargo bench --bench evaluation` records; `-- --quick` takes less time; `POLICIES=folder` measures policies of one's own.

mod support;

use std::{env, process::ExitCode};

use runtime_baseline::{plans::Evaluation, policy::Policy};

fn main() -> ExitCode {
    support::bench("benches/evaluation", |plan| match env::var_os("POLICIES") {
        Some(folder) => Evaluation::of(Policy::from_dir(folder)?).declare(plan),
        None => Evaluation::default().declare(plan),
    })
}
