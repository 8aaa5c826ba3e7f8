//! Quantities as people type them: thousands with separators, units by the names in use.

use std::str::FromStr;

use super::quantity::{Quantity, QuantityError, Unit};

const KIBI: u64 = 1 << 10;
const MEBI: u64 = 1 << 20;
const GIBI: u64 = 1 << 30;
const TEBI: u64 = 1 << 40;

/// Every name of a unit that is read, with how many of the canonical unit one of it is. `Display` prints some of them.
/// A plain `K`, `M` or `G` is not among them, since people mean either thousand by it.
const NAMES: &[(&[&str], u64, Unit)] = &[
    (&["ns", "nanosecond", "nanoseconds"], 1, Unit::Nanoseconds),
    // The micro sign and the Greek letter look alike.
    (&["µs", "μs", "us", "microsecond", "microseconds"], 1_000, Unit::Nanoseconds),
    (&["ms", "millisecond", "milliseconds"], 1_000_000, Unit::Nanoseconds),
    (&["s", "sec", "second", "seconds"], 1_000_000_000, Unit::Nanoseconds),
    (&["min", "minute", "minutes"], 60_000_000_000, Unit::Nanoseconds),
    (&["B", "byte", "bytes"], 1, Unit::Bytes),
    (&["kB", "KB"], 1_000, Unit::Bytes),
    (&["MB"], 1_000_000, Unit::Bytes),
    (&["GB"], 1_000_000_000, Unit::Bytes),
    (&["TB"], 1_000_000_000_000, Unit::Bytes),
    (&["KiB", "Ki", "kiB"], KIBI, Unit::Bytes),
    (&["MiB", "Mi"], MEBI, Unit::Bytes),
    (&["GiB", "Gi"], GIBI, Unit::Bytes),
    (&["TiB", "Ti"], TEBI, Unit::Bytes),
    (&["%", "％", "percent", "per cent"], 1, Unit::Percent),
    (&["instance", "instances"], 1, Unit::Instances),
    (&["object", "objects"], 1, Unit::Objects),
    (&["node", "nodes"], 1, Unit::Nodes),
    (&["×", "x", "times"], 1, Unit::Ratio),
    (&["CPU s", "cpu_s", "CPU seconds"], 1, Unit::CpuSeconds),
    (&["/s", "1/s", "/sec", "per second", "per_s"], 1, Unit::PerSecond),
    (&["k/s", "K/s"], 1_000, Unit::PerSecond),
    (&["M/s"], 1_000_000, Unit::PerSecond),
];

impl FromStr for Quantity {
    type Err = QuantityError;

    /// Reads what `Display` prints, and what people write: any decimal number, with or without separators between its
    /// thousands, before a unit by one of its usual names.
    ///
    /// A figure in binary units that is no whole number of bytes (`1.3 GiB`) is taken to the nearest byte; in any other
    /// unit it is refused.
    ///
    /// ```
    /// use runtime_baseline::Quantity;
    ///
    /// for text in ["1200 ms", "1,200 ms", "1'200 ms", "1 200 ms", "1.2s", "1.2 sec"] {
    ///     assert_eq!(text.parse::<Quantity>()?, Quantity::nanoseconds(1_200_000_000));
    /// }
    /// assert_eq!("1.5 GiB".parse::<Quantity>()?, Quantity::bytes(1_610_612_736));
    /// assert!("1,5 s".parse::<Quantity>().is_err(), "a decimal comma");
    /// # Ok::<(), runtime_baseline::QuantityError>(())
    /// ```
    fn from_str(s: &str) -> Result<Self, QuantityError> {
        let text = s.trim();
        let (number, name) = number(text)?;
        if name.is_empty() {
            return Err(QuantityError::NoUnit(text.to_owned()));
        }
        let (_, scale, unit) = NAMES
            .iter()
            .find(|(names, ..)| names.contains(&name))
            .copied()
            .ok_or_else(|| QuantityError::UnknownUnit(name.to_owned()))?;
        let malformed = || QuantityError::Malformed(s.to_owned());
        if !unit.is_integer() {
            let value: f64 = number.parse().map_err(|_| malformed())?;
            return Self::new(value * scale as f64, unit);
        }
        let whole =
            if [KIBI, MEBI, GIBI, TEBI].contains(&scale) { nearest(&number, scale) } else { decimal(&number, scale) };
        whole.map(|n| Self::whole(n, unit)).ok_or_else(|| QuantityError::NotWhole { value: text.to_owned(), unit })
    }
}

/// The number at the start of `text`, without its separators, and what follows it.
pub(crate) fn number(text: &str) -> Result<(String, &str), QuantityError> {
    let malformed = || QuantityError::Malformed(text.to_owned());
    let wrong = || QuantityError::Separator(text.to_owned());
    // A space is part of the number where a digit follows it.
    let rest = text.char_indices().find(|(i, c)| {
        let before_digit = || text[i + c.len_utf8()..].starts_with(|c: char| c.is_ascii_digit());
        !(c.is_ascii_digit() || *c == '.' || (is_separator(*c) && before_digit()))
    });
    let (number, name) = text.split_at(rest.map_or(text.len(), |(i, _)| i));
    let (whole, fraction) = match number.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (number, None),
    };
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    let name = name.trim();
    if fraction.is_some_and(|fraction| fraction.contains(is_separator)) || name.starts_with(is_separator) {
        return Err(wrong());
    }
    if fraction.is_some_and(|fraction| !digits(fraction)) || !whole.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(malformed());
    }
    let Some(separator) = whole.chars().find(|c| is_separator(*c)) else { return Ok((number.to_owned(), name)) };
    let mut groups = whole.split(separator);
    let first = groups.next().unwrap_or_default();
    // "0,500" is half of one to whoever writes it.
    let leads = digits(first) && first.len() <= 3 && !first.starts_with('0');
    if !leads || !groups.all(|group| digits(group) && group.len() == 3) {
        return Err(wrong());
    }
    let whole = whole.replace(separator, "");
    Ok((fraction.map_or(whole.clone(), |fraction| format!("{whole}.{fraction}")), name))
}

/// What people put between thousands: a comma, an apostrophe, a space of any width.
fn is_separator(c: char) -> bool {
    matches!(c, ',' | '\'' | '’' | '_' | ' ' | '\u{a0}' | '\u{2009}' | '\u{202f}')
}

/// `number` × `scale` in integers, or nothing when that is not whole or does not fit.
pub(crate) fn decimal(number: &str, scale: u64) -> Option<u64> {
    let (product, step) = product(number, scale)?;
    if product % step == 0 { u64::try_from(product / step).ok() } else { None }
}

/// `number` × `scale` to the nearest integer, or nothing when that does not fit.
fn nearest(number: &str, scale: u64) -> Option<u64> {
    let (product, step) = product(number, scale)?;
    u64::try_from((product + step / 2) / step).ok()
}

/// The digits of `number` × `scale`, and by what to divide that: a power of ten.
fn product(number: &str, scale: u64) -> Option<(u128, u128)> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let fraction = fraction.trim_end_matches('0');
    let step = 10u128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let digits = format!("{whole}{fraction}").parse::<u128>().ok()?;
    Some((digits.checked_mul(u128::from(scale))?, step))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Quantity, QuantityError> {
        text.parse()
    }

    #[test]
    fn thousands_may_be_separated() {
        let expected = Quantity::nanoseconds(1_234_567_000_000);
        for separator in [",", "'", "’", "_", " ", "\u{a0}", "\u{2009}", "\u{202f}"] {
            let text = format!("1{separator}234{separator}567 ms");
            assert_eq!(read(&text), Ok(Quantity::nanoseconds(1_234_567_000_000)), "{text}");
        }
        assert_eq!(read("1,234,567.5 ms"), Ok(Quantity::nanoseconds(1_234_567_500_000)));
        assert_eq!(read("1,234,567ms"), Ok(expected));
        assert_eq!(read("174,886/s"), Ok(Quantity::whole(174_886, Unit::PerSecond)));
        assert_eq!(read("1,200 ms"), Ok(Quantity::nanoseconds(1_200_000_000)));
    }

    #[test]
    fn a_separator_elsewhere_is_named_as_what_is_wrong() {
        for text in ["1,5 s", "0,500 s", "12,34 ms", "1,2345 ms", "1234,567 ms", "1.200,5 ms", "1,200'000 ms", "1 2 ms"]
        {
            let error = read(text).unwrap_err();
            assert!(matches!(error, QuantityError::Separator(_)), "{text}: {error}");
            assert!(error.to_string().contains("groups of three digits"), "{error}");
        }
        for text in [",200 ms", ". ms", "1. ms", ".5 ms", "1,,200 ms", "-1,200 ms"] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn units_are_read_by_the_names_that_people_use() {
        let percent = |x| Quantity::new(x, Unit::Percent).unwrap();
        let rate = |n| Quantity::whole(n, Unit::PerSecond);
        for (text, quantity) in [
            ("21.45us", Quantity::nanoseconds(21_450)),
            ("21.45 μs", Quantity::nanoseconds(21_450)),
            ("2 min", Quantity::nanoseconds(120_000_000_000)),
            ("13 KB", Quantity::bytes(13_000)),
            ("13 KiB", Quantity::bytes(13_312)),
            ("512 Mi", Quantity::bytes(536_870_912)),
            ("0.5 Gi", Quantity::bytes(536_870_912)),
            ("1.3 GiB", Quantity::bytes(1_395_864_371)),
            ("16 bytes", Quantity::bytes(16)),
            ("80 %", percent(80.0)),
            ("80％", percent(80.0)),
            ("491.7 k/s", rate(491_700)),
            ("1.5M/s", rate(1_500_000)),
            ("65,692 kB", Quantity::bytes(65_692_000)),
            ("0.5 MiB", Quantity::bytes(524_288)),
            ("1,200 ms", Quantity::nanoseconds(1_200_000_000)),
            ("1 instance", Quantity::instances(1)),
            ("8.5x", Quantity::new(8.5, Unit::Ratio).unwrap()),
        ] {
            assert_eq!(read(text), Ok(quantity), "{text}");
        }
        assert!(matches!(read("6"), Err(QuantityError::NoUnit(_))));
        for text in ["13 M", "6 Ms", "6 MS", "5 mb"] {
            assert!(matches!(read(text), Err(QuantityError::UnknownUnit(_))), "{text}");
        }
        assert!(matches!(read("99999999999 TiB"), Err(QuantityError::NotWhole { .. })));
        let endless = format!("0.{} GiB", "1".repeat(60));
        assert!(matches!(read(&endless), Err(QuantityError::NotWhole { .. })));
    }
}
