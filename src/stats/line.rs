//! A straight line through points: what one more costs.

use statrs::distribution::{ContinuousCDF, StudentsT};

use super::StatsError;

/// A line fitted by least squares, with Student's interval of its slope.
///
/// The interval takes the points' errors as independent. Readings of one growing process are not quite, so take them
/// at well-separated sizes rather than many at neighbouring ones.
///
/// ```
/// use runtime_baseline::stats::Line;
///
/// // Ten, twenty, … instances: 4 MB for the host, and 100 kB for each.
/// let points: Vec<(u64, u64)> = (1..=10).map(|i| (10 * i, 4_000_000 + 1_000_000 * i)).collect();
/// let line = Line::fit(&points, 0.95)?;
/// assert_eq!((line.slope.round(), line.intercept.round()), (100_000.0, 4_000_000.0));
/// # Ok::<(), runtime_baseline::stats::StatsError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Line {
    /// The value at zero: the fixed cost.
    pub intercept: f64,
    /// The cost of one more. May be negative, where noise outweighs it.
    pub slope: f64,
    /// The lower end of the slope's interval.
    pub low: f64,
    /// The upper end of the slope's interval.
    pub high: f64,
    /// The share of the values' variance that the line explains, 0 to 1.
    pub fit: f64,
}

impl Line {
    /// Fits a line to `(x, y)` points: the number of instances and the bytes they took, say.
    ///
    /// # Errors
    /// [`StatsError::TooFewPoints`] when there are fewer than three, or all have one x.
    pub fn fit(points: &[(u64, u64)], level: f64) -> Result<Self, StatsError> {
        let exact = |(x, y): &(u64, u64)| (*x as f64, *y as f64);
        Self::through(&points.iter().map(exact).collect::<Vec<_>>(), level)
    }

    /// The same through points that are no whole numbers.
    ///
    /// # Errors
    /// As for [`Line::fit`].
    pub fn through(points: &[(f64, f64)], level: f64) -> Result<Self, StatsError> {
        let n = points.len() as f64;
        let too_few = StatsError::TooFewPoints(points.len());
        if points.len() < 3 {
            return Err(too_few);
        }
        let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / n;
        let (mean_x, mean_y) = (mean(|p| p.0), mean(|p| p.1));
        let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
        for (x, y) in points {
            let (dx, dy) = (x - mean_x, y - mean_y);
            xx += dx * dx;
            xy += dx * dy;
            yy += dy * dy;
        }
        if xx == 0.0 {
            return Err(too_few);
        }
        let slope = xy / xx;
        let residual = (yy - slope * xy).max(0.0);
        let error = (residual / (n - 2.0) / xx).sqrt();
        let student = StudentsT::new(0.0, 1.0, n - 2.0).map_err(|_| too_few)?;
        let reach = error * student.inverse_cdf(0.5 + level.clamp(0.0, 0.999_999) / 2.0);
        let fit = if yy == 0.0 { 1.0 } else { 1.0 - residual / yy };
        Ok(Self { intercept: mean_y - slope * mean_x, slope, low: slope - reach, high: slope + reach, fit })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_a_worked_example() {
        // Anscombe's first set, times 100: slope 0.5001, intercept 3.0001, standard error of the slope 0.1179, R² 0.6665.
        let x = [10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5];
        let y = [804, 695, 758, 881, 833, 996, 724, 426, 1084, 482, 568];
        let points: Vec<(u64, u64)> = x.into_iter().zip(y).collect();
        let line = Line::fit(&points, 0.95).unwrap();
        assert!((line.slope - 50.01).abs() < 0.01 && (line.intercept - 300.01).abs() < 0.02, "{line:?}");
        assert!((line.fit - 0.6665).abs() < 1e-4, "{line:?}");
        // t(0.975, 9) = 2.2622
        assert!(((line.high - line.slope) - 2.2622 * 11.79).abs() < 0.02, "{line:?}");
    }

    #[test]
    fn too_little_is_refused() {
        assert_eq!(Line::fit(&[], 0.95), Err(StatsError::TooFewPoints(0)));
        assert_eq!(Line::fit(&[(1, 1), (2, 2)], 0.95), Err(StatsError::TooFewPoints(2)));
        assert_eq!(Line::fit(&[(1, 1), (1, 2), (1, 3)], 0.95), Err(StatsError::TooFewPoints(3)));
    }

    #[test]
    fn a_flat_line_has_no_slope_and_large_numbers_do_not_overflow() {
        let flat = Line::fit(&[(1, 5), (2, 5), (3, 5)], 0.95).unwrap();
        assert_eq!((flat.slope, flat.low, flat.high, flat.fit), (0.0, 0.0, 0.0, 1.0));
        let large = Line::fit(&[(0, u64::MAX), (1, u64::MAX), (2, u64::MAX)], 0.95).unwrap();
        assert_eq!(large.slope, 0.0);
    }
}
