//! Limits for single series, from a file.

use std::{
    io,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use super::Direction;
use crate::input::{self, MOST_WRITTEN};

/// The most limits of a list, and the most bytes of a pattern.
const MOST: usize = 1000;
const LONGEST: usize = 1000;

/// What series may do, by the pattern of their names; the first pattern that fits a series holds for it.
///
/// A name is `indicator/subject/workload/temperature/statistic`, `-` where there is no workload or temperature, then
/// `/concurrency=100` where it is not one, then what else tells it from series of the same name (`/allocator=pooling`). `*`
/// in a pattern stands for any text, slashes too, and everything else for itself. A pattern fits a name also without that
/// last part.
///
/// ```
/// use runtime_baseline::compare::Limits;
///
/// let limits = Limits::from_toml(
///     r#"
///     [[limit]]
///     series = "startup_p99/*"
///     max_regression = "25%"
///
///     [[limit]]
///     series = "*/max"
///     ignore = true
///     "#,
/// )?;
/// assert_eq!(limits.len(), 2);
/// assert!(Limits::from_toml("[[limit]]\nserie = \"*\"").is_err());
/// # Ok::<(), runtime_baseline::compare::LimitsError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Limits {
    entries: Vec<Limit>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Limit {
    pub pattern: String,
    pub max_regression: Option<f64>,
    pub direction: Option<Direction>,
    pub ignore: bool,
}

impl Limits {
    /// Reads a file's text.
    ///
    /// # Errors
    /// [`LimitsError`] names what is wrong.
    pub fn from_toml(text: &str) -> Result<Self, LimitsError> {
        let file: File = toml::from_str(text).map_err(|error| LimitsError::Malformed(error.to_string()))?;
        if file.limit.len() > MOST {
            return Err(LimitsError::TooMuch(format!("these are {}", file.limit.len())));
        }
        let entries = file.limit.into_iter().map(Entry::check).collect::<Result<_, _>>()?;
        Ok(Self { entries })
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`LimitsError::Io`] when it cannot be read, and those of [`Limits::from_toml`].
    pub fn load(path: &Path) -> Result<Self, LimitsError> {
        let text = input::read_named(path, MOST_WRITTEN).and_then(input::text);
        let text = text.map_err(|source| LimitsError::Io { path: path.to_owned(), source })?;
        Self::from_toml(&text)
    }

    /// How many patterns there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The entry that holds for a series, by its name and its name without what tells it from others.
    pub(super) fn of(&self, name: &str, short: &str) -> Option<&Limit> {
        self.entries.iter().find(|limit| limit.fits(name, short))
    }

    /// Refuses a pattern that fits none of these names: what it was written for is gone, or it never was.
    pub(super) fn check<'a>(&self, names: impl Iterator<Item = (&'a str, &'a str)> + Clone) -> Result<(), LimitsError> {
        match self.entries.iter().find(|limit| !names.clone().any(|(name, short)| limit.fits(name, short))) {
            Some(limit) => Err(LimitsError::Unmatched(limit.pattern.clone())),
            None => Ok(()),
        }
    }
}

impl Limit {
    fn fits(&self, name: &str, short: &str) -> bool {
        fits(self.pattern.as_bytes(), name.as_bytes()) || fits(self.pattern.as_bytes(), short.as_bytes())
    }
}

/// Whether `name` is `pattern`, where `*` stands for any text.
fn fits(pattern: &[u8], name: &[u8]) -> bool {
    let (mut p, mut n) = (0, 0);
    // Where the last star stood, and how much of the name it has taken.
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        if p < pattern.len() && pattern[p] == b'*' {
            star = Some((p, n));
            p += 1;
        } else if p < pattern.len() && pattern[p] == name[n] {
            (p, n) = (p + 1, n + 1);
        } else if let Some((at, taken)) = star {
            star = Some((at, taken + 1));
            (p, n) = (at + 1, taken + 1);
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|c| *c == b'*')
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    limit: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    series: String,
    max_regression: Option<String>,
    direction: Option<Direction>,
    #[serde(default)]
    ignore: bool,
}

impl Entry {
    fn check(self) -> Result<Limit, LimitsError> {
        let Self { series, max_regression, direction, ignore } = self;
        if series.len() > LONGEST {
            return Err(LimitsError::TooMuch(format!("one pattern has {} bytes", series.len())));
        }
        if max_regression.is_none() && direction.is_none() && !ignore {
            return Err(LimitsError::Empty(series));
        }
        let percent = |text: String| {
            let number = text.strip_suffix('%').and_then(|n| n.trim().parse::<f64>().ok());
            let number = number.filter(|n| n.is_finite() && *n >= 0.0);
            number.map(|n| n / 100.0).ok_or(LimitsError::Percent { series: series.clone(), text })
        };
        let max_regression = max_regression.map(percent).transpose()?;
        Ok(Limit { pattern: series, max_regression, direction, ignore })
    }
}

/// Why a file of limits cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LimitsError {
    /// The file cannot be read.
    #[error("cannot read the limits {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The text is no list of limits.
    #[error("not a list of limits: {0}; write [[limit]] with series, and max_regression, direction or ignore")]
    Malformed(String),
    /// More limits than anybody writes, or a longer pattern: each is tried on each series.
    #[error(
        "{0}: a list has at most {MOST} limits, each with a pattern of at most {LONGEST} bytes; a * stands for any text"
    )]
    TooMuch(String),
    /// A limit that is no percentage.
    #[error("the limit of {series:?} is {text:?}: write a percentage that is not negative, with its sign: \"10%\"")]
    Percent {
        /// The pattern.
        series: String,
        /// What was written.
        text: String,
    },
    /// An entry that says nothing of its series.
    #[error("the entry of {0:?} says nothing: give max_regression, direction or ignore = true")]
    Empty(String),
    /// A pattern that fits no series on either side.
    #[error("no series fits {0:?}: `gate --all` prints the names; take the entry out if its series is gone")]
    Unmatched(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_any_text_and_the_rest_is_itself() {
        let fits = |pattern: &str, name: &str| fits(pattern.as_bytes(), name.as_bytes());
        let name = "startup_time/container/alpine/ready/cold/median";
        for pattern in [name, "*", "startup_time/*", "*/median", "startup*alpine*median", "**", "*container/alpine/*"] {
            assert!(fits(pattern, name), "{pattern}");
        }
        for pattern in ["", "startup_time", "startup_time/*/p99", "median", "*alpine", "startup_tim?/*", "[s]*"] {
            assert!(!fits(pattern, name), "{pattern}");
        }
        assert!(fits("", "") && fits("*", "") && !fits("a*b", "ab c") && fits("a*b*c", "aXbXbXc"));
        // A pattern that would take for ever by trying all ways.
        assert!(!fits(&"a*".repeat(40), &"a".repeat(39).replace('a', "ab")));
    }

    #[test]
    fn the_first_pattern_that_fits_holds() {
        let text = r#"
            [[limit]]
            series = "startup_time/noop/*"
            ignore = true
            [[limit]]
            series = "startup_time/*"
            max_regression = "12.5%"
            direction = "more"
        "#;
        let limits = Limits::from_toml(text).unwrap();
        let of = |name: &str| limits.of(name, name);
        assert!(of("startup_time/noop/-/-/median").unwrap().ignore);
        let other = of("startup_time/wasmtime/-/-/median").unwrap();
        assert_eq!((other.max_regression, other.direction), (Some(0.125), Some(Direction::MoreIsBetter)));
        assert_eq!(of("density/noop/-/-/single"), None);
        let long = "startup_time/noop/-/-/median/pool=64";
        let exact = Limits::from_toml("[[limit]]\nseries = \"startup_time/noop/-/-/median\"\nignore = true").unwrap();
        assert!(exact.of(long, "startup_time/noop/-/-/median").is_some());
        assert!(exact.check([(long, "startup_time/noop/-/-/median")].into_iter()).is_ok());
        let error = exact.check([("density/noop", "density/noop")].into_iter()).unwrap_err().to_string();
        assert!(error.contains("\"startup_time/noop/-/-/median\""), "{error}");
    }

    #[test]
    fn what_is_wrong_is_named() {
        let error = |text: &str| Limits::from_toml(text).unwrap_err().to_string();
        assert!(error("[[limit]]\nseries = \"a\"\nmax = \"5%\"").contains("max"));
        assert!(error("[[limits]]\nseries = \"a\"").contains("limits"));
        assert!(error("[[limit]]\nmax_regression = \"5%\"").contains("series"));
        assert!(error("[[limit]]\nseries = \"a\"").contains("says nothing"));
        for percent in ["5", "-5%", "NaN%", "inf%", "%", "a lot"] {
            let text = format!("[[limit]]\nseries = \"a\"\nmax_regression = \"{percent}\"");
            assert!(error(&text).contains("percentage"), "{percent}");
        }
        assert!(error("[[limit]]\nseries = \"a\"\ndirection = \"up\"").contains("direction"));
        assert!(Limits::from_toml("").unwrap().is_empty());
        assert!(Limits::load(Path::new("no/such/gate.toml")).unwrap_err().to_string().contains("no/such/gate.toml"));
    }
}
