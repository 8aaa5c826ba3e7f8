//! The arguments, and their help.

mod claims;
mod edit;
mod import;

use std::{path::PathBuf, time::Duration};

use clap::{Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use runtime_baseline::{Component, Date, Indicator, Language, Metric, SourceKind, Subject};

pub use claims::{Add, Claims, ClaimsCommand};
pub use edit::Edit;
pub use import::Import;

/// Where the benches leave their baseline, and what every command takes that is not told of another.
pub const BASELINE: &str = "target/baseline";

/// What a workload costs to ship, start, hold and call in each runtime on this machine, every number with its provenance
#[derive(Parser, Debug)]
#[command(name = "runtime-baseline", version, propagate_version = true, max_term_width = 100)]
#[command(after_help = "\
A BASELINE is a baseline.json, or the directory that holds one; target/baseline, where none is named.

Exit codes: 0 done, 1 worse (gate) or a figure that its samples do not give (recompute),
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
    Compare(Gate),
    /// Fail when a new baseline is worse than an old one
    Gate(Gate),
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

/// A series got worse when chance does not explain its change and the change exceeds the limit. Chance is what the figures'
/// own intervals say, and what runs differ by: with one old run, what its peers (the series that took turns with it) moved
/// by; with three and more, what these differ by. What all peers have in common is the machine's, and is taken out.
///
/// On a machine that is not the old run's, and where limits are tight, let both run side by side: --run.
#[derive(Parser, Debug)]
#[command(after_help = "\
Exit codes of gate:
  0  fine: no series got worse (how many could not be seen stands in the first line)
  1  worse: at least one did
  2  could not decide: no series could be compared; with --strict, one could not be seen;
     or an error

compare exits with 0 whenever it could compare.

Examples:
  runtime-baseline gate old/baseline.json target/baseline
  runtime-baseline gate runs/1 runs/2 runs/3 target/baseline --limits gate.toml
  runtime-baseline gate --run './base input.json' './head input.json' --pairs 30
  runtime-baseline gate --run 'cd base && cargo bench --bench startup -- --quick' \\
      'cd head && cargo bench --bench startup -- --quick' --baseline-at /tmp/gate/baseline.json")]
pub struct Gate {
    /// The baselines to compare with, oldest first, and last the one to look at
    #[arg(value_name = "OLD... NEW", num_args = 2.., required_unless_present = "run", conflicts_with = "run")]
    pub baselines: Vec<PathBuf>,
    /// The largest worsening that is let through
    #[arg(long, value_name = "PERCENT", default_value = "5%", value_parser = percent)]
    pub max_regression: f64,
    /// The chance of any false alarm, in all series together
    #[arg(long, value_name = "PERCENT", default_value = "1%", value_parser = chance)]
    pub false_alarms: f64,
    /// Limits for single series: [[limit]] with series = "pattern", max_regression, direction, ignore
    #[arg(long, value_name = "TOML")]
    pub limits: Option<PathBuf>,
    /// Judge each series by itself: what all its peers have in common counts
    #[arg(long)]
    pub absolute: bool,
    /// Fail when a series could not be seen
    #[arg(long)]
    pub strict: bool,
    /// Print every series
    #[arg(long)]
    pub all: bool,
    /// As text, markdown or JSON (which has every series)
    #[arg(long, value_enum, default_value = "text")]
    pub format: GateFormat,
    /// Print JSON
    #[arg(long, conflicts_with = "format")]
    pub json: bool,
    /// In which language
    #[arg(long, value_enum, default_value = "en")]
    pub language: Tongue,
    /// Run two commands side by side, in pairs of random order, and compare their wall times. Plain words are run as they
    /// are, anything else by sh
    #[arg(long, num_args = 2, value_names = ["BASE", "HEAD"])]
    pub run: Option<Vec<String>>,
    /// How many pairs
    #[arg(long, value_name = "N", default_value = "10", conflicts_with = "baselines", value_parser = clap::value_parser!(u32).range(5..=1000))]
    pub pairs: u32,
    /// As many pairs as fit into this time, instead: 90s, 10m
    #[arg(long, value_name = "TIME", conflicts_with_all = ["baselines", "pairs"], value_parser = duration)]
    pub time: Option<Duration>,
    /// Compare the baselines that the commands leave here, in place of their wall times. There must be none yet
    #[arg(long, value_name = "FILE", conflicts_with = "baselines")]
    pub baseline_at: Option<PathBuf>,
    /// The seed of the order within pairs, to repeat one; it is printed
    #[arg(long, value_name = "N", conflicts_with = "baselines")]
    pub seed: Option<u64>,
}

#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum GateFormat {
    /// For a terminal
    Text,
    /// For a pull request
    Markdown,
    /// For a program
    Json,
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
    /// Somebody else's page: an article, a talk, a vendor's comparison
    #[value(alias = "third_party")]
    ThirdParty,
}

impl From<Kind> for SourceKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::OfficialDocs => Self::OfficialDocs,
            Kind::Benchmark => Self::Benchmark,
            Kind::Production => Self::Production,
            Kind::ThirdParty => Self::ThirdParty,
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

fn chance(text: &str) -> Result<f64, String> {
    let chance = percent(text)?;
    if chance > 0.0 && chance <= 0.5 { Ok(chance) } else { Err("write a percentage above 0%, up to 50%".into()) }
}

/// `90s` as 90 seconds. The unit is asked for, since a plain number could mean either.
fn duration(text: &str) -> Result<Duration, String> {
    let seconds = |(suffix, seconds): (&str, u64)| text.strip_suffix(suffix)?.parse::<u64>().ok()?.checked_mul(seconds);
    let found = [("s", 1), ("m", 60), ("h", 3600)].into_iter().find_map(seconds).filter(|seconds| *seconds > 0);
    let found = found.ok_or("write a number of seconds, minutes or hours, with its unit: 90s, 10m, 1h")?;
    Ok(Duration::from_secs(found))
}

/// Verdicts, every figure with its factors and warnings, what was unavailable, the audit, the definitions, and how to take
/// the figures again. The page has plots as well; they and the warnings come from the samples beside the baseline.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  runtime-baseline report
  runtime-baseline report --claims mine.toml
  runtime-baseline report --format summary >> \"$GITHUB_STEP_SUMMARY\"
  runtime-baseline report target/baseline --format html --output report.html --max-age 30d")]
pub struct Report {
    /// The baseline
    #[arg(default_value = BASELINE)]
    pub baseline: PathBuf,
    /// Judge the claims of this file, before the published ones; `claims --help` has its form
    #[arg(long, value_name = "TOML")]
    pub claims: Option<PathBuf>,
    /// As markdown, as one self-contained page, or the verdicts alone
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
    /// What became of the claims, as markdown for a pull request
    Summary,
}

/// `30d` as 30 days. The unit is asked for, since a plain number could mean any.
fn age(text: &str) -> Result<u64, String> {
    let days = |(suffix, days): (&str, u64)| text.strip_suffix(suffix)?.parse::<u64>().ok()?.checked_mul(days);
    let found = [("d", 1), ("w", 7), ("y", 365)].into_iter().find_map(days);
    found.ok_or_else(|| "write a number of days, weeks or years, with its unit: 30d, 8w, 1y".into())
}
