//! What a family's plots show: distributions of raw samples, and curves.

use std::collections::{BTreeMap, HashSet};

use super::{
    MOST_NAMES, glance,
    groups::{Group, Row as Figures},
    notes,
};
use crate::{
    Family, Indicator, Language, Unit,
    report::{
        Report,
        document::{Block, Fold},
        plot::{Drawing, Figure, Line, Plot, Row, Scale},
        raw::Data,
        words,
    },
    samples::Curve,
    words::report::{self as said, figures as words_of, page as say},
};

/// The most rows of a plot, lines of a plot, points of a line, and plots of a family.
const MOST_PLOT_ROWS: usize = 12;
const MOST_LINES: usize = 6;
/// Of fewer samples nothing is seen of how they are spread.
const LEAST_SAMPLES: usize = 20;
const MOST_POINTS: usize = 400;
const MOST_PLOTS: usize = 3;
/// How far a control plane goes is several curves, of few points each.
const MOST_PLOTS_OF_CLUSTERS: usize = 12;

/// The most rows of the picture that a family opens with.
const MOST_FIGURES: usize = 24;

/// The picture that a family opens with: for each indicator, the figures of the group that it is known by.
pub(super) fn panels(groups: &[Group<'_>], language: Language) -> Vec<Plot> {
    let known = glance::indicators(groups).into_iter().filter_map(|indicator| glance::principal(groups, indicator));
    let panel = |group: &Group<'_>| {
        let rows: Vec<&Figures<'_>> = group.rows.iter().filter(|row| !row.is_part()).collect();
        let unit = rows.first()?.principal().quantity().unit();
        let alike = rows.iter().filter(|row| row.principal().quantity().unit() == unit);
        let mut figures: Vec<Figure> = alike.map(|row| figure(row)).collect();
        let left_out = figures.len().saturating_sub(MOST_FIGURES);
        figures.truncate(MOST_FIGURES);
        let more = if left_out > 0 { say::not_drawn(left_out, language) } else { String::new() };
        let note = format!("{}{more}", say::figures_note(language));
        (figures.len() > 1).then(|| Plot {
            title: group.name(language),
            note,
            drawing: Drawing::Figures { unit, rows: figures },
        })
    };
    known.filter_map(panel).collect()
}

fn figure(row: &Figures<'_>) -> Figure {
    let metric = row.principal();
    let interval = metric.interval().map(|interval| (interval.low().as_f64(), interval.high().as_f64()));
    Figure { label: row.name(), words: words::value(metric), value: metric.quantity().as_f64(), interval }
}

/// The distributions of a family's groups, each with its group's table, up to as many as a page can hold.
pub(super) struct Distributions {
    /// The starts of a burst are recorded as startup time and as its p99: one plot shows both.
    bursts: HashSet<(Option<String>, Option<u32>)>,
    drawn: usize,
    left_out: usize,
}

impl Distributions {
    pub fn of(groups: &[Group<'_>]) -> Self {
        let of = |group: &Group<'_>| (group.workload.map(str::to_owned), group.concurrency);
        let bursts = groups.iter().filter(|group| group.indicator == Indicator::StartupP99).map(of).collect();
        Self { bursts, drawn: 0, left_out: 0 }
    }

    pub fn of_group(&mut self, report: &Report<'_>, group: &Group<'_>, language: Language) -> Option<Block> {
        let of = (group.workload.map(str::to_owned), group.concurrency);
        if group.indicator == Indicator::StartupTime && self.bursts.contains(&of) {
            return None;
        }
        let plot = distribution(report, group, language)?;
        if self.drawn == MOST_PLOTS {
            self.left_out += 1;
            return None;
        }
        self.drawn += 1;
        Some(Block::Fold(Fold::new(say::distributions(language), vec![Block::Plots(vec![plot])])))
    }

    /// Says how many there were no room for.
    pub fn left_out(&self, language: Language) -> Option<Block> {
        (self.left_out > 0).then(|| Block::Paragraph(say::plots_left_out(self.left_out, language)))
    }
}

/// The curves of a family.
pub(super) fn curves(report: &Report<'_>, groups: &[Group<'_>], language: Language) -> Vec<Block> {
    let mut plots = all_curves(report, groups, language);
    let of_cluster = groups.iter().any(|group| group.indicator.family() == Family::Cluster);
    let most = if of_cluster { MOST_PLOTS_OF_CLUSTERS } else { MOST_PLOTS };
    let more = plots.len().saturating_sub(most);
    plots.truncate(most);
    let mut blocks = Vec::new();
    if !plots.is_empty() {
        blocks.push(Block::Fold(Fold::new(say::curves(language), vec![Block::Plots(plots)])));
    }
    if more > 0 {
        blocks.push(Block::Paragraph(say::plots_left_out(more, language)));
    }
    blocks
}

/// A row for each set of samples, where there are any.
fn distribution(report: &Report<'_>, group: &Group<'_>, language: Language) -> Option<Plot> {
    let row = |figures: &Figures<'_>| {
        let sketch = notes::sketch(report, figures).filter(|sketch| sketch.count >= LEAST_SAMPLES)?;
        Some(Row { label: figures.name(), sketch })
    };
    // Those of parts are beside the point here.
    let whole = group.rows.iter().take(super::MOST_ROWS).filter(|row| !row.is_part());
    let mut rows: Vec<Row> = whole.filter_map(row).collect();
    let unit = rows.first()?.sketch.unit;
    rows.retain(|row| row.sketch.unit == unit);
    let left_out = rows.len().saturating_sub(MOST_PLOT_ROWS);
    rows.truncate(MOST_PLOT_ROWS);
    let burst = group.concurrency.is_some_and(|n| n > 1);
    let how = if burst { words_of::cumulative(language) } else { words_of::spread(language) };
    let more = if left_out > 0 { say::not_drawn(left_out, language) } else { String::new() };
    let drawing = if burst { Drawing::Cumulative { unit, rows } } else { Drawing::Spread { unit, rows } };
    let title = match group.indicator {
        // The samples are the starts; their p99 is what the figure is.
        Indicator::StartupP99 => group.name_as(Indicator::StartupTime, language),
        _ => group.name(language),
    };
    Some(Plot { title, note: format!("{how}{more}"), drawing })
}

/// Curves over the same axes stand in one plot, a few of them at a time.
fn all_curves(report: &Report<'_>, groups: &[Group<'_>], language: Language) -> Vec<Plot> {
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
        let (x, y) = (words_of::axis(&x, language), words_of::axis(&y, language));
        while !lines.is_empty() {
            let rest = lines.split_off(lines.len().min(MOST_LINES));
            let title = words_of::curve(&y, &x, language);
            let title = if workload.is_empty() { title } else { format!("{title}, {workload}") };
            let note = words_of::marks(language);
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

/// Says which raw data is missing or damaged: the plots and warnings that are not there.
pub(super) fn unreadable(report: &Report<'_>, groups: &[Group<'_>], language: Language) -> Option<Block> {
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
        let files = words::few(&files, MOST_NAMES, said::comma(language), language);
        format!("{files}{}{why}", said::colon(language))
    });
    let lead = words_of::unreadable(language);
    let lines: Vec<String> = lines.collect();
    Some(Block::Paragraph(format!("{lead}{}", lines.join(said::semicolon(language)))))
}
