//! Raw samples to figures that can be trusted: quantiles with confidence intervals, changes, slopes, warnings.
//!
//! - **Quantiles** are nearest-rank: the p-quantile of n samples is the ⌈p·n⌉-th smallest (definition 1 of Hyndman and
//!   Fan, *Sample Quantiles in Statistical Packages*, 1996). Each is a value that was really observed, and an integer.
//! - **Intervals** of quantiles are order statistics: the number of samples below the true p-quantile is binomial, so two
//!   ranks enclose it with known probability, whatever the distribution (David and Nagaraja, *Order Statistics*, 7.1).
//!   They assume that what they are made of is independent, which samples of one turn or of one process are not: so
//!   [`Samples::estimate`](crate::samples::Samples::estimate) makes them of processes' statistics, or else of turns'.
//! - **Changes** of unpaired sets combine the two medians' intervals ([`Change::between`]); of interleaved pairs they are
//!   the median of the pairs' ratios with its own order-statistic interval ([`Change::paired`]). Nothing is random:
//!   the same samples always give the same answer.

mod change;
mod curve;
mod estimate;
mod line;
mod order;
mod summary;
mod warning;

pub use change::{Change, Decision, Estimate};
pub use line::Line;
pub(crate) use order::quantile_ranks;
pub use summary::{Confidence, Summary};
pub use warning::{Warning, warnings};

/// Why samples could not be summarised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StatsError {
    /// There are no samples: a measurement that collected none is a failure, not a zero.
    #[error("no samples: a figure needs at least one")]
    Empty,
    /// Interleaved pairs must have one sample of each side.
    #[error("{old} samples on one side and {new} on the other are not pairs, which have one of each for every round")]
    Unpaired {
        /// Samples of the first set.
        old: usize,
        /// Samples of the second set.
        new: usize,
    },
    /// A line needs three points at two places: with two it fits exactly and says nothing of its error.
    #[error("{0} points are too few for a line with an interval, which takes three, at two places")]
    TooFewPoints(usize),
}
