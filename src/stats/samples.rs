//! Raw samples and their file: one header line that names the indicator and the unit, then one value a line.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use super::{StatsError, Summary, Warning, warnings};
use crate::{
    metric::{Indicator, Metric, MetricError, Quantity, Statistic, Subject, Unit},
    provenance::Provenance,
    whole_file::write_whole,
};

/// Raw samples of one indicator in an integer unit, in the order in which they were taken.
///
/// ```
/// use runtime_baseline::{Indicator, Unit, stats::Samples};
///
/// let samples = Samples::new(Indicator::StartupTime, Unit::Nanoseconds, vec![21_450, 21_010, 21_960])?;
/// assert_eq!(samples.to_csv(), "startup_time_ns\n21450\n21010\n21960\n");
/// assert_eq!(Samples::from_csv(&samples.to_csv())?, samples);
/// # Ok::<(), runtime_baseline::stats::SamplesError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Samples {
    indicator: Indicator,
    unit: Unit,
    values: Vec<u64>,
}

impl Samples {
    /// Samples as they were taken.
    ///
    /// # Errors
    /// [`SamplesError::Unit`] when the indicator has no such unit, or the unit is not counted in integers.
    pub fn new(indicator: Indicator, unit: Unit, values: Vec<u64>) -> Result<Self, SamplesError> {
        if !unit.is_integer() || !indicator.units().contains(&unit) {
            return Err(SamplesError::Unit { indicator, unit });
        }
        Ok(Self { indicator, unit, values })
    }

    /// What was sampled.
    #[must_use]
    pub fn indicator(&self) -> Indicator {
        self.indicator
    }

    /// The unit of each value.
    #[must_use]
    pub fn unit(&self) -> Unit {
        self.unit
    }

    /// The values in the order in which they were taken.
    #[must_use]
    pub fn values(&self) -> &[u64] {
        &self.values
    }

    /// Their summary.
    ///
    /// # Errors
    /// [`StatsError::Empty`] when there are none.
    pub fn summary(&self) -> Result<Summary, StatsError> {
        Summary::of(&self.values)
    }

    /// What to know before trusting them.
    #[must_use]
    pub fn warnings(&self) -> Vec<Warning> {
        warnings(&self.values)
    }

    /// A statistic of the samples as a metric, with its 95 % interval where there is one.
    ///
    /// # Errors
    /// [`SamplesError::Stats`] when there are no samples, [`SamplesError::Statistic`] when samples do not give it.
    pub fn metric(&self, subject: Subject, statistic: Statistic, from: Provenance) -> Result<Metric, SamplesError> {
        let summary = self.summary()?;
        let value = summary.value(statistic).ok_or(SamplesError::Statistic(statistic))?;
        let mut metric = Metric::new(self.indicator, subject, Quantity::whole(value, self.unit), from)?
            .with_statistic(statistic)
            .with_count(summary.count() as u64);
        if let Some(interval) = summary.interval(statistic, 0.95) {
            metric = metric.with_interval(interval.with_unit(self.unit)?)?;
        }
        Ok(metric)
    }

    /// The file's text.
    #[must_use]
    pub fn to_csv(&self) -> String {
        let mut text = Vec::new();
        // Writing to memory does not fail.
        let _ = self.write(&mut text);
        String::from_utf8(text).unwrap_or_default()
    }

    /// Reads the file's text.
    ///
    /// # Errors
    /// [`SamplesError::Header`] and [`SamplesError::Value`] name the line that is wrong.
    pub fn from_csv(text: &str) -> Result<Self, SamplesError> {
        let mut lines = text.lines();
        let header = lines.next().unwrap_or_default().trim();
        let (indicator, unit) = Indicator::ALL
            .iter()
            .flat_map(|indicator| indicator.units().iter().map(move |unit| (*indicator, *unit)))
            .find(|(indicator, unit)| unit.is_integer() && header == format!("{indicator}_{}", unit.as_str()))
            .ok_or_else(|| SamplesError::Header(header.to_owned()))?;
        let value = |(index, line): (usize, &str)| {
            let text = line.trim();
            text.parse().map_err(|_| SamplesError::Value { line: index + 2, text: text.to_owned() })
        };
        Self::new(indicator, unit, lines.enumerate().map(value).collect::<Result<_, _>>()?)
    }

    /// Writes the file whole or not at all; a run killed half-way leaves the earlier file as it was.
    ///
    /// # Errors
    /// [`SamplesError::Io`] names the file.
    pub fn save(&self, path: &Path) -> Result<(), SamplesError> {
        write_whole(path, |out| self.write(out)).map_err(|error| SamplesError::Io { path: path.to_owned(), error })
    }

    /// Reads a file of samples.
    ///
    /// # Errors
    /// [`SamplesError::Io`] when it cannot be read, and those of [`Samples::from_csv`].
    pub fn load(path: &Path) -> Result<Self, SamplesError> {
        let text = fs::read_to_string(path).map_err(|error| SamplesError::Io { path: path.to_owned(), error })?;
        Self::from_csv(&text)
    }

    fn write(&self, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "{}_{}", self.indicator, self.unit.as_str())?;
        self.values.iter().try_for_each(|value| writeln!(out, "{value}"))
    }
}

/// Why samples could not be built, read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SamplesError {
    /// Samples are integers in the indicator's own unit: nanoseconds, bytes, counts.
    #[error("samples of {indicator} are not kept in {}: use an integer unit of that indicator", unit.as_str())]
    Unit {
        /// The indicator.
        indicator: Indicator,
        /// The unit that was given.
        unit: Unit,
    },
    /// The first line does not name an indicator and its unit.
    #[error("line 1: {0:?} is no header of samples: write the indicator and its unit, such as startup_time_ns")]
    Header(String),
    /// A line is not a whole number that fits 64 bits.
    #[error("line {line}: {text:?} is not a sample: write one whole number a line")]
    Value {
        /// The line, from 1.
        line: usize,
        /// What stands there.
        text: String,
    },
    /// The statistic is not one of samples: a slope or a rate is computed elsewhere.
    #[error("samples alone do not give a {0}: use median, p90, p99, min, max or mean")]
    Statistic(Statistic),
    /// The file could not be read or written.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        error: io::Error,
    },
    /// The samples could not be summarised.
    #[error(transparent)]
    Stats(#[from] StatsError),
    /// The figure could not be built.
    #[error(transparent)]
    Metric(#[from] MetricError),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_reads_back() {
        let directory = std::env::temp_dir().join(format!("runtime-baseline-samples-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        let path = directory.join("density.csv");
        let samples = Samples::new(Indicator::Density, Unit::Instances, vec![0, 3000, u64::MAX]).unwrap();
        samples.save(&path).unwrap();
        fs::write(directory.join(".density.csv.new"), "left by a killed process").unwrap();
        samples.save(&path).unwrap();
        assert_eq!(Samples::load(&path).unwrap(), samples);
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 1, "nothing is left beside the file");
        assert!(samples.save(Path::new("/")).is_err());
        let missing = directory.join("no/such/directory.csv");
        assert!(samples.save(&missing).unwrap_err().to_string().contains("no/such/directory.csv"));
        fs::remove_dir_all(&directory).unwrap();
    }

    #[test]
    fn every_header_names_one_indicator() {
        for indicator in Indicator::ALL {
            for unit in indicator.units().iter().filter(|unit| unit.is_integer()) {
                let samples = Samples::new(*indicator, *unit, vec![1]).unwrap();
                assert_eq!(Samples::from_csv(&samples.to_csv()).unwrap(), samples);
            }
        }
    }

    #[test]
    fn what_is_no_file_of_samples_is_refused_by_line() {
        let error = |text: &str| Samples::from_csv(text).unwrap_err().to_string();
        assert!(error("").starts_with("line 1"));
        assert!(error("startup_time\n1\n").starts_with("line 1"));
        assert!(error("cpu_baseline_percent\n1\n").starts_with("line 1"));
        assert!(error("startup_time_ns\n1\n-2\n").starts_with("line 3"));
        assert!(error("startup_time_ns\n1\n\n2\n").starts_with("line 3"));
        assert!(error("startup_time_ns\n18446744073709551616\n").starts_with("line 2"));
        assert_eq!(Samples::from_csv("startup_time_ns\r\n5\r\n").unwrap().values(), [5]);
        assert!(Samples::new(Indicator::CpuBaseline, Unit::Percent, vec![]).is_err());
        assert!(Samples::new(Indicator::StartupTime, Unit::Bytes, vec![]).is_err());
    }
}
