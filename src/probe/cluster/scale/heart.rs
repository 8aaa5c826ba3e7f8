//! The heartbeats of nodes that do not exist: what kubelets say to an API server though nothing happens.
//!
//! A kubelet renews its node's lease every 10 s, and says every 5 minutes how the node is (kubernetes.io/docs, "Nodes"). Leases
//! are renewed as it does: the whole object, of the version that the last answer had.

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    mem,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use chrono::{SecondsFormat, Utc};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    calls::{timed, unexpected},
    nodes::{Fleet, NODES},
};
use crate::{cluster::LiveControlPlane, probe::ProbeError};

pub(super) const LEASES: &str = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases";

/// How often it is looked for a heartbeat that is due.
const LOOK: Duration = Duration::from_millis(5);

/// What a node says, in the order in which it is due.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Beat {
    due: Reverse<Instant>,
    node: u64,
    /// The version of the lease that is to be renewed; without one, it is the status that is said.
    lease: Option<String>,
}

/// The heartbeats of all nodes.
pub(super) struct Hearts<'a> {
    live: &'a dyn LiveControlPlane,
    fleet: Fleet,
    beats: Mutex<BinaryHeap<Beat>>,
    took: Mutex<Vec<u64>>,
}

impl<'a> Hearts<'a> {
    pub fn of(live: &'a dyn LiveControlPlane, fleet: Fleet) -> Self {
        Self { live, fleet, beats: Mutex::default(), took: Mutex::default() }
    }

    /// A node comes: it is created with its lease, and its heart begins to beat. How long both creations took.
    pub fn begin(&self, node: u64) -> Result<[u64; 2], ProbeError> {
        let body = object(node).to_string();
        let (_, of_node) = timed(self.live, ("POST", NODES), Some(&body), 201)?;
        let body = lease(node, None).to_string();
        let (answer, of_lease) = timed(self.live, ("POST", LEASES), Some(&body), 201)?;
        let now = Instant::now();
        // Machines do not start in one moment, so each says how it is at a time of its own.
        let share = fastrand::Rng::with_seed(node).f64();
        let mut beats = lock(&self.beats);
        beats.push(Beat { due: Reverse(now + self.fleet.renewal), node, lease: Some(version(&answer.body)?) });
        beats.push(Beat { due: Reverse(now + self.fleet.status.mul_f64(share)), node, lease: None });
        Ok([of_node, of_lease])
    }

    /// Lets hearts beat until it is to stop. Several may do it at the same time.
    pub fn beat(&self, stop: &AtomicBool) -> Result<(), ProbeError> {
        while !stop.load(Relaxed) {
            let mut beats = lock(&self.beats);
            let is_due = beats.peek().is_some_and(|beat| beat.due.0 <= Instant::now());
            let next = if is_due { beats.pop() } else { None };
            drop(beats);
            let Some(Beat { due, node, lease: of }) = next else {
                thread::sleep(LOOK);
                continue;
            };
            let (lease, every) = match of {
                Some(of) => {
                    let path = format!("{LEASES}/{}", name(node));
                    let body = lease(node, Some(&of)).to_string();
                    let (answer, took) = timed(self.live, ("PUT", &path), Some(&body), 200)?;
                    lock(&self.took).push(took);
                    (Some(version(&answer.body)?), self.fleet.renewal)
                }
                None => {
                    let path = format!("{NODES}/{}/status", name(node));
                    let (_, took) = timed(self.live, ("PUT", &path), Some(&object(node).to_string()), 200)?;
                    lock(&self.took).push(took);
                    (None, self.fleet.status)
                }
            };
            // From when it was due, so that a busy machine makes no node slower.
            lock(&self.beats).push(Beat { due: Reverse(due.0 + every), node, lease });
        }
        Ok(())
    }

    /// How long heartbeats took since this was last asked.
    pub fn taken(&self) -> Vec<u64> {
        mem::take(&mut *lock(&self.took))
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn name(node: u64) -> String {
    format!("node-{node}")
}

/// A node that is ready.
fn object(node: u64) -> Value {
    let (name, now) = (name(node), Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true));
    let condition = |kind: &str, status: &str, reason: &str| {
        json!({
            "type": kind, "status": status, "reason": reason,
            "lastHeartbeatTime": now, "lastTransitionTime": now,
        })
    };
    let room = json!({ "cpu": "4", "memory": "16Gi", "pods": "110" });
    json!({
        "apiVersion": "v1", "kind": "Node",
        "metadata": { "name": name, "labels": { "kubernetes.io/hostname": name, "kubernetes.io/os": "linux" } },
        "status": {
            "capacity": room, "allocatable": room,
            "conditions": [
                condition("MemoryPressure", "False", "KubeletHasSufficientMemory"),
                condition("DiskPressure", "False", "KubeletHasNoDiskPressure"),
                condition("PIDPressure", "False", "KubeletHasSufficientPID"),
                condition("Ready", "True", "KubeletReady"),
            ],
        },
    })
}

/// A node's lease, renewed at this moment.
fn lease(node: u64, version: Option<&str>) -> Value {
    let name = name(node);
    let now = Utc::now().to_rfc3339_opts(SecondsFormat::Micros, true);
    json!({
        "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
        "metadata": { "name": name, "namespace": "kube-node-lease", "resourceVersion": version },
        "spec": { "holderIdentity": name, "leaseDurationSeconds": 40, "renewTime": now },
    })
}

/// The version of the object that was answered.
fn version(body: &str) -> Result<String, ProbeError> {
    #[derive(Deserialize)]
    struct Object {
        metadata: Metadata,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Metadata {
        resource_version: String,
    }
    let object: Result<Object, _> = serde_json::from_str(body);
    object
        .map(|object| object.metadata.resource_version)
        .map_err(|error| unexpected(LEASES, format!("no lease: {error}"), "a lease"))
}
