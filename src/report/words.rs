//! How figures and factors are put into words.

use crate::{
    Language, Metric, Quantity, Unit,
    compare::{Comparison, Direction},
};

/// `200× faster`, or the other way round where B is the worse one.
pub(super) fn times(pair: &Comparison<'_>, language: Language) -> String {
    let Some(gain) = pair.gain().filter(|gain| *gain > 0.0) else { return String::new() };
    let (factor, word) = match better_and_worse(pair, language) {
        (better, _) if gain >= 1.0 => (gain, better),
        (_, worse) => (1.0 / gain, worse),
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

fn better_and_worse(pair: &Comparison<'_>, language: Language) -> (&'static str, &'static str) {
    let indicator = pair.reference().indicator();
    match (Direction::of(indicator), pair.reference().quantity().unit()) {
        (Direction::MoreIsBetter, _) => language.pick(("更高", "更低"), ("higher", "lower")),
        (_, Unit::Nanoseconds) => language.pick(("更快", "更慢"), ("faster", "slower")),
        (_, Unit::Bytes) => language.pick(("更小", "更大"), ("smaller", "larger")),
        _ => language.pick(("更低", "更高"), ("lower", "higher")),
    }
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

/// A subject with its figure: `container/alpine > 1.2 s`.
pub(super) fn side(metric: &Metric) -> String {
    format!("{} {}", metric.subject(), value(metric))
}

/// A figure with its bound.
pub(super) fn value(metric: &Metric) -> String {
    format!("{}{}", metric.bound().prefix(), metric.quantity().rounded())
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
    match (names.len().saturating_sub(most), language) {
        (0, _) => shown,
        (more, Language::English) => format!("{shown} and {more} more"),
        (more, Language::Chinese) => format!("{shown}，另有 {more} 个"),
    }
}
