//! What a workload costs to ship, start, hold and call in each runtime on this machine, every number with its provenance.

#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod baseline;
pub mod claims;
pub mod compare;
pub mod exchange;
pub mod metric;
pub mod provenance;
pub mod stats;

#[cfg(feature = "measure")]
pub mod clock;
#[cfg(feature = "measure")]
pub mod policy;
#[cfg(feature = "measure")]
pub mod runtime;

pub use baseline::{Baseline, BaselineError, Lineage, Query, Series, UnavailableRow};
pub use claims::{Claim, Claims, ClaimsError, claims};
pub use metric::{
    Bound, Family, Indicator, Interval, Metric, MetricError, Quantity, QuantityError, Statistic, Subject, Temperature,
    Unit, UnknownIndicator,
};
pub use provenance::{
    Citation, CitationText, Component, Conditions, Date, DateError, Environment, EnvironmentBlock, Hardware, Host,
    Isolation, Language, NotationError, NotationField, NotationProblem, Provenance, ProvenanceError, Shortfall,
    Software, Source, SourceKind, UnknownIsolation, VALIDITY_DAYS, Watch,
};
