//! The report as markdown: the environment, then a section for each family of indicators, in the form of the tables
//! that the claims were published in (indicator, A, B, how many times, source and version).

use std::fmt::Write;

use super::{
    pairs::pairs,
    table::{header, rows},
    verdicts,
};
use crate::{
    Baseline, Environment, Family, Language, Metric, Temperature, Unit,
    compare::{Comparison, Direction},
};

const FAMILIES: [Family; 7] =
    [Family::Startup, Family::Policy, Family::Size, Family::Memory, Family::Cpu, Family::Density, Family::Cluster];

/// The report of a baseline. Of a figure measured more than once, under other versions say, the latest is shown.
#[must_use]
pub fn markdown(baseline: &Baseline, language: Language) -> String {
    let metrics = baseline.latest();
    let mut out = String::new();
    let title = language.pick("# 本机测得的性能基线", "# What was measured on this machine");
    let _ = writeln!(out, "{title}\n");
    environments(&mut out, &metrics, language);
    verdicts::section(&mut out, baseline, language);
    for family in FAMILIES {
        section(&mut out, &metrics, family, language);
    }
    unavailable(&mut out, baseline, language);
    out
}

/// The machines and their noise. One block for each: a baseline may hold figures of several.
fn environments(out: &mut String, metrics: &[&Metric], language: Language) {
    let mut machines: Vec<Environment> = Vec::new();
    let mut noise: Vec<&str> = Vec::new();
    for metric in metrics {
        let environment = metric.provenance().environment();
        let (hardware, software) = (environment.hardware.clone(), environment.software.clone());
        let machine = Environment { hardware, software, ..Environment::default() };
        if !machines.contains(&machine) {
            machines.push(machine);
        }
        for sentence in &environment.conditions.noise {
            if !noise.contains(&sentence.as_str()) {
                noise.push(sentence);
            }
        }
    }
    for machine in machines {
        // The third line, the conditions, differs from figure to figure and stands in its row.
        let block = machine.block(language).to_string();
        let lines: Vec<&str> = block.lines().take(2).collect();
        let _ = writeln!(out, "```text\n{}\n```\n", lines.join("\n"));
    }
    if !noise.is_empty() {
        let lead = language.pick("噪声来源：", "What makes it noisy:");
        let _ = writeln!(out, "{lead}\n");
        for sentence in noise {
            let _ = writeln!(out, "- {sentence}");
        }
        out.push('\n');
    }
}

fn section(out: &mut String, metrics: &[&Metric], family: Family, language: Language) {
    let mine: Vec<&Metric> = metrics.iter().copied().filter(|m| m.indicator().family() == family).collect();
    if mine.is_empty() {
        return;
    }
    let _ = writeln!(out, "## {}\n", language.pick(family.title_zh(), family.title()));
    let pairs = pairs(metrics, family);
    if !pairs.is_empty() {
        let titles = language.pick(
            "| 指标 | A | B | B 相对 A | 隔离 A → B | 来源/版本 |",
            "| indicator | A | B | B against A | isolation A → B | source / versions |",
        );
        let _ = writeln!(out, "{titles}\n| --- | --- | --- | --- | --- | --- |");
        for pair in &pairs {
            let _ = writeln!(out, "{}", pair_row(pair, language));
        }
        out.push('\n');
    }
    let _ = writeln!(out, "{}\n", language.pick("全部数据：", "All figures:"));
    let _ = writeln!(out, "| {} |\n|{}", header(language).join(" | "), " --- |".repeat(header(language).len()));
    for row in rows(&mine, language) {
        let _ = writeln!(out, "| {} |", row.map(|cell| escape(&cell)).join(" | "));
    }
    out.push('\n');
}

fn pair_row(pair: &Comparison<'_>, language: Language) -> String {
    let (a, b) = (pair.reference(), pair.contender());
    let name = language.pick(a.indicator().label_zh(), a.indicator().label());
    let concurrency = a.provenance().environment().conditions.concurrency.filter(|c| *c > 1);
    let what = [
        Some(name.to_owned()),
        a.workload().map(str::to_owned),
        Some(a.statistic().to_string()),
        concurrency.map(|c| format!("{c} {}", language.pick("并发", "concurrent"))),
    ];
    let side = |m: &Metric| {
        let temperature = m.temperature().map(|t| format!(" ({})", Temperature::as_str(t))).unwrap_or_default();
        format!("{}{temperature}: {}", m.subject(), m.quantity().rounded())
    };
    let isolation = |m: &Metric| {
        let conditions = &m.provenance().environment().conditions;
        conditions.isolation.map(|i| i.as_str().to_owned()).unwrap_or_default()
    };
    let (isolation_a, isolation_b) = (isolation(a), isolation(b));
    let isolation = if isolation_a == isolation_b { isolation_a } else { format!("{isolation_a} → {isolation_b}") };
    let cells = [
        what.into_iter().flatten().collect::<Vec<_>>().join(", "),
        side(a),
        side(b),
        format!("**{}**", times(pair, language)),
        isolation,
        sources(pair),
    ];
    format!("| {} |", cells.map(|cell| escape(&cell)).join(" | "))
}

/// `200× faster`, or the other way round where B is the worse one.
pub(super) fn times(pair: &Comparison<'_>, language: Language) -> String {
    let Some(gain) = pair.gain().filter(|gain| *gain > 0.0) else { return String::new() };
    let indicator = pair.reference().indicator();
    let (better, worse) = match (Direction::of(indicator), indicator.units()[0]) {
        (Direction::MoreIsBetter, _) => language.pick(("更高", "更低"), ("higher", "lower")),
        (_, Unit::Nanoseconds) => language.pick(("更快", "更慢"), ("faster", "slower")),
        (_, Unit::Bytes) => language.pick(("更小", "更大"), ("smaller", "larger")),
        _ => language.pick(("更低", "更高"), ("lower", "higher")),
    };
    let (factor, word) = if gain >= 1.0 { (gain, better) } else { (1.0 / gain, worse) };
    format!("{}× {word}", digits(factor))
}

/// Three significant digits, or the whole part of a larger number.
pub(super) fn digits(factor: f64) -> String {
    let decimals = match factor {
        _ if factor >= 100.0 => 0,
        _ if factor >= 10.0 => 1,
        _ => 2,
    };
    format!("{factor:.decimals$}")
}

/// The versions of what was compared, once each, and the date.
fn sources(pair: &Comparison<'_>) -> String {
    let mut parts: Vec<String> = Vec::new();
    for metric in [pair.reference(), pair.contender()] {
        // The first component is the subject itself.
        let component = metric.provenance().components()[0].to_string();
        if !parts.contains(&component) {
            parts.push(component);
        }
    }
    parts.push(pair.reference().provenance().date().max(pair.contender().provenance().date()).to_string());
    parts.join(", ")
}

fn unavailable(out: &mut String, baseline: &Baseline, language: Language) {
    if baseline.unavailable().is_empty() {
        return;
    }
    let (title, titles) = language.pick(
        ("## 本机不可用", "| 对象 | 指标 | 原因 | 办法 |"),
        ("## Unavailable here", "| subject | indicator | why | what to do |"),
    );
    let _ = writeln!(out, "{title}\n\n{titles}\n| --- | --- | --- | --- |");
    for row in baseline.unavailable() {
        let indicator = language.pick(row.indicator().label_zh(), row.indicator().label());
        let cells = [row.subject().as_str(), indicator, row.reason(), row.remedy()];
        let _ = writeln!(out, "| {} |", cells.map(escape).join(" | "));
    }
}

/// A cell's text: a bar would end the cell, a line break the row.
pub(super) fn escape(text: &str) -> String {
    text.replace('|', "\\|").replace(['\n', '\r'], " ")
}
