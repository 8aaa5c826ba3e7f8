//! `opa bench`: OPA's own measurement of evaluation alone.

use serde::Deserialize;

use super::{Asked, checked_input, child::path_for_others};
use crate::policy::PolicyError;

/// What OPA measured of one query: parsed and compiled before, no transport inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct OpaBench {
    /// Evaluations.
    pub count: u64,
    /// The mean of one with all that the benchmark does around it, in nanoseconds.
    pub mean_ns: u64,
    /// The median of the evaluation proper, in nanoseconds.
    pub median_ns: u64,
    /// The 99th percentile of the same, in nanoseconds.
    pub p99_ns: u64,
}

impl OpaBench {
    /// On how many processors it runs, as `GOMAXPROCS` says.
    pub const PROCESSORS: u32 = 1;
}

/// Go's `testing.BenchmarkResult`, as `opa bench --format json` prints it.
#[derive(Deserialize)]
struct Measured {
    #[serde(rename = "N")]
    count: u64,
    /// Nanoseconds in all.
    #[serde(rename = "T")]
    time: u64,
    #[serde(rename = "Extra")]
    histogram: Histogram,
}

/// Nanoseconds with fractions, since OPA interpolates.
#[derive(Deserialize)]
struct Histogram {
    #[serde(rename = "histogram_timer_rego_query_eval_ns_median")]
    median: f64,
    #[serde(rename = "histogram_timer_rego_query_eval_ns_99%")]
    p99: f64,
}

pub(super) fn run(asked: &Asked, input: &str) -> Result<OpaBench, PolicyError> {
    checked_input(input)?;
    let bundle = path_for_others(asked.bundle.path());
    let query = format!("data.{}", asked.entrypoint.replace('/', "."));
    let arguments = ["bench", "--bundle", &bundle, "--stdin-input", "--format", "json", "--fail=false", &query];
    let output = asked.run(&arguments, input)?;
    if !output.success {
        return Err(asked.ended(&output.errors));
    }
    parse(&output.answer).ok_or_else(|| asked.trouble(format!("opa bench gave {}", output.answer)))
}

fn parse(answer: &str) -> Option<OpaBench> {
    let Measured { count, time, histogram } = serde_json::from_str(answer).ok()?;
    // Times are not negative; a fraction of a nanosecond is dropped.
    let [median_ns, p99_ns] = [histogram.median, histogram.p99].map(|value| value as u64);
    Some(OpaBench { count, mean_ns: time.checked_div(count)?, median_ns, p99_ns })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_opa_prints_is_understood() {
        let printed = r#"{"N": 4, "T": 1000, "Bytes": 0, "Extra": {
            "histogram_timer_rego_query_eval_ns_median": 200.5, "histogram_timer_rego_query_eval_ns_99%": 310}}"#;
        let expected = OpaBench { count: 4, mean_ns: 250, median_ns: 200, p99_ns: 310 };
        assert_eq!(parse(printed), Some(expected));
        for other in ["", "{}", r#"{"N": 0, "T": 0, "Extra": {}}"#, &printed.replace("\"N\": 4", "\"N\": 0")] {
            assert_eq!(parse(other), None, "{other}");
        }
    }
}
