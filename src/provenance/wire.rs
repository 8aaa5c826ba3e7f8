//! The stored form of a provenance, apart from the types in memory so that either can change alone.
//!
//! Fields that this release does not know are no error here: whoever reads a baseline keeps them.

use std::{collections::BTreeMap, fmt, sync::Arc};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, MapAccess, Visitor, value::MapAccessDeserializer},
};

use super::{Isolation, Moment, ProvenanceError};
use crate::{Component, Date, Source};

#[derive(Serialize, Deserialize)]
pub(crate) struct Provenance {
    source: Source,
    components: Vec<Component>,
    date: Date,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) run: Option<RunReference>,
    #[serde(default)]
    pub(crate) environment: Environment,
}

/// A baseline names its runs once, and each figure names its own by the id. A figure that stands alone has the whole run.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum RunReference {
    Id(String),
    Whole(Run),
}

/// By hand, since an untagged enum is read from a copy, in which nobody sees what is not known of it.
impl<'de> Deserialize<'de> for RunReference {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;

        impl<'de> Visitor<'de> for Read {
            type Value = RunReference;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a run, or the id of one")
            }

            fn visit_str<E: de::Error>(self, id: &str) -> Result<RunReference, E> {
                Ok(RunReference::Id(id.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RunReference, A::Error> {
                Run::deserialize(MapAccessDeserializer::new(map)).map(RunReference::Whole)
            }
        }

        deserializer.deserialize_any(Read)
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Run {
    pub(crate) id: String,
    began: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    built_from: Option<String>,
}

#[derive(Serialize, Deserialize, Default)]
pub(crate) struct Environment {
    #[serde(default)]
    hardware: Hardware,
    #[serde(default)]
    software: Software,
    #[serde(default)]
    pub(crate) conditions: Conditions,
}

#[derive(Serialize, Deserialize, Default)]
struct Hardware {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cpu: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cores: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    memory_bytes: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    storage: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    virtualization: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cpu_quota_millis: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    memory_limit_bytes: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cpuset: Option<String>,
}

#[derive(Serialize, Deserialize, Default)]
struct Software {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    os: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kernel: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rustc: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    container: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user_namespace: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    clock_source: Option<String>,
}

#[derive(Serialize, Deserialize, Default)]
pub(crate) struct Conditions {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    part: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    method: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    concurrency: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) load: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    around: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pool: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    budget: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    isolation: Option<Isolation>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    transport: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) engine: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    observed: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    noise: Vec<String>,
}

impl From<&super::Run> for Run {
    fn from(run: &super::Run) -> Self {
        Self { id: run.id().to_owned(), began: run.began().to_string(), built_from: run.revision().map(str::to_owned) }
    }
}

impl TryFrom<Run> for super::Run {
    type Error = ProvenanceError;

    fn try_from(wire: Run) -> Result<Self, ProvenanceError> {
        let run = Self::recorded(wire.id, wire.began.parse::<Moment>()?)?;
        Ok(match wire.built_from {
            Some(revision) => run.built_from(revision),
            None => run,
        })
    }
}

impl From<super::Provenance> for Provenance {
    fn from(provenance: super::Provenance) -> Self {
        let run = provenance.run.as_deref().map(|run| RunReference::Whole(run.into()));
        let super::Provenance { origin, date, .. } = provenance;
        let super::Origin { source, components, environment } = Arc::unwrap_or_clone(origin);
        Self { source, components, date, run, environment: environment.into() }
    }
}

impl TryFrom<Provenance> for super::Provenance {
    type Error = ProvenanceError;

    fn try_from(wire: Provenance) -> Result<Self, ProvenanceError> {
        let mut components = wire.components.into_iter();
        let first = components.next().ok_or(ProvenanceError::NoComponent)?;
        let provenance = Self::new(wire.source, first, wire.date).with_environment(wire.environment.into());
        let provenance = components.fold(provenance, Self::with_component);
        Ok(match wire.run {
            None => provenance,
            Some(RunReference::Whole(run)) => provenance.with_run(super::Run::try_from(run)?),
            Some(RunReference::Id(id)) => return Err(ProvenanceError::UnknownRun(id)),
        })
    }
}

impl From<super::Environment> for Environment {
    fn from(environment: super::Environment) -> Self {
        // Destructured, so that a new field cannot be forgotten here.
        let super::Environment { hardware, software, conditions } = environment;
        let super::Hardware {
            cpu,
            cores,
            memory_bytes,
            storage,
            virtualization,
            cpu_quota_millis,
            memory_limit_bytes,
            cpuset,
        } = hardware;
        let super::Software { os, kernel, rustc, container, user_namespace, clock_source } = software;
        let super::Conditions {
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
            observed,
            noise,
        } = conditions;
        Self {
            hardware: Hardware {
                cpu,
                cores,
                memory_bytes,
                storage,
                virtualization,
                cpu_quota_millis,
                memory_limit_bytes,
                cpuset,
            },
            software: Software { os, kernel, rustc, container, user_namespace, clock_source },
            conditions: Conditions {
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
                observed,
                noise,
            },
        }
    }
}

impl From<Environment> for super::Environment {
    fn from(wire: Environment) -> Self {
        let Environment { hardware, software, conditions } = wire;
        let Hardware {
            cpu,
            cores,
            memory_bytes,
            storage,
            virtualization,
            cpu_quota_millis,
            memory_limit_bytes,
            cpuset,
        } = hardware;
        let Software { os, kernel, rustc, container, user_namespace, clock_source } = software;
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
            observed,
            noise,
        } = conditions;
        Self {
            hardware: super::Hardware {
                cpu,
                cores,
                memory_bytes,
                storage,
                virtualization,
                cpu_quota_millis,
                memory_limit_bytes,
                cpuset,
            },
            software: super::Software { os, kernel, rustc, container, user_namespace, clock_source },
            conditions: super::Conditions {
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
                observed,
                noise,
            },
        }
    }
}

impl Conditions {
    /// Takes over what schema 1 had among the engine's settings, or within the load. Returns the part that the figure is of,
    /// where it stood there.
    pub(crate) fn upgrade(&mut self) -> Option<String> {
        let mut conditions = super::Conditions::default();
        for name in super::Conditions::WITH_FIELDS {
            if let Some(value) = self.engine.remove(name) {
                conditions.set(name, value);
            }
        }
        // What is none of these after all (a pool that is no number) is the engine's again.
        let super::Conditions { part, method, around, pool, budget, engine, .. } = conditions;
        let moved = part.clone();
        self.engine.extend(engine);
        self.part = self.part.take().or(part);
        self.method = self.method.take().or(method);
        (self.around, self.pool) = (self.around.or(around), self.pool.or(pool));
        self.budget = self.budget.take().or(budget);
        // `fill, around 100 live`
        let around = |load: &str| load.strip_prefix("fill, around ")?.strip_suffix(" live")?.parse().ok();
        if let Some(live) = self.load.as_deref().and_then(around) {
            (self.load, self.around) = (Some("fill".to_owned()), Some(live));
        }
        moved
    }
}
