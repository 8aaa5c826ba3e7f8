//! OpenMetrics text, version 1.0.

use std::{borrow::Cow, collections::BTreeMap, fmt::Write};

use super::named;
use crate::{Baseline, Indicator, Metric, Quantity, Unit};

/// The figures as gauges in base units (seconds, bytes, ratios), one family for each indicator and unit, with two more
/// for the ends of the intervals.
#[must_use]
pub fn to_openmetrics(baseline: &Baseline) -> String {
    // The format wants all samples of a family together.
    let mut families: BTreeMap<(Indicator, Unit), Vec<(String, &Metric)>> = BTreeMap::new();
    for (name, metric) in named(baseline) {
        families.entry((metric.indicator(), metric.quantity().unit())).or_default().push((name, metric));
    }
    let mut out = String::new();
    for ((indicator, unit), members) in families {
        let low = |metric: &Metric| metric.interval().map(|i| i.low());
        let high = |metric: &Metric| metric.interval().map(|i| i.high());
        family(&mut out, indicator, unit, "", "", &members, |metric| Some(metric.quantity()));
        family(&mut out, indicator, unit, "_low", ", lower end of the interval", &members, low);
        family(&mut out, indicator, unit, "_high", ", upper end of the interval", &members, high);
    }
    out.push_str("# EOF\n");
    out
}

fn family(
    out: &mut String,
    indicator: Indicator,
    unit: Unit,
    end: &str,
    help: &str,
    members: &[(String, &Metric)],
    value: impl Fn(&Metric) -> Option<Quantity>,
) {
    let (base, scale) = base_unit(unit);
    // A family's name ends with its unit.
    let stem = format!("runtime_baseline_{indicator}{end}");
    let name = if stem.ends_with(&format!("_{base}")) { stem } else { format!("{stem}_{base}") };
    let mut samples = members.iter().filter_map(|(series, m)| Some((series, m, value(m)?))).peekable();
    if samples.peek().is_none() {
        return;
    }
    // Writing to a string does not fail.
    let _ = writeln!(out, "# TYPE {name} gauge\n# UNIT {name} {base}\n# HELP {name} {}{help}", indicator.label());
    for (series, metric, quantity) in samples {
        let _ = writeln!(out, "{name}{{{}}} {}", labels(series, metric), quantity.as_f64() / scale);
    }
}

/// The format's base unit, and how many of ours make one.
fn base_unit(unit: Unit) -> (Cow<'static, str>, f64) {
    let (name, scale) = match unit {
        Unit::Nanoseconds => ("seconds", 1e9),
        Unit::Bytes => ("bytes", 1.0),
        Unit::Percent => ("ratio", 100.0),
        Unit::Ratio => ("ratio", 1.0),
        Unit::Instances => ("instances", 1.0),
        Unit::Objects => ("objects", 1.0),
        Unit::Nodes => ("nodes", 1.0),
        Unit::CpuSeconds => ("cpu_seconds", 1.0),
        Unit::PerSecond => ("per_second", 1.0),
        Unit::Other(own) => {
            let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
            return (own.name().chars().map(plain).collect::<String>().into(), 1.0);
        }
    };
    (name.into(), scale)
}

/// `series` makes the set of labels unique.
fn labels(series: &str, metric: &Metric) -> String {
    let components: Vec<String> = metric.provenance().components().iter().map(ToString::to_string).collect();
    let all = [
        ("subject", metric.subject().to_string()),
        ("workload", metric.workload().unwrap_or_default().to_owned()),
        ("temperature", metric.temperature().map(|t| t.to_string()).unwrap_or_default()),
        ("statistic", metric.statistic().to_string()),
        ("components", components.join(", ")),
        ("date", metric.provenance().date().to_string()),
        ("series", series.to_owned()),
    ];
    // An empty label is the same as none.
    let stated = all.iter().filter(|(_, value)| !value.is_empty());
    stated.map(|(key, value)| format!("{key}=\"{}\"", escaped(value))).collect::<Vec<_>>().join(",")
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
