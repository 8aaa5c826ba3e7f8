//! Which figures no longer speak of what is here now.

use std::collections::HashMap;

use crate::{Component, Date, Metric};

/// Flags figures that are too old, or were measured on other versions than those here now.
///
/// ```
/// use runtime_baseline::{
///     Component, Indicator, Metric, Provenance, Quantity, Source, SourceKind, Stale, Staleness,
/// };
///
/// let source = Source::new(SourceKind::Benchmark, "runtime-baseline 0.1.0, benches/startup")?;
/// let provenance = Provenance::new(source, Component::new("wasmtime", "48.0.8")?, "2026-11-23".parse()?);
/// let metric = Metric::new(Indicator::StartupTime, "wasmtime".parse()?, Quantity::nanoseconds(21_450), provenance)?;
///
/// let staleness = Staleness::on("2026-12-31".parse()?).with_max_age(30).with_components([Component::new("wasmtime", "49.0.0")?]);
/// let found = staleness.check(&metric);
/// assert!(matches!(found[0], Stale::Age { days: 38, limit: 30, .. }));
/// assert_eq!(found[1].to_string(), "measured on wasmtime 48.0.8, and 49.0.0 is here now: measure again");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Staleness {
    today: Date,
    max_age: Option<u64>,
    /// The versions that are here, by name: one component may be here in two.
    here: HashMap<String, Vec<Component>>,
}

/// Why a figure is stale.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stale {
    /// It is older than allowed.
    Age {
        /// When it was measured.
        date: Date,
        /// How many days ago.
        days: u64,
        /// How many days are allowed.
        limit: u64,
    },
    /// It was measured on another version than the one here now.
    Version {
        /// What it was measured on.
        measured: Component,
        /// What is here.
        here: Component,
    },
}

impl Staleness {
    /// Nothing is stale yet: say what makes a figure so.
    #[must_use]
    pub fn on(today: Date) -> Self {
        Self { today, max_age: None, here: HashMap::new() }
    }

    /// The day on which it is asked.
    #[must_use]
    pub fn today(&self) -> Date {
        self.today
    }

    /// Figures older than so many days are stale.
    #[must_use]
    pub fn with_max_age(mut self, days: u64) -> Self {
        self.max_age = Some(days);
        self
    }

    /// Figures of a component in another version than these are stale. A component that is not among them says nothing.
    #[must_use]
    pub fn with_components(mut self, here: impl IntoIterator<Item = Component>) -> Self {
        for component in here {
            let versions = self.here.entry(component.name().to_owned()).or_default();
            if !versions.contains(&component) {
                versions.push(component);
            }
        }
        self
    }

    /// Why a figure is stale; empty where it is not.
    #[must_use]
    pub fn check(&self, metric: &Metric) -> Vec<Stale> {
        let provenance = metric.provenance();
        let date = provenance.date();
        let days = date.days_until(self.today);
        let age = self.max_age.filter(|limit| days > *limit).map(|limit| Stale::Age { date, days, limit });
        let versions = provenance.components().iter().filter_map(|measured| {
            let here = self.here.get(measured.name())?;
            let other = here.first().filter(|_| !here.contains(measured))?;
            Some(Stale::Version { measured: measured.clone(), here: other.clone() })
        });
        age.into_iter().chain(versions).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Indicator, Provenance, Quantity, Source, SourceKind};

    fn metric(date: &str, components: &[(&str, &str)]) -> Metric {
        let source = Source::new(SourceKind::Benchmark, "benches/startup").unwrap();
        let mut components = components.iter().map(|(name, version)| Component::new(*name, *version).unwrap());
        let provenance = Provenance::new(source, components.next().unwrap(), date.parse().unwrap());
        let provenance = components.fold(provenance, Provenance::with_component);
        Metric::new(Indicator::StartupTime, "wasmtime".parse().unwrap(), Quantity::nanoseconds(1), provenance).unwrap()
    }

    #[test]
    fn age_counts_whole_days_and_a_month_from_its_end() {
        let on = |today: &str| Staleness::on(today.parse().unwrap()).with_max_age(30);
        let day = metric("2026-11-01", &[("wasmtime", "48.0.8")]);
        assert_eq!(on("2026-12-01").check(&day), []);
        assert!(matches!(on("2026-12-02").check(&day)[..], [Stale::Age { days: 31, limit: 30, .. }]));
        let month = metric("2026-11", &[("wasmtime", "48.0.8")]);
        assert_eq!(on("2026-12-30").check(&month), []);
        assert_eq!(on("2026-12-31").check(&month).len(), 1);
        // A date to come is another fault, which the audit names.
        assert_eq!(on("2026-01-01").check(&day), []);
        assert_eq!(Staleness::on("2036-01-01".parse().unwrap()).check(&day), [], "no limit was given");
    }

    #[test]
    fn only_a_version_that_is_here_no_more_is_stale() {
        let of = |list: &[(&str, &str)]| list.iter().map(|(n, v)| Component::new(*n, *v).unwrap()).collect::<Vec<_>>();
        let here = |list| Staleness::on("2026-11-23".parse().unwrap()).with_components(of(list));
        let measured = metric("2026-11-23", &[("wasmtime", "48.0.8"), ("libcontainer", "0.7.0"), ("crun", "1.8.1")]);
        assert_eq!(here(&[("wasmtime", "48.0.8"), ("libcontainer", "0.7.0")]).check(&measured), []);
        let both = here(&[("wasmtime", "49.0.0"), ("wasmtime", "48.0.8"), ("libcontainer", "0.8.0")]).check(&measured);
        let [Stale::Version { measured, here }] = &both[..] else { panic!("{both:?}") };
        assert_eq!([measured.to_string(), here.to_string()], ["libcontainer 0.7.0", "libcontainer 0.8.0"]);
    }
}
