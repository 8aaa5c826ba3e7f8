//! Whether the statistics can be trusted on this machine, and how long they take.
//!
//! ```text
//! cargo bench --bench statistics                     halves of the samples in target/baseline, and speeds
//! A_A=5 cargo bench --bench statistics               and five pairs of quick passes of `startup` and `evaluation`, gated
//! SIDES=5 cargo bench --bench statistics             and five gates of two sides in turns, then with a slowdown in one
//! ```
//!
//! A program that is compared with itself should raise no alarm, and an injected slowdown should raise one. What is counted
//! is what the gate says. The figures are recorded in `target/statistics/baseline.json`. Nothing else should run meanwhile.

#[cfg(feature = "measure")]
#[path = "statistics/alike.rs"]
mod alike;
#[path = "statistics/halves.rs"]
mod halves;
#[cfg(feature = "measure")]
#[path = "support/hyperfine.rs"]
mod hyperfine;
#[path = "statistics/speed.rs"]
mod speed;
#[path = "statistics/tally.rs"]
mod tally;

use std::{env, error::Error, process::ExitCode};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("statistics: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    // One side of a comparison: this program, started again.
    #[cfg(feature = "measure")]
    if let Some(run) = alike::asked() {
        return run.measure();
    }
    // `cargo test` runs this as well, without the argument that `cargo bench` gives: then once, to see that it works.
    let has = |flag: &str| env::args().any(|arg| arg == flag);
    let test = !has("--bench") || has("--test");
    let mut tally = tally::Tally::default();
    halves::compare(&mut tally)?;
    #[cfg(feature = "measure")]
    {
        let repeated = |variable: &str, least: usize| match env::var(variable) {
            Ok(text) => text.parse().map_err(|_| format!("{variable}={text}: how often, such as 5")),
            Err(_) => Ok(least),
        };
        alike::passes(repeated("A_A", 0)?, &mut tally)?;
        alike::sides(repeated("SIDES", usize::from(test))?, if test { 3 } else { 10 }, &mut tally)?;
    }
    let (samples, metrics) = if test { (10_000, 100) } else { (10_000_000, 100_000) };
    speed::summaries(samples);
    speed::baselines(metrics);
    #[cfg(feature = "measure")]
    hyperfine::cross_check(match (test, has("--quick")) {
        (true, _) => 1,
        (_, true) => 8,
        _ => 20,
    });
    if test { Ok(()) } else { tally.record() }
}
