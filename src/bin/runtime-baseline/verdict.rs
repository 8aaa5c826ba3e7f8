//! `compare`, `gate` and `claims`.

use runtime_baseline::{
    Baseline, Claim, Claims, Metric,
    claims::claims as published,
    compare::{Difference, Evidence, Gate, GateReport, GateRow, Judgement, Outcome, Ruling, Verdict, judge},
};
use serde_json::{Value, json};

use crate::{
    Failure, args, directory_of, load,
    output::{Colour, Output, coloured, table},
};

pub fn compare(args: &args::Compare) -> Result<Output, Failure> {
    let output = gate(args)?;
    Ok(Output { code: 0, ..output })
}

pub fn gate(args: &args::Compare) -> Result<Output, Failure> {
    let (old, new) = (load(&args.old)?, load(&args.new)?);
    let gate = Gate {
        max_regression: args.max_regression,
        level: args.confidence,
        old_directory: Some(directory_of(&args.old)),
        new_directory: Some(directory_of(&args.new)),
    };
    let report = gate.compare(&old, &new);
    let outcome = report.outcome();
    let code = outcome.exit_code();
    if args.json {
        let rows: Vec<Value> = report.rows.iter().filter(|row| shown(args, row)).map(row_json).collect();
        let value = json!({ "outcome": outcome.as_str(), "max_regression": args.max_regression, "rows": rows });
        return Ok(Output { code, ..Output::json(&value) });
    }
    let rows = report.rows.iter().filter(|row| shown(args, row)).map(row_cells).collect::<Vec<_>>();
    Ok(Output { code, text: table(&rows) + &summary(&report, outcome, args.max_regression) })
}

fn shown(args: &args::Compare, row: &GateRow) -> bool {
    !args.quiet || !matches!(row.ruling, Ruling::Same | Ruling::New | Ruling::NotJudged)
}

fn summary(report: &GateReport, outcome: Outcome, limit: f64) -> String {
    let count = |test: fn(&Ruling) -> bool| report.rows.iter().filter(|row| test(&row.ruling)).count();
    let (worse, better) = (count(|r| *r == Ruling::Worse), count(|r| *r == Ruling::Better));
    let (same, new) = (count(|r| *r == Ruling::Same), count(|r| *r == Ruling::New));
    let undecided = count(|r| matches!(r, Ruling::Undecided(_)));
    let colour = match outcome {
        Outcome::Fine => Colour::Green,
        Outcome::Regression => Colour::Red,
        Outcome::Undecided => Colour::Yellow,
    };
    format!(
        "{worse} worse by more than {}%, {better} better, {same} unchanged, {new} new, {undecided} undecided: {}\n",
        limit * 100.0,
        coloured(outcome.as_str(), colour)
    )
}

fn word(ruling: &Ruling) -> (&'static str, Colour) {
    match ruling {
        Ruling::Worse => ("worse", Colour::Red),
        Ruling::Better => ("better", Colour::Green),
        Ruling::Same => ("same", Colour::Plain),
        Ruling::New => ("new", Colour::Plain),
        Ruling::NotJudged => ("not judged", Colour::Plain),
        _ => ("undecided", Colour::Yellow),
    }
}

fn evidence(evidence: Evidence) -> &'static str {
    match evidence {
        Evidence::Samples => "samples",
        Evidence::Intervals => "intervals",
        Evidence::Exact => "exact",
        _ => "none",
    }
}

/// What a series is called in a table.
fn name(metric: &Metric) -> String {
    let mut name = format!("{} of {}", metric.indicator(), metric.subject());
    name.extend(metric.workload().map(|workload| format!(", {workload}")));
    name.extend(metric.temperature().map(|temperature| format!(", {temperature}")));
    format!("{name}, {}", metric.statistic())
}

fn row_cells(row: &GateRow) -> Vec<String> {
    let figure = |metric: Option<&Metric>| metric.map_or("-".into(), |m| m.quantity().rounded());
    let percent = |x: f64| format!("{:+.1}%", (x - 1.0) * 100.0);
    let change = match row.change {
        Some(change) => {
            let ratio = change.ratio;
            format!("{} ({} to {})", percent(ratio.value), percent(ratio.low), percent(ratio.high))
        }
        None => row.percent().map_or("-".into(), |x| format!("{x:+.1}%")),
    };
    let (word, colour) = word(&row.ruling);
    let mut ruling = coloured(word, colour);
    if let Ruling::Undecided(doubt) = &row.ruling {
        ruling = format!("{ruling}: {doubt}");
    }
    let series = row.new.or(row.old).map(name).unwrap_or_default();
    vec![series, figure(row.old), figure(row.new), change, ruling]
}

fn row_json(row: &GateRow) -> Value {
    let series = row.new.or(row.old);
    let figure = |metric: Option<&Metric>| metric.map(|m| number(m.quantity()));
    json!({
        "indicator": series.map(|m| m.indicator().as_str()),
        "subject": series.map(|m| m.subject().as_str()),
        "workload": series.and_then(Metric::workload),
        "temperature": series.and_then(Metric::temperature).map(|t| t.as_str()),
        "statistic": series.map(|m| m.statistic().name()),
        "unit": series.map(|m| m.quantity().unit().as_str()),
        "old": figure(row.old),
        "new": figure(row.new),
        "ratio": row.change.map(|c| json!({
            "value": c.ratio.value, "low": c.ratio.low, "high": c.ratio.high, "superiority": c.superiority,
        })),
        "evidence": evidence(row.evidence),
        "ruling": word(&row.ruling).0,
        "why": match &row.ruling { Ruling::Undecided(doubt) => Some(doubt.to_string()), _ => None },
    })
}

/// In canonical units.
fn number(quantity: runtime_baseline::Quantity) -> Value {
    quantity.as_u64().map_or_else(|| quantity.as_f64().into(), Value::from)
}

pub fn claims(args: &args::Claims) -> Result<Output, Failure> {
    let own = args.file.as_ref().map(Claims::load).transpose()?;
    let claims = own.as_ref().unwrap_or_else(|| published());
    let measured = args.baseline.as_deref().map(load).transpose()?;
    if args.json {
        let value: Vec<Value> = claims.iter().map(|claim| claim_json(claim, measured.as_ref())).collect();
        return Ok(Output::json(&Value::Array(value)));
    }
    let mut text = String::new();
    match &measured {
        Some(baseline) => claims.iter().for_each(|claim| text.push_str(&judged(&judge(claim, baseline)))),
        None => text = table(&claims.iter().map(claim_cells).collect::<Vec<_>>()),
    }
    if args.check {
        let findings: Vec<String> = claims.iter().flat_map(Claim::findings).map(|f| f.to_string()).collect();
        text.push_str(&format!("\n{} places where the source rounds or contradicts itself:\n", findings.len()));
        findings.iter().for_each(|finding| text.push_str(&format!("  {finding}\n")));
    }
    Ok(Output::fine(text))
}

fn value(metric: &Metric) -> String {
    format!("{}{}", metric.bound().prefix(), metric.quantity())
}

fn factor(claim: &Claim) -> String {
    claim.factor().map_or_else(|| "no factor".into(), ToString::to_string)
}

fn claim_cells(claim: &Claim) -> Vec<String> {
    let (a, b) = (claim.reference().metric(), claim.contender().metric());
    let side = |m: &Metric| format!("{} {}", m.subject(), value(m));
    vec![claim.section().into(), claim.id().into(), side(a), side(b), factor(claim)]
}

fn judged(judgement: &Judgement) -> String {
    let claim = judgement.claim;
    let colour = match judgement.verdict {
        Verdict::Reproduced => Colour::Green,
        Verdict::Refuted => Colour::Red,
        Verdict::NotComparable(_) => Colour::Yellow,
    };
    let [_, id, a, b, factor] = claim_cells(claim).try_into().unwrap_or_default();
    let mut text = format!("{id}: {}\n  claimed: {a}, {b}: {factor}\n", coloured(judgement.verdict.as_str(), colour));
    if let Some(comparison) = &judgement.comparison {
        let side = |m: &Metric| format!("{} {}", m.subject(), m.quantity().rounded());
        let gain = comparison.gain_interval();
        let gain =
            gain.map(|g| format!(": {:.2}× better ({:.2} to {:.2})", g.value, g.low, g.high)).unwrap_or_default();
        let improvement = comparison.improvement().map(|p| format!(", P = {p:.1}%")).unwrap_or_default();
        let (a, b) = (side(comparison.reference()), side(comparison.contender()));
        text.push_str(&format!("  measured: {a}, {b}{gain}{improvement}\n"));
    }
    if let Verdict::NotComparable(missing) = &judgement.verdict {
        missing.iter().for_each(|missing| text.push_str(&format!("  missing: {missing}\n")));
    }
    if !judgement.differences.is_empty() {
        let all: Vec<String> = judgement.differences.iter().map(Difference::to_string).collect();
        text.push_str(&format!("  differs (claimed / measured): {}\n", all.join("; ")));
    }
    text
}

fn claim_json(claim: &Claim, measured: Option<&Baseline>) -> Value {
    let side = |side: &runtime_baseline::claims::Side| {
        json!({
            "subject": side.metric().subject(), "value": number(side.metric().quantity()),
            "unit": side.metric().quantity().unit(), "bound": side.metric().bound(), "version_stated": side.is_versioned(),
        })
    };
    let mut value = json!({
        "id": claim.id(), "section": claim.section(), "indicator": claim.reference().metric().indicator(),
        "source": claim.reference().metric().provenance().source(), "date": claim.reference().metric().provenance().date(),
        "reference": side(claim.reference()), "contender": side(claim.contender()),
        "factor": claim.factor().map(|f| json!({ "value": f.value(), "sense": f.sense() })),
        "computed_factor": claim.computed_factor(), "improvement_percent": claim.improvement(),
        "findings": claim.findings().iter().map(ToString::to_string).collect::<Vec<_>>(),
    });
    if let Some(baseline) = measured {
        let judgement = judge(claim, baseline);
        let missing = match &judgement.verdict {
            Verdict::NotComparable(missing) => missing.iter().map(ToString::to_string).collect(),
            _ => Vec::new(),
        };
        value["verdict"] = judgement.verdict.as_str().into();
        value["missing"] = missing.into();
        value["differences"] = judgement.differences.iter().map(Difference::to_string).collect::<Vec<_>>().into();
        value["measured"] = judgement.comparison.map_or(Value::Null, |comparison| {
            let gain = comparison.gain_interval();
            json!({
                "reference": number(comparison.reference().quantity()), "contender": number(comparison.contender().quantity()),
                "gain": comparison.gain(), "gain_low": gain.map(|g| g.low), "gain_high": gain.map(|g| g.high),
                "improvement_percent": comparison.improvement(),
            })
        });
    }
    value
}
