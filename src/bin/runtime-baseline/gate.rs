//! `compare` and `gate`.

use std::{collections::BTreeMap, path::PathBuf};

use runtime_baseline::{
    Baseline, Language, Quantity,
    compare::{Gate, GateReport, GateRow, GroupRuling, Limits, Measured, Outcome, RowChange, Ruling},
};
use serde_json::{Value, json};

use crate::{
    Failure,
    args::{self, GateFormat},
    directory_of, load,
    output::{Colour, Output, coloured, table},
    pairs,
    verdict::number,
};

/// How many rows of a kind are printed where not all are asked for: a page, and not a scroll.
const WORSE: usize = 16;
const BETTER: usize = 6;
const GROUPS: usize = 5;

pub fn compare(args: &args::Gate) -> Result<Output, Failure> {
    let output = gate(args)?;
    Ok(Output { code: 0, ..output })
}

pub fn gate(args: &args::Gate) -> Result<Output, Failure> {
    let mut gate = Gate::new().max_regression(args.max_regression).false_alarms(args.false_alarms);
    if args.absolute {
        gate = gate.absolute();
    }
    if args.strict {
        gate = gate.strict();
    }
    if let Some(limits) = &args.limits {
        gate = gate.limits(Limits::load(limits)?);
    }
    let language = Language::from(args.language);
    let (report, note) = match &args.run {
        Some(commands) => pairs::run(&gate, args, commands)?,
        None => {
            let baselines: Vec<Baseline> = args.baselines.iter().map(|path| load(path)).collect::<Result<_, _>>()?;
            let directories: Vec<PathBuf> = args.baselines.iter().map(|path| directory_of(path)).collect();
            let runs = baselines.iter().zip(&directories).map(|(baseline, at)| Measured::with_samples(baseline, at));
            let runs: Vec<Measured> = runs.collect();
            let (new, old) = runs.split_last().ok_or("give a baseline to compare with, and one to look at")?;
            (gate.compare(old, *new)?, String::new())
        }
    };
    let format = if args.json { GateFormat::Json } else { args.format };
    let output = match format {
        GateFormat::Json => Output::json(&as_json(&report, &note, language)),
        GateFormat::Text => Output::fine(as_text(&report, &note, args.all, language)),
        GateFormat::Markdown => Output::fine(as_markdown(&report, &note, args.all, language)),
    };
    Ok(Output { code: report.outcome().exit_code(), ..output })
}

/// The rows to print: the worse first, those furthest from the old figure first.
fn shown(report: &GateReport, all: bool) -> (Vec<&GateRow>, usize) {
    let pick = |test: fn(&Ruling) -> bool| {
        let mut rows: Vec<&GateRow> = report.rows.iter().filter(|row| test(&row.ruling)).collect();
        let size = |row: &GateRow| row.change.map_or(0.0, |change| change.ratio.value.ln().abs());
        rows.sort_by(|a, b| size(b).total_cmp(&size(a)));
        rows
    };
    let (mut rows, mut better) = (pick(|r| *r == Ruling::Worse), pick(|r| *r == Ruling::Better));
    let judged = rows.len() + better.len();
    if all {
        rows.append(&mut better);
        rows.extend(report.rows.iter().filter(|row| !matches!(row.ruling, Ruling::Worse | Ruling::Better)));
        return (rows, 0);
    }
    rows.truncate(WORSE);
    better.truncate(BETTER);
    rows.append(&mut better);
    let left = judged - rows.len();
    (rows, left)
}

fn as_text(report: &GateReport, note: &str, all: bool, language: Language) -> String {
    let outcome = report.outcome();
    let colour = match outcome {
        Outcome::Fine => Colour::Green,
        Outcome::Worse => Colour::Red,
        _ => Colour::Yellow,
    };
    let (headline, word) = (report.headline(language), outcome.describe(language));
    let rest = headline.strip_prefix(word).unwrap_or(&headline);
    let mut text = format!("{}{rest}\n{note}", coloured(word, colour));
    groups(report, language).iter().for_each(|group| text.push_str(&format!("  {group}\n")));
    let (rows, left) = shown(report, all);
    text.push_str(&table(&rows.iter().map(|row| cells(row, true, language)).collect::<Vec<_>>()));
    if left > 0 {
        text.push_str(&more(left, language));
    }
    text + &remarks(report, language)
}

fn as_markdown(report: &GateReport, note: &str, all: bool, language: Language) -> String {
    let mut text = format!("**{}**\n", report.headline(language));
    if !note.is_empty() {
        text.push_str(&format!("\n{note}"));
    }
    let groups = groups(report, language);
    if !groups.is_empty() {
        text.push('\n');
        groups.iter().for_each(|group| text.push_str(&format!("- {group}\n")));
    }
    let (rows, left) = shown(report, all);
    if !rows.is_empty() {
        text.push_str(match language {
            Language::Chinese => "\n| 序列 | 旧 | 新 | 变化（95 %） | |\n",
            _ => "\n| series | old | new | change (95 %) | |\n",
        });
        text.push_str("| --- | ---: | ---: | ---: | --- |\n");
    }
    for row in rows {
        // A bar would end the cell.
        let cells: Vec<String> = cells(row, false, language).iter().map(|cell| cell.replace('|', "\\|")).collect();
        text.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    if left > 0 {
        text.push_str(&format!("\n{}", more(left, language)));
    }
    let remarks = remarks(report, language);
    if remarks.is_empty() { text } else { format!("{text}\n{remarks}") }
}

/// That not all rows are shown, and how to see them.
fn more(left: usize, language: Language) -> String {
    match language {
        Language::Chinese => format!("…… 另有 {left} 个变差或变好：--all\n"),
        _ => format!("… and {left} more that are worse or better: --all\n"),
    }
}

/// The groups that moved as wholes.
fn groups(report: &GateReport, language: Language) -> Vec<String> {
    let mut moved: Vec<_> = report.groups.iter().filter(|group| group.ruling != GroupRuling::Within).collect();
    moved.sort_by_key(|group| group.ruling != GroupRuling::Worse);
    let mut lines: Vec<String> = moved.iter().take(GROUPS).map(|group| group.describe(language)).collect();
    if moved.len() > GROUPS {
        let left = moved.len() - GROUPS;
        lines.push(match language {
            Language::Chinese => format!("…… 另有 {left} 组整体变动"),
            _ => format!("… and {left} more groups that moved"),
        });
    }
    lines
}

/// What is to be known of the rest: how many could not be seen and why, and what could have been.
fn remarks(report: &GateReport, language: Language) -> String {
    let is_chinese = language == Language::Chinese;
    let mut kinds: BTreeMap<&str, (usize, String)> = BTreeMap::new();
    for row in &report.rows {
        if let Ruling::Unseen(doubt) = &row.ruling {
            let example = || format!("{}: {}", row.series, doubt.describe(language));
            kinds.entry(doubt.kind(language)).or_insert_with(|| (0, example())).0 += 1;
        }
    }
    let mut text = String::new();
    for (kind, (count, example)) in kinds {
        text.push_str(&match is_chinese {
            true => format!("{count} 个无法判断，{kind}；例如 {example}\n"),
            false => format!("{count} could not be seen, {kind}; such as {example}\n"),
        });
    }
    let mut least: Vec<f64> = report.rows.iter().filter_map(noise).collect();
    least.sort_by(f64::total_cmp);
    if let (Some(half), Some(tenth)) = (least.get(least.len() / 2), least.get(least.len() * 9 / 10)) {
        let (half, tenth) = (percent(*half, language), percent(*tenth, language));
        text.push_str(&match is_chinese {
            true => format!("可发现的最小劣化：半数序列为 {half}，九成序列为 {tenth}\n"),
            false => format!(
                "the least worsening that would be found: {half} in half of the series, {tenth} in nine tenths\n"
            ),
        });
    }
    if report.relative && report.rows.iter().any(|row| row.change.is_some_and(|c| c.measured != c.ratio.value)) {
        text.push_str(match is_chinese {
            true => "变化已扣除同组序列的共同变动；其后方括号内为实测变化\n",
            false => "changes are against what the series' peers have in common; in brackets after them, as measured\n",
        });
    }
    text
}

fn noise(row: &GateRow) -> Option<f64> {
    row.change.filter(|change| change.probability.is_some()).map(|change| change.least)
}

/// Without a sign, and without digits that say nothing.
fn percent(fraction: f64, language: Language) -> String {
    if fraction < 10.0 { format!("{:.1} %", fraction * 100.0) } else { format!("{}1000 %", over(language)) }
}

fn over(language: Language) -> &'static str {
    if language == Language::Chinese { "超过 " } else { "over " }
}

fn cells(row: &GateRow, colours: bool, language: Language) -> Vec<String> {
    let figure = |quantity: Option<Quantity>| quantity.map_or("-".into(), |q| q.rounded());
    let colour = match &row.ruling {
        Ruling::Worse => Colour::Red,
        Ruling::Better => Colour::Green,
        Ruling::Unseen(_) => Colour::Yellow,
        _ => Colour::Plain,
    };
    let word = row.ruling.describe(language);
    let mut ruling = if colours { coloured(word, colour) } else { word.to_owned() };
    if let Ruling::Unseen(doubt) = &row.ruling {
        ruling.push_str(if language == Language::Chinese { "：" } else { ": " });
        ruling.push_str(&doubt.describe(language));
    }
    if let Some(least) = noise(row).map(|least| percent(least, language)) {
        ruling.push_str(&match language {
            Language::Chinese => format!("（可见 {least}）"),
            _ => format!(" (sees {least})"),
        });
    }
    let change = row.change.map_or("-".into(), |row| change(row, language));
    vec![row.series.clone(), figure(row.old), figure(row.new), change, ruling]
}

fn change(change: RowChange, language: Language) -> String {
    let percent = |factor: f64| {
        if factor < 11.0 { format!("{:+.1}%", (factor - 1.0) * 100.0) } else { format!("{}+1000%", over(language)) }
    };
    let ratio = change.ratio;
    let mut text = percent(ratio.value);
    if change.probability.is_some() {
        let (low, high) = (percent(ratio.low), percent(ratio.high));
        text.push_str(&match language {
            Language::Chinese => format!("（{low} 至 {high}）"),
            _ => format!(" ({low} to {high})"),
        });
    }
    if change.measured != ratio.value {
        text.push_str(&format!(" [{}]", percent(change.measured)));
    }
    text
}

fn as_json(report: &GateReport, note: &str, language: Language) -> Value {
    let counts = report.counts();
    let rows: Vec<Value> = report.rows.iter().map(|row| row_json(row, language)).collect();
    let groups: Vec<Value> = report
        .groups
        .iter()
        .map(|group| {
            json!({
                "name": group.name, "series": group.series, "shift": group.shift, "by_hand": group.by_hand,
                "moved": group.ruling != GroupRuling::Within, "worse": group.ruling == GroupRuling::Worse,
                "says": group.describe(language),
            })
        })
        .collect();
    json!({
        "outcome": report.outcome().as_str(), "headline": report.headline(language), "note": note.trim_end(),
        "max_regression": report.max_regression, "false_alarms": report.false_alarms,
        "comparisons": report.comparisons, "relative": report.relative, "strict": report.strict,
        "counts": {
            "worse": counts.worse, "better": counts.better, "fine": counts.fine, "unseen": counts.unseen,
            "new": counts.new, "ignored": counts.ignored,
        },
        "groups": groups, "rows": rows,
    })
}

fn row_json(row: &GateRow, language: Language) -> Value {
    json!({
        "series": row.series,
        "unit": row.new.or(row.old).map(|quantity| quantity.unit().as_str()),
        "old": row.old.map(number),
        "new": row.new.map(number),
        // Infinite ends are no numbers of JSON, and become null.
        "change": row.change.map(|c| json!({
            "ratio": c.ratio.value, "low": c.ratio.low, "high": c.ratio.high, "measured": c.measured,
            "probability": c.probability, "least": c.least,
        })),
        "evidence": row.evidence.as_str(),
        "limit": row.limit,
        "ruling": row.ruling.as_str(),
        "why": match &row.ruling { Ruling::Unseen(doubt) => Some(doubt.describe(language)), _ => None },
    })
}
