//! `evaluation_latency` and `evaluation_rate` while several threads decide at the same time, each with an engine of its
//! own from one loader, or a connection of its own to one server, released together.
//!
//! The threads ask twice: once with each decision timed by itself, which gives the latencies; once in blocks that are timed
//! as a whole, without a reading of the clock in between, which gives the rate. Every decision is checked, after its span. A
//! thread's rate is what it decided in the time of its blocks (wall time, not its CPU time); the rates of the threads are
//! added up.

use std::{path::PathBuf, thread, time::Duration};

use super::{
    ProbeError,
    evaluation::Checked,
    gate::{self, Gate, join},
};
use crate::{
    clock,
    policy::{Evaluator, Loader, Policy},
    runtime::RuntimeError,
};

/// What engines did side by side.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Throughput {
    /// The latency of each decision that was timed by itself, in nanoseconds, thread after thread.
    pub latency: Vec<u64>,
    /// Decisions per second, of all threads together.
    pub rate: f64,
    /// How many decisions the rate is of.
    pub decisions: u64,
}

/// Decisions in a block: long against a reading of the clock, and their answers are few enough to be kept until it ends.
const BLOCK: usize = 64;

/// The most latencies that a thread keeps: enough for a 99th percentile.
const MOST_SAMPLES: usize = 20_000;

/// Has `threads` threads decide the policy's cases in turn, for `time` in all.
///
/// # Errors
/// [`ProbeError::Empty`] when there is no thread or no case; else the first [`ProbeError`] of any thread.
pub fn throughput(
    loader: &dyn Loader,
    policy: &Policy,
    threads: usize,
    time: Duration,
) -> Result<Throughput, ProbeError> {
    let nothing = |of| ProbeError::Empty { what: "a throughput", of };
    if threads == 0 {
        return Err(nothing("thread"));
    }
    if policy.cases.is_empty() {
        return Err(nothing("case"));
    }
    let engines = loader.load_together(threads)?;
    let half = u64::try_from(time.as_nanos() / 2).unwrap_or(u64::MAX);
    let begin = Gate::default();
    let outcomes = thread::scope(|scope| {
        let asked = engines.into_iter().map(|engine| || ask(engine, policy, half, &begin));
        let running = gate::threads(scope, &begin, asked).map_err(|source| {
            let path = PathBuf::from("/proc/sys/kernel/threads-max");
            ProbeError::from(RuntimeError::Io { path, source })
        })?;
        begin.wait_for(threads);
        begin.open(true);
        Ok::<_, ProbeError>(running.into_iter().map(join).collect::<Vec<Result<One, ProbeError>>>())
    })?;
    let mut whole = Throughput { latency: Vec::new(), rate: 0.0, decisions: 0 };
    for outcome in outcomes {
        let one = outcome?;
        whole.rate += one.decisions as f64 / (one.busy.max(1) as f64 / 1e9);
        whole.decisions += one.decisions;
        whole.latency.extend(one.latency);
    }
    Ok(whole)
}

/// What one thread did.
#[derive(Default)]
struct One {
    latency: Vec<u64>,
    decisions: u64,
    busy: u64,
}

fn ask(engine: Box<dyn Evaluator>, policy: &Policy, half: u64, begin: &Gate) -> Result<One, ProbeError> {
    let mut asked = Checked::new(engine, policy);
    // Before the release: what a first decision alone pays for, of as many cases as there is time for.
    let warming = clock::monotonic();
    let warm = (0..policy.cases.len())
        .take_while(|done| *done == 0 || clock::monotonic() - warming < half)
        .try_for_each(|_| asked.timed().map(drop));
    // Those that failed come to the gate too: the others wait for everyone.
    if !begin.pass() {
        return Ok(One::default());
    }
    warm?;
    let mut one = One::default();
    let start = clock::monotonic();
    loop {
        let took = asked.timed()?;
        if one.latency.len() < MOST_SAMPLES {
            one.latency.push(took);
        }
        if clock::monotonic() - start >= half {
            break;
        }
    }
    while one.busy < half {
        // A slow engine's block would outlast its time.
        let left = (half - one.busy) as f64 * one.decisions.max(1) as f64 / one.busy.max(1) as f64;
        let block = if one.decisions == 0 { 1 } else { BLOCK.min(left as usize + 1) };
        one.busy += asked.block(block)?;
        one.decisions += block as u64;
    }
    Ok(one)
}

#[cfg(all(test, feature = "regorus"))]
mod tests {
    use super::*;
    use crate::{
        policy::{PolicyEngine, PolicyForm, regorus::Regorus},
        runtime::Limits,
    };

    fn loader(policy: &Policy) -> Box<dyn Loader> {
        Regorus::interpreter().prepare(policy, PolicyForm::Source, Limits::default()).unwrap()
    }

    #[test]
    fn every_thread_decides_and_is_counted() {
        let policy = Policy::by_name("rbac-10").unwrap();
        let whole = throughput(loader(&policy).as_ref(), &policy, 3, Duration::from_millis(20)).unwrap();
        assert!(whole.decisions >= 3 && whole.latency.len() >= 3, "{whole:?}");
        // Each took 10 ms at least.
        assert!(whole.rate > 0.0 && whole.rate * 0.01 <= whole.decisions as f64 * 1.001, "{whole:?}");
    }

    #[test]
    fn a_wrong_decision_of_any_thread_is_an_error() {
        let mut policy = Policy::by_name("rbac-10").unwrap();
        policy.cases[1].expected = "7".to_owned();
        let error = throughput(loader(&policy).as_ref(), &policy, 2, Duration::from_millis(1)).unwrap_err();
        assert!(matches!(error, ProbeError::Decision { .. }), "{error}");
    }

    #[test]
    fn nothing_to_ask_is_refused() {
        let mut policy = Policy::by_name("rbac-10").unwrap();
        let loader = loader(&policy);
        let nobody = throughput(loader.as_ref(), &policy, 0, Duration::ZERO);
        assert!(matches!(nobody, Err(ProbeError::Empty { of: "thread", .. })));
        policy.cases.clear();
        let nothing = throughput(loader.as_ref(), &policy, 1, Duration::ZERO);
        assert!(matches!(nothing, Err(ProbeError::Empty { of: "case", .. })));
    }
}
