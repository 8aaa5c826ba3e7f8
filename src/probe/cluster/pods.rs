//! Pods on a real node: how long each takes until it is seen to be ready, by phase, and what runs them takes of the machine.
//!
//! `pod_startup` is from the request that creates a pod to the event that says that it is ready, as one who watches sees it. Between
//! them stand three more instants: the event that names the pod's node; containerd's own record of when it made the pod's container,
//! which it does when the sandbox is up; and what the workload in it read of `CLOCK_MONOTONIC`.

mod fill;

pub use fill::{PodBudget, PodFill, fill_with_pods};

use std::{
    collections::BTreeMap,
    io::{BufRead, Lines},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use super::{
    Held, PODS,
    observe::memory_of,
    scale::calls::{at_once, list, timed, unexpected},
};
use crate::{
    Phase, clock,
    cluster::{
        Answer,
        node::{Agent, IMAGE, LiveNode, is_ready},
    },
    probe::{ProbeError, gate::join},
};

/// A pod that is not ready after this will not be, however many are on their way.
const PATIENCE: Duration = Duration::from_secs(180);

/// The label of the pods that were created together.
const LABEL: &str = "run";

/// When a pod came to each of its phases' ends. `CLOCK_MONOTONIC`, in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct PodStart {
    /// The request that creates it was about to be sent.
    pub called: u64,
    /// The event that names its node was read.
    pub bound: u64,
    /// containerd had made its container, in a sandbox that was up. By the machine's clock of days, which is the one that
    /// containerd writes down, taken back to this one.
    pub sandboxed: u64,
    /// Its workload was ready, by its own reading. Where Kubernetes called it ready before it was, it is after `reported`.
    pub ready: u64,
    /// The event that says that it is ready was read.
    pub reported: u64,
}

impl PodStart {
    /// `pod_startup`, in nanoseconds.
    #[must_use]
    pub fn whole(&self) -> u64 {
        self.reported.saturating_sub(self.called)
    }

    /// Its phases, which add up to the whole. One that ended before the one before it was seen to, or after the whole, is cut there.
    #[must_use]
    pub fn phases(&self) -> [(Phase, u64); 4] {
        let mut begin = self.called;
        let ends = [
            (Phase::Bound, self.bound),
            (Phase::Sandbox, self.sandboxed),
            (Phase::Container, self.ready),
            (Phase::Reported, self.reported),
        ];
        ends.map(|(phase, end)| {
            let end = end.clamp(begin, self.reported.max(begin));
            let took = end - begin;
            begin = end;
            (phase, took)
        })
    }
}

/// Pods that live, and how each came to.
#[derive(Debug)]
pub struct Pods {
    /// Of each pod.
    pub starts: Vec<PodStart>,
    selector: String,
}

/// What the events have said of a pod so far.
#[derive(Debug, Default, Clone)]
struct Seen {
    bound: Option<u64>,
    reported: Option<u64>,
    container: String,
}

/// Creates so many pods at once, waits until each is seen to be ready, and asks each when it was.
///
/// # Errors
/// [`ProbeError::Cluster`] when something of the node or the control plane failed; [`ProbeError::Stored`] when a pod is not what
/// it should be, or not ready in time.
pub fn start_pods(node: &LiveNode, count: usize) -> Result<Pods, ProbeError> {
    if count == 0 {
        return Err(ProbeError::Empty { what: "a start of pods", of: "pod" });
    }
    let run = format!("{:08x}", fastrand::u32(..));
    let selector = format!("labelSelector={LABEL}%3D{run}");
    let since = list::<IgnoredAny>(node.plane(), PODS, &format!("&{selector}"))?.version;
    let mut watch = Watch::open(node, &selector, since)?;
    let create = |number| {
        let name = format!("pod-{run}-{number}");
        create(node, &name, &run).map(|called| (name, called))
    };
    let failed = AtomicBool::new(false);
    let (called, seen) = thread::scope(|scope| {
        let watches = scope.spawn(|| watch.until_ready(count, &failed));
        let called = at_once(0..count as u64, None, create);
        failed.store(called.is_err(), Ordering::Relaxed);
        let seen = join(watches);
        // One that was not created is why it was not seen.
        Ok::<_, ProbeError>((called?, seen?))
    })?;
    let start = |(name, called): (String, u64)| ask(node, &name, called, &seen);
    Ok(Pods { starts: called.into_iter().map(start).collect::<Result<_, _>>()?, selector })
}

impl Pods {
    /// Deletes them, and waits until the node has none of them any more.
    ///
    /// # Errors
    /// As of [`start_pods`].
    pub fn delete(self, node: &LiveNode) -> Result<(), ProbeError> {
        let before = shims(node)?;
        asked(node, ("DELETE", &format!("{PODS}?{}", self.selector)), None, 200)?;
        let begun = Instant::now();
        loop {
            let listed = asked(node, ("GET", &format!("{PODS}?limit=1&{}", self.selector)), None, 200)?.body;
            let no_list = |error| unexpected(PODS, format!("no list: {error}"), "a list");
            let listed: Value = serde_json::from_str(&listed).map_err(no_list)?;
            let left = listed["items"].as_array().map_or(1, Vec::len);
            // A pod's processes end after its deletion was reported.
            if left == 0 && shims(node)? + self.starts.len() <= before {
                return Ok(());
            }
            if begun.elapsed() > PATIENCE {
                let found = format!("pods {PATIENCE:?} after their deletion; {}", node.last_words());
                return Err(unexpected(PODS, found, "none"));
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}

/// `node_memory`: what each agent of the node holds now, by its name. Pods' own processes are none.
///
/// # Errors
/// [`ProbeError::Reading`] when the kernel does not tell; [`ProbeError::Cluster`] when one of them has ended.
pub fn node_memory(node: &LiveNode) -> Result<Vec<(Agent, Held)>, ProbeError> {
    let agents = node.agents().map_err(|source| ProbeError::Reading { what: "the node's processes", source })?;
    let mut held = Vec::with_capacity(agents.len());
    for (agent, pid) in agents {
        match memory_of(pid) {
            Ok(one) => held.push((agent, one)),
            // A shim's own helper, which lives for a moment.
            Err(error) if agent == Agent::Shim && error.kind() == std::io::ErrorKind::NotFound => {}
            Err(source) => {
                node.check()?;
                return Err(ProbeError::Reading { what: "memory of a process", source });
            }
        }
    }
    node.check()?;
    Ok(held)
}

fn shims(node: &LiveNode) -> Result<usize, ProbeError> {
    let agents = node.agents().map_err(|source| ProbeError::Reading { what: "the node's processes", source })?;
    Ok(agents.iter().filter(|(agent, _)| *agent == Agent::Shim).count())
}

/// When its creation was about to be asked for.
fn create(node: &LiveNode, name: &str, run: &str) -> Result<u64, ProbeError> {
    let pod = json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": { "name": name, "labels": { LABEL: run } },
        "spec": {
            "hostNetwork": true,
            "automountServiceAccountToken": false,
            "enableServiceLinks": false,
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": 2,
            "containers": [{ "name": "ready", "image": IMAGE, "imagePullPolicy": "Never" }],
        },
    });
    let body = pod.to_string();
    let called = clock::monotonic();
    asked(node, ("POST", PODS), Some(&body), 201)?;
    Ok(called)
}

/// What a pod that was seen to be ready says itself, and containerd of it.
fn ask(node: &LiveNode, name: &str, called: u64, seen: &BTreeMap<String, Seen>) -> Result<PodStart, ProbeError> {
    let seen = seen.get(name).cloned().unwrap_or_default();
    let (Some(bound), Some(reported)) = (seen.bound, seen.reported) else {
        return Err(unexpected(name, "no event", "events of a pod"));
    };
    let ready = own_reading(node, name)?;
    let returned = clock::monotonic();
    if !(called..=returned).contains(&ready) {
        return Err(ProbeError::Clock { called, ready, returned });
    }
    let container = node.container(&seen.container)?;
    let created = container["CreatedAt"].as_str().and_then(|text| DateTime::parse_from_rfc3339(text).ok());
    let created =
        created.ok_or_else(|| unexpected(name, container.to_string(), "a container with the time of its creation"))?;
    let ago = (Utc::now() - created.to_utc()).num_nanoseconds().and_then(|ago| u64::try_from(ago).ok());
    let sandboxed = clock::monotonic().saturating_sub(ago.unwrap_or(0));
    Ok(PodStart { called, bound, sandboxed, ready, reported })
}

/// When its program was ready, as it says. Kubernetes calls a container ready that was started, where it is not told to probe it: the
/// program may be a moment later.
fn own_reading(node: &LiveNode, name: &str) -> Result<u64, ProbeError> {
    let begun = Instant::now();
    loop {
        let said = asked(node, ("GET", &format!("{PODS}/{name}/log")), None, 200)?.body;
        match said.trim().parse() {
            Ok(ready) => return Ok(ready),
            Err(_) if said.is_empty() && begun.elapsed() < PATIENCE => {
                node.check()?;
                thread::sleep(Duration::from_millis(5));
            }
            Err(_) => {
                let found = said.chars().take(300).collect::<String>();
                return Err(unexpected(name, found, "its reading of the clock"));
            }
        }
    }
}

/// Events of pods, over as many watches as it takes: a server may end one that it finds slow.
struct Watch<'n> {
    node: &'n LiveNode,
    selector: String,
    since: String,
    lines: Lines<Box<dyn BufRead + Send>>,
    begun: Instant,
}

impl<'n> Watch<'n> {
    fn open(node: &'n LiveNode, selector: &str, since: String) -> Result<Self, ProbeError> {
        let lines = lines(node, selector, &since)?;
        Ok(Self { node, selector: selector.to_owned(), since, lines, begun: Instant::now() })
    }

    /// Until so many are ready, or some failed to be made: what was seen of each, by its name.
    fn until_ready(&mut self, count: usize, failed: &AtomicBool) -> Result<BTreeMap<String, Seen>, ProbeError> {
        let mut all: BTreeMap<String, Seen> = BTreeMap::new();
        let are_ready = |all: &BTreeMap<String, Seen>| all.values().filter(|seen| seen.reported.is_some()).count();
        while are_ready(&all) < count && !failed.load(Ordering::Relaxed) {
            let line = self.lines.next();
            let at = clock::monotonic();
            let Some(Ok(line)) = line else {
                self.again(are_ready(&all), count)?;
                continue;
            };
            let event: Value = serde_json::from_str(&line).unwrap_or_default();
            let (kind, pod) = (event["type"].as_str().unwrap_or_default(), &event["object"]);
            let name = pod["metadata"]["name"].as_str().unwrap_or_default();
            if kind == "ERROR" || pod["status"]["phase"] == "Failed" {
                let found = format!("{kind}: {}; {}", pod["status"], self.node.last_words());
                return Err(unexpected(name, found, "a pod on its way"));
            }
            if let Some(version) = pod["metadata"]["resourceVersion"].as_str() {
                version.clone_into(&mut self.since);
            }
            all.entry(name.to_owned()).or_default().hear(at, pod);
        }
        Ok(all)
    }

    fn again(&mut self, ready: usize, count: usize) -> Result<(), ProbeError> {
        self.node.check()?;
        if self.begun.elapsed() > PATIENCE {
            let found = format!("{ready} of {count} pods ready after {PATIENCE:?}; {}", self.node.last_words());
            return Err(unexpected(PODS, found, "all of them"));
        }
        self.lines = lines(self.node, &self.selector, &self.since)?;
        Ok(())
    }
}

fn lines(node: &LiveNode, selector: &str, since: &str) -> Result<Lines<Box<dyn BufRead + Send>>, ProbeError> {
    // Ended now and then, so that what died in silence is looked at.
    let path = format!("{PODS}?watch=1&timeoutSeconds=15&resourceVersion={since}&{selector}");
    Ok(node.plane().watch(&path)?.lines())
}

impl Seen {
    fn hear(&mut self, at: u64, pod: &Value) {
        if pod["spec"]["nodeName"].is_string() {
            self.bound.get_or_insert(at);
        }
        if is_ready(pod) {
            self.reported.get_or_insert(at);
            let id = pod["status"]["containerStatuses"][0]["containerID"].as_str().unwrap_or_default();
            id.trim_start_matches("containerd://").clone_into(&mut self.container);
        }
    }
}

/// Asks the node's API server. Where it answers otherwise than by that status, the kubelet or containerd may have ended, of which the
/// control plane knows nothing.
fn asked(node: &LiveNode, what: (&str, &str), body: Option<&str>, status: u16) -> Result<Answer, ProbeError> {
    match timed(node.plane(), what, body, status) {
        Ok((answer, _)) => Ok(answer),
        Err(error @ ProbeError::Stored { .. }) => Err(node.check().err().map_or(error, ProbeError::from)),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phases_add_up_to_the_whole_in_whatever_order_they_were_seen() {
        let start = |bound, sandboxed, ready| PodStart { called: 100, bound, sandboxed, ready, reported: 1_000 };
        for one in [
            start(200, 500, 600),
            start(550, 500, 600),
            start(200, 700, 600),
            start(200, 0, 600),
            start(200, 9_000, 600),
            start(200, 500, 2_000),
        ] {
            let phases = one.phases();
            assert_eq!(phases.iter().map(|(_, took)| took).sum::<u64>(), one.whole(), "{one:?}");
        }
        assert_eq!(start(200, 500, 600).phases().map(|(_, took)| took), [100, 300, 100, 400]);
        assert_eq!(start(550, 500, 600).phases().map(|(_, took)| took), [450, 0, 50, 400]);
    }

    #[test]
    fn the_first_event_of_a_kind_counts() {
        let mut seen = Seen::default();
        seen.hear(1, &json!({ "spec": {} }));
        assert_eq!((seen.bound, seen.reported), (None, None));
        let ready = |status: &str, id: &str| {
            json!({
                "spec": { "nodeName": "localhost" },
                "status": { "conditions": [{ "type": "Ready", "status": status }], "containerStatuses": [{ "containerID": id }] },
            })
        };
        seen.hear(2, &ready("False", ""));
        seen.hear(3, &ready("True", "containerd://abc"));
        seen.hear(4, &ready("True", "containerd://abc"));
        assert_eq!((seen.bound, seen.reported, seen.container.as_str()), (Some(2), Some(3), "abc"));
    }
}
