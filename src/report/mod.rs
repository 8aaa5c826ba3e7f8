//! What people read: the figures of a baseline side by side, judged, warned of, and told how to take them again.

mod document;
mod forest;
#[cfg(feature = "html")]
mod html;
mod markdown;
mod plot;
mod raw;
mod sections;
mod table;
mod text;
mod words;

use std::{io, path::Path};

pub use table::{policies, table};

use crate::{Baseline, Claims, Date, Language, Metric, Staleness, whole_file::write_text};
use raw::Raw;

/// A report of a baseline, to be written as markdown or as a page. Of a figure measured more than once, under other
/// versions say, the latest is shown.
///
/// ```
/// use runtime_baseline::{Baseline, Language, report::Report};
///
/// let baseline = Baseline::new();
/// let text = Report::of(&baseline).markdown(Language::English);
/// assert!(text.starts_with("# What was measured on this machine"));
/// ```
#[derive(Debug)]
pub struct Report<'a> {
    baseline: &'a Baseline,
    metrics: Vec<&'a Metric>,
    claims: Option<&'a Claims>,
    staleness: Staleness,
    raw: Raw,
}

impl<'a> Report<'a> {
    /// A report as of today, without plots and warnings: those take the raw data.
    #[must_use]
    pub fn of(baseline: &'a Baseline) -> Self {
        let staleness = Staleness::on(Date::today());
        Self { baseline, metrics: baseline.latest(), claims: None, staleness, raw: Raw::default() }
    }

    /// Judges these claims, before the published ones that come with this crate.
    #[must_use]
    pub fn with_claims(mut self, claims: &'a Claims) -> Self {
        self.claims = Some(claims);
        self
    }

    /// Takes plots and warnings from the raw data that the metrics name, in files below the baseline's own directory.
    /// A file that is missing or damaged is no error: the report says that it is.
    #[must_use]
    pub fn with_raw_data(mut self, directory: impl AsRef<Path>) -> Self {
        self.raw = Raw::below(directory.as_ref());
        self
    }

    /// Marks stale figures, and audits as of that day.
    #[must_use]
    pub fn with_staleness(mut self, staleness: Staleness) -> Self {
        self.staleness = staleness;
        self
    }

    /// The report as markdown.
    #[must_use]
    pub fn markdown(&self, language: Language) -> String {
        markdown::render(&sections::document(self, language))
    }

    /// What became of the claims, as markdown for a pull request: a sentence for each pair of things that they compare, then a
    /// line for each claim.
    ///
    /// ```
    /// use runtime_baseline::{Baseline, Language, report::Report};
    ///
    /// let baseline = Baseline::new();
    /// let text = Report::of(&baseline).summary(Language::English);
    /// assert!(text.starts_with("### Are the published figures true here?"));
    /// ```
    #[must_use]
    pub fn summary(&self, language: Language) -> String {
        markdown::blocks(&sections::summary(self, language), language)
    }

    /// The report as one self-contained page: no script, nothing from the network.
    #[cfg(feature = "html")]
    #[must_use]
    pub fn html(&self, language: Language) -> String {
        html::render(&sections::document(self, language))
    }

    /// Writes `report.md` and `report.html`, and the same in Chinese as `report.zh.md` and `report.zh.html`, each whole
    /// or not at all.
    ///
    /// # Errors
    /// What the system said of the first file that could not be written, with the file's name.
    #[cfg(feature = "html")]
    pub fn save(&self, directory: impl AsRef<Path>) -> io::Result<()> {
        for (language, infix) in [(Language::English, ""), (Language::Chinese, ".zh")] {
            let document = sections::document(self, language);
            let texts = [("md", markdown::render(&document)), ("html", html::render(&document))];
            for (extension, text) in texts {
                save(directory.as_ref().join(format!("report{infix}.{extension}")), &text)?;
            }
        }
        Ok(())
    }
}

/// Writes a report's text, or another, whole or not at all: whoever has the old file open never sees a part of the new
/// one.
///
/// # Errors
/// What the system said, with the file's name.
pub fn save(path: impl AsRef<Path>, text: &str) -> io::Result<()> {
    Ok(write_text(path.as_ref(), text)?)
}

/// The report of a baseline alone, without its raw data. See [`Report`].
#[must_use]
pub fn markdown(baseline: &Baseline, language: Language) -> String {
    Report::of(baseline).markdown(language)
}
