//! CSV, Bencher Metric Format, and the custom JSON of github-action-benchmark.

use serde_json::{Map, Value, json};

use super::named;
use crate::{Baseline, Metric, Quantity, compare::Direction, provenance::cpus};

const COLUMNS: [&str; 37] = [
    "indicator",
    "subject",
    "workload",
    "temperature",
    "statistic",
    "bound",
    "value",
    "unit",
    "level",
    "low",
    "high",
    "count",
    "samples",
    "source_kind",
    "source_reference",
    "components",
    "date",
    "cpu",
    "cores",
    "memory_bytes",
    "storage",
    "virtualization",
    "os",
    "kernel",
    "rustc",
    "concurrency",
    "load",
    "isolation",
    "transport",
    "engine",
    "noise",
    "cpu_quota",
    "memory_limit_bytes",
    "cpuset",
    "container",
    "user_namespace",
    "clock_source",
];

/// All metrics, older ones too, as CSV (RFC 4180, with a header line): one line each, its provenance included. Lists are
/// joined by `; `.
#[must_use]
pub fn to_csv(baseline: &Baseline) -> String {
    let mut out = COLUMNS.join(",") + "\r\n";
    for metric in baseline.metrics() {
        let cells: Vec<String> = cells(metric).iter().map(|cell| quoted(cell)).collect();
        out.push_str(&cells.join(","));
        out.push_str("\r\n");
    }
    out
}

fn cells(metric: &Metric) -> Vec<String> {
    fn text<T: ToString>(value: Option<T>) -> String {
        value.map(|v| v.to_string()).unwrap_or_default()
    }
    fn stored<T: serde::Serialize>(value: T) -> String {
        match serde_json::to_value(value) {
            Ok(Value::String(text)) => text,
            _ => String::new(),
        }
    }
    let provenance = metric.provenance();
    let environment = provenance.environment();
    let (hardware, software, conditions) = (&environment.hardware, &environment.software, &environment.conditions);
    let interval = metric.interval();
    let components: Vec<String> = provenance.components().iter().map(ToString::to_string).collect();
    let engine: Vec<String> = conditions.settings().iter().map(|(key, value)| format!("{key}={value}")).collect();
    vec![
        metric.indicator().to_string(),
        metric.subject().to_string(),
        text(metric.workload()),
        text(metric.temperature()),
        metric.statistic().to_string(),
        stored(metric.bound()),
        amount(metric.quantity()),
        metric.quantity().unit().as_str().to_owned(),
        text(interval.map(|i| i.level())),
        text(interval.map(|i| amount(i.low()))),
        text(interval.map(|i| amount(i.high()))),
        text(metric.count()),
        text(metric.samples().map(|p| p.display())),
        stored(provenance.source().kind()),
        provenance.source().reference().to_owned(),
        components.join("; "),
        provenance.date().to_string(),
        text(hardware.cpu.as_ref()),
        text(hardware.cores),
        text(hardware.memory_bytes),
        text(hardware.storage.as_ref()),
        text(hardware.virtualization.as_ref()),
        text(software.os.as_ref()),
        text(software.kernel.as_ref()),
        text(software.rustc.as_ref()),
        text(conditions.concurrency),
        text(conditions.load.as_ref()),
        text(conditions.isolation),
        text(conditions.transport.as_ref()),
        engine.join("; "),
        conditions.noise.join("; "),
        text(hardware.cpu_quota_millis.map(cpus)),
        text(hardware.memory_limit_bytes),
        text(hardware.cpuset.as_ref()),
        text(software.container.as_ref()),
        text(software.user_namespace),
        text(software.clock_source.as_ref()),
    ]
}

fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\r', '\n']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.to_owned() }
}

/// The amount in its canonical unit, without it.
fn amount(quantity: Quantity) -> String {
    number(quantity).to_string()
}

fn number(quantity: Quantity) -> Value {
    quantity.as_u64().map_or_else(|| quantity.as_f64().into(), Value::from)
}

/// Bencher Metric Format: a benchmark for each series, with its indicator as the measure, in canonical units.
#[must_use]
pub fn to_bencher(baseline: &Baseline) -> String {
    let mut benchmarks = Map::new();
    for (name, metric) in named(baseline) {
        let mut figure = Map::new();
        figure.insert("value".into(), number(metric.quantity()));
        if let Some(interval) = metric.interval() {
            figure.insert("lower_value".into(), number(interval.low()));
            figure.insert("upper_value".into(), number(interval.high()));
        }
        let measures = benchmarks.entry(name).or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(measures) = measures {
            measures.insert(metric.indicator().as_str().replace('_', "-"), figure.into());
        }
    }
    pretty(&Value::Object(benchmarks))
}

/// The JSON that github-action-benchmark reads as `customSmallerIsBetter` or, for indicators that grow when they get
/// better, as `customBiggerIsBetter`. Its files hold one of the two, so this gives the series of one direction.
#[must_use]
pub fn to_github_action_benchmark(baseline: &Baseline, direction: Direction) -> String {
    let entries = named(baseline).into_iter().filter(|(_, m)| Direction::of(m.indicator()) == direction);
    let entries = entries.map(|(name, metric)| {
        let components: Vec<String> = metric.provenance().components().iter().map(ToString::to_string).collect();
        let mut entry = json!({
            "name": format!("{} {name}", metric.indicator()),
            "unit": metric.quantity().unit().as_str(),
            "value": number(metric.quantity()),
            "extra": format!("{}\n{}", components.join(", "), metric.provenance().date()),
        });
        if let Some(interval) = metric.interval() {
            entry["range"] = format!("{}..{}", amount(interval.low()), amount(interval.high())).into();
        }
        entry
    });
    pretty(&Value::Array(entries.collect()))
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}
