//! When two metrics are the same figure measured twice.

use std::hash::{Hash, Hasher};

use crate::{Conditions, Metric, provenance::Machine};

/// The identity of a figure within a baseline: two metrics with equal series are the same thing measured twice, and
/// the later one supersedes the earlier.
///
/// A series is the indicator with its unit, the subject, the workload, the temperature, the statistic, the components
/// with their versions, the hardware, the software, and the conditions without the noise and without what was observed.
/// An engine setting that differs (another compiler, an epoch tick) therefore makes another series, and so does another
/// kernel. Memory that differs by 2 % or less is the same: the kernel's own share of it moves from boot to boot.
///
/// ```
/// use runtime_baseline::{Component, Indicator, Metric, Provenance, Quantity, Series, Source, SourceKind};
///
/// let metric = |version: &str, ns| -> Result<Metric, Box<dyn std::error::Error>> {
///     let source = Source::new(SourceKind::Benchmark, "benches/startup")?;
///     let provenance = Provenance::new(source, Component::new("wasmtime", version)?, "2026-11-23".parse()?);
///     Ok(Metric::new(Indicator::StartupTime, "wasmtime".parse()?, Quantity::nanoseconds(ns), provenance)?)
/// };
/// let (first, again, upgraded) = (metric("48.0.8", 21_450)?, metric("48.0.8", 20_000)?, metric("49.0.0", 19_000)?);
/// assert_eq!(Series::of(&first), Series::of(&again));
/// assert_ne!(Series::of(&first), Series::of(&upgraded));
/// assert_eq!(Series::of(&first).lineage(), Series::of(&upgraded).lineage());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Series<'a>(&'a Metric);

impl<'a> Series<'a> {
    /// The series that `metric` belongs to.
    #[must_use]
    pub const fn of(metric: &'a Metric) -> Self {
        Self(metric)
    }

    /// The same without versions: what stays when a component, the kernel or the compiler is upgraded.
    #[must_use]
    pub const fn lineage(self) -> Lineage<'a> {
        Lineage(self.0)
    }
}

impl PartialEq for Series<'_> {
    fn eq(&self, other: &Self) -> bool {
        let (a, b) = (self.0.provenance(), other.0.provenance());
        what(self.0) == what(other.0)
            && a.components() == b.components()
            && a.environment().software == b.environment().software
            && circumstances(self.0) == circumstances(other.0)
    }
}

impl Eq for Series<'_> {}

impl Hash for Series<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        what(self.0).hash(state);
        self.0.provenance().components().hash(state);
        self.0.provenance().environment().software.hash(state);
        circumstances(self.0).hash(state);
    }
}

/// A figure across versions: a [`Series`] without the components' versions and without the software.
///
/// It pairs a metric with its predecessor in an earlier baseline, on the same hardware and under the same conditions.
#[derive(Debug, Clone, Copy)]
pub struct Lineage<'a>(&'a Metric);

impl<'a> Lineage<'a> {
    /// The lineage that `metric` belongs to.
    #[must_use]
    pub const fn of(metric: &'a Metric) -> Self {
        Self(metric)
    }

    fn names(self) -> impl Iterator<Item = &'a str> {
        self.0.provenance().components().iter().map(|c| c.name())
    }
}

impl PartialEq for Lineage<'_> {
    fn eq(&self, other: &Self) -> bool {
        what(self.0) == what(other.0)
            && self.names().eq(other.names())
            && circumstances(self.0) == circumstances(other.0)
    }
}

impl Eq for Lineage<'_> {}

impl Hash for Lineage<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        what(self.0).hash(state);
        for name in self.names() {
            name.hash(state);
        }
        circumstances(self.0).hash(state);
    }
}

fn what(m: &Metric) -> impl Hash + Eq + use<'_> {
    (m.indicator(), m.quantity().unit(), m.subject(), m.workload(), m.temperature(), m.statistic())
}

/// The hardware, and the conditions without what was observed and the noise, which differ from run to run.
fn circumstances(m: &Metric) -> impl Hash + Eq + use<'_> {
    let environment = m.provenance().environment();
    // Destructured, so that a new field cannot be forgotten here.
    let Conditions {
        part,
        method,
        concurrency,
        load,
        around,
        pool,
        budget,
        isolation,
        transport,
        engine,
        observed: _,
        noise: _,
    } = &environment.conditions;
    (
        Machine(&environment.hardware),
        (part, method, around, pool, budget),
        (concurrency, load, isolation, transport, engine),
    )
}
