//! The JSON of pyperf.

use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use super::{
    ExchangeError,
    import::{Collector, Import, Imported},
    json, units,
};

/// The format of pyperf 1.0 and later: values are of one iteration.
const VERSION: &str = "1.0";

#[derive(Deserialize)]
struct File {
    version: Value,
    benchmarks: Vec<Benchmark>,
    /// What all benchmarks have in common.
    #[serde(default)]
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Benchmark {
    runs: Vec<Run>,
    #[serde(default)]
    metadata: Metadata,
}

#[derive(Deserialize, Default)]
struct Metadata {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    unit: Option<String>,
}

/// A process. One that calibrated the loops has no values.
#[derive(Deserialize)]
struct Run {
    #[serde(default)]
    values: Option<Vec<Option<f64>>>,
    #[serde(default)]
    metadata: Metadata,
}

impl Import {
    /// Reads what pyperf wrote (`-o FILE`): each run is a process, and its values are samples of that; of each benchmark the
    /// median with its interval, the mean, and the 99th percentile where the values suffice. Warm-ups are no samples, and
    /// runs that only calibrated are counted.
    ///
    /// # Errors
    /// [`ExchangeError`], which names the file.
    pub fn pyperf(&self, path: impl AsRef<Path>) -> Result<Imported, ExchangeError> {
        let path = path.as_ref();
        let read: File = json::object(path)?;
        if read.version != VERSION {
            let found = &read.version;
            return Err(json::form(
                path,
                format!("version {found}: only {VERSION:?} is read; convert it with pyperf convert"),
            ));
        }
        let mut collector = Collector::new(self, path);
        for (index, one) in read.benchmarks.iter().enumerate() {
            let place = format!("benchmarks[{index}]");
            let said = |of: fn(&Metadata) -> Option<&String>| {
                let run = one.runs.iter().find_map(|run| of(&run.metadata));
                of(&one.metadata).or_else(|| of(&read.metadata)).or(run).cloned()
            };
            let name = said(|metadata| metadata.name.as_ref());
            let name = name.ok_or_else(|| json::form(path, format!("{place} has no name in its metadata")))?;
            let unit = said(|metadata| metadata.unit.as_ref()).unwrap_or_else(|| "second".to_owned());
            let benchmark = collector.benchmark(&name, &name, place)?;
            let Some((scale, unit)) = collector.fitting(&benchmark, &unit, units::scale) else { continue };
            let mut values = Vec::new();
            let measured = one.runs.iter().filter_map(|run| run.values.as_ref()).filter(|values| !values.is_empty());
            for (process, run) in (0..).zip(measured) {
                values.extend((0..).zip(run).map(|(turn, value)| (process, turn, value.unwrap_or(f64::NAN) * scale)));
            }
            let calibrated = one.runs.len() - one.runs.iter().filter(|run| run.values.is_some()).count();
            (0..calibrated).for_each(|_| collector.leave("a run that calibrated".to_owned()));
            if values.is_empty() {
                collector.unavailable(&benchmark, "no run of it has a value", "measure it again");
                continue;
            }
            collector.repeated(&benchmark, unit, &values, None)?;
        }
        collector.finish()
    }
}
