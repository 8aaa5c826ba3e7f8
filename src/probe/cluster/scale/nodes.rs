//! `max_nodes`: how many nodes a control plane takes. They do not exist: each is an object with its lease, whose heartbeats come
//! from here. The scheduler is the real one, and so is the controller manager, which watches the heartbeats and says which nodes
//! may have pods.

use std::{
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    thread,
    time::{Duration, Instant},
};

use serde::Deserialize;

use super::{
    Bound, Call, Course, End, Grown, Reading,
    calls::{at_once, gets, list, lists, timed, wait_for},
    heart::Hearts,
    is_over,
    watch::Bindings,
};
use crate::{
    cluster::LiveControlPlane,
    probe::{
        ProbeError,
        cluster::{PODS, observe::memory},
        gate::join,
    },
};

pub(super) const NODES: &str = "/api/v1/nodes";

/// What every control plane makes a moment after it is ready, and pods and leases want.
const NEEDED: [&str; 2] = ["/api/v1/namespaces/default/serviceaccounts/default", "/api/v1/namespaces/kube-node-lease"];

/// How many let hearts beat at the same time: 1,000 nodes are 100 renewals a second.
const BEATING: usize = 4;

/// How many pods are read one by one at each size.
const GETS: u64 = 300;

/// How often it is looked whether all pods have a node, and whether all nodes are ready, which is a list of them.
const LOOK: Duration = Duration::from_millis(10);
const LIST: Duration = Duration::from_secs(1);

/// What nodes do, and have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fleet {
    /// How many pods each brings with it, for the scheduler to give them nodes.
    pub pods_per_node: u64,
    /// How often each renews its lease.
    pub renewal: Duration,
    /// How often each says how it is.
    pub status: Duration,
}

impl Default for Fleet {
    /// One pod each; leases and status as a kubelet does, every 10 s and every 5 minutes.
    fn default() -> Self {
        Self { pods_per_node: 1, renewal: Duration::from_secs(10), status: Duration::from_secs(300) }
    }
}

/// Adds nodes with their pods up to each size of the course, eight at the same time; waits until every pod has a node and every
/// node is ready; then leaves it alone but for the heartbeats for as long as each node takes to renew its lease once, and reads
/// some pods and lists all meanwhile, one call at a time. Creations are those of nodes, leases and pods, updates are the
/// heartbeats.
///
/// # Errors
/// [`ProbeError::Cluster`] when the API server does not answer, [`ProbeError::Stored`] when it refuses an object, or has lost
/// some; [`ProbeError::Reading`] when the kernel does not tell of its memory.
pub fn max_nodes(live: &dyn LiveControlPlane, course: &Course, fleet: Fleet) -> Result<Grown, ProbeError> {
    for path in NEEDED {
        wait_for(live, path)?;
    }
    let deadline = course.deadline(Instant::now());
    let (hearts, bindings) = (Hearts::of(live, fleet), Bindings::default());
    let stop = AtomicBool::new(false);
    // One that fails stops the others.
    let one = |work: &dyn Fn() -> Result<(), ProbeError>| {
        let _stopping = Stopping(&stop);
        work()
    };
    thread::scope(|scope| {
        let stopping = Stopping(&stop);
        let mut working = vec![scope.spawn(|| one(&|| bindings.follow(live, &stop)))];
        working.extend((0..BEATING).map(|_| scope.spawn(|| one(&|| hearts.beat(&stop)))));
        let growing = Growing { live, fleet, hearts: &hearts, bindings: &bindings, stop: &stop, deadline };
        let grown = growing.grow(course);
        drop(stopping);
        // Theirs is the cause, where one of them failed.
        let ended: Vec<_> = working.into_iter().map(join).collect();
        ended.into_iter().collect::<Result<Vec<()>, _>>()?;
        grown
    })
}

/// Stops all that work when it is dropped, be it by a panic.
struct Stopping<'a>(&'a AtomicBool);

impl Drop for Stopping<'_> {
    fn drop(&mut self) {
        self.0.store(true, Relaxed);
    }
}

struct Growing<'a> {
    live: &'a dyn LiveControlPlane,
    fleet: Fleet,
    hearts: &'a Hearts<'a>,
    bindings: &'a Bindings,
    stop: &'a AtomicBool,
    deadline: Option<Instant>,
}

impl Growing<'_> {
    fn grow(&self, course: &Course) -> Result<Grown, ProbeError> {
        let (mut grown, mut size) = (Grown::begin(), 0);
        for step in course.steps.iter().copied() {
            let pods = self.fleet.pods_per_node;
            let nodes = at_once(size..step, self.deadline, |node| self.hearts.begin(node))?;
            let begun = Instant::now();
            let created = at_once(size * pods..step * pods, self.deadline, |pod| self.create(pod))?;
            size = step;
            let Some(bound) = self.settle(size)? else {
                grown.ended_by = End::Budget(Bound::Time);
                break;
            };
            let creations = [nodes.concat(), created].concat();
            let mut reading = self.hold(size, creations)?;
            let new = (pods * size).saturating_sub(pods * grown.size);
            reading.bound_per_second = (new > 0).then(|| new as f64 / (bound - begun).as_secs_f64());
            let ready = self.ready()?;
            if ready < size {
                grown.readings.push(reading);
                grown.ended_by = End::NotReady { size, ready };
                break;
            }
            if !grown.take(reading, course, self.deadline) {
                break;
            }
        }
        Ok(grown)
    }

    fn create(&self, pod: u64) -> Result<u64, ProbeError> {
        let body = serde_json::json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": { "name": format!("pod-{pod}") },
            "spec": { "containers": [{
                "name": "one", "image": "none", "resources": { "requests": { "cpu": "10m", "memory": "16Mi" } },
            }] },
        });
        Ok(timed(self.live, ("POST", PODS), Some(&body.to_string()), 201)?.1)
    }

    /// Waits until every pod has a node and every node is ready: when the last pod had its. Nothing where the time is over
    /// before, or another failed.
    fn settle(&self, nodes: u64) -> Result<Option<Instant>, ProbeError> {
        let pods = nodes * self.fleet.pods_per_node;
        let (mut bound, mut listed) = (None, None::<Instant>);
        loop {
            if bound.is_none() && self.bindings.bound() == pods {
                bound = Some(Instant::now());
            }
            if bound.is_some() && listed.is_none_or(|listed| listed.elapsed() >= LIST) {
                if self.ready()? == nodes {
                    return Ok(bound);
                }
                listed = Some(Instant::now());
            }
            if is_over(self.deadline) || self.stop.load(Relaxed) {
                return Ok(None);
            }
            thread::sleep(LOOK);
        }
    }

    /// Reads what there is while nothing is added.
    fn hold(&self, nodes: u64, created: Vec<u64>) -> Result<Reading, ProbeError> {
        let pods = nodes * self.fleet.pods_per_node;
        drop(self.hearts.taken());
        let begun = Instant::now();
        let mut random = fastrand::Rng::with_seed(pods);
        let got = gets(self.live, (0..GETS.min(pods)).map(|_| format!("{PODS}/pod-{}", random.u64(0..pods))))?;
        let listed = lists(self.live, PODS, pods)?;
        thread::sleep(self.fleet.renewal.saturating_sub(begun.elapsed()));
        let updated = self.hearts.taken();
        let calls = [(Call::Create, created), (Call::Update, updated), (Call::Get, got), (Call::List, listed)];
        Ok(Reading::new(nodes, calls, memory(self.live)?))
    }

    /// How many nodes are ready, and may have pods.
    fn ready(&self) -> Result<u64, ProbeError> {
        let nodes = list::<Node>(self.live, NODES, "")?.items;
        Ok(nodes.iter().filter(|node| node.is_ready()).count() as u64)
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Node {
    spec: Spec,
    status: Status,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Spec {
    taints: Vec<Taint>,
}

#[derive(Deserialize)]
struct Taint {
    key: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Status {
    conditions: Vec<Condition>,
}

#[derive(Deserialize)]
struct Condition {
    r#type: String,
    status: String,
}

impl Node {
    /// A new node has a taint until the controller manager has seen that it is ready.
    fn is_ready(&self) -> bool {
        let is_ready = |condition: &Condition| condition.r#type == "Ready" && condition.status == "True";
        let of_the_node = |taint: &Taint| taint.key.starts_with("node.kubernetes.io/");
        self.status.conditions.iter().any(is_ready) && !self.spec.taints.iter().any(of_the_node)
    }
}
