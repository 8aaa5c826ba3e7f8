//! Adapters that are wrong on purpose, each in one way: the suite must fail every one of them. They stand around an engine that
//! passes, each that was built in, and spoil one thing.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use libtest_mimic::Trial;
use runtime_baseline::{
    Temperature,
    adapter::{Identity, Limits},
    runtime::{Artifact, Instance, Registry, Runtime, RuntimeError, Workload},
};

use crate::{ADAPTERS, Gap, Runs, is_caught, need};

/// What is wrong with an adapter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// Nothing: what the suite must let pass.
    None,
    /// It provides the three imports that the project's own workloads use.
    ImportsMissing,
    /// It limits no table.
    NoTableLimit,
    /// What runs before `_start` is stopped much too late.
    NoLimitInTheStartSection,
    /// It counts no room.
    NoRoomCounted,
    /// It has never enough of memory.
    NoMemoryLimit,
    /// Who overflows the stack is said to have taken too long.
    RecursionIsLate,
    /// What is ready is gone at once.
    NotAlive,
    /// Its readings are of no clock.
    NoClock,
}

/// Each fault, and a check that it cannot pass.
const MUTANTS: &[(Fault, &str)] = &[
    (Fault::ImportsMissing, "every_import_answers_as_wasi_does"),
    (Fault::NoTableLimit, "a_table_beyond_its_limit_is_the_memory_limit"),
    (Fault::NoLimitInTheStartSection, "a_time_limit_holds_in_the_start_section"),
    (Fault::NoRoomCounted, "room_that_no_machine_has_is_refused_and_costs_nothing"),
    (Fault::NoMemoryLimit, "memory_limits_hold_to_the_byte_from_none_to_all"),
    (Fault::RecursionIsLate, "endless_recursion_fails"),
    (Fault::NotAlive, "what_is_ready_lives_until_it_is_stopped"),
    (Fault::NoClock, "every_temperature_starts_and_stops"),
];

/// A test for each mutant of each engine in this process. None where it was not built in.
pub fn trials() -> Vec<Trial> {
    let engines = ADAPTERS.iter().filter(|(_, runs, _)| *runs == Runs::ModulesHere);
    engines.flat_map(|(subject, _, gaps)| of_engine(subject, gaps)).collect()
}

fn of_engine(subject: &'static str, gaps: &[Gap]) -> Vec<Trial> {
    if let Err(why) = Registry::only(subject) {
        need::note("skipped", &format!("{subject}'s mutants"), &why.to_string());
        return Vec::new();
    }
    let is_gap = |check: &str| gaps.iter().any(|(gap, _)| *gap == check);
    let trial = |(fault, check): &(Fault, &'static str)| {
        let (fault, check) = (*fault, *check);
        Trial::test(format!("mutant::{subject}::{fault:?}"), move || {
            let is_caught = |fault| is_caught(check, &|limits| mutant(subject, fault, limits));
            assert!(!is_caught(Fault::None), "{check} fails what is not spoilt");
            assert!(is_caught(fault), "{check} lets {fault:?} pass");
            Ok(())
        })
    };
    MUTANTS.iter().filter(|(_, check)| !is_gap(check)).map(trial).collect()
}

fn sound(subject: &str, limits: Limits) -> Box<dyn Runtime> {
    Registry::only_within(subject, limits).unwrap_or_else(|error| panic!("{error}"))
}

fn mutant(subject: &str, fault: Fault, limits: Limits) -> Box<dyn Runtime> {
    let inside = sound(subject, limits);
    // What the spoilt one may take where it should not.
    let mut more = limits;
    match fault {
        Fault::NoTableLimit | Fault::NoMemoryLimit => more.memory = u64::MAX,
        Fault::NoLimitInTheStartSection => more.time = limits.time.saturating_mul(20),
        _ => {}
    }
    Box::new(Mutant { fault, inside, lenient: sound(subject, more) })
}

struct Mutant {
    fault: Fault,
    inside: Box<dyn Runtime>,
    lenient: Box<dyn Runtime>,
}

impl Runtime for Mutant {
    fn identity(&self) -> &Identity {
        self.inside.identity()
    }

    fn temperatures(&self) -> &[Temperature] {
        self.inside.temperatures()
    }

    fn prepare(&self, workload: &Workload, temperature: Temperature) -> Result<Box<dyn Artifact>, RuntimeError> {
        let text = String::from_utf8_lossy(workload.wasm.as_deref().unwrap_or_default()).into_owned();
        if self.fault == Fault::ImportsMissing && text.contains("random_get") {
            let (workload, reason) = (workload.name.clone(), "unknown import: random_get".to_owned());
            return Err(RuntimeError::Invalid { workload, reason });
        }
        let is_lenient = match self.fault {
            Fault::NoTableLimit => text.contains("(table"),
            Fault::NoLimitInTheStartSection => text.contains("(start"),
            Fault::NoMemoryLimit => true,
            _ => false,
        };
        let inside = if is_lenient { &self.lenient } else { &self.inside }.prepare(workload, temperature)?;
        Ok(Box::new(Spoilt { fault: self.fault, inside, started: Arc::default() }))
    }
}

struct Spoilt {
    fault: Fault,
    inside: Box<dyn Artifact>,
    started: Arc<AtomicUsize>,
}

impl Artifact for Spoilt {
    fn reserve(&self, concurrent: usize) -> Result<(), RuntimeError> {
        if self.fault == Fault::NoRoomCounted { Ok(()) } else { self.inside.reserve(concurrent) }
    }

    fn settings(&self) -> BTreeMap<String, String> {
        self.inside.settings()
    }

    fn artifact_bytes(&self) -> Option<u64> {
        self.inside.artifact_bytes()
    }

    fn start(&self) -> Result<Box<dyn Instance>, RuntimeError> {
        let started = self.started.fetch_add(1, Relaxed);
        let inside = self.inside.start().map_err(|error| match error {
            RuntimeError::Failed { workload, .. } if self.fault == Fault::RecursionIsLate => {
                RuntimeError::TimeLimit { workload, limit: Limits::default().time }
            }
            other => other,
        })?;
        Ok(Box::new(Ready { fault: self.fault, inside, started }))
    }
}

struct Ready {
    fault: Fault,
    inside: Box<dyn Instance>,
    started: usize,
}

impl Instance for Ready {
    fn ready_at(&self) -> u64 {
        if self.fault == Fault::NoClock { self.started as u64 } else { self.inside.ready_at() }
    }

    fn is_alive(&mut self) -> bool {
        self.fault != Fault::NotAlive && self.inside.is_alive()
    }

    fn stop(self: Box<Self>) -> Result<(), RuntimeError> {
        self.inside.stop()
    }
}
