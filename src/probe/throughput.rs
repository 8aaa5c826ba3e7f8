//! `evaluation_latency` and `evaluation_rate` while several threads decide at the same time, each with an engine of its
//! own from one loader, or a connection of its own to one server, released together.
//!
//! The threads ask twice: once with each decision timed by itself, which gives the latencies; once in blocks, without a
//! reading of the clock in between, which gives the rate. Every decision is checked, after its span. The second time begins
//! for all at one instant, and a thread's rate is what it decided from then until it ended, by the clock on the wall less what
//! its checks took. So a thread that waits for a core while others have it loses that time: sixteen threads on two cores
//! decide what two cores can. The rates of the threads are added up.
//!
//! Cases cost up to thirty times each other. Both times end with a whole round of them, so that a slow engine is asked what a
//! fast one is.

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
    /// The latency of each decision that was timed by itself, in nanoseconds, thread after thread, each in whole rounds of the cases.
    pub latency: Vec<u64>,
    /// Decisions per second, of all threads together.
    pub rate: f64,
    /// How many decisions the rate is of.
    pub decisions: u64,
}

/// The most decisions in a block: their answers are few enough to be kept until it ends.
const BLOCK: u64 = 64;

/// How long a block takes, in nanoseconds: long against a reading of the clock, and short against the whole, since a thread's
/// last block goes on when others have ended.
const BLOCK_TIME: u64 = 50_000;

/// The most latencies that a thread keeps, and what is left of a round: enough for a 99th percentile.
const MOST_SAMPLES: usize = 20_000;

/// Has `threads` threads decide the policy's cases in turn, for `time` in all, and until each has asked all of them as often.
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
    let (begin, again) = (Gate::default(), Gate::default());
    let outcomes = thread::scope(|scope| {
        let asked = engines.into_iter().map(|engine| || ask(engine, policy, half, &begin, &again));
        let running = gate::threads(scope, &begin, asked).map_err(|source| {
            let path = PathBuf::from("/proc/sys/kernel/threads-max");
            ProbeError::from(RuntimeError::Io { path, source })
        })?;
        begin.wait_for(threads);
        begin.open();
        again.wait_for(threads);
        again.open();
        Ok::<_, ProbeError>(running.into_iter().map(join).collect::<Vec<Result<One, ProbeError>>>())
    })?;
    let mut whole = Throughput { latency: Vec::new(), rate: 0.0, decisions: 0 };
    for outcome in outcomes {
        let one = outcome?;
        whole.rate += one.decisions as f64 / (one.took.max(1) as f64 / 1e9);
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
    /// How long those decisions took, in nanoseconds.
    took: u64,
}

fn ask(engine: Box<dyn Evaluator>, policy: &Policy, half: u64, begin: &Gate, again: &Gate) -> Result<One, ProbeError> {
    let mut asked = Checked::new(engine, policy);
    // Before the release: what a first decision alone pays for, of as many cases as there is time for.
    let warming = clock::monotonic();
    let warm = (0..policy.cases.len())
        .take_while(|done| *done == 0 || clock::monotonic() - warming < half)
        .try_for_each(|_| asked.timed().map(drop));
    // Those that failed come to the gate too: the others wait for everyone.
    if begin.pass().is_none() {
        return Ok(One::default());
    }
    let latency = warm.and_then(|()| latencies(&mut asked, half));
    let Some(opened) = again.pass() else { return Ok(One::default()) };
    let latency = latency?;
    let (decisions, took) = blocks(&mut asked, opened, half)?;
    Ok(One { latency, decisions, took })
}

/// Each decision by itself, for `time` nanoseconds and to the end of a round.
fn latencies(asked: &mut Checked<&Policy>, time: u64) -> Result<Vec<u64>, ProbeError> {
    let (mut latency, mut keeps) = (Vec::new(), true);
    asked.begin_round();
    let start = clock::monotonic();
    loop {
        let took = asked.timed()?;
        if keeps {
            latency.push(took);
        }
        if asked.left_of_round() == 0 {
            if clock::monotonic() - start >= time {
                return Ok(latency);
            }
            keeps = latency.len() < MOST_SAMPLES;
        }
    }
}

/// How many decisions were made from that instant on, for `time` nanoseconds and to the end of a round, and how long that took
/// without the checks.
fn blocks(asked: &mut Checked<&Policy>, since: u64, time: u64) -> Result<(u64, u64), ProbeError> {
    let (mut decisions, mut checks, mut block) = (0, 0, 1);
    asked.begin_round();
    loop {
        let begin = clock::monotonic();
        let took = asked.block(block as usize)?;
        let now = clock::monotonic();
        decisions += block;
        checks += (now - begin).saturating_sub(took);
        block = (BLOCK_TIME * block / took.max(1)).clamp(1, BLOCK);
        if now - since >= time {
            match asked.left_of_round() {
                0 => return Ok((decisions, (now - since).saturating_sub(checks))),
                left => block = block.min(left),
            }
        }
    }
}

#[cfg(all(test, feature = "regorus"))]
mod tests {
    use rustix::{
        thread::{CpuSet, sched_getcpu, sched_setaffinity},
        time::{ClockId, clock_gettime},
    };

    use super::*;
    use crate::{
        policy::{PolicyEngine, PolicyError, PolicyForm, regorus::Regorus},
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

    /// Decides `true`, and does this for it.
    struct Doing(fn());

    impl Evaluator for Doing {
        fn evaluate(&mut self, _: &str) -> Result<String, PolicyError> {
            (self.0)();
            Ok("true".to_owned())
        }
    }

    impl Loader for Doing {
        fn load(&self) -> Result<Box<dyn Evaluator>, PolicyError> {
            Ok(Box::new(Self(self.0)))
        }
    }

    /// A policy of 13 cases that it decides rightly.
    fn always_true() -> Policy {
        let mut policy = Policy::by_name("rbac-10").unwrap();
        policy.cases.iter_mut().for_each(|case| case.expected = "true".to_owned());
        policy
    }

    #[test]
    fn threads_on_one_core_decide_no_more_than_one_core_can() {
        const CPU: u64 = 20_000;
        let spinning = Doing(|| {
            let cpu = || clock_gettime(ClockId::ThreadCPUTime);
            let begin = cpu();
            while (cpu() - begin).tv_nsec < CPU as i64 {}
        });
        let policy = always_true();
        let rate = thread::scope(|scope| {
            let pinned = || {
                // Its threads are where it is.
                let mut one = CpuSet::new();
                one.set(sched_getcpu());
                sched_setaffinity(None, &one).unwrap();
                throughput(&spinning, &policy, 16, Duration::from_millis(30)).unwrap().rate
            };
            scope.spawn(pinned).join().unwrap()
        });
        // A block of each may end after the others.
        let most = 1e9 / CPU as f64 * 1.25;
        assert!(rate > 0.0 && rate <= most, "{rate} decisions a second, of {most}");
    }

    #[test]
    fn a_slow_engine_is_asked_all_cases_too() {
        // Each decision takes as long as a thread has for all.
        let (slow, policy) = (Doing(|| thread::sleep(Duration::from_millis(1))), always_true());
        let whole = throughput(&slow, &policy, 2, Duration::from_millis(2)).unwrap();
        assert_eq!((whole.decisions, whole.latency.len()), (26, 26), "{} cases", policy.cases.len());
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
