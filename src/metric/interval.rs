//! The interval around a figure.

use super::{MetricError, Quantity};

/// A confidence interval around a quantity, in the quantity's unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    level: f64,
    low: Quantity,
    high: Quantity,
}

impl Interval {
    /// An interval that holds the true value with probability `level` (0.95 for 95 %).
    ///
    /// # Errors
    /// [`MetricError::Interval`] when `level` is not between 0 and 1, the ends are in two units, or `low > high`.
    pub fn new(level: f64, low: Quantity, high: Quantity) -> Result<Self, MetricError> {
        let ordered = low.unit() == high.unit() && low.as_f64() <= high.as_f64();
        if !(level > 0.0 && level < 1.0 && ordered) {
            return Err(MetricError::Interval { level, low, high });
        }
        Ok(Self { level, low, high })
    }

    /// The probability, between 0 and 1.
    #[must_use]
    pub fn level(&self) -> f64 {
        self.level
    }

    /// The lower end.
    #[must_use]
    pub fn low(&self) -> Quantity {
        self.low
    }

    /// The upper end.
    #[must_use]
    pub fn high(&self) -> Quantity {
        self.high
    }
}
