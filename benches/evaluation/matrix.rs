//! The report's table of policy engines, at the end of a run.

use runtime_baseline::{Baseline, Language, report};

/// Prints it.
pub fn print(baseline: &Baseline) {
    if let Some(table) = report::policies(baseline, Language::English) {
        println!("\n{table}");
    }
}
