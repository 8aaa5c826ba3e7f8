//! What the comparisons came to: printed, and recorded as figures of their own.

use std::{env, error::Error, path::PathBuf};

use runtime_baseline::{
    Baseline, Component, Host, Indicator, Metric, Provenance, Quantity, Source, SourceKind, Statistic, Subject, Unit,
    compare::Direction, provenance::Date,
};

/// Shares of comparisons, each under the name of what was compared.
#[derive(Default)]
pub struct Tally {
    shares: Vec<(String, &'static str, usize, usize)>,
}

impl Tally {
    /// Says and keeps that `count` of `of` comparisons of `what` came out as the indicator says; `goal` is for people.
    pub fn share(&mut self, what: &str, indicator: &'static str, count: usize, of: usize, goal: &str) {
        let percent = 100.0 * count as f64 / of.max(1) as f64;
        println!("{what}: {}: {count} of {of}, {percent:.1} % ({goal})", indicator.replace('_', " "));
        if of > 0 {
            self.shares.push((what.replace(", ", "/").replace(' ', "-"), indicator, count, of));
        }
    }

    /// Merges the shares into `target/statistics/baseline.json`.
    pub fn record(&self) -> Result<(), Box<dyn Error>> {
        let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from);
        let directory = target.join("statistics");
        let mut environment = Host::here().capture(&directory);
        environment.conditions.concurrency = Some(1);
        let mut baseline = Baseline::new();
        for (what, indicator, count, of) in &self.shares {
            let indicator = Indicator::other(indicator, Unit::Percent, Direction::LessIsBetter)?;
            let source = Source::new(SourceKind::Benchmark, "runtime-baseline, benches/statistics")?;
            let version = env!("CARGO_PKG_VERSION");
            let provenance = Provenance::new(source, Component::new("runtime-baseline", version)?, Date::today());
            let share = Quantity::new(100.0 * *count as f64 / *of as f64, Unit::Percent)?;
            let subject: Subject = "gate".parse()?;
            let metric = Metric::new(indicator, subject, share, provenance.with_environment(environment.clone()))?;
            baseline.push(metric.with_workload(what).with_statistic(Statistic::Single).with_count(*of as u64));
        }
        std::fs::create_dir_all(&directory)?;
        let path = directory.join("baseline.json");
        baseline.merge_into(&path)?;
        println!("recorded in {}", path.display());
        Ok(())
    }
}
