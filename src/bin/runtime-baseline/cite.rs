//! `cite`: figures as citations, each below a line that tells it from the others.

use std::collections::{BTreeMap, HashMap};

use runtime_baseline::{
    Citation, Language, Metric,
    compare::{Aspect, differences},
};
use serde_json::{Value, json};

use crate::{Failure, args, load, output::Output, record::chosen};

pub fn cite(args: &args::Cite) -> Result<Output, Failure> {
    let baseline = load(&args.baseline)?;
    let language = Language::from(args.language);
    let cited = chosen(&baseline, &args.baseline, &args.selection)?;
    let headings = headings(&cited, language);
    let cited = cited.into_iter().zip(headings);
    if args.json {
        let value = cited.map(|(metric, of)| {
            let conditions = &metric.provenance().environment().conditions;
            json!({
                "of": of,
                "indicator": metric.indicator(), "subject": metric.subject(), "workload": metric.workload(),
                "temperature": metric.temperature(), "statistic": metric.statistic(), "count": metric.count(),
                "part": metric.part(), "concurrency": conditions.concurrency, "load": conditions.load,
                "isolation": conditions.isolation, "transport": conditions.transport, "settings": conditions.settings(),
                "citation": Citation::of(metric).display(language).to_string(),
                "environment": metric.provenance().environment().block(language).to_string(),
            })
        });
        return Ok(Output::json(&Value::Array(value.collect())));
    }
    let text = cited.map(|(metric, of)| {
        let citation = Citation::of(metric);
        let (citation, environment) = (citation.display(language), metric.provenance().environment().block(language));
        match args.exact {
            true => format!("# {of}\n{citation}\n{environment}\n"),
            false => format!("# {of}\n{}\n{}\n", citation.rounded(), environment.rounded()),
        }
    });
    Ok(Output::fine(text.collect::<Vec<_>>().join("\n")))
}

/// What each figure is of, in words that no other of them has: where the usual ones are not enough, with whatever else
/// they differ in.
fn headings(metrics: &[&Metric], language: Language) -> Vec<String> {
    let mut headings: Vec<String> = metrics.iter().map(|metric| heading(metric, language)).collect();
    let mut alike: HashMap<&str, Vec<usize>> = HashMap::new();
    for (place, text) in headings.iter().enumerate() {
        alike.entry(text).or_default().push(place);
    }
    let alike: Vec<Vec<usize>> = alike.into_values().filter(|places| places.len() > 1).collect();
    for places in alike {
        for (place, apart) in apart(metrics, &places, language) {
            headings[place].push_str(comma(language));
            headings[place].push_str(&apart);
        }
    }
    headings
}

fn comma(language: Language) -> &'static str {
    if language == Language::Chinese { "，" } else { ", " }
}

/// What the figures at `places` differ in, for each of them. Versions and dates stand in the citation itself.
fn apart(metrics: &[&Metric], places: &[usize], language: Language) -> Vec<(usize, String)> {
    let first = metrics[places[0]];
    let run = |metric: &Metric| metric.provenance().run().map(|run| run.id().to_owned());
    let mut of_first: BTreeMap<Aspect, Option<String>> = BTreeMap::new();
    let mut of_each: Vec<BTreeMap<Aspect, Option<String>>> = Vec::new();
    for place in places {
        let mut own = BTreeMap::new();
        let mut differ = |aspect: Aspect, left, right| {
            of_first.insert(aspect.clone(), left);
            own.insert(aspect, right);
        };
        for found in differences(first, metrics[*place]) {
            if !matches!(found.aspect, Aspect::Version(_) | Aspect::Date) {
                differ(found.aspect, found.left, found.right);
            }
        }
        let (left, right) = (run(first), run(metrics[*place]));
        if left != right {
            differ(Aspect::Run, left, right);
        }
        of_each.push(own);
    }
    let texts = places.iter().zip(of_each).map(|(place, own)| {
        let all = of_first.iter().map(|(aspect, of_first)| {
            let value = own.get(aspect).unwrap_or(of_first).as_deref();
            let none = if language == Language::Chinese { "未注明" } else { "not stated" };
            format!("{} {}", aspect.describe(language), value.unwrap_or(none))
        });
        (*place, all.collect::<Vec<_>>().join(comma(language)))
    });
    texts.filter(|(_, text)| !text.is_empty()).collect()
}

/// What a citation is of, on one line: what the notation has no place for.
fn heading(metric: &Metric, language: Language) -> String {
    let is_chinese = language == Language::Chinese;
    let label = if is_chinese { metric.indicator().label_zh() } else { metric.indicator().label() };
    let mut parts = vec![if is_chinese {
        format!("{} 的{label}", metric.subject())
    } else {
        format!("{label} of {}", metric.subject())
    }];
    parts.extend(metric.part().map(|part| if is_chinese { format!("其中 {part}") } else { format!("its {part}") }));
    parts.extend(metric.workload().map(|name| {
        // One line, whatever somebody called it.
        let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
        if is_chinese { format!("工作负载 {name:?}") } else { format!("workload {name:?}") }
    }));
    parts.extend(metric.temperature().map(|temperature| temperature.to_string()));
    let concurrency = metric.provenance().environment().conditions.concurrency.filter(|n| *n > 1);
    parts.extend(concurrency.map(|n| if is_chinese { format!("{n} 并发") } else { format!("{n} at the same time") }));
    parts.push(match metric.count() {
        Some(n) if is_chinese => format!("{}（{n} 个样本）", metric.statistic()),
        Some(n) => format!("{} of {n}", metric.statistic()),
        None => metric.statistic().to_string(),
    });
    parts.join(comma(language))
}
