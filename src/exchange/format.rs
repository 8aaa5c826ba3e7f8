//! Which tool wrote a file, and reading it whichever that is.

use std::{fmt, path::Path, str::FromStr};

use serde::{Deserialize, de::IgnoredAny};

use super::{ExchangeError, Import, Imported, gobench, history, json};

/// The tools whose files are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// The output directory of criterion.
    Criterion,
    /// `hyperfine --export-json`.
    Hyperfine,
    /// `opa bench --format json`.
    OpaBench,
    /// The `data.js` that github-action-benchmark keeps on a page.
    GithubActionBenchmark,
    /// The JSON of google-benchmark: `--benchmark_out=FILE`, or `--benchmark_format=json`.
    GoogleBenchmark,
    /// What `go test -bench` prints, by the Go project's format of benchmark data.
    GoBench,
    /// The JSON of pyperf: `-o FILE`.
    Pyperf,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 7] = [
        Self::Criterion,
        Self::Hyperfine,
        Self::OpaBench,
        Self::GithubActionBenchmark,
        Self::GoogleBenchmark,
        Self::GoBench,
        Self::Pyperf,
    ];

    /// Its name on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Criterion => "criterion",
            Self::Hyperfine => "hyperfine",
            Self::OpaBench => "opa-bench",
            Self::GithubActionBenchmark => "github-action-benchmark",
            Self::GoogleBenchmark => "google-benchmark",
            Self::GoBench => "go-bench",
            Self::Pyperf => "pyperf",
        }
    }

    /// The format of a file, or of a directory, which is criterion's.
    ///
    /// # Errors
    /// [`ExchangeError::Unrecognised`] when it is none of them, and those of reading it.
    pub fn of(path: impl AsRef<Path>) -> Result<Self, ExchangeError> {
        let path = path.as_ref();
        if path.is_dir() {
            return Ok(Self::Criterion);
        }
        let text = json::text(path)?;
        let found = match text.trim_start() {
            text if text.starts_with(history::ASSIGNMENT) => Some(Self::GithubActionBenchmark),
            text if text.starts_with('{') => Self::of_json(path, text)?,
            text => text.lines().any(gobench::is_result).then_some(Self::GoBench),
        };
        found.ok_or_else(|| ExchangeError::Unrecognised(path.to_owned()))
    }

    /// By the names at the top: each tool has one that no other has.
    fn of_json(path: &Path, text: &str) -> Result<Option<Self>, ExchangeError> {
        #[derive(Deserialize)]
        struct Names {
            results: Option<IgnoredAny>,
            benchmarks: Option<IgnoredAny>,
            context: Option<IgnoredAny>,
            version: Option<IgnoredAny>,
            entries: Option<IgnoredAny>,
            errors: Option<IgnoredAny>,
            #[serde(rename = "N")]
            runs: Option<IgnoredAny>,
        }
        // OPA writes one object after the other.
        let Some(names) = json::first::<Names>(path, text)? else { return Ok(None) };
        Ok(match names {
            Names { entries: Some(_), .. } => Some(Self::GithubActionBenchmark),
            Names { benchmarks: Some(_), context: Some(_), .. } => Some(Self::GoogleBenchmark),
            Names { benchmarks: Some(_), version: Some(_), .. } => Some(Self::Pyperf),
            Names { results: Some(_), .. } => Some(Self::Hyperfine),
            Names { runs: Some(_), .. } | Names { errors: Some(_), .. } => Some(Self::OpaBench),
            _ => None,
        })
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A name that is no format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no format: use {known}", known = Format::ALL.map(Format::as_str).join(", "))]
pub struct UnknownFormat(String);

impl FromStr for Format {
    type Err = UnknownFormat;

    /// Reads the name, with dashes or underscores.
    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        let dashed = name.replace('_', "-");
        Self::ALL.into_iter().find(|format| format.as_str() == dashed).ok_or_else(|| UnknownFormat(name.to_owned()))
    }
}

impl Import {
    /// Reads a file of that format. What `opa bench` evaluated is named by [`Import::with_policy`].
    ///
    /// # Errors
    /// [`ExchangeError`], which names the file.
    pub fn read(&self, path: impl AsRef<Path>, format: Format) -> Result<Imported, ExchangeError> {
        match format {
            Format::Criterion => self.criterion(path),
            Format::Hyperfine => self.hyperfine(path),
            Format::OpaBench => self.opa_bench(path, &self.policy),
            Format::GithubActionBenchmark => self.github_action_benchmark(path),
            Format::GoogleBenchmark => self.google_benchmark(path),
            Format::GoBench => self.go_bench(path),
            Format::Pyperf => self.pyperf(path),
        }
    }
}
