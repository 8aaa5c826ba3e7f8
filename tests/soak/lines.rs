//! What is repeated, and how often in a full soak: a million starts and decisions of what takes microseconds, 20,000 container
//! lifecycles, and fewer of what compiles, or is a process or a server of others, since these take milliseconds each.

use std::{collections::BTreeSet, fmt};

use runtime_baseline::{
    Temperature, policy,
    policy::{Policy, PolicyEngine},
    probe::{ProbeError, evaluate, first_decision, lifecycle, startup},
    runtime,
    runtime::{Limits, Workload},
};

use crate::Outcome;

const MILLION: u32 = 1_000_000;
/// Of compiling, and of loading a policy.
const SLOW: u32 = 10_000;
/// Of lifecycles of containers.
const CONTAINERS: u32 = 20_000;
/// Of processes of others, and of the containers that differ from the first by their image alone.
const PROCESSES: u32 = 2_000;

/// What one operation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// A start and a stop.
    Starts(Temperature),
    /// A lifecycle, by one command where there is one.
    Lifecycles(Temperature),
    /// A decision of a loaded engine, which is checked.
    Decisions,
    /// An engine loaded, its first decision, and its end.
    Loads,
}

/// A line of the table.
#[derive(Debug, Clone, Copy)]
pub struct Line {
    pub subject: &'static str,
    pub work: Work,
    /// In a full soak.
    pub operations: u32,
    /// Why memory grows all the same, where it is known to.
    pub grows: Option<&'static str>,
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { subject, work, .. } = self;
        match work {
            Work::Starts(temperature) => write!(f, "{subject}, {temperature} starts"),
            Work::Lifecycles(temperature) => write!(f, "{subject}, {temperature} lifecycles"),
            Work::Decisions => write!(f, "{subject}, decisions"),
            Work::Loads => write!(f, "{subject}, loads"),
        }
    }
}

/// The table.
pub fn all() -> Vec<Line> {
    use Temperature::{Cold, Precompiled, Warm};
    use Work::{Decisions, Lifecycles, Loads, Starts};
    let lines = [
        ("noop", Starts(Warm), MILLION),
        ("wasmtime", Starts(Cold), SLOW),
        ("wasmtime", Starts(Precompiled), MILLION),
        ("wasmtime", Starts(Warm), MILLION),
        ("wasmtime/on-demand", Starts(Warm), MILLION),
        ("wasmi", Starts(Cold), MILLION),
        ("wasmi", Starts(Warm), MILLION),
        ("wasmedge/interpreter", Starts(Cold), MILLION),
        ("wasmedge/interpreter", Starts(Warm), MILLION),
        ("wasmedge/jit", Starts(Cold), SLOW),
        ("wasmedge/aot", Starts(Precompiled), MILLION),
        ("wasmedge/aot", Starts(Warm), MILLION),
        ("container/scratch", Lifecycles(Cold), CONTAINERS),
        ("container/busybox", Lifecycles(Cold), PROCESSES),
        ("container/alpine", Lifecycles(Cold), PROCESSES),
        ("container/debian", Lifecycles(Cold), PROCESSES),
        ("crun", Lifecycles(Cold), PROCESSES),
        ("runc", Lifecycles(Cold), PROCESSES),
        ("crun+wasmedge", Lifecycles(Cold), PROCESSES),
        ("crun+wasmedge/0.17", Lifecycles(Cold), PROCESSES),
        ("container+wasmtime", Lifecycles(Precompiled), PROCESSES),
        ("container+wasmedge", Lifecycles(Precompiled), PROCESSES),
        ("wasmtime-cli", Starts(Cold), PROCESSES),
        ("wasmedge-cli", Starts(Cold), PROCESSES),
        ("regorus", Decisions, MILLION),
        ("regorus", Loads, SLOW),
        ("regorus/rvm", Decisions, MILLION),
        ("regorus/rvm", Loads, SLOW),
        ("opa-wasm/wasmtime", Decisions, MILLION),
        ("opa-wasm/wasmtime", Loads, SLOW),
        ("opa-wasm/wasmedge", Decisions, MILLION),
        ("opa-wasm/wasmedge", Loads, SLOW),
        ("opa-wasm/wasmedge/interpreter", Decisions, 10 * SLOW),
        ("opa-wasm/wasmedge/interpreter", Loads, SLOW),
        ("opa", Decisions, 10 * SLOW),
        ("opa/eval", Decisions, PROCESSES),
    ];
    lines.into_iter().map(|(subject, work, operations)| Line { subject, work, operations, grows: None }).collect()
}

/// One operation after the other.
pub type Operation = Box<dyn FnMut() -> Result<(), ProbeError>>;

impl Line {
    /// What is repeated, and of which versions: names and versions of components.
    pub fn begin(&self) -> Outcome<(Operation, Vec<(String, String)>)> {
        let named = |components: &[runtime_baseline::Component]| {
            let pair = |it: &runtime_baseline::Component| (it.name().to_owned(), it.version().to_owned());
            components.iter().map(pair).collect()
        };
        Ok(match self.work {
            Work::Starts(temperature) | Work::Lifecycles(temperature) => {
                let runtime = runtime::Registry::only(self.subject)?;
                let components = named(&runtime.identity().components);
                let artifact = runtime.prepare(&Workload::ready(), temperature)?;
                let probe = if matches!(self.work, Work::Starts(_)) { startup } else { lifecycle };
                (Box::new(move || probe(artifact.as_ref()).map(drop)), components)
            }
            Work::Decisions | Work::Loads => {
                let engine = policy::Registry::only(self.subject)?;
                (self.of_policy(&*engine)?, named(&engine.identity().components))
            }
        })
    }

    fn of_policy(&self, engine: &dyn PolicyEngine) -> Outcome<Operation> {
        let policy = Policy::by_name("http_authz")?;
        // Compiled before, where it takes that.
        let form = *engine.forms().last().ok_or("an engine without a form")?;
        let loader = engine.prepare(&policy, form, Limits::default())?;
        if self.work == Work::Decisions {
            let mut decide = evaluate(loader.load()?, policy)?;
            return Ok(Box::new(move || decide().map(drop)));
        }
        Ok(Box::new(move || first_decision(loader.as_ref(), &policy, &policy.cases[0]).map(drop)))
    }
}

/// A new adapter is a line here.
pub fn every_adapter_has_a_line() -> Result<(), String> {
    let lines: BTreeSet<_> = all().iter().map(|line| line.subject.to_owned()).collect();
    let adapters = [runtime::Registry::subjects(), policy::Registry::subjects()].concat();
    let missing: Vec<_> = adapters.into_iter().filter(|subject| !lines.contains(subject)).collect();
    if missing.is_empty() { Ok(()) } else { Err(format!("no line of tests/soak/lines.rs: {}", missing.join(", "))) }
}
