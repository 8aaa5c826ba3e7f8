//! `report` and `audit`.

use std::{mem::ManuallyDrop, path::Path};

use runtime_baseline::{
    Baseline, Claims, Date, Language, Metric, Shortfall, Staleness,
    claims::claims as published,
    report::{self, Report},
};
use serde_json::{Value, json};

use crate::{
    Failure, args, directory_of,
    failure::{CommandError, there},
    file_of, load,
    output::Output,
};

fn selected<'a>(metrics: impl IntoIterator<Item = &'a Metric>, selection: &args::Selection) -> Vec<&'a Metric> {
    metrics.into_iter().filter(|metric| selection.takes(metric)).collect()
}

/// The figures selected of a baseline; that there are none is an error that says what there is.
pub fn chosen<'a>(
    baseline: &'a Baseline,
    path: &Path,
    selection: &args::Selection,
) -> Result<Vec<&'a Metric>, CommandError> {
    let found = selected(baseline.metrics(), selection);
    if found.is_empty() {
        let what = selection.describe();
        return Err(CommandError::NothingMatches { path: file_of(path), what, there: there(baseline) });
    }
    Ok(found)
}

pub fn report(args: &args::Report) -> Result<Output, Failure> {
    // The process ends with the report: giving the memory of a large baseline back piece by piece is a twentieth of its time.
    let baseline = ManuallyDrop::new(load(&args.baseline)?);
    let claims = args.claims.as_ref().map(Claims::load).transpose()?;
    let language = Language::from(args.language);
    let mut staleness = Staleness::on(Date::today()).with_components(args.components.iter().cloned());
    if let Some(days) = args.max_age {
        staleness = staleness.with_max_age(days);
    }
    if args.all_here {
        staleness = staleness.with_components(components_here()?);
    }
    let mut page = Report::of(&baseline).with_raw_data(directory_of(&args.baseline)).with_staleness(staleness);
    if let Some(claims) = &claims {
        page = page.with_claims(claims);
    }
    let text = match args.format {
        args::ReportFormat::Md => page.markdown(language),
        args::ReportFormat::Html => page.html(language),
        args::ReportFormat::Summary => page.summary(language),
    };
    match args.output.as_deref().filter(|path| *path != Path::new("-")) {
        None => Ok(Output::fine(text)),
        Some(path) => {
            report::save(path, &text)?;
            Ok(Output::fine(String::new()))
        }
    }
}

#[cfg(feature = "measure")]
fn components_here() -> Result<Vec<runtime_baseline::Component>, CommandError> {
    Ok(runtime_baseline::components_here())
}

#[cfg(not(feature = "measure"))]
fn components_here() -> Result<Vec<runtime_baseline::Component>, CommandError> {
    Err(CommandError::NoRuntimes)
}

pub fn audit(args: &args::Audit) -> Result<Output, Failure> {
    let today = args.date.unwrap_or_else(Date::today);
    let language = Language::from(args.language);
    let baseline = if args.published { None } else { Some(load(&args.baseline)?) };
    let claimed = || published().iter().flat_map(|c| [c.reference().metric(), c.contender().metric()]);
    let unavailable =
        baseline.as_ref().map(|baseline| unavailable(baseline, &args.selection, language)).unwrap_or_default();
    let metrics = match &baseline {
        Some(baseline) if unavailable.is_empty() => chosen(baseline, &args.baseline, &args.selection)?,
        Some(baseline) => selected(baseline.metrics(), &args.selection),
        None => selected(claimed(), &args.selection),
    };
    let audited: Vec<(&Metric, Vec<Shortfall>)> = metrics.into_iter().map(|m| (m, m.audit_on(today))).collect();
    let describe = |found: &[Shortfall]| found.iter().map(|s| s.describe(language)).collect::<Vec<_>>();
    if args.json {
        let value = audited.iter().map(|(m, found)| {
            json!({ "indicator": m.indicator(), "subject": m.subject(), "date": m.provenance().date(), "lacks": describe(found) })
        });
        return Ok(Output::json(&Value::Array(value.collect())));
    }
    let is_chinese = language == Language::Chinese;
    let mut text = String::new();
    for (metric, found) in audited.iter().filter(|(_, found)| !found.is_empty()) {
        let (indicator, subject, date) = (metric.indicator(), metric.subject(), metric.provenance().date());
        text.push_str(&match is_chinese {
            true => format!("{subject} 的 {indicator}，{date}\n"),
            false => format!("{indicator} of {subject}, {date}\n"),
        });
        describe(found).iter().for_each(|line| text.push_str(&format!("  {line}\n")));
    }
    let (complete, of) = (audited.iter().filter(|(_, found)| found.is_empty()).count(), audited.len());
    text.push_str(&match is_chinese {
        true => format!("{of} 条记录中有 {complete} 条完整。\n"),
        false => format!("{complete} of {of} records are complete.\n"),
    });
    text.push_str(&unavailable);
    for unknown in baseline.iter().flat_map(Baseline::unknown) {
        let what = if is_chinese { "此版本不认识：" } else { "not known to this release: " };
        text.push_str(&format!("{what}{unknown}\n"));
    }
    Ok(Output::fine(text))
}

/// What could not be measured is part of what a baseline lacks.
fn unavailable(baseline: &Baseline, selection: &args::Selection, language: Language) -> String {
    let rows = baseline.unavailable().iter();
    let rows = rows.filter(|row| selection.indicator.is_none_or(|i| row.indicator() == i));
    let rows = rows.filter(|row| selection.subject.as_ref().is_none_or(|s| row.subject() == s));
    rows.map(|row| {
        let (indicator, subject) = (row.indicator(), row.subject());
        let (reason, remedy) = (row.reason_in(language), row.remedy_in(language));
        match language {
            Language::Chinese => format!("未测得：{subject} 的 {indicator}：{reason}（{remedy}）\n"),
            _ => format!("not measured: {indicator} of {subject}: {reason} ({remedy})\n"),
        }
    })
    .collect()
}
