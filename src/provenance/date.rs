//! A date that is as exact as its source: a day, or a month.

use std::{fmt, str::FromStr};

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize, Serializer};

/// A day (`2025-01-15`) or, where the source says no more, a month (`2025-01`).
///
/// Ordered by its first day; a month comes before its own first day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Date {
    /// The day itself, or the month's first.
    first: NaiveDate,
    is_day: bool,
}

impl Date {
    /// The day of the calendar.
    pub(super) fn of(day: NaiveDate) -> Self {
        Self { first: day, is_day: true }
    }

    /// Today, in UTC.
    #[must_use]
    pub fn today() -> Self {
        Self::of(chrono::Utc::now().date_naive())
    }

    /// A day.
    ///
    /// # Errors
    /// [`DateError`] when there is no such day.
    pub fn day(year: i32, month: u32, day: u32) -> Result<Self, DateError> {
        let text = format!("{year:04}-{month:02}-{day:02}");
        Self::checked(year, month, day, true, &text)
    }

    /// A month.
    ///
    /// # Errors
    /// [`DateError`] when there is no such month.
    pub fn month(year: i32, month: u32) -> Result<Self, DateError> {
        let text = format!("{year:04}-{month:02}");
        Self::checked(year, month, 1, false, &text)
    }

    fn checked(year: i32, month: u32, day: u32, is_day: bool, text: &str) -> Result<Self, DateError> {
        let first = NaiveDate::from_ymd_opt(year, month, day)
            .filter(|_| (0..=9999).contains(&year))
            .ok_or_else(|| DateError(text.to_owned()))?;
        Ok(Self { first, is_day })
    }

    /// Whether the day is known.
    #[must_use]
    pub fn is_day(self) -> bool {
        self.is_day
    }

    /// Whole days from this date (from the end of its month, where the day is not known) to `later`; 0 if none.
    #[must_use]
    pub fn days_until(self, later: Self) -> u64 {
        let last = if self.is_day {
            self.first
        } else {
            self.first.checked_add_months(chrono::Months::new(1)).and_then(|d| d.pred_opt()).unwrap_or(self.first)
        };
        u64::try_from((later.first - last).num_days()).unwrap_or(0)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month) = (self.first.year(), self.first.month());
        if self.is_day {
            write!(f, "{year:04}-{month:02}-{:02}", self.first.day())
        } else {
            write!(f, "{year:04}-{month:02}")
        }
    }
}

impl FromStr for Date {
    type Err = DateError;

    fn from_str(s: &str) -> Result<Self, DateError> {
        let error = || DateError(s.to_owned());
        let mut parts = s.split('-').map(|part| {
            let digits = !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
            if digits { part.parse::<u32>().map_err(|_| error()) } else { Err(error()) }
        });
        let (year, month, day) = (parts.next(), parts.next(), parts.next());
        // The exact width keeps one spelling for one date: 2025-1-5 is refused.
        let widths: Vec<usize> = s.split('-').map(str::len).collect();
        match (year, month, day, widths.as_slice()) {
            (Some(year), Some(month), None, [4, 2]) => Self::checked(year? as i32, month?, 1, false, s),
            (Some(year), Some(month), Some(day), [4, 2, 2]) => Self::checked(year? as i32, month?, day?, true, s),
            _ => Err(error()),
        }
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl TryFrom<String> for Date {
    type Error = DateError;

    fn try_from(s: String) -> Result<Self, DateError> {
        s.parse()
    }
}

impl From<Date> for String {
    fn from(d: Date) -> Self {
        d.to_string()
    }
}

/// The text is no date of the calendar, or not written as one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no date: write a day that exists as YYYY-MM-DD, or a month as YYYY-MM")]
pub struct DateError(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_months_parse_back() {
        for text in ["2025-01", "2025-01-15", "2024-02-29", "0001-12"] {
            assert_eq!(text.parse::<Date>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn dates_that_do_not_exist_are_refused() {
        for text in [
            "2025-02-29",
            "2025-13",
            "2025-00",
            "2025-1-5",
            "25-01-01",
            "",
            "2025",
            "2025-01-15-01",
            "2025-+1",
            "２０２５-01",
        ] {
            assert!(text.parse::<Date>().is_err(), "{text}");
        }
    }

    #[test]
    fn age_counts_from_the_end_of_a_month() {
        let date = |s: &str| s.parse::<Date>().unwrap();
        assert_eq!(date("2025-01").days_until(date("2025-02-01")), 1);
        assert_eq!(date("2025-01-01").days_until(date("2025-02-01")), 31);
        assert_eq!(date("2025-02-01").days_until(date("2025-01-01")), 0);
    }
}
