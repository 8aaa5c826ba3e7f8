//! Where a figure comes from: who says so, of which versions, when, and on what.

mod audit;
mod date;
mod environment;
mod host;
mod machine;
mod notation;
mod run;
pub(crate) mod wire;

pub use audit::{Shortfall, VALIDITY_DAYS};
pub use date::{Date, DateError};
pub use environment::{Conditions, Environment, Hardware, Isolation, Software, UnknownIsolation};
#[cfg(feature = "measure")]
pub(crate) use host::INITIAL_PROCESSES;
pub(crate) use host::NoiseSentence;
pub(crate) use host::chinese as noise_in_chinese;
pub(crate) use host::load_average;
pub(crate) use host::throttled;
pub use host::{Host, Watch};
pub(crate) use machine::{Machine, same_memory};
use notation::is_idle;
pub use notation::{Citation, CitationText, EnvironmentBlock, Language, NotationError, NotationField, NotationProblem};
pub(crate) use notation::{binary, cpus};
pub use run::{Moment, MomentError, Run};

use std::{collections::HashSet, fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize};

/// The origin of a figure. Cannot be built without a source, at least one component with an exact version, and a date.
///
/// ```
/// use runtime_baseline::{Component, Provenance, Source, SourceKind};
///
/// let provenance = Provenance::new(
///     Source::new(SourceKind::OfficialDocs, "K3s profiling page")?,
///     Component::new("k3s", "1.30.4")?,
///     "2025-01".parse()?,
/// );
/// assert_eq!(provenance.components()[0].to_string(), "k3s 1.30.4");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "wire::Provenance", into = "wire::Provenance")]
pub struct Provenance {
    origin: Arc<Origin>,
    date: Date,
    /// Shared, since all figures of a run have it.
    run: Option<Arc<Run>>,
}

/// What figures that were measured alike have in common. It is most of a figure, so that who reads many shares it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Origin {
    source: Source,
    /// Never empty: `new` takes the first one.
    components: Vec<Component>,
    environment: Environment,
}

impl Provenance {
    /// The least that a figure must say of itself. `component` is the thing measured.
    #[must_use]
    pub fn new(source: Source, component: Component, date: Date) -> Self {
        let origin = Origin { source, components: vec![component], environment: Environment::default() };
        Self { origin: Arc::new(origin), date, run: None }
    }

    /// Adds a component that took part (an engine below the subject, a client, the tool that measured).
    #[must_use]
    pub fn with_component(mut self, component: Component) -> Self {
        if !self.origin.components.contains(&component) {
            Arc::make_mut(&mut self.origin).components.push(component);
        }
        self
    }

    /// Says in which run it was measured.
    #[must_use]
    pub fn with_run(mut self, run: impl Into<Arc<Run>>) -> Self {
        self.run = Some(run.into());
        self
    }

    /// Says on what hardware and software, and under which conditions.
    #[must_use]
    pub fn with_environment(mut self, environment: Environment) -> Self {
        Arc::make_mut(&mut self.origin).environment = environment;
        self
    }

    /// Who says so.
    #[must_use]
    pub fn source(&self) -> &Source {
        &self.origin.source
    }

    /// What was measured, first, and what took part. Never empty.
    #[must_use]
    pub fn components(&self) -> &[Component] {
        &self.origin.components
    }

    /// When it was measured or published.
    #[must_use]
    pub fn date(&self) -> Date {
        self.date
    }

    /// The run in which it was measured, where that was recorded. Figures of one run are peers.
    #[must_use]
    pub fn run(&self) -> Option<&Run> {
        self.run.as_deref()
    }

    /// On what, and under which conditions.
    #[must_use]
    pub fn environment(&self) -> &Environment {
        &self.origin.environment
    }

    /// Takes the place in memory of an equal origin that is known, or makes its own known.
    pub(crate) fn share(&mut self, known: &mut HashSet<Arc<Origin>>) {
        match known.get(&self.origin) {
            Some(origin) => self.origin = Arc::clone(origin),
            None => drop(known.insert(Arc::clone(&self.origin))),
        }
    }
}

/// The kinds of source that count as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceKind {
    /// A project's own documentation.
    #[serde(alias = "official-docs")]
    OfficialDocs,
    /// A benchmark that others can run again.
    Benchmark,
    /// Measured in production, and said to be.
    Production,
    /// A page of somebody else than the project and than who measured: an article, a talk, a vendor's comparison.
    #[serde(alias = "third-party")]
    ThirdParty,
}

impl SourceKind {
    /// The name in the stored form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OfficialDocs => "official_docs",
            Self::Benchmark => "benchmark",
            Self::Production => "production",
            Self::ThirdParty => "third_party",
        }
    }
}

/// Who says so: a kind, and where to find it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "SourceWire")]
pub struct Source {
    kind: SourceKind,
    reference: String,
}

impl Source {
    /// A source with its reference: a page, a paper, a benchmark and its version.
    ///
    /// # Errors
    /// [`ProvenanceError::NoReference`] when `reference` is blank.
    pub fn new(kind: SourceKind, reference: impl Into<String>) -> Result<Self, ProvenanceError> {
        let reference = reference.into();
        if reference.trim().is_empty() {
            return Err(ProvenanceError::NoReference);
        }
        Ok(Self { kind, reference })
    }

    /// Which kind.
    #[must_use]
    pub fn kind(&self) -> SourceKind {
        self.kind
    }

    /// Where to find it.
    #[must_use]
    pub fn reference(&self) -> &str {
        &self.reference
    }
}

#[derive(Deserialize)]
struct SourceWire {
    kind: SourceKind,
    reference: String,
}

impl TryFrom<SourceWire> for Source {
    type Error = ProvenanceError;

    fn try_from(wire: SourceWire) -> Result<Self, ProvenanceError> {
        Self::new(wire.kind, wire.reference)
    }
}

/// A name and an exact version: `wasmtime 48.0.8`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "ComponentWire")]
pub struct Component {
    name: String,
    version: String,
}

impl Component {
    /// A component with its exact version.
    ///
    /// # Errors
    /// [`ProvenanceError::Name`] when the name is blank or holds a character of the citation's own syntax, and
    /// [`ProvenanceError::InexactVersion`] when the version has no digit, is a range, or holds white space: "latest"
    /// and ">= 1.2" do not say what was measured.
    pub fn new(name: impl Into<String>, version: impl Into<String>) -> Result<Self, ProvenanceError> {
        let (name, version) = (name.into(), version.into());
        let syntax = |c: char| "[]|,｜，".contains(c) || c.is_control();
        if name.is_empty() || name.trim() != name || name.contains(syntax) {
            return Err(ProvenanceError::Name(name));
        }
        let range = |c: char| "<>=^~*".contains(c) || c.is_whitespace() || syntax(c);
        let wildcard = version.split('.').any(|part| part.eq_ignore_ascii_case("x"));
        if !version.contains(|c: char| c.is_ascii_digit()) || version.contains(range) || wildcard {
            return Err(ProvenanceError::InexactVersion { name, version });
        }
        Ok(Self { name, version })
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The exact version.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }
}

impl fmt::Display for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.version)
    }
}

impl FromStr for Component {
    type Err = ProvenanceError;

    /// Reads `name version`; the version is what follows the last space.
    fn from_str(s: &str) -> Result<Self, ProvenanceError> {
        let (name, version) = s.trim().rsplit_once(' ').unwrap_or((s.trim(), ""));
        Self::new(name.trim_end(), version)
    }
}

#[derive(Deserialize)]
struct ComponentWire {
    name: String,
    version: String,
}

impl TryFrom<ComponentWire> for Component {
    type Error = ProvenanceError;

    fn try_from(wire: ComponentWire) -> Result<Self, ProvenanceError> {
        Self::new(wire.name, wire.version)
    }
}

/// Why an origin is not one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProvenanceError {
    /// A provenance without a component: name what was measured, with its version.
    #[error("no component: a provenance names at least one thing with its exact version")]
    NoComponent,
    /// A source without a reference: say where the figure can be found.
    #[error("the source has no reference: say where the figure can be found or run again")]
    NoReference,
    /// A component's name that is blank or would break a citation.
    #[error("{0:?} is not a component's name: it is not blank and has none of [ ] | , ｜ ，")]
    Name(String),
    /// A version that does not say exactly what was measured.
    #[error(
        "{name} has no exact version ({version:?}): one is the version that ran, such as 48.0.8, and no range or tag"
    )]
    InexactVersion {
        /// The component.
        name: String,
        /// What was given as its version.
        version: String,
    },
    /// The date is not one.
    #[error(transparent)]
    Date(#[from] DateError),
    /// The id of a run is not 32 hexadecimal digits.
    #[error("{0:?} is no run's id: it is 32 hexadecimal digits in lower case")]
    RunId(String),
    /// A figure names a run that is not told with it: a baseline lists its runs.
    #[error("the run {0} is not among the runs of the baseline: restore it there, or remove the figure's run")]
    UnknownRun(String),
    /// The instant at which a run began is not one.
    #[error(transparent)]
    Moment(#[from] MomentError),
}
