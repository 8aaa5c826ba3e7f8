//! `report`, `cite` and `audit`.

use std::path::Path;

use runtime_baseline::{
    Baseline, Date, Language, Metric, Shortfall, Staleness, claims::claims as published, report::Report,
};
use serde_json::{Value, json};

use crate::{Failure, args, directory_of, load, output::Output};

fn chosen<'a>(metrics: impl IntoIterator<Item = &'a Metric>, selection: &args::Selection) -> Vec<&'a Metric> {
    let indicator = |m: &Metric| selection.indicator.is_none_or(|i| m.indicator() == i);
    let subject = |m: &Metric| selection.subject.as_ref().is_none_or(|s| m.subject() == s);
    metrics.into_iter().filter(|m| indicator(m) && subject(m)).collect()
}

pub fn report(args: &args::Report) -> Result<Output, Failure> {
    let baseline = load(&args.baseline)?;
    let language = Language::from(args.language);
    let mut staleness = Staleness::on(Date::today()).with_components(args.components.iter().cloned());
    if let Some(days) = args.max_age {
        staleness = staleness.with_max_age(days);
    }
    #[cfg(feature = "measure")]
    if args.all_here {
        staleness = staleness.with_components(runtime_baseline::components_here());
    }
    let report = Report::of(&baseline).with_raw_data(directory_of(&args.baseline)).with_staleness(staleness);
    let text = match args.format {
        args::ReportFormat::Md => report.markdown(language),
        args::ReportFormat::Html => report.html(language),
    };
    match args.output.as_deref().filter(|path| *path != Path::new("-")) {
        None => Ok(Output::fine(text)),
        Some(path) => {
            runtime_baseline::report::save(path, &text)?;
            Ok(Output::fine(String::new()))
        }
    }
}

pub fn cite(args: &args::Cite) -> Result<Output, Failure> {
    let baseline = load(&args.baseline)?;
    let language = Language::from(args.language);
    let cited = chosen(baseline.metrics(), &args.selection);
    let parts = cited.iter().map(|metric| {
        let citation = runtime_baseline::Citation::of(metric).display(language).to_string();
        (*metric, citation, metric.provenance().environment().block(language).to_string())
    });
    if args.json {
        let value = parts.map(|(metric, citation, environment)| {
            json!({
                "indicator": metric.indicator(), "subject": metric.subject(),
                "citation": citation, "environment": environment,
            })
        });
        return Ok(Output::json(&Value::Array(value.collect())));
    }
    let text: Vec<String> = parts.map(|(_, citation, environment)| format!("{citation}\n{environment}\n")).collect();
    Ok(Output::fine(text.join("\n")))
}

pub fn audit(args: &args::Audit) -> Result<Output, Failure> {
    let today = args.date.unwrap_or_else(Date::today);
    let language = Language::from(args.language);
    let baseline = args.baseline.as_deref().map(load).transpose()?;
    let claimed = || published().iter().flat_map(|c| [c.reference().metric(), c.contender().metric()]);
    let metrics = match &baseline {
        Some(baseline) => chosen(baseline.metrics(), &args.selection),
        None => chosen(claimed(), &args.selection),
    };
    let audited: Vec<(&Metric, Vec<Shortfall>)> = metrics.into_iter().map(|m| (m, m.audit_on(today))).collect();
    let describe = |found: &[Shortfall]| found.iter().map(|s| s.describe(language)).collect::<Vec<_>>();
    if args.json {
        let value = audited.iter().map(|(m, found)| {
            json!({ "indicator": m.indicator(), "subject": m.subject(), "date": m.provenance().date(), "lacks": describe(found) })
        });
        return Ok(Output::json(&Value::Array(value.collect())));
    }
    let mut text = String::new();
    for (metric, found) in audited.iter().filter(|(_, found)| !found.is_empty()) {
        text.push_str(&format!("{} of {}, {}\n", metric.indicator(), metric.subject(), metric.provenance().date()));
        describe(found).iter().for_each(|line| text.push_str(&format!("  {line}\n")));
    }
    let complete = audited.iter().filter(|(_, found)| found.is_empty()).count();
    text.push_str(&format!("{complete} of {} records are complete.\n", audited.len()));
    text.push_str(&unavailable(baseline.as_ref(), &args.selection));
    for unknown in baseline.iter().flat_map(Baseline::unknown) {
        text.push_str(&format!("not known to this release: {unknown}\n"));
    }
    Ok(Output::fine(text))
}

/// What could not be measured is part of what a baseline lacks.
fn unavailable(baseline: Option<&Baseline>, selection: &args::Selection) -> String {
    let rows = baseline.map(Baseline::unavailable).unwrap_or_default().iter();
    let rows = rows.filter(|row| selection.indicator.is_none_or(|i| row.indicator() == i));
    let rows = rows.filter(|row| selection.subject.as_ref().is_none_or(|s| row.subject() == s));
    rows.map(|r| format!("not measured: {} of {}: {} ({})\n", r.indicator(), r.subject(), r.reason(), r.remedy()))
        .collect()
}
