//! What a workload costs to ship, start, hold and call in each runtime on this machine, every number with its provenance.
//!
//! The crate has two halves, and data goes one way through them. A `Workload` (or a
//! `Policy`, or objects) is given to an adapter (modules `runtime`, `policy`, `store`, `cluster`); a probe (`probe`) drives the adapter and
//! collects samples; an experiment (`experiment`) schedules it,
//! and makes [`Metric`]s of samples and the captured machine; metrics make a [`Baseline`],
//! which is [compared](compare) with [published claims](mod@claims) or an earlier baseline, and [reported](report).
//!
//! The record half (`default-features = false`) knows no runtime:
//!
//! ```
//! use runtime_baseline::{Baseline, Component, Indicator, Metric, Provenance, Quantity, Source, SourceKind};
//!
//! let source = Source::new(SourceKind::Benchmark, "my-tool 1.2.0, benches/start")?;
//! let provenance = Provenance::new(source, Component::new("wasmtime", "48.0.8")?, "2026-11-23".parse()?);
//! let metric = Metric::new(Indicator::StartupTime, "wasmtime".parse()?, Quantity::nanoseconds(21_450), provenance)?;
//!
//! let mut baseline = Baseline::new();
//! baseline.push(metric);
//! let found = baseline.find(Indicator::StartupTime, "wasmtime").latest().expect("just pushed");
//! assert_eq!(found.quantity().to_string(), "21.45 µs");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The measurement half has one feature for each runtime; `measure` alone has the traits, the probes and a runtime that
//! runs nothing.

#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod baseline;
pub mod claims;
pub mod compare;
pub mod exchange;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
mod input;
mod lock;
pub mod metric;
pub mod provenance;
pub mod report;
pub mod samples;
pub mod stats;
mod template;

#[cfg(feature = "measure")]
pub mod adapter;
#[cfg(feature = "measure")]
pub mod clock;
#[cfg(feature = "measure")]
pub mod cluster;
#[cfg(feature = "measure")]
#[allow(dead_code, reason = "each adapter uses its part")]
mod disk;
#[cfg(feature = "measure")]
mod entry;
#[cfg(feature = "measure")]
pub mod experiment;
#[cfg(feature = "measure")]
mod here;
#[cfg(feature = "container")]
pub mod launcher;
#[cfg(feature = "measure")]
#[allow(dead_code, reason = "each adapter uses its part")]
mod marks;
#[cfg(feature = "measure")]
pub mod plans;
#[cfg(feature = "measure")]
pub mod policy;
#[cfg(feature = "measure")]
pub mod probe;
#[cfg(feature = "measure")]
mod process;
#[cfg(feature = "measure")]
mod resource;
#[cfg(feature = "measure")]
pub mod runtime;
#[cfg(feature = "measure")]
mod setup;
#[cfg(feature = "measure")]
pub mod store;
#[cfg(feature = "measure")]
#[allow(dead_code, reason = "each adapter uses its part")]
mod versions;
mod whole_file;
mod words;

#[cfg(test)]
#[path = "../tests/support/need.rs"]
mod need;

/// Why a file could not be written: it is written whole or not at all.
pub use whole_file::WriteError;

pub use baseline::{
    Baseline, BaselineError, Lineage, Merged, Query, Series, Stale, Staleness, UnavailableRow, Unknown,
};
pub use claims::{Claim, Claims, ClaimsError, claims};
#[cfg(feature = "measure")]
pub use entry::become_helper;
#[cfg(feature = "measure")]
pub use here::components_here;
pub use metric::{
    Bound, Direction, Evidence, Family, Indicator, Interval, Metric, MetricError, Phase, Quantity, QuantityError,
    Range, Statistic, Subject, Temperature, Unit, UnknownIndicator,
};
pub use provenance::{
    Citation, CitationText, Component, Conditions, Date, DateError, Environment, EnvironmentBlock, Hardware, Host,
    Isolation, Language, Moment, MomentError, NotationError, NotationField, NotationProblem, Provenance,
    ProvenanceError, Run, Shortfall, Software, Source, SourceKind, UnknownIsolation, VALIDITY_DAYS, Watch,
};

/// The README's examples are tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
