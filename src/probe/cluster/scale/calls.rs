//! Calls of an API server, and how long they take.

use std::{
    fmt,
    ops::Range,
    sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    thread,
    time::{Duration, Instant},
};

use serde::{Deserialize, de::IgnoredAny};

use super::is_over;
use crate::{
    Statistic, clock,
    cluster::{Answer, LiveControlPlane},
    probe::{ProbeError, gate::join},
};

/// How many create at the same time: one alone waits for the store most of the time.
const WORKERS: usize = 8;

/// The objects of a page of a list, as clients of Kubernetes ask for them.
const PAGE: u32 = 500;

/// How long a control plane may take to make what every cluster has, once it is ready.
const PATIENCE: Duration = Duration::from_secs(60);

/// Of fewer, the 99th percentile is the largest.
const FOR_P99: usize = 100;

/// The same of the 90th.
const FOR_P90: usize = 10;

/// What is asked of an API server, of which Kubernetes states how long it may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Call {
    /// An object is made.
    Create,
    /// An object is changed.
    Update,
    /// An object is read.
    Get,
    /// All objects of a kind are read, page by page.
    List,
}

impl Call {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Create, Self::Update, Self::Get, Self::List];

    /// Its name: `create`, `list`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Get => "get",
            Self::List => "list",
        }
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How long some calls took. Never none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Latencies(Vec<u64>);

impl Latencies {
    pub(super) fn new(mut nanoseconds: Vec<u64>) -> Option<Self> {
        nanoseconds.sort_unstable();
        (!nanoseconds.is_empty()).then_some(Self(nanoseconds))
    }

    /// In nanoseconds, ascending.
    #[must_use]
    pub fn nanoseconds(&self) -> &[u64] {
        &self.0
    }

    /// The 99th percentile by nearest rank, or of fewer than a hundred the highest percentile that is not simply the largest,
    /// or that; in nanoseconds.
    #[must_use]
    pub fn tail(&self) -> (Statistic, u64) {
        let n = self.0.len();
        let at = |hundredths: usize| self.0[(n * hundredths).div_ceil(100) - 1];
        match n {
            FOR_P99.. => (Statistic::P99, at(99)),
            FOR_P90.. => (Statistic::P90, at(90)),
            _ => (Statistic::Max, at(100)),
        }
    }
}

/// Calls `work` with each number, several at the same time, and with none any more when the deadline is over: what each call
/// came to. The numbers that it was called with are the first so many.
pub(in crate::probe::cluster) fn at_once<T: Clone + Send>(
    numbers: Range<u64>,
    deadline: Option<Instant>,
    work: impl Fn(u64) -> Result<T, ProbeError> + Sync,
) -> Result<Vec<T>, ProbeError> {
    let (next, stopped) = (AtomicU64::new(numbers.start), AtomicBool::new(false));
    let worker = || -> Result<Vec<T>, ProbeError> {
        let mut all = Vec::new();
        while !stopped.load(Relaxed) && !is_over(deadline) {
            let number = next.fetch_add(1, Relaxed);
            if number >= numbers.end {
                break;
            }
            all.push(work(number).inspect_err(|_| stopped.store(true, Relaxed))?);
        }
        Ok(all)
    };
    thread::scope(|scope| {
        let most = usize::try_from(numbers.end.saturating_sub(numbers.start)).unwrap_or(WORKERS);
        let workers: Vec<_> = (0..WORKERS.min(most)).map(|_| scope.spawn(worker)).collect();
        // All of them end, whichever fails.
        let ended: Vec<_> = workers.into_iter().map(join).collect();
        Ok(ended.into_iter().collect::<Result<Vec<_>, ProbeError>>()?.concat())
    })
}

/// Asks, and says how long it took. The answer has that status.
pub(in crate::probe::cluster) fn timed(
    live: &dyn LiveControlPlane,
    (method, path): (&str, &str),
    body: Option<&str>,
    status: u16,
) -> Result<(Answer, u64), ProbeError> {
    let called = clock::monotonic();
    let answer = live.ask(method, path, body)?;
    let took = clock::monotonic() - called;
    if answer.status == status {
        return Ok((answer, took));
    }
    // What it needs may have ended.
    live.check()?;
    let said = answer.body.chars().take(300).collect::<String>();
    Err(unexpected(path, format!("status {}: {said}", answer.status), format!("status {status}")))
}

/// The API server has something else than it should.
pub(in crate::probe::cluster) fn unexpected(
    key: impl Into<String>,
    found: impl Into<String>,
    expected: impl Into<String>,
) -> ProbeError {
    ProbeError::Stored { key: key.into(), found: found.into(), expected: expected.into() }
}

/// A page of a list, as far as it matters here.
#[derive(Deserialize)]
struct Page<T> {
    metadata: PageMetadata,
    items: Vec<T>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageMetadata {
    #[serde(default)]
    r#continue: String,
    resource_version: String,
}

/// A list: its items, the version that it is of, and how long all of its pages took.
pub(in crate::probe::cluster) struct List<T> {
    pub items: Vec<T>,
    pub version: String,
    pub took: u64,
}

/// Reads all of a list, page by page. What it takes to read an answer here is in no latency.
pub(in crate::probe::cluster) fn list<T: for<'de> Deserialize<'de>>(
    live: &dyn LiveControlPlane,
    path: &str,
    selector: &str,
) -> Result<List<T>, ProbeError> {
    let mut all = List { items: Vec::new(), version: String::new(), took: 0 };
    let mut next = String::new();
    loop {
        let query = format!("{path}?limit={PAGE}{selector}&continue={next}");
        let (answer, took) = timed(live, ("GET", &query), None, 200)?;
        let page: Page<T> = serde_json::from_str(&answer.body)
            .map_err(|error| unexpected(path, format!("no list: {error}"), "a list"))?;
        all.items.extend(page.items);
        all.took += took;
        all.version = page.metadata.resource_version;
        next = page.metadata.r#continue;
        if next.is_empty() {
            return Ok(all);
        }
    }
}

/// Lists until there were so many lists or so much time has gone, and once at least: how long each took. Each has so many items.
pub(super) fn lists(live: &dyn LiveControlPlane, path: &str, items: u64) -> Result<Vec<u64>, ProbeError> {
    const MOST: usize = 20;
    const TIME: Duration = Duration::from_secs(3);
    let begun = Instant::now();
    let mut all = Vec::new();
    while all.is_empty() || (all.len() < MOST && begun.elapsed() < TIME) {
        let listed = list::<IgnoredAny>(live, path, "")?;
        if listed.items.len() as u64 != items {
            return Err(unexpected(path, format!("{} objects", listed.items.len()), format!("{items} of them")));
        }
        all.push(listed.took);
    }
    Ok(all)
}

/// Reads objects one after the other: how long each answer took.
pub(super) fn gets(live: &dyn LiveControlPlane, paths: impl Iterator<Item = String>) -> Result<Vec<u64>, ProbeError> {
    paths.map(|path| Ok(timed(live, ("GET", &path), None, 200)?.1)).collect()
}

/// Waits until there is what every control plane makes a moment after it is ready.
pub(super) fn wait_for(live: &dyn LiveControlPlane, path: &str) -> Result<(), ProbeError> {
    let begun = Instant::now();
    loop {
        let answer = live.ask("GET", path, None)?;
        if answer.status == 200 {
            return Ok(());
        }
        live.check()?;
        if begun.elapsed() > PATIENCE {
            return Err(unexpected(path, format!("status {} after {PATIENCE:?}", answer.status), "status 200"));
        }
        thread::sleep(Duration::from_millis(20));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_is_the_highest_percentile_that_so_many_allow() {
        let tail = |n: u64| Latencies::new((1..=n).rev().collect()).map(|latencies| latencies.tail());
        assert_eq!(tail(0), None);
        assert_eq!(tail(1), Some((Statistic::Max, 1)));
        assert_eq!(tail(9), Some((Statistic::Max, 9)));
        assert_eq!(tail(10), Some((Statistic::P90, 9)));
        assert_eq!(tail(99), Some((Statistic::P90, 90)));
        assert_eq!(tail(100), Some((Statistic::P99, 99)));
        assert_eq!(tail(1_000), Some((Statistic::P99, 990)));
    }

    #[test]
    fn the_first_so_many_numbers_are_called_and_a_failure_ends_all() {
        let mut all = at_once(5..300, None, Ok).unwrap();
        all.sort_unstable();
        assert_eq!(all, (5..300).collect::<Vec<_>>());
        assert!(at_once(0..100, Some(Instant::now()), Ok).unwrap().is_empty());
        let failed = at_once(0..u64::MAX, None, |number| {
            if number < 50 { Ok(number) } else { Err(unexpected("key", "nothing", "something")) }
        });
        assert!(matches!(failed, Err(ProbeError::Stored { .. })));
    }
}
