//! The command line tool: baselines compared, gated, cited, audited, edited, imported and exported. See
//! `runtime-baseline --help`.

mod args;
mod cite;
mod claims_add;
mod edit;
mod exchange;
mod failure;
mod gate;
mod output;
mod pairs;
mod recompute;
mod record;
mod verdict;

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{CommandFactory, Parser};
use runtime_baseline::{Baseline, BaselineError};

use args::{Args, ClaimsCommand, Command};
use failure::{CommandError, Failure};
use output::Output;

/// For errors, as clap does for wrong arguments; 1 is a finding: a regression, or a figure that its samples do not give.
const FAILED: u8 = 2;

fn main() -> ExitCode {
    let args = Args::parse();
    let output = run(&args.command).and_then(|output| Ok((print(&output.text)?, output.code).1));
    match output {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            eprintln!("error: {}", failure::explained(failure.as_ref()));
            ExitCode::from(FAILED)
        }
    }
}

fn run(command: &Command) -> Result<Output, Failure> {
    match command {
        Command::Report(args) => record::report(args),
        Command::Compare(args) => gate::compare(args),
        Command::Gate(args) => gate::gate(args),
        Command::Claims(args) => match &args.command {
            Some(ClaimsCommand::Add(claim)) => claims_add::add(claim),
            None => verdict::claims(args),
        },
        Command::Cite(args) => cite::cite(args),
        Command::Audit(args) => record::audit(args),
        Command::Edit(args) => edit::edit(args),
        Command::Recompute(args) => recompute::recompute_all(args),
        Command::Import(args) => exchange::import(args),
        Command::Export(args) => exchange::export(args),
        Command::Completions { shell } => {
            let mut text = Vec::new();
            clap_complete::generate(*shell, &mut Args::command(), "runtime-baseline", &mut text);
            Ok(Output::fine(String::from_utf8_lossy(&text).into_owned()))
        }
    }
}

/// A reader that closes early (`| head`) has had enough: no error.
fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        done => done,
    }
}

/// A baseline is named by its file, or by the directory that holds its `baseline.json`.
fn file_of(path: &Path) -> PathBuf {
    if path.is_dir() { path.join("baseline.json") } else { path.to_owned() }
}

/// The directory that a baseline's files of samples are named from.
fn directory_of(baseline: &Path) -> PathBuf {
    let file = file_of(baseline);
    file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned()
}

fn load(path: &Path) -> Result<Baseline, Failure> {
    let file = file_of(path);
    Baseline::load(&file).map_err(|error| match error {
        BaselineError::Read { source, .. } if source.kind() == io::ErrorKind::NotFound => {
            CommandError::NoBaseline(file).into()
        }
        other => other.into(),
    })
}
