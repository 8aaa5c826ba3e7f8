//! What a family's plots show: distributions of raw samples, and curves.

use std::collections::{BTreeMap, HashSet};

use super::{
    MOST_NAMES,
    groups::{Group, Row as Figures},
    notes,
};
use crate::{
    Family, Indicator, Language, Unit,
    report::{
        Report,
        document::Block,
        plot::{Drawing, Line, Plot, Row, Scale},
        raw::Data,
        words,
    },
    samples::Curve,
};

/// The most rows of a plot, lines of a plot, points of a line, and plots of a family.
const MOST_PLOT_ROWS: usize = 32;
const MOST_LINES: usize = 6;
const MOST_POINTS: usize = 400;
const MOST_PLOTS: usize = 24;

/// The plots of the groups that a family's tables show, and a sentence for raw data that could not be read.
pub(super) fn blocks(report: &Report<'_>, family: Family, groups: &[Group<'_>], language: Language) -> Vec<Block> {
    let mut plots: Vec<Plot> = Vec::new();
    // The starts of a burst are recorded as startup time and as its p99: one plot shows both.
    let of = |group: &Group<'_>| (group.workload.map(str::to_owned), group.concurrency);
    let bursts: HashSet<_> = groups.iter().filter(|group| group.indicator == Indicator::StartupP99).map(of).collect();
    for group in groups {
        if group.indicator != Indicator::StartupTime || !bursts.contains(&of(group)) {
            plots.extend(distribution(report, group, language));
        }
    }
    plots.extend(curves(report, groups, language));
    let mut blocks = Vec::new();
    let more = plots.len().saturating_sub(MOST_PLOTS);
    plots.truncate(MOST_PLOTS);
    if !plots.is_empty() {
        let title = language.pick(family.title_zh(), family.title());
        blocks.push(Block::Heading(match language {
            Language::English => format!("{title}: plots"),
            Language::Chinese => format!("{title}：图"),
        }));
        blocks.push(Block::Plots(plots));
    }
    if more > 0 {
        blocks.push(Block::Paragraph(match language {
            Language::English => format!("And {more} more plots, which are left out here."),
            Language::Chinese => format!("另有 {more} 幅图未列出。"),
        }));
    }
    blocks.extend(unreadable(report, groups, language));
    blocks
}

/// A row for each set of samples, where there are any.
fn distribution(report: &Report<'_>, group: &Group<'_>, language: Language) -> Option<Plot> {
    let row = |figures: &Figures<'_>| {
        // A single sample has no distribution.
        let sketch = notes::sketch(report, figures).filter(|sketch| sketch.count > 1)?;
        Some(Row { label: figures.name(), sketch })
    };
    let mut rows: Vec<Row> = group.rows.iter().take(super::MOST_ROWS).filter_map(row).collect();
    let unit = rows.first()?.sketch.unit;
    rows.retain(|row| row.sketch.unit == unit);
    let left_out = rows.len().saturating_sub(MOST_PLOT_ROWS);
    rows.truncate(MOST_PLOT_ROWS);
    let burst = group.concurrency.is_some_and(|n| n > 1);
    let how = if burst {
        language.pick(
            "曲线：不超过该值的样本份额，由下而上为 0 至 100 %。圆点：中位数；菱形：p99。",
            "Curve: the share of samples not above a value, from none at the foot to all at the top. Dot: median; diamond: p99.",
        )
    } else {
        language.pick(
            "面积的高度：落在该处的样本份额；底线：从最小到最大的样本。圆点：中位数；菱形：p99。",
            "Height of the area: the share of samples there; the line at its foot: from the smallest to the largest sample. Dot: median; diamond: p99.",
        )
    };
    let more = match (left_out, language) {
        (0, _) => String::new(),
        (_, Language::English) => format!(" {left_out} more are not drawn."),
        (_, Language::Chinese) => format!("另有 {left_out} 个未画出。"),
    };
    let drawing = if burst { Drawing::Cumulative { unit, rows } } else { Drawing::Spread { unit, rows } };
    let title = match group.indicator {
        // The samples are the starts; their p99 is what the figure is.
        Indicator::StartupP99 => group.name_as(Indicator::StartupTime, language),
        _ => group.name(language),
    };
    Some(Plot { title, note: format!("{how}{more}"), drawing })
}

/// Curves over the same axes stand in one plot, a few of them at a time.
fn curves(report: &Report<'_>, groups: &[Group<'_>], language: Language) -> Vec<Plot> {
    type Key = (String, Unit, String, Unit, String);
    let mut plots: BTreeMap<Key, Vec<Line>> = BTreeMap::new();
    for group in groups {
        for row in group.rows.iter().take(super::MOST_ROWS) {
            for metric in &row.metrics {
                // Before schema 2 a curve stood in the samples' place.
                let path = metric.curve().or(metric.samples());
                let Some(data) = path.and_then(|path| report.raw.get(path)) else { continue };
                let Data::Curve(curve) = &*data else { continue };
                let (x, y) = (curve.x(), curve.y());
                let workload = group.workload.unwrap_or_default().to_owned();
                let key = (y.label().to_owned(), y.unit(), x.label().to_owned(), x.unit(), workload);
                let lines = plots.entry(key).or_default();
                // Several statistics may be of one curve.
                let points = points(curve);
                if !lines.iter().any(|line| line.label == row.name() && line.points == points) {
                    lines.push(Line { label: row.name(), points });
                }
            }
        }
    }
    let mut drawn = Vec::new();
    for ((y, y_unit, x, x_unit, workload), mut lines) in plots {
        let (x, y) = (axis(&x, language), axis(&y, language));
        while !lines.is_empty() {
            let rest = lines.split_off(lines.len().min(MOST_LINES));
            let title = match language {
                Language::English => format!("{y} against {x}"),
                Language::Chinese => format!("{y} 随 {x} 的变化"),
            };
            let title = if workload.is_empty() { title } else { format!("{title}, {workload}") };
            let note = language
                .pick("每个标记是一次读数；形状与图例对应。", "Each mark is a reading; its shape is told below.");
            let (x, y) = (Scale { label: x.clone(), unit: x_unit }, Scale { label: y.clone(), unit: y_unit });
            drawn.push(Plot { title, note: note.to_owned(), drawing: Drawing::Curves { x, y, lines } });
            lines = rest;
        }
    }
    drawn
}

/// The curve's points by x, and so few that a plot can hold them: the first and the last among them.
fn points(curve: &Curve) -> Vec<(f64, f64)> {
    let mut points = curve.points().to_vec();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    let last = points.len() - 1;
    if last < MOST_POINTS {
        return points;
    }
    (0..=MOST_POINTS).map(|i| points[i * last / MOST_POINTS]).collect()
}

/// An axis' label in the report's language, where it is one that this project's own probes write.
fn axis(label: &str, language: Language) -> String {
    let chinese = match label {
        "live instances" | "instances" => "存活实例数",
        "memory" => "内存",
        "start rate" => "启动速率",
        "bindings" => "绑定数",
        "data size" => "数据大小",
        "evaluation latency" => "评估延迟",
        "startup time" => "启动时间",
        other => other,
    };
    language.pick(chinese, label).to_owned()
}

/// Says which raw data is missing or damaged: the plots and warnings that are not there.
fn unreadable(report: &Report<'_>, groups: &[Group<'_>], language: Language) -> Option<Block> {
    let mut why: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in groups.iter().flat_map(|group| group.rows.iter().take(super::MOST_ROWS)) {
        for path in row.metrics.iter().flat_map(|metric| metric.samples().into_iter().chain(metric.curve())) {
            let Some(data) = report.raw.get(path) else { continue };
            let Data::Missing(absence) = &*data else { continue };
            let files = why.entry(absence.describe(language)).or_default();
            let file = path.display().to_string();
            if files.last() != Some(&file) {
                files.push(file);
            }
        }
    }
    if why.is_empty() {
        return None;
    }
    let lines = why.into_iter().map(|(why, files)| {
        let files = words::few(&files, MOST_NAMES, language.pick("、", ", "), language);
        format!("{files}{}{why}", language.pick("：", ": "))
    });
    let lead = language.pick(
        "以下原始数据无法读取，因此没有它们的图与警告：",
        "This raw data could not be read, and its plots and warnings are left out: ",
    );
    let lines: Vec<String> = lines.collect();
    Some(Block::Paragraph(format!("{lead}{}", lines.join(language.pick("；", "; ")))))
}
