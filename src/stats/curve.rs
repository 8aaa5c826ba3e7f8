//! Figures of curves: the slope of a line through the points, and the rate at the end.

use super::Line;
use crate::{
    metric::{Evidence, IntervalMethod, Statistic, Unit},
    samples::{Curve, Estimated},
};

impl Curve {
    /// A statistic of the curve as a figure: without an interval, since the points of one curve are of one process. What
    /// noise pushed below zero is zero. Nothing where there is no such statistic of a curve, or too few points.
    #[must_use]
    pub fn estimate(&self, statistic: Statistic, level: f64) -> Option<Estimated> {
        let evidence = Evidence::new(self.points().len() as u64, 1, 1, IntervalMethod::None);
        Some(Estimated::new(self.value(statistic)?.max(0.0), None, level, evidence))
    }

    /// The slope of a line through the points, or the rate at the end, which is y over x of the last point, per second where
    /// x is in nanoseconds.
    fn value(&self, statistic: Statistic) -> Option<f64> {
        match statistic {
            Statistic::Slope => Line::through(self.points(), 0.95).ok().map(|line| line.slope),
            Statistic::Rate => {
                let (x, y) = self.points().last().copied().filter(|(x, _)| *x > 0.0)?;
                Some(if self.x().unit() == Unit::Nanoseconds { y / x * 1e9 } else { y / x })
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::Axis;

    #[test]
    fn a_curve_has_a_slope_and_a_rate_at_its_end() {
        let axis = |unit| Axis::new("axis", unit).unwrap();
        let points = vec![(1e9, 10.0), (2e9, 30.0), (3e9, 50.0)];
        let curve = Curve::new(axis(Unit::Nanoseconds), axis(Unit::Instances), points).unwrap();
        let value = |statistic| curve.estimate(statistic, 0.95).map(|estimated| estimated.value);
        assert!((value(Statistic::Rate).unwrap() - 50.0 / 3.0).abs() < 1e-9);
        assert!((value(Statistic::Slope).unwrap() - 20e-9).abs() < 1e-15);
        assert_eq!(value(Statistic::Median), None);
        let short = Curve::new(axis(Unit::Objects), axis(Unit::Bytes), vec![(0.0, 1.0), (1.0, 0.0)]).unwrap();
        assert!(short.estimate(Statistic::Slope, 0.95).is_none(), "two points are a line through anything");
    }
}
