//! `import` and `export`.

use std::fs;

use runtime_baseline::{
    Baseline, Environment, Host, Provenance, Source,
    compare::Direction,
    exchange::{Import, to_bencher, to_csv, to_github_action_benchmark, to_openmetrics},
};

use crate::{
    Failure,
    args::{self, ExportFormat, ImportFormat},
    file_of, load,
    output::Output,
};

pub fn import(args: &args::Import) -> Result<Output, Failure> {
    let source = Source::new(args.source_kind.into(), &args.source)?;
    let (first, others) = args.components.split_first().ok_or("name at least one component")?;
    let mut provenance = Provenance::new(source, first.clone(), args.date);
    for component in others {
        provenance = provenance.with_component(component.clone());
    }
    let mut environment = if args.measured_here { Host::here().capture(&args.path) } else { Environment::default() };
    environment.conditions.concurrency = args.concurrency;
    environment.conditions.load.clone_from(&args.load);
    environment.conditions.isolation = args.isolation;
    let mut import = Import::new(args.indicator, provenance.with_environment(environment))?;
    if let Some(subject) = &args.subject {
        import = import.with_subject(subject.clone());
    }
    let read = match args.format {
        ImportFormat::Criterion => Baseline::from_criterion(&args.path, &import)?,
        ImportFormat::Hyperfine => Baseline::from_hyperfine(&args.path, &import)?,
        ImportFormat::OpaBench => Baseline::from_opa_bench(&args.path, &args.policy, &import)?,
    };
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
            fs::write(path, text).map_err(|error| format!("cannot write {}: {error}", path.display()))?;
            Ok(Output::fine(String::new()))
        }
    }
}
