//! The units that other tools name, as those that figures are stored in.

use crate::{Quantity, Unit};

/// What others count by: one operation of a benchmark.
const OPERATIONS: [&str; 13] = [
    "op",
    "ops",
    "iter",
    "iters",
    "iteration",
    "iterations",
    "call",
    "calls",
    "req",
    "requests",
    "elem",
    "items",
    "runs",
];

/// How many of the stored unit one of `name` is: `us/op` is 1,000 ns, and `ops/ms` 1,000 a second. Nothing where no figure
/// is stored in it.
pub(super) fn scale(name: &str) -> Option<(f64, Unit)> {
    let name = name.trim();
    let is_operation = |text: &str| OPERATIONS.contains(&text.trim().to_ascii_lowercase().as_str());
    match name.split_once('/') {
        Some((amount, each)) if is_operation(each) => one(amount).filter(|(_, unit)| *unit != Unit::PerSecond),
        Some((count, time)) if is_operation(count) => {
            let (ns, unit) = one(time)?;
            (unit == Unit::Nanoseconds).then_some((1e9 / ns, Unit::PerSecond))
        }
        _ => one(name),
    }
}

fn one(name: &str) -> Option<(f64, Unit)> {
    let name = name.trim();
    // A digit would become one of the number's.
    let known = format!("1 {name}").parse::<Quantity>().ok().filter(|_| !name.starts_with(char::is_numeric));
    // As authors of measurements spell them: a `b` is what one of criterion's counts of allocated bytes.
    let spelled = match name {
        "b" | "Bytes" => Some((1.0, Unit::Bytes)),
        "Percent" => Some((1.0, Unit::Percent)),
        "nsec" => Some((1.0, Unit::Nanoseconds)),
        "usec" => Some((1e3, Unit::Nanoseconds)),
        "msec" => Some((1e6, Unit::Nanoseconds)),
        _ => None,
    };
    known.map(|one| (one.as_f64(), one.unit())).or(spelled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_read_as_tools_write_them() {
        for (name, scale_and_unit) in [
            ("ns/iter", (1.0, Unit::Nanoseconds)),
            ("us/op", (1e3, Unit::Nanoseconds)),
            ("s/op", (1e9, Unit::Nanoseconds)),
            ("B/op", (1.0, Unit::Bytes)),
            ("iter/sec", (1.0, Unit::PerSecond)),
            ("ops/ms", (1e3, Unit::PerSecond)),
            ("ops/sec", (1.0, Unit::PerSecond)),
            ("Percent", (1.0, Unit::Percent)),
            ("MB", (1e6, Unit::Bytes)),
            ("Bytes", (1.0, Unit::Bytes)),
            ("b", (1.0, Unit::Bytes)),
            ("µs", (1e3, Unit::Nanoseconds)),
        ] {
            assert_eq!(scale(name), Some(scale_and_unit), "{name}");
        }
        // A throughput of bytes and a number of allocations are none of ours.
        for name in ["MB/s", "allocs/op", "gates", "", "/", "op/op", "ops/MB", "Mb", "000 ms"] {
            assert_eq!(scale(name), None, "{name}");
        }
    }
}
