//! From values to places, and the values worth a tick.

use maud::{Markup, html};

use super::at;
use crate::{Quantity, Unit};

/// A line of values from `low` to `high`, drawn from `start` to `end`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Axis {
    logarithmic: bool,
    low: f64,
    high: f64,
    start: f64,
    end: f64,
}

/// From this ratio of the largest to the smallest value on, equal ratios are equal distances.
const LOGARITHMIC_FROM: f64 = 50.0;

impl Axis {
    /// An axis that holds all values, by ratio where they are all above zero.
    pub fn by_ratio(values: impl Iterator<Item = f64>, start: f64, end: f64) -> Self {
        Self::new(values, start, end, 1.0)
    }

    /// An axis that holds all values, by ratio only where they are far apart.
    pub fn fitting(values: impl Iterator<Item = f64>, start: f64, end: f64) -> Self {
        Self::new(values, start, end, LOGARITHMIC_FROM)
    }

    fn new(values: impl Iterator<Item = f64>, start: f64, end: f64, from: f64) -> Self {
        let (low, high) = values.fold((f64::INFINITY, 0.0_f64), |(low, high), x| (low.min(x), high.max(x)));
        let (low, high) = if low <= high { (low, high) } else { (0.0, 1.0) };
        if low > 0.0 && high / low >= from {
            // Some room on both sides, and at least a factor of two in all, or one value would fill the axis.
            let (low, high) = (low / 1.1, (high * 1.1).max(low * 2.0));
            return Self { logarithmic: true, low, high, start, end };
        }
        let high = if high > 0.0 { high * 1.05 } else { 1.0 };
        Self { logarithmic: false, low: 0.0, high, start, end }
    }

    /// Where a value lies; what lies outside is drawn at the nearer end.
    pub fn place(&self, value: f64) -> f64 {
        let share = if self.logarithmic {
            (value.max(self.low) / self.low).ln() / (self.high / self.low).ln()
        } else {
            (value - self.low) / (self.high - self.low)
        };
        self.start + share.clamp(0.0, 1.0) * (self.end - self.start)
    }

    /// Round values, their places at least so far apart.
    pub fn ticks(&self, apart: f64) -> Vec<f64> {
        if !self.logarithmic {
            let rough = self.high * apart / (self.end - self.start).abs();
            let power = 10f64.powf(rough.log10().floor());
            let step = [1.0, 2.0, 5.0].into_iter().map(|m| m * power).find(|step| *step >= rough);
            let step = step.unwrap_or(10.0 * power);
            let count = (self.high / step).floor() as usize;
            return (0..=count).map(|i| i as f64 * step).collect();
        }
        let (first, last) = (self.low.log10().floor() as i32, self.high.log10().ceil() as i32);
        let inside = |x: &f64| (self.low..=self.high).contains(x);
        let of = |digits: &[f64], every: usize| -> Vec<f64> {
            let powers = (first..=last).step_by(every);
            powers.flat_map(|power| digits.iter().map(move |m| m * 10f64.powi(power))).filter(inside).collect()
        };
        let far =
            |ticks: &Vec<f64>| ticks.windows(2).all(|pair| (self.place(pair[1]) - self.place(pair[0])).abs() >= apart);
        let fine = [1.0, 1.2, 1.4, 1.6, 1.8, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0, 7.0, 8.0];
        let coarse = [vec![1.0, 1.5, 2.0, 3.0, 4.0, 6.0], vec![1.0, 2.0, 5.0], vec![1.0, 3.0], vec![1.0]];
        let mut within = [&fine[..]].into_iter().chain(coarse.iter().map(Vec::as_slice)).map(|digits| of(digits, 1));
        within
            .find(far)
            .or_else(|| (2..=12).map(|every| of(&[1.0], every)).find(far))
            .unwrap_or_else(|| of(&[1.0], 1).into_iter().take(1).collect())
    }
}

/// Lines across a picture at these values, all of them one path, and their labels below.
pub(super) fn scale(axis: &Axis, ticks: &[f64], unit: Unit, [top, bottom]: [f64; 2]) -> Markup {
    let height = at(bottom - top);
    let places: Vec<f64> = ticks.iter().map(|value| at(axis.place(*value))).collect();
    let lines: String = places.iter().map(|x| format!("M{x} {top}v{height}")).collect();
    html! {
        @if !places.is_empty() { path.grid d=(lines) {} }
        @for (value, x) in ticks.iter().zip(&places) {
            text class={ "tick" (anchor(*x, axis, 28.0)) } x=(x) y=(at(bottom + 14.0)) { (label(*value, unit)) }
        }
    }
}

/// What a tick's class ends with: a label within `room` of an end of the axis is not centred, or it would stand outside.
pub(super) fn anchor(x: f64, axis: &Axis, room: f64) -> &'static str {
    match x {
        x if x < axis.start + room => " first",
        x if x > axis.end - room => " last",
        _ => "",
    }
}

/// A tick's label: `200 µs`.
pub(super) fn label(value: f64, unit: Unit) -> String {
    let value = if unit.is_integer() { value.round() } else { value };
    Quantity::new(value, unit).map_or_else(|_| value.to_string(), Quantity::rounded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_lies_on_the_axis_and_in_order() {
        for values in
            [vec![20.0, 5e9], vec![0.0, 10.0], vec![7.0], vec![0.0], vec![], vec![1e-3, 2e-3], vec![1.8e19, 1.0]]
        {
            for axis in
                [Axis::by_ratio, Axis::fitting].map(|new: fn(_, _, _) -> _| new(values.clone().into_iter(), 10.0, 90.0))
            {
                let axis: Axis = axis;
                let mut sorted = values.clone();
                sorted.sort_by(f64::total_cmp);
                let places: Vec<f64> = sorted.iter().map(|x| axis.place(*x)).collect();
                assert!(
                    places.is_sorted() && places.iter().all(|x| (10.0..=90.0).contains(x)),
                    "{values:?}: {places:?}"
                );
                let ticks = axis.ticks(20.0);
                assert!((1..=5).contains(&ticks.len()) && ticks.is_sorted(), "{values:?}: {ticks:?}");
            }
        }
    }

    #[test]
    fn ticks_are_round() {
        let axis = Axis::by_ratio([2e3, 5e6].into_iter(), 0.0, 100.0);
        assert_eq!(
            axis.ticks(20.0).iter().map(|x| label(*x, Unit::Nanoseconds)).collect::<Vec<_>>(),
            ["10 µs", "100 µs", "1 ms"]
        );
        let axis = Axis::fitting([0.0, 950.0].into_iter(), 0.0, 100.0);
        assert_eq!(axis.ticks(20.0), [0.0, 200.0, 400.0, 600.0, 800.0]);
    }
}
