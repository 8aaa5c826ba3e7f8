//! `claims add`: a claim appended to a file of one's own.

use std::{fs, io};

use runtime_baseline::{Claims, ClaimsError, Component, SourceKind, report};

use crate::{Failure, args, failure::CommandError, output::Output};

pub fn add(args: &args::Add) -> Result<Output, Failure> {
    let path = &args.file;
    let old = match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        read => read.map_err(|source| ClaimsError::Io { path: path.clone(), source })?,
    };
    // What is wrong already is not this claim's doing.
    if !old.trim().is_empty() {
        Claims::load(path)?;
    }
    let head = if old.trim().is_empty() { "schema = 1\n" } else { "" };
    let line_break = if old.is_empty() || old.ends_with('\n') { "" } else { "\n" };
    let text = format!("{old}{line_break}{head}\n{}", table(args));
    let claims = Claims::from_toml(&text).map_err(|error| CommandError::Claim { path: path.clone(), error })?;
    report::save(path, &text)?;
    let claim = claims.get(&args.id).and_then(|claim| claim.factor()).map(|factor| format!(", {factor}"));
    Ok(Output::fine(format!(
        "{}{} added to {}, which has {} claims now\n",
        args.id,
        claim.unwrap_or_default(),
        path.display(),
        claims.len()
    )))
}

/// A table of one claim.
fn table(args: &args::Add) -> String {
    let mut conditions = Vec::new();
    conditions.extend(args.concurrency.map(|n| format!("concurrency = {n}")));
    conditions.extend(args.load.as_ref().map(|load| format!("load = {}", quoted(load))));
    let kind = SourceKind::from(args.source_kind).as_str();
    let side = |value: &str, components: &[Component]| {
        let own = if components.is_empty() { String::new() } else { format!(", components = {}", list(components)) };
        format!("{{ value = {}{own} }}", quoted(value))
    };
    let mut lines = vec![
        "[[table]]".to_owned(),
        format!("section = {}", quoted(args.section.as_ref().unwrap_or(&args.id))),
        format!("source = {{ kind = {}, reference = {} }}", quoted(kind), quoted(&args.source)),
        format!("date = {}", quoted(&args.date.to_string())),
    ];
    if !args.components.is_empty() {
        lines.push(format!("components = {}", list(&args.components)));
    }
    if !conditions.is_empty() {
        lines.push(format!("conditions = {{ {} }}", conditions.join(", ")));
    }
    lines.extend([
        format!("reference = {{ subject = {} }}", quoted(args.reference.as_str())),
        format!("contender = {{ subject = {} }}", quoted(args.contender.as_str())),
        String::new(),
        "[[table.claim]]".to_owned(),
        format!("id = {}", quoted(&args.id)),
        format!("indicator = {}", quoted(args.indicator.as_str())),
    ]);
    lines.extend(args.workload.as_ref().map(|workload| format!("workload = {}", quoted(workload))));
    lines.push(format!("reference = {}", side(&args.reference_value, &args.reference_components)));
    lines.push(format!("contender = {}", side(&args.contender_value, &args.contender_components)));
    lines.extend(args.factor.as_ref().map(|factor| format!("factor = {}", quoted(factor))));
    lines.extend(args.sense.map(|sense| format!("sense = {}", quoted(sense.as_str()))));
    lines.join("\n") + "\n"
}

fn list(components: &[Component]) -> String {
    let all: Vec<String> = components.iter().map(|component| quoted(&component.to_string())).collect();
    format!("[{}]", all.join(", "))
}

/// A basic string of TOML, whose escapes are those of JSON; the one character that only TOML forbids is written out.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string().replace('\u{7f}', "\\u007f")
}
