//! `claims`.

use runtime_baseline::{
    Claim, Claims, Language, Metric,
    claims::claims as published,
    compare::{Difference, Judgement, MARGIN, Verdict, caution, judge_all},
};
use serde_json::{Value, json};

use crate::{
    Failure, args, load,
    output::{Colour, Output, coloured, table},
};

/// In canonical units.
pub(crate) fn number(quantity: runtime_baseline::Quantity) -> Value {
    quantity.as_u64().map_or_else(|| quantity.as_f64().into(), Value::from)
}

pub fn claims(args: &args::Claims) -> Result<Output, Failure> {
    let own = args.file.as_ref().map(Claims::load).transpose()?;
    let claims = own.as_ref().unwrap_or_else(|| published());
    let measured = args.baseline.as_deref().map(load).transpose()?;
    if args.json {
        let judgements = measured.as_ref().map(|baseline| judge_all(claims, baseline)).unwrap_or_default();
        let mut judgements = judgements.into_iter();
        let value: Vec<Value> = claims.iter().map(|claim| claim_json(claim, judgements.next())).collect();
        return Ok(Output::json(&Value::Array(value)));
    }
    let mut text = String::new();
    match &measured {
        Some(baseline) => {
            let judgements = judge_all(claims, baseline);
            judgements.iter().for_each(|judgement| text.push_str(&judged(judgement)));
            let decided = |j: &&Judgement| matches!(j.verdict, Verdict::Reproduced | Verdict::Refuted);
            let decided = judgements.iter().filter(decided).count();
            text.push_str(&format!("{}\n", caution(decided, Language::English)));
        }
        None => text = table(&claims.iter().map(claim_cells).collect::<Vec<_>>()),
    }
    if args.check {
        let findings: Vec<String> = claims.iter().flat_map(Claim::findings).map(|f| f.to_string()).collect();
        text.push_str(&format!("\n{} places where the source rounds or contradicts itself:\n", findings.len()));
        findings.iter().for_each(|finding| text.push_str(&format!("  {finding}\n")));
    }
    Ok(Output::fine(text))
}

fn factor(claim: &Claim) -> String {
    claim.factor().map_or_else(|| "no factor".into(), ToString::to_string)
}

fn claim_cells(claim: &Claim) -> Vec<String> {
    let (a, b) = (claim.reference().metric(), claim.contender().metric());
    let side = |m: &Metric| format!("{} {}", m.subject(), m.as_stated());
    vec![claim.section().into(), claim.id().into(), side(a), side(b), factor(claim)]
}

fn judged(judgement: &Judgement) -> String {
    let claim = judgement.claim;
    let colour = match judgement.verdict {
        Verdict::Reproduced => Colour::Green,
        Verdict::Refuted => Colour::Red,
        _ => Colour::Yellow,
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
    match &judgement.verdict {
        Verdict::NotComparable(missing) => {
            missing.iter().for_each(|missing| text.push_str(&format!("  missing: {missing}\n")));
        }
        Verdict::Undecided(open) => text.push_str(&format!("  undecided: {open}\n")),
        _ => {}
    }
    if !judgement.differences.is_empty() {
        let all: Vec<String> = judgement.differences.iter().map(Difference::to_string).collect();
        text.push_str(&format!("  differs (claimed / measured): {}\n", all.join("; ")));
    }
    text
}

fn claim_json(claim: &Claim, judgement: Option<Judgement<'_>>) -> Value {
    let side = |side: &runtime_baseline::claims::Side| {
        json!({
            "subject": side.metric().subject(), "value": number(side.metric().quantity()),
            "unit": side.metric().quantity().unit(), "bound": side.metric().bound(), "version_stated": side.is_versioned(),
            "range": side.metric().range().map(|range| [number(range.low()), number(range.high())]),
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
    if let Some(judgement) = judgement {
        let missing = match &judgement.verdict {
            Verdict::NotComparable(missing) => missing.iter().map(ToString::to_string).collect(),
            _ => Vec::new(),
        };
        value["verdict"] = judgement.verdict.as_str().into();
        value["missing"] = missing.into();
        value["margin"] = MARGIN.into();
        if let Verdict::Undecided(open) = &judgement.verdict {
            value["undecided"] = json!({
                "why": open.to_string(), "more_runs": open.more_runs, "width": open.width(),
            });
        }
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
