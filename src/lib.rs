//! What a workload costs to ship, start, hold and call in each runtime on this machine, every number with its provenance.

#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod metric;
pub mod provenance;

#[cfg(feature = "measure")]
pub mod clock;
#[cfg(feature = "measure")]
pub mod policy;
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

pub use metric::{
    Bound, Family, Indicator, Interval, Metric, MetricError, Quantity, QuantityError, Statistic, Subject, Temperature,
    Unit, UnknownIndicator,
};
pub use provenance::{
    Component, Conditions, Date, DateError, Environment, Hardware, Isolation, Provenance, ProvenanceError, Software,
    Source, SourceKind,
};
