//! A quantity as a citation gives it, and memory as an environment block does.

use super::NotationProblem;
use crate::{
    Indicator, MetricError, Quantity,
    metric::{Stated, decimal},
};

/// Reads `~512 MB`, `> 10 万`, `50 Pod/Node`, `0.8-1.2 s` for an indicator that is measured in such a unit.
pub(super) fn read(text: &str, indicator: Indicator) -> Result<Stated, NotationProblem> {
    Stated::read(text, indicator).map_err(|error| match error {
        MetricError::Quantity(error) => NotationProblem::Quantity(error),
        other => NotationProblem::Metric(other),
    })
}

/// Memory in the block is given in 10^9 bytes, to the last byte.
pub(super) const GIGA: u64 = 1_000_000_000;

/// `25.1490304` for 25,149,030,400 bytes.
pub(super) fn giga(bytes: u64) -> String {
    let text = format!("{}.{:09}", bytes / GIGA, bytes % GIGA);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// `25.3` for 25,276,510,208 bytes; less than a hundredth of a gigabyte to the last byte.
pub(super) fn giga_rounded(bytes: u64) -> String {
    let size = bytes as f64 / GIGA as f64;
    match size {
        _ if size < 0.01 => giga(bytes),
        _ if size >= 100.0 => format!("{size:.0}"),
        _ => {
            let text = if size >= 10.0 { format!("{size:.1}") } else { format!("{size:.2}") };
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
    }
}

/// Bytes of a decimal number of 10^9 bytes, if that is a whole number that fits.
pub(super) fn bytes(number: &str) -> Option<u64> {
    scaled(number, GIGA)
}

fn scaled(number: &str, scale: u64) -> Option<u64> {
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    (digits(whole) && digits(fraction)).then(|| decimal(number, scale))?
}

/// `1.5` for 1500 thousandths of a CPU.
pub(crate) fn cpus(millis: u32) -> String {
    let text = format!("{}.{:03}", millis / 1000, millis % 1000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Thousandths of a CPU of a decimal number of CPUs, if they are whole.
pub(super) fn millis(number: &str) -> Option<u32> {
    scaled(number, 1000).and_then(|millis| u32::try_from(millis).ok())
}

/// `2 GiB` where a limit is whole in a binary unit, as people set them; else to three digits in a decimal one.
pub(crate) fn binary(bytes: u64) -> String {
    let units = [("GiB", 30), ("MiB", 20)];
    let whole = units.into_iter().find(|(_, shift)| bytes > 0 && bytes.trailing_zeros() >= *shift);
    whole.map_or_else(|| Quantity::bytes(bytes).rounded(), |(unit, shift)| format!("{} {unit}", bytes >> shift))
}

pub(super) const fn yes_or_no(answer: bool) -> &'static str {
    if answer { "yes" } else { "no" }
}

pub(super) fn answer(text: &str) -> Option<bool> {
    match text.trim() {
        "yes" | "是" => Some(true),
        "no" | "否" => Some(false),
        _ => None,
    }
}
