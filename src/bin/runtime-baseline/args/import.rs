//! The arguments of `import`.

use std::path::PathBuf;

use clap::Parser;
use runtime_baseline::{Component, Date, Indicator, Isolation, Subject, exchange::Format};

use super::{BASELINE, Kind};

/// No file of another tool says on which versions and hardware its figures were measured, so say it here.
///
/// Which tool wrote the file is seen from it; FORMAT or --format says it where it is to be that one and no other.
#[derive(Parser, Debug)]
#[command(
    override_usage = "runtime-baseline import [FORMAT] <PATH> --indicator <INDICATOR> --component <NAME VERSION> \
                            --source <TEXT> --date <YYYY-MM-DD> [OPTIONS]"
)]
#[command(after_help = "\
Formats:
  criterion                 the output directory of criterion, of any project
  hyperfine                 hyperfine --export-json
  opa-bench                 opa bench --format json
  github-action-benchmark   the data.js that it keeps on a page: the last run of each suite
  google-benchmark          --benchmark_out=FILE, since its 1.5
  go-bench                  what go test -bench prints
  pyperf                    -o FILE

Example:
  runtime-baseline import crun.json --indicator lifecycle_time \\
      --subject crun --component 'crun 1.8.1' --component 'hyperfine 1.15.0' \\
      --source 'hyperfine 1.15.0, lifecycle.sh' --date 2026-11-23 --measured-here --load idle

What cannot be a figure (a command that failed, a time that is no number) becomes a row with the reason; what is left out
is named on standard error.")]
pub struct Import {
    /// criterion's output directory, or the tool's file; before it, the format
    #[arg(value_name = "[FORMAT] PATH", num_args = 1..=2, required = true)]
    pub what: Vec<PathBuf>,
    /// Which tool wrote it
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<Format>,
    /// The baseline to add the figures to; made where there is none
    #[arg(long, value_name = "BASELINE", default_value = BASELINE)]
    pub into: PathBuf,
    /// What was measured, such as startup_time
    #[arg(long)]
    pub indicator: Indicator,
    /// What it was measured on; without it, each benchmark's own name
    #[arg(long)]
    pub subject: Option<Subject>,
    /// Name and exact version: first of what was measured, then of what took part, the tool included
    #[arg(long = "component", value_name = "NAME VERSION", required = true)]
    pub components: Vec<Component>,
    /// Where the figures can be found or measured again
    #[arg(long, value_name = "TEXT")]
    pub source: String,
    /// What kind of source that is
    #[arg(long, value_enum, default_value = "benchmark")]
    pub source_kind: Kind,
    /// When it was measured
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub date: Date,
    /// What was evaluated (opa-bench alone, whose file does not say)
    #[arg(long, value_name = "NAME", default_value = "policy")]
    pub policy: String,
    /// The run of the commit whose id begins so, in place of the last (github-action-benchmark alone)
    #[arg(long, value_name = "ID")]
    pub commit: Option<String>,
    /// The baseline that criterion saved under this name (criterion alone)
    #[arg(long, value_name = "NAME", default_value = "new")]
    pub criterion_baseline: String,
    /// An exit code that means success, besides 0 (hyperfine alone)
    #[arg(long = "accept-exit-code", value_name = "CODE")]
    pub accepted: Vec<i32>,
    /// It was measured on this machine: record its hardware and software, and what makes it noisy if that was today
    #[arg(long)]
    pub measured_here: bool,
    /// How many ran at the same time
    #[arg(long)]
    pub concurrency: Option<u32>,
    /// What else the machine did, such as idle
    #[arg(long)]
    pub load: Option<String>,
    /// What stood between the workload and its host: none, in-process, process, container, wasm-in-container
    #[arg(long)]
    pub isolation: Option<Isolation>,
}

impl Import {
    /// The path, and the format where it is named.
    pub fn path_and_format(&self) -> Result<(&PathBuf, Option<Format>), String> {
        let (named, path) = match &self.what[..] {
            [format, path] => (Some(format), path),
            [path] => (None, path),
            _ => return Err("name one file, and before it at most its format".to_owned()),
        };
        let named = named.map(|format| format.to_string_lossy().parse::<Format>().map_err(|error| error.to_string()));
        match (named.transpose()?, self.format) {
            (Some(one), Some(other)) if one != other => Err(format!("it cannot be both {one} and {other}")),
            (one, other) => Ok((path, one.or(other))),
        }
    }
}
