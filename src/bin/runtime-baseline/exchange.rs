//! `import` and `export`.

use std::path::Path;

use runtime_baseline::{
    Date, Environment, Host, Provenance, Source,
    compare::Direction,
    exchange::{Format, Import, Imported, to_bencher, to_csv, to_github_action_benchmark, to_openmetrics},
    report,
};

use crate::{
    Failure,
    args::{self, ExportFormat},
    file_of, load,
    output::Output,
};

/// The most notes on one import: more are a list of everything that the file holds.
const MOST_NOTES: usize = 30;

pub fn import(args: &args::Import) -> Result<Output, Failure> {
    let (path, named) = args.path_and_format()?;
    let format = named.map_or_else(|| Format::of(path), Ok)?;
    let source = Source::new(args.source_kind.into(), &args.source)?;
    let (first, others) = args.components.split_first().ok_or("name at least one component")?;
    let mut provenance = Provenance::new(source, first.clone(), args.date);
    for component in others {
        provenance = provenance.with_component(component.clone());
    }
    let mut environment = if args.measured_here { machine(args, path) } else { Environment::default() };
    environment.conditions.concurrency = args.concurrency;
    environment.conditions.load.clone_from(&args.load);
    environment.conditions.isolation = args.isolation;
    let mut import = Import::new(args.indicator, provenance.with_environment(environment))?;
    if let Some(subject) = &args.subject {
        import = import.with_subject(subject.clone());
    }
    if let Some(commit) = &args.commit {
        import = import.with_commit(commit);
    }
    let import = import
        .with_policy(&args.policy)
        .with_accepted_exit_codes(&args.accepted)
        .with_criterion_baseline(&args.criterion_baseline);
    let Imported { baseline: read, notes } = import.read(path, format)?;
    if named.is_none() {
        eprintln!("note: {} is read as {format}", path.display());
    }
    notes.iter().take(MOST_NOTES).for_each(|note| eprintln!("note: {note}"));
    if let Some(more) = notes.len().checked_sub(MOST_NOTES).filter(|more| *more > 0) {
        eprintln!("note: and {more} more");
    }
    let (metrics, rows) = (read.metrics().len(), read.unavailable().len());
    // A path that is neither there nor called JSON is a directory to be.
    let into = if args.into.exists() || args.into.extension().is_some() {
        file_of(&args.into)
    } else {
        args.into.join("baseline.json")
    };
    let replaced = read.merge_into(&into)?.superseded.len();
    let text =
        format!("{metrics} metrics and {rows} unavailable rows added to {}, {replaced} replaced\n", into.display());
    Ok(Output::fine(text))
}

/// This machine. What else it did is known of this moment alone, so it is no condition of what was measured before.
fn machine(args: &args::Import, path: &Path) -> Environment {
    let mut environment = Host::here().capture(path);
    if args.date != Date::today() {
        environment.conditions.noise.clear();
        eprintln!(
            "note: what makes this machine noisy is known of today alone, and is left out of figures of {}; its hardware \
             and software are recorded as they are today",
            args.date
        );
    }
    environment
}

pub fn export(args: &args::Export) -> Result<Output, Failure> {
    let baseline = load(&args.baseline)?;
    let text = match args.format {
        ExportFormat::Csv => to_csv(&baseline),
        ExportFormat::Bencher => to_bencher(&baseline),
        ExportFormat::SmallerIsBetter => to_github_action_benchmark(&baseline, Direction::LessIsBetter),
        ExportFormat::BiggerIsBetter => to_github_action_benchmark(&baseline, Direction::MoreIsBetter),
        ExportFormat::Openmetrics => to_openmetrics(&baseline),
    };
    match &args.output {
        None => Ok(Output::fine(text)),
        Some(path) => {
            report::save(path, &text)?;
            Ok(Output::fine(String::new()))
        }
    }
}
