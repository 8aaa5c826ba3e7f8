//! The arguments of `claims`.

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use runtime_baseline::{Component, Date, Indicator, Subject, claims::Sense};

use super::Kind;

/// Published figures: what somebody says that one thing costs and another, and the factor claimed between them.
///
/// Without BASELINE they are listed; with it, each is judged by what was measured.
#[derive(Parser, Debug)]
#[command(args_conflicts_with_subcommands = true, disable_help_subcommand = true)]
#[command(after_help = FORM)]
pub struct Claims {
    #[command(subcommand)]
    pub command: Option<ClaimsCommand>,
    /// Judge the claims by this baseline
    pub baseline: Option<PathBuf>,
    /// Read the claims from this file, instead of the ones that come with this tool
    #[arg(long, alias = "claims", value_name = "TOML")]
    pub file: Option<PathBuf>,
    /// Say where the claims' source rounds or contradicts its own figures
    #[arg(long)]
    pub check: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Subcommand, Debug)]
pub enum ClaimsCommand {
    /// Append a claim to a file of your own, which is made where there is none
    Add(Box<Add>),
}

/// The example is a file of the source, so that a test reads what people copy.
const FORM: &str = concat!(
    "Claims of your own stand in a file such as this one (runtime-baseline claims add --help writes one from flags):\n\n",
    include_str!("../../../../fixtures/own-claims.toml"),
    "\nJudge them: runtime-baseline claims BASELINE --file mine.toml, or runtime-baseline report --claims mine.toml"
);

/// What would not load is refused, and the file stays as it was.
#[derive(Parser, Debug)]
#[command(after_help = "\
Example:
  runtime-baseline claims add mine.toml --id crun-life --indicator lifecycle_time \\
      --reference runc --reference-value '352 ms' --reference-component 'runc 1.2.0' \\
      --contender crun --contender-value '~154 ms' --contender-component 'crun 1.20' \\
      --factor 2.3 --sense faster --source 'https://example.org/fastbox, README' \\
      --source-kind official-docs --date 2026-03 --concurrency 1")]
pub struct Add {
    /// The file of claims
    pub file: PathBuf,
    /// A short name, unique in the file
    #[arg(long)]
    pub id: String,
    /// What was measured, such as startup_time
    #[arg(long)]
    pub indicator: Indicator,
    /// What is compared against
    #[arg(long, value_name = "SUBJECT")]
    pub reference: Subject,
    /// Its figure as published: '1.2 s', '~512 MB' for about, '> 10 ms', '< 1 ms'
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true)]
    pub reference_value: String,
    /// Name and exact version of what the reference's figure is of, and of what took part
    #[arg(long = "reference-component", value_name = "NAME VERSION", required_unless_present = "components")]
    pub reference_components: Vec<Component>,
    /// What is said to be better
    #[arg(long, value_name = "SUBJECT")]
    pub contender: Subject,
    /// Its figure as published
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true)]
    pub contender_value: String,
    /// Name and exact version of what the contender's figure is of, and of what took part
    #[arg(long = "contender-component", value_name = "NAME VERSION", required_unless_present = "components")]
    pub contender_components: Vec<Component>,
    /// Name and exact version of what both figures are of, where no side names its own
    #[arg(long = "component", value_name = "NAME VERSION")]
    pub components: Vec<Component>,
    /// The factor as published, such as 200; without it, the one between the two figures
    #[arg(long, requires = "sense")]
    pub factor: Option<String>,
    /// In which sense the factor is meant: faster, smaller, lower, higher, or reduction (in per cent)
    #[arg(long)]
    pub sense: Option<Sense>,
    /// Where the figures are published
    #[arg(long, value_name = "TEXT")]
    pub source: String,
    /// What kind of source that is
    #[arg(long, value_enum, default_value = "benchmark")]
    pub source_kind: Kind,
    /// When they were published
    #[arg(long, value_name = "YYYY-MM[-DD]")]
    pub date: Date,
    /// Where in the source they stand; the claim's id, where nothing is said
    #[arg(long)]
    pub section: Option<String>,
    /// The workload or policy, if the source names it
    #[arg(long)]
    pub workload: Option<String>,
    /// How many ran at the same time, if the source says so
    #[arg(long)]
    pub concurrency: Option<u32>,
    /// What else the machine did, if the source says so
    #[arg(long)]
    pub load: Option<String>,
}
