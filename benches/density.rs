//! How many ready instances live at the same time within a budget, what stopped the next, and how fast they start meanwhile.
//!
//! `cargo bench --bench density` records how many fit into 256 MiB; `-- --quick` asks fewer runtimes; `DENSITY=100000` fills
//! that far, or as far as it goes; `DENSITY=all` to the end of the 8 GiB of the published figures' node, in some ten minutes.

mod support;

use std::{env, process::ExitCode};

use runtime_baseline::plans::Density;

fn main() -> ExitCode {
    support::bench_in("benches/density", 1, |plan| match env::var("DENSITY") {
        Ok(extent) => Density::to(extent.parse()?).declare(plan),
        Err(_) => Density::default().declare(plan),
    })
}
