//! An amount with its unit. Storage is canonical (integer nanoseconds and bytes); `Display` is for people.

use std::{fmt, str::FromStr};

use super::OwnUnit;

/// The canonical units. Every figure is stored in one of these; scaling (`6 ms`) is for printing alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Unit {
    /// Nanoseconds, integer.
    Nanoseconds,
    /// Bytes, integer.
    Bytes,
    /// Per cent, of one core or of a node as the indicator says.
    Percent,
    /// Instances (Pods, containers, modules), integer.
    Instances,
    /// API objects, integer.
    Objects,
    /// Nodes, integer.
    Nodes,
    /// A plain ratio.
    Ratio,
    /// Seconds of CPU time.
    CpuSeconds,
    /// Events per second.
    PerSecond,
    /// A unit of a tool author's own: see [`Unit::other`].
    Other(OwnUnit),
}

impl Unit {
    pub(crate) const ALL: [Self; 9] = [
        Self::Nanoseconds,
        Self::Bytes,
        Self::Percent,
        Self::Instances,
        Self::Objects,
        Self::Nodes,
        Self::Ratio,
        Self::CpuSeconds,
        Self::PerSecond,
    ];

    /// The name in the stored form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Nanoseconds => "ns",
            Self::Bytes => "bytes",
            Self::Percent => "percent",
            Self::Instances => "instances",
            Self::Objects => "objects",
            Self::Nodes => "nodes",
            Self::Ratio => "ratio",
            Self::CpuSeconds => "cpu_s",
            Self::PerSecond => "per_s",
            Self::Other(own) => own.name(),
        }
    }

    /// Whether amounts in this unit are whole numbers.
    #[must_use]
    pub const fn is_integer(self) -> bool {
        matches!(self, Self::Nanoseconds | Self::Bytes | Self::Instances | Self::Objects | Self::Nodes)
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Unit {
    type Err = QuantityError;

    fn from_str(s: &str) -> Result<Self, QuantityError> {
        let known = Self::ALL.into_iter().find(|u| u.as_str() == s);
        let found = known.or_else(|| OwnUnit::named(s).map(Self::Other));
        found.ok_or_else(|| QuantityError::UnknownUnit(s.to_owned()))
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Amount {
    Whole(u64),
    Real(f64),
}

/// An amount in a canonical unit: never negative, never NaN or infinite, whole where the unit is.
///
/// ```
/// use runtime_baseline::{Quantity, Unit};
///
/// let q = Quantity::nanoseconds(6_000_000);
/// assert_eq!(q.to_string(), "6 ms");
/// assert_eq!("6 ms".parse::<Quantity>()?, q);
/// assert!(Quantity::new(f64::NAN, Unit::Percent).is_err());
/// # Ok::<(), runtime_baseline::QuantityError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quantity {
    amount: Amount,
    unit: Unit,
}

impl Quantity {
    /// A time.
    #[must_use]
    pub const fn nanoseconds(ns: u64) -> Self {
        Self { amount: Amount::Whole(ns), unit: Unit::Nanoseconds }
    }

    /// A size.
    #[must_use]
    pub const fn bytes(bytes: u64) -> Self {
        Self { amount: Amount::Whole(bytes), unit: Unit::Bytes }
    }

    /// A number of instances.
    #[must_use]
    pub const fn instances(n: u64) -> Self {
        Self { amount: Amount::Whole(n), unit: Unit::Instances }
    }

    /// A whole amount in any unit.
    #[must_use]
    pub const fn whole(value: u64, unit: Unit) -> Self {
        let amount = if unit.is_integer() { Amount::Whole(value) } else { Amount::Real(value as f64) };
        Self { amount, unit }
    }

    /// An amount in any unit.
    ///
    /// # Errors
    /// [`QuantityError`] when `value` is negative, NaN or infinite, or not whole where the unit is.
    pub fn new(value: f64, unit: Unit) -> Result<Self, QuantityError> {
        if !value.is_finite() || value < 0.0 {
            return Err(QuantityError::OutOfRange { value: value.to_string(), unit });
        }
        if !unit.is_integer() {
            // `+ 0.0` turns -0.0 into 0.0, so that equal quantities print alike.
            return Ok(Self { amount: Amount::Real(value + 0.0), unit });
        }
        // 2^53: above it, an f64 no longer holds every integer.
        if value.fract() != 0.0 || value > 9_007_199_254_740_992.0 {
            return Err(QuantityError::NotWhole { value: value.to_string(), unit });
        }
        Ok(Self { amount: Amount::Whole(value as u64), unit })
    }

    /// The unit.
    #[must_use]
    pub const fn unit(self) -> Unit {
        self.unit
    }

    /// The amount as a real number, for arithmetic between quantities of one unit.
    #[must_use]
    pub fn as_f64(self) -> f64 {
        match self.amount {
            Amount::Whole(n) => n as f64,
            Amount::Real(x) => x,
        }
    }

    /// The amount where it is a whole number by its unit (nanoseconds, bytes, counts).
    #[must_use]
    pub const fn as_u64(self) -> Option<u64> {
        match self.amount {
            Amount::Whole(n) => Some(n),
            Amount::Real(_) => None,
        }
    }

    /// The same amount to three significant digits, for tables: `21.45 µs` becomes `21.5 µs`.
    #[must_use]
    pub fn rounded(self) -> String {
        let x = self.as_f64();
        let scales = scales(self.unit);
        let at = scales.iter().rposition(|(scale, _)| x >= *scale).unwrap_or(0);
        let (scale, suffix) = scales[at];
        let text = three_digits(x / scale);
        // 999.9 µs rounds to a thousand of them, which is 1 ms.
        match (text.as_str(), scales.get(at + 1)) {
            ("1000", Some((next, larger))) if *next == scale * 1e3 => join("1", larger),
            _ => join(&text, suffix),
        }
    }

    /// The largest scale at which the amount is not below one, and its suffix.
    fn scale(self) -> (f64, &'static str) {
        let x = self.as_f64();
        scales(self.unit).iter().rev().find(|(scale, _)| x >= *scale).copied().unwrap_or(scales(self.unit)[0])
    }
}

/// At most three significant digits, or the whole part of a larger number.
fn three_digits(x: f64) -> String {
    let decimals = match x {
        _ if x == 0.0 || x >= 100.0 => 0,
        _ if x >= 10.0 => 1,
        _ if x >= 1.0 => 2,
        // Below its smallest scale: 0.0059 % is not nothing.
        _ => (2 - x.log10().floor() as i32).clamp(0, 12) as usize,
    };
    let mut text = format!("{x:.decimals$}");
    if text.contains('.') {
        text.truncate(text.trim_end_matches('0').trim_end_matches('.').len());
    }
    text
}

/// Scales for people, smallest first. Decimal, as the published figures are: 1 MB is 10^6 bytes.
const fn scales(unit: Unit) -> &'static [(f64, &'static str)] {
    match unit {
        Unit::Nanoseconds => &[(1.0, "ns"), (1e3, "µs"), (1e6, "ms"), (1e9, "s")],
        Unit::Bytes => &[(1.0, "B"), (1e3, "kB"), (1e6, "MB"), (1e9, "GB"), (1e12, "TB")],
        Unit::Percent => &[(1.0, "%")],
        Unit::Instances => &[(1.0, "instances")],
        Unit::Objects => &[(1.0, "objects")],
        Unit::Nodes => &[(1.0, "nodes")],
        Unit::Ratio => &[(1.0, "×")],
        Unit::CpuSeconds => &[(1.0, "CPU s")],
        Unit::PerSecond => &[(1.0, "/s")],
        Unit::Other(own) => own.scales(),
    }
}

fn join(number: &str, suffix: &str) -> String {
    match suffix {
        "%" | "×" | "/s" => format!("{number}{suffix}"),
        _ => format!("{number} {suffix}"),
    }
}

/// Exact, in the largest scale that is not below one: `21.45 µs`, `13 MB`, `0.5%`. Parses back to the same quantity.
impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scale, suffix) = self.scale();
        let number = match self.amount {
            Amount::Real(x) => x.to_string(),
            Amount::Whole(n) => {
                let scale = scale as u64;
                let digits = scale.ilog10() as usize;
                let text = format!("{}.{:0digits$}", n / scale, n % scale);
                text.trim_end_matches('0').trim_end_matches('.').to_owned()
            }
        };
        // Scale 1 has no fraction: "40." was trimmed above to "40", but "400." must keep its zeros.
        let number = match self.amount {
            Amount::Whole(n) if scale == 1.0 => n.to_string(),
            _ => number,
        };
        f.pad(&join(&number, suffix))
    }
}

/// Stored as `(value, unit)`; see `wire`.
impl Quantity {
    pub(super) fn to_json(self) -> serde_json::Value {
        match self.amount {
            Amount::Whole(n) => n.into(),
            Amount::Real(x) => x.into(),
        }
    }

    pub(super) fn from_json(value: &serde_json::Number, unit: Unit) -> Result<Self, QuantityError> {
        match value.as_u64() {
            Some(n) => Ok(Self::whole(n, unit)),
            None => Self::new(value.as_f64().unwrap_or(f64::NAN), unit),
        }
    }
}

/// Why an amount is not a quantity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum QuantityError {
    /// The unit is not one of [`Unit`]'s names, nor a scale of it.
    #[error(
        "unknown unit {0:?}: use ns, µs, ms, s, min, B, kB, MB, GB, TB, KiB, MiB, GiB, TiB, %, ×, instances, objects, \
         nodes, CPU s, /s, k/s or M/s"
    )]
    UnknownUnit(String),
    /// The name of a unit of one's own is taken, or one that not every form can hold.
    #[error(
        "{0:?} is no name of another unit: write a short word without blanks, commas and brackets that is no unit yet"
    )]
    OwnUnit(String),
    /// There is no room for another unit in this process.
    #[error("the unit {0:?} finds no room: a process tells 1,024 units of tool authors' own apart")]
    TooManyOwn(String),
    /// No range: its ends are in two units, or stand the wrong way round.
    #[error("{0:?} is no range: write the smaller end first, both in one unit, as in \"0.8-1.2 s\"")]
    Range(String),
    /// A number alone: write its unit after it.
    #[error("{0:?} has no unit: write one after the number, such as \"6 ms\" or \"13 MB\"")]
    NoUnit(String),
    /// A separator that does not stand between groups of three digits, such as a decimal comma.
    #[error(
        "{0:?}: a separator stands between groups of three digits, as in \"1,200 ms\", and a point before the decimals, \
         as in \"1.2 s\""
    )]
    Separator(String),
    /// Negative, NaN or infinite.
    #[error("{value} {unit} is out of range: a quantity is finite and not negative")]
    OutOfRange {
        /// The value as given.
        value: String,
        /// The unit as given.
        unit: Unit,
    },
    /// A fraction where the unit counts whole things, or too large to be exact.
    #[error("{value} is not a whole number of {unit}, or does not fit 64 bits")]
    NotWhole {
        /// The value as given.
        value: String,
        /// The canonical unit.
        unit: Unit,
    },
    /// Not a number followed by a unit.
    #[error("{0:?} is not a quantity: write a number and a unit, such as \"6 ms\" or \"13 MB\"")]
    Malformed(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_is_exact_and_parses_back() {
        let cases = [
            (Quantity::nanoseconds(0), "0 ns"),
            (Quantity::nanoseconds(400), "400 ns"),
            (Quantity::nanoseconds(21_450), "21.45 µs"),
            (Quantity::nanoseconds(1_200_000_000), "1.2 s"),
            (Quantity::nanoseconds(100_000_000), "100 ms"),
            (Quantity::nanoseconds(u64::MAX), "18446744073.709551615 s"),
            (Quantity::bytes(900_000), "900 kB"),
            (Quantity::bytes(25_149_030_400), "25.1490304 GB"),
            (Quantity::new(0.5, Unit::Percent).unwrap(), "0.5%"),
            (Quantity::instances(3000), "3000 instances"),
            (Quantity::new(8.5, Unit::Ratio).unwrap(), "8.5×"),
        ];
        for (quantity, text) in cases {
            assert_eq!(quantity.to_string(), text);
            assert_eq!(text.parse::<Quantity>().unwrap(), quantity, "{text}");
        }
    }

    #[test]
    fn rounded_keeps_three_digits() {
        assert_eq!(Quantity::nanoseconds(21_450).rounded(), "21.4 µs");
        assert_eq!(Quantity::nanoseconds(1_204_000).rounded(), "1.2 ms");
        assert_eq!(Quantity::nanoseconds(300_000_000).rounded(), "300 ms");
        assert_eq!(Quantity::new(0.034, Unit::Percent).unwrap().rounded(), "0.034%");
        assert_eq!(Quantity::new(0.005938, Unit::Percent).unwrap().rounded(), "0.00594%");
        assert_eq!(Quantity::new(1e-300, Unit::Percent).unwrap().rounded(), "0%");
        assert_eq!(Quantity::nanoseconds(999_600).rounded(), "1 ms");
        assert_eq!(Quantity::nanoseconds(999_400).rounded(), "999 µs");
        assert_eq!(Quantity::nanoseconds(9_999).rounded(), "10 µs");
        assert_eq!(Quantity::bytes(25_276_510_208).rounded(), "25.3 GB");
        assert_eq!(Quantity::bytes(999_999_999_999_999).rounded(), "1000 TB");
        assert_eq!(Quantity::instances(1000).rounded(), "1000 instances");
    }

    #[test]
    fn what_is_not_a_quantity_is_refused() {
        assert!(matches!("6 parsecs".parse::<Quantity>(), Err(QuantityError::UnknownUnit(_))));
        assert!(matches!("-6 ms".parse::<Quantity>(), Err(QuantityError::Malformed(_))));
        assert!(matches!("1.2.3 ms".parse::<Quantity>(), Err(QuantityError::Malformed(_))));
        assert!(matches!("".parse::<Quantity>(), Err(QuantityError::Malformed(_))));
        assert!(matches!("0.5 ns".parse::<Quantity>(), Err(QuantityError::NotWhole { .. })));
        assert!(matches!("99999999999999999999 s".parse::<Quantity>(), Err(QuantityError::NotWhole { .. })));
        assert!(Quantity::new(-1.0, Unit::Nanoseconds).is_err());
        assert!(Quantity::new(f64::NAN, Unit::Ratio).is_err());
        assert!(Quantity::new(1.5, Unit::Bytes).is_err());
        assert!("parsecs".parse::<Unit>().is_err());
    }
}
