//! Published figures as data: what somebody says one thing costs and another, and the factor claimed between them.
//!
//! [`claims()`] are the figures of the document that this crate was written to check, and of others. Add your own in a file
//! of the same form and read it with [`Claims::load`]:
//!
//! ```toml
#![doc = include_str!("../../fixtures/own-claims.toml")]
//! ```
//!
//! A file has `schema = 1` and tables, each of the rows of one publication:
//!
//! | field of a `[[table]]` | what it holds |
//! | --- | --- |
//! | `section` | where in the source the rows stand |
//! | `source` | `kind` (`official_docs`, `benchmark`, `production`, `third_party`) and `reference`, by which it can be found |
//! | `date` | of the publication, `2026-03` or `2026-03-14` |
//! | `components` | names with exact versions that the source states for all rows; a side may have its own |
//! | `conditions` | what the source says of `cpu`, `cores`, `memory`, `os`, `kernel`, `concurrency`, `load`; all optional |
//! | `reference`, `contender` | what the sides of all rows share |
//! | `claim` | the rows |
//!
//! | field of a `[[table.claim]]` | what it holds |
//! | --- | --- |
//! | `id` | a short name, unique in the file |
//! | `indicator` | its name in the stored form, such as `startup_time` |
//! | `reference`, `contender` | what is compared against, and what is said to be better |
//! | `factor` | as printed, a text: `8.5`, `200x`, `10x to 12x`; without it the factor is the one between the two values |
//! | `sense` | `faster`, `smaller`, `lower`, `higher`, or `reduction` (in per cent); without it no factor is claimed |
//! | `workload` | the workload or policy, if the source names it |
//! | `restated` | a list of `section`, `of` (`reference`, `contender`, `factor`, `reduction`) and `value`: said again elsewhere |
//!
//! | field of a side | what it holds |
//! | --- | --- |
//! | `subject` | as in a baseline, such as `container/alpine` |
//! | `value` | a text: `1.2 s`, `~512 MB` (about), `> 1000 nodes`, `< 10 ms`, `0.8-1.2 s`, `64 MiB`, `423 k/s` |
//! | `components` | in place of the table's |
//! | `isolation`, `transport`, `temperature` | as in a baseline's conditions |
//! | `concurrency`, `settings` | where that is what the sides differ in: how many at the same time, settings of the engine |
//! | `stand_ins` | subjects that answer for it where it was not measured; the verdict then lists the difference |
//! | `beside` | subjects that answer for nothing, and are shown where neither it nor a stand-in was measured |
//! | `unversioned` | whether the source does not state its version, and `components` are those of the row alone |

mod check;
mod factor;
mod wire;

pub use check::{Finding, FindingKind};
pub use factor::{Factor, Sense, UnknownSense};

use std::{
    io,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use crate::{
    Metric, Quantity, Statistic, Subject,
    input::{self, MOST_WRITTEN},
    metric::Bound,
};

/// The published figures that come with this crate: those of the document that it was created from
/// (`fixtures/claims.toml`), then those that projects publish of themselves (`fixtures/published.toml`).
///
/// ```
/// use runtime_baseline::claims;
///
/// let claim = claims().get("startup-time").expect("the first row of table 14.3.1");
/// assert_eq!(claim.reference().metric().quantity().to_string(), "1.2 s");
/// assert_eq!(claim.contender().metric().quantity().to_string(), "6 ms");
/// assert_eq!(claim.factor().map(|f| f.value()), Some(200.0));
/// assert_eq!(claim.improvement(), Some(99.5));
/// ```
#[must_use]
pub fn claims() -> &'static Claims {
    static CLAIMS: LazyLock<Claims> = LazyLock::new(|| {
        // The files are compiled in, and a test reads them: this cannot fail in a crate that passed its tests.
        let mut claims =
            Claims::from_toml(include_str!("../../fixtures/claims.toml")).expect("fixtures/claims.toml is valid");
        let published = Claims::from_toml(include_str!("../../fixtures/published.toml"));
        for claim in published.expect("fixtures/published.toml is valid") {
            claims.push(claim).expect("no id of it is in fixtures/claims.toml");
        }
        claims
    });
    &CLAIMS
}

/// Claims in the order of their file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Claims(Vec<Claim>);

impl Claims {
    /// Reads a file of claims.
    ///
    /// # Errors
    /// [`ClaimsError::Io`] when it cannot be read, and those of [`Claims::from_toml`], with the file's name.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, ClaimsError> {
        let path = path.as_ref();
        let text = input::read_named(path, MOST_WRITTEN).and_then(input::text);
        let text = text.map_err(|source| ClaimsError::Io { path: path.to_owned(), source })?;
        Self::from_toml(&text).map_err(|error| ClaimsError::InFile { path: path.to_owned(), error: Box::new(error) })
    }

    /// Reads claims from TOML.
    ///
    /// # Errors
    /// [`ClaimsError::Syntax`] names the line, [`ClaimsError::Claim`] the claim and the field that are wrong, and
    /// [`ClaimsError::Duplicate`] an id that stands twice.
    pub fn from_toml(text: &str) -> Result<Self, ClaimsError> {
        let mut claims = Self::default();
        for claim in wire::read(text)? {
            claims.push(claim)?;
        }
        Ok(claims)
    }

    /// Adds a claim.
    ///
    /// # Errors
    /// [`ClaimsError::Duplicate`] when a claim of that id is there.
    pub fn push(&mut self, claim: Claim) -> Result<(), ClaimsError> {
        if self.get(&claim.id).is_some() {
            return Err(ClaimsError::Duplicate(claim.id));
        }
        self.0.push(claim);
        Ok(())
    }

    /// The claim of that id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Claim> {
        self.0.iter().find(|claim| claim.id == id)
    }

    /// All claims.
    pub fn iter(&self) -> std::slice::Iter<'_, Claim> {
        self.0.iter()
    }

    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'a> IntoIterator for &'a Claims {
    type Item = &'a Claim;
    type IntoIter = std::slice::Iter<'a, Claim>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl IntoIterator for Claims {
    type Item = Claim;
    type IntoIter = std::vec::IntoIter<Claim>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// One row: the same indicator on two subjects, and the factor claimed between them.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    id: String,
    section: String,
    reference: Side,
    contender: Side,
    factor: Option<Factor>,
    restated: Vec<Restated>,
}

impl Claim {
    /// A short name, unique in its file.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Where in its source it stands.
    #[must_use]
    pub fn section(&self) -> &str {
        &self.section
    }

    /// What is compared against: the container, Kubernetes, OPA.
    #[must_use]
    pub fn reference(&self) -> &Side {
        &self.reference
    }

    /// What is said to be better: Wasm, K3s, OPA-Wasm.
    #[must_use]
    pub fn contender(&self) -> &Side {
        &self.contender
    }

    /// The factor as published, if one is.
    #[must_use]
    pub fn factor(&self) -> Option<&Factor> {
        self.factor.as_ref()
    }

    /// The factor that the two published values give, in the published factor's own sense; nothing where no factor is
    /// published or a value is zero.
    #[must_use]
    pub fn computed_factor(&self) -> Option<f64> {
        self.factor()?.sense().of(self.reference.value(), self.contender.value())
    }

    /// P = (reference − contender) / reference × 100 %, the source's own formula, from the two published values.
    /// Negative where the contender's value is the higher one, as for density. Nothing where the reference is zero.
    #[must_use]
    pub fn improvement(&self) -> Option<f64> {
        Sense::Reduction.of(self.reference.value(), self.contender.value())
    }

    /// Where the source says the same again, in its prose.
    #[must_use]
    pub fn restated(&self) -> &[Restated] {
        &self.restated
    }

    /// Where the published factor and the prose differ from what the two published values give.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        check::findings(self)
    }
}

/// One side of a claim.
#[derive(Debug, Clone, PartialEq)]
pub struct Side {
    metric: Metric,
    stand_ins: Vec<Subject>,
    beside: Vec<Subject>,
    versioned: bool,
}

impl Side {
    /// The published value with its provenance.
    #[must_use]
    pub fn metric(&self) -> &Metric {
        &self.metric
    }

    /// Subjects that may answer for the claimed one where that was not measured.
    #[must_use]
    pub fn stand_ins(&self) -> &[Subject] {
        &self.stand_ins
    }

    /// Subjects that are near the claimed one and do not answer for it: shown where nothing else was measured.
    #[must_use]
    pub fn beside(&self) -> &[Subject] {
        &self.beside
    }

    /// Whether the source states this side's own version. Where it does not, the provenance names only the components
    /// that the source states for the whole row.
    #[must_use]
    pub fn is_versioned(&self) -> bool {
        self.versioned
    }

    fn value(&self) -> f64 {
        self.metric.quantity().as_f64()
    }
}

/// The same figure said again elsewhere in the source.
#[derive(Debug, Clone, PartialEq)]
pub struct Restated {
    section: String,
    what: Restatement,
}

impl Restated {
    /// Where.
    #[must_use]
    pub fn section(&self) -> &str {
        &self.section
    }

    /// What is said there.
    #[must_use]
    pub fn what(&self) -> &Restatement {
        &self.what
    }
}

/// What is said again.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Restatement {
    /// The contender's value.
    Contender(Quantity, Bound),
    /// The reference's value.
    Reference(Quantity, Bound),
    /// The factor, in the row's own sense or as a reduction in per cent.
    Factor(Factor),
}

/// Why claims could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClaimsError {
    /// The file cannot be read: check that it exists and may be read.
    #[error("cannot read the claims {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Something in the file is wrong.
    #[error("{}: {error}", path.display())]
    InFile {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        #[source]
        error: Box<ClaimsError>,
    },
    /// Not TOML, or a field is missing, unknown or of the wrong type; the message names line and column.
    #[error("not a file of claims: {0}")]
    Syntax(String),
    /// The file has another schema than this version reads.
    #[error(
        "the claims have schema {0}, and this version reads 1: use the version of runtime-baseline that wrote them"
    )]
    Schema(u64),
    /// A field of a claim does not hold what it must.
    #[error("claim {id:?}, {field}: {reason}")]
    Claim {
        /// The claim's id.
        id: String,
        /// The field.
        field: &'static str,
        /// What is wrong with it, and what to write instead.
        reason: String,
    },
    /// Two claims have one id: rename one.
    #[error("two claims have the id {0:?}: rename one")]
    Duplicate(String),
}

/// What a claim's statistic is taken to be where the row does not say.
fn statistic_of(indicator: crate::Indicator) -> Statistic {
    match indicator {
        crate::Indicator::StartupP99 => Statistic::P99,
        _ => Statistic::Single,
    }
}
