//! What a workload costs to ship, start, hold and call in each runtime on this machine, every number with its provenance.

#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod baseline;
mod host_stub;
pub use host_stub::*;
pub mod claims;
pub mod compare;
pub mod metric;
pub mod provenance;
pub mod report;
#[cfg(feature = "measure")]
pub mod session;
pub mod stats;

#[cfg(feature = "measure")]
pub mod clock;
#[cfg(feature = "measure")]
#[cfg_attr(not(any(feature = "wasmedge", feature = "wasmtime")), allow(dead_code, reason = "adapters use it"))]
mod disk;
#[cfg(feature = "container")]
pub mod launcher;
#[cfg(feature = "measure")]
pub mod policy;
#[cfg(feature = "measure")]
pub mod probe;
#[cfg(feature = "measure")]
pub mod runtime;
#[cfg(any(
    feature = "container",
    feature = "opa-wasm",
    feature = "regorus",
    feature = "wasmedge",
    feature = "wasmtime"
))]
mod versions;

pub use baseline::{Baseline, BaselineError, Lineage, Query, Series, UnavailableRow};
pub use claims::{Claim, Claims, ClaimsError, claims};
pub use metric::{
    Bound, Family, Indicator, Interval, Metric, MetricError, Quantity, QuantityError, Statistic, Subject, Temperature,
    Unit, UnknownIndicator,
};
pub use provenance::{
    Citation, CitationText, Component, Conditions, Date, DateError, Environment, EnvironmentBlock, Field, Hardware,
    Isolation, Language, NotationError, NotationProblem, Provenance, ProvenanceError, Shortfall, Software, Source,
    SourceKind, UnknownIsolation, VALIDITY_DAYS,
};
