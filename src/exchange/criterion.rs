//! The output directory of criterion, of any project.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use super::{
    ExchangeError, ImportNote,
    import::{Collector, Figure, Import, Imported},
    json, units,
};
use crate::{Statistic, stats::quantile_ranks};

/// Criterion nests group, function and value; deeper is somebody else's tree.
const DEPTH: usize = 16;

/// `sample.json`: for each batch how often the routine ran, and how much that took in all. What is no number is `null`.
#[derive(Deserialize)]
struct Sample {
    iters: Vec<Option<f64>>,
    times: Vec<Option<f64>>,
}

/// `benchmark.json`.
#[derive(Deserialize)]
struct Description {
    full_id: String,
    #[serde(default)]
    group_id: Option<String>,
    #[serde(default)]
    function_id: Option<String>,
    #[serde(default)]
    value_str: Option<String>,
    #[serde(default)]
    throughput: Option<serde_json::Value>,
}

impl Import {
    /// Reads criterion's output directory: `target/criterion`, or `$CRITERION_HOME`.
    ///
    /// Criterion keeps the total of each batch, not of each operation. So each benchmark gives the mean over all its
    /// operations, and the median of its batches' means with that median's interval; percentiles of single operations
    /// cannot be had from these files, and are not made up. The unit is the one in `raw.csv` where criterion wrote that,
    /// and nanoseconds else; a benchmark whose unit the indicator has not is left out. Figures are whole: a benchmark of
    /// less than a nanosecond is a row that says so.
    ///
    /// # Errors
    /// [`ExchangeError`], which names the file: criterion's JSON is its own affair and may change between its versions.
    pub fn criterion(&self, directory: impl AsRef<Path>) -> Result<Imported, ExchangeError> {
        let directory = directory.as_ref();
        let mut found = Found::default();
        found.search(directory, &self.criterion_baseline, DEPTH)?;
        found.results.sort();
        if found.results.is_empty() && !found.others.is_empty() {
            let (wanted, there) = (self.criterion_baseline.clone(), found.others.into_iter().collect());
            return Err(ExchangeError::NoSuchBaseline { path: directory.to_owned(), wanted, there });
        }
        let mut collector = Collector::new(self, directory);
        if !found.empty.is_empty() {
            found.empty.sort();
            collector.notes.push(ImportNote::Skipped(found.empty));
        }
        for result in &found.results {
            read(&mut collector, directory, result)?;
        }
        collector.finish()
    }
}

/// What a directory of criterion's holds.
#[derive(Default)]
struct Found {
    /// Directories with a sample, of the baseline asked for.
    results: Vec<PathBuf>,
    /// Benchmarks that have a directory for it without a sample.
    empty: Vec<PathBuf>,
    /// Names of the other baselines.
    others: BTreeSet<String>,
}

impl Found {
    /// Links are not followed, so that a loop of them ends.
    fn search(&mut self, directory: &Path, wanted: &str, depth: usize) -> Result<(), ExchangeError> {
        let failed = |source| ExchangeError::Read { path: directory.to_owned(), source };
        for entry in fs::read_dir(directory).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            if !entry.file_type().map_err(failed)?.is_dir() || depth == 0 {
                continue;
            }
            let path = entry.path();
            let has_sample = path.join("sample.json").is_file();
            match entry.file_name().to_str() {
                Some(name) if name == wanted && has_sample => self.results.push(path),
                // The run before the latest is nobody's choice of a name.
                Some("base") if has_sample => {}
                Some(name) if has_sample => drop(self.others.insert(name.to_owned())),
                Some(name) if name == wanted && path.join("benchmark.json").is_file() => self.empty.push(path),
                Some(name) if name == wanted && is_empty(&path) => self.empty.push(path),
                _ => self.search(&path, wanted, depth - 1)?,
            }
        }
        Ok(())
    }
}

fn is_empty(directory: &Path) -> bool {
    fs::read_dir(directory).is_ok_and(|mut entries| entries.next().is_none())
}

fn read(collector: &mut Collector<'_>, root: &Path, result: &Path) -> Result<(), ExchangeError> {
    let file = result.join("sample.json");
    let sample: Sample = json::object(&file)?;
    let wrong = |message: &str| json::form(&file, message);
    if sample.iters.len() != sample.times.len() || sample.iters.is_empty() {
        return Err(wrong("iters and times must have the same number of entries, at least one"));
    }
    let place = result.strip_prefix(root).unwrap_or(result);
    // Without its description, the directory says the same, with awkward characters replaced.
    let directory = place.parent().unwrap_or(place).display().to_string();
    let described = match result.join("benchmark.json") {
        named if named.is_file() => Some(json::object::<Description>(&named)?),
        _ => None,
    };
    let (short, id) = match &described {
        Some(description) => (short(description), description.full_id.clone()),
        None => (directory.clone(), directory),
    };
    let benchmark = collector.benchmark(&short, &id, place.display().to_string())?;
    if let Some(throughput) = described.and_then(|description| description.throughput) {
        let stated = stated(&throughput);
        collector.notes.push(ImportNote::Throughput { benchmark: benchmark.workload.clone(), stated });
    }
    let named = unit_of(&result.join("raw.csv"))?.unwrap_or_else(|| "ns".to_owned());
    let Some((scale, unit)) = collector.fitting(&benchmark, &named, units::scale) else { return Ok(()) };
    let batches: Option<Vec<(f64, f64)>> =
        sample.iters.iter().zip(&sample.times).map(|(n, t)| Some(((*n)?, (*t)?))).collect();
    let Some(batches) = batches else {
        let none = sample.iters.iter().zip(&sample.times).filter(|(n, t)| n.is_none() || t.is_none()).count();
        let reason = format!("{none} of {} batches hold no number", sample.times.len());
        collector.unavailable(&benchmark, reason, "run the benchmark again");
        return Ok(());
    };
    let sound = |x: f64| x.is_finite() && x >= 0.0;
    if !batches.iter().all(|(n, time)| sound(*n) && *n >= 1.0 && sound(*time)) {
        return Err(wrong("every batch needs one iteration or more, and a time that is not negative"));
    }
    let operations: f64 = batches.iter().map(|(n, _)| n).sum();
    let mean = batches.iter().map(|(_, time)| time).sum::<f64>() * scale / operations;
    let mut means: Vec<f64> = batches.iter().map(|(n, time)| time * scale / n).collect();
    means.sort_unstable_by(f64::total_cmp);
    let (middle, ends) = quantile_ranks(0.5, means.len(), 0.95);
    let interval = ends.map(|(low, high)| (means[low], means[high]));
    let (median, count) = (means[middle], Some(means.len() as u64));
    let figures = [
        Figure { statistic: Statistic::Mean, value: mean, interval: None, count: Some(operations as u64) },
        Figure { statistic: Statistic::Median, value: median, interval, count },
    ];
    collector.figures(&benchmark, unit, &figures)
}

/// Group, function and value with slashes between them alone: those within one are no levels.
fn short(description: &Description) -> String {
    let parts = [&description.group_id, &description.function_id, &description.value_str];
    let parts: Vec<String> = parts.into_iter().flatten().map(|part| part.replace('/', "_")).collect();
    if parts.is_empty() { description.full_id.clone() } else { parts.join("/") }
}

/// `{"Bytes": 1500}` as `1500 bytes`.
fn stated(throughput: &serde_json::Value) -> String {
    let Some(kinds) = throughput.as_object() else { return throughput.to_string() };
    // Two amounts stand in an object below the one that names their kind.
    let amounts = kinds.iter().flat_map(|(kind, amount)| match amount.as_object() {
        Some(each) => each.iter().collect::<Vec<_>>(),
        None => vec![(kind, amount)],
    });
    amounts.map(|(kind, amount)| format!("{amount} {}", kind.to_lowercase())).collect::<Vec<_>>().join(", ")
}

/// The unit in `raw.csv`, the column before the last; nothing where criterion wrote no such file.
fn unit_of(file: &Path) -> Result<Option<String>, ExchangeError> {
    if !file.is_file() {
        return Ok(None);
    }
    let text = json::text(file)?;
    // What stands before may be quoted and hold commas; the last two columns never do.
    let units: BTreeSet<&str> = text
        .lines()
        .skip(1)
        .filter(|line| !line.trim().is_empty())
        .filter_map(|line| line.rsplit(',').nth(1))
        .collect();
    match units.into_iter().collect::<Vec<_>>()[..] {
        [] => Ok(None),
        [unit] => Ok(Some(unit.trim().to_owned())),
        _ => Err(json::form(file, "the rows have several units: one benchmark has one")),
    }
}
