//! Indicators and units of a tool author's own: names that this crate does not know, with what it must know of them.
//!
//! [`Indicator`](super::Indicator) and [`Unit`] are copied freely, so what an own one is of is kept for the life of the process,
//! each once. There is room for [`MOST`] of each: a baseline from elsewhere cannot fill the memory with names, and what finds
//! no room in it is kept as unknown.

use std::sync::{PoisonError, RwLock};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{Direction, Indicator, MetricError, Quantity, QuantityError, Unit};

/// So many own indicators, and as many own units, are told apart in one process.
pub(super) const MOST: usize = 1024;
/// The longest name, in bytes.
const LONGEST: usize = 64;

static INDICATORS: RwLock<Vec<&'static Definition>> = RwLock::new(Vec::new());
static UNITS: RwLock<Vec<&'static Scale>> = RwLock::new(Vec::new());

/// An indicator of a tool author's own: see [`Indicator::other`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OwnIndicator(&'static Definition);

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Definition {
    name: String,
    units: [Unit; 1],
    direction: Direction,
}

/// A unit of a tool author's own: see [`Unit::other`].
#[derive(Debug, Clone, Copy)]
pub struct OwnUnit(&'static Scale);

#[derive(Debug)]
struct Scale {
    /// The only scale that it is printed in, and its name.
    scales: [(f64, &'static str); 1],
}

impl OwnIndicator {
    fn new(name: &str, unit: Unit, direction: Direction) -> Result<Self, MetricError> {
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let known = Indicator::ALL.iter().any(|indicator| indicator.as_str() == name);
        let starts = name.starts_with(|c: char| c.is_ascii_lowercase());
        if known || !starts || name.len() > LONGEST || !name.chars().all(allowed) {
            return Err(MetricError::OwnIndicator(name.to_owned()));
        }
        let is =
            |kept: &&&'static Definition| (kept.name.as_str(), kept.units, kept.direction) == (name, [unit], direction);
        let definition = || Definition { name: name.to_owned(), units: [unit], direction };
        kept(&INDICATORS, is, definition).map(Self).ok_or_else(|| MetricError::TooManyOwn(name.to_owned()))
    }

    /// The own indicator that was last made with this name in this process.
    pub(super) fn named(name: &str) -> Option<Self> {
        let all = INDICATORS.read().unwrap_or_else(PoisonError::into_inner);
        all.iter().rev().find(|kept| kept.name == name).map(|kept| Self(kept))
    }

    /// The name.
    #[must_use]
    pub fn name(self) -> &'static str {
        &self.0.name
    }

    /// Which way it gets better.
    #[must_use]
    pub const fn direction(self) -> Direction {
        self.0.direction
    }

    pub(super) const fn units(self) -> &'static [Unit] {
        &self.0.units
    }

    pub(super) const fn as_str(self) -> &'static str {
        self.0.name.as_str()
    }
}

impl OwnUnit {
    fn new(name: &str) -> Result<Self, QuantityError> {
        let refused = |c: char| c.is_whitespace() || c.is_control() || ",\"[]|=;：，；｜".contains(c);
        let is_number = name.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c));
        if name.is_empty() || is_number || name.len() > LONGEST || name.contains(refused) || is_known_unit(name) {
            return Err(QuantityError::OwnUnit(name.to_owned()));
        }
        let scale = || Scale { scales: [(1.0, Box::leak(name.to_owned().into_boxed_str()))] };
        let found = kept(&UNITS, |kept| kept.scales[0].1 == name, scale);
        found.map(Self).ok_or_else(|| QuantityError::TooManyOwn(name.to_owned()))
    }

    /// The own unit of this name, if one was made in this process.
    pub(super) fn named(name: &str) -> Option<Self> {
        let all = UNITS.read().unwrap_or_else(PoisonError::into_inner);
        all.iter().find(|kept| kept.scales[0].1 == name).map(|kept| Self(kept))
    }

    /// The name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.0.scales[0].1
    }

    pub(super) const fn scales(self) -> &'static [(f64, &'static str)] {
        &self.0.scales
    }
}

impl Indicator {
    /// An indicator of a tool author's own: its name in the stored form, the unit that it is measured in, and which way it gets
    /// better. Two of one name that differ in unit or direction are two.
    ///
    /// ```
    /// use runtime_baseline::{Direction, Indicator, Unit};
    ///
    /// let depth = Indicator::other("queue_depth", Unit::other("requests")?, Direction::LessIsBetter)?;
    /// assert_eq!((depth.as_str(), depth.direction()), ("queue_depth", Direction::LessIsBetter));
    /// # Ok::<(), runtime_baseline::MetricError>(())
    /// ```
    ///
    /// # Errors
    /// [`MetricError::OwnIndicator`] when the name is one that this crate knows, or not of lower-case letters, digits and `_`;
    /// [`MetricError::TooManyOwn`] when a process makes more than 1,024.
    pub fn other(name: &str, unit: Unit, direction: Direction) -> Result<Self, MetricError> {
        OwnIndicator::new(name, unit, direction).map(Self::Other)
    }
}

impl Unit {
    /// A unit of a tool author's own, which is printed by its name and never scaled. Its amounts are real numbers.
    ///
    /// # Errors
    /// [`QuantityError::OwnUnit`] when the name is that of a known unit or scale, or has blanks or punctuation of the stored
    /// forms; [`QuantityError::TooManyOwn`] when a process makes more than 1,024.
    pub fn other(name: &str) -> Result<Self, QuantityError> {
        OwnUnit::new(name).map(Self::Other)
    }
}

/// By its name in the stored form, or by one of the scales that people write: `ms`.
fn is_known_unit(name: &str) -> bool {
    Unit::ALL.iter().any(|unit| unit.as_str() == name) || format!("1 {name}").parse::<Quantity>().is_ok()
}

impl Serialize for Unit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Unit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl PartialEq for OwnUnit {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for OwnUnit {}

impl PartialOrd for OwnUnit {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for OwnUnit {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.name().cmp(other.name())
    }
}

impl std::hash::Hash for OwnUnit {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.name().hash(state);
    }
}

/// The one that `is` finds, or else a new one, which is never freed; nothing where there is no room.
fn kept<T>(
    all: &RwLock<Vec<&'static T>>,
    is: impl Fn(&&&'static T) -> bool,
    new: impl FnOnce() -> T,
) -> Option<&'static T> {
    if let Some(found) = all.read().unwrap_or_else(PoisonError::into_inner).iter().find(&is) {
        return Some(*found);
    }
    // Somebody else may have made it meanwhile.
    let mut all = all.write().unwrap_or_else(PoisonError::into_inner);
    if let Some(found) = all.iter().find(&is) {
        return Some(*found);
    }
    if all.len() >= MOST {
        return None;
    }
    let made: &'static T = Box::leak(Box::new(new()));
    all.push(made);
    Some(made)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_own_indicator_is_one_by_all_that_it_is() {
        let unit = Unit::other("requests").unwrap();
        let of = |direction| Indicator::other("queue_depth", unit, direction).unwrap();
        let depth = of(Direction::LessIsBetter);
        assert_eq!(depth, of(Direction::LessIsBetter));
        assert_ne!(depth, of(Direction::MoreIsBetter));
        assert_eq!((depth.as_str(), depth.units(), depth.label()), ("queue_depth", &[unit][..], "queue_depth"));
        assert_eq!(Unit::other("requests").unwrap(), unit);
        assert_eq!(Quantity::new(2.5, unit).unwrap().to_string(), "2.5 requests");
        assert_eq!(unit.to_string().parse::<Unit>().unwrap(), unit);
    }

    #[test]
    fn a_name_is_one_that_every_form_can_hold() {
        for name in ["", "startup_time", "Queue", "a b", "1st", "a-b", "a,b", &"x".repeat(65)] {
            let made = Indicator::other(name, Unit::Bytes, Direction::LessIsBetter);
            assert!(matches!(made, Err(MetricError::OwnIndicator(_))), "{name:?}");
        }
        for name in ["", "ns", "ms", "µs", "%", "bytes", "a b", "[x]", "a,b", "5s", ".x", "-x", &"x".repeat(65)] {
            assert!(matches!(Unit::other(name), Err(QuantityError::OwnUnit(_))), "{name:?}");
        }
        for name in ["req/s", "°C", "头"] {
            assert_eq!(Unit::other(name).unwrap().as_str(), name);
        }
    }

    #[test]
    fn there_is_room_for_so_many() {
        static FEW: RwLock<Vec<&'static usize>> = RwLock::new(Vec::new());
        for round in 0..2 {
            for n in 0..MOST {
                assert_eq!(kept(&FEW, |kept| ***kept == n, || n), Some(&n), "{round}");
            }
        }
        assert_eq!(kept(&FEW, |kept| ***kept == MOST, || MOST), None);
    }
}
