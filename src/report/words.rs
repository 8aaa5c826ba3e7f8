//! How figures and factors are put into words.

use crate::{
    Language, Metric, Quantity, Unit,
    compare::{Comparison, Direction},
    words::report::figures::{and_more, better},
};

/// `200× faster`, or the other way round where B is the worse one.
pub(super) fn times(pair: &Comparison<'_>, language: Language) -> String {
    let Some(gain) = pair.gain().filter(|gain| *gain > 0.0) else { return String::new() };
    let (factor, word) = match better_and_worse(pair, language) {
        [better, _] if gain >= 1.0 => (gain, better),
        [_, worse] => (1.0 / gain, worse),
    };
    match digits(factor).as_str() {
        // Neither better nor worse, to what is printed.
        "1.00" => "1.00×".to_owned(),
        factor => format!("{factor}× {word}"),
    }
}

/// The interval of what [`times`] says; it may reach over one, where the two do not differ.
pub(super) fn times_interval(pair: &Comparison<'_>) -> Option<String> {
    let gain = pair.gain_interval()?;
    let (low, high) = if pair.gain()? >= 1.0 { (gain.low, gain.high) } else { (1.0 / gain.high, 1.0 / gain.low) };
    (low.is_finite() && high.is_finite()).then(|| format!("{} … {}", digits(low), digits(high)))
}

/// Whether the interval of a factor has two ends: a size is counted, and has none.
pub(super) fn has_width(pair: &Comparison<'_>) -> bool {
    pair.gain_interval().is_some_and(|gain| gain.low < gain.high)
}

fn better_and_worse(pair: &Comparison<'_>, language: Language) -> [&'static str; 2] {
    let indicator = pair.reference().indicator();
    match (Direction::of(indicator), pair.reference().quantity().unit()) {
        (Direction::MoreIsBetter, _) => better::rate(language),
        (_, Unit::Nanoseconds) => better::time(language),
        (_, Unit::Bytes) => better::bytes(language),
        _ => better::other(language),
    }
}

/// Three significant digits, or the whole part of a larger number.
fn digits(factor: f64) -> String {
    let decimals = match factor {
        _ if factor >= 100.0 => 0,
        _ if factor >= 10.0 => 1,
        _ => 2,
    };
    format!("{factor:.decimals$}")
}

/// A subject with its figure: `container/alpine > 1.2 s`.
pub(super) fn side(metric: &Metric) -> String {
    format!("{} {}", metric.subject(), value(metric))
}

/// A figure with its bound, or its range.
pub(super) fn value(metric: &Metric) -> String {
    metric.stated().rounded()
}

/// The ends of a figure's interval, with the unit once where both have it.
pub(super) fn interval(metric: &Metric) -> Option<String> {
    let interval = metric.interval()?;
    Some(range(interval.low(), interval.high()))
}

fn range(low: Quantity, high: Quantity) -> String {
    let (low, high) = (low.rounded(), high.rounded());
    match (low.split_once(' '), high.split_once(' ')) {
        (Some((number, unit)), Some((_, same))) if unit == same => format!("{number} … {high}"),
        _ => format!("{low} … {high}"),
    }
}

/// How many columns a text takes: Chinese characters take two.
pub(super) fn columns(text: &str) -> usize {
    text.chars().map(|c| if (c as u32) >= 0x2e80 { 2 } else { 1 }).sum()
}

/// Names, the first few of them: a list of a thousand is read by nobody.
pub(super) fn few(names: &[String], most: usize, separator: &str, language: Language) -> String {
    let shown = names.iter().take(most).map(String::as_str).collect::<Vec<_>>().join(separator);
    match names.len().saturating_sub(most) {
        0 => shown,
        more => and_more(&shown, more, language),
    }
}
