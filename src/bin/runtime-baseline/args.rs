//! The arguments, and their help.

mod claims;
mod edit;
mod import;

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use runtime_baseline::{Component, Date, Indicator, Language, Metric, SourceKind, Subject};

pub use claims::{Add, Claims, ClaimsCommand};
pub use edit::Edit;
pub use import::{Import, ImportFormat};

/// Where the benches leave their baseline, and what every command takes that is not told of another.
pub const BASELINE: &str = "target/baseline";

/// What a workload costs to ship, start, hold and call in each runtime on this machine, every number with its provenance
#[derive(Parser, Debug)]
#[command(name = "runtime-baseline", version, propagate_version = true, max_term_width = 100)]
#[command(after_help = "\
A BASELINE is a baseline.json, or the directory that holds one; target/baseline, where none is named.

Exit codes: 0 done, 1 regression (gate) or a figure that its samples do not give (recompute),
2 could not decide (gate), or an error.

NO_COLOR=1 turns colours off; they are off wherever the output is not a terminal.")]
pub struct Args {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand, Debug)]
pub enum Command {
    /// Print the report of a baseline: verdicts, every figure, what was unavailable
    Report(Report),
    /// Show what changed from an old baseline to a new one
    Compare(Compare),
    /// Fail when a new baseline is worse than an old one
    Gate(Compare),
    /// List published claims, and judge them by what was measured
    Claims(Claims),
    /// Print figures as citations, with the environment they were measured in
    Cite(Cite),
    /// List what each figure's record lacks
    Audit(Audit),
    /// Compute every figure again from its samples, and fail where one differs
    Recompute(Recompute),
    /// Say more of figures whose record lacks it: load, workload, hardware
    Edit(Edit),
    /// Take figures over from another tool's file
    Import(Import),
    /// Write figures for another tool
    Export(Export),
    /// Print a script that completes this command's arguments in a shell
    Completions {
        /// The shell
        shell: Shell,
    },
}

/// Series are compared by their raw samples where the files lie beside the baseline, else by their stored intervals.
/// A series got worse when the interval of its change excludes "no change" and the change exceeds the limit.
///
/// The two runs were made at different times, so what the machine itself changed counts as well: do not set the limit below
/// what two runs of the same code differ by.
#[derive(Parser, Debug)]
#[command(after_help = "\
Exit codes of gate:
  0  no series got worse
  1  at least one did
  2  could not decide: no series in common, a series gone or measured elsewhere,
     no interval, or too much noise to see a change of the allowed size

compare exits with 0 whenever it could compare.")]
pub struct Compare {
    /// The baseline to compare with
    pub old: PathBuf,
    /// The baseline to look at
    #[arg(value_name = "NEW", default_value = BASELINE)]
    pub new: PathBuf,
    /// The largest worsening that is let through
    #[arg(long, value_name = "PERCENT", default_value = "5%", value_parser = percent)]
    pub max_regression: f64,
    /// The confidence of changes computed from raw samples
    #[arg(long, value_name = "PERCENT", default_value = "99%", value_parser = confidence)]
    pub confidence: f64,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Leave out the series that did not change
    #[arg(long, short)]
    pub quiet: bool,
}

/// Which figures of a baseline; all, if nothing is said.
#[derive(clap::Args, Debug)]
pub struct Selection {
    /// Only this indicator, such as startup_time
    #[arg(long)]
    pub indicator: Option<Indicator>,
    /// Only this subject, such as container/scratch
    #[arg(long)]
    pub subject: Option<Subject>,
}

impl Selection {
    pub fn takes(&self, metric: &Metric) -> bool {
        self.indicator.is_none_or(|i| metric.indicator() == i)
            && self.subject.as_ref().is_none_or(|s| metric.subject() == s)
    }

    /// `figure of startup_time of crun`.
    pub fn describe(&self) -> String {
        let indicator = self.indicator.map(|indicator| format!(" of {indicator}")).unwrap_or_default();
        let subject = self.subject.as_ref().map(|subject| format!(" of {subject}")).unwrap_or_default();
        format!("figure{indicator}{subject}")
    }
}

#[derive(Parser, Debug)]
#[command(after_help = "\
Above each citation a line that starts with # says of what it is; what follows it parses back.")]
pub struct Cite {
    /// The baseline
    #[arg(default_value = BASELINE)]
    pub baseline: PathBuf,
    #[command(flatten)]
    pub selection: Selection,
    /// Print every digit, as JSON has them, instead of three
    #[arg(long)]
    pub exact: bool,
    /// The language of the citation
    #[arg(long, value_enum, default_value = "en")]
    pub language: Tongue,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Parser, Debug)]
pub struct Audit {
    /// The baseline
    #[arg(default_value = BASELINE)]
    pub baseline: PathBuf,
    /// Audit the published claims that come with this tool instead
    #[arg(long, conflicts_with = "baseline")]
    pub published: bool,
    #[command(flatten)]
    pub selection: Selection,
    /// Audit as of this day, instead of today
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub date: Option<Date>,
    /// The language of the list
    #[arg(long, value_enum, default_value = "en")]
    pub language: Tongue,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Names every figure whose value or interval is not that of its samples, or whose samples are missing or damaged.
#[derive(Parser, Debug)]
#[command(after_help = "\
Exit codes:
  0  every figure that names samples is theirs
  1  at least one is not
  2  the baseline could not be read")]
pub struct Recompute {
    /// The baseline
    #[arg(default_value = BASELINE)]
    pub baseline: PathBuf,
    /// List the figures that name no samples as well
    #[arg(long)]
    pub all: bool,
}

#[derive(Parser, Debug)]
pub struct Export {
    /// For which tool
    pub format: ExportFormat,
    /// The baseline
    #[arg(default_value = BASELINE)]
    pub baseline: PathBuf,
    /// Write to this file, whole or not at all, instead of standard output
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

#[derive(ValueEnum, Debug, Clone, Copy)]
pub enum ExportFormat {
    /// Every metric with its provenance
    Csv,
    /// Bencher Metric Format
    Bencher,
    /// github-action-benchmark, customSmallerIsBetter: the indicators that shrink when they get better
    SmallerIsBetter,
    /// github-action-benchmark, customBiggerIsBetter: the others
    BiggerIsBetter,
    /// OpenMetrics text
    Openmetrics,
}

#[derive(ValueEnum, Debug, Clone, Copy)]
pub enum Tongue {
    /// Chinese
    Zh,
    /// English
    En,
}

impl From<Tongue> for Language {
    fn from(tongue: Tongue) -> Self {
        match tongue {
            Tongue::Zh => Self::Chinese,
            Tongue::En => Self::English,
        }
    }
}

#[derive(ValueEnum, Debug, Clone, Copy)]
pub enum Kind {
    /// A project's own documentation
    #[value(alias = "official_docs")]
    OfficialDocs,
    /// A benchmark that others can run again
    Benchmark,
    /// Measured in production
    Production,
}

impl From<Kind> for SourceKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::OfficialDocs => Self::OfficialDocs,
            Kind::Benchmark => Self::Benchmark,
            Kind::Production => Self::Production,
        }
    }
}

/// `5%` as 0.05. The sign is asked for, since 0.05 and 5 could each mean either.
fn percent(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix('%').and_then(|n| n.trim().parse::<f64>().ok());
    match number {
        Some(n) if n.is_finite() && n >= 0.0 => Ok(n / 100.0),
        _ => Err("write a percentage that is not negative, with its sign: 5%".into()),
    }
}

fn confidence(text: &str) -> Result<f64, String> {
    let level = percent(text)?;
    if level > 0.0 && level < 1.0 { Ok(level) } else { Err("write a percentage between 0% and 100%".into()) }
}

/// Verdicts, every figure with its factors and warnings, what was unavailable, the audit, the definitions, and how to take
/// the figures again. The page has plots as well; they and the warnings come from the samples beside the baseline.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  runtime-baseline report
  runtime-baseline report --claims mine.toml
  runtime-baseline report target/baseline --format html --output report.html --max-age 30d")]
pub struct Report {
    /// The baseline
    #[arg(default_value = BASELINE)]
    pub baseline: PathBuf,
    /// Judge the claims of this file, before the published ones; `claims --help` has its form
    #[arg(long, value_name = "TOML")]
    pub claims: Option<PathBuf>,
    /// As markdown, or as one self-contained page
    #[arg(long, value_enum, default_value = "md")]
    pub format: ReportFormat,
    /// Write to this file, whole or not at all; - is standard output
    #[arg(long, short, value_name = "FILE", default_value = "-")]
    pub output: Option<PathBuf>,
    /// In which language
    #[arg(long, value_enum, default_value = "en")]
    pub language: Tongue,
    /// Mark figures older than this: 30d, 8w, 1y
    #[arg(long, value_name = "AGE", value_parser = age)]
    pub max_age: Option<u64>,
    /// Mark figures of this component in another version: the one that is here now
    #[arg(long = "here", value_name = "NAME VERSION")]
    pub components: Vec<Component>,
    /// Ask every runtime and policy engine of this build for its version, and mark figures of others. A build without
    /// runtimes has none to ask, and refuses
    #[arg(long)]
    pub all_here: bool,
}

#[derive(ValueEnum, Debug, Clone, Copy)]
pub enum ReportFormat {
    /// Markdown
    Md,
    /// A page with plots: no script, nothing from the network
    Html,
}

/// `30d` as 30 days. The unit is asked for, since a plain number could mean any.
fn age(text: &str) -> Result<u64, String> {
    let days = |(suffix, days): (&str, u64)| text.strip_suffix(suffix)?.parse::<u64>().ok()?.checked_mul(days);
    let found = [("d", 1), ("w", 7), ("y", 365)].into_iter().find_map(days);
    found.ok_or_else(|| "write a number of days, weeks or years, with its unit: 30d, 8w, 1y".into())
}
