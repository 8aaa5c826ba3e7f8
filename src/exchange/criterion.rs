//! The output directory of criterion, of any project.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use super::{ExchangeError, Import, read_json};
use crate::{Baseline, Metric, Statistic, stats::quantile_ranks};

/// Criterion nests group, function and value; deeper is somebody else's tree.
const DEPTH: usize = 16;

/// `sample.json`: for each batch how often the routine ran, and how many nanoseconds that took in all.
#[derive(Deserialize)]
struct Sample {
    iters: Vec<f64>,
    times: Vec<f64>,
}

/// `benchmark.json`, of which only the name matters.
#[derive(Deserialize)]
struct Benchmark {
    full_id: String,
}

impl Baseline {
    /// Reads criterion's output directory: `target/criterion`, or `$CRITERION_HOME`.
    ///
    /// Criterion keeps the total time of each batch, not of each operation. So each benchmark gives the mean over all its
    /// operations, and the median of its batches' means with that median's interval; percentiles of single operations
    /// cannot be had from these files, and are not made up. Times are whole nanoseconds here: of a routine that takes a
    /// few, measure many together.
    ///
    /// # Errors
    /// [`ExchangeError`], which names the file: criterion's JSON is its own affair and may change between its versions.
    pub fn from_criterion(directory: impl AsRef<Path>, import: &Import) -> Result<Self, ExchangeError> {
        let directory = directory.as_ref();
        let mut found = Vec::new();
        find(directory, DEPTH, &mut found)?;
        found.sort();
        if found.is_empty() {
            return Err(ExchangeError::Nothing(directory.to_owned()));
        }
        let mut baseline = Self::new();
        for new in &found {
            let [mean, median] = read(directory, new, import)?;
            baseline.push(mean);
            baseline.push(median);
        }
        Ok(baseline)
    }
}

/// Collects the `new` directories that hold a sample. Links are not followed, so that a loop of them ends.
fn find(directory: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<(), ExchangeError> {
    let failed = |source| ExchangeError::Read { path: directory.to_owned(), source };
    for entry in fs::read_dir(directory).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if !entry.file_type().map_err(failed)?.is_dir() || depth == 0 {
            continue;
        }
        let path = entry.path();
        if entry.file_name() == "new" && path.join("sample.json").is_file() {
            found.push(path);
        } else {
            find(&path, depth - 1, found)?;
        }
    }
    Ok(())
}

fn read(root: &Path, new: &Path, import: &Import) -> Result<[Metric; 2], ExchangeError> {
    let file = new.join("sample.json");
    let sample: Sample = read_json(&file)?;
    let wrong = |message: &str| ExchangeError::form(&file, message);
    if sample.iters.len() != sample.times.len() || sample.iters.is_empty() {
        return Err(wrong("iters and times must have the same number of entries, at least one"));
    }
    let sound = |x: &f64| x.is_finite() && *x >= 0.0;
    if !sample.iters.iter().all(|n| sound(n) && *n >= 1.0) || !sample.times.iter().all(sound) {
        return Err(wrong("every batch needs one iteration or more, and a time that is not negative"));
    }
    let id = match new.join("benchmark.json") {
        named if named.is_file() => read_json::<Benchmark>(&named)?.full_id,
        // Without it, the directory says the same, with awkward characters replaced.
        _ => new.parent().and_then(|p| p.strip_prefix(root).ok()).unwrap_or(new).display().to_string(),
    };
    let operations: f64 = sample.iters.iter().sum();
    let mean = sample.times.iter().sum::<f64>() / operations;
    let mut means: Vec<f64> = sample.times.iter().zip(&sample.iters).map(|(time, n)| time / n).collect();
    means.sort_unstable_by(f64::total_cmp);
    let (middle, ends) = quantile_ranks(0.5, means.len(), 0.95);
    let interval = ends.map(|(low, high)| (means[low], means[high]));
    let batches = means.len() as u64;
    Ok([
        import.metric(&id, Statistic::Mean, mean, None, operations as u64)?,
        import.metric(&id, Statistic::Median, means[middle], interval, batches)?,
    ])
}
