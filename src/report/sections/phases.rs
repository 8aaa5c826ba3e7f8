//! Where the time of starts goes: a bar for each start, and a table that says the same in words.

use std::collections::BTreeMap;

use super::MOST_ROWS;
use crate::{
    Indicator, Language, Metric, Phase, Quantity, Unit,
    report::{
        document::{Block, Cell, Column, Fold, Table, Tone},
        plot::{Bar, Drawing, Plot, Stretch},
        words,
    },
    words::report::{figures::at_once, page, phases as say},
};

/// The most bars of a picture.
const MOST_BARS: usize = 10;
/// So many of the phases are named where a sentence has room for some.
const LONGEST: usize = 3;
/// By so much, in per cent, phases may differ from the whole without a word.
const TOLERANCE: f64 = 5.0;

/// A start, or the mean one of a burst, with its phases in their order.
#[derive(Clone)]
pub(super) struct Split<'a> {
    whole: &'a Metric,
    each: Vec<(Phase, &'a Metric)>,
}

/// Whether a figure is a phase of a start, or the start that phases are of: those are shown here and in no other table.
pub(super) fn is_of_phases(metric: &Metric) -> bool {
    let part = metric.provenance().environment().conditions.part();
    part.is_some_and(|part| part == Phase::WHOLE || Phase::of_part(part).is_some())
}

/// All starts that were measured by phase, single ones first, and the fastest of them.
pub(super) fn splits<'a>(metrics: &[&'a Metric]) -> Vec<Split<'a>> {
    let mut found: BTreeMap<_, (Option<&'a Metric>, BTreeMap<Phase, &'a Metric>)> = BTreeMap::new();
    for metric in metrics.iter().copied().filter(|metric| is_of_phases(metric)) {
        let conditions = &metric.provenance().environment().conditions;
        let of = (metric.subject().as_str(), metric.temperature(), metric.workload());
        let split = found.entry((conditions.concurrency, of, conditions.set_like(None))).or_default();
        match conditions.part().and_then(Phase::of_part) {
            Some(phase) => drop(split.1.insert(phase, metric)),
            None => split.0 = Some(metric),
        }
    }
    let whole = |(whole, each): (Option<&'a Metric>, BTreeMap<_, _>)| {
        whole.map(|whole| Split { whole, each: each.into_iter().collect() })
    };
    let mut splits: Vec<Split<'a>> = found.into_values().filter_map(whole).collect();
    let time = |split: &Split<'_>| split.whole.quantity().as_f64();
    splits.sort_by(|a, b| (a.concurrency().cmp(&b.concurrency())).then(time(a).total_cmp(&time(b))));
    splits
}

/// A fold for single starts, and one for each size of a burst.
pub(super) fn blocks(metrics: &[&Metric], language: Language) -> Vec<Block> {
    let splits = splits(metrics);
    let fold = |together: &[Split<'_>]| {
        let concurrency = together[0].concurrency();
        let detail = if concurrency > 1 { at_once(concurrency, language) } else { String::new() };
        let blocks = vec![Block::Plots(vec![plot(together, language)]), Block::Table(table(together, language))];
        Block::Fold(Fold::new(say::title(language), blocks).detail(detail))
    };
    splits.chunk_by(|a, b| a.concurrency() == b.concurrency()).map(fold).collect()
}

fn plot(splits: &[Split<'_>], language: Language) -> Plot {
    let stretch = |split: &Split<'_>, (phase, metric): &(Phase, &Metric)| Stretch {
        kind: *phase as usize,
        label: phase.label(language),
        share: metric.quantity().as_f64() / split.sum().max(1.0),
    };
    let bar = |split: &Split<'_>| Bar {
        label: split.name(),
        words: words::value(split.whole),
        stretches: split.each.iter().map(|one| stretch(split, one)).collect(),
    };
    let left_out = splits.len().saturating_sub(MOST_BARS);
    let more = if left_out > 0 { page::not_drawn(left_out, language) } else { String::new() };
    Plot {
        title: say::title(language).to_owned(),
        note: format!("{}{more}", say::note(language)),
        drawing: Drawing::Shares(splits.iter().take(MOST_BARS).map(bar).collect()),
    }
}

fn table(splits: &[Split<'_>], language: Language) -> Table {
    let row = |split: &Split<'_>| {
        let temperature = split.whole.temperature().map(|t| t.to_string()).unwrap_or_default();
        let each: Vec<String> = split.each.iter().map(|one| split.phase(one, language)).collect();
        let whole = Cell::new(words::value(split.whole)).tone(Tone::Strong);
        let whole = match split.gap() {
            gap if gap > TOLERANCE => whole.detail(say::apart(gap, language)),
            _ => whole,
        };
        let subject = Cell::new(split.whole.subject().to_string()).detail(temperature);
        vec![subject, whole, Cell::new(each.join(" · "))]
    };
    let [subject, whole, phases] = say::columns(language);
    let columns = vec![Column::text(subject), Column::number(whole), Column::text(phases)];
    let caption = say::caption(splits[0].concurrency(), language);
    Table::new(caption, columns, splits.iter().map(row).collect()).cards().at_most(MOST_ROWS)
}

impl Split<'_> {
    /// Whether it is of the starts that a figure is of.
    pub fn is_of(&self, metric: &Metric) -> bool {
        let concurrency = metric.provenance().environment().conditions.concurrency.unwrap_or(1);
        matches!(metric.indicator(), Indicator::StartupTime | Indicator::StartupP99 | Indicator::PodStartup)
            && concurrency == self.concurrency()
            && metric.subject() == self.whole.subject()
            && metric.temperature() == self.whole.temperature()
            && metric.workload() == self.whole.workload()
    }

    /// Which phases took the longest, in a sentence.
    pub fn why(&self, language: Language) -> String {
        let making = self.each.iter().filter(|(phase, _)| phase.is_of_container());
        let making: f64 = making.map(|(_, metric)| metric.quantity().as_f64()).sum();
        let making = (making > 0.0).then(|| time(making));
        let mut each: Vec<_> = self.each.iter().collect();
        each.sort_by(|a, b| b.1.quantity().as_f64().total_cmp(&a.1.quantity().as_f64()));
        let longest: Vec<String> = each.into_iter().take(LONGEST).map(|one| self.phase(one, language)).collect();
        let comma = crate::words::report::comma(language);
        say::why(&self.name(), &words::value(self.whole), making.as_deref(), &longest.join(comma), language)
    }

    fn concurrency(&self) -> u32 {
        self.whole.provenance().environment().conditions.concurrency.unwrap_or(1)
    }

    fn name(&self) -> String {
        match self.whole.temperature() {
            Some(temperature) => format!("{}, {temperature}", self.whole.subject()),
            None => self.whole.subject().to_string(),
        }
    }

    fn sum(&self) -> f64 {
        self.each.iter().map(|(_, metric)| metric.quantity().as_f64()).sum()
    }

    /// By how much the phases differ from the whole, in per cent of it.
    fn gap(&self) -> f64 {
        let whole = self.whole.quantity().as_f64();
        100.0 * (self.sum() - whole).abs() / whole.max(1.0)
    }

    fn phase(&self, (phase, metric): &(Phase, &Metric), language: Language) -> String {
        let share = 100.0 * metric.quantity().as_f64() / self.sum().max(1.0);
        say::phase(phase.label(language), &time(metric.quantity().as_f64()), share, language)
    }
}

/// Rounded: a phase is read beside others.
fn time(nanoseconds: f64) -> String {
    Quantity::new(nanoseconds.round(), Unit::Nanoseconds).map_or_else(|_| String::new(), Quantity::rounded)
}
