//! Points of one thing against another, and their file: a header line that names both axes with their units, then one
//! point a line.

use std::{
    io,
    path::{Path, PathBuf},
};

use super::file;
use crate::{
    Unit,
    input::{MOST_OF_SAMPLES, read_text},
    whole_file::WriteError,
};

/// What grew with what: memory with the live instances, latency with the size of the data.
///
/// A [`Metric`](crate::Metric) names the file as its [`samples`](crate::Metric::samples), beside those of plain
/// [`Samples`](super::Samples): the header tells the two apart ([`Recorded`](super::Recorded)). What the curve is of stands in that
/// metric. The points are in the order in which they were taken, or sorted: a plot sorts them.
///
/// ```
/// use runtime_baseline::{Unit, samples::{Axis, Curve}};
///
/// let x = Axis::new("live instances", Unit::Instances)?;
/// let y = Axis::new("memory", Unit::Bytes)?;
/// let curve = Curve::new(x, y, vec![(100.0, 4_900_000.0), (200.0, 5_750_000.0)])?;
/// assert_eq!(curve.to_csv(), "live instances [instances],memory [bytes]\n100,4900000\n200,5750000\n");
/// assert_eq!(Curve::from_csv(&curve.to_csv())?, curve);
/// # Ok::<(), runtime_baseline::samples::CurveError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    x: Axis,
    y: Axis,
    points: Vec<(f64, f64)>,
}

/// What stands along one side of a curve, and in which unit.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Axis {
    label: String,
    unit: Unit,
}

impl Axis {
    /// An axis. The label is for people and in English: `live instances`, `data size`, `memory`, `start rate`.
    ///
    /// # Errors
    /// [`CurveError::Label`] when it is blank, or has a comma, a quote, a square bracket or a control character, which
    /// the file's header could not hold.
    pub fn new(label: impl Into<String>, unit: Unit) -> Result<Self, CurveError> {
        let label = label.into();
        let refused = |c: char| c.is_control() || ",\"[]".contains(c);
        if label.trim().is_empty() || label.trim() != label || label.contains(refused) {
            return Err(CurveError::Label(label));
        }
        Ok(Self { label, unit })
    }

    /// What is measured along it.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// In which unit.
    #[must_use]
    pub fn unit(&self) -> Unit {
        self.unit
    }

    fn parse(text: &str) -> Option<Self> {
        let (label, unit) = text.trim().strip_suffix(']')?.rsplit_once(" [")?;
        Self::new(label, unit.parse().ok()?).ok()
    }
}

impl Curve {
    /// A curve through points.
    ///
    /// # Errors
    /// [`CurveError::Point`] when a coordinate is negative, NaN or infinite.
    pub fn new(x: Axis, y: Axis, points: Vec<(f64, f64)>) -> Result<Self, CurveError> {
        let fits = |value: f64| value.is_finite() && value >= 0.0;
        match points.iter().position(|(x, y)| !fits(*x) || !fits(*y)) {
            // Line 1 of the file is the header.
            Some(index) => Err(CurveError::Point { line: index + 2, text: line(points[index]) }),
            None => Ok(Self { x, y, points }),
        }
    }

    /// What the points are taken against.
    #[must_use]
    pub fn x(&self) -> &Axis {
        &self.x
    }

    /// What was measured at each.
    #[must_use]
    pub fn y(&self) -> &Axis {
        &self.y
    }

    /// The points, x and y in their axes' canonical units.
    #[must_use]
    pub fn points(&self) -> &[(f64, f64)] {
        &self.points
    }

    /// The file's text.
    #[must_use]
    pub fn to_csv(&self) -> String {
        let (x, y) = (&self.x, &self.y);
        let header = format!("{} [{}],{} [{}]\n", x.label, x.unit.as_str(), y.label, y.unit.as_str());
        self.points.iter().fold(header, |text, point| text + &line(*point) + "\n")
    }

    /// Reads the file's text.
    ///
    /// # Errors
    /// [`CurveError::Header`] and [`CurveError::Point`] name the line that is wrong.
    pub fn from_csv(text: &str) -> Result<Self, CurveError> {
        let mut lines = text.lines();
        let header = lines.next().unwrap_or_default();
        let axes = || {
            let (x, y) = header.split_once(',')?;
            Some((Axis::parse(x)?, Axis::parse(y)?))
        };
        let (x, y) = axes().ok_or_else(|| CurveError::Header(header.to_owned()))?;
        let point = |(index, line): (usize, &str)| {
            let coordinates = line.split_once(',').and_then(|(x, y)| Some((number(x)?, number(y)?)));
            coordinates.ok_or_else(|| CurveError::Point { line: index + 2, text: line.to_owned() })
        };
        Self::new(x, y, lines.enumerate().map(point).collect::<Result<_, _>>()?)
    }

    /// Saves the curve below `directory`, which a baseline lies in, and returns the file's path relative to it, as
    /// [`Samples::save`](super::Samples::save) does.
    ///
    /// # Errors
    /// [`CurveError::Write`] names the file.
    pub fn save(&self, directory: &Path, stem: &str) -> Result<PathBuf, CurveError> {
        Ok(file::save(directory, stem, &self.to_csv())?)
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`CurveError::Io`] when it cannot be read, and those of [`Curve::from_csv`].
    pub fn load(path: &Path) -> Result<Self, CurveError> {
        let text = read_text(path, MOST_OF_SAMPLES).map_err(|error| CurveError::Io { path: path.to_owned(), error })?;
        Self::from_csv(&text)
    }
}

/// A point as a line: the shortest decimals that read back to the same numbers.
fn line((x, y): (f64, f64)) -> String {
    format!("{x},{y}")
}

/// A plain decimal; `inf`, `nan` and signs are none.
fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    text.starts_with(|c: char| c.is_ascii_digit()).then(|| text.parse().ok())?
}

/// Why a curve could not be built, read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CurveError {
    /// The label does not fit the file's header.
    #[error("{0:?} is no label of an axis: write a few words without commas, quotes and square brackets")]
    Label(String),
    /// The first line does not name two axes and their units.
    #[error(
        "line 1: {0:?} is no header of a curve: write both axes, such as \"live instances [instances],memory [bytes]\""
    )]
    Header(String),
    /// A point is not two numbers, or one is negative or not finite.
    #[error(
        "line {line}: {text:?} is not a point: write x and y, two numbers that are not negative, with a comma between"
    )]
    Point {
        /// The line, from 1.
        line: usize,
        /// What stands there.
        text: String,
    },
    /// The file could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The file could not be read.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        error: io::Error,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn curve(points: Vec<(f64, f64)>) -> Result<Curve, CurveError> {
        Curve::new(Axis::new("data size", Unit::Bytes)?, Axis::new("evaluation latency", Unit::Nanoseconds)?, points)
    }

    #[test]
    fn a_file_reads_back() {
        let directory = tempfile::tempdir().unwrap();
        for points in
            [vec![], vec![(0.0, 0.0)], vec![(1.0, 0.1 + 0.2), (9_007_199_254_740_993.0, 1e-300), (1e300, 2.5)]]
        {
            let curve = curve(points).unwrap();
            let path = curve.save(directory.path(), "growth").unwrap();
            assert_eq!(Curve::load(&directory.path().join(path)).unwrap(), curve);
        }
        assert_eq!(fs::read_dir(directory.path().join("samples")).unwrap().count(), 3, "a file for each content");
        let missing = directory.path().join("no/such/file.csv");
        assert!(Curve::load(&missing).unwrap_err().to_string().contains("no/such/file.csv"));
        fs::write(directory.path().join("file"), "").unwrap();
        let error = curve(vec![]).unwrap().save(&directory.path().join("file"), "growth").unwrap_err();
        assert!(error.to_string().contains("file/samples: Not a directory"), "{error}");
    }

    #[test]
    fn every_unit_reads_back() {
        for unit in Unit::ALL {
            let curve =
                Curve::new(Axis::new("x", unit).unwrap(), Axis::new("y", unit).unwrap(), vec![(1.0, 2.0)]).unwrap();
            assert_eq!(Curve::from_csv(&curve.to_csv()).unwrap(), curve);
        }
    }

    #[test]
    fn what_is_no_curve_is_refused_by_line() {
        let error = |text: &str| Curve::from_csv(text).unwrap_err().to_string();
        for header in [
            "",
            "startup_time_ns",
            "a [bytes]",
            "a [bytes],b",
            "a [bytes],b [parsecs]",
            " [ns],b [ns]",
            "a [ns],b [ns],c [ns]",
        ] {
            assert!(error(header).starts_with("line 1"), "{header}");
        }
        for point in ["", "1", "1,", "1,2,3", "-1,2", "1,nan", "inf,1", "1,1e999", "one,2"] {
            assert!(error(&format!("a [ns],b [ns]\n1,2\n{point}\n")).starts_with("line 3"), "{point}");
        }
        assert_eq!(Curve::from_csv("a [ns],b [ns]\r\n1, 2\r\n").unwrap().points(), [(1.0, 2.0)]);
        for label in ["", " ", "a,b", "a\"b", "a [b]", "a\nb", " a"] {
            assert!(Axis::new(label, Unit::Bytes).is_err(), "{label:?}");
        }
        for point in [(-1.0, 1.0), (f64::NAN, 1.0), (1.0, f64::INFINITY)] {
            assert!(matches!(curve(vec![(1.0, 1.0), point]), Err(CurveError::Point { line: 3, .. })));
        }
    }
}
