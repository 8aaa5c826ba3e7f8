//! Which statistic of samples a figure is.

use std::{borrow::Cow, fmt, str::FromStr};

use serde::{Deserialize, Serialize, Serializer};

/// Which statistic of the samples a quantity is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
#[non_exhaustive]
pub enum Statistic {
    /// One observation, or a published figure that does not say.
    Single,
    /// The arithmetic mean.
    Mean,
    /// The smallest sample.
    Min,
    /// The 50th percentile.
    Median,
    /// The 90th percentile.
    P90,
    /// The 99th percentile.
    P99,
    /// The largest sample.
    Max,
    /// The slope of a line through many observations: the cost of one more.
    Slope,
    /// Events over the time that they took together.
    Rate,
    /// Another percentile: see [`Statistic::quantile`].
    Quantile(Quantile),
}

/// A percentile that has no name of its own, to a ten-thousandth of a per cent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantile {
    /// Above 0, below 1,000,000.
    per_million: u32,
}

impl Quantile {
    /// As a fraction: 0.999 for p99.9.
    #[must_use]
    pub fn fraction(self) -> f64 {
        f64::from(self.per_million) / 1e6
    }
}

/// The percentiles that have names, in millionths.
const NAMED: [(u32, Statistic); 3] =
    [(500_000, Statistic::Median), (900_000, Statistic::P90), (990_000, Statistic::P99)];

impl Statistic {
    /// The statistics that have names.
    const ALL: [Self; 9] =
        [Self::Single, Self::Mean, Self::Min, Self::Median, Self::P90, Self::P99, Self::Max, Self::Slope, Self::Rate];

    /// The quantile at a fraction of so many millionths: 999,000 for p99.9. Those that have names are these: 500,000 is the
    /// median.
    ///
    /// ```
    /// use runtime_baseline::Statistic;
    ///
    /// assert_eq!(Statistic::quantile(999_000).map(|p| p.to_string()), Some("p99.9".to_owned()));
    /// assert_eq!(Statistic::quantile(500_000), Some(Statistic::Median));
    /// assert_eq!(Statistic::quantile(1_000_000), None);
    /// ```
    #[must_use]
    pub fn quantile(per_million: u32) -> Option<Self> {
        if per_million == 0 || per_million >= 1_000_000 {
            return None;
        }
        let named = NAMED.into_iter().find(|(millionths, _)| *millionths == per_million);
        Some(named.map_or(Self::Quantile(Quantile { per_million }), |(_, statistic)| statistic))
    }

    /// The fraction of the samples that is not above it, where it is a quantile: 0.5 for the median.
    #[must_use]
    pub fn fraction(self) -> Option<f64> {
        match self {
            Self::Median => Some(0.5),
            Self::P90 => Some(0.9),
            Self::P99 => Some(0.99),
            Self::Quantile(quantile) => Some(quantile.fraction()),
            Self::Single | Self::Mean | Self::Min | Self::Max | Self::Slope | Self::Rate => None,
        }
    }

    /// Whether it says how the extreme samples lie, and nothing of a typical one.
    #[must_use]
    pub fn is_tail(self) -> bool {
        match self {
            Self::Min | Self::Max | Self::P90 | Self::P99 => true,
            Self::Quantile(quantile) => !(250_000..=750_000).contains(&quantile.per_million),
            Self::Single | Self::Mean | Self::Median | Self::Slope | Self::Rate => false,
        }
    }

    /// The name in the stored form: `median`, `p99`, `p99.9`.
    #[must_use]
    pub fn name(self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Single => "single",
            Self::Mean => "mean",
            Self::Min => "min",
            Self::Median => "median",
            Self::P90 => "p90",
            Self::P99 => "p99",
            Self::Max => "max",
            Self::Slope => "slope",
            Self::Rate => "rate",
            Self::Quantile(Quantile { per_million }) => {
                let (whole, part) = (per_million / 10_000, per_million % 10_000);
                let text = format!("p{whole}.{part:04}");
                return Cow::Owned(text.trim_end_matches('0').trim_end_matches('.').to_owned());
            }
        })
    }
}

impl fmt::Display for Statistic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.name())
    }
}

/// A name that is no statistic.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "unknown statistic {0:?}: use single, mean, min, median, max, slope, rate, or a percentile such as p99 or p99.9"
)]
pub struct UnknownStatistic(pub String);

impl FromStr for Statistic {
    type Err = UnknownStatistic;

    fn from_str(text: &str) -> Result<Self, UnknownStatistic> {
        let named = Self::ALL.into_iter().find(|statistic| statistic.name() == text);
        named.or_else(|| percentile(text)).ok_or_else(|| UnknownStatistic(text.to_owned()))
    }
}

/// `p99.9`: at most two digits, and at most four after the point.
fn percentile(text: &str) -> Option<Statistic> {
    let number = text.strip_prefix('p')?;
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || number.ends_with('.') || whole.len() > 2 || part.len() > 4 || !digits(whole) || !digits(part)
    {
        return None;
    }
    let part: u32 = format!("{part:0<4}").parse().ok()?;
    Statistic::quantile(whole.parse::<u32>().ok()? * 10_000 + part)
}

impl TryFrom<String> for Statistic {
    type Error = UnknownStatistic;

    fn try_from(text: String) -> Result<Self, UnknownStatistic> {
        text.parse()
    }
}

impl Serialize for Statistic {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back() {
        let percentiles =
            [1, 10_000, 50_000, 950_000, 999_000, 999_900, 999_999].map(|n| Statistic::quantile(n).unwrap());
        for statistic in Statistic::ALL.into_iter().chain(percentiles) {
            assert_eq!(statistic.name().parse(), Ok(statistic), "{statistic}");
        }
        let names = percentiles.map(|percentile| percentile.to_string());
        assert_eq!(names, ["p0.0001", "p1", "p5", "p95", "p99.9", "p99.99", "p99.9999"]);
        assert_eq!("p50".parse(), Ok(Statistic::Median));
        assert_eq!("p99.00".parse(), Ok(Statistic::P99));
        for text in ["", "p", "p0", "p100", "p099", "p9.", "p-5", "p99.99999", "P99", "tail"] {
            assert!(text.parse::<Statistic>().is_err(), "{text}");
        }
    }
}
