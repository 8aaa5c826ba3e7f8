//! The latencies of a burst as an HDR histogram, in the text form that the plotters of HdrHistogram read.

use std::fmt::Write;

use hdrhistogram::Histogram as Hdr;

use super::StatsError;

/// Significant decimal digits that a bucket keeps: a value is off by less than a thousandth.
const DIGITS: u8 = 3;

/// Rows for each halving of the distance to 100 %, as HdrHistogram's own tools print them.
const ROWS: u32 = 5;

/// A histogram of high dynamic range: every value within a thousandth, however far apart they are, in a few KiB. It
/// shows the whole tail of a burst, to be read by other tools; the figures themselves come from the raw samples.
///
/// ```
/// use runtime_baseline::stats::Histogram;
///
/// let histogram = Histogram::of(&[120_000, 130_000, 150_000, 9_000_000])?;
/// assert_eq!(histogram.count(), 4);
/// assert!(histogram.quantile(1.0).abs_diff(9_000_000) <= 9_000);
/// assert!(histogram.to_hgrm().contains("1/(1-Percentile)"));
/// # Ok::<(), runtime_baseline::stats::StatsError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Histogram(Hdr<u64>);

impl Histogram {
    /// The histogram of values in any integer unit.
    ///
    /// # Errors
    /// [`StatsError::Empty`] when there are none.
    ///
    /// # Panics
    /// Never: the number of digits is one that is allowed, and the histogram grows to whatever value comes.
    pub fn of(values: &[u64]) -> Result<Self, StatsError> {
        if values.is_empty() {
            return Err(StatsError::Empty);
        }
        let mut histogram = Hdr::new(DIGITS).expect("a number of digits that is allowed");
        for value in values {
            histogram.record(*value).expect("a histogram that grows");
        }
        Ok(Self(histogram))
    }

    /// How many values there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// The value below or at which the share `quantile` (0 to 1) of all values lies, within a thousandth.
    #[must_use]
    pub fn quantile(&self, quantile: f64) -> u64 {
        self.0.value_at_quantile(quantile)
    }

    /// The percentile distribution (`.hgrm`): value, percentile, count up to it, and 1/(1-percentile), in the values' own
    /// unit.
    #[must_use]
    pub fn to_hgrm(&self) -> String {
        let mut out =
            format!("{:>12} {:>14} {:>10} {:>14}\n\n", "Value", "Percentile", "TotalCount", "1/(1-Percentile)");
        let mut seen = 0;
        for step in self.0.iter_quantiles(ROWS) {
            seen += step.count_since_last_iteration();
            let quantile = step.quantile_iterated_to();
            let _ = write!(out, "{:>12} {quantile:>14.12} {seen:>10}", step.value_iterated_to());
            let _ = if quantile < 1.0 { writeln!(out, " {:>14.2}", 1.0 / (1.0 - quantile)) } else { writeln!(out) };
        }
        let (mean, deviation) = (self.0.mean(), self.0.stdev());
        let _ = writeln!(out, "#[Mean    = {mean:>12.3}, StdDeviation   = {deviation:>12.3}]");
        let _ = writeln!(out, "#[Max     = {:>12}, Total count    = {:>12}]", self.0.max(), self.0.len());
        let _ = writeln!(out, "#[Buckets = {:>12}, SubBuckets     = {:>12}]", self.0.buckets(), 1 << 11);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_is_kept_and_the_last_row_is_all_of_it() {
        let values: Vec<u64> = (1..=10_000).map(|i| i * i).collect();
        let histogram = Histogram::of(&values).unwrap();
        for quantile in [0.5, 0.9, 0.99, 0.999, 1.0] {
            let exact = values[(quantile * 10_000.0) as usize - 1];
            let found = histogram.quantile(quantile);
            assert!(found.abs_diff(exact) <= exact / 1000, "{quantile}: {found}, not {exact}");
        }
        let text = histogram.to_hgrm();
        let rows: Vec<Vec<f64>> = (text.lines().skip(2))
            .filter(|line| !line.starts_with('#'))
            .map(|line| line.split_whitespace().map(|cell| cell.parse().unwrap()).collect())
            .collect();
        assert!(rows.len() > 20 && rows.windows(2).all(|w| w[0][0] <= w[1][0] && w[0][2] <= w[1][2]), "{text}");
        assert_eq!(rows.last().unwrap()[1..3], [1.0, 10_000.0]);
        assert!(text.ends_with("2048]\n") && text.contains("#[Mean"), "{text}");
    }

    #[test]
    fn any_value_is_taken_and_none_is_an_error() {
        let histogram = Histogram::of(&[0, u64::MAX]).unwrap();
        assert_eq!(histogram.count(), 2);
        assert!(!histogram.to_hgrm().is_empty());
        assert_eq!(Histogram::of(&[]), Err(StatsError::Empty));
    }
}
