//! The file of samples: comma-separated values (RFC 4180) with a header line, which any tool reads.
//!
//! `process,turn,startup_time_ns`, then a line for each sample. Samples whose turns are unknown have the last column
//! alone, which is the form of earlier releases. The file's name ends with a part of its content's SHA-256, so that no
//! two sets of samples share a file, and samples that were saved before are not written again.

use std::{
    fmt::Write,
    path::{Path, PathBuf},
};

use super::{Samples, SamplesError, file};
use crate::{
    input::{MOST_OF_SAMPLES, read_text},
    metric::{Direction, Indicator, Unit, wire::indicator},
};

/// The columns before the values.
const ORIGIN: &str = "process,turn,";

impl Samples {
    /// The file's text.
    #[must_use]
    pub fn to_csv(&self) -> String {
        let known = self.turns_are_known();
        let origin = if known { ORIGIN } else { "" };
        let mut text = format!("{origin}{}\n", column(self.indicator(), self.unit()));
        for sample in self.iter() {
            // Writing to a string does not fail. Numbers are the shortest decimals that read back as themselves.
            let _ = if known {
                writeln!(text, "{},{},{}", sample.process, sample.turn, sample.value)
            } else {
                writeln!(text, "{}", sample.value)
            };
        }
        text
    }

    /// Reads the file's text.
    ///
    /// # Errors
    /// [`SamplesError::Header`] and [`SamplesError::Line`] say what is wrong and in which line.
    pub fn from_csv(text: &str) -> Result<Self, SamplesError> {
        let mut lines = text.lines();
        let header = lines.next().unwrap_or_default().trim();
        let (known, name) = header.strip_prefix(ORIGIN).map_or((false, header), |name| (true, name));
        let (indicator, unit) = read_column(name).ok_or_else(|| SamplesError::Header(header.to_owned()))?;
        let mut samples = match known {
            true => Self::new(indicator, unit)?,
            false => Self::of_unknown_turns(indicator, unit, [])?,
        };
        for (index, line) in lines.enumerate() {
            let wrong = |expected| SamplesError::Line { line: index + 2, text: line.to_owned(), expected };
            let sample = if known { full(line) } else { number(line).map(|value| (0, 0, value)) };
            let (process, turn, value) = sample.ok_or_else(|| {
                wrong(if known {
                    "write process, turn and value, three plain numbers"
                } else {
                    "write one plain number"
                })
            })?;
            samples.push(process, turn, value).map_err(|_| {
                wrong(if unit.is_integer() { "write a whole number of at most 2^53" } else { "write a finite number" })
            })?;
        }
        Ok(samples)
    }

    /// Saves the samples below `directory`, which a baseline lies in, and returns the file's path relative to it:
    /// `samples/<stem>.<part of the content's SHA-256>.csv`. Characters of `stem` that file names do without are replaced.
    ///
    /// The file is written whole or not at all. No other samples have its name, and the same samples again are the same
    /// file.
    ///
    /// # Errors
    /// [`SamplesError::Write`] names the file.
    pub fn save(&self, directory: &Path, stem: &str) -> Result<PathBuf, SamplesError> {
        Ok(file::save(directory, stem, &self.to_csv())?)
    }

    /// Reads a file of samples.
    ///
    /// # Errors
    /// [`SamplesError::Io`] when it cannot be read, and those of [`from_csv`](Self::from_csv).
    pub fn load(path: impl AsRef<Path>) -> Result<Self, SamplesError> {
        let path = path.as_ref();
        let text =
            read_text(path, MOST_OF_SAMPLES).map_err(|error| SamplesError::Io { path: path.to_owned(), error })?;
        Self::from_csv(&text)
    }
}

/// What a column is named after: `startup_time_ns`, and for an indicator that is a tool author's own, all that must be known
/// of it: `queue_depth [requests] less_is_better`.
fn column(indicator: Indicator, unit: Unit) -> String {
    match indicator {
        Indicator::Other(own) => format!("{indicator} [{unit}] {}", own.direction().as_str()),
        _ => format!("{indicator}_{unit}"),
    }
}

fn read_column(name: &str) -> Option<(Indicator, Unit)> {
    if let Some((own, rest)) = name.split_once(" [") {
        let (unit, direction) = rest.split_once("] ")?;
        let direction =
            [Direction::LessIsBetter, Direction::MoreIsBetter].into_iter().find(|d| d.as_str() == direction)?;
        return indicator(own, unit, Some(direction)).ok();
    }
    let all = Indicator::ALL.iter().flat_map(|indicator| indicator.units().iter().map(move |unit| (*indicator, *unit)));
    all.into_iter().find(|(indicator, unit)| {
        name.strip_prefix(indicator.as_str()).and_then(|rest| rest.strip_prefix('_')) == Some(unit.as_str())
    })
}

fn full(line: &str) -> Option<(u32, u32, f64)> {
    let mut fields = line.split(',').map(str::trim);
    let (process, turn, value) = (fields.next()?, fields.next()?, fields.next()?);
    let count = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?;
    let sample = (count(process)?, count(turn)?, number(value)?);
    fields.next().is_none().then_some(sample)
}

/// A plain decimal; `inf`, `nan`, exponents and a plus sign are none.
fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    plain.then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn samples() -> Samples {
        let mut samples = Samples::new(Indicator::StartupTime, Unit::Nanoseconds).unwrap();
        for (process, turn, value) in [(0, 0, 21_450.0), (0, 1, 21_010.0), (1, 0, 21_960.0)] {
            samples.push(process, turn, value).unwrap();
        }
        samples
    }

    #[test]
    fn the_form_of_the_file_is_fixed() {
        assert_eq!(samples().to_csv(), "process,turn,startup_time_ns\n0,0,21450\n0,1,21010\n1,0,21960\n");
        let old = Samples::from_csv("startup_time_ns\r\n5\r\n").unwrap();
        assert_eq!((old.values(), old.turns_are_known()), (&[5.0][..], false));
        assert_eq!(old.to_csv(), "startup_time_ns\n5\n");
        let rate = Samples::of_one_process(Indicator::StartRate, Unit::PerSecond, [0.1, -2.5, 1e21, 5e-324]).unwrap();
        assert!(rate.to_csv().contains("\n0,2,1000000000000000000000\n"), "{}", rate.to_csv());
        assert_eq!(Samples::from_csv(&rate.to_csv()).unwrap(), rate);
    }

    #[test]
    fn every_indicator_and_unit_reads_back() {
        for indicator in Indicator::ALL {
            for unit in indicator.units() {
                let samples = Samples::of_one_process(*indicator, *unit, [1.0]).unwrap();
                assert_eq!(Samples::from_csv(&samples.to_csv()).unwrap(), samples);
            }
        }
    }

    #[test]
    fn the_column_of_an_own_indicator_says_all_of_it() {
        let unit = Unit::other("requests").unwrap();
        let depth = Indicator::other("queue_depth", unit, Direction::LessIsBetter).unwrap();
        let samples = Samples::of_one_process(depth, unit, [2.5]).unwrap();
        assert_eq!(samples.to_csv(), "process,turn,queue_depth [requests] less_is_better\n0,0,2.5\n");
        assert_eq!(Samples::from_csv(&samples.to_csv()).unwrap(), samples);
        let bytes = Indicator::other("cache_size", Unit::Bytes, Direction::MoreIsBetter).unwrap();
        let samples = Samples::of_unknown_turns(bytes, Unit::Bytes, [2.0]).unwrap();
        assert_eq!(Samples::from_csv(&samples.to_csv()).unwrap(), samples);
    }

    #[test]
    fn what_is_no_file_of_samples_is_refused_by_line() {
        let error = |text: &str| Samples::from_csv(text).unwrap_err().to_string();
        for header in [
            "",
            "startup_time",
            "startup_time_bytes",
            "turn,process,startup_time_ns",
            "process,turn,",
            "a,b",
            "process,turn,a [b] up",
            "process,turn,A [b] less_is_better",
        ] {
            assert!(error(&format!("{header}\n1\n")).starts_with("line 1"), "{header}");
        }
        for line in
            ["", "1,2", "1,2,", "1,2,3,4", "-1,2,3", "1,2,nan", "1,2,1e3", "1,2,+3", "1,2,3.5", "4294967296,0,1"]
        {
            let text = format!("process,turn,startup_time_ns\n0,0,1\n{line}\n");
            assert!(error(&text).starts_with("line 3"), "{line}: {}", error(&text));
        }
        for line in ["", "x", "1.5", "18446744073709551615", "inf", "."] {
            assert!(error(&format!("startup_time_ns\n{line}\n")).starts_with("line 2"), "{line}");
        }
    }

    #[test]
    fn a_file_is_named_by_its_content() {
        let directory = tempfile::tempdir().unwrap();
        let save = |samples: &Samples, stem: &str| samples.save(directory.path(), stem).unwrap();
        let path = save(&samples(), "startup_time.wasmtime");
        assert_eq!(path, Path::new("samples/startup_time.wasmtime.5aeb6b0bd0dd579e.csv"));
        assert_eq!(Samples::load(directory.path().join(&path)).unwrap(), samples());
        assert_eq!(save(&samples(), "startup_time.wasmtime"), path, "the same again");
        let mut other = samples();
        other.push(1, 1, 5.0).unwrap();
        assert_ne!(save(&other, "startup_time.wasmtime"), path, "other samples of the same name");
        // Whatever a name holds, the file lies in its directory.
        for stem in ["", ".", "..", "../../etc/passwd", "/dev/null", "a\0b\nc", &"长".repeat(400), &"x".repeat(4000)] {
            let path = save(&samples(), stem);
            assert_eq!(path.parent(), Some(Path::new("samples")), "{stem:?}");
            assert_eq!(Samples::load(directory.path().join(path)).unwrap(), samples(), "{stem:?}");
        }
        // A damaged file is repaired.
        fs::write(directory.path().join(&path), "x").unwrap();
        save(&samples(), "startup_time.wasmtime");
        assert_eq!(Samples::load(directory.path().join(&path)).unwrap(), samples());
        let below_a_file = directory.path().join(&path);
        assert!(matches!(samples().save(&below_a_file, "x"), Err(SamplesError::Write(_))));
    }
}
