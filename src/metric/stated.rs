//! A value as a source states it: with a bound, as a range, and with the short names that published tables use for counts.

use std::fmt;

use super::{Bound, Indicator, Metric, MetricError, Quantity, QuantityError, Unit, decimal, number};

/// The two ends between which a source gives a value: `0.8-1.2 s`.
///
/// ```
/// use runtime_baseline::{Quantity, Range};
///
/// let range = Range::new(Quantity::nanoseconds(800_000_000), Quantity::nanoseconds(1_200_000_000))?;
/// assert_eq!(range.to_string(), "800 ms – 1.2 s");
/// assert_eq!(range.middle(), Quantity::nanoseconds(1_000_000_000));
/// # Ok::<(), runtime_baseline::QuantityError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Range {
    low: Quantity,
    high: Quantity,
}

impl Range {
    /// A range from one value to a larger one.
    ///
    /// # Errors
    /// [`QuantityError::Range`] when the ends are in two units, or the first is not the smaller one.
    pub fn new(low: Quantity, high: Quantity) -> Result<Self, QuantityError> {
        if low.unit() == high.unit() && low.as_f64() < high.as_f64() {
            return Ok(Self { low, high });
        }
        Err(QuantityError::Range(format!("{low} – {high}")))
    }

    /// The lower end.
    #[must_use]
    pub const fn low(self) -> Quantity {
        self.low
    }

    /// The upper end.
    #[must_use]
    pub const fn high(self) -> Quantity {
        self.high
    }

    /// The value halfway between the ends, which stands for the range where one number is needed.
    #[must_use]
    pub fn middle(self) -> Quantity {
        let unit = self.low.unit();
        match (self.low.as_u64(), self.high.as_u64()) {
            (Some(low), Some(high)) => Quantity::whole(low + (high - low) / 2, unit),
            // Between two values that are finite and not negative there is one such.
            _ => Quantity::new(self.low.as_f64().midpoint(self.high.as_f64()), unit).unwrap_or(self.low),
        }
    }

    /// Both ends to three significant digits.
    #[must_use]
    pub fn rounded(self) -> String {
        format!("{} – {}", self.low.rounded(), self.high.rounded())
    }
}

/// Exact, and parses back.
impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} – {}", self.low, self.high)
    }
}

/// What a source states: a value with a bound, or about the middle of a range.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Stated {
    pub(crate) quantity: Quantity,
    pub(crate) bound: Bound,
    pub(crate) range: Option<Range>,
}

/// What stands for each bound; the printed one is `Bound::prefix`.
const BOUNDS: [(&str, Bound); 11] = [
    ("~", Bound::About),
    ("～", Bound::About),
    ("≈", Bound::About),
    ("约", Bound::About),
    ("about ", Bound::About),
    (">", Bound::Above),
    ("＞", Bound::Above),
    ("above ", Bound::Above),
    ("<", Bound::Below),
    ("＜", Bound::Below),
    ("below ", Bound::Below),
];

/// What stands between the two ends of a range; the printed one is ` – `.
const BETWEEN: [&str; 10] = ["–", "—", "…", "..", " to ", "至", "到", "～", "~", "-"];

impl Stated {
    /// Reads `6 ms`, `~512 MB`, `> 10 万`, `50 Pod/Node`, `0.8-1.2 s` for an indicator that is measured in such a unit.
    pub(crate) fn read(text: &str, indicator: Indicator) -> Result<Self, MetricError> {
        let text = text.trim();
        let bound = BOUNDS.iter().find_map(|(prefix, bound)| text.strip_prefix(prefix).map(|rest| (rest, *bound)));
        let (rest, bound) = bound.unwrap_or((text, Bound::Exact));
        let stated = match ends(rest) {
            None => Self { quantity: single(rest, indicator)?, bound, range: None },
            Some(_) if matches!(bound, Bound::Above | Bound::Below) => {
                return Err(QuantityError::Range(text.to_owned()).into());
            }
            Some((low, high)) => Self::between(low, high, bound, indicator).map_err(|error| match error {
                // As it was written.
                QuantityError::Range(_) => QuantityError::Range(rest.trim().to_owned()),
                other => other,
            })?,
        };
        let unit = stated.quantity.unit();
        if indicator.units().contains(&unit) {
            return Ok(stated);
        }
        Err(MetricError::UnitMismatch { indicator, unit })
    }

    fn between(low: &str, high: &str, bound: Bound, indicator: Indicator) -> Result<Self, QuantityError> {
        // The unit may stand once, behind both.
        let (_, unit) = number(high)?;
        let low = match number(low)? {
            (_, "") => single(&format!("{low} {unit}"), indicator)?,
            _ => single(low, indicator)?,
        };
        let high = single(high, indicator)?;
        if low == high {
            return Ok(Self { quantity: low, bound, range: None });
        }
        Ok(Range::new(low, high)?.into())
    }

    /// Exactly, in the notation.
    pub(crate) fn exact(self) -> String {
        match self.range {
            Some(range) => range.to_string(),
            None => format!("{}{}", self.bound.prefix(), self.quantity),
        }
    }

    /// To three significant digits.
    pub(crate) fn rounded(self) -> String {
        match self.range {
            Some(range) => range.rounded(),
            None => format!("{}{}", self.bound.prefix(), self.quantity.rounded()),
        }
    }
}

impl From<Range> for Stated {
    fn from(range: Range) -> Self {
        Self { quantity: range.middle(), bound: Bound::About, range: Some(range) }
    }
}

/// The two texts around what stands between the ends of a range, each of which begins with a digit.
pub(crate) fn ends(text: &str) -> Option<(&str, &str)> {
    let begins = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
    let around = |between: &&str| text.split_once(*between).map(|(low, high)| (low.trim(), high.trim()));
    BETWEEN.iter().filter_map(around).find(|(low, high)| begins(low) && begins(high))
}

fn single(text: &str, indicator: Indicator) -> Result<Quantity, QuantityError> {
    let text = text.trim();
    text.parse().or_else(|error| count(text, indicator).ok_or(error))
}

/// What people count by where a rate is asked for. A tool author may have a unit of that name, so no other figure is read so.
const RATES: [&str; 8] = ["ops/s", "ops/sec", "req/s", "requests/s", "QPS", "qps", "RPS", "rps"];

/// A count or a rate whose unit follows from the indicator: `300 Pod`, `1000`, `10 万`, `141,578 QPS`.
fn count(text: &str, indicator: Indicator) -> Option<Quantity> {
    let unit = *indicator.units().first()?;
    let names: &[&str] = match unit {
        Unit::Instances => &["", "instance", "pod", "pods", "pod/node", "pods/node", "个", "实例"],
        Unit::Objects => &["", "object", "个", "对象"],
        Unit::Nodes => &["", "node", "个", "节点"],
        Unit::PerSecond => {
            let (number, name) = number(text).ok()?;
            return RATES.contains(&name).then(|| Quantity::new(number.parse().ok()?, unit).ok())?;
        }
        _ => return None,
    };
    let (number, name) = number(text).ok()?;
    let (scale, name) = name.strip_prefix('万').map_or((1, name), |name| (10_000, name.trim_start()));
    names
        .contains(&name.to_ascii_lowercase().as_str())
        .then(|| decimal(&number, scale))?
        .map(|n| Quantity::whole(n, unit))
}

impl Metric {
    /// Says that the source gives a range: the quantity becomes about its middle.
    ///
    /// # Errors
    /// [`MetricError::UnitMismatch`] when the range is not in a unit that the indicator is measured in.
    pub fn with_range(mut self, range: Range) -> Result<Self, MetricError> {
        let unit = range.low.unit();
        if !self.indicator.units().contains(&unit) {
            return Err(MetricError::UnitMismatch { indicator: self.indicator, unit });
        }
        let Stated { quantity, bound, .. } = range.into();
        (self.quantity, self.bound, self.range) = (quantity, bound, Some(Box::new(range)));
        Ok(self)
    }

    /// The range that the source gives, if it gives one in place of a value.
    #[must_use]
    pub fn range(&self) -> Option<Range> {
        self.range.as_deref().copied()
    }

    /// The value in words: `6 ms`, `~512 MB`, `> 1000 nodes`, `800 ms – 1.2 s`.
    #[must_use]
    pub fn as_stated(&self) -> String {
        self.stated().exact()
    }

    pub(crate) fn stated(&self) -> Stated {
        Stated { quantity: self.quantity, bound: self.bound, range: self.range() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, indicator: Indicator) -> Result<String, String> {
        Stated::read(text, indicator).map(Stated::exact).map_err(|error| error.to_string())
    }

    #[test]
    fn a_range_is_read_in_every_way_that_people_write_it_and_printed_in_one() {
        for text in [
            "0.8-1.2 s",
            "0.8 – 1.2 s",
            "800 ms-1.2 s",
            "0.8 s to 1.2 s",
            "0.8 to 1.2 s",
            "~ 0.8-1.2 s",
            "0.8~1.2 s",
            "800 至 1,200 ms",
            "800..1200ms",
            "800 ms – 1.2 s",
        ] {
            assert_eq!(read(text, Indicator::StartupTime), Ok("800 ms – 1.2 s".into()), "{text}");
        }
        for (text, printed, indicator) in [
            ("50-200 MB", "50 MB – 200 MB", Indicator::MemoryBaseline),
            ("1 KiB-2 KiB", "1.024 kB – 2.048 kB", Indicator::ImageSize),
            ("5–10 %", "5% – 10%", Indicator::CpuBaseline),
            ("300-500 Pod/Node", "300 instances – 500 instances", Indicator::Density),
            ("10-12 万", "100000 objects – 120000 objects", Indicator::TotalObjects),
            ("14 k/s to 61 k/s", "14000/s – 61000/s", Indicator::StartRate),
            ("1,000-1,500.5 req/s", "1000/s – 1500.5/s", Indicator::EvaluationRate),
            ("141,578 QPS", "141578/s", Indicator::EvaluationRate),
            ("6-6 ms", "6 ms", Indicator::StartupTime),
            ("~ 6-6 ms", "~6 ms", Indicator::StartupTime),
        ] {
            assert_eq!(read(text, indicator), Ok(printed.into()), "{text}");
            assert_eq!(read(printed, indicator), Ok(printed.into()));
        }
        let stated = Stated::read("1-4 ms", Indicator::StartupTime).unwrap();
        assert_eq!((stated.quantity, stated.bound), (Quantity::nanoseconds(2_500_000), Bound::About));
    }

    #[test]
    fn a_metric_of_a_range_is_stored_and_read_again() {
        let source = crate::Source::new(crate::SourceKind::ThirdParty, "a page").unwrap();
        let component = crate::Component::new("a", "1.0").unwrap();
        let provenance = crate::Provenance::new(source, component, "2026-01".parse().unwrap());
        let (low, high) = (Quantity::nanoseconds(800_000_000), Quantity::nanoseconds(1_200_000_000));
        let metric = Metric::new(Indicator::StartupTime, "a".parse().unwrap(), low, provenance).unwrap();
        let metric = metric.with_range(Range::new(low, high).unwrap()).unwrap();
        assert_eq!(metric.as_stated(), "800 ms – 1.2 s");
        let json = serde_json::to_string(&metric).unwrap();
        assert!(json.contains(r#""bound":"about","range":{"low":800000000,"high":1200000000}"#), "{json}");
        assert!(json.contains(r#""kind":"third_party""#), "{json}");
        assert_eq!(serde_json::from_str::<Metric>(&json).unwrap(), metric);
        let other = json.replace("\"value\":1000000000", "\"value\":5");
        assert!(other != json);
        let error = serde_json::from_str::<Metric>(&other).unwrap_err().to_string();
        assert!(error.contains("the value is 5 ns, and the middle of 800 ms – 1.2 s is 1 s"), "{error}");
        assert_eq!(metric.with_bound(Bound::Exact).range(), None);
        let bytes = Range::new(Quantity::bytes(1), Quantity::bytes(2)).unwrap();
        assert!(serde_json::from_str::<Metric>(&json).unwrap().with_range(bytes).is_err());
    }

    #[test]
    fn what_is_no_range_is_named() {
        for (text, message) in [
            ("1.2-0.8 s", "\"1.2-0.8 s\" is no range: write the smaller end first"),
            ("1 ms-2 MB", "no range"),
            ("> 1-2 s", "no range"),
            ("1-2", "no unit"),
            ("1-2 parsecs", "unknown unit"),
            ("1-2 MB", "startup_time is not measured in bytes"),
        ] {
            let error = read(text, Indicator::StartupTime).unwrap_err();
            assert!(error.contains(message), "{text}: {error}");
        }
    }
}
